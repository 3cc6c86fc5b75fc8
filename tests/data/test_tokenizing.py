"""Tokenizers are learnt, kept, loaded and explained."""

import json

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import GPT2TokenizerFast

from fmstudio.data import samples
from fmstudio.data.documents import Document
from fmstudio.data.text_intake import keep
from fmstudio.data.tokenizer import byte_alphabet, byte_tokenizer, load_tokenizer, save_tokenizer, train_bpe
from fmstudio.data.tokenizing import explain, pieces_of, train
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext, Progress, Sample

ODD = "Hé, 🙂 日本 and\n\n  back\tto \x00 plain  "


@pytest.fixture
def reference(workspace, run):
    run(samples.ensure(JobContext(), workspace))
    return samples.NAME


def explained(run, workspace, text, **tokenizer):
    ran = run(explain(JobContext(), workspace, text, tokenizer))
    (sample,) = ran.of(Sample)
    assert (sample.name, sample.kind) == ("tokens", "tokens")
    return sample.data


@pytest.mark.parametrize("tokenizer", [{"kind": "byte"}, {"kind": "bpe", "vocabulary_size": 600}])
def test_the_pieces_join_to_the_text_and_the_bytes_add_up(workspace, run, reference, tokenizer):
    shown = explained(run, workspace, ODD, datasets=[reference], **tokenizer)
    assert "".join(token["text"] for token in shown["tokens"]) == ODD
    assert all(ODD[token["start"] : token["end"]] == token["text"] for token in shown["tokens"])
    assert sum(token["bytes"] for token in shown["tokens"]) == shown["bytes"] == len(ODD.encode())
    assert shown["count"] == len(shown["tokens"])
    assert shown["bytes_per_token"] == shown["bytes"] / shown["count"]


def test_a_character_of_several_tokens_is_shown_once(workspace, run):
    shown = explained(run, workspace, "a日", kind="byte")
    assert [(token["id"], token["text"], token["bytes"]) for token in shown["tokens"]] == [
        (97, "a", 1), (0xE6, "日", 1), (0x97, "", 1), (0xA5, "", 1)]  # fmt: skip
    assert shown["vocabulary_size"] == 257


def test_no_text_and_a_long_one(workspace, run):
    assert explained(run, workspace, "", kind="byte")["tokens"] == []
    assert explained(run, workspace, "", kind="byte")["bytes_per_token"] == 0
    shown = explained(run, workspace, "x" * 30_000, kind="byte")
    assert (shown["count"], shown["truncated"]) == (20_000, True)


def test_pieces_of_a_tokenizer_that_drops_blanks_and_case():
    tokenizer = Tokenizer(models.WordLevel({"hello": 0, "world": 1, "?": 2}, unk_token="?"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    pieces = pieces_of(tokenizer, "Hello   World \n")
    assert [piece.text for piece in pieces] == ["Hello", "   World \n"]


def test_bpe_is_the_same_for_the_same_texts_and_learns_words(workspace, run, reference):
    shown = explained(run, workspace, " statement", kind="bpe", vocabulary_size=2000, datasets=[reference])
    assert shown["count"] == 1
    texts = [document.text for document in samples.python_reference()]
    assert save_tokenizer(train_bpe(iter(texts), 800)) == save_tokenizer(train_bpe(iter(texts), 800))


def test_bpe_agrees_with_an_independent_reading_of_its_file(tmp_path):
    """GPT-2's own tokenizer class, given our vocabulary and merges, makes the same tokens."""
    texts = [document.text for document in samples.python_reference()]
    ours = train_bpe(iter(texts), 1000)
    model = json.loads(save_tokenizer(ours))["model"]
    merges = [tuple(pair) for pair in model["merges"]]
    theirs = GPT2TokenizerFast(vocab=model["vocab"], merges=merges)
    assert theirs(texts[3] + ODD)["input_ids"] == ours.encode(texts[3] + ODD).ids


def test_the_byte_alphabet_is_gpt2s():
    assert sorted(byte_alphabet()) == sorted(pre_tokenizers.ByteLevel.alphabet())
    assert [byte_alphabet()[byte] for byte in b" \nA"] == ["Ġ", "Ċ", "A"]
    assert isinstance(byte_tokenizer().decoder, decoders.ByteLevel)


def test_a_tokenizer_is_kept_under_a_name_and_used_by_it(workspace, run, reference):
    ran = run(train(JobContext(), workspace, [reference], 500, "mine"))
    assert ran.result["vocabulary_size"] == 500
    assert ran.of(Artefact)[0].kind == "tokenizer"
    assert (("dataset", reference), ("tokenizer", "mine")) in workspace.lineage()
    shown = explained(run, workspace, "the statement", kind="file", file="mine")
    assert (shown["name"], shown["vocabulary_size"]) == ("mine", 500)
    with pytest.raises(StudioError, match="There is a tokenizer named 'mine' already"):
        run(train(JobContext(), workspace, [reference], 500, "mine"))
    with pytest.raises(StudioError, match="cannot be a name here"):
        run(train(JobContext(), workspace, [reference], 500, "../mine"))


def test_a_small_dataset_gives_as_many_tokens_as_it_has(workspace, run):
    keep(workspace, "small", iter([Document("ab ab ab"), Document("ab")]), {})
    assert run(train(JobContext(), workspace, ["small"], 1000, "small")).result["vocabulary_size"] < 270


def test_runs_without_blanks_are_cut_and_learning_gives_others_a_turn(workspace, run):
    """Merging within one run of a million letters would take the square of its length."""
    letters = "".join(np.random.default_rng(0).choice(list("ACGT"), 300_000))
    keep(workspace, "dna", iter([Document(letters + "A" * 5_000)]), {})
    ran = run(train(JobContext(), workspace, ["dna"], 600, "dna"))
    learning = [event for event in ran.of(Progress) if event.message.startswith("Learning a vocabulary of 600 tokens")]
    assert len(learning) > 1
    tokens = load_tokenizer(workspace.path / "tokenizers" / "dna").get_vocab()
    assert len(tokens) == 600
    assert max(map(len, tokens)) <= 256


@pytest.mark.parametrize("content", [b"", b"not json", b'{"version": "1.0"}', b"\xff\xfe", b"[1, 2]"])
def test_a_bad_tokenizer_file_is_refused(tmp_path, content):
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(
        StudioError, match=r"tokenizer\.json is not a tokenizer .*; choose a tokenizer\.json\."
    ) as error:
        load_tokenizer(tmp_path)
    assert "\n" not in str(error.value)


def test_settings_that_cannot_be(workspace, run):
    for tokenizer, message in (
        ({"kind": "words"}, 'tokenizer.kind is "words", but it must be one of "bpe", "byte"'),
        ({"kind": "bpe", "vocabulary_size": 100, "datasets": ["a"]}, "tokenizer.vocabulary_size is 100, but it must"),
        ({"kind": "bpe"}, "No dataset is chosen"),
        ({"kind": "file"}, "tokenizer.file is empty"),
        ({"kind": "file", "file": "/nowhere/at/all.json"}, "There is no tokenizer at /nowhere/at/all.json"),
        ({"kind": "bpe", "datasets": ["gone"]}, "There is no dataset named 'gone'"),
    ):
        with pytest.raises(StudioError) as error:
            run(explain(JobContext(), workspace, "text", tokenizer))
        assert message in str(error.value)
