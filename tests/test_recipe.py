"""Settings and recipes: what is allowed, what is said when it is not, and the way to TOML and back."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmstudio.recipe import (
    DatasetChoice,
    RecipeError,
    assign,
    build,
    parse_value,
    read_toml,
    setting,
    settings,
    values_of,
    write_toml,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    steps: int = setting(100, "How many.", minimum=1, maximum=1000, unit="steps", simple=True)
    rate: float = setting(0.1, "How fast.", minimum=0)
    kind: str = setting("a", "Which.", choices=("a", "b"))
    name: str = setting("", "What for.")
    loud: bool = setting(False, "Whether to shout.")
    datasets: list[DatasetChoice] = setting([], "What to read.")


def test_values_are_taken_in_the_type_of_their_field() -> None:
    built = build(Section, {"steps": 5.0, "rate": 1, "datasets": ["plays", {"name": "notes", "weight": 2}]})
    assert built.steps == 5
    assert isinstance(built.steps, int)
    assert isinstance(built.rate, float)
    assert built.datasets == [DatasetChoice(name="plays"), DatasetChoice(name="notes", weight=2.0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    adapter_scale: float = setting(1.0, "How much.", maximum=1.5, path="adapter.scale")
    seed: int = setting(0, "Which.")


@pytest.mark.parametrize("values", [{"adapter.scale": 0.5}, {"adapter": {"scale": 0.5}}])
def test_a_setting_that_people_call_otherwise_is_known_by_that_name(values: dict[str, Any]) -> None:
    assert [each.path for each in settings(Named)] == ["adapter.scale", "seed"]
    built = build(Named, values)
    assert built.adapter_scale == 0.5
    assert build(Named, values_of(built)) == built
    with pytest.raises(RecipeError, match=r"adapter\.scale is 2, but it must be a number of at most 1\.5\."):
        build(Named, {"adapter": {"scale": 2}})
    with pytest.raises(RecipeError, match=r"adapter\.scal is not a setting .* did you mean adapter\.scale\?"):
        build(Named, {"adapter": {"scal": 2}})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"step": 3}, "training.step is not a setting of this recipe; did you mean training.steps?"),
        ({"steps": 0}, "training.steps is 0, but it must be a whole number from 1 to 1000."),
        ({"steps": 1.5}, "training.steps is 1.5, but it must be a whole number from 1 to 1000."),
        ({"steps": True}, "training.steps is true, but it must be a whole number from 1 to 1000."),
        ({"steps": "many"}, 'training.steps is "many", but it must be a whole number from 1 to 1000.'),
        ({"rate": float("nan")}, "training.rate is nan, but it must be a number of at least 0."),
        ({"rate": 10**400}, "training.rate is 1000"),
        ({"kind": "c"}, 'training.kind is "c", but it must be one of "a", "b".'),
        ({"loud": 1}, "training.loud is 1, but it must be true or false."),
        ({"name": 3}, "training.name is 3, but it must be a text."),
        ({"datasets": [{"name": "x", "weight": 0}]}, "training.datasets is "),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_what_is(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RecipeError) as raised:
        build(Section, values, "training.")
    assert str(raised.value).startswith(sentence)
    assert raised.value.path.startswith("training.")


def test_settings_describe_every_field_for_a_form() -> None:
    described = {each.path: each for each in settings(Section, "training.")}
    assert list(described) == [f"training.{name}" for name in Section.__dataclass_fields__]
    assert described["training.steps"].allowed == "a whole number from 1 to 1000"
    assert described["training.steps"].unit == "steps"
    assert [each.kind for each in described.values()] == ["integer", "number", "choice", "text", "switch", "datasets"]


plain = st.one_of(
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=False),
    st.text(),
    st.lists(st.text(max_size=5), max_size=3),
)


@given(st.dictionaries(st.text(min_size=1), st.one_of(plain, st.dictionaries(st.text(min_size=1), plain)), max_size=5))
def test_toml_is_read_back_as_it_was_written(tables: dict[str, Any]) -> None:
    assert tomllib.loads(write_toml(tables)) == tables


def test_a_section_goes_to_toml_and_back() -> None:
    section = Section(steps=7, rate=1e-5, name='with "quotes"\n', datasets=[DatasetChoice(name="plays", weight=0.3)])
    tables = tomllib.loads(write_toml({"training": values_of(section)}))
    assert build(Section, tables["training"]) == section


def test_assignments_set_nested_values() -> None:
    tables: dict[str, Any] = {"training": {"steps": 1}}
    for text in ("training.steps=50", "training.rate = 1e-3", "data.datasets=['a', 'b']", "name=plain words"):
        assign(tables, text)
    assert tables == {
        "training": {"steps": 50, "rate": 1e-3},
        "data": {"datasets": ["a", "b"]},
        "name": "plain words",
    }


@pytest.mark.parametrize("text", ["training.steps", "=5", "a..b=1", "training.steps.more=1"])
def test_an_assignment_that_sets_nothing_is_refused(text: str) -> None:
    with pytest.raises(RecipeError):
        assign({"training": {"steps": 1}}, text)


def test_values_on_the_command_line_need_no_quotes() -> None:
    assert parse_value("0.5") == 0.5
    assert parse_value("true") is True
    assert parse_value("To be") == "To be"


def test_a_recipe_file_with_a_mistake_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    with pytest.raises(RecipeError, match="no recipe at"):
        read_toml(path)
    path.write_text("steps = = 3")
    with pytest.raises(RecipeError, match=r"broken\.toml is not valid TOML .*line 1"):
        read_toml(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="cannot be read as a recipe"):
        read_toml(path)
