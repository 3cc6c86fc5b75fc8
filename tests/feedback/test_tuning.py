"""What of the log becomes training data, line for line as `trl` documents its dataset formats."""

import json

import pytest

from fmstudio.feedback.exporting import export, preview
from fmstudio.feedback.importing import load
from fmstudio.jobs import JobContext
from fmstudio.workspace import FeedbackRecord, WorkspaceError
from tests.driving import run_job

FRANCE = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Capital of France?"}]


def entry(output="Paris.", **changes):
    details = {"messages": FRANCE, "settings": {"seed": 3}}
    values = {"kind": "text", "model": "m", "prompt": "<s>Capital of France?", "output": output, "details": details}
    return FeedbackRecord(**(values | changes))


def written(workspace, tmp_path, format, form="plain", **more):
    path = tmp_path / "out.jsonl"
    _, result = run_job(export(JobContext(), workspace, str(path), format, form, **more))
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert result["written"] == len(lines)
    return lines, {each["reason"]: each["entries"] for each in result["left_out"]}


def test_instructions_are_what_was_liked_or_corrected(workspace, tmp_path):
    workspace.feedback.add_all([
        entry("Paris.", thumbs=1), entry("It is Paris.", score=4), entry("Rome.", correction="Paris, France."),
        entry("Lyon.", score=2), entry("Nice."), entry("Up but bad.", thumbs=1, score=1), entry("Paris.", thumbs=1),
        entry("8×8 picture", kind="image", thumbs=1),
    ])  # fmt: skip
    lines, left_out = written(workspace, tmp_path, "instructions")
    assert lines == [
        {"prompt": "Capital of France?", "completion": text} for text in ("Paris.", "It is Paris.", "Paris, France.")
    ]
    assert sorted(left_out.values()) == [1, 1, 1, 2]
    assert left_out["a picture"] == left_out["not rated yet"] == left_out["says the same as another"] == 1


def test_the_conversational_form_keeps_every_message(workspace, tmp_path):
    workspace.feedback.add(entry(correction="Paris, France."))
    lines, _ = written(workspace, tmp_path, "instructions", "conversational")
    assert lines == [{"prompt": FRANCE, "completion": [{"role": "assistant", "content": "Paris, France."}]}]
    lines, _ = written(workspace, tmp_path, "preferences", "conversational")
    assert lines == [{
        "prompt": FRANCE,
        "chosen": [{"role": "assistant", "content": "Paris, France."}],
        "rejected": [{"role": "assistant", "content": "Paris."}],
    }]  # fmt: skip


def test_each_form_leaves_out_what_it_cannot_hold_and_says_so(workspace, tmp_path):
    turns = [*FRANCE, {"role": "assistant", "content": "Paris."}, {"role": "user", "content": "And of Italy?"}]
    workspace.feedback.add(entry("Rome.", thumbs=1, details={"messages": turns}))
    workspace.feedback.add(entry(" a time", prompt="Once upon", thumbs=1, details={}))
    plain, left_out = written(workspace, tmp_path, "instructions")
    assert plain == [{"prompt": "Once upon", "completion": " a time"}]
    assert [reason[:14] for reason in left_out] == ["a conversation"]
    spoken, left_out = written(workspace, tmp_path, "instructions", "conversational")
    assert [line["prompt"] for line in spoken] == [turns]
    assert [reason[:14] for reason in left_out] == ["continues a te"]


@pytest.mark.parametrize(
    ("one", "other", "pair"),
    [
        ({"score": 5}, {"score": 2}, ("A", "B")),
        ({"score": 2}, {"score": 5}, ("B", "A")),
        ({"thumbs": 1}, {"thumbs": -1}, ("A", "B")),
        ({"score": 3, "thumbs": 1}, {"score": 4, "thumbs": -1}, ("B", "A")),
        ({"score": 4, "thumbs": 1}, {"thumbs": -1}, ("A", "B")),
        ({"score": 4}, {"score": 4}, None),
        ({"score": 5}, {"thumbs": -1}, None),
        ({"thumbs": 1}, {}, None),
    ],
)
def test_two_answers_to_a_prompt_are_a_pair_where_one_was_found_better(workspace, tmp_path, one, other, pair):
    workspace.feedback.add_all([entry("A", **one), entry("B", **other), entry("C", prompt="x", details={}, thumbs=1)])
    lines, left_out = written(workspace, tmp_path, "preferences")
    assert [(line["chosen"], line["rejected"]) for line in lines] == ([pair] if pair else [])
    assert sum(left_out.values()) == (1 if pair else 3)


