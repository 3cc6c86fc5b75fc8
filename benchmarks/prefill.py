"""How long a person waits for the first token of an answer to a long prompt: both runtimes, and what they stand beside.

The starter model (GGUF, Q4_1) is given a prompt of 1,001 tokens that it has not read before, and writes eight:

- llama.cpp and torch: through the job of the playground (`fmstudio.adapt.generation:generate`), as the studio runs it
- bare: `xllamacpp` with the same file, its own batch sizes and as many threads
- transformers: the same weights dequantised to float32, the prompt read at once

Each measurement is a process of its own that answers once to warm up and then takes the median of --repeats prompts;
what is compared alternates. Then once more beside a process that computes in a loop all the time (`busy`). CPU time is
told beside wall time, as others may use the machine; the first says little where threads wait for each other.

`--as avx2` lets torch compute as a processor without AVX-512 would; the wheel of `xllamacpp` is built for AVX2 anyway.

    python benchmarks/prefill.py [--rounds 3] [--repeats 3] [--threads 0] [--as avx2] [--only bare,llama.cpp]
"""

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import generation
import pairs
from processor import add_option, pretend, processor

SENTENCE = "The heron stands in the shallow water of the pond and waits for a fish that does not come. "
QUESTION = "What does the heron wait for?"
TOKENS, WRITTEN = 970, 8
"""Tokens of the prompt that are the text's; the chat template adds 31."""

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
RUNNERS = ("bare", "llama.cpp", "transformers", "torch")


def main() -> int:
    """Print each measurement, and medians and ratios as one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3, help="prompts that a measurement is the median of")
    parser.add_argument("--threads", type=int, default=0, help="0: as many as torch takes by itself")
    parser.add_argument("--only", default=",".join(RUNNERS), help="what to measure")
    parser.add_argument("--json", action="store_true", help="print the last object only")
    add_option(parser)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        generation.prepare_threads(arguments)
        print(json.dumps(CHILDREN[arguments.child](arguments)))
        return 0
    pretend(arguments.instructions)
    with tempfile.TemporaryDirectory() as folder:
        arguments.folder = Path(folder)
        print(json.dumps(compare(arguments), indent=1))
    return 0


def compare(arguments: argparse.Namespace) -> dict[str, Any]:
    """Medians of each, and how many times the baselines' and its own idle time it takes."""
    names = arguments.only.split(",")
    measure = partial(pairs.child, __file__, arguments, options=("folder", "repeats", "threads"))
    found: dict[str, Any] = measure("prepare")
    seconds: dict[str, list[dict[str, Any]]] = {}
    for number in range(arguments.rounds):
        for beside in (contextlib.nullcontext(), busy()):
            with beside:
                state = "" if isinstance(beside, contextlib.nullcontext) else " busy"
                for name in names[:: -1 if number % 2 else 1]:
                    seconds.setdefault(name + state, []).append(measure(name))
    for name, rows in seconds.items():
        found[name] = {key: round(statistics.median(row[key] for row in rows), 3) for key in rows[0]}
    for name, other in (("llama.cpp", "bare"), ("torch", "transformers"), *((f"{name} busy", name) for name in names)):
        if name in seconds and other in seconds:
            pairwise = zip(seconds[name], seconds[other], strict=True)
            found[f"{name} / {other}"] = round(statistics.median(one["wall"] / two["wall"] for one, two in pairwise), 3)
    return found


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """Another process that computes all the time, on one core."""
    loop = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        loop.kill()
        loop.wait()


def prompt(number: int) -> str:
    """A text of TOKENS tokens that shares no beginning with the others."""
    from fmstudio.runtimes.gguf_header import read_header
    from fmstudio.runtimes.gguf_tokenizer import gguf_tokenizer

    tokenizer = gguf_tokenizer(read_header(generation.starter_file()))
    ids = tokenizer.encode(f"{number}. " + SENTENCE * 60, add_special_tokens=False).ids
    end = tokenizer.encode(QUESTION, add_special_tokens=False).ids
    return str(tokenizer.decode([*ids[: TOKENS - len(end)], *end]))


