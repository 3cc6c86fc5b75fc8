"""What whatever runs a language model shares: a decoder and its tokenizer as one folder, and text drawn from them."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

from fmstudio.data.control_tokens import letters
from fmstudio.data.tokenizer import end_of_text, load_tokenizer, save_tokenizer, vocabulary_size
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Note, Progress, TextDelta
from fmstudio.jobs.context import Job
from fmstudio.nn.decoder import Decoder
from fmstudio.nn.decoder_folder import load_decoder, read_shape, save_decoder
from fmstudio.nn.generation import generate_tokens
from fmstudio.nn.lora import adapter_of
from fmstudio.recipe import setting
from fmstudio.runtimes.stop_strings import until_stop

_BYTE = re.compile("<0x[0-9A-Fa-f]{2}>")


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A decoder and the tokenizer whose numbers it reads."""

    decoder: Decoder
    tokenizer: Tokenizer

    @property
    def end_of_text(self) -> int:
        """The token that ends a document, and with that begins the next."""
        return end_of_text(self.tokenizer)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSampling:
    """How text is drawn from a model; `nn.sampling_controls` applies the controls."""

    prompt: str = setting("", "The text to continue; empty begins a new document.", simple=True)
    system: str = setting(
        "You answer in English, in short, correct sentences.",
        "What a chat model is told before the conversation begins; models that only continue text never see it.",
        title="System prompt",
    )
    temperature: float = setting(
        0.8, "How freely tokens are drawn; 0 always takes the likeliest.", minimum=0.0, maximum=5.0, simple=True
    )
    top_k: int = setting(
        0, "Draw among this many likeliest tokens only; 0 means all.", title="Top-k", minimum=0, maximum=1_000_000
    )
    top_p: float = setting(
        1.0,
        "Draw among the fewest tokens that together have this probability.",
        title="Top-p",
        minimum=0.01,
        maximum=1.0,
    )
    min_p: float = setting(
        0.0,
        "Draw only tokens that are at least this fraction as likely as the likeliest; 0 means all.",
        title="Min-p",
        minimum=0.0,
        maximum=1.0,
    )
    repetition_penalty: float = setting(
        1.0,
        "Makes tokens that already stand in the text less likely; 1 leaves them as they are, 1.1 to 1.3 breaks loops.",
        minimum=1.0,
        maximum=2.0,
    )
    seed: int = setting(0, "The same seed gives the same text.", minimum=0, maximum=2**31 - 1, simple=True)
    maximum_tokens: int = setting(
        200, "Where the text ends if the model does not end it.", minimum=1, maximum=1_000_000, simple=True
    )
    stop: str = setting(
        "",
        r"The text ends before any of these, one a line; \n stands for a line break.",
        title="Stop strings",
        lines=True,
    )
    adapter_scale: float = setting(
        1.0,
        "How much of an adapter is added to its base: 0 is the base alone, 1 what was learnt. Other models have none.",
        title="Adapter strength α",
        minimum=0.0,
        maximum=1.5,
        path="adapter.scale",
    )

    @property
    def stops(self) -> tuple[str, ...]:
        r"""The stop strings one by one, with a line break or a tab where \n or \t was written."""
        return tuple(line.replace(r"\n", "\n").replace(r"\t", "\t") for line in self.stop.split("\n") if line)


def no_adapter(model: str, sampling: TextSampling) -> Note:
    """What to say where the strength of an adapter is chosen for a model that has none."""
    return Note(f"{model} has no adapter, so adapter.scale = {sampling.adapter_scale:g} changes nothing.", "warning")


def save_language_model(model: LanguageModel, folder: Path) -> None:
    """Write a Hugging Face model folder: config.json, model.safetensors, tokenizer.json, tokenizer_config.json."""
    save_decoder(model.decoder, folder, bos_token_id=model.end_of_text, eos_token_id=model.end_of_text)
    (folder / "tokenizer.json").write_text(save_tokenizer(model.tokenizer), "utf-8")
    end = model.tokenizer.id_to_token(model.end_of_text)
    about = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": model.decoder.shape.context,
        "clean_up_tokenization_spaces": False,
        "bos_token": end,
        "eos_token": end,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(about, indent=2) + "\n", "utf-8")


