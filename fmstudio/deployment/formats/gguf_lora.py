"""Export of an adapter as a GGUF file that llama.cpp applies to its base, proven by llama.cpp itself.

The proof is made with the base in float32, where both programs compute the same numbers: what is left is a mistake of
the file. Where the base is a GGUF file, llama.cpp opens that one too, as a person will: there it rounds what goes into
its products of quantised matrices, so that both do not agree without an adapter either, and both figures are told.
"""

import tempfile
from collections.abc import Generator
from pathlib import Path

import numpy as np
import torch

from fmstudio.deployment import proof
from fmstudio.deployment.format import ExportFormat, Proof, Source
from fmstudio.jobs import Event, Progress
from fmstudio.nn.lora import adapter_of
from fmstudio.nn.lora_folder import read_adapter_config
from fmstudio.runtimes.adapter_base import base_of, path_of_base
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.gguf_writing import write_adapter, write_decoder
from fmstudio.runtimes.llama_expectations import LlamaProbe
from fmstudio.runtimes.merging import merged
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.opened import loading
from fmstudio.runtimes.text import LanguageModel
from fmstudio.runtimes.tokens import TextReader, begun
from fmstudio.runtimes.torch_runtime import TorchRuntime
from fmstudio.workspace.files import TEMPORARY

TOLERANCE = 1e-2
"""The largest difference of a logit between llama.cpp and our decoder, both in float32."""

READ, DRAWN = 24, 4
"""Tokens that are read, and places after them where the expectations are compared."""

MOST_PARAMETERS = 1_000_000_000
"""Of a GGUF file that is written once more in float32 for the proof."""


class GgufLoraFormat(ExportFormat):
    """Adapters of linear layers without lengths of their own."""

    title = "GGUF adapter"
    description = "The adapter alone, for llama.cpp and what builds on it: llama-server -m BASE.gguf --lora FILE."
    suffix = ".gguf"

    def refusal(self, source: Source) -> str:
        """Whole models, and DoRA, for which GGUF has no tensors."""
        if not source.is_adapter:
            return f"{source.reference!r} is no adapter; export it as a whole model instead."
        if read_adapter_config(source.path).get("use_dora"):
            return (
                f"{source.reference!r} learnt the length of each row apart (DoRA), which llama.cpp cannot apply; "
                "merge it into a model, or export it for PEFT."
            )
        return ""

    def write(self, source: Source, place: Path) -> Generator[Event, None, Proof]:
        """The file, opened by llama.cpp on its base."""
        base, facts = path_of_base(source.path), facts_of(source.path)
        model = yield from _opened(source.path)
        plain = yield from _opened(base)
        adapter = adapter_of(model.decoder)
        assert adapter is not None
        yield Progress(0, 3, "steps", "Writing the adapter")
        names = source.reference, base_of(source.path).reference
        write_adapter(adapter, model.decoder.shape, place, *names, template=facts.template)
        yield Progress(1, 3, "steps", "Opening it in llama.cpp")
        found, more = None, ""
        if base.is_dir() or model.decoder.shape.parameters <= MOST_PARAMETERS:
            found = _in_float32(model, plain, place)
            proof.check("llama.cpp", found, TOLERANCE, same_tokens=True)
        yield Progress(2, 3, "steps", "Opening it on its base")
        if base.is_file():
            on_file, alone = _on_its_file(model, plain, facts, base, place)
            more = (
                f"With {base.name} as llama.cpp computes it, that difference is {on_file:.2g}, and without the adapter "
                f"{alone:.2g}."
            )
            if found is None:
                proof.check("llama.cpp", on_file, TOLERANCE + 2 * alone, same_tokens=True)
        yield Progress(3, 3, "steps", "Proven")
        return proof.told("llama.cpp", on_file if found is None else found, TOLERANCE, DRAWN, more)


def _opened(path: Path) -> Generator[Event, None, LanguageModel]:
    runtime = (yield from loading(path, "torch")).runtime
    assert isinstance(runtime, TorchRuntime)
    return runtime.model


def _in_float32(model: LanguageModel, plain: LanguageModel, adapter: Path) -> float:
    """The largest difference of a logit with the base in float32, which is written beside the adapter for a while."""
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=adapter.parent) as folder:
        base = Path(folder) / "base.gguf"
        write_decoder(merged(plain).decoder, base)
        return _difference(model, LlamaProbe(base, [adapter]))


def _on_its_file(
    model: LanguageModel, plain: LanguageModel, facts: ModelFacts, base: Path, adapter: Path
) -> tuple[float, float]:
    """The same with the base's own file, and that without the adapter; raises StudioError where a conversation is read
    as other tokens there."""
    alone = _difference(plain, LlamaProbe(base))
    probe = LlamaProbe(base, [adapter])
    difference = _difference(model, probe)
    if facts.chat:
        text = proof.conversation(facts)
        ours = TextReader(facts, model.tokenizer).read(text, facts.context)
        same = begun(probe.ids(text), facts.first_token) == ours
        proof.check("llama.cpp", difference, float("inf"), same)
    return difference, alone


def _difference(model: LanguageModel, probe: LlamaProbe) -> float:
    """The largest between what llama.cpp and our decoder expect after a text: logits less what they have in common."""
    prompt = proof.some_tokens(model.decoder.shape)[0, :READ].tolist()
    theirs = probe.expect(prompt, DRAWN)
    ours = proof.logits_of(model, torch.tensor([theirs.text]))[0].log_softmax(-1).numpy()
    drawn = len(theirs.logs)
    return float(np.abs(ours[READ - 1 : READ - 1 + drawn] - theirs.logs).max())


FORMAT = GgufLoraFormat()
