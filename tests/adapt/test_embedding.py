"""Sentence encoders against Hugging Face's BertModel, and what is said of folders that hold none."""

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from fmstudio.adapt.embedding import EmbeddingError, SentenceEncoder, batches, open_encoder
from tests.rounding import SINGLE

SONG = "the a robot sings when it rains and nobody listens to an old song about warm summer nights"
WORDS = SONG.split()
TEXTS = ["The robot sings.", "", "when it rains", "An old song about warm summer nights", "unheard of",
         " ".join(WORDS * 4), "a robot sings", "Nobody listens"]  # fmt: skip
MAXIMUM = 24
ROUNDED = 32 * SINGLE
"""Vectors of length one after two layers whose sums have 32 and 64 products; roundings go up and down, so the longest
chain of sums, 2 · (4 · 32 + 64) long, is off by about its root."""


def tokenizer() -> Tokenizer:
    """Words as tokens, between [CLS] and [SEP]; it pads and cuts as folders in the wild do, which must not matter."""
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.enable_padding(length=16)
    made.enable_truncation(16)
    return made


def bert() -> Any:
    from transformers import BertConfig, BertModel

    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(WORDS) + 4, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=40, initializer_range=0.3,
    )  # fmt: skip
    return BertModel(config).eval()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small encoder with random weights in the layout of sentence-transformers."""
    folder = tmp_path / "small-encoder"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bert().save_pretrained(folder)
    tokenizer().save(str(folder / "tokenizer.json"))
    write(folder, "sentence_bert_config.json", {"max_seq_length": MAXIMUM})
    kinds = ("Transformer", "Pooling", "Normalize")
    write(folder, "modules.json", [{"path": path, "type": f"sentence_transformers.models.{kind}"}
                                   for path, kind in zip(("", "1_Pooling", "2"), kinds, strict=True)])  # fmt: skip
    write(folder, "1_Pooling/config.json", {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True})
    return folder


def write(folder: Path, name: str, content: Any) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content))


def reference(text: str, pooling: str = "mean") -> np.ndarray:
    """The vector of one text by the library, alone and so without padding."""
    reading = tokenizer()
    reading.no_padding()
    reading.enable_truncation(MAXIMUM)
    ids = torch.tensor([reading.encode(text).ids])
    with torch.no_grad():
        hidden = bert().double()(ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0]
    vector = hidden[0] if pooling == "cls" else hidden.mean(0)
    found: np.ndarray = torch.nn.functional.normalize(vector, dim=0).numpy()
    return found


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_vectors_are_those_of_the_library(folder: Path, pooling: str) -> None:
    write(folder, "1_Pooling/config.json", {f"pooling_mode_{pooling}_token{'s' * (pooling == 'mean')}": True})
    vectors = SentenceEncoder(folder, torch.float32).encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), 32)
    np.testing.assert_allclose(vectors, [reference(text, pooling) for text in TEXTS], atol=ROUNDED, rtol=0)


def test_whatever_this_processor_multiplies_in_the_vectors_point_the_same_way(folder: Path) -> None:
    precise = SentenceEncoder(folder, torch.float32).encode(TEXTS)
    for encoder in (open_encoder(folder), SentenceEncoder(folder, torch.bfloat16)):
        vectors = encoder.encode(TEXTS)
        np.testing.assert_allclose((vectors * vectors).sum(1), 1, atol=1e-5)
        assert (vectors * precise).sum(1).min() > 0.999


def test_the_company_of_other_texts_changes_nothing(folder: Path) -> None:
    encoder = SentenceEncoder(folder, torch.float32)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(encoder.encode(TEXTS), alone, atol=ROUNDED, rtol=0)
    assert encoder.encode([]).shape == (0, 32)


def test_tokens_are_counted_whole_and_read_up_to_the_maximum(folder: Path) -> None:
    encoder = open_encoder(folder)
    assert encoder.maximum_tokens == MAXIMUM
    assert encoder.count(["", "the robot", " ".join(WORDS * 4)]) == [2, 4, 2 + 4 * len(WORDS)]
    beginning, whole = encoder.encode([" ".join((WORDS * 4)[: MAXIMUM - 2]), " ".join(WORDS * 4)])
    np.testing.assert_allclose(beginning, whole, atol=ROUNDED, rtol=0)


def test_it_reads_what_its_vocabulary_knows(folder: Path) -> None:
    encoder = SentenceEncoder(folder)
    assert [encoder.reads(text) for text in (SONG, "a robot sings when it quacks", "明天 sings", "", "导盲犬")] == [
        True, True, False, True, False,
    ]  # fmt: skip


def test_half_a_surrogate_pair_is_read_like_any_unknown_sign(folder: Path) -> None:
    assert np.isfinite(open_encoder(folder).encode(["a \ud83d robot"])).all()


def test_the_version_tells_other_weights_and_other_pooling_apart(folder: Path, tmp_path: Path) -> None:
    before = open_encoder(folder).version
    assert open_encoder(shutil.copytree(folder, tmp_path / "copy")).version == before
    write(folder, "1_Pooling/config.json", {"pooling_mode": "cls"})
    assert SentenceEncoder(folder).version != before


def test_an_open_encoder_is_kept_until_its_files_change(folder: Path) -> None:
    first = open_encoder(folder)
    assert open_encoder(str(folder)) is first
    write(folder, "modules.json", [{"path": "1_Pooling", "type": "Pooling"}, {"type": "Normalize"}])
    assert open_encoder(folder) is not first


def test_batches_hold_few_enough_tokens_and_put_the_longest_first() -> None:
    assert list(batches([3, 9, 1, 4, 4], 8)) == [[1], [3, 4], [0, 2]]
    assert list(batches([], 8)) == []


def drop(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def change(name: str, content: dict[str, Any]) -> Callable[[Path], None]:
    return lambda folder: write(folder, name, json.loads((folder / name).read_text()) | content)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (drop("modules.json"), r"no sentence encoder that can be opened: it has no modules\.json; choose"),
        (drop("tokenizer.json"), r"it has no tokenizer\.json; choose"),
        (drop("model.safetensors"), r"it has no model\.safetensors; choose"),
        (drop("1_Pooling/config.json"), r"1_Pooling.config\.json cannot be read"),
        (change("config.json", {"model_type": "mpnet", "architectures": ["MPNetModel"]}), "architecture is MPNetModel"),
        (change("config.json", {"hidden_act": "relu"}), "hidden_act is relu"),
        (change("config.json", {"num_hidden_layers": 3}), r"no encoder\.layer\.2"),
        (change("config.json", {"hidden_size": None}), "its files are damaged"),
        (change("1_Pooling/config.json", {"pooling_mode_max_tokens": True}), "mean and pooling_mode_max_tokens"),
        (lambda folder: write(folder, "modules.json", [{"type": "a.Dense"}]), "has a module Dense"),
        (lambda folder: write(folder, "modules.json", {}), "does not hold what it should"),
        (lambda folder: (folder / "tokenizer.json").write_text("{"), "is not a tokenizer"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"\0" * 100), "its files are damaged"),
    ],
)
def test_a_folder_that_cannot_be_opened_is_told_in_a_sentence(
    folder: Path, damage: Callable[[Path], None], said: str
) -> None:
    damage(folder)
    with pytest.raises(EmbeddingError, match=said):
        open_encoder(folder)


def test_a_catalogue_item_that_is_not_here_is_named() -> None:
    with pytest.raises(EmbeddingError, match="fetch all-minilm-l6-v2 first"):
        open_encoder("all-minilm-l6-v2")


def test_the_starter_sets_encoder_knows_what_is_alike(starter_models: Path) -> None:
    encoder = open_encoder("all-minilm-l6-v2")
    assert (encoder.dimension, encoder.maximum_tokens, encoder.name) == (384, 256, "all-minilm-l6-v2")
    question, answer, other = encoder.encode(
        ["How are exceptions handled?", "The try statement catches errors that are raised.", "Tomatoes need much sun."]
    )
    assert question @ answer > 0.3 > question @ other + 0.2
