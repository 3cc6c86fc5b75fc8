"""A batch's answers become a dataset to fine-tune on: those that were given, the right ones, or the expected ones."""

import pytest

from fmstudio.adapt import batch, batch_dataset
from fmstudio.adapt.batch_rows import BatchError
from fmstudio.adapt.batch_store import BatchStore
from fmstudio.cli import main
from fmstudio.data.tuning.opened import open_examples
from fmstudio.jobs import JobContext
from fmstudio.workspace.prompt_library import PromptLibrary
from fmstudio.workspace.prompts import PromptTemplate
from tests.driving import run_job
from tests.laboratory.language_models import keep_language_model


@pytest.fixture
def answered(workspace, tmp_path):
    """A batch of four rows, one of which cannot be read; its id. Its answers are written by hand."""
    keep_language_model(workspace, chat=True)
    PromptLibrary(workspace).save("Ask", PromptTemplate(user="It is {review}"))
    path = tmp_path / "reviews.csv"
    path.write_text("review,label\ngood,yes\none field too many,x,y\nbad,no\nfine,yes\n")
    settings = {"temperature": 0.0, "maximum_tokens": 2}
    made = run_job(batch.run(JobContext(), workspace, str(path), "Ask", "tiny", settings, expected="label"))[1]["batch"]
    store = BatchStore(workspace, made)
    results = list(store.results())
    for result, output, finish in zip((results[0], results[2], results[3]), ("Yes", "yes", "ye"),
                                      ("end", "end", "length"), strict=True):  # fmt: skip
        result.update(output=output, finish=finish, **batch.judged(output, result["expected"]))
    store.results_path.unlink()
    with store.append_to() as writer:
        for result in results:
            writer.add(result)
    return made


def made(workspace, id, answers):
    result = run_job(batch_dataset.make(JobContext(), workspace, id, "set", answers))[1]
    with open_examples(workspace, "set") as examples:
        told = [tuple(each["content"] for each in examples[place].as_json()["messages"][-2:])
                for place in range(len(examples))]  # fmt: skip
        source = examples.source(0)
    return told, {each["reason"]: each["entries"] for each in result["left_out"]}, source


def test_answers_as_given_but_for_those_that_were_cut_off(workspace, answered):
    told, left_out, source = made(workspace, answered, "given")
    assert told == [("It is good", "Yes"), ("It is bad", "yes")]
    assert left_out == {"not answered": 1, "cut off at the most tokens that an answer could have": 1}
    assert source == f"{answered}, row 1"
    assert (("batch", answered), ("dataset", "set")) in workspace.lineage()


def test_right_answers_alone(workspace, answered):
    told, left_out, _ = made(workspace, answered, "right")
    assert told == [("It is good", "Yes")]
    assert left_out == {"not answered": 1, "not answered as expected": 2}


def test_expected_answers_put_right_what_was_wrong(workspace, answered):
    assert made(workspace, answered, "expected")[0] == [
        ("It is good", "yes"), ("It is bad", "no"), ("It is fine", "yes"),
    ]  # fmt: skip


def test_what_a_batch_does_not_have_cannot_be_asked_for(workspace, answered, tmp_path):
    with pytest.raises(BatchError, match="'best' is no choice of answers"):
        made(workspace, answered, "best")
    path = tmp_path / "plain.csv"
    path.write_text("review\ngood\n")
    plain = run_job(batch.run(JobContext(), workspace, str(path), "Ask", "tiny", {"maximum_tokens": 1}))[1]["batch"]
    with pytest.raises(BatchError, match="has no column of expected answers"):
        made(workspace, plain, "right")
    with pytest.raises(BatchError, match=r"No row of this batch can be learnt \(1 – cut off"):
        made(workspace, plain, "given")


def test_it_is_made_without_the_window(workspace, answered, capsys):
    command = ["datasets", "from-batch", answered, "--name", "N", "--answers", "expected"]
    assert main(["--workspace", str(workspace.path), *command]) == 0
    assert capsys.readouterr().out.splitlines() == ["N: 3 conversations", "left out 1: not answered"]
