"""Export as a Hugging Face model folder, proven by opening it in `transformers` and comparing the logits.

An adapter is worked into its base first, so that what is written is a whole model in float32.
"""

import importlib.metadata
import importlib.util
import shutil
from collections.abc import Generator
from pathlib import Path

import torch

from fmstudio.deployment import proof
from fmstudio.deployment.format import ExportFormat, Proof, Source
from fmstudio.jobs import Event, Progress
from fmstudio.runtimes.chat_folder import save_chat_folder
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.folder_facts import folder_facts
from fmstudio.runtimes.merging import merged
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.opened import loading
from fmstudio.runtimes.text import LanguageModel, load_language_model
from fmstudio.runtimes.tokens import begun
from fmstudio.runtimes.torch_runtime import TorchRuntime

TOLERANCE = 1e-4
"""The largest difference of a logit that rounding explains."""

MERGED_TOLERANCE = 1e-2
"""The same where W x + B A x has become (W + B A) x, and W was packed: sums in another order."""


class HuggingFaceFormat(ExportFormat):
    """Language models that our decoder computes, in the layout of their kind."""

    title = "Hugging Face folder"
    description = "A whole model that transformers, vLLM and others open; an adapter is merged into its base."

    def refusal(self, source: Source) -> str:
        """What is no language model, and what is no folder."""
        if source.family != "language":
            return (
                f"Model {source.reference!r} is of the family {source.family}, which transformers does not know; copy "
                f"its folder {source.path}, which this studio opens anywhere."
            )
        if source.path.is_file():
            return (
                f"{source.reference!r} is a GGUF file, and only model folders are exported; copy {source.path} as it "
                "is, or choose a model of the workspace."
            )
        return ""

    def write(self, source: Source, place: Path) -> Generator[Event, None, Proof]:
        """Copy the folder, or make one of base and adapter."""
        if source.is_adapter:
            return (yield from _merged(source, place))
        yield Progress(0, 3, "steps", "Copying the folder")
        for file in sorted(source.path.iterdir()):
            if file.is_file() and file.name != "studio.toml":
                shutil.copyfile(file, place / file.name)
        yield Progress(1, 3, "steps", "Opening it in its own runtime")
        found = prove(load_language_model(source.path), facts_of(source.path), place, TOLERANCE)
        yield Progress(3, 3, "steps", "Proven")
        return found


def _merged(source: Source, place: Path) -> Generator[Event, None, Proof]:
    runtime = (yield from loading(source.path, "torch")).runtime
    assert isinstance(runtime, TorchRuntime)
    facts = facts_of(source.path)
    yield Progress(0, 3, "steps", "Working the adapter into its base")
    save_chat_folder(merged(runtime.model), facts, place)
    if (source.path / "README.md").is_file():
        card = (source.path / "README.md").read_text("utf-8", "replace")
        card = card.replace("library_name: peft", "library_name: transformers", 1)
        (place / "README.md").write_text(card, "utf-8")
    yield Progress(1, 3, "steps", "Opening it in its own runtime")
    found = prove(runtime.model, facts, place, MERGED_TOLERANCE)
    yield Progress(3, 3, "steps", "Proven")
    return found


def prove(ours: LanguageModel, facts: ModelFacts, folder: Path, tolerance: float) -> Proof:
    """Compare the folder, as its runtime opens it, with our own model; raises StudioError where they differ."""
    tokens = proof.some_tokens(ours.decoder.shape)
    if importlib.util.find_spec("transformers"):
        runtime = f"transformers {importlib.metadata.version('transformers')}"
        logits, ids = _in_transformers(folder, tokens, facts)
    else:
        runtime = "FM Studio itself, as transformers is not installed here"
        logits, ids = _in_the_studio(folder, tokens)
    difference = float((logits - proof.logits_of(ours, tokens)).abs().max())
    proof.check(runtime, difference, tolerance, ids == proof.text_ids(facts, ours.tokenizer))
    return proof.told(runtime, difference, tolerance, tokens.numel())


def _in_transformers(folder: Path, tokens: torch.Tensor, facts: ModelFacts) -> tuple[torch.Tensor, list[int]]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    read = [tokenizer(proof.PROOF_TEXT, add_special_tokens=False)["input_ids"]]
    if facts.chat:
        told = [dict(message) for message in proof.CONVERSATION]
        written = tokenizer.apply_chat_template(told, add_generation_prompt=True, tokenize=False)
        read.append(tokenizer(written, add_special_tokens=False)["input_ids"])
    ids = [number for each in read for number in begun(list(each), facts.first_token)]
    with torch.no_grad():
        return model(tokens).logits, ids


def _in_the_studio(folder: Path, tokens: torch.Tensor) -> tuple[torch.Tensor, list[int]]:
    again = load_language_model(folder)
    return proof.logits_of(again, tokens), proof.text_ids(folder_facts(folder), again.tokenizer)


FORMAT = HuggingFaceFormat()
