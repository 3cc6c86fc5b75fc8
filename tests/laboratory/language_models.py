"""Language models that are small enough for every test: random, but far from uniform."""

import json
import pydoc_data.topics
from functools import cache
from pathlib import Path

import torch

from fmstudio.data.tokenizer import train_bpe, vocabulary_size
from fmstudio.nn.decoder import Decoder, DecoderShape
from fmstudio.runtimes.text import LanguageModel, save_language_model
from fmstudio.workspace import ModelRecord, Workspace
from tests.texts import TOPICS

TEMPLATE = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|endoftext|>{% endfor %}<|assistant|>"


@cache
def tiny_language_model() -> LanguageModel:
    """3 layers, 4 heads, 400 tokens."""
    tokenizer = train_bpe(iter(pydoc_data.topics.topics[topic] for topic in TOPICS), 400)
    shape = DecoderShape(
        vocabulary_size=vocabulary_size(tokenizer), layers=3, width=32, heads=4, key_value_heads=2, head_width=8,
        hidden_width=48, context=96,
    )  # fmt: skip
    decoder = Decoder(shape)
    drawn = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in decoder.parameters():
            if weight.dim() > 1:
                weight.normal_(0.0, 0.35, generator=drawn)
    return LanguageModel(decoder, tokenizer)


def keep_language_model(workspace: Workspace, name: str = "tiny", *, chat: bool = False) -> Path:
    """Puts the tiny model into the workspace, with a chat template if wanted; returns its folder."""
    target, model = workspace.model_folder(name), tiny_language_model()
    save_language_model(model, target)
    if chat:
        config = target / "tokenizer_config.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | {"chat_template": TEMPLATE}))
    workspace.put_model(ModelRecord(name, "language", model.decoder.shape.parameters, 100_000))
    return target
