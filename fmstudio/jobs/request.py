"""What a job is asked for: plain data, so that one request can be run here, in another process, or written down."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from fmstudio.errors import StudioError

if TYPE_CHECKING:
    import numpy as np  # loaded when there are numbers: the window opens sooner without it

WORKSPACE = "workspace"
"""The parameter by which a target is given the workspace; no request carries it."""

_ARRAY = "array of"


class RequestError(StudioError):
    """A request that is not plain data."""


class Priority(IntEnum):
    """Who waits. A lower number overtakes a higher one at the next step; equals take turns by time."""

    INTERACTIVE = 0
    """A person is looking at the place where the answer will be: a chat, a sample, a drag."""

    BACKGROUND = 1
    """Work that goes on while they do something else: training, importing, indexing, batches, downloads."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job to be done, as plain data.

    `target` is "package.module:function". It is imported where the job runs and called as
    `function(context, **arguments)`, with the workspace of whoever runs it where it has a parameter of that name; it
    returns a generator of events. So whoever asks for work needs to import none of what does it. `subject` names what
    the job is about (a run, a dataset) for whoever wants to follow it. A request with `visible=False` is too small to
    be shown in the job bar.

    arguments: None, truth values, numbers, texts, lists and dicts of them by name; an array goes as `array_to_plain`.
    """

    title: str
    target: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    priority: Priority = Priority.BACKGROUND
    subject: str = ""
    visible: bool = True


def plain_arguments(request: JobRequest) -> dict[str, Any]:
    """A copy of the arguments as JSON would give them back, tuples being lists.

    Raises RequestError that names what is not plain data.
    """
    if WORKSPACE in request.arguments:
        raise RequestError(
            f"“{request.title}” cannot be asked for: it names a workspace, but a job works in that of whoever runs it."
        )
    return {name: _plain(value, request.title, name) for name, value in request.arguments.items()}


def _plain(value: Any, title: str, where: str) -> Any:
    match value:
        case None | bool():
            return value
        case int():
            return int(value)
        case float():
            return float(value)
        case str():
            return str.__str__(value)
        case list() | tuple():
            return [_plain(each, title, f"{where}[{index}]") for index, each in enumerate(value)]
        case Mapping():
            strange = next((key for key in value if not isinstance(key, str)), None)
            if strange is None:
                return {str.__str__(key): _plain(each, title, f"{where}.{key}") for key, each in value.items()}
            where, value = f"the key {strange!r} of {where}", strange
    raise RequestError(
        f"“{title}” cannot be asked for: {where} is of the type {type(value).__name__}, but a request holds only "
        "truth values, numbers, texts, lists and dicts."
    )


def array_to_plain(array: "np.ndarray") -> dict[str, Any]:
    """An array as a request can hold it; a job gets the array."""
    import numpy as np

    content = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
    return {_ARRAY: str(array.dtype), "shape": list(array.shape), "bytes": content}


def from_plain(value: Any) -> Any:
    """The value with its arrays in place of what `array_to_plain` made of them.

    Raises what NumPy or base64 do where an array is damaged.
    """
    if isinstance(value, Mapping):
        if _ARRAY in value:
            import numpy as np

            content = np.frombuffer(base64.b64decode(value["bytes"]), np.dtype(value[_ARRAY]))
            return content.reshape(value["shape"]).copy()
        return {key: from_plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_plain(item) for item in value]
    return value
