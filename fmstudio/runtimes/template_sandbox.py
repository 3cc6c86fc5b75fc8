"""Runs a Jinja template that nobody here has read: in the sandbox, and with an end to what it may compute.

- the sandbox keeps it from Python's internals and from changing what it is given
- every call, every round of a loop and every value that it builds is charged to a budget of steps, letters and time,
  before or as it comes to be: a template that would run for ever, or fill the memory, ends with a sentence
- it has the few filters, methods and functions that templates on the Hub use; none of them makes much out of little
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from fmstudio.runtimes.template_budget import Budget, TemplateError, budget
from fmstudio.runtimes.template_charging import CHARGING, Charging, dictionary
from fmstudio.runtimes.template_filters import filters, tests
from fmstudio.runtimes.template_operations import (
    DICT_METHODS,
    LIST_METHODS,
    TEXT_METHODS,
    call_text_method,
    foresee_format,
    foresee_operator,
)

__all__ = ["TemplateError", "render"]

LONGEST_SOURCE = 100_000
_LONGEST_REASON = 500
_METHODS: tuple[tuple[type | tuple[type, ...], frozenset[str]], ...] = (
    (str, TEXT_METHODS),
    (dict, DICT_METHODS),
    (tuple, LIST_METHODS | {"grouper", "list"}),  # `groupby` gives tuples with these names
    (list, LIST_METHODS),
    ((int, float, complex, set, frozenset, range, type), frozenset()),
)


def render(source: str, values: Mapping[str, Any]) -> str:
    """The template's text for these values; raises TemplateError whatever goes wrong."""
    if len(source) > LONGEST_SOURCE:
        raise TemplateError(f"it is longer than {LONGEST_SOURCE:,} letters")
    token = budget.set(Budget())
    try:
        return _compiled(source).render(values)
    except TemplateError:
        raise
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"its line {error.lineno} is not valid ({_reason(error.message)})") from error
    except jinja2.exceptions.SecurityError as error:
        raise TemplateError(f"it reaches for what it may not have ({_reason(error)})") from error
    except (MemoryError, RecursionError) as error:
        raise TemplateError("it calls itself too often or needs too much memory") from error
    except Exception as error:  # a template meets any values, so anything may come out of it
        raise TemplateError(f"{type(error).__name__}: {_reason(error)}") from error
    finally:
        budget.reset(token)


def _reason(error: Any) -> str:
    return str(error)[:_LONGEST_REASON]


@lru_cache(maxsize=32)
def _compiled(source: str) -> jinja2.Template:
    return _Environment().from_string(source)


class _Generation(Extension):
    """`{% generation %}` marks what the assistant said, for training; here its content is just written."""

    tags = {"generation"}  # noqa: RUF012 - as Jinja declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return list(parser.parse_statements(("name:endgeneration",), drop_needle=True))


class _Environment(ImmutableSandboxedEnvironment):
    """What Hugging Face gives a chat template, with a budget."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def __init__(self) -> None:
        # not optimised: the optimiser computes what it can while it compiles, in ways that nothing charges
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation], cache_size=0,
                         optimized=False)  # fmt: skip
        self.filters: dict[str, Any] = filters() | CHARGING
        self.tests: dict[str, Any] = tests()
        for name in ("lipsum", "cycler", "joiner"):
            self.globals.pop(name)
        self.globals |= {"dict": dictionary, "namespace": _namespace, "raise_exception": _raise,
                         "strftime_now": _strftime_now}  # fmt: skip

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = Charging().visit(super()._parse(source, name, filename))
        return tree

    def getattr(self, obj: Any, attribute: str) -> Any:
        budget.get().step()
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        budget.get().step()
        return super().getitem(obj, argument)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        allowed = next((names for kind, names in _METHODS if isinstance(obj, kind)), None)
        return (allowed is None or attr in allowed) and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> Any:
        return super().wrap_str_format(value) if getattr(value, "__name__", "") == "format" else None

    def call_filter(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if name in CHARGING:
            raise TemplateError(f"it names the filter {name!r}, which is not there")
        return super().call_filter(name, *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        foresee_operator(budget.get(), operator, left, right)
        return budget.get().made(super().call_binop(context, operator, left, right))

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as Jinja has it
        budget.get().step()
        named = {name: value for name, value in kwargs.items() if name not in ("_loop_vars", "_block_vars")}
        method = getattr(__obj, "__wrapped__", __obj)  # `format` comes wrapped by the sandbox
        owner = getattr(method, "__self__", None)
        if isinstance(owner, str) and method is __obj:
            return budget.get().made(call_text_method(budget.get(), owner, __obj.__name__, args, named))
        if isinstance(owner, str):
            foresee_format(budget.get(), owner, args, named)
        elif isinstance(owner, (list, tuple)):
            budget.get().read(owner, *args)
        elif not isinstance(__obj, Macro):
            budget.get().read(*args, *named.values())
        return budget.get().made(super().call(__context, __obj, *args, **kwargs))


def _namespace(*given: Any, **named: Any) -> Namespace:
    return Namespace(dictionary(*given, **named))


def _raise(message: Any) -> None:
    raise TemplateError(_reason(budget.get().written(message)))


def _strftime_now(form: Iterable[str]) -> str:
    return datetime.now().strftime(str(budget.get().written(form))[:200])
