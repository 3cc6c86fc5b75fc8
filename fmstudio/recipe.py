"""Settings as dataclasses, recipes as TOML: one description of a field makes the form, its tooltip, the range check
and the file.

A recipe is one TOML file with everything that a training run needs. Its sections are the dataclasses of the family
that it names; each field is declared with `setting`, which keeps the help text and the allowed values beside the
default. Every message here names the field, its value and what is allowed.
"""

import dataclasses
import difflib
import json
import math
import tomllib
import typing
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fmstudio.errors import StudioError

Kind = Literal["integer", "number", "switch", "text", "choice", "datasets"]
Choice = str | int | float


class RecipeError(StudioError):
    """A recipe that cannot be used; the message names the field, its value and what is allowed.

    `path` is the dotted key of the field at fault, so that a form can show the sentence beside it.
    """

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


def setting(
    default: Any,
    help: str,
    *,
    title: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[Choice, ...] | Mapping[str, str] | None = None,
    unit: str = "",
    simple: bool = False,
    logarithmic: bool = False,
    lines: bool = False,
    placeholder: str = "",
    when: tuple[str, tuple[Choice, ...]] | None = None,
    path: str = "",
) -> Any:
    """A dataclass field that can be shown in a form and read from TOML.

    help: one sentence on what it does, shown as tooltip. choices: the only values allowed; as a mapping, with how a
    form names each. unit: shown inside the field. simple: shown in the short form too. logarithmic: steps of a form
    multiply instead of adding. lines: a text that may have several lines. placeholder: what a form shows in an empty
    field. when: it means something only while the setting of this path has one of these values; a form then offers it.
    path: what people call it where that is not the field's own name, such as "adapter.scale".
    """
    metadata = {
        "help": help,
        "title": title,
        "minimum": minimum,
        "maximum": maximum,
        "choices": tuple(choices) if choices else None,
        "titles": tuple(choices.values()) if isinstance(choices, Mapping) else (),
        "unit": unit,
        "simple": simple,
        "logarithmic": logarithmic,
        "lines": lines,
        "placeholder": placeholder,
        "when": when,
        "path": path,
    }
    if isinstance(default, (list, dict)):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Setting:
    """One field as plain data, for a form: `path` is its dotted key in the recipe, e.g. "training.learning_rate"."""

    path: str
    title: str
    help: str
    kind: Kind
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Choice, ...] | None = None
    titles: tuple[str, ...] = ()
    unit: str = ""
    simple: bool = False
    logarithmic: bool = False
    lines: bool = False
    placeholder: str = ""
    when: tuple[str, tuple[Choice, ...]] | None = None

    @property
    def allowed(self) -> str:
        """The allowed values in words, for tooltips and messages."""
        if self.choices:
            return "one of " + ", ".join(_literal(choice) for choice in self.choices)
        noun = {"integer": "a whole number", "number": "a number", "switch": "true or false"}.get(self.kind)
        if noun is None:
            return "a list of dataset names" if self.kind == "datasets" else "a text"
        low, high = _number(self.minimum), _number(self.maximum)
        if self.minimum is not None and self.maximum is not None:
            return f"{noun} from {low} to {high}"
        if self.minimum is not None:
            return f"{noun} of at least {low}"
        if self.maximum is not None:
            return f"{noun} of at most {high}"
        return noun


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetChoice:
    """A dataset of the workspace by name, and its share of what is drawn: weights are relative to each other."""

    name: str
    weight: float = 1.0


def settings(section: type, prefix: str = "") -> list[Setting]:
    """The fields of a settings dataclass, in order, as plain data."""
    hints = typing.get_type_hints(section)
    return [_setting(field, hints[field.name], prefix) for field in dataclasses.fields(section)]


def _setting(field: "dataclasses.Field[Any]", hint: Any, prefix: str) -> Setting:
    metadata = dict(field.metadata)
    default = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    title = metadata.pop("title") or field.name.replace("_", " ").capitalize()
    metadata.pop("path")
    return Setting(path=prefix + path_of(field), title=title, kind=_kind(hint, metadata), default=default, **metadata)


def path_of(field: "dataclasses.Field[Any]") -> str:
    """What people call a field of a settings dataclass."""
    return field.metadata.get("path") or field.name


def _kind(hint: Any, metadata: Mapping[str, Any]) -> Kind:
    if metadata["choices"]:
        return "choice"
    kinds: dict[Any, Kind] = {int: "integer", float: "number", bool: "switch", str: "text"}
    return kinds.get(hint, "datasets")


def build(section: type, values: Mapping[str, Any], prefix: str = "") -> Any:
    """An instance of a settings dataclass from plain values; raises RecipeError on the first that is not allowed.

    A setting whose path has a dot may be given by it, or in a table of its own as TOML has it.
    """
    known = {each.path.removeprefix(prefix): each for each in settings(section, prefix)}
    fields = {path_of(field): field.name for field in dataclasses.fields(section)}
    given = dict(_flat(values, {path.partition(".")[0] for path in known if "." in path}))
    for key in given:
        if key not in known:
            raise RecipeError(_unknown(prefix + key, [prefix + name for name in known]), prefix + key)
    return section(**{fields[key]: check(known[key], value) for key, value in given.items()})


