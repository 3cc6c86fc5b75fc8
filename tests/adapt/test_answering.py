"""Answers rest on passages that fit, cite them, and say so where there is none."""

import pytest

from fmstudio.adapt import collections
from fmstudio.adapt.answering import ask
from fmstudio.adapt.citations import cite, cited_numbers, sentences
from fmstudio.adapt.grounding import fit_passages, grounded_message, grounded_text
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext, Sample, TextDelta
from tests.adapt.conftest import HANDBOOK
from tests.adapt.words_encoder import WordsEncoder
from tests.driving import of_kind, run_job


def passage(number, text):
    return {"id": 10 + number, "source": f"{number}.txt", "title": f"Title {number}", "start": 0, "end": len(text),
            "text": text}  # fmt: skip


PASSAGES = [passage(1, "The warranty lasts for three years."), passage(2, "The bowl is washed by hand.")]


def samples(events, name):
    return [event.data for event in of_kind(events, Sample) if event.name == name]


def streamed(events, name):
    return "".join(event.text for event in of_kind(events, TextDelta) if event.name == name)


def test_passages_are_numbered_before_the_question():
    assert grounded_message("How long?", PASSAGES, "Cite.") == (
        "[1] The warranty lasts for three years.\n\n[2] The bowl is washed by hand.\n\nCite.\n\nHow long?"
    )
    assert grounded_text("How long?", PASSAGES[:1]).endswith("three years.\n\nQuestion: How long?\nAnswer:")


def test_the_lowest_passages_go_where_all_do_not_fit():
    def tokens(passages):
        return 10 + 20 * len(passages)

    assert fit_passages(PASSAGES * 2, tokens, 55, "tiny") == PASSAGES
    with pytest.raises(StudioError, match="has 30 tokens, but tiny has room for 29 beside its answer"):
        fit_passages(PASSAGES, tokens, 29, "tiny")


def test_what_the_model_cites_and_what_is_found_afterwards_are_told_apart():
    answer = "It lasts for three years [1]. Wash the bowl by hand. Nothing else is known about elephants [7]."
    first, second = cite(answer, PASSAGES, WordsEncoder().encode, 0.5)
    assert (first["number"], first["given"], first["id"], first["source"]) == (1, True, 11, "1.txt")
    assert first["sentence"] == "It lasts for three years [1]."
    assert (second["number"], second["given"]) == (2, False)
    assert second["score"] >= 0.5


def test_citations_in_all_their_forms():
    assert cited_numbers("One [1], two [2, 3] and again [1]; not [x] nor (4).") == [1, 2, 3]
    assert sentences("It costs 3.50 euros. [1] Yes! 1. \n- So it is [2]") == [
        "It costs 3.50 euros. [1]", "Yes!", "- So it is [2]",
    ]  # fmt: skip
    assert cite("", PASSAGES, WordsEncoder().encode, 0.5) == []


def test_an_answer_says_where_nothing_relevant_was_found(workspace, add, folder):
    add(folder)
    job = ask(JobContext(), workspace, "shelf", "xylophone quartz", "no-model-is-asked", {"threshold": 0.9},
              compare=False)  # fmt: skip
    events, result = run_job(job)
    assert not result["relevant"]
    assert result["answer"] == streamed(events, "answer")
    assert result["answer"].startswith("Nothing relevant was found: the best passage has a cosine of ")
    assert result["answer"].endswith("below the threshold of 0.90.")
    assert result["citations"] == []


def test_a_model_that_is_not_there(workspace, add, folder):
    add(folder)
    with pytest.raises(StudioError, match="no-such-model"):
        run_job(ask(JobContext(), workspace, "shelf", "How long does the warranty last?", "no-such-model"))


def test_the_starter_model_answers_from_a_passage(workspace, starter_models, tmp_path):
    (tmp_path / "handbook.md").write_text(HANDBOOK, "utf-8")
    run_job(collections.add(JobContext(), workspace, "handbook", [str(tmp_path / "handbook.md")]))
    question = "How long does the warranty last?"
    sampling = {"temperature": 0, "maximum_tokens": 40}
    with pytest.raises(StudioError, match="cannot be run by 'abacus'"):
        run_job(ask(JobContext(), workspace, "handbook", question, "smollm2-135m-instruct", backend="abacus"))
    job = ask(JobContext(), workspace, "handbook", question, "smollm2-135m-instruct", sampling=sampling, log=True)
    events, result = run_job(job)
    assert "three years" in result["answer"] == streamed(events, "answer")
    assert result["plain"] == streamed(events, "plain")
    assert "three years" not in result["plain"]
    assert 0 < result["without"]["tokens"] <= 40
    assert result["without"]["tokens_per_second"] > 0
    (prompt,) = samples(events, "prompt")
    assert "lasts for three years from the day of purchase" in prompt["text"]
    assert question in prompt["text"]
    assert 0 < prompt["tokens"] < prompt["context"]
    assert "three years" not in samples(events, "plain prompt")[0]["text"]
    (citation, *_) = samples(events, "citations")[-1]
    text = (tmp_path / "handbook.md").read_text("utf-8")
    assert "three years" in text[citation["start"] : citation["end"]]
    used = [row for row in samples(events, "found")[-1]["rows"] if row["used"]]
    assert [(made.kind, made.name) for made in of_kind(events, Artefact)] == [("feedback", result["feedback"])]
    entry = workspace.feedback.get(result["feedback"])
    assert [each["text"] for each in entry.details["chunks"]] == [row["text"] for row in used]
    assert entry.details["collection"] == "handbook"
