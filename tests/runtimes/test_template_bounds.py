"""Templates that would take for ever, or all the memory, end with a reason: in a process that may do neither."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

pytest.importorskip("resource", reason="limits on memory need a POSIX system")

RENDER = """
import json, resource, sys
from fmstudio.runtimes.template_sandbox import TemplateError, render
for source in json.load(sys.stdin):
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 10, resource.RLIM_INFINITY))
    try:
        answer = render(source, {})
    except TemplateError as error:
        answer = f"refused: {error}"
    print(json.dumps(answer), flush=True)
"""
TOO_MANY_LETTERS = "it builds more than 32,000,000 letters"
TOO_HEAVY = "it builds a value of more than 32,000,000 letters"
TOO_MANY_STEPS = "it takes more than 400,000 steps, as a template does that never ends"
TOO_MANY_PARTS = "it has more than 10,000 parts"
TOO_WIDE = "it formats to a width"
TOO_LONG_NUMBER = "it computes with numbers of more than 18 digits"
TOO_DEEP = "it nests lists more than 100 deep"
OUT_OF_REACH = "it reaches for what it may not have"
ITSELF = "it calls itself too often"
WHOLE_NAMESPACE = "it writes out a namespace as a whole"

TEXTS = "{% set a = 'x' * 50000 %}{% set b = 'y' * 40000 %}"
LONG = "{% set m = 'x' * 100000 %}{% set m = m ~ m ~ m ~ m ~ m %}{% set m = m ~ m ~ m ~ m ~ m ~ m %}"
COLLIDING = "{% set t %}{% for i in range(1, 20000) %}{{ i }}305843009213693951,{% endfor %}{% endset %}"


def doubled(name: str, times: int, form: str = "({0}, {0})") -> str:
    """The value of this name in a tuple (or what `form` says) of two of itself, and again."""
    return f"{{% set {name} = {form.format(name)} %}}" * times


def again(step: str) -> str:
    return f"{{% set ns = namespace(s=0) %}}{{% for i in range(100000) %}}{{% set ns.s = {step} %}}{{% endfor %}}"


def macros(count: int) -> str:
    """Each calls the one before it twice."""
    calls = "{{% macro f{0}() %}}{{{{ f{1}() }}}}{{{{ f{1}() }}}}{{% endmacro %}}"
    return "{% macro f0() %}a{% endmacro %}" + "".join(calls.format(i, i - 1) for i in range(1, count))


CASES = {
    # containers that hold one thing many times over
    "tuples compared": ("{% set a = (1,) %}{% set b = (1,) %}" + doubled("a", 40) + doubled("b", 40) + "{{ a == b }}",
                        TOO_HEAVY),
    "tuple by test": ("{% set a = (1,) %}{% set b = (1,) %}" + doubled("a", 40) + doubled("b", 40) + "{{ a is eq b }}",
                      TOO_HEAVY),
    "tuple as key": ("{% set a = (1,) %}" + doubled("a", 40) + "{{ {}[a] }}", TOO_HEAVY),
    "tuple as text": ("{% set a = ('x' * 1000,) %}" + doubled("a", 21) + "{{ a | string | length }}", TOO_HEAVY),
    "tuple joined": ("{% set a = ('x' * 1000,) %}" + doubled("a", 21) + "{{ (a ~ '') | length }}", TOO_HEAVY),
    "tuple formatted": ("{% set a = ('x' * 1000,) %}" + doubled("a", 14) + "{{ '{0!r}{0!r}{0!r}'.format(a) }}",
                        TOO_MANY_LETTERS),
    "dicts": ("{% set a = 'x' * 1000 %}" + doubled("a", 21, "dict(b={0}, c={0})") + "{{ a | string }}", TOO_HEAVY),
    "literal dicts": ("{% set a = 'x' * 1000 %}" + doubled("a", 21, "{{1: {0}, 2: {0}}}") + "{{ a }}", TOO_HEAVY),
    "varargs": ("{% macro f(n) %}{% if n %}{{ f(n - 1, varargs, varargs) }}{% else %}{{ varargs }}{% endif %}"
                "{% endmacro %}{{ f(60) }}", TOO_HEAVY),
    "namespaces": ("{% set n = namespace(a=1) %}" + doubled("n", 26, "namespace(a={0}, b={0})") + "{{ n | string }}",
                   WHOLE_NAMESPACE),
    "namespace in itself": ("{% set n = namespace() %}{% set n.a = [n, n] %}{{ n.a | string }}", WHOLE_NAMESPACE),
    "deep key": (again("(ns.s,)") + "{{ {ns.s: 1} }}", TOO_DEEP),
    "deep list": (again("[ns.s]") + "{{ ns.s }}", TOO_DEEP),
    "deep chain of filters": (again("(ns.s or [1]) | select") + "{{ ns.s | list }}", TOO_MANY_STEPS),
    "list with itself": ("{% set a = [1] %}" + "{% set a = a + a %}" * 40, TOO_MANY_STEPS),
    "sum of lists": ("{{ ([[1]] * 90000) | sum(start=[]) }}", TOO_MANY_STEPS),
    # texts that are long before anybody looks
    "tabs": ("{{ ('\t' * 40000).expandtabs(99999) | length }}", OUT_OF_REACH),
    "tabs by keyword": ("{{ '\t'.expandtabs(tabsize=2000000000) | length }}", OUT_OF_REACH),
    "translated": (TEXTS + "{{ a.translate({120: b}) | length }}", OUT_OF_REACH),
    "padded": ("{{ 'a'.zfill(2000000000) | length }}", OUT_OF_REACH),
    "bytes of a number": ("{{ (1).to_bytes(2000000000, 'big') | length }}", OUT_OF_REACH),
    "joined by method": (TEXTS + "{{ a.join(b) | length }}", TOO_MANY_LETTERS),
    "joined by filter": (TEXTS + "{{ b | join(a) | length }}", TOO_MANY_LETTERS),
    "joined attributes": ("{{ ([{'a': 'x' * 999}] * 90000) | join(attribute='a') }}", TOO_HEAVY),
    "replaced by method": (TEXTS + "{{ a.replace('x', b) | length }}", TOO_MANY_LETTERS),
    "replaced by keyword": (TEXTS + "{{ a | replace(old='x', new=b) | length }}", TOO_MANY_LETTERS),
    "replaced between letters": (TEXTS + "{{ a.replace('', b) | length }}", TOO_MANY_LETTERS),
    "indented": (LONG + "{{ m.replace('x', '\n') | indent(64) | length }}", TOO_MANY_STEPS),
    "indented by a text": (TEXTS + "{{ a.replace('x', 'x\n') | indent(width=b, first=true) | length < 9999999 }}",
                           "True"),
    "escaped": (LONG + "{% for i in range(9) %}{{ m.replace('x', '<') | e | length }}{% endfor %}", TOO_MANY_LETTERS),
    "JSON, separated": ("{{ range(2000) | list | tojson(separators=('x' * 90000, ':')) }}", "it puts more than 16"),
    "JSON, indented": ("{% set a = [1] * 90000 %}" + doubled("a", 90, "[{0}]") + "{{ a | tojson(indent=16) }}",
                       TOO_MANY_LETTERS),
    # forms
    "width from a field": ("{{ '{:{}}'.format('x', '2000000000') | length }}", TOO_WIDE),
    "width from a keyword": ("{{ '{:{w}}'.format('x', w=2000000000) | length }}", TOO_WIDE),
    "width from a map": ("{{ '{a:{w}}'.format_map({'a': 1, 'w': 2000000000}) | length }}", OUT_OF_REACH),
    "width from a star": ("{{ '%*d' % (2000000000, 1) }}", TOO_WIDE),
    "precision from a star": ("{{ '%.*f' % (2000000000, 1.0) }}", TOO_WIDE),
    "many fields": (TEXTS + "{{ ('{0}' * 20000).format(a) | length }}", TOO_MANY_LETTERS),
    "many wide fields": ("{{ ('{0:9999}' * 10000).format(1) | length }}", TOO_MANY_LETTERS),
    "many named fields": (TEXTS + "{{ ('%(a)s' * 20000) % {'a': a} }}", TOO_MANY_LETTERS),
    "many wide numbers": ("{{ ('%(a)9999d' * 9000) % {'a': 1} }}", TOO_MANY_LETTERS),
    # texts taken apart
    "letters": (LONG + "{{ m | list | length }}", TOO_MANY_STEPS),
    "words": (LONG + "{{ m.replace('x', ' ').split() | length }}", TOO_MANY_STEPS),
    "parts": (LONG + "{{ m.split('x') | length }}", TOO_MANY_STEPS),
    "lines": (LONG + "{{ m.replace('x', '\n').splitlines() | length }}", TOO_MANY_STEPS),
    "titles": (LONG + "{{ m | title | length }}", TOO_MANY_STEPS),
    "path of an attribute": (LONG + "{{ [1] | map(attribute=m.replace('x', '.')) | list }}", TOO_MANY_STEPS),
    # searches
    "search backwards": (LONG + "{{ m.rfind('y' ~ m[:1000000]) }}", TOO_MANY_LETTERS),
    "split backwards": (LONG + "{{ m.rsplit('y' ~ m[:1000000]) | length }}", TOO_MANY_LETTERS),
    "stripped": (LONG + "{{ m.strip('y' * 99999 ~ 'x') | length }}", TOO_MANY_LETTERS),
    "trimmed": (LONG + "{{ m | trim(chars='y' * 99999 ~ 'x') | length }}", TOO_MANY_LETTERS),
    "found again and again": (LONG + "{% for i in range(99999) %}{{ 'y' in m }}{% endfor %}", TOO_MANY_LETTERS),
    "compared again and again": ("{% set a = 'x' * 99999 %}{% set b = a ~ '' %}{{ ([a] * 300) | select('==', b) | list "
                                 "| length }}" * 20, TOO_MANY_LETTERS),
    "sliced again and again": (LONG + "{% for i in range(99999) %}{% set x = m[1:] %}{% endfor %}", TOO_MANY_LETTERS),
    # numbers
    "rounded": ("{{ 1 | round(method='floor', precision=30000000) }}", "1.0"),
    "power": ("{{ 9 ** 999999 }}", TOO_LONG_NUMBER),
    "number of a text": ("{{ ('f' * 90000) | int(base=16) }}", TOO_LONG_NUMBER),
    "division": ("{% set a = 0x" + "f" * 40000 + " %}{{ a // (a - 1) }}", TOO_LONG_NUMBER),
    "colliding keys": (COLLIDING + "{{ t.split(',') | map('int') | unique | list | length }}", TOO_LONG_NUMBER),
    # sources
    "too long": ("{{x}}" * 180_000, "it is longer than 100,000 letters"),
    "many names": ("{{x}}" * 19_000, TOO_MANY_PARTS),
    "many comparisons": ("{{ 1" + "<1" * 45_000 + "}}", TOO_MANY_PARTS),
    "long chain": ("{{ x" + "|e" * 45_000 + "}}", ITSELF),
    "deep brackets": ("{{" + "[" * 90_000, ITSELF),
    # calls
    "macros": (macros(60) + "{{ f59() }}", TOO_MANY_STEPS),
    "block in itself": ("{% block a %}{{ self.a() }}{{ self.a() }}{% endblock %}", ITSELF),
    "cycle": ("{% set a = 'x' * 99999 %}{% for i in range(99999) %}{{ loop.cycle(a, 'b') }}{% endfor %}",
              TOO_MANY_LETTERS),
    "change": ("{% set a = 'x' * 99999 %}{% for i in range(99999) %}{{ loop.changed(a, [i]) }}{% endfor %}",
               TOO_MANY_LETTERS),
    "filter of its own": ("{{ [[1]] | map('studio counted') | list }}", "it names the filter 'studio counted'"),
    "change by the type": ("{% set d = {} %}{{ dict.update(d, {1: 1}) }}", "UndefinedError"),
    "escaping": ("{% autoescape true %}{{ '<' }}{% endautoescape %}", "it sets autoescape"),
    "long reason": (LONG + "{{ raise_exception(m) }}", "x" * 500),
}  # fmt: skip


@pytest.fixture(scope="module")
def answers() -> Callable[[str], str]:
    """What came of a case; cases after one that its process did not survive have nothing."""
    done = subprocess.run(
        [sys.executable, "-c", RENDER],
        input=json.dumps([source for source, _ in CASES.values()]),
        capture_output=True,
        text=True,
        check=False,
    )
    found = dict(zip(CASES, map(json.loads, done.stdout.splitlines()), strict=False))
    return lambda name: str(found.get(name, f"the process ended: {done.stderr[-500:]}"))


@pytest.mark.parametrize("name", CASES)
def test_a_template_that_would_take_all_is_bounded(name: str, answers: Callable[[str], str]) -> None:
    expected = CASES[name][1]
    answer = answers(name).removeprefix("refused: ")
    assert answer.startswith(expected)
    assert len(answer) <= 600
