"""A language model as a Hugging Face folder with all that a conversation with it needs: its chat template, the tokens
that begin a text and end an answer, and its licence."""

import json
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing

from fmstudio.data.tokenizer import save_tokenizer
from fmstudio.nn.decoder_folder import save_decoder
from fmstudio.runtimes.adapters import TEMPLATE
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.text import LanguageModel


def save_chat_folder(model: LanguageModel, facts: ModelFacts, folder: Path) -> None:
    """Write a whole model that reads conversations as the facts tell."""
    ids = {name: model.tokenizer.token_to_id(text) for name, text in facts.special.items()}
    save_decoder(model.decoder, folder, **{f"{name}_id": number for name, number in ids.items()
                                           if name in ("bos_token", "eos_token", "pad_token")})  # fmt: skip
    if facts.ends:
        ends = {"eos_token_id": sorted(facts.ends)}
        (folder / "generation_config.json").write_text(json.dumps(ends, indent=2) + "\n", "utf-8")
    save_tokenizer_files(model, facts, folder)


def save_tokenizer_files(model: LanguageModel, facts: ModelFacts, folder: Path) -> None:
    """Write tokenizer.json, tokenizer_config.json and, where there is one, the chat template.

    Which token begins every text is written into the tokenizer, as transformers and we ourselves read it there.
    """
    (folder / "tokenizer.json").write_text(_written(model.tokenizer, facts), "utf-8")
    about = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": model.decoder.shape.context,
        "clean_up_tokenization_spaces": False,
        **facts.special,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(about, indent=2) + "\n", "utf-8")
    if facts.template:
        (folder / TEMPLATE).write_text(facts.template, "utf-8")


def _written(tokenizer: Tokenizer, facts: ModelFacts) -> str:
    """tokenizer.json, in which the token that begins every text is put before it."""
    begins = "" if facts.first_token is None else tokenizer.id_to_token(facts.first_token)
    if not begins or tokenizer.encode("a").ids[:1] == [facts.first_token]:
        return save_tokenizer(tokenizer)
    copy = Tokenizer.from_str(tokenizer.to_str())
    copy.post_processor = TemplateProcessing(
        single=f"{begins} $A", pair=f"{begins} $A {begins} $B", special_tokens=[(begins, facts.first_token)]
    )
    return save_tokenizer(copy)
