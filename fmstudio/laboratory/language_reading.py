"""A text as a language model gets it: opened, put into the chat template, cut into tokens, read layer by layer.

What was read last is kept, so that each view of the same text (surprisal, attention, logit lens) costs one reading.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from weakref import WeakKeyDictionary

import torch
from tokenizers import Tokenizer
from torch import Tensor

from fmstudio.data.control_tokens import MarkReader
from fmstudio.data.tokenizer import byte_alphabet
from fmstudio.errors import StudioError
from fmstudio.jobs import Event, JobContext, Progress
from fmstudio.nn.decoder import Decoder, DecoderLayer
from fmstudio.nn.rotary import RotaryTable
from fmstudio.runtimes.chat_template import template_of
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.opened import open_language_model, opening
from fmstudio.runtimes.text import LanguageModel
from fmstudio.training.snapshot import model_folder
from fmstudio.workspace import Workspace

LONGEST_TEXT = 100_000
"""Characters of a text that are cut into tokens."""

LONGEST = 1024
"""Tokens of a text that a model reads here: all that happens inside is kept in memory."""

KEPT = 2

READ_OUT = 64
"""Positions whose logits are computed in one step: with a vocabulary of 50,000 that is 13 MB and some 50 ms."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A model that is open, and what its files say of it."""

    facts: ModelFacts
    language: LanguageModel

    @property
    def decoder(self) -> Decoder:
        """The network."""
        return self.language.decoder

    @property
    def tokenizer(self) -> Tokenizer:
        """What cuts a text into the network's tokens."""
        return self.language.tokenizer

    @property
    def chat(self) -> bool:
        """Whether it has a chat template."""
        return self.facts.chat

    @property
    def longest(self) -> int:
        """Tokens of a text that are read here."""
        return min(LONGEST, self.decoder.shape.context)


