"""Events as lines of JSON and back without loss, for whoever is not in this process: a file, a pipe, a socket.

What JSON has (null, truth values, finite numbers, texts, lists, and dicts by text) stands as it is. Anything else is a
dict whose one key "$" names what it is:

    {"$": ["tuple", [...]]}                  {"$": ["dict", [[key, value], ...]]}         keys other than text, or "$"
    {"$": ["float", "nan"]}                  {"$": ["bytes", base64]}
    {"$": ["array", base64]}                 a NumPy array in NumPy's own .npy format: type, shape, order and numbers
    {"$": ["scalar", base64]}                a NumPy scalar, likewise; texts: {"$": ["str_", text]}, ["bytes_", base64]
    {"$": ["text", base64]}                  a text that holds halves of surrogate pairs, which JSON would join
    {"$": ["record", "module:Class", {...}]} a dataclass of this program by its fields

Nothing is ever unpickled, and a record is built only of dataclasses of this program. For people and scripts
`console.as_plain` is the better form: it leaves out what is long and cannot be turned back.
"""

import base64
import dataclasses
import importlib
import io
import json
import math
import re
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
from numpy.lib.format import write_array

from fmstudio.errors import StudioError
from fmstudio.jobs.events import Event

_MARK = "$"
_PACKAGE = "fmstudio."
_SURROGATE = re.compile("[\ud800-\udfff]")


class CodecError(StudioError):
    """An event that cannot be written, or a line that holds none."""


def kind_of(event: Event) -> str:
    """What a kind of event is called outside: "text_delta" for TextDelta."""
    return _kind(type(event))


def _kind(event_type: type) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", event_type.__name__).lower()


_KINDS: dict[str, Any] = {_kind(each): each for each in get_args(Event)}


def encode(event: Event) -> str:
    """One line of JSON, without its end; raises CodecError where the event holds what is no data."""
    fields = {field.name: _encoded(getattr(event, field.name)) for field in dataclasses.fields(event)}
    return json.dumps({"event": kind_of(event), **fields}, allow_nan=False)


def decode(line: str) -> Event:
    """The event of a line; raises CodecError where it is none, or of a kind that this version does not know."""
    try:
        values = json.loads(line)
        kind = values.pop("event")
    except (ValueError, AttributeError, KeyError, TypeError):
        raise CodecError(f"{line[:60]!r} is no event; the file or the connection was cut off or is damaged.") from None
    if kind not in _KINDS:
        raise CodecError(f"This version does not know events of the kind {kind!r}; update FM Studio.")
    try:
        event: Event = _KINDS[kind](**{name: _decoded(value) for name, value in values.items()})
    except TypeError:
        raise CodecError(
            f"This version does not know such {kind} events ({', '.join(values)}); update FM Studio."
        ) from None
    except CodecError:
        raise
    except Exception as error:  # noqa: BLE001 - what base64, NumPy and records raise of damaged data is many things
        raise CodecError(f"The {kind} event is damaged ({error}).") from None
    return event


def _encoded(value: Any) -> Any:
    match value:
        case np.generic() | np.ndarray():
            return _encoded_numbers(value)
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else _marked("float", repr(value))
        case str():
            return (
                _marked("text", _base64(value.encode("utf-8", "surrogatepass"))) if _SURROGATE.search(value) else value
            )
        case list():
            return [_encoded(each) for each in value]
        case tuple():
            return _marked("tuple", [_encoded(each) for each in value])
        case bytes():
            return _marked("bytes", _base64(value))
        case Mapping():
            if all(_is_simple_key(key) for key in value):
                return {key: _encoded(each) for key, each in value.items()}
            return _marked("dict", [[_encoded(key), _encoded(each)] for key, each in value.items()])
    kind = type(value)
    if not dataclasses.is_dataclass(value) or not kind.__module__.startswith(_PACKAGE):
        raise CodecError(f"An event holds a {kind.__name__}, which cannot be written.")
    fields = {field.name: _encoded(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return _marked("record", f"{kind.__module__}:{kind.__qualname__}", fields)


def _is_simple_key(key: Any) -> bool:
    return type(key) is str and key != _MARK and not _SURROGATE.search(key)


def _marked(*parts: Any) -> dict[str, Any]:
    return {_MARK: list(parts)}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _encoded_numbers(value: "np.generic | np.ndarray") -> Any:
    match value:
        # As texts they keep zeros at their end, which as arrays they would lose.
        case np.str_():
            return _marked("str_", _encoded(str.__str__(value)))
        case np.bytes_():
            return _marked("bytes_", _base64(bytes.__getitem__(value, slice(None))))
    file = io.BytesIO()
    try:
        write_array(file, np.asanyarray(value), version=(3, 0), allow_pickle=False)  # 3.0: names in any script
    except ValueError:
        raise CodecError(f"An event holds an array of the type {value.dtype}, which cannot be written.") from None
    return _marked("array" if isinstance(value, np.ndarray) else "scalar", _base64(file.getvalue()))


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(each) for each in value]
    if not isinstance(value, dict):
        return value
    if _MARK not in value:
        return {key: _decoded(each) for key, each in value.items()}
    match value[_MARK]:
        case ["tuple", items]:
            return tuple(_decoded(each) for each in items)
        case ["dict", items]:
            return {_decoded(key): _decoded(each) for key, each in items}
        case ["float", name]:
            return float(name)
        case ["text", content]:
            return base64.b64decode(content).decode("utf-8", "surrogatepass")
        case ["bytes", content]:
            return base64.b64decode(content)
        case ["str_", text]:
            return np.str_(_decoded(text))
        case ["bytes_", content]:
            return np.bytes_(base64.b64decode(content))
        case ["array", content]:
            return _loaded(content)
        case ["scalar", content]:
            return _loaded(content)[()]
        case ["record", name, fields]:
            return _record(name)(**{key: _decoded(each) for key, each in fields.items()})
    raise CodecError(f"This version does not know values of the kind {value[_MARK][0]!r}; update FM Studio.")


def _loaded(content: str) -> np.ndarray:
    array: np.ndarray = np.load(io.BytesIO(base64.b64decode(content)), allow_pickle=False)
    return array


def _record(name: str) -> Any:
    module, _, path = name.partition(":")
    if module.startswith(_PACKAGE):
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
        if isinstance(found, type) and dataclasses.is_dataclass(found):
            return found
    raise CodecError(f"{name} is no record of this program, so the event is not read.")
