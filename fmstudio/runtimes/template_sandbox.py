"""Runs a Jinja template that nobody here has read: in the sandbox, and with an end to what it may compute.

- the sandbox keeps it from Python's internals and from changing what it is given
- every call, every round of a loop and every value that it builds is charged to a budget of steps, letters and time,
  before or as it comes to be: a template that would run for ever, or fill the memory, ends with a sentence
- it has the few filters and functions that templates on the Hub use; none of them makes much out of little
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache, wraps
from typing import Any, cast

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from fmstudio.runtimes.template_budget import Budget, TemplateError

__all__ = ["TemplateError", "render"]

LONGEST_SOURCE = 1_000_000
_FILTERS = (
    "abs", "attr", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "groupby", "int",
    "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace",
    "reverse", "round", "safe", "select", "selectattr", "sort", "string", "sum", "title", "trim", "unique", "upper",
)  # fmt: skip

_budget: ContextVar[Budget] = ContextVar("budget")


def render(source: str, values: Mapping[str, Any]) -> str:
    """The template's text for these values; raises TemplateError whatever goes wrong."""
    if len(source) > LONGEST_SOURCE:
        raise TemplateError(f"it is longer than {LONGEST_SOURCE:,} letters")
    token = _budget.set(Budget())
    try:
        return _compiled(source).render(values)
    except TemplateError:
        raise
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"its line {error.lineno} is not valid ({error.message})") from error
    except jinja2.exceptions.SecurityError as error:
        raise TemplateError(f"it reaches for what it may not have ({error})") from error
    except (MemoryError, RecursionError) as error:
        raise TemplateError("it calls itself too often or needs too much memory") from error
    except Exception as error:  # a template meets any values, so anything may come out of it
        raise TemplateError(f"{type(error).__name__}: {error}") from error
    finally:
        _budget.reset(token)


@lru_cache(maxsize=32)
def _compiled(source: str) -> jinja2.Template:
    return _Environment().from_string(source)


# `pass_context` keeps Jinja from computing these once and for all while it compiles a template.


@jinja2.pass_context
def _counted(context: Context, values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        _budget.get().step()
        yield value


@jinja2.pass_context
def _weighed(context: Context, value: Any) -> Any:
    return _budget.get().weighed(value)


@jinja2.pass_context
def _joined(context: Context, values: Iterable[Any]) -> str:
    return "".join(_budget.get().weighed([str(value) for value in values]))


class _Charging(NodeTransformer):
    """Sends loops, literals, `~` and everything that is written through the functions above."""

    def visit_For(self, node: nodes.For) -> nodes.For:
        self.generic_visit(node)
        node.iter = _through("counted", node.iter)
        return node

    def visit_List(self, node: nodes.List) -> nodes.Expr:
        self.generic_visit(node)
        return _through("weighed", node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:
        self.generic_visit(node)
        return _through("weighed", node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _through("joined", nodes.List(node.nodes, lineno=node.lineno))

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        self.generic_visit(node)
        node.nodes = [_through("weighed", part) for part in node.nodes if isinstance(part, nodes.Expr)]
        return node

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:
        return nodes.Const(node.data, lineno=node.lineno)


def _through(name: str, node: nodes.Node) -> nodes.Filter:
    return nodes.Filter(cast(nodes.Expr, node), f"studio_{name}", [], [], None, None, lineno=node.lineno)


class _Generation(Extension):
    """`{% generation %}` marks what the assistant said, for training; here its content is just written."""

    tags = {"generation"}  # noqa: RUF012 - as Jinja declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return list(parser.parse_statements(("name:endgeneration",), drop_needle=True))


class _Environment(ImmutableSandboxedEnvironment):
    """What Hugging Face gives a chat template, with a budget."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation], cache_size=0)
        self.filters = {name: _charged(self.filters[name]) for name in _FILTERS}
        self.filters |= {"tojson": _tojson, "indent": _indent, "studio_counted": _counted, "studio_weighed": _weighed,
                         "studio_joined": _joined}  # fmt: skip
        for name in ("lipsum", "cycler", "joiner"):
            self.globals.pop(name)
        self.globals |= {"raise_exception": _raise, "strftime_now": _strftime_now}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = _Charging().visit(super()._parse(source, name, filename))
        return tree

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        _budget.get().foresee(operator, left, right)
        return _budget.get().weighed(super().call_binop(context, operator, left, right))

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as Jinja has it
        _budget.get().foresee_call(__obj, args)
        return _budget.get().weighed(super().call(__context, __obj, *args, **kwargs))


def _charged(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter whose call is a step and whose result is weighed; Jinja reads marks on it, which `wraps` keeps."""

    @wraps(function)
    def charged(*args: Any, **kwargs: Any) -> Any:
        _budget.get().foresee_filter(function.__name__, args)
        return _budget.get().weighed(function(*args, **kwargs))

    return charged


def _tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None, separators: Any = None,
            sort_keys: bool = False) -> str:  # fmt: skip
    """JSON as Hugging Face's templates expect it: without escapes for HTML."""
    indent = min(int(indent), 16) if indent is not None else None
    return json.dumps(_budget.get().weighed(value), ensure_ascii=ensure_ascii, indent=indent, separators=separators,
                      sort_keys=sort_keys)  # fmt: skip


def _indent(text: str, width: int = 4, first: bool = False, blank: bool = False) -> str:
    space, lines = " " * min(int(width), 64), str(text).split("\n")
    indented = [(space if (number or first) and (line or blank) else "") + line for number, line in enumerate(lines)]
    return "\n".join(_budget.get().weighed(indented))


def _raise(message: str) -> None:
    raise TemplateError(str(message)[:500])


def _strftime_now(form: str) -> str:
    return datetime.now().strftime(form[:200])
