"""llama.cpp in this process, as a runtime for GGUF files: the fastest way to decode them on a CPU.

The server object answers one request at a time and calls back for each token (see `llama_requests`). It also listens on
a local port, where it is asked for the tokens of a text at most; a random key keeps others out.
"""

import secrets
from collections.abc import Generator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
import xllamacpp

from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.llama_requests import LlamaRequests
from fmstudio.runtimes.memory import BLOCK, tokens_at_once
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.rearranged import Rearranged, forget, plain_processor, rearranged
from fmstudio.runtimes.runtime import Backend, Finish, Pieces, TextStream, fitting
from fmstudio.runtimes.server_tokens import ServerReader, reader_for
from fmstudio.runtimes.text import TextSampling

NOTE = "runs a copy in the cache with its large Q4_1 matrices as Q4_0 and a correction: the same weights, read faster"
SAMPLERS = ["penalties", "temperature", "top_k", "top_p", "min_p"]


class LlamaCppRuntime:
    """A GGUF file in llama.cpp; see `Runtime`."""

    backend: Backend = "llama.cpp"

    def __init__(self, facts: ModelFacts, context: int, threads: int = 0) -> None:
        self._threads = threads or torch.get_num_threads()
        self._name, self.context = facts.path.stem, context
        self._key = key = secrets.token_urlsafe(24)
        self._at_once = tokens_at_once(facts.parameters) if plain_processor() else BLOCK
        self.rearranged = rearranged(facts)
        try:
            self._requests = self._served(facts)
        except ModelError:
            if self.rearranged is None:
                raise
            forget(self.rearranged)
            self.rearranged = None
            self._requests = self._served(facts)
        self._reader = reader_for(facts, ServerReader(self._requests.server.listening_address, key))

    @property
    def note(self) -> str:
        """What is run in place of the file, if anything is."""
        return NOTE if self.rearranged else ""

    def _served(self, facts: ModelFacts) -> LlamaRequests:
        opening = partial(
            _open_file, facts.path, self.rearranged, self.context, self._threads, self._key, self._at_once
        )
        # Only llama.cpp has the tokenizer of some files, and then it is asked before there is a request.
        return LlamaRequests(opening, facts.vocabulary_size, self._at_once, keep=facts.shape is None)

    @property
    def threads(self) -> int:
        """Processor cores that it computes on."""
        return self._threads

    def count(self, text: str) -> int:
        """How many tokens a text is."""
        return self._reader.count(text)

    def generate(self, prompt: str, sampling: TextSampling) -> TextStream:
        """Text that continues `prompt`."""
        ids = self._reader.read(prompt, self.context)
        fitting(self._name, len(ids), self.context)
        room = min(sampling.maximum_tokens, self.context - len(ids))
        request = completion_request(ids, room, self.context, sampling)
        full: Finish = "length" if room == sampling.maximum_tokens else "context"
        return TextStream(len(ids), _pieces(self._requests.messages(request), self._name, full), sampling.stops)

    def close(self) -> None:
        """End the server and give its memory back; a text that still comes goes on to its end first."""
        del self._requests


def completion_request(prompt: list[int], maximum_tokens: int, context: int, sampling: TextSampling) -> dict[str, Any]:
    """What llama.cpp is asked, so that each control means what it means in torch (`nn.generation`)."""
    return {
        "prompt": prompt,
        "n_predict": maximum_tokens,
        "samplers": SAMPLERS,
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repetition_penalty,
        "repeat_last_n": context,
        "seed": sampling.seed,
        "stream": True,
        "return_progress": True,
    }


def _open_file(path: Path, copy: Rearranged | None, context: int, threads: int, key: str, at_once: int) -> Any:
    adapters = []
    if copy is not None and copy.model.is_file():
        path, adapters = copy.model, [copy.adapter]
    return open_server(path, context, threads, key, at_once, adapters)


def open_server(
    path: Path,
    context: int,
    threads: int,
    key: str,
    at_once: int = BLOCK,
    adapters: Sequence[Path] = (),
    exact: bool = False,
) -> Any:
    """A server of llama.cpp for one request at a time.

    key: keeps others out of its local port. at_once: tokens of a prompt that it reads at once. adapters: files
    that are applied in full. exact: compute attention in 32 bits. Raises ModelError where llama.cpp does not open it.
    """
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(each), 1.0) for each in adapters]
    if exact:
        parameters.cache_type_k = parameters.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        parameters.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    parameters.n_ctx, parameters.n_parallel = context, 1
    parameters.n_batch = parameters.n_ubatch = at_once
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.warmup, parameters.verbosity, parameters.cache_ram_mib = False, -1, 0
    # The file's own template is rendered in our sandbox; llama.cpp would run it, unbounded, to see whether it works.
    parameters.chat_template, parameters.enable_chat_template, parameters.use_jinja = "chatml", False, False
    parameters.api_keys, parameters.ui, parameters.endpoint_slots = [key], False, False
    try:
        server = xllamacpp.Server(parameters)
    except RuntimeError as error:
        raise ModelError(
            f"llama.cpp cannot open {path.name} ({str(error).rstrip('.')}); the file may be of a kind that this "
            "version does not know, so choose another."
        ) from error
    # A server that is dropped before its own thread has begun to work is waited for without end: so it works once.
    server.handle_completions({"prompt": [0], "n_predict": 0, "cache_prompt": False}, lambda _: False)
    return server


def _pieces(answers: Generator[list[Any] | None, None, None], name: str, full: Finish) -> Pieces:
    """The text of one request as it comes. Closing it stops the server's work."""
    finish, count = full, 0
    try:
        for messages in answers:
            if messages is None:
                yield None
                continue
            texts: list[str] = []
            for message in messages:
                if "error" in message:
                    raise _explained(name, message["error"])
                choice = message["choices"][0]
                if choice["finish_reason"] is not None:
                    finish = "end" if choice["finish_reason"] == "stop" else full
                    # Tokens that end within a character came without a message of their own.
                    texts += [""] * (message["usage"]["completion_tokens"] - count - len(texts))
                elif "prompt_progress" not in message:
                    texts.append(choice["text"])
            count += len(texts)
            yield texts
    finally:
        answers.close()
    return finish


def _explained(name: str, error: Any) -> ModelError:
    text = error.get("message", error) if isinstance(error, Mapping) else error
    return ModelError(f"llama.cpp could not go on with {name}: {str(text).strip().rstrip('.')}; load the model again.")
