"""Tokenizers: how text becomes numbers. Made here, or loaded from a file; always a Hugging Face `tokenizers` object.

Byte-level BPE (Sennrich et al. 2016, over bytes as in GPT-2) starts from the 256 bytes, so no text is unknown to it,
and merges the pair that is seen most often again and again. The byte tokenizer is the same without a single merge.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from fmstudio.data.errors import DataError
from fmstudio.recipe import setting
from fmstudio.workspace import Workspace

END_OF_TEXT = "<|endoftext|>"
_LONG_RUN = re.compile(r"\S{256}(?=\S)")
_OTHER_ENDS = ("<|end_of_text|>", "</s>", "<eos>", "<|im_end|>", "<|eot_id|>")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizerSettings:
    """Which tokenizer turns the data into tokens."""

    kind: str = setting(
        "bpe",
        "bpe learns pieces of words from the data; byte uses the 256 bytes as they are; file and model take a "
        "tokenizer that exists.",
        title="Tokenizer",
        choices={"bpe": "Learnt from the data (BPE)", "byte": "Bytes", "file": "From a file", "model": "Of a model"},
        simple=True,
    )
    vocabulary_size: int = setting(
        4096,
        "How many different tokens bpe learns: more make the text shorter, but each is seen less often.",
        minimum=257,
        maximum=262_144,
        unit="tokens",
        simple=True,
        logarithmic=True,
        when=("tokenizer.kind", ("bpe",)),
    )
    file: str = setting(
        "",
        "For file and model: a tokenizer.json, or the name of a tokenizer or model in the workspace.",
        when=("tokenizer.kind", ("file", "model")),
    )


def byte_alphabet() -> list[str]:
    """The printable character that stands for each of the 256 bytes in a byte-level vocabulary (as in GPT-2)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    stand_ins = {byte: chr(byte) for byte in printable}
    spare = (chr(256 + number) for number in range(256))
    return [stand_ins.get(byte) or next(spare) for byte in range(256)]


def byte_tokenizer() -> Tokenizer:
    """256 tokens whose id is their byte, and the end of text as number 256."""
    vocabulary = {letter: byte for byte, letter in enumerate(byte_alphabet())}
    tokenizer = _byte_level(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.add_special_tokens([AddedToken(END_OF_TEXT, normalized=False, special=True)])
    return tokenizer


def train_bpe(texts: Iterator[str], vocabulary_size: int) -> Tokenizer:
    """Byte-level BPE of at most `vocabulary_size` tokens, fewer where the texts have no more pairs to merge.

    The same texts give the same tokenizer, to the byte. Training runs without the interpreter's lock. Runs of letters
    without a blank are cut, as the time that merging takes grows with the square of their length.
    """
    tokenizer = _byte_level(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((_LONG_RUN.sub(r"\g<0> ", text) for text in texts), trainer)
    return tokenizer


def _byte_level(model: models.BPE) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def load_tokenizer(path: Path) -> Tokenizer:
    """A tokenizer.json, or that of a folder; raises DataError that says what is wrong with it."""
    file = path / "tokenizer.json" if path.is_dir() else path
    try:
        return Tokenizer.from_buffer(file.read_bytes())
    except FileNotFoundError:
        raise DataError(f"There is no tokenizer at {file}; choose a tokenizer.json.") from None
    except OSError as error:
        raise DataError(f"{file} cannot be read ({error.strerror}); choose a tokenizer.json.") from error
    except Exception as error:  # the library raises plain Exception for a file it does not understand
        raise DataError(f"{file} is not a tokenizer ({error}); choose a tokenizer.json.") from error


def find_tokenizer(workspace: Workspace, settings: TokenizerSettings) -> Tokenizer:
    """The tokenizer of settings whose kind is not "bpe", which would have to be trained first."""
    if settings.kind == "byte":
        return byte_tokenizer()
    if not settings.file:
        raise DataError(f"tokenizer.file is empty, but tokenizer.kind {settings.kind!r} needs the name of one.")
    return load_tokenizer(_place(workspace, settings))


def _place(workspace: Workspace, settings: TokenizerSettings) -> Path:
    own, model = workspace.path / "tokenizers" / settings.file, workspace.model_folder(settings.file)
    candidates = [model, own] if settings.kind == "model" else [own, model]
    return next((place for place in candidates if place.is_dir()), Path(settings.file).expanduser())


def end_of_text(tokenizer: Tokenizer) -> int:
    """The id that ends a document; raises DataError where the vocabulary has none of the usual ones."""
    for text in (END_OF_TEXT, *_OTHER_ENDS):
        if (number := tokenizer.token_to_id(text)) is not None:
            return int(number)
    raise DataError(
        f"The tokenizer has no token that ends a text ({END_OF_TEXT} or the like), so documents cannot be told apart; "
        "choose another tokenizer."
    )


def vocabulary_size(tokenizer: Tokenizer) -> int:
    """The number of ids there are, gaps included: a model needs a row for each."""
    return max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1


def content_hash(tokenizer: Tokenizer) -> str:
    """The same for tokenizers that do the same, whatever file they came from."""
    canonical = json.dumps(json.loads(tokenizer.to_str()), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def save_tokenizer(tokenizer: Tokenizer) -> str:
    """The content of a tokenizer.json."""
    return tokenizer.to_str(pretty=True)
