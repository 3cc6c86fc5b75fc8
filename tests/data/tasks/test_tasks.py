"""Each task's examples keep its own rule, and its questions have nothing of them; a program tells right from wrong."""

import json
import re

import pytest

from fmstudio.data import catalogue
from fmstudio.data.errors import DataError
from fmstudio.data.making import made_sets
from fmstudio.data.tasks import Question, Task, fields, sentiment, tasks, tasks_named
from fmstudio.data.tuning.examples import Instruction
from fmstudio.data.tuning.opened import open_examples
from fmstudio.jobs import JobContext
from fmstudio.training.recipes import parse_recipe, recipe_tables
from fmstudio.workspace import Workspace
from tests.driving import run_job

WRONG = {
    "sentiment-words": ["It is positive.", "", "neutral negative", "Positive!"],
    "sentence-fields": ["no JSON", "[]", "{}", '{"name": "Somebody Else", "place": "x", "day": "y", "number": 0}'],
    "brief-answers": ["", "Yes.", "word " * 41],
}


def learnt(task: Task) -> list[tuple[str, str]]:
    """What is asked and answered in its examples."""
    found = []
    for example in task.examples():
        example.check()
        assert isinstance(example, Instruction)
        found.append((example.prompt[0].content, example.answers[0]))
    return found


@pytest.mark.parametrize("task", tasks().values(), ids=lambda task: task.name)
def test_what_is_learnt_is_right_and_never_asked(task: Task) -> None:
    examples, questions = learnt(task), task.questions()
    assert len(dict(examples)) == len(examples) >= 60 <= len(questions)
    assert not [answer for asked, answer in examples if task.judge(Question(asked, answer), answer, ended=True)]
    asked = [question.asked for question in questions]
    assert len(set(asked)) == len(asked)
    assert not set(asked) & set(dict(examples))
    assert list(task.questions()) == list(questions), "the same each time"
    assert learnt(task) == examples


@pytest.mark.parametrize("task", tasks().values(), ids=lambda task: task.name)
def test_a_wrong_answer_has_its_fault_told(task: Task) -> None:
    question = task.questions()[0]
    for answer in WRONG[task.name]:
        assert task.judge(question, answer, ended=True)
    assert task.judge(question, learnt(task)[0][1], ended=False) == "it does not end"


@pytest.mark.parametrize("module", [sentiment, fields])
def test_words_that_are_asked_about_are_never_learnt(module) -> None:
    kinds = set(module.LEARNT.__slots__) - {"templates", "remainders"}
    for kind in kinds:
        assert not set(getattr(module.LEARNT, kind)) & set(getattr(module.ASKED, kind))
    said = " ".join(asked for asked, _ in learnt(module.TASK)).lower()
    for kind in kinds:
        assert not [word for word in getattr(module.ASKED, kind) if re.search(rf"\b{word.lower()}\b", said)]


def test_labels_and_days_are_evenly_asked() -> None:
    labels = [question.expected for question in sentiment.TASK.questions()[:60]]
    assert {label: labels.count(label) for label in sentiment.LABELS} == dict.fromkeys(sentiment.LABELS, 20)
    days = {json.loads(question.expected)["day"] for question in fields.TASK.questions()[:60]}
    assert len(days) == 7


def test_a_label_may_be_written_as_a_sentence_is_and_fields_in_any_order() -> None:
    assert sentiment.TASK.judge(Question("", "positive"), " Positive.", ended=True) == ""
    wanted = json.dumps({"name": "Mei Chen", "place": "Cork", "day": "Friday", "number": 8})
    same = json.dumps({"number": "8", "day": "friday", "name": "Mei Chen", "place": "Cork"})
    assert fields.TASK.judge(Question("", wanted), same, ended=True) == ""
    assert fields.TASK.judge(Question("", wanted), same.replace("Cork", "York"), ended=True) == "wrong place"


@pytest.mark.parametrize("task", tasks().values(), ids=lambda task: task.name)
def test_a_task_has_a_dataset_of_the_catalogue_and_a_preset_that_learns_it(workspace: Workspace, task: Task) -> None:
    run_job(catalogue.fetch(JobContext(), task.name, workspace))
    record = workspace.dataset(task.name)
    assert (record.kind, record.items) == (task.kind, len(learnt(task)))
    with open_examples(workspace, task.name) as examples:
        assert examples.source(0) == task.source == made_sets()[task.name].source
    recipe = parse_recipe(recipe_tables(task.name))
    assert [choice.name for choice in recipe.data.datasets] == [task.name]
    assert recipe.family.data_kind == task.kind


def test_a_task_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(DataError, match=r"no task 'riddles'; known are sentiment-words, sentence-fields, brief-answ"):
        tasks_named(["riddles"])
    assert [task.name for task in tasks_named(["brief-answers"])] == ["brief-answers"]
