"""Export of an adapter as a folder that PEFT opens, with the chat template and the tokenizer that go with it."""

import json
import shutil
from collections.abc import Generator
from pathlib import Path

from fmstudio.data.tokenizer import load_tokenizer
from fmstudio.deployment import proof
from fmstudio.deployment.format import ExportFormat, Proof, Source
from fmstudio.jobs import Event, Progress
from fmstudio.nn.lora_folder import CONFIG, WEIGHTS, read_adapter_config
from fmstudio.runtimes.adapter_base import BASE, base_of, path_of_base
from fmstudio.runtimes.adapters import adapter_facts, open_adapter
from fmstudio.runtimes.chat_folder import save_tokenizer_files
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.opened import loading
from fmstudio.runtimes.text import LanguageModel
from fmstudio.runtimes.torch_runtime import TorchRuntime

TOLERANCE = 1e-4
"""The largest difference of a logit that rounding explains."""


class PeftFormat(ExportFormat):
    """Adapters, in the layout of PEFT."""

    title = "PEFT folder"
    description = "The adapter alone, for peft and what builds on it; it needs the same base there."

    def refusal(self, source: Source) -> str:
        """Whole models."""
        return "" if source.is_adapter else f"{source.reference!r} is no adapter; export it as a whole model instead."

    def write(self, source: Source, place: Path) -> Generator[Event, None, Proof]:
        """The adapter's files, with the base named so that it is found, its template and its tokenizer."""
        facts, base = facts_of(source.path), path_of_base(source.path)
        ours, theirs = (yield from loading(source.path, "torch")).runtime, (yield from loading(base, "torch")).runtime
        assert isinstance(ours, TorchRuntime)
        assert isinstance(theirs, TorchRuntime)
        yield Progress(0, 2, "steps", "Copying the adapter")
        for name in (WEIGHTS, BASE, "README.md"):
            if (source.path / name).is_file():
                shutil.copyfile(source.path / name, place / name)
        named = str(base) if base.is_dir() else base_of(source.path).reference
        config = {**read_adapter_config(source.path), "base_model_name_or_path": named}
        (place / CONFIG).write_text(json.dumps(config, indent=2) + "\n", "utf-8")
        save_tokenizer_files(ours.model, facts, place)
        yield Progress(1, 2, "steps", "Opening it again")
        found = _prove(ours.model, theirs.model, facts, place)
        yield Progress(2, 2, "steps", "Proven")
        return found


def _prove(ours: LanguageModel, base: LanguageModel, facts: ModelFacts, folder: Path) -> Proof:
    """Open the adapter that was written on its base, with the tokenizer and template that go with it."""
    again = open_adapter(folder, LanguageModel(base.decoder, load_tokenizer(folder)))
    tokens = proof.some_tokens(ours.decoder.shape)
    difference = float((proof.logits_of(again, tokens) - proof.logits_of(ours, tokens)).abs().max())
    read = proof.text_ids(adapter_facts(folder, facts_of(facts.base or folder)), again.tokenizer)
    runtime = "FM Studio itself"
    proof.check(runtime, difference, TOLERANCE, read == proof.text_ids(facts, ours.tokenizer))
    return proof.told(runtime, difference, TOLERANCE, tokens.numel())


FORMAT = PeftFormat()
