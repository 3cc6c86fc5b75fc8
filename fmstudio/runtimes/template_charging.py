"""Rewrites a parsed template so that what it does without a call is charged too: loops, literals, comparisons, slices
and all that it writes go through filters that no template can name or leave out.
"""

from collections.abc import Iterable, Iterator
from typing import Any, cast

import jinja2
from jinja2 import nodes
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer

from fmstudio.runtimes.template_budget import TemplateError, budget

MOST_PARTS = 10_000
"""Names, values, operators and blocks together; the longest templates of well-known models have about 1,400."""

# `pass_context` keeps Jinja from computing these once and for all while it compiles a template.


@jinja2.pass_context
def _counted(context: Context, values: Iterable[Any]) -> Iterator[Any]:
    return budget.get().counted(values)


@jinja2.pass_context
def _made(context: Context, value: Any) -> Any:
    return budget.get().made(value)


@jinja2.pass_context
def _written(context: Context, value: Any) -> Any:
    return budget.get().written(value)


@jinja2.pass_context
def _compared(context: Context, value: Any) -> Any:
    budget.get().read(value)
    return value


@jinja2.pass_context
def _searched(context: Context, value: Any) -> Any:
    if not isinstance(value, dict):  # a dict is not searched from end to end
        budget.get().read(value)
    return value


@jinja2.pass_context
def _sliced(context: Context, value: Any, start: Any, stop: Any, step: Any) -> Any:
    return budget.get().made(value[start:stop:step])


@jinja2.pass_context
def _joined(context: Context, values: Iterable[Any]) -> str:
    return "".join([str(budget.get().written(value)) for value in values])


@jinja2.pass_context
def _paired(context: Context, pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    made: dict[Any, Any] = budget.get().made(dictionary(pairs))
    return made


def dictionary(*given: Any, **named: Any) -> dict[Any, Any]:
    """As `dict(…)`, a step for each key: keys made to collide would be slow to put in."""
    if len(given) > 1:
        raise TypeError(f"dict expected at most 1 argument, got {len(given)}")
    sources = [values.items() if isinstance(values, dict) else values for values in (*given, named)]
    return {key: value for pairs in sources for key, value in budget.get().counted(pairs)}


class Charging(NodeTransformer):
    """Sends what a template does through the functions above; refuses one that would take long to compile."""

    def __init__(self) -> None:
        self._parts = 0

    def visit(self, node: nodes.Node, *given: Any, **named: Any) -> Any:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise TemplateError(f"it has more than {MOST_PARTS:,} parts")
        return super().visit(node, *given, **named)

    def visit_For(self, node: nodes.For) -> nodes.For:
        self.generic_visit(node)
        node.iter = _through("counted", node.iter)
        return node

    def visit_List(self, node: nodes.List) -> nodes.Expr:
        self.generic_visit(node)
        return _through("made", node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Expr:
        self.generic_visit(node)
        return _through("made", node) if node.ctx == "load" else node

    def visit_Dict(self, node: nodes.Dict) -> nodes.Expr:
        self.generic_visit(node)
        pairs = [nodes.Tuple([pair.key, pair.value], "load", lineno=pair.lineno) for pair in node.items]
        return _through("paired", nodes.List(cast(list[nodes.Expr], pairs), lineno=node.lineno))

    def visit_Const(self, node: nodes.Const) -> nodes.Const:
        budget.get().made(node.value)
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Compare:
        self.generic_visit(node)
        node.expr = _through("compared", node.expr)
        for operand in node.ops:
            operand.expr = _through("searched" if operand.op in ("in", "notin") else "compared", operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Expr:
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        bounds = (node.arg.start, node.arg.stop, node.arg.step)
        return _through("sliced", node.node, *[bound or nodes.Const(None, lineno=node.lineno) for bound in bounds])

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:
        self.generic_visit(node)
        return _through("joined", nodes.List(node.nodes, lineno=node.lineno))

    def visit_Output(self, node: nodes.Output) -> nodes.Output:
        self.generic_visit(node)
        node.nodes = [_through("written", part) for part in node.nodes if isinstance(part, nodes.Expr)]
        return node

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Const:
        return nodes.Const(node.data, lineno=node.lineno)

    def visit_ScopedEvalContextModifier(self, node: nodes.Node) -> nodes.Node:
        raise TemplateError("it sets autoescape, which is for web pages")


def _through(name: str, node: nodes.Node, *given: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(cast(nodes.Expr, node), f"studio {name}", list(given), [], None, None, lineno=node.lineno)


CHARGING = {
    f"studio {function.__name__.removeprefix('_')}": function
    for function in (_compared, _counted, _joined, _made, _paired, _searched, _sliced, _written)
}
"""The functions by the names that rewritten templates call them by: with a space, so that none can be written."""