@dataclass(frozen=True, slots=True)
class Piece:
    """A token in a text: its bytes, which stand from `start` to `end` of the text's UTF-8, and what to show of them.

    `text` writes a byte as "\\xe2" where a character is spread over several tokens; `whole` is false there.
    """

    id: int
    text: str
    start: int
    end: int
    special: bool
    whole: bool

    def to_json(self) -> dict[str, Any]:
        """As a window gets it; "bytes" is how many the token holds."""
        return {
            "id": self.id,
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "bytes": self.end - self.start,
            "special": self.special,
            "whole": self.whole,
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """What happened inside while `ids` were read: streams are layers + 1 of (time, width), before the first layer
    and after each; cos_sin the positions' rotations."""

    ids: tuple[int, ...]
    streams: list[Tensor]
    cos_sin: Tensor


def normalised(decoder: Decoder, stream: Tensor) -> Tensor:
    """A stream through the final norm, ready to be read out: (time, width)."""
    with torch.no_grad():
        hidden: Tensor = decoder.model.norm(stream)
    return hidden


def pattern(decoder: Decoder, reading: Reading, layer: int) -> Tensor:
    """Where each head of a layer (from 0) looked: (heads, time, time), rows sum to one."""
    block = decoder.model.layers[layer]
    assert isinstance(block, DecoderLayer)
    with torch.no_grad():
        return block.self_attn.pattern(block.input_layernorm(reading.streams[layer][None]), reading.cos_sin)[0]


# Opening.


def open_model(context: JobContext, workspace: Workspace, reference: str) -> Generator[Event, None, Opened]:
    """A language model by whatever a person calls it; raises StudioError where it is of another family."""
    yield Progress(0, None, "tokens", "Opening the model")
    path, family = yield from model_folder(context, workspace, reference)
    if family != "language":
        raise StudioError(f"“{reference}” is a {family} model; choose a language model.")
    for _ in opening(path, "torch"):
        yield Progress(0, None, "tokens", "Opening the model")
    return Opened(facts_of(path), open_language_model(path))


def text_of(model: Opened, text: str, chat: bool, system: str = "") -> str:
    """The text itself, or as the user's message in a chat, exactly as the model gets it."""
    text = text[:LONGEST_TEXT].encode("utf-8", "replace").decode()
    template = template_of(model.facts.path) if chat else None
    if template is None:
        return text
    messages = [{"role": "system", "content": system}] if system and template.takes_system() else []
    return template.render([*messages, {"role": "user", "content": text}])


# Tokens.


def pieces_of(model: Opened, text: str) -> list[Piece]:
    """The tokens of a text with the bytes that each stands for; the first is the one that every text begins with, where
    the model wants one."""
    pieces = _pieces(model, text)
    first = model.facts.first_token
    if not text or first is None or (pieces and pieces[0].id == first):
        return pieces
    return [Piece(first, texts_of(model.tokenizer, [first])[0], 0, 0, special=True, whole=True), *pieces]


def _pieces(model: Opened, text: str) -> list[Piece]:
    tokenizer = model.tokenizer
    encoding = MarkReader(tokenizer, model.facts.marks).encode(text)
    raws = token_bytes(tokenizer, encoding.ids)
    special = special_ids(tokenizer)
    if b"".join(raws) == text.encode():
        places = list(_spans(raws))
    else:  # a tokenizer that changes the text, by dropping blanks for example, tells which characters it means
        sizes = [0, *accumulate(len(letter.encode()) for letter in text)]
        places = [(sizes[start], sizes[end]) for start, end in encoding.offsets]
    return [
        Piece(number, shown(raw), start, end, number in special, _is_whole(raw))
        for number, raw, (start, end) in zip(encoding.ids, raws, places, strict=True)
    ]


def token_bytes(tokenizer: Tokenizer, ids: Sequence[int]) -> list[bytes]:
    """The bytes that tokens stand for."""
    added = {number: token.content for number, token in tokenizer.get_added_tokens_decoder().items()}
    letters = {letter: byte for byte, letter in enumerate(byte_alphabet())}
    return [_raw(tokenizer, number, added, letters) for number in ids]


def _raw(tokenizer: Tokenizer, number: int, added: dict[int, str], letters: dict[str, int]) -> bytes:
    if number in added:
        return added[number].encode()
    text = tokenizer.id_to_token(number) or ""
    if all(letter in letters for letter in text):  # byte-level: each character of a token is one byte
        return bytes(letters[letter] for letter in text)
    if len(text) == 6 and text.startswith("<0x"):  # a byte of SentencePiece
        return bytes.fromhex(text[3:5])
    return text.replace("▁", " ").encode()


def shown(raw: bytes) -> str:
    """Bytes as text; those that are no whole character as "\\xe2"."""
    return raw.decode("utf-8", "backslashreplace")


def _is_whole(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def special_ids(tokenizer: Tokenizer) -> set[int]:
    """The tokens that mark something, such as the end of a text, and stand for no text of their own."""
    return {number for number, token in tokenizer.get_added_tokens_decoder().items() if token.special}


def texts_of(tokenizer: Tokenizer, ids: Sequence[int]) -> list[str]:
    """What to show of tokens that stand for themselves."""
    return [shown(raw) for raw in token_bytes(tokenizer, ids)]


def _spans(raws: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    start = 0
    for raw in raws:
        yield start, start + len(raw)
        start += len(raw)


def cut_note(model: Opened, tokens: int, text: str, most: int = LONGEST) -> str:
    """A sentence for a text of which only a part is looked at, else ""."""
    shown_tokens = min(most, model.longest)
    if tokens <= shown_tokens and len(text) <= LONGEST_TEXT:
        return ""
    reason = " (the model reads no more at once)" if model.decoder.shape.context <= shown_tokens else ""
    whole = "more than " if len(text) > LONGEST_TEXT else ""
    return f"The first {min(tokens, shown_tokens):,} of {whole}{tokens:,} tokens are looked at{reason}."


# Reading.

_READ: "WeakKeyDictionary[Decoder, list[Reading]]" = WeakKeyDictionary()
"""The latest readings of each model that is open; they go with it."""


def read(decoder: Decoder, ids: Sequence[int]) -> Generator[Event, None, Reading]:
    """Read at least one token, layer by layer, or take the reading from memory; yields after every layer."""
    known = _READ.setdefault(decoder, [])
    found = next((reading for reading in known if reading.ids == tuple(ids)), None)
    if found is None:
        found = yield from _read(decoder, tuple(ids))
        known.append(found)
        del known[:-KEPT]
    return found


def _read(decoder: Decoder, ids: tuple[int, ...]) -> Generator[Event, None, Reading]:
    shape, device = decoder.shape, decoder.model.norm.weight.device
    with torch.no_grad():  # for each step alone: between two steps the thread does other work
        cos_sin = RotaryTable(shape.head_width, shape.rope_base).cos_sin(0, len(ids), device)
        stream: Tensor = decoder.model.embed_tokens(torch.tensor([ids], device=device))
    streams = [stream[0]]
    for number, layer in enumerate(decoder.model.layers, 1):
        with torch.no_grad():
            stream = layer(stream, cos_sin)
        streams.append(stream[0])
        yield Progress(number, shape.layers, "layers", "Reading")
    return Reading(ids, streams, cos_sin)
