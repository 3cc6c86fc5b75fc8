"""What a model would be given exactly, and the same answer once more."""

import json

import pytest

from fmstudio.adapt import prompts
from fmstudio.adapt.generation import generate
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Sample
from fmstudio.workspace.prompt_library import PromptLibrary
from fmstudio.workspace.prompts import render
from tests.driving import of_kind, run_job
from tests.laboratory.language_models import keep_language_model

SETTINGS = {"system": "Be brief.", "maximum_tokens": 8, "seed": 3}


def shown(workspace, **question):
    (prompt,) = of_kind(
        run_job(prompts.preview(JobContext(), workspace, "tiny", settings=SETTINGS, **question))[0], Sample
    )
    return prompt.data


@pytest.mark.parametrize("chat", [True, False])
def test_the_exact_prompt_is_what_the_model_is_given(workspace, tmp_path, chat):
    keep_language_model(workspace, chat=chat)
    question = {"messages": [{"role": "user", "content": "Is it so?"}]} if chat else {"prompt": "It is "}
    before = shown(workspace, **question)
    given = of_kind(run_job(generate(JobContext(), workspace, "tiny", settings=SETTINGS, **question))[0], Sample)[
        0
    ].data
    assert before["text"] == given["text"]
    assert (before["count"], before["context"]) == (given["tokens"], given["context"])
    assert ("Be brief." in before["text"]) is chat
    assert "".join(token["text"] for token in before["tokens"]) == before["text"]


def test_a_text_too_long_to_be_shown_as_tokens_is_told(workspace, tmp_path):
    keep_language_model(workspace)
    long = shown(workspace, prompt="word " * 100_000)
    assert long["tokens"] == []
    assert "500,000 characters" in long["note"]


def test_an_answer_is_replayed_from_what_was_kept_of_it(workspace, tmp_path):
    keep_language_model(workspace, chat=True)
    _, result = run_job(generate(JobContext(), workspace, "tiny", prompt="Is it so?", settings=SETTINGS))
    _, again = run_job(prompts.replay(JobContext(), workspace, result))
    assert (again["same"], again["text"]) == (True, result["text"])
    _, other = run_job(prompts.replay(JobContext(), workspace, {**result, "text": result["text"] + "!"}))
    assert "differs from character" in other["difference"]
    _, changed = run_job(prompts.replay(JobContext(), workspace, {**result, "text": "?", "model_version": "older"}))
    assert "files have changed" in changed["difference"]


@pytest.mark.slow
def test_the_built_in_prompts_work_with_the_starter_model(workspace, starter_models):
    library = PromptLibrary(workspace)

    def answer(name, **values):
        messages = render(library.version(name).template, values, chat=True)
        settings = {"temperature": 0.0, "maximum_tokens": 24}
        job = generate(JobContext(), workspace, "smollm2-135m-instruct", messages=messages, settings=settings)
        return run_job(job)[1]["text"].strip()

    assert answer("Classify", review="Best purchase this year.") == "positive"
    assert answer("Classify", review="The handle fell off on the first day.") == "negative"
    passage = "The warranty lasts for three years from the day of purchase. It covers all parts but the battery."
    assert "three years" in answer(
        "Answer from a passage", passage=passage, question="How long does the warranty last?"
    )
    order = json.loads(answer("Extract as JSON", message="My name is Maria Rossi and I need five red notebooks."))
    assert (order["name"], order["quantity"]) == ("Maria Rossi", 5)


def test_a_model_that_is_not_there_is_named(workspace):
    with pytest.raises(StudioError, match="absent"):
        run_job(prompts.preview(JobContext(), workspace, "absent", prompt="x"))
