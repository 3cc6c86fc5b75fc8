"""Our torch decoder as a runtime: for model folders and for GGUF files."""

from pathlib import Path

import torch
from tokenizers.decoders import DecodeStream

from fmstudio.nn.sampling_controls import SamplingControls, draw
from fmstudio.runtimes.adapters import open_adapter
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.gguf_header import read_header
from fmstudio.runtimes.gguf_tokenizer import gguf_tokenizer
from fmstudio.runtimes.gguf_weights import load_decoder
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.prompt_reading import PromptReading
from fmstudio.runtimes.runtime import Backend, Pieces, Runtime, TextStream
from fmstudio.runtimes.text import LanguageModel, TextSampling, load_language_model
from fmstudio.runtimes.tokens import TextReader


def load_gguf(path: Path) -> LanguageModel:
    """A GGUF file as our decoder, which computes in float32, with its tokenizer; raises ModelError where it cannot."""
    header = read_header(path)
    tokenizer = gguf_tokenizer(header)
    return LanguageModel(load_decoder(header), tokenizer)


def load_for_torch(facts: ModelFacts, base: LanguageModel | None = None) -> LanguageModel:
    """The model that the facts are of; raises StudioError with what keeps our decoder from computing it.

    base: of an adapter, where it is loaded already.
    """
    if facts.shape is None:
        raise ModelError(facts.torch_problem)
    if facts.base is not None:
        return open_adapter(facts.path, base or load_for_torch(facts_of(facts.base)))
    model = load_gguf(facts.path) if facts.format == "gguf" else load_language_model(facts.path)
    model.decoder.eval().requires_grad_(False)
    return model


class TorchRuntime:
    """A language model in torch; see `Runtime`."""

    backend: Backend = "torch"
    note = ""

    def __init__(self, facts: ModelFacts, context: int, base: Runtime | None = None) -> None:
        """base: the runtime of the model that this one adapts, where it is loaded."""
        self.model: LanguageModel = load_for_torch(facts, base.model if isinstance(base, TorchRuntime) else None)
        self.context = min(context, self.model.decoder.shape.context)
        # What is left of the last text of all models on one base: the keys and values of one hold for no other.
        self._spare: list[PromptReading] = base._spare if isinstance(base, TorchRuntime) else []
        self._ends, self._reader = facts.ends, TextReader(facts, self.model.tokenizer)

    @property
    def threads(self) -> int:
        """Processor cores that torch computes on."""
        return torch.get_num_threads()

    def count(self, text: str) -> int:
        """How many tokens a text is."""
        return self._reader.count(text)

    def generate(self, prompt: str, sampling: TextSampling) -> TextStream:
        """Text that continues `prompt`."""
        ids = self._reader.read(prompt, self.context)
        return TextStream(len(ids), self._pieces(ids, sampling), sampling.stops)

    def _pieces(self, prompt: list[int], sampling: TextSampling) -> Pieces:
        reading = self._reading(sampling.adapter_scale)
        try:
            return (yield from self._written(reading, prompt, sampling))
        finally:
            self._spare[:] = [reading]

    def _reading(self, strength: float) -> PromptReading:
        """What is left of the last text, unless its keys and values are of an adapter of another strength."""
        spare = self._spare.pop() if self._spare else None
        if spare is not None and spare.decoder is self.model.decoder and spare.strength == strength:
            return spare
        del spare  # its room goes before there is another
        return PromptReading(self.model.decoder, self.context, strength)

    def _written(self, reading: PromptReading, prompt: list[int], sampling: TextSampling) -> Pieces:
        generator, controls = torch.Generator().manual_seed(sampling.seed), controls_of(sampling)
        shown, text = DecodeStream(ids=prompt, skip_special_tokens=True), list(prompt)
        room = self.context - len(prompt)
        logits = yield from reading.read(prompt)
        for left in reversed(range(min(sampling.maximum_tokens, room))):
            token = draw(logits, controls, generator, text)
            text.append(token)
            if token in self._ends:
                yield [""]
                return "end"
            yield [shown.step(self.model.tokenizer, token) or ""]
            if left:
                logits = reading.go_on(token)
        return "length" if sampling.maximum_tokens <= room else "context"

    def close(self) -> None:
        """The weights go when nobody holds the runtime any more."""


def controls_of(sampling: TextSampling) -> SamplingControls:
    """How the next token is chosen, as `nn.sampling_controls` takes it."""
    return SamplingControls(
        temperature=sampling.temperature, top_k=sampling.top_k, top_p=sampling.top_p, min_p=sampling.min_p,
        repetition_penalty=sampling.repetition_penalty,
    )  # fmt: skip
