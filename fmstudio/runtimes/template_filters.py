"""The filters and tests that templates on the Hub use, each charged by what it reads and makes.

Those that Jinja computes item by item are computed at once, and give an iterator over the result: a chain of thousands
of them would else be as many frames deep.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any, cast

import jinja2
from jinja2 import filters as jinja_filters
from jinja2.environment import Environment
from jinja2.filters import FILTERS, make_attrgetter
from jinja2.tests import TESTS

from fmstudio.runtimes.template_budget import TemplateError, budget
from fmstudio.runtimes.template_operations import foresee_lines, foresee_replace, foresee_strip
from fmstudio.runtimes.template_operations import join as join_texts

_LOOKING = ("abs", "attr", "count", "d", "default", "first", "items", "last", "length")
_WRITING = ("capitalize", "e", "escape", "float", "int", "lower", "safe", "string", "title", "upper")
_WALKING = ("groupby", "list", "map", "max", "min", "reject", "rejectattr", "select", "selectattr", "sort", "unique")
_COMPARING_TESTS = frozenset({
    "!=", "<", "<=", "==", ">", ">=", "eq", "equalto", "ge", "greaterthan", "gt", "in", "le", "lessthan", "lt", "ne",
})  # fmt: skip
_WRITING_TESTS = frozenset({"lower", "upper"})
_WIDEST_INDENT = 64
_FINEST_ROUNDING = 300

Function = Callable[..., Any]
_JINJA_FILTERS = cast(dict[str, Function], FILTERS)
_JINJA_TESTS = cast(dict[str, Function], TESTS)


def _look(value: Any) -> Any:
    return value


def _write(value: Any) -> Any:
    return budget.get().written(value)


def _write_by_letter(value: Any) -> Any:
    budget.get().room(budget.get().weight(value))
    return _write(value)


def _walk(value: Any) -> Any:
    """The same values from an iterator that counts, all of them paid as read: filters here compare, group and sort."""
    if not isinstance(value, Iterable):
        return value
    values = list(budget.get().counted(value))
    budget.get().read(values)
    return budget.get().counted(values)


def _reverse(value: Any) -> Any:
    return _write(value) if isinstance(value, str) else value


def _charged(function: Function, prepare: Callable[[Any], Any]) -> Function:
    """A filter or test with its value prepared and its result paid; Jinja reads marks on it, which `wraps` keeps."""
    first = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def charged(*given: Any, **named: Any) -> Any:
        budget.get().step()
        for each in (*given[first + 1 :], *named.values()):
            if isinstance(each, str):  # the path of an attribute is taken apart at these
                budget.get().room(each.count(".") + each.count(","))
        result = function(*given[:first], prepare(given[first]), *given[first + 1 :], **named)
        if isinstance(result, Iterator):
            result = iter(budget.get().made(list(budget.get().counted(result))))
        elif hasattr(result, "__html__"):  # escaped text joins with other text by rules of its own
            result = str(result)
        return budget.get().made(result)

    return charged


def _compared(function: Function) -> Function:
    @wraps(function)
    def compared(*given: Any, **named: Any) -> Any:
        budget.get().read(*given, *named.values())
        return function(*given, **named)

    return compared


def _dictsort(value: Any, *given: Any, **named: Any) -> Any:
    budget.get().read(value)
    return jinja_filters.do_dictsort(value, *given, **named)


@jinja2.pass_environment
def _join(environment: Environment, value: Any, d: Any = "", attribute: Any = None) -> str:
    get = make_attrgetter(environment, attribute) if attribute is not None else _look
    texts = [str(_write(get(item))) for item in budget.get().counted(value)]
    return join_texts(budget.get(), str(_write(d)), texts)


@jinja2.pass_environment
def _sum(environment: Any, iterable: Any, attribute: Any = None, start: Any = 0) -> Any:
    get = make_attrgetter(environment, attribute) if attribute is not None else _look
    for item in budget.get().counted(iterable):
        start = environment.call_binop(None, "+", start, get(item))
    return start


def _replace(value: Any, old: Any, new: Any, count: Any = None) -> str:
    text, old, new = (str(_write(each)) for each in (value, old, new))
    count = -1 if count is None else int(count)
    foresee_replace(budget.get(), text, old, new, count)
    return text.replace(old, new, count)


def _trim(value: Any, chars: Any = None) -> str:
    text = str(_write(value))
    foresee_strip(budget.get(), text, chars)
    return text.strip(chars)


def _round(value: Any, precision: Any = 0, method: Any = "common") -> float:
    precision = max(-_FINEST_ROUNDING, min(int(precision), _FINEST_ROUNDING))
    return jinja_filters.do_round(value, precision, method)


def _indent(s: Any, width: Any = 4, first: Any = False, blank: Any = False) -> str:
    space = width[:_WIDEST_INDENT] if isinstance(width, str) else min(int(width), _WIDEST_INDENT)
    text = str(_write(s))
    budget.get().letters(foresee_lines(budget.get(), text) * _WIDEST_INDENT)
    return jinja_filters.do_indent(text, space, first, blank)


def _tojson(value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None,
            sort_keys: bool = False) -> str:  # fmt: skip
    """JSON as Hugging Face's templates expect it: without escapes for HTML."""
    indent = max(0, min(int(indent), 16)) if indent is not None else None
    if separators is not None and sum(map(len, separators)) > 16:
        raise TemplateError("it puts more than 16 letters between the parts of JSON")
    measure = budget.get().measure(value)
    budget.get().letters(measure.weight * (1 + measure.depth * (indent or 0) // 8))
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def filters() -> dict[str, Function]:
    """All filters by name."""
    kinds = {_look: _LOOKING, _write: _WRITING, _walk: _WALKING}
    found = {name: _charged(_JINJA_FILTERS[name], prepare) for prepare, names in kinds.items() for name in names}
    found |= {
        "title": _charged(_JINJA_FILTERS["title"], _write_by_letter),
        "reverse": _charged(_JINJA_FILTERS["reverse"], _reverse),
    }
    own: dict[str, Function] = {
        "dictsort": _dictsort,
        "indent": _indent,
        "join": _join,
        "replace": _replace,
        "round": _round,
        "sum": _sum,
        "tojson": _tojson,
        "trim": _trim,
    }
    return found | {name: _charged(function, _look) for name, function in own.items()}


def tests() -> dict[str, Function]:
    """All tests by name."""
    changed = {name: _compared(_JINJA_TESTS[name]) for name in _COMPARING_TESTS}
    return _JINJA_TESTS | changed | {name: _charged(_JINJA_TESTS[name], _write) for name in _WRITING_TESTS}
