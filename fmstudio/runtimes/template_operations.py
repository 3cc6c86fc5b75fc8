"""The operators and methods that a template may use on its values, each with a look ahead at what it would make.

Methods are an allow-list, for those that templates need are few; the others of Python's are out of reach.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from string import Formatter
from typing import Any

from fmstudio.runtimes.template_budget import MOST_BITS, Budget, TemplateError

_MOST_REPEATS = 100_000
_LINE_ENDS = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
_SPACES = "".join(letter for letter in map(chr, range(0x3001)) if letter.isspace())
_WIDE = re.compile(r"\d{5,}|[-#0 +\d.%)]\*")
_WIDTH = re.compile(r"\d+")

LIST_METHODS = frozenset({"count", "index"})
DICT_METHODS = frozenset({"get", "items", "keys", "values"})


def foresee_operator(budget: Budget, operator: str, left: Any, right: Any) -> None:
    """Refuse arithmetic whose result would be far larger than what goes into it."""
    budget.read(left, right)
    if operator == "%" and isinstance(left, str):
        _foresee_form(budget, left, right)
    elif operator == "**" and isinstance(left, int) and isinstance(right, int):
        if left.bit_length() * abs(right) > MOST_BITS:
            raise TemplateError("it computes with numbers of more than 18 digits")
    elif operator == "*":
        for many, times in ((left, right), (right, left)):
            if isinstance(many, (str, list, tuple)) and isinstance(times, int) and len(many) * times > _MOST_REPEATS:
                raise TemplateError(f"it repeats a value {times:,} times")


def _foresee_form(budget: Budget, form: str, values: Any) -> None:
    fields = form.count("%")
    budget.step(fields)
    times = 1 if isinstance(values, tuple) else fields
    budget.letters(times * budget.weight(values) + fields * _width(form))


def _width(spec: str) -> int:
    if _WIDE.search(spec):
        raise TemplateError("it formats to a width of more than 9,999 letters")
    return max(map(int, _WIDTH.findall(spec)), default=0)


def call_text_method(budget: Budget, text: str, name: str, given: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    """What the text's method gives, once what it would do is paid for; `format` is left to the sandbox's own."""
    budget.read(text, *given, *named.values())
    if name == "join":
        return join(budget, text, *given, **named)
    if name in _LOOKS_AHEAD:
        _LOOKS_AHEAD[name](budget, text, *given, **named)
    return getattr(text, name)(*given, **named)


def join(budget: Budget, between: str, values: Iterable[Any]) -> str:
    """The texts with another between them."""
    texts = list(budget.counted(values))
    budget.letters(budget.weight(texts) + len(between) * len(texts))
    return between.join(texts)


def foresee_format(budget: Budget, form: str, given: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    """Charge `form.format(…)`, whose fields may each write any of the values, to a width that is in plain sight."""
    heaviest = max((budget.weight(value) for value in (*given, *named.values())), default=0)
    budget.letters(len(form))
    for _, field, spec, _ in Formatter().parse(form):
        budget.step()
        if field is not None:
            if "{" in (spec or ""):
                raise TemplateError("it formats to a width that is itself a field")
            budget.letters(heaviest + _width(spec or ""))


def foresee_replace(budget: Budget, text: str, old: Any, new: Any, count: Any = -1) -> None:
    """Charge the text with every `old` in it made `new`."""
    if isinstance(old, str) and isinstance(new, str) and isinstance(count, int):
        found = text.count(old)
        budget.letters(len(text) + (found if count < 0 else min(found, count)) * len(new))


def foresee_strip(budget: Budget, text: str, chars: Any = None) -> None:
    """Charge a search that may look at every letter of `chars` for every letter of the text."""
    if isinstance(chars, str):
        budget.letters(len(text) * len(chars) // 8)


def foresee_lines(budget: Budget, text: str, keepends: Any = False) -> int:
    """How many lines the text has, at most; refused where there are too many to hold."""
    lines = sum(map(text.count, _LINE_ENDS)) + 1
    budget.room(lines)
    return lines


def _foresee_split(budget: Budget, text: str, sep: Any = None, maxsplit: Any = -1) -> None:
    parts = text.count(sep) if isinstance(sep, str) else sum(map(text.count, _SPACES))
    budget.room(min(parts, maxsplit) if isinstance(maxsplit, int) and maxsplit >= 0 else parts)


def _foresee_rsplit(budget: Budget, text: str, sep: Any = None, maxsplit: Any = -1) -> None:
    _foresee_split(budget, text, sep, maxsplit)
    foresee_strip(budget, text, sep)


def _foresee_search_backwards(budget: Budget, text: str, sought: Any, *_: Any) -> None:
    foresee_strip(budget, text, sought)


_LOOKS_AHEAD: dict[str, Callable[..., Any]] = {
    "lstrip": foresee_strip,
    "replace": foresee_replace,
    "rfind": _foresee_search_backwards,
    "rindex": _foresee_search_backwards,
    "rpartition": _foresee_search_backwards,
    "rsplit": _foresee_rsplit,
    "rstrip": foresee_strip,
    "split": _foresee_split,
    "splitlines": foresee_lines,
    "strip": foresee_strip,
}
TEXT_METHODS = frozenset({
    "capitalize", "casefold", "count", "endswith", "find", "format", "index", "isalnum", "isalpha", "isascii",
    "isdecimal", "isdigit", "islower", "isnumeric", "isspace", "istitle", "isupper", "join", "lower", "partition",
    "removeprefix", "removesuffix", "startswith", "swapcase", "title", "upper", *_LOOKS_AHEAD,
})  # fmt: skip
"""All others take and give about as many letters as the text has."""
