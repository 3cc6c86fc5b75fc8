"""How an exported model is compared with the one here: by the logits of some tokens, and by the tokens of some text."""

from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from fmstudio.errors import StudioError
from fmstudio.nn.decoder_shape import DecoderShape
from fmstudio.runtimes.chat_template import ChatTemplate
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.text import LanguageModel
from fmstudio.runtimes.tokens import TextReader

PROOF_TEXT = "The quick brown fox jumps over the lazy dog — naïvely, 42 times.\n"
CONVERSATION = (
    {"role": "user", "content": "How often does the fox jump?"},
    {"role": "assistant", "content": "It jumps 42 times."},
    {"role": "user", "content": "And the dog — naïvely?"},
)
_MOST_LOGITS = 1 << 24
_LONG = 1 << 20


def some_tokens(shape: DecoderShape) -> Tensor:
    """Two rows of tokens of all kinds, as long as the context where the vocabulary leaves room: (2, time)."""
    window = max(8, min(shape.context, _MOST_LOGITS // (2 * shape.vocabulary_size)))
    chance = torch.Generator().manual_seed(0)
    return torch.randint(shape.vocabulary_size, (2, window), generator=chance)


@torch.no_grad()
def logits_of(model: LanguageModel, tokens: Tensor) -> Tensor:
    """(batch, time, vocabulary)."""
    found: Tensor = model.decoder.eval()(tokens)
    return found


def text_ids(facts: ModelFacts, tokenizer: Tokenizer) -> list[int]:
    """The tokens of a text, and of a conversation where the model has a template, as the model reads them."""
    reader, texts = TextReader(facts, tokenizer), [PROOF_TEXT]
    if facts.chat:
        texts.append(conversation(facts))
    return [number for text in texts for number in reader.read(text, _LONG)]


def conversation(facts: ModelFacts) -> str:
    """The conversation in a model's template."""
    return ChatTemplate(facts.template, facts.special, facts.path.stem, facts.marks).render(CONVERSATION)


def check(runtime: str, difference: float, allowed: float, same_tokens: bool) -> None:
    """Raise StudioError where an export does something else than the model."""
    if not difference <= allowed or not same_tokens:
        raise StudioError(
            f"The export does not do in {runtime} what the model does here (logits differ by {difference:.2g}, tokens "
            f"{'agree' if same_tokens else 'differ'}); nothing was exported."
        )


def told(runtime: str, difference: float, allowed: float, positions: int, more: str = "") -> dict[str, Any]:
    """What is told of a proof that went well."""
    sentence = (
        f"Reloaded by {runtime}: over {positions:,} positions the largest difference of a logit is {difference:.2g} "
        f"(allowed {allowed:g}), and the tokenizer gives the same tokens."
    )
    return {
        "proof": f"{sentence} {more}".strip(),
        "runtime": runtime,
        "largest_difference": difference,
        "positions": positions,
    }