def timed(first: Callable[[str], tuple[float, float, float]], repeats: int) -> dict[str, float]:
    """Medians of the seconds to the first token by the wall clock, of all cores until then, and of tokens/s after it.

    first: asks with a prompt and returns these three.
    """
    first(prompt(0))
    rows = [first(prompt(1 + number)) for number in range(repeats)]
    walls, cpus, rates = zip(*rows, strict=True)
    return {"wall": statistics.median(walls), "cpu": statistics.median(cpus), "tokens/s": statistics.median(rates)}


def prepare(arguments: argparse.Namespace) -> dict[str, Any]:
    """Fetch the model, and write the folder that `transformers` opens; returns what this runs on."""
    generation.prepare(arguments, "starter")
    return processor()


def studio(arguments: argparse.Namespace, backend: str) -> dict[str, float]:
    """The job that the window and the command line run."""
    from fmstudio.adapt.generation import generate
    from fmstudio.jobs import JobContext, TextDelta
    from fmstudio.workspace import Workspace

    workspace = Workspace(arguments.folder / "playground")
    settings, model = {"temperature": 0, "maximum_tokens": WRITTEN}, str(generation.starter_file())

    def first(text: str) -> tuple[float, float, float]:
        job = generate(JobContext(), workspace, model, text, settings=settings, backend=backend)
        cpu, used = time.process_time(), 0.0
        while True:
            try:
                event = next(job)
            except StopIteration as end:
                return end.value["seconds_to_first_token"], used, end.value["tokens_per_second"]
            if isinstance(event, TextDelta) and not used:
                used = time.process_time() - cpu

    return timed(first, arguments.repeats)


def bare(arguments: argparse.Namespace) -> dict[str, float]:
    """A server of `xllamacpp` with its own batch sizes."""
    import torch
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(generation.starter_file())
    parameters.n_ctx, parameters.n_parallel, parameters.warmup, parameters.verbosity = 8192, 1, False, -1
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = torch.get_num_threads()
    server = xllamacpp.Server(parameters)

    def first(text: str) -> tuple[float, float, float]:
        heard: list[tuple[float, float]] = []
        began, cpu = time.perf_counter(), time.process_time()

        def hear(message: Any) -> bool:
            if message.get("choices"):
                heard.append((time.perf_counter() - began, time.process_time() - cpu))
            return False

        template = (
            f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
        )
        request = {"prompt": template, "n_predict": WRITTEN, "temperature": 0.0, "stream": True, "cache_prompt": False}
        server.handle_completions(request, hear)
        rate = (len(heard) - 2) / (heard[-2][0] - heard[0][0]) if len(heard) > 2 else 0.0
        return *heard[0], rate

    return timed(first, arguments.repeats)


def transformers(arguments: argparse.Namespace) -> dict[str, float]:
    """The same weights in float32, keys and values kept."""
    import torch

    from fmstudio.runtimes.gguf_header import read_header
    from fmstudio.runtimes.gguf_tokenizer import gguf_tokenizer

    model = generation.theirs(arguments, "starter")
    tokenizer = gguf_tokenizer(read_header(generation.starter_file()))

    def first(text: str) -> tuple[float, float, float]:
        ids = tokenizer.encode(f"{SYSTEM}{text}", add_special_tokens=False).ids
        ids = (ids + ids)[: TOKENS + 31]
        began, cpu = time.perf_counter(), time.process_time()
        with torch.inference_mode():
            found = model(torch.tensor([ids]), use_cache=True, logits_to_keep=1)
            wall, used = time.perf_counter() - began, time.process_time() - cpu
            for _ in range(WRITTEN - 1):
                token = found.logits[:, -1:].argmax(-1)
                found = model(token, past_key_values=found.past_key_values, use_cache=True)
        return wall, used, (WRITTEN - 1) / (time.perf_counter() - began - wall)

    return timed(first, arguments.repeats)


CHILDREN: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "prepare": prepare,
    "bare": bare,
    "llama.cpp": partial(studio, backend="llama.cpp"),
    "torch": partial(studio, backend="torch"),
    "transformers": transformers,
}


if __name__ == "__main__":
    sys.exit(main())
