"""Names of what a person makes: what one can be, and how a free one is found."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

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


def with_model(value: Any, name: str, new: str) -> Any:
    """Plain data in which every "model" that is `name` is `new`: of a message's result, an entry's details, a row."""
    if isinstance(value, Mapping):
        return {
            key: new if key == "model" and item == name else with_model(item, name, new) for key, item in value.items()
        }
    return [with_model(item, name, new) for item in value] if isinstance(value, list) else value
