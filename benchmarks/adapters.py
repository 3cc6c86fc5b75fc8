"""Ten adapters on one base: how long a switch takes and what memory each needs; what exports and merging change.

Ten adapters of rank 16 on all linear layers of the starter model (GGUF, Q4_1), with numbers drawn by chance:

- first: an adapter that was not in memory, its base being there, until the first token of a prompt can be computed
- switch: the same once all are in memory, each in turn; and the first token after the one before of the same adapter
- fresh: whether a text after a switch is, token by token, that of the same adapter loaded anew
- memory: of this process per adapter beyond the base, beside the size of the adapter's file
- exports: the largest difference of a logit that each format's proof found; merge: losses on the text that it measures

    python benchmarks/adapters.py [--rounds 3] [--as avx2] [--only switching]
"""

import argparse
import gc
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import generation
from processor import add_option, pretend, processor

COUNT, RANK = 10, 16
PROMPT = "The heron stands in the shallow water of the pond and waits for a fish."
PARTS = ("switching", "exports", "merge")


def main() -> int:
    """Print what was measured as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often all ten are switched to")
    parser.add_argument("--only", default=",".join(PARTS), help="what to measure")
    add_option(parser)
    arguments = parser.parse_args()
    pretend(arguments.instructions)
    with tempfile.TemporaryDirectory() as folder:
        workspace, names = prepare(Path(folder))
        found = processor()
        for part in arguments.only.split(","):
            found[part] = {"switching": switching, "exports": exports, "merge": merging}[part](
                workspace, names, arguments
            )
        print(json.dumps(found, indent=1))
    return 0


def prepare(folder: Path) -> tuple[Any, list[str]]:
    """A workspace with the adapters."""
    import torch

    from fmstudio.nn.decoder import Decoder
    from fmstudio.nn.lora import LoraShape, new_adapter
    from fmstudio.nn.lora_folder import save_adapter
    from fmstudio.runtimes.adapter_base import AdapterBase, write_base
    from fmstudio.runtimes.facts import facts_of
    from fmstudio.runtimes.version import version_of
    from fmstudio.workspace import ModelRecord, Workspace

    base = generation.starter_file()
    workspace, shape = Workspace(folder / "workspace"), facts_of(base).shape
    assert shape is not None
    with torch.device("meta"):
        outline = Decoder(shape, None)
    names = [f"adapter-{number}" for number in range(COUNT)]
    for number, name in enumerate(names):
        adapter, chance = new_adapter(outline, LoraShape(RANK, 2.0 * RANK), number), torch.Generator()
        for _, part in adapter.parts():
            part.lora_B.data.normal_(0, 0.03, generator=chance.manual_seed(number))
        place = workspace.model_folder(name)
        save_adapter(adapter, place, "smollm2-135m-instruct")
        write_base(place, AdapterBase("smollm2-135m-instruct", str(base), version_of(base), "quantised"))
        numbers = sum(each.numel() for each in adapter.parameters())
        workspace.put_model(ModelRecord(name, "language", numbers, 4 * numbers, details={"adapter_of": "starter"}))
    return workspace, names


def switching(workspace: Any, names: list[str], arguments: argparse.Namespace) -> dict[str, Any]:
    """Milliseconds of a switch, and whether what is written after one is what a fresh load writes."""
    from fmstudio.runtimes import opened

    base = generation.starter_file()
    places = [workspace.model_folder(name) for name in names]
    text_after(base)
    fresh = {}
    for place in places:
        fresh[place] = text_after(place)
        opened.unload(place)
    before = resident()
    first = [ready_after(place) for place in places]
    taken = resident() - before
    again = [ready_after(place) for _ in range(arguments.rounds) for place in places]
    tokens: dict[str, list[float]] = {"switched": [], "stayed": []}
    same = True
    for place in places * arguments.rounds:
        for times in tokens.values():
            began = time.perf_counter()
            text_after(place, 1)
            times.append(1000 * (time.perf_counter() - began))
        same = same and text_after(place) == fresh[place]
    return {
        "first, ms": told(first),
        "switch, ms": told(again),
        "first token after a switch, ms": told(tokens["switched"]),
        "first token of the same again, ms": told(tokens["stayed"]),
        "same text as fresh": same,
        "different texts": len(set(fresh.values())),
        "memory of each, MB": round(taken / COUNT / 1e6, 1),
        "file of each, MB": round((places[0] / "adapter_model.safetensors").stat().st_size / 1e6, 1),
    }


def ready_after(place: Path) -> float:
    """Milliseconds until a model is in memory and the first piece of a prompt is about to be computed."""
    from fmstudio.runtimes import opened
    from fmstudio.runtimes.text import TextSampling

    began = time.perf_counter()
    stream = opened.open_runtime(place, "torch").generate(PROMPT, TextSampling(temperature=0.0))
    next(stream)
    taken = 1000 * (time.perf_counter() - began)
    stream.close()
    return taken


def text_after(place: Path, tokens: int = 12) -> str:
    """What a model writes, always its likeliest token."""
    from fmstudio.runtimes import opened
    from fmstudio.runtimes.text import TextSampling

    runtime = opened.open_runtime(place, "torch")
    return "".join(runtime.generate(PROMPT, TextSampling(temperature=0.0, maximum_tokens=tokens)))


def resident() -> int:
    """Bytes of this process in memory."""
    import psutil

    gc.collect()
    return int(psutil.Process().memory_info().rss)


def told(milliseconds: list[float]) -> dict[str, float]:
    """Median and greatest."""
    return {"median": round(statistics.median(milliseconds), 1), "greatest": round(max(milliseconds), 1)}


def exports(workspace: Any, names: list[str], arguments: argparse.Namespace) -> dict[str, Any]:
    """What each format's proof says of one adapter, and how long it took."""
    from fmstudio.deployment.exporting import export
    from fmstudio.deployment.formats import format_named, format_names
    from fmstudio.jobs import JobContext

    found: dict[str, Any] = {}
    for name in format_names():
        to = workspace.path / f"exported-{name}{format_named(name).suffix}"
        began = time.perf_counter()
        result = generation.run(export(JobContext(), workspace, names[0], str(to), name))
        found[name] = {
            "largest difference": result["largest_difference"],
            "seconds": round(time.perf_counter() - began, 1),
            "proof": result["proof"],
        }
    return found


def merging(workspace: Any, names: list[str], arguments: argparse.Namespace) -> dict[str, Any]:
    """What merging one adapter changes."""
    from fmstudio.adapt.merging import merge
    from fmstudio.jobs import JobContext

    began = time.perf_counter()
    result = generation.run(merge(JobContext(), workspace, names[0], "merged"))
    return {
        "largest difference": result["largest_difference"],
        "losses": {name: round(loss, 4) for name, loss in result["losses"].items()},
        "seconds": round(time.perf_counter() - began, 1),
    }


if __name__ == "__main__":
    raise SystemExit(main())
