"""One version of a prompt as one TOML file that a person can read, edit and pass on."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmstudio.workspace.errors import describe_os_error
from fmstudio.workspace.prompts import Example, PromptError, PromptTemplate

_PARTS = ("system", "user", "notes")


@dataclass(frozen=True, slots=True)
class PromptVersion:
    """A version of a prompt: its number (0 is the one that came with the program), why it was saved, and when."""

    number: int
    message: str
    created: str
    template: PromptTemplate


def write_prompt(template: PromptTemplate, message: str = "", created: str = "") -> str:
    """A version as TOML; texts of several lines stand there as several lines."""
    head = {"message": message, "created": created}
    lines = [f"{key} = {_quoted(value)}" for key, value in head.items() if value]
    lines += [f"{part} = {_quoted(getattr(template, part))}" for part in _PARTS]
    for example in template.examples:
        lines += ["", "[[examples]]", f"input = {_quoted(example.input)}", f"output = {_quoted(example.output)}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()  # half a surrogate pair can be pasted, but not be written
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if "\n" in text:
        return f'"""\n{"".join(map(_escaped, escaped))}"""'
    return f'"{"".join(map(_escaped, escaped))}"'


def _escaped(letter: str) -> str:
    """Control characters as TOML wants them; a line end and a tab may stand as they are."""
    if letter in "\n\t" or (letter >= " " and letter != "\x7f"):
        return letter
    return f"\\u{ord(letter):04x}"


def read_prompt(path: Path, number: int = 0) -> PromptVersion:
    """The version in a file; raises PromptError that names the file and what is wrong with it."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise PromptError(f"There is no prompt at {path}; choose another version or file.") from None
    except OSError as error:
        raise PromptError(f"The prompt {path} cannot be read: {describe_os_error(error)}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PromptError(f"{path} is not a prompt as TOML ({error}); correct it there or choose another.") from None
    parts = {part: _text(values, part, path) for part in _PARTS}
    template = PromptTemplate(**parts, examples=_examples(values, path))
    return PromptVersion(number, _text(values, "message", path), str(values.get("created", "")), template)


def _text(values: dict[str, Any], key: str, path: Path) -> str:
    value = values.get(key, "")
    if not isinstance(value, str):
        raise PromptError(f"{path} has {key} = {value!r}, but it must be a text; correct it there.")
    return value


def _examples(values: dict[str, Any], path: Path) -> tuple[Example, ...]:
    examples = values.get("examples", [])
    if not isinstance(examples, list) or not all(isinstance(example, dict) for example in examples):
        raise PromptError(f"{path} has examples that are no list of input and output; correct it there.")
    return tuple(Example(_text(each, "input", path), _text(each, "output", path)) for each in examples)
