"""What the laboratory says a language model sees, against transformers and numpy on the same weights."""

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from fmstudio.data.tokenizer import load_tokenizer
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.laboratory import language, language_attention, language_embeddings, language_lens, language_next
from fmstudio.laboratory.language_attention import measures_of
from fmstudio.laboratory.language_embeddings import placed, principal_components
from fmstudio.laboratory.language_lens import arrivals
from fmstudio.nn.decoder_folder import load_decoder
from fmstudio.nn.generation import generate_tokens
from fmstudio.workspace import Workspace
from tests.driving import of_kind, run_job
from tests.laboratory.language_models import keep_language_model

CONTEXT = JobContext()
TEXT = "The expression is evaluated, and then the name is bound: "


def samples(job: Job) -> dict[str, Any]:
    """The data of a job's samples by name."""
    return {event.name: event.data for event in of_kind(run_job(job)[0], Sample)}


@pytest.fixture
def tiny(workspace: Workspace) -> Workspace:
    """A workspace with the model "tiny"."""
    keep_language_model(workspace)
    return workspace


@pytest.fixture
def ids(tiny: Workspace) -> list[int]:
    """The tokens of TEXT."""
    found: list[int] = load_tokenizer(tiny.model_folder("tiny")).encode(TEXT).ids
    return found