def load_language_model(folder: Path) -> LanguageModel:
    """Open a folder in the layout of Hugging Face; raises StudioError where something is missing or does not fit."""
    decoder, tokenizer = load_decoder(folder), load_tokenizer(folder / "tokenizer.json")
    if vocabulary_size(tokenizer) > decoder.shape.vocabulary_size:
        raise StudioError(
            f"The tokenizer in {folder} has {vocabulary_size(tokenizer):,} tokens, but its model knows only "
            f"{decoder.shape.vocabulary_size:,}; put the tokenizer.json beside it that it was trained with."
        )
    return LanguageModel(decoder, tokenizer)


def token_sizes(tokenizer: Tokenizer) -> np.ndarray:
    """Bytes of text that each token stands for, (vocabulary,); none for special tokens such as the end of a text.

    In a byte-level vocabulary each character of a token is one byte. Others write "▁" for a blank, "##" before what
    goes on a word (WordPiece), "</w>" behind its end, and a byte that they have no letters for as <0x0A>.
    """
    sizes = np.zeros(vocabulary_size(tokenizer), np.int64)
    added = tokenizer.get_added_tokens_decoder()
    byte_level = _is_byte_level(tokenizer)
    for text, number in tokenizer.get_vocab(with_added_tokens=True).items():
        if number in added:
            sizes[number] = 0 if added[number].special else len(added[number].content.encode())
        elif byte_level:
            sizes[number] = len(text)
        else:
            sizes[number] = 1 if _BYTE.fullmatch(text) else len(_written(text).encode())
    return sizes


def _is_byte_level(tokenizer: Tokenizer) -> bool:
    """Whether its tokens are written in the alphabet that has a printable character for each byte."""
    parts = json.loads(tokenizer.to_str())
    return any('"ByteLevel"' in json.dumps(parts[name]) for name in ("pre_tokenizer", "decoder"))


def _written(token: str) -> str:
    return token.replace("▁", " ").removeprefix("##").replace("</w>", " ")


def generate_text(model: LanguageModel, sampling: TextSampling) -> Iterator[str]:
    """Pieces of text that continue the prompt, one a token, empty while a character is not whole or text is held back.

    Text is held back where a stop string may begin, and comes as a piece of its own when the model ends there.

    Raises StudioError when the prompt is longer than the model's context: it is never cut without a word.
    """
    prompt = letters(model.tokenizer, sampling.prompt).ids
    if len(prompt) >= model.decoder.shape.context:
        raise StudioError(
            f"The prompt has {len(prompt):,} tokens, but the model reads {model.decoder.shape.context:,} with room for "
            "its answer; shorten the prompt."
        )
    yield from until_stop(_pieces(model, prompt, sampling), sampling.stops)


def _pieces(model: LanguageModel, prompt: list[int], sampling: TextSampling) -> Iterator[str]:
    """The text of each token, empty while a character is not whole, until the model ends it."""
    stream = DecodeStream(ids=prompt, skip_special_tokens=True)
    tokens = generate_tokens(
        model.decoder, prompt or [model.end_of_text], temperature=sampling.temperature, top_k=sampling.top_k,
        top_p=sampling.top_p, min_p=sampling.min_p, repetition_penalty=sampling.repetition_penalty, seed=sampling.seed,
        strength=sampling.adapter_scale,
    )  # fmt: skip
    for token, _ in zip(tokens, range(sampling.maximum_tokens), strict=False):
        if token == model.end_of_text:
            return
        yield stream.step(model.tokenizer, token) or ""


def stream_text(context: JobContext, model: LanguageModel, sampling: TextSampling, device: torch.device) -> Job:
    """Text deltas of the continuation, with tokens/s; returns the text, its number of tokens and the pace."""
    model.decoder.to(device).eval().requires_grad_(False)
    if adapter_of(model.decoder) is None and sampling.adapter_scale != 1.0:
        yield no_adapter("This model", sampling)
    text, count, began = "", 0, time.perf_counter()
    for piece in generate_text(model, sampling):
        text, count = text + piece, min(count + 1, sampling.maximum_tokens)
        rate = count / (time.perf_counter() - began)
        if piece:
            yield TextDelta(piece)
        yield Progress(count, sampling.maximum_tokens, "tokens", "", rate, "tokens/s")
        if context.stopping:
            break
    seconds = time.perf_counter() - began
    return {"text": text, "tokens": count, "tokens_per_second": count / seconds if seconds else 0.0}


__all__ = [
    "LanguageModel",
    "TextSampling",
    "generate_text",
    "load_language_model",
    "no_adapter",
    "read_shape",
    "save_language_model",
    "stream_text",
    "token_sizes",
]
