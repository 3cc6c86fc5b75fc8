"""How fast chunks of text become vectors, beside `sentence-transformers` with the same model.

Both read the same chunks of Python's reference (about 100 to 200 tokens each) with all-MiniLM-L6-v2 on the same cores
in turn, each in a process of its own that reads all of them once to warm up. `sentence-transformers` runs as its
documentation shows: `SentenceTransformer(folder).encode(texts, normalize_embeddings=True)`, in float32, batches of 32.
Ours is the encoder that collections are indexed with, as it is; where the processor has matrix units for bfloat16 it
uses them, unless --precision float32 is given.

- speed: chunks/s in alternating pairs, by the wall clock and by the time of all cores
- vectors: the least cosine between both vectors of the same chunk

    python benchmarks/embedding.py [--chunks 400] [--pairs 3] [--precision auto] [--json]
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pairs

MODEL = "all-minilm-l6-v2"


def main() -> int:
    """Print each measurement, and the ratios as one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=400)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--precision", default="auto", help="of ours: auto, float32 or bfloat16")
    parser.add_argument("--json", action="store_true", help="print the last object only")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(CHILDREN[arguments.child](arguments)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        arguments.folder = Path(folder)
        print(json.dumps(compare(arguments), indent=1))
    return 0


def compare(arguments: argparse.Namespace) -> dict[str, Any]:
    """Medians over alternating pairs."""
    import numpy as np

    rows = pairs.in_turn(arguments.pairs, "baseline", "ours", partial(child, arguments))
    found: dict[str, Any] = {"chunks": arguments.chunks, "tokens_a_chunk": rows[0]["ours"]["tokens_a_chunk"]}
    for name in ("baseline", "ours"):
        found[f"{name}_chunks_per_second"] = statistics.median(row[name]["wall"] for row in rows)
        found[f"{name}_chunks_per_cpu_second"] = statistics.median(row[name]["cpu"] for row in rows)
    for kind in ("wall", "cpu"):
        found[f"speed_ratio_{kind}"] = pairs.median_ratio(rows, "ours", "baseline", kind)
    ours, theirs = (np.load(arguments.folder / f"{name}.npy").astype(np.float64) for name in ("ours", "baseline"))
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    found["least_cosine"] = round(float(((ours * theirs).sum(1) / lengths).min()), 7)
    return found


def child(arguments: argparse.Namespace, name: str) -> dict[str, Any]:
    """One measurement in a process of its own."""
    return pairs.child(__file__, arguments, name, ("chunks", "precision", "folder"))


def chunks(count: int) -> list[str]:
    """Passages of Python's reference of 60 to 120 words, in the order of the text; from the start again if need be."""
    from pydoc_data.topics import topics

    words, lengths, place, found = " ".join(topics.values()).split(), random.Random(0), 0, []
    while len(found) < count:
        length = lengths.randint(60, 120)
        found.append(" ".join(words[place : place + length]))
        place = (place + length) % (len(words) - 120)
    return found


def model_folder() -> Path:
    """The model's folder, fetched where it is missing."""
    from fmstudio.data.catalogue import fetch, read_catalogue
    from fmstudio.jobs import JobContext

    for _ in fetch(JobContext(), MODEL):
        pass
    return read_catalogue().items[MODEL].folder


def timed(encode: Callable[[list[str]], Any], arguments: argparse.Namespace, name: str) -> dict[str, Any]:
    """Chunks a second by the wall clock and by the time of all cores; leaves the vectors in a file."""
    import numpy as np

    texts = chunks(arguments.chunks)
    encode(texts)
    began, cpu = time.perf_counter(), time.process_time()
    vectors = encode(texts)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    np.save(arguments.folder / f"{name}.npy", vectors)
    return {"wall": round(len(texts) / wall, 1), "cpu": round(len(texts) / cpu, 1)}


def ours(arguments: argparse.Namespace) -> dict[str, Any]:
    """The encoder that collections are indexed with."""
    import torch

    from fmstudio.adapt.embedding import SentenceEncoder

    dtype = None if arguments.precision == "auto" else getattr(torch, arguments.precision)
    encoder = SentenceEncoder(model_folder(), dtype)
    tokens = encoder.count(chunks(arguments.chunks))
    return timed(encoder.encode, arguments, "ours") | {"tokens_a_chunk": round(sum(tokens) / len(tokens), 1)}


def baseline(arguments: argparse.Namespace) -> dict[str, Any]:
    """`sentence-transformers` as its documentation shows it."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(model_folder()), device="cpu")
    return timed(lambda texts: model.encode(texts, normalize_embeddings=True), arguments, "baseline")


CHILDREN = {"ours": ours, "baseline": baseline}


if __name__ == "__main__":
    sys.exit(main())
