"""Names of what a person makes: what one can be, and how a free one is found."""

import os
import re
from collections.abc import Callable

from fmstudio.workspace.errors import WorkspaceError

_NAME = re.compile(r"[\w][\w .+-]{0,79}")


def check_name(name: str) -> str:
    """A name that is a plain folder name on every system; raises WorkspaceError otherwise."""
    if not _NAME.fullmatch(name) or name.endswith((" ", ".")) or os.path.basename(name) != name:
        raise WorkspaceError(
            f"{name!r} cannot be a name here; use up to 80 letters, digits, spaces, dots, dashes and underscores."
        )
    return name


def free_name(wanted: str, is_taken: Callable[[str], bool]) -> str:
    """`wanted`, or "wanted-2", "wanted-3" and so on: the first that is not taken.

    is_taken: asked with the name in lower case, as not every system tells the case of file names apart.
    """
    name, number = wanted, 2
    while is_taken(name.casefold()):
        name, number = f"{wanted}-{number}", number + 1
    return name
