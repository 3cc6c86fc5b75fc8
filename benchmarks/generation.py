"""How fast language models write: GGUF beside bare llama.cpp, and our torch decoder beside `transformers`.

- GGUF: the starter model through the job of the playground (`fmstudio.adapt.generation:generate`), beside a bare
  `xllamacpp` server with the same file, threads and request; tokens/s of whole answers, the reading of the prompt
  included
- torch: greedy continuation by our decoder and by `transformers.generate` with its default cache, both in float32 on
  the same cores: a model trained here with the preset `shakespeare-cpu` (trained first where --workspace names no
  workspace that has it), and the starter model, as the playground opens it (its weights packed as the file has them)
  and as a folder dequantised to float32
- logits: the greatest difference between both while a text is read token by token, and whether the tokens are the same

Each measurement is a process of its own that answers once to warm up and then takes the median of --repeats answers;
the two of a pair alternate.

    python benchmarks/generation.py [--workspace DIR] [--pairs 3] [--repeats 3] [--threads 0] [--only gguf,small]
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pairs

PRESET = "shakespeare-cpu"
STARTER = "smollm2-135m-instruct"
OPENING = "Once upon a time there was a sailing ship that could move against the wind."
TOKENS = {"gguf": 128, "small": 100, "starter": 64}


def main() -> int:
    """Print each measurement, and the ratios as one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", type=Path, help="one with a model shakespeare-cpu; trained anew if not given")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3, help="answers that a measurement is the median of")
    parser.add_argument("--threads", type=int, default=0, help="0: as many as torch takes by itself")
    parser.add_argument("--only", default="gguf,small,starter", help="what to compare, of gguf, small and starter")
    parser.add_argument("--json", action="store_true", help="print the last object only")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        prepare_threads(arguments)
        part, _, name = arguments.child.partition(":")
        print(json.dumps(CHILDREN[part](arguments, name)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        arguments.folder = Path(folder)
        arguments.workspace = arguments.workspace or Path(folder) / "workspace"
        print(json.dumps(compare(arguments), indent=1))
    return 0


def compare(arguments: argparse.Namespace) -> dict[str, Any]:
    """Medians over alternating pairs, for each of what is compared."""
    found: dict[str, Any] = {}
    for name in arguments.only.split(","):
        child(arguments, f"prepare:{name}")
        rows = pairs.in_turn(arguments.pairs, f"baseline:{name}", f"ours:{name}", partial(child, arguments))
        found[name] = ratios(rows, name)
        if name != "gguf":
            found[name] |= child(arguments, f"agreement:{name}")
    return found


def ratios(rows: list[pairs.Row], name: str) -> dict[str, Any]:
    """Medians over the pairs."""
    found: dict[str, Any] = {}
    for part in ("baseline", "ours"):
        found[f"{part}_tokens_per_second"] = statistics.median(row[f"{part}:{name}"]["wall"] for row in rows)
        found[f"{part}_tokens_per_cpu_second"] = statistics.median(row[f"{part}:{name}"]["cpu"] for row in rows)
    for kind in ("wall", "cpu"):
        found[f"ratio_{kind}"] = pairs.median_ratio(rows, f"ours:{name}", f"baseline:{name}", kind)
    return found


def child(arguments: argparse.Namespace, name: str) -> dict[str, Any]:
    """One measurement in a process of its own."""
    return pairs.child(__file__, arguments, name, ("workspace", "folder", "repeats", "threads"))


def prepare_threads(arguments: argparse.Namespace) -> None:
    """Let torch, and with it ours and the baseline, work on the wanted number of cores."""
    import torch

    if arguments.threads:
        torch.set_num_threads(arguments.threads)


def timed(answer: Callable[[], int], repeats: int) -> dict[str, float]:
    """Tokens a second by the wall clock and by the time of all cores; `answer` writes a text and says how long."""
    answer()
    walls, cpus = [], []
    for _ in range(repeats):
        began, cpu = time.perf_counter(), time.process_time()
        tokens = answer()
        walls.append(tokens / (time.perf_counter() - began))
        cpus.append(tokens / (time.process_time() - cpu))
    return {"wall": round(statistics.median(walls), 2), "cpu": round(statistics.median(cpus), 2)}


# What both stand on.


def prepare(arguments: argparse.Namespace, name: str) -> dict[str, Any]:
    """Fetch or train the model, and write the folder that `transformers` opens."""
    from fmstudio.data.catalogue import fetch
    from fmstudio.jobs import JobContext
    from fmstudio.nn.decoder_folder import save_decoder
    from fmstudio.training.pretraining import pretrain
    from fmstudio.training.recipes import recipe_tables
    from fmstudio.workspace import Workspace

    began = time.perf_counter()
    if name == "small":
        workspace = Workspace(arguments.workspace)
        if PRESET not in {record.name for record in workspace.models()}:
            run(pretrain(JobContext(), workspace, recipe_tables(PRESET, [])))
        workspace.close()
    else:
        run(fetch(JobContext(), STARTER))
    if name == "starter":
        save_decoder(decoder(arguments, name), folder_of(arguments, name))
    return {"seconds": round(time.perf_counter() - began, 1)}


def run(job: Iterator[Any]) -> Any:
    """A job to its end; returns its result."""
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value


def starter_file() -> Path:
    """The starter model's GGUF file."""
    from fmstudio.places import catalogue_folder

    return next(catalogue_folder(STARTER).glob("*.gguf"))


def folder_of(arguments: argparse.Namespace, name: str) -> Path:
    """The model as a folder of Hugging Face."""
    if name == "small":
        return Path(arguments.workspace) / "models" / PRESET
    return Path(arguments.folder) / "starter"


def decoder(arguments: argparse.Namespace, name: str) -> Any:
    """Our decoder, as the playground opens it."""
    from fmstudio.runtimes.opened import open_language_model

    return open_language_model(starter_file() if name == "starter" else folder_of(arguments, name)).decoder


def prompt(vocabulary_size: int) -> list[int]:
    """Tokens to begin with; which ones matters little to the speed."""
    return [(7 + 31 * place) % vocabulary_size for place in range(16)]


# Ours.


def ours(arguments: argparse.Namespace, name: str) -> dict[str, Any]:
    """The job of the playground, or our torch decoder."""
    if name == "gguf":
        return our_gguf(arguments)
    from fmstudio.nn.generation import generate_tokens

    model = decoder(arguments, name)
    begin = prompt(model.shape.vocabulary_size)

    def answer() -> int:
        return len(list(islice(generate_tokens(model, begin, temperature=0), TOKENS[name])))

    return timed(answer, arguments.repeats)


def our_gguf(arguments: argparse.Namespace) -> dict[str, Any]:
    """Whole answers through the job that the window and the command line run."""
    import torch

    from fmstudio.adapt.generation import generate
    from fmstudio.jobs import JobContext
    from fmstudio.workspace import Workspace

    torch.mm(torch.rand(500, 500), torch.rand(500, 500))  # as in the studio, where torch's threads stand ready too
    workspace = Workspace(Path(arguments.folder) / "playground")
    settings = {"temperature": 0, "maximum_tokens": TOKENS["gguf"], "raw": True}

    def answer() -> int:
        job = generate(JobContext(), workspace, str(starter_file()), OPENING, settings=settings)
        return int(run(job)["tokens"])

    return timed(answer, arguments.repeats)


# The baselines.


def baseline(arguments: argparse.Namespace, name: str) -> dict[str, Any]:
    """Bare llama.cpp, or `transformers.generate`."""
    if name == "gguf":
        return bare_gguf(arguments)
    import torch

    model = theirs(arguments, name)
    begin = torch.tensor([prompt(model.config.vocab_size)])

    def answer() -> int:
        written = model.generate(
            begin, attention_mask=torch.ones_like(begin), max_new_tokens=TOKENS[name], min_new_tokens=TOKENS[name],
            do_sample=False, pad_token_id=0,
        )  # fmt: skip
        return int(written.shape[1] - begin.shape[1])

    return timed(answer, arguments.repeats)


def theirs(arguments: argparse.Namespace, name: str) -> Any:
    """The same weights in `transformers`."""
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder_of(arguments, name), dtype=torch.float32).eval()


def bare_gguf(arguments: argparse.Namespace) -> dict[str, Any]:
    """A server of `xllamacpp`, asked for the same text."""
    import torch
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(starter_file())
    parameters.n_ctx, parameters.n_parallel, parameters.warmup, parameters.verbosity = 2048, 1, False, -1
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = torch.get_num_threads()
    server = xllamacpp.Server(parameters)
    request = {
        "prompt": OPENING,
        "n_predict": TOKENS["gguf"],
        "temperature": 0.0,
        "stream": True,
        "cache_prompt": False,
    }

    def answer() -> int:
        heard: list[Any] = []
        server.handle_completions(request, heard.append)
        return int(heard[-1]["usage"]["completion_tokens"])

    return timed(answer, arguments.repeats)


# Do they say the same?


def agreement(arguments: argparse.Namespace, name: str) -> dict[str, Any]:
    """The greatest difference of logits while a text is read token by token, and the share of equal choices."""
    import torch

    from fmstudio.nn.generation import generate_tokens, reader_of

    model, reference = decoder(arguments, name), theirs(arguments, name)
    text = prompt(model.shape.vocabulary_size)
    text += islice(generate_tokens(model, text, temperature=0), TOKENS[name])
    with torch.no_grad():
        expected = reference(torch.tensor([text])).logits[0]
    reader, difference, equal = reader_of(model), 0.0, 0
    for token, logits in zip(text, expected, strict=True):
        found = reader.read([token])
        difference = max(difference, float((found - logits).abs().max()))
        equal += int(found.argmax() == logits.argmax())
    return {"greatest_logit_difference": difference, "equal_choices": round(equal / len(text), 4)}


CHILDREN: dict[str, Callable[[argparse.Namespace, str], dict[str, Any]]] = {
    "prepare": prepare,
    "ours": ours,
    "baseline": baseline,
    "agreement": agreement,
}


if __name__ == "__main__":
    sys.exit(main())