def test_a_correction_is_chosen_over_its_output_and_the_same_pair_comes_once(workspace, tmp_path):
    workspace.feedback.add_all([entry("Rome.", correction="Paris."), entry("Rome.", correction="Paris.")])
    lines, left_out = written(workspace, tmp_path, "preferences")
    assert lines == [{"prompt": "Capital of France?", "chosen": "Paris.", "rejected": "Rome."}]
    assert left_out == {"says the same as another": 1}


def test_answers_under_different_system_prompts_are_no_pair(workspace, tmp_path):
    rude = [{"role": "system", "content": "Be rude."}, FRANCE[1]]
    workspace.feedback.add_all([entry("Paris.", thumbs=1), entry("Go away.", thumbs=-1, details={"messages": rude})])
    for form in ("plain", "conversational"):
        lines, left_out = written(workspace, tmp_path, "preferences", form)
        assert lines == []
        assert list(left_out.values()) == [2]


@pytest.mark.parametrize("form", ["plain", "conversational"])
def test_an_answer_that_was_empty_comes_back(workspace, make_workspace, tmp_path, form):
    workspace.feedback.add(entry("", correction="Paris."))
    lines, _ = written(workspace, tmp_path, "preferences", form)
    other = make_workspace("other")
    result = run_job(load(JobContext(), other, str(tmp_path / "out.jsonl")))[1]
    assert (result["imported"], result["bad"]) == (1, [])
    assert written(other, tmp_path, "preferences", form)[0] == lines


def test_filters_narrow_what_is_written_and_the_preview_tells_it_before(workspace, tmp_path):
    workspace.feedback.add_all([entry(thumbs=1), entry("Other", model="n", thumbs=1)])
    lines, _ = written(workspace, tmp_path, "instructions", filters={"model": "n"})
    assert [line["completion"] for line in lines] == ["Other"]
    asked = {"format": "instructions", "filters": {"model": "n"}}
    told = run_job(preview(JobContext(), workspace, **asked))[0][-1].data
    assert told["written"] == 1
    assert json.loads(told["first"][0]) == lines[0]


@pytest.mark.parametrize("format", ["instructions", "preferences"])
@pytest.mark.parametrize("form", ["plain", "conversational"])
def test_training_data_comes_back_as_the_same_training_data(workspace, make_workspace, tmp_path, format, form):
    workspace.feedback.add_all([entry("Rome.", correction="Paris."), entry("Lyon.", thumbs=1)])
    lines, _ = written(workspace, tmp_path, format, form)
    path = tmp_path / "out.jsonl"
    assert run_job(load(JobContext(), workspace, str(path)))[1]["duplicates"] == len(lines)
    other = make_workspace("other")
    result = run_job(load(JobContext(), other, str(path)))[1]
    assert (result["imported"], result["bad_lines"]) == (len(lines), 0)
    assert written(other, tmp_path, format, form)[0] == lines


def test_a_file_that_cannot_be_written_is_told_and_leaves_nothing(workspace, tmp_path):
    workspace.feedback.add(entry(thumbs=1))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkspaceError, match="in the way"):
        run_job(export(JobContext(), workspace, str(tmp_path / "file" / "out.jsonl")))
    path = tmp_path / "out.jsonl"
    job = export(JobContext(), workspace, str(path))
    next(job)
    job.close()
    assert sorted(each.name for each in tmp_path.iterdir() if "out" in each.name) == []