def _flat(values: Mapping[str, Any], tables: Collection[str]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if key in tables and isinstance(value, Mapping):
            yield from ((f"{key}.{name}", each) for name, each in value.items())
        else:
            yield key, value


def check(which: Setting, value: Any) -> Any:
    """The value as its field wants it (an int where a whole float was given), or RecipeError."""
    converted = _convert(which.kind, value)
    if which.choices and converted not in which.choices:
        converted = None
    if isinstance(converted, (int, float)) and not isinstance(converted, bool):
        too_low = which.minimum is not None and converted < which.minimum
        too_high = which.maximum is not None and converted > which.maximum
        converted = None if too_low or too_high else converted
    if converted is None:
        raise RecipeError(f"{which.path} is {_literal(value)}, but it must be {which.allowed}.", which.path)
    return converted


def _convert(kind: Kind, value: Any) -> Any:
    """The value in the type of its kind, or None where it has another."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and _is_finite(value)
    match kind:
        case "integer":
            return int(value) if number and value == int(value) else None
        case "number":
            return float(value) if number else None
        case "switch":
            return value if isinstance(value, bool) else None
        case "text":
            return value if isinstance(value, str) else None
        case "choice":
            return value if isinstance(value, (str, int, float)) else None
        case "datasets":
            return _datasets(value)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False


def _datasets(value: Any) -> list[DatasetChoice] | None:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple)):
        return None
    chosen = []
    for item in value:
        if isinstance(item, DatasetChoice):
            item = {"name": item.name, "weight": item.weight}
        if isinstance(item, str):
            item = {"name": item}
        if not isinstance(item, dict) or not isinstance(item.get("name"), str) or item.keys() - {"name", "weight"}:
            return None
        weight = _convert("number", item.get("weight", 1.0))
        if weight is None or weight <= 0:
            return None
        chosen.append(DatasetChoice(name=item["name"], weight=weight))
    return chosen


def _unknown(path: str, known: list[str]) -> str:
    close = difflib.get_close_matches(path, known, n=1)
    hint = f"did you mean {close[0]}?" if close else "known are " + ", ".join(known) + "."
    return f"{path} is not a setting of this recipe; {hint}"


# TOML in and out. Only what a recipe holds: tables of plain values, lists and dataset choices.


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; raises RecipeError that names the file and the place of a mistake."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"There is no recipe at {path}; check the name, or choose one of the presets.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} cannot be read as a recipe ({error}); choose a TOML text file.") from None
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path} is not valid TOML ({error}); correct it there.") from None


def write_toml(tables: Mapping[str, Any]) -> str:
    """TOML of nested tables: plain values first, then each table under its header."""
    return "\n".join(_lines(tables, "")).strip() + "\n"


def _lines(table: Mapping[str, Any], path: str) -> Iterator[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    if path and (plain or not table):
        yield f"\n[{path}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {_literal(value)}"
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{path}.{_key(key)}" if path else _key(key))


def _key(key: str) -> str:
    bare = key and all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in key)
    return key if bare else _quoted(key)


def _quoted(text: str) -> str:
    # JSON's escapes are all TOML's too, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _literal(value: Any) -> str:
    """A value as TOML writes it; also how messages show it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, DatasetChoice):
        if value.weight == 1.0:
            return _literal(value.name)
        return f"{{ name = {_literal(value.name)}, weight = {_literal(value.weight)} }}"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_literal(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    if isinstance(value, str):
        return _quoted(value)
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float | None) -> str:
    """A number as a person would write it; a float keeps its point, so that it is read back as one."""
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    return str(value)


def values_of(section: Any) -> dict[str, Any]:
    """The values of a settings dataclass by what people call each field."""
    return {path_of(field): getattr(section, field.name) for field in dataclasses.fields(section)}


def assign(tables: dict[str, Any], assignment: str) -> None:
    """Set one value in nested tables from "section.key=value", where value is TOML; a bare word counts as a text."""
    path, separator, text = assignment.partition("=")
    keys = path.strip().split(".")
    if not separator or not all(keys):
        raise RecipeError(f"{assignment!r} sets nothing; write key=value, for example training.steps=50.")
    for key in keys[:-1]:
        tables = tables.setdefault(key, {})
        if not isinstance(tables, dict):
            raise RecipeError(f"{path.strip()} is not a setting of this recipe; {key} is a value, not a section.")
    tables[keys[-1]] = parse_value(text.strip())


def parse_value(text: str) -> Any:
    """A TOML value from text; what TOML does not know is taken as a text, so that quotes can be left out."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
