"""Text drawn from a trained model: what the settings mean, and that a job can be stopped."""

import shutil
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, TextDelta
from fmstudio.nn.generation import generate_tokens, next_token_probabilities
from fmstudio.runtimes.text import TextSampling, generate_text, load_language_model, token_sizes
from fmstudio.training.pretraining import pretrain
from fmstudio.training.sampling import sample
from fmstudio.workspace import Workspace
from tests.driving import of_kind, run_job


@pytest.fixture
def trained(stocked: Workspace, tables: dict[str, Any]) -> Workspace:
    run_job(pretrain(JobContext(), stocked, tables))
    return stocked


def text_of(workspace: Workspace, prompt: str = "The ", **settings: Any) -> str:
    settings = {"maximum_tokens": 40} | settings
    events, result = run_job(sample(JobContext(), workspace, "small", prompt, settings, "cpu"))
    assert "".join(event.text for event in of_kind(events, TextDelta)) == result["text"]
    return str(result["text"])


def test_the_seed_decides_and_temperature_0_needs_none(trained: Workspace) -> None:
    assert text_of(trained, seed=1) == text_of(trained, seed=1)
    assert text_of(trained, seed=1) != text_of(trained, seed=2)
    assert text_of(trained, seed=1, temperature=0) == text_of(trained, seed=2, temperature=0)
    assert text_of(trained, seed=1, top_k=1) == text_of(trained, temperature=0)


def test_text_goes_on_beyond_the_context(trained: Workspace) -> None:
    decoder = load_language_model(trained.model_folder("small")).decoder
    tokens = list(islice(generate_tokens(decoder, [84], seed=1), 3 * decoder.shape.context))
    assert len(tokens) == 3 * decoder.shape.context
    assert len(set(tokens)) > 5, "it must not be stuck"


def test_a_prompt_longer_than_the_context_is_told_and_not_cut(trained: Workspace) -> None:
    with pytest.raises(StudioError, match=r"prompt has 400 tokens, but the model reads 32"):
        text_of(trained, prompt="word" * 100)


def test_a_model_folder_anywhere_can_be_sampled(trained: Workspace, tmp_path: Path) -> None:
    folder = str(trained.model_folder("small"))
    _, by_path = run_job(sample(JobContext(), Workspace(tmp_path / "other"), folder, "The ", {"seed": 1}, "cpu"))
    _, by_name = run_job(sample(JobContext(), trained, "small", "The ", {"seed": 1}, "cpu"))
    assert by_path["text"] == by_name["text"]


def test_what_a_run_has_reached_is_sampled_without_its_data(trained: Workspace) -> None:
    def of_run() -> str:
        shutil.rmtree(trained.run_folder("small") / "snapshot", ignore_errors=True)
        return str(run_job(sample(JobContext(), trained, "run:small", "The ", {"seed": 1}, "cpu"))[1]["text"])

    kept = trained.run_folder("small") / "network"
    kept.rename(aside := kept.with_name("aside"))  # runs of earlier versions have none, and read their data
    from_data = of_run()
    aside.rename(kept)
    shutil.rmtree(trained.dataset_folder("articles"))
    assert of_run() == from_data
    shutil.rmtree(kept)
    with pytest.raises(StudioError, match="articles"):
        of_run()


def test_a_stop_ends_the_text_where_it_is(trained: Workspace) -> None:
    context = JobContext()
    job = sample(context, trained, "small", "The ", {"maximum_tokens": 100_000}, "cpu")
    for _ in range(5):
        next(job)
    context.stop()
    _, result = run_job(job)
    assert result["tokens"] < 10


def test_settings_out_of_range_are_named(trained: Workspace) -> None:
    with pytest.raises(StudioError, match=r"top_p is 2.0, but it must be a number from 0.01 to 1.0"):
        text_of(trained, top_p=2.0)


def test_probabilities_follow_temperature_top_k_and_top_p() -> None:
    logits = torch.tensor([1.0, 3.0, 2.0, 0.0])
    torch.testing.assert_close(next_token_probabilities(logits, 1.0), logits.softmax(-1))
    torch.testing.assert_close(next_token_probabilities(logits, 2.0), (logits / 2).softmax(-1))
    assert next_token_probabilities(logits, 1.0, top_k=2).nonzero().flatten().tolist() == [1, 2]
    # The likeliest alone has 0.64, with the second 0.88: the fewest that reach 0.7 are two.
    nucleus = next_token_probabilities(logits, 1.0, top_p=0.7)
    assert nucleus.nonzero().flatten().tolist() == [1, 2]
    assert float(nucleus.sum()) == pytest.approx(1.0)
    assert next_token_probabilities(logits, 1.0, top_p=0.01).tolist() == [0, 1, 0, 0]


def test_token_sizes_are_the_bytes_of_text(trained: Workspace) -> None:
    model = load_language_model(trained.model_folder("small"))
    text = "naïve “quotes” — and more"
    ids = model.tokenizer.encode(text).ids
    assert int(token_sizes(model.tokenizer)[ids].sum()) == len(text.encode())
    assert token_sizes(model.tokenizer)[model.end_of_text] == 0


def test_streamed_pieces_never_show_half_a_character(trained: Workspace) -> None:
    model = load_language_model(trained.model_folder("small"))
    pieces = list(generate_text(model, TextSampling(prompt="é", seed=5, temperature=5.0, maximum_tokens=200)))
    whole = "".join(pieces)
    assert whole.encode("utf-8").decode("utf-8") == whole
