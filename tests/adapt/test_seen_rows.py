"""Rows to fine-tune on as a model reads them: the tokens are the chat's, and what training would find is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from fmstudio.adapt import row_survey, seen_rows
from fmstudio.adapt.generation import answer
from fmstudio.adapt.prompting import put
from fmstudio.adapt.prompts import preview
from fmstudio.data import importing
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Sample
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.text import TextSampling
from fmstudio.runtimes.tokens import TextReader
from fmstudio.workspace import Workspace
from tests.adapter_folders import add_adapter
from tests.driving import of_kind, run_job
from tests.gguf_files import CHAT, tiny_language_model, write_gguf
from tests.laboratory.language_models import keep_language_model
from tests.runtimes.test_conversation_tokens import ANSWER, FORGETS, QUESTION, TALK, TEMPLATES, opened

WITHOUT_ANSWERS = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role != 'assistant' %}{{ m.content }}{% endif %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
PAIR = {"prompt": "Why is it blue?", "chosen": "Light scatters.", "rejected": "It is paint."}


def keep(workspace: Workspace, folder: Path, *rows: Any, kind: str = "instructions") -> None:
    """Import rows as the dataset "set"."""
    path = folder / "rows.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    run_job(importing.add(JobContext(), workspace, [str(path)], "set", kind=kind))


def tiny(folder: Path, template: str = CHAT) -> str:
    return str(write_gguf(folder / "tiny.gguf", tiny_language_model(), template=template))


def row(workspace: Workspace, model: str, index: int = 0, turns: Any = "all") -> dict[str, Any]:
    events, _ = run_job(seen_rows.row(JobContext(), workspace, "set", index, model, turns))
    told: dict[str, Any] = of_kind(events, Sample)[-1].data
    return told


def survey(workspace: Workspace, model: str, **asked: Any) -> dict[str, Any]:
    events, _ = run_job(row_survey.survey(JobContext(), workspace, "set", model, **asked))
    told: dict[str, Any] = of_kind(events, Sample)[-1].data
    return told


def said(text: dict[str, Any]) -> str:
    return "".join(token["text"] for token in text["tokens"] if token["learnt"])


def rows_of(found: dict[str, Any]) -> list[int]:
    return [each["row"] for each in found["rows"]]


# One row.


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_the_tokens_before_an_answer_are_those_of_the_playgrounds_chat(
    workspace: Workspace, tmp_path: Path, template: str
) -> None:
    facts, model = opened(tmp_path, template)
    keep(workspace, tmp_path, {"messages": TALK})
    told = row(workspace, str(tmp_path / "tiny.gguf"), turns="last")
    (text,) = told["texts"]
    chat = put(facts, TextSampling(system=""), TALK[:-1])
    expected = TextReader(facts, model.tokenizer).read(chat.text, facts.context)
    tokens = text["tokens"]
    assert [token["id"] for token in tokens[: len(expected)]] == expected
    assert not any(token["learnt"] for token in tokens[: len(expected)])
    assert tokens[len(expected)]["learnt"]
    assert [token["end"] for token in tokens if token["learnt"]][-1], "the token that ends the answer carries loss"
    assert (text["count"], text["learnt"]) == (len(tokens), sum(token["learnt"] for token in tokens))
    assert bool(told["note"]) == (template == "")


def test_the_starter_model_reads_a_row_as_its_chat_does(
    workspace: Workspace, tmp_path: Path, starter_models: Path
) -> None:
    model = str(next((starter_models / "smollm2-135m-instruct").glob("*.gguf")))
    keep(workspace, tmp_path, {"messages": TALK})
    (text,) = row(workspace, model, turns="last")["texts"]
    settings = {"system": "", "maximum_tokens": 1}
    asked = run_job(answer(JobContext(), workspace, model, messages=TALK[:-1], settings=settings))[1]
    assert asked["prompt_tokens"] == next(place for place, token in enumerate(text["tokens"]) if token["learnt"])
    assert said(text) == "It scatters.<|im_end|>"
    marks = [token["text"] for token in text["tokens"] if token["mark"]]
    assert marks == ["<|im_start|>", "<|im_end|>"] * len(TALK)
    assert [token["text"] for token in text["tokens"] if token["end"]] == ["<|im_end|>"]


def test_an_adapter_reads_as_its_base_does(workspace: Workspace, tmp_path: Path) -> None:
    keep_language_model(workspace, chat=True)
    add_adapter(workspace)
    keep(workspace, tmp_path, {"messages": [QUESTION, ANSWER]})
    assert row(workspace, "taught")["texts"] == row(workspace, "tiny")["texts"]
    asked = {"messages": [QUESTION], "settings": {"system": ""}}
    exact = [run_job(preview(JobContext(), workspace, model, **asked))[0][-1].data for model in ("taught", "tiny")]
    assert exact[0]["tokens"] == exact[1]["tokens"] != []


def test_every_answer_is_learnt_or_the_last(workspace: Workspace, tmp_path: Path) -> None:
    keep(workspace, tmp_path, {"messages": TALK})
    model = tiny(tmp_path)
    every, last = (row(workspace, model, turns=turns)["texts"][0] for turns in ("all", "last"))
    assert every["count"] == last["count"]
    assert "Light scatters." in said(every)
    assert "Light scatters." not in said(last)


def test_a_pair_is_two_texts_and_a_judgement_one(workspace: Workspace, tmp_path: Path) -> None:
    judged = {"prompt": "Why is it blue?", "completion": "It is paint.", "label": False}
    keep(workspace, tmp_path, PAIR, judged, kind="preferences")
    model = tiny(tmp_path)
    told = row(workspace, model)
    assert [text["title"] for text in told["texts"]] == ["Chosen", "Rejected"]
    assert ["Light scatters." in said(told["texts"][0]), "It is paint." in said(told["texts"][1])] == [True, True]
    told = row(workspace, model, 1)
    assert [text["title"] for text in told["texts"]] == ["Judged bad"]
    assert (told["rows"], told["source"]) == (2, "rows.jsonl, row 2")


def test_a_row_of_a_hundred_thousand_tokens_is_shown_at_both_ends(workspace: Workspace, tmp_path: Path) -> None:
    long = {"role": "user", "content": "x y " * 60_000}
    keep(workspace, tmp_path, {"messages": [long, ANSWER]}, {"messages": [QUESTION, ANSWER]})
    model = tiny(tmp_path)
    (text,) = row(workspace, model)["texts"]
    assert text["count"] > 100_000
    assert text["left_out"] == text["count"] - len(text["tokens"])
    assert "Light scatters." in said(text)
    assert "longer than" in text["problem"]
    found = survey(workspace, model, length=64)
    assert (rows_of(found["too_long"]), found["longest"]) == ([0], text["count"])


def test_what_cannot_be_learnt_is_said_in_its_place(workspace: Workspace, tmp_path: Path) -> None:
    keep(workspace, tmp_path, {"messages": TALK})
    (text,) = row(workspace, tiny(tmp_path, WITHOUT_ANSWERS))["texts"]
    assert text["problem"] == "Nothing of it would be learnt: the model's chat template leaves the answer out."
    model = tiny(tmp_path, FORGETS)
    (text,) = row(workspace, model)["texts"]
    assert (text["tokens"], "only last answers can be learnt" in text["problem"]) == ([], True)
    assert row(workspace, model, turns="last")["texts"][0]["problem"] == ""


def test_a_row_or_a_model_that_is_not_there_is_named(workspace: Workspace, tmp_path: Path) -> None:
    keep(workspace, tmp_path, {"messages": TALK})
    with pytest.raises(StudioError, match="'set' has 1 row and no row 8; choose another"):
        row(workspace, tiny(tmp_path), 7)
    path = write_gguf(
        tmp_path / "other.gguf", tiny_language_model(), template=CHAT, fields={"tokenizer.ggml.pre": "nobody-knows"}
    )
    with pytest.raises(ModelError, match=r"known only to llama\.cpp, so it cannot be fine-tuned here"):
        row(workspace, str(path))


# The whole dataset.


def test_roles_lengths_and_rows_that_do_not_fit_are_told(workspace: Workspace, tmp_path: Path) -> None:
    keep(workspace, tmp_path, {"messages": TALK}, {"messages": [QUESTION, ANSWER]})
    model = tiny(tmp_path)
    counts = [row(workspace, model, place)["texts"][0] for place in (0, 1)]
    longer, shorter = (each["count"] for each in counts)
    found = survey(workspace, model, length=shorter)
    assert found["roles"] == {"system": 1, "user": 3, "assistant": 3}
    assert (found["tokens"], found["longest"]) == (longer + shorter, longer)
    assert found["learnt"] == sum(each["learnt"] for each in counts)
    assert found["too_long"] == {
        "count": 1, "rows": [{"row": 0, "title": "Shorter.", "why": f"{longer} tokens"}],
    }  # fmt: skip
    assert sum(found["histogram"]["counts"]) == found["rows"] == 2
    assert survey(workspace, model, length=longer)["too_long"]["count"] == 0


def test_duplicates_are_told_with_what_they_repeat(workspace: Workspace, tmp_path: Path) -> None:
    said = "The sky is blue because air scatters the short waves of the light of the sun more than the long ones."
    other = {"role": "assistant", "content": f"{said} Well."}
    talk = [
        [QUESTION, ANSWER],
        [QUESTION, {"role": "assistant", "content": said}],
        [QUESTION, ANSWER],
        [QUESTION, other],
    ]
    keep(workspace, tmp_path, *({"messages": each} for each in talk))
    found = survey(workspace, tiny(tmp_path))
    assert [(each["row"], each["why"]) for each in found["exact"]["rows"]] == [(2, "the same as row 1")]
    assert [(each["row"], each["why"]) for each in found["near"]["rows"]] == [(3, "nearly the same as row 2")]


def test_rows_of_which_nothing_would_be_learnt_are_listed(workspace: Workspace, tmp_path: Path) -> None:
    keep(workspace, tmp_path, {"messages": [QUESTION, ANSWER]}, {"messages": TALK})
    assert rows_of(survey(workspace, tiny(tmp_path, WITHOUT_ANSWERS))["unlearnt"]) == [0, 1]
    model = tiny(tmp_path, FORGETS)
    found = survey(workspace, model)
    assert rows_of(found["unread"]) == [1]
    assert "only last answers can be learnt" in found["unread"]["rows"][0]["why"]
    assert survey(workspace, model, turns="last")["unread"]["count"] == 0


def test_both_texts_of_a_pair_count(workspace: Workspace, tmp_path: Path) -> None:
    keep(workspace, tmp_path, PAIR, kind="preferences")
    model = tiny(tmp_path)
    texts = row(workspace, model)["texts"]
    found = survey(workspace, model)
    assert found["tokens"] == sum(text["count"] for text in texts)
    assert found["longest"] == max(text["count"] for text in texts)
    assert found["roles"] == {"user": 1, "assistant": 2}


def test_a_survey_that_is_stopped_shows_nothing(workspace: Workspace, tmp_path: Path) -> None:
    keep(workspace, tmp_path, *({"messages": [QUESTION, ANSWER]} for _ in range(3)))
    context = JobContext()
    context.stop()
    events, result = run_job(row_survey.survey(context, workspace, "set", tiny(tmp_path)))
    assert (of_kind(events, Sample), result) == ([], {})
