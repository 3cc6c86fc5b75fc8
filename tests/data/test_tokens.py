"""Token files hold exactly the documents of their split, whatever the tokenizer."""

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from fmstudio.data import tokens
from fmstudio.data.documents import Document
from fmstudio.data.splits import validation_mask
from fmstudio.data.text_intake import keep
from fmstudio.data.tokenizer import TokenizerSettings, byte_tokenizer
from fmstudio.data.tokens import encoder, prepare
from fmstudio.errors import StudioError
from fmstudio.jobs import Progress
from fmstudio.recipe import DatasetChoice
from fmstudio.workspace.deleting import delete

BYTE = TokenizerSettings(kind="byte")
BPE = TokenizerSettings(kind="bpe", vocabulary_size=400)


@pytest.fixture
def plays(workspace, prose):
    texts = [prose(800, number) + f"Ende – schön {number} 🙂" for number in range(40)]
    keep(workspace, "plays", iter(Document(text) for text in texts), {})
    return texts


def choose(*names: str) -> list[DatasetChoice]:
    return [DatasetChoice(name=name) for name in names]


def split_texts(mixture, part: np.ndarray) -> list[str]:
    ends = np.flatnonzero(part == mixture.end_of_text)
    pieces = np.split(np.asarray(part), ends + 1)
    assert len(pieces[-1]) == 0  # the last document ends as well
    return [mixture.tokenizer.decode(piece[:-1].tolist()) for piece in pieces[:-1]]


@pytest.mark.parametrize("settings", [BYTE, BPE])
def test_the_tokens_are_the_documents(workspace, run, plays, settings):
    mixture = run(prepare(workspace, choose("plays"), settings, 0.1, 7)).result
    (part,) = mixture.parts
    train, validation = split_texts(mixture, part.train), split_texts(mixture, part.validation)
    assert sorted(train + validation) == sorted(plays)
    assert part.train_bytes == sum(len(text.encode()) for text in train)
    assert part.validation_bytes == sum(len(text.encode()) for text in validation)
    assert 0.05 < part.validation_bytes / (part.train_bytes + part.validation_bytes) <= 0.1
    assert part.train.dtype == np.dtype("<u2")
    assert int(part.train.max()) < mixture.vocabulary_size == mixture.tokenizer.get_vocab_size()


def test_the_split_does_not_depend_on_the_tokenizer_but_on_the_seed(workspace, run, plays):
    def held_out(settings, seed):
        mixture = run(prepare(workspace, choose("plays"), settings, 0.1, seed)).result
        return split_texts(mixture, mixture.parts[0].validation)

    assert held_out(BYTE, 1) == held_out(BPE, 1)
    assert held_out(BYTE, 1) != held_out(BYTE, 2)


def test_bpe_learns_from_the_training_documents_alone(workspace, run, prose):
    texts = [prose(500, number) for number in range(30)]
    mask = validation_mask("d", np.array([len(text) for text in texts]), 0.1, 0)
    texts = [text + " quizzaciously" * 50 if held_out else text for text, held_out in zip(texts, mask, strict=True)]
    sizes = np.array([len(text) for text in texts])
    seed = next(s for s in range(1000) if (validation_mask("d", sizes, 0.2, s) & mask).sum() == mask.sum())
    keep(workspace, "d", iter(Document(text) for text in texts), {})
    mixture = run(prepare(workspace, choose("d"), BPE, 0.2, seed)).result
    assert len(mixture.tokenizer.encode(" quizzaciously").ids) > 4


def test_what_was_prepared_is_taken_from_the_cache(workspace, run, plays):
    first = run(prepare(workspace, choose("plays"), BPE, 0.1, 7))
    again = run(prepare(workspace, choose("plays"), BPE, 0.1, 7))
    assert first.of(Progress)
    assert again.events == []
    assert np.array_equal(first.result.parts[0].train, again.result.parts[0].train)
    assert run(prepare(workspace, choose("plays"), BPE, 0.1, 8)).of(Progress)


def test_another_content_under_the_same_name_is_prepared_anew(workspace, run, plays):
    run(prepare(workspace, choose("plays"), BYTE, 0.1, 7))
    delete(workspace, "dataset", "plays")
    keep(workspace, "plays", iter([Document("one text"), Document("two texts")]), {})
    mixture = run(prepare(workspace, choose("plays"), BYTE, 0.5, 7)).result
    assert len(mixture.parts[0].train) + len(mixture.parts[0].validation) == len("one texttwo texts") + 2


def test_a_mixture_keeps_its_weights_and_order(workspace, run, plays, prose):
    keep(workspace, "tales", iter(Document(prose(300, seed)) for seed in range(50, 60)), {})
    chosen = [DatasetChoice(name="tales", weight=3.0), DatasetChoice(name="plays", weight=0.5)]
    mixture = run(prepare(workspace, chosen, BPE, 0.1, 7)).result
    assert [(part.name, part.weight) for part in mixture.parts] == [("tales", 3.0), ("plays", 0.5)]


def test_the_vocabulary_comes_from_all_datasets_by_weight(workspace, run):
    keep(workspace, "left", iter(Document(f"{n} lefthand lefthand lefthand") for n in range(200)), {})
    keep(workspace, "right", iter(Document(f"{n} rightmost rightmost rightmost") for n in range(200)), {})
    mixture = run(prepare(workspace, choose("left", "right"), BPE, 0.1, 7)).result
    vocabulary = mixture.tokenizer.get_vocab()
    assert "Ġlefthand" in vocabulary
    assert "Ġrightmost" in vocabulary