@pytest.fixture
def reference(tiny: Workspace, ids: list[int]) -> Any:
    """What transformers computes of TEXT with the same weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(
            tiny.model_folder("tiny"), dtype=torch.float32, attn_implementation="eager"
        ).eval()
    with torch.no_grad():
        return model(torch.tensor([ids]), output_attentions=True)


# Tokens and surprisal.


def test_tokens_stand_where_their_bytes_stand(tiny: Workspace, ids: list[int]) -> None:
    found = samples(language.tokens(CONTEXT, tiny, "tiny", TEXT))["tokens"]
    assert [token["id"] for token in found["tokens"]] == ids
    assert "".join(token["text"] for token in found["tokens"]) == TEXT
    assert all(TEXT[token["start"] : token["end"]] == token["text"] for token in found["tokens"])
    assert (found["count"], found["characters"], found["words"]) == (len(ids), len(TEXT), 10)
    assert found["tokens_per_word"] == len(ids) / 10
    assert (found["layers"], found["heads"], found["chat"], found["note"]) == (3, 4, False, "")


def test_a_character_spread_over_tokens_is_shown_as_bytes_and_a_spelt_mark_as_letters(tiny: Workspace) -> None:
    found = samples(language.tokens(CONTEXT, tiny, "tiny", "é€<|endoftext|>"))["tokens"]
    texts = [token["text"] for token in found["tokens"]]
    assert texts[:5] == [r"\xc3", r"\xa9", r"\xe2", r"\x82", r"\xac"]
    assert "".join(texts[5:]) == "<|endoftext|>" != texts[5]
    assert [token["whole"] for token in found["tokens"][:6]] == [False] * 5 + [True]
    assert [(token["start"], token["end"]) for token in found["tokens"][:6]] == [(n, n + 1) for n in range(6)]
    assert (found["special"], found["characters"], found["bytes"]) == (0, 15, 18)


def test_surprisal_is_that_of_transformers(tiny: Workspace, ids: list[int], reference: Any) -> None:
    found = samples(language.surprisal(CONTEXT, tiny, "tiny", TEXT))["surprisal"]
    logs = reference.logits[0].double().log_softmax(-1)
    direct = [-float(logs[place, token]) / math.log(2) for place, token in enumerate(ids[1:])]
    assert math.isnan(found["bits"][0])
    np.testing.assert_allclose(found["bits"][1:], direct, atol=1e-3)
    assert max(direct) > 2 * min(direct)
    assert found["total_bits"] == pytest.approx(sum(direct), abs=1e-2)
    assert found["bits_per_byte"] == pytest.approx(sum(direct) / (len(TEXT) - len("The")), abs=1e-3)
    assert found["perplexity"] == pytest.approx(2 ** (sum(direct) / len(direct)), rel=1e-3)
    order = logs.argsort(descending=True)
    ranks = [int((order[place] == token).nonzero()) + 1 for place, token in enumerate(ids[1:])]
    assert found["rank"].tolist() == [0, *ranks]
    entropy = -(logs.exp() * logs).sum(-1) / math.log(2)
    np.testing.assert_allclose(found["entropy"][1:], entropy, atol=1e-3)
    assert found["alternatives"][0] == []
    assert [each["id"] for each in found["alternatives"][-1]] == order[-1, :10].tolist()
    assert found["alternatives"][3][0]["probability"] == pytest.approx(float(logs[2].exp().max()), rel=1e-3)


def test_a_text_longer_than_the_context_is_cut_with_a_word_and_an_empty_one_has_nothing(tiny: Workspace) -> None:
    found = samples(language.surprisal(CONTEXT, tiny, "tiny", "word " * 500))
    assert len(found["surprisal"]["bits"]) == len(found["tokens"]["tokens"]) == 96
    count = found["tokens"]["count"]
    assert (
        found["tokens"]["note"] == f"The first 96 of {count:,} tokens are looked at (the model reads no more at once)."
    )
    assert list(samples(language.surprisal(CONTEXT, tiny, "tiny", ""))) == ["tokens"]
    assert samples(language_attention.attention(CONTEXT, tiny, "tiny", ""))["attention"]["tokens"] == []
    assert samples(language_lens.lens(CONTEXT, tiny, "tiny", ""))["lens"]["count"] == 0


def test_as_a_chat_the_text_stands_in_the_template(tiny: Workspace) -> None:
    keep_language_model(tiny, "talker", chat=True)
    found = samples(language.tokens(CONTEXT, tiny, "talker", "Hello", chat=True, system="Be brief."))["tokens"]
    assert found["text"] == "<|system|>Be brief.<|endoftext|><|user|>Hello<|endoftext|><|assistant|>"
    assert (found["chat"], found["special"]) == (True, 2)
    # A base model has no template: it continues the text as it is.
    assert samples(language.tokens(CONTEXT, tiny, "tiny", "Hello", chat=True))["tokens"]["text"] == "Hello"


def test_the_work_comes_in_steps(tiny: Workspace) -> None:
    events, _ = run_job(language.surprisal(CONTEXT, tiny, "tiny", "The only way to do it in steps."))
    assert [event.done for event in of_kind(events, Progress) if event.message == "Reading"] == [1, 2, 3]


def test_a_model_of_another_family_is_refused(pictured: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "drawing"
    folder.mkdir()
    (folder / "config.json").write_text('{"family": "gan"}')
    with pytest.raises(StudioError, match="is a gan model; choose a language model"):
        run_job(language.tokens(CONTEXT, pictured, str(folder), "text"))


# Attention.


def test_attention_is_that_of_transformers(tiny: Workspace, reference: Any) -> None:
    for layer in range(3):
        found = samples(language_attention.attention(CONTEXT, tiny, "tiny", TEXT, layer))["attention"]
        np.testing.assert_allclose(found["weights"], reference.attentions[layer][0], atol=1e-4)
        np.testing.assert_allclose(found["weights"].sum(-1), 1.0, atol=1e-5)
        assert found["entropy"].shape == (1, 4)
    survey = samples(language_attention.attention(CONTEXT, tiny, "tiny", TEXT, -1))["attention"]
    means = torch.stack(reference.attentions)[:, 0].mean(1)
    np.testing.assert_allclose(survey["weights"], means, atol=1e-4)
    assert survey["entropy"].shape == survey["first"].shape == (3, 4)
    rows = reference.attentions[1][0, :, 1:].double()
    np.testing.assert_allclose(survey["entropy"][1], -(rows * rows.log2()).nan_to_num().sum(-1).mean(-1), atol=1e-3)
    np.testing.assert_allclose(survey["first"][1], rows[..., 0].mean(-1), atol=1e-4)


def test_a_head_is_measured_by_where_it_looks() -> None:
    back = torch.eye(6).roll(1, 0).tril(-1)
    back[0, 0] = 1.0
    first = torch.zeros(6, 6)
    first[:, 0] = 1.0
    even = torch.ones(6, 6).tril() / torch.arange(1, 7)[:, None]
    found = measures_of(torch.stack([back, first, torch.eye(6), even]), [5, 6, 7, 5, 6, 8])
    assert found["previous"][:3] == pytest.approx([1.0, 0.2, 0.0])
    assert found["first"][:3] == pytest.approx([0.2, 1.0, 0.0])
    assert found["own"][:3] == pytest.approx([0.0, 0.0, 1.0])
    assert found["distance"][:3] == pytest.approx([1.0, 3.0, 0.0])
    # Tokens 3 and 4 stood at 0 and 1 before, followed by 1 and 2; only the even head looks there.
    assert found["repeat"] == pytest.approx([0, 0, 0, (1 / 4 + 1 / 5) / 2])
    assert measures_of(even[None], range(6))["repeat"].tolist() == [0]
    assert found["entropy"] == pytest.approx([0, 0, 0, np.log2([2, 3, 4, 5, 6]).mean()], abs=1e-6)


def test_a_layer_that_is_not_there_is_refused(tiny: Workspace) -> None:
    with pytest.raises(StudioError, match="layer is 3, but the model has the layers 0 to 2"):
        run_job(language_attention.attention(CONTEXT, tiny, "tiny", TEXT, 3))


# The logit lens.


def test_the_lens_ends_with_the_models_own_guess(tiny: Workspace, reference: Any, ids: list[int]) -> None:
    found = samples(language_lens.lens(CONTEXT, tiny, "tiny", TEXT))["lens"]
    assert found["ids"].shape == found["probabilities"].shape == (4, len(ids), 5)
    final = reference.logits[0].softmax(-1).topk(5)
    np.testing.assert_allclose(found["probabilities"][-1], final.values, atol=1e-4)
    assert np.array_equal(found["ids"][-1], final.indices)
    tokenizer = load_tokenizer(tiny.model_folder("tiny"))
    assert all(text == tokenizer.decode([number]) for number, text in found["texts"].items() if "\\" not in text)
    assert not np.array_equal(found["ids"][0], found["ids"][-1])


def test_a_long_text_is_looked_at_in_parts(tiny: Workspace) -> None:
    whole = samples(language_lens.lens(CONTEXT, tiny, "tiny", "word " * 40))["lens"]
    assert (whole["start"], whole["ids"].shape[1], len(whole["tokens"])) == (0, 64, 65)
    rest = samples(language_lens.lens(CONTEXT, tiny, "tiny", "word " * 40, start=900))["lens"]
    assert (rest["start"], rest["count"]) == (64, whole["count"])
    assert rest["ids"].shape[1] == whole["count"] - 64


def test_a_guess_appears_and_then_settles() -> None:
    appears, settles = arrivals(np.array([[7, 1, 2], [5, 7, 2], [7, 7, 2], [7, 7, 9]]))
    assert appears.tolist() == [0, 1, 3]
    assert settles.tolist() == [2, 1, 3]


# Going on, and from another token.


def continued(workspace: Workspace, **arguments: Any) -> list[dict[str, Any]]:
    found = samples(language_next.continuation(CONTEXT, workspace, "tiny", TEXT, **arguments))
    return [data for name, data in sorted(found.items()) if name.startswith("token-")]


def test_a_continuation_shows_what_else_could_have_been_said(tiny: Workspace, reference: Any) -> None:
    (first, *_) = continued(tiny, settings={"temperature": 2.0, "top_k": 3, "maximum_tokens": 4})
    said = reference.logits[0, -1].softmax(-1)
    assert [each["id"] for each in first["alternatives"]] == said.topk(10).indices.tolist()
    assert [each["probability"] for each in first["alternatives"]] == pytest.approx(
        said.topk(10).values.tolist(), rel=1e-3
    )
    kept = (reference.logits[0, -1].topk(3).values / 2.0).softmax(-1).tolist()
    assert [each["chance"] for each in first["alternatives"]] == pytest.approx([*kept, *[0.0] * 7], rel=1e-3, abs=1e-6)
    assert first["probability"] == pytest.approx(float(said[first["id"]]), rel=1e-3)
    (likeliest,) = continued(tiny, settings={"temperature": 0, "maximum_tokens": 1})
    assert (likeliest["id"], likeliest["chance"]) == (int(said.argmax()), 1.0)


def test_a_forced_token_is_gone_on_from_and_the_same_one_gives_the_same_text(tiny: Workspace) -> None:
    settings = {"seed": 3, "temperature": 1.5, "maximum_tokens": 12}
    straight = continued(tiny, settings=settings)
    assert [each["number"] for each in straight] == list(range(len(straight)))
    drawn = [each["id"] for each in straight]
    assert [each["id"] for each in continued(tiny, settings=settings, chosen=drawn[:5])] == drawn[5:]
    other = next(each["id"] for each in straight[4]["alternatives"] if each["id"] != drawn[4])
    elsewhere = continued(tiny, settings=settings, chosen=[*drawn[:4], other])
    assert elsewhere[0]["number"] == 5
    assert elsewhere[0]["alternatives"] != straight[5]["alternatives"]
    assert continued(tiny, settings=settings | {"seed": 4}) != straight
    decoder = load_decoder(tiny.model_folder("tiny"))
    prompt = load_tokenizer(tiny.model_folder("tiny")).encode(TEXT).ids
    generated = generate_tokens(decoder, prompt, temperature=1.5, seed=3)
    assert [token for token, _ in zip(generated, drawn, strict=False)] == drawn  # as any other view draws


def test_the_controls_change_the_chances_and_not_what_the_model_says(tiny: Workspace) -> None:
    (plain,) = continued(tiny, settings={"temperature": 1.0, "maximum_tokens": 1})
    wishes = {"temperature": 1.0, "min_p": 0.9, "repetition_penalty": 1.5, "maximum_tokens": 1}
    (strict,) = continued(tiny, settings=wishes)
    said = [each["probability"] for each in plain["alternatives"]]
    assert [each["chance"] for each in plain["alternatives"]] == pytest.approx(said)
    assert [each["probability"] for each in strict["alternatives"]] == pytest.approx(said)
    assert [each["chance"] for each in strict["alternatives"]] != pytest.approx(said)


def test_a_prompt_without_room_for_an_answer_is_refused(tiny: Workspace) -> None:
    job = language_next.continuation(CONTEXT, tiny, "tiny", "word " * 200)
    with pytest.raises(StudioError, match=r"tokens, but the model reads 96 with room for what follows"):
        run_job(job)
    with pytest.raises(StudioError, match="The text has 10,000,000 characters, but at most 100,000 are read"):
        run_job(language_next.continuation(CONTEXT, tiny, "tiny", "word " * 2_000_000))
    with pytest.raises(StudioError, match="A chosen token is none of the model's 400 tokens"):
        run_job(language_next.continuation(CONTEXT, tiny, "tiny", "word", chosen=[4000]))
    found = samples(language.tokens(CONTEXT, tiny, "tiny", "word " * 2_000_000))["tokens"]
    assert found["note"].startswith("The first 96 of more than ")


# Embeddings.


def embeddings(workspace: Workspace) -> Tensor:
    from safetensors.torch import load_file

    return load_file(workspace.model_folder("tiny") / "model.safetensors")["model.embed_tokens.weight"]


def test_neighbours_are_those_of_a_plain_search(tiny: Workspace, ids: list[int]) -> None:
    found = samples(language_embeddings.neighbours(CONTEXT, tiny, "tiny", ids[2], count=7))["neighbours"]
    table = embeddings(tiny).double().numpy()
    cosines = table @ table[ids[2]] / np.linalg.norm(table, axis=1) / np.linalg.norm(table[ids[2]])
    order = [number for number in np.argsort(-cosines) if number != ids[2]][:7]
    assert [row["id"] for row in found["rows"]] == order
    assert [row["cosine"] for row in found["rows"]] == pytest.approx(cosines[order].tolist(), abs=1e-5)
    assert found["mean"] == pytest.approx(cosines.mean(), abs=1e-5)
    by_text = samples(language_embeddings.neighbours(CONTEXT, tiny, "tiny", TEXT))["neighbours"]
    assert by_text["id"] == by_text["pieces"][-1]["id"] == ids[-1]
    for wrong in (-1, 10_000):
        with pytest.raises(StudioError, match="the vocabulary has the ids 0 to"):
            run_job(language_embeddings.neighbours(CONTEXT, tiny, "tiny", wrong))
    with pytest.raises(StudioError, match="No token is given"):
        run_job(language_embeddings.neighbours(CONTEXT, tiny, "tiny", ""))


def test_what_is_typed_is_completed_from_the_vocabulary(tiny: Workspace) -> None:
    found = samples(language_embeddings.complete(CONTEXT, tiny, "tiny", "Th"))["completions"]
    texts = [row["text"] for row in found["rows"]]
    assert texts
    assert all(text.strip().lower().startswith("th") for text in texts)
    assert texts == sorted(texts, key=len)
    assert samples(language_embeddings.complete(CONTEXT, tiny, "tiny", " "))["completions"]["rows"] == []


def test_the_map_is_that_of_numpys_singular_values(tiny: Workspace) -> None:
    items = ["the name", "the value", "a class", "statement", "for"]
    tokenizer = load_tokenizer(tiny.model_folder("tiny"))
    table = np.stack([embeddings(tiny).numpy()[tokenizer.encode(" " + item).ids].mean(0) for item in items]).astype(
        float
    )
    found = samples(language_embeddings.compare(CONTEXT, tiny, "tiny", items))["map"]
    left, spread, _ = np.linalg.svd(table - table.mean(0))
    np.testing.assert_allclose(np.abs(found["points"]), np.abs(left[:, :2] * spread[:2]), atol=1e-4)
    assert found["shares"] == pytest.approx((spread[:2] ** 2 / (spread**2).sum()).tolist())
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    np.testing.assert_allclose(found["cosines"], unit @ unit.T, atol=1e-5)


def test_hidden_states_know_the_words_around_them(tiny: Workspace) -> None:
    pair = ["the name of it", "it of the name"]
    plain = samples(language_embeddings.compare(CONTEXT, tiny, "tiny", pair))["map"]
    hidden = samples(language_embeddings.compare(CONTEXT, tiny, "tiny", pair, "hidden"))["map"]
    assert plain["cosines"][0, 1] == pytest.approx(1.0)
    assert hidden["cosines"][0, 1] < 0.99


def test_a_map_keeps_its_sides_when_a_word_is_added(tiny: Workspace) -> None:
    rows = np.random.default_rng(0).normal(size=(8, 6)) * [9, 4, 1, 1, 1, 1]
    points, before, _ = principal_components(rows[:6])
    assert all(direction[np.abs(direction).argmax()] > 0 for direction in before)
    mirrored = principal_components(rows, -before)
    again = principal_components(rows, before)
    np.testing.assert_allclose(again[0], -mirrored[0])
    assert (np.sum(points * again[0][:6], axis=0) > 0).all()


def test_one_item_none_and_too_many(tiny: Workspace) -> None:
    one = samples(language_embeddings.compare(CONTEXT, tiny, "tiny", ["alone", " "]))["map"]
    assert (one["items"], one["points"].tolist(), one["cosines"].tolist()) == (
        ["alone"],
        [[0, 0]],
        [[pytest.approx(1)]],
    )
    assert placed(np.zeros((0, 4)))["points"].shape == (0, 2)
    with pytest.raises(StudioError, match="201 lines are too many"):
        run_job(language_embeddings.compare(CONTEXT, tiny, "tiny", ["a"] * 201))
    with pytest.raises(StudioError, match="vectors is 'best'"):
        run_job(language_embeddings.compare(CONTEXT, tiny, "tiny", ["a"], "best"))


# A real model.


def test_the_starter_model_knows_a_capital_and_a_queen(starter_models: Path, workspace: Workspace) -> None:
    name, text = "smollm2-135m-instruct", "The capital of France is"
    found = samples(language.surprisal(CONTEXT, workspace, name, text + " Paris."))
    assert [token["text"] for token in found["tokens"]["tokens"]][-2:] == [" Paris", "."]
    assert found["surprisal"]["bits"][5] < 2.0 < found["surprisal"]["bits"][1]
    guesses = samples(language_lens.lens(CONTEXT, workspace, name, text))["lens"]
    assert guesses["texts"][int(guesses["ids"][-1, -1, 0])] == " Paris"
    assert 10 < guesses["settles"][-1] <= 30  # a fact is looked up in the later half
    near = samples(language_embeddings.neighbours(CONTEXT, workspace, name, " king"))["neighbours"]
    assert " queen" in [row["text"] for row in near["rows"]]
    words = ["king", "queen", "bread", "butter"]
    for vectors in ("embedding", "sentence"):
        cosines = samples(language_embeddings.compare(CONTEXT, workspace, name, words, vectors))["map"]["cosines"]
        assert min(cosines[0, 1], cosines[2, 3]) > cosines[:2, 2:].max()
