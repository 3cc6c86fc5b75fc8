"""What the columns of a comparison differ in: model, back end, system prompt, prompt, and single settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fmstudio.gui import formatting
from fmstudio.recipe import Setting

_SHORT = 40


@dataclass(slots=True)
class Variant:
    """One column's own wishes; None and what is not named are as in all columns."""

    model: str = ""
    system: str | None = None
    prompt: str = ""
    sampling: dict[str, Any] = field(default_factory=dict)


def differences(
    variants: Sequence[Variant], titles: Sequence[str], drawn: Sequence[Mapping[str, Any]], known: Sequence[Setting]
) -> list[list[str]]:
    """For each column what it has otherwise than another column, in words; what all have in common is left out.

    titles: what the columns' models are called, with their back ends. drawn: the settings that mean something to each.
    """
    rows: list[Sequence[str]] = [titles]
    rows.append([_quoted("System prompt", variant.system) for variant in variants])
    rows.append([_quoted("Prompt", variant.prompt or None) for variant in variants])
    rows += [[_setting(each, values) for values in drawn] for each in known]
    apart = [row for row in rows if len(set(row)) > 1]
    return [[row[column] for row in apart if row[column]] for column in range(len(variants))]


def _setting(which: Setting, values: Mapping[str, Any]) -> str:
    return f"{which.title} {_written(values[which.path])}" if which.path in values else ""


def _quoted(title: str, text: str | None) -> str:
    if text is None:
        return ""
    line = " ".join(text.split())
    shown = line if len(line) <= _SHORT else f"{line[: _SHORT - 1]}…"
    return f"{title}: “{shown}”" if shown else f"No {title.lower()}"


def _written(value: Any) -> str:
    if isinstance(value, float):
        return formatting.setting_number(value)
    return " ↵ ".join(str(value).split("\n")) or "none"
