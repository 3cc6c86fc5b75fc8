"""The sets that are made here follow the rules that they teach, so that a program can tell a win."""

import json

import pytest

from fmstudio.data import catalogue
from fmstudio.data.tuning.examples import Instruction, Preference
from fmstudio.data.tuning.made import SETS, SHORT
from fmstudio.data.tuning.opened import open_examples
from fmstudio.jobs import JobContext
from fmstudio.workspace import Workspace
from tests.driving import run_job


@pytest.mark.parametrize("name", SETS)
def test_a_set_of_the_catalogue_comes_without_a_network(workspace: Workspace, name: str) -> None:
    run_job(catalogue.fetch(JobContext(), name, workspace))
    record = workspace.dataset(name)
    assert (record.kind, record.details["licence"]) == (SETS[name][0], "PSF-2.0")
    with open_examples(workspace, name) as examples:
        assert len(examples) == record.items >= 60
        prompts = [examples[place].prompt for place in range(len(examples))]
    assert len(set(prompts)) == len(prompts), "no question stands there twice"


def test_each_preference_keeps_its_rule_on_one_side_alone() -> None:
    def is_short(answer: str) -> bool:
        return len(answer.split()) <= SHORT

    def is_json(answer: str) -> bool:
        try:
            return set(json.loads(answer)) == {"name", "does"}
        except ValueError:
            return False

    def is_prose(answer: str) -> bool:
        return not any(line.startswith("- ") for line in answer.splitlines())

    for name, follows in (("short-answers", is_short), ("json-answers", is_json), ("plain-answers", is_prose)):
        for pair in SETS[name][1]():
            assert isinstance(pair, Preference)
            assert (follows(pair.chosen), follows(pair.rejected)) == (True, False), pair


def test_answers_are_sentences_of_the_reference() -> None:
    answers = [each.answers[0] for each in SETS["python-questions"][1]() if isinstance(each, Instruction)]
    assert not [answer for answer in answers if "===" in answer or "\n" in answer or len(answer.split()) < 6]