def test_words_of_a_special_token_in_a_text_are_data(workspace, run, tmp_path):
    texts = ["see <|endoftext|> here", "and there <|endoftext|>"]
    keep(workspace, "odd", iter(Document(text) for text in texts), {})
    for settings in (BYTE, BPE):
        mixture = run(prepare(workspace, choose("odd"), settings, 0.5, 7)).result
        part = mixture.parts[0]
        assert sum(int((half == mixture.end_of_text).sum()) for half in (part.train, part.validation)) == 2
        assert sorted(split_texts(mixture, part.train) + split_texts(mixture, part.validation)) == sorted(texts)


def test_a_long_document_is_encoded_as_one(prose):
    """Cut into pieces to save memory, yet the tokens are those of the whole."""
    from fmstudio.data.tokenizer import train_bpe

    text = prose(900_000)
    assert len(tokens._pieces(text)) > 1
    tokenizer = train_bpe(iter([text[:50_000]]), 500)
    whole = tokenizer.encode(text).ids
    assert encoder(tokenizer)([text]).tolist() == [*whole, tokenizer.token_to_id("<|endoftext|>")]


def test_a_large_vocabulary_takes_wider_numbers(workspace, run, plays, tmp_path):
    vocabulary = {f"w{number}": number for number in range(70_000)} | {"[UNK]": 70_000, "<|endoftext|>": 70_001}
    large = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    large.pre_tokenizer = pre_tokenizers.Whitespace()
    large.save(str(tmp_path / "tokenizer.json"))
    settings = TokenizerSettings(kind="file", file=str(tmp_path / "tokenizer.json"))
    mixture = run(prepare(workspace, choose("plays"), settings, 0.1, 7)).result
    assert mixture.parts[0].train.dtype == np.dtype("<u4")
    assert mixture.vocabulary_size == 70_002
    assert int(mixture.parts[0].train.max()) == 70_001


def test_a_tokenizer_without_an_end_of_text_is_refused(workspace, run, plays, tmp_path):
    Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]")).save(str(tmp_path / "tokenizer.json"))
    settings = TokenizerSettings(kind="file", file=str(tmp_path))
    with pytest.raises(StudioError, match="no token that ends a text"):
        run(prepare(workspace, choose("plays"), settings, 0.1, 7))


def test_a_dataset_of_one_document_cannot_be_split(workspace, run):
    keep(workspace, "one", iter([Document("alone")]), {})
    with pytest.raises(StudioError, match=r"Dataset 'one' has only one document.*documents = \"paragraphs\""):
        run(prepare(workspace, choose("one"), BYTE, 0.1, 7))


def test_no_dataset_and_a_missing_one(workspace, run):
    with pytest.raises(StudioError, match="No dataset is chosen"):
        run(prepare(workspace, [], BYTE, 0.1, 7))
    with pytest.raises(StudioError, match="There is no dataset named 'nothing'"):
        run(prepare(workspace, choose("nothing"), BYTE, 0.1, 7))


def test_a_cancelled_preparation_leaves_nothing_half(workspace, run, plays, monkeypatch):
    monkeypatch.setattr(tokens, "_BATCH", 1000)
    job = prepare(workspace, choose("plays"), BYTE, 0.1, 7)
    next(job)
    folder = workspace.dataset_folder("plays") / "tokens"
    assert list(folder.iterdir()) != []
    job.close()
    assert list(folder.iterdir()) == []
    assert run(prepare(workspace, choose("plays"), BYTE, 0.1, 7)).result.parts[0].name == "plays"


def test_a_dataset_deleted_meanwhile_is_said(workspace, run, plays, monkeypatch):
    monkeypatch.setattr(tokens, "_BATCH", 1000)
    job = prepare(workspace, choose("plays"), BYTE, 0.1, 7)
    next(job)
    delete(workspace, "dataset", "plays")
    with pytest.raises(StudioError, match="There is no dataset named 'plays'"):
        run(job)
    assert not workspace.dataset_folder("plays").exists()


def test_damaged_tokens_are_explained(workspace, run, plays):
    run(prepare(workspace, choose("plays"), BYTE, 0.1, 7))
    (file,) = (workspace.dataset_folder("plays") / "tokens").glob("*/training.bin")
    file.write_bytes(b"")
    with pytest.raises(StudioError, match="The tokens of dataset 'plays' are damaged"):
        run(prepare(workspace, choose("plays"), BYTE, 0.1, 7))


def test_the_byte_tokenizer_numbers_bytes():
    text = "ä\n\x00~🙂"
    assert encoder(byte_tokenizer())([text]).tolist() == [*text.encode(), 256]
    assert byte_tokenizer().encode(text).ids == list(text.encode())


@pytest.mark.parametrize(("sizes", "fraction"), [([10] * 100, 0.1), ([1, 1], 0.5), ([5, 1000], 0.1), ([0, 0], 0.1),
                                                 ([1000, 1, 1, 1], 0.3), ([1] * 3, 0.99)])  # fmt: skip
def test_each_side_of_a_split_has_a_document(sizes, fraction):
    for seed in range(20):
        mask = validation_mask("d", np.array(sizes), fraction, seed)
        assert 0 < mask.sum() < len(sizes)
        if sizes == [10] * 100:
            assert mask.sum() == 10


def test_the_split_is_the_same_on_every_machine():
    assert np.flatnonzero(validation_mask("d", np.full(30, 10), 0.1, 42)).tolist() == [7, 16, 29]
