"""Rules give 1 where an answer keeps them, and less the further it is from that."""

import pytest

from fmstudio.data.tuning.rules import (
    RULES,
    Answered,
    MatchingPattern,
    NoList,
    RightNumber,
    ShortAnswer,
    ValidJson,
    judged,
    last_number,
    rules_that_count,
    total,
)
from fmstudio.errors import StudioError


@pytest.mark.parametrize(
    ("text", "reward"), [("one two", 1.0), ("one  two\nthree", 1.0), ("a b c d", 0.75), ("", 0.0), (" \n", 0.0)]
)
def test_a_short_answer_has_some_words_and_no_more_than_allowed(text: str, reward: float) -> None:
    assert ShortAnswer(most=3).reward(Answered(text)) == reward


@pytest.mark.parametrize(
    ("text", "reward"),
    [
        ('{"name": "a", "does": "b"}', 1.0), (' {"name": "a", "does": 0} ', 1.0), ('{"name": "a"}', 0.75),
        ('{"name": "a", "does": ""}', 0.75), ("{}", 0.5), ('["name", "does"]', 0.0), ('Sure! {"name": "a"}', 0.0),
        ("[" * 100_000, 0.0), ("", 0.0),
    ],
)  # fmt: skip
def test_json_must_be_an_object_with_its_fields_and_nothing_else(text: str, reward: float) -> None:
    assert ValidJson(fields="name, does").reward(Answered(text)) == reward


def test_json_without_named_fields_is_any_object() -> None:
    assert [ValidJson().reward(Answered(text)) for text in ("{}", '{"a": 1}', "1")] == [1.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is 1,234.5 in all.", 1234.5), ("3 and 4", 4.0), ("−7", -7.0), ("6e3 m", 6000.0), ("none", None),
        ("1,2", 2.0), ("12,345", 12345.0),
    ],
)  # fmt: skip
def test_the_last_number_of_a_text_is_found_as_people_write_it(text: str, found: float | None) -> None:
    assert last_number(text) == found


def test_a_number_is_right_where_it_is_that_of_the_data() -> None:
    rule = RightNumber(tolerance=0.01)
    given = [("So 1 + 2 is 100.5", "100"), ("100 or 99?", "100"), ("102", "100"), ("none", "100"), ("5", "no number")]
    assert [rule.reward(Answered(text, expected=wanted)) for text, wanted in given] == [1.0, 1.0, 0.0, 0.0, 0.0]


def test_a_pattern_is_one_of_the_whole_answer() -> None:
    rule = MatchingPattern(pattern="yes|no")
    assert [rule.reward(Answered(text)) for text in ("Yes", " no\n", "yes, of course", "")] == [1.0, 1.0, 0.0, 0.0]
    assert MatchingPattern(pattern="yes", ignore_case=False).reward(Answered("Yes")) == 0.0


@pytest.mark.parametrize(
    ("text", "reward"),
    [("A cat - or a dog.\nAnd 1. May.", 1.0), ("- a\n- b", 0.0), ("Two:\n1. a\n2) b\n", 1 / 3), ("", 0.0)],
)
def test_a_list_is_told_by_how_its_lines_begin(text: str, reward: float) -> None:
    assert NoList().reward(Answered(text)) == pytest.approx(reward)


def test_rewards_are_summed_by_weight() -> None:
    sections = {name: rule(weight=0.0) for name, rule in RULES.items()}  # type: ignore[call-arg]
    sections |= {"short_answer": ShortAnswer(weight=2.0, most=2), "no_list": NoList(weight=-0.5)}
    rules = rules_that_count(sections)
    given = judged(rules, Answered("one two three four"))
    assert given == {"short_answer": 0.5, "no_list": 1.0}
    assert total(rules, given) == 0.5


def test_rules_that_cannot_reward_anything_are_refused() -> None:
    sections = {name: rule(weight=0.0) for name, rule in RULES.items()}  # type: ignore[call-arg]
    with pytest.raises(StudioError, match=r"No rule counts, .* short_answer.weight"):
        rules_that_count(sections)
    with pytest.raises(StudioError, match="its pattern is empty"):
        rules_that_count(sections | {"matching_pattern": MatchingPattern(weight=1.0)})
    with pytest.raises(StudioError, match=r"is '\(', which is no regular expression"):
        rules_that_count(sections | {"matching_pattern": MatchingPattern(weight=1.0, pattern="(")})
