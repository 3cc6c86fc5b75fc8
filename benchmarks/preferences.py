"""From thumbs to a better model: a hundred preferences by rule, one command, and who wins on a hundred unseen prompts.

The rule is "at most 40 words", which a program can judge. Prompts ask what functions of Python's library do. Rejected,
or thumbed down, is what the starter model itself answers (all of these are longer); chosen, or thumbed up, is the first
sentence of the function's own documentation. Each method trains by `fmstudio run` on two cores or fewer.

Then base and adapter answer a hundred prompts on other functions, always by their likeliest token. An answer keeps the
rule if it ends by itself within 40 words and has three at least; the adapter wins where it keeps it and the base does
not, and loses where it is the other way round. That the answers stay to the point is told by the log-probability of the
documentation's own sentences, which no training has seen.

    python benchmarks/preferences.py [--methods dpo kto orpo] [--set training.steps=60] [--seeds 1] [--examples]
"""

import argparse
import importlib
import inspect
import json
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from processor import processor

from fmstudio.cli import main as fmstudio
from fmstudio.data.tuning.examples import Message
from fmstudio.families.example_rows import TokenRow, conversation_row
from fmstudio.jobs import JobContext
from fmstudio.nn.answers import Answer, write_answers
from fmstudio.nn.decoder import Decoder
from fmstudio.nn.lora import attach
from fmstudio.nn.lora_folder import load_adapter
from fmstudio.runtimes.adapter_base import is_adapter
from fmstudio.runtimes.conversation_tokens import ConversationReader
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.text import LanguageModel
from fmstudio.runtimes.torch_runtime import load_for_torch
from fmstudio.training.snapshot import model_folder
from fmstudio.workspace import Workspace

STARTER = "smollm2-135m-instruct"
MODULES = [
    "math", "os", "os.path", "shutil", "random", "itertools", "functools", "collections", "string", "re", "json",
    "csv", "statistics", "datetime", "time", "textwrap", "bisect", "heapq", "glob", "tempfile", "copy", "decimal",
    "fractions", "operator", "pathlib", "hashlib", "base64", "zlib", "urllib.parse", "html", "struct", "calendar",
    "difflib", "platform", "socket", "threading", "subprocess", "inspect", "ast", "dis", "types", "contextlib",
    "logging",
]  # fmt: skip
SHORT, LEAST = 40, 3
"""Words of an answer that keeps the rule: at most, and at least."""

ROWS = 100
MOST = 120
"""Tokens of an answer that is cut off."""

AT_ONCE = 50


def main() -> None:
    """Print what each method reaches, and all as one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", nargs="+", default=["dpo", "kto", "orpo"])
    parser.add_argument("--set", action="append", default=[], help="a change to the presets, section.key=value")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--workspace", type=Path, help="keep the models here")
    parser.add_argument("--examples", action="store_true", help="print some answers")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(arguments.workspace or Path(folder) / "workspace")
        fmstudio(["fetch", STARTER])
        base = opened(workspace, STARTER)
        train, unseen = rows(base)
        answers = asked(base, unseen)
        found: dict[str, Any] = {"machine": processor(), "base": described(answers) | {"nats": nats(base, unseen)}}
        for name, lines in datasets(train).items():
            path = Path(folder) / f"{name}.jsonl"
            path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
            add = ["datasets", "add", str(path), "--name", name, "--kind", "preferences"]
            assert fmstudio(["--workspace", str(workspace.path), *add]) == 0
        for method in arguments.methods:
            for seed in range(arguments.seeds):
                result = judged(arguments, workspace, method, seed, unseen, answers)
                found[f"{method}, seed {seed}"] = result
                print(method, seed, json.dumps(result), flush=True)
        print(json.dumps(found, indent=1))


def functions() -> Iterator[tuple[str, str]]:
    """(name, first sentence of its documentation) of functions of Python's library, each sentence once."""
    seen = set()
    for module in MODULES:
        members = vars(importlib.import_module(module))
        for name in sorted(name for name in members if not name.startswith("_")):
            text = " ".join((inspect.getdoc(members[name]) or "").split("\n\n")[0].split())
            sentence = re.split(r"(?<=[.!?])\s+(?=[A-Z])", text)[0]
            fits = 5 <= len(sentence.split()) <= SHORT and sentence[0].isupper() and sentence.endswith(".")
            if callable(members[name]) and fits and "(" not in sentence[:30] and sentence not in seen:
                seen.add(sentence)
                yield f"{module}.{name}", sentence


def rows(base: "Model") -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """A hundred to train on, whose answers by the base break the rule, and a hundred others."""
    known = list(functions())
    random.Random(0).shuffle(known)
    every = [{"prompt": f"What does {name} do in Python?", "sentence": sentence} for name, sentence in known]
    unseen, rest = every[:ROWS], every[ROWS : 2 * ROWS + 10]
    said = asked(base, rest)
    broken = [row | {"said": each["text"]} for row, each in zip(rest, said, strict=True) if not each["keeps"]]
    return broken[:ROWS], unseen


def datasets(train: Sequence[dict[str, str]]) -> dict[str, list[dict[str, Any]]]:
    """The same preferences as pairs, and as thumbs up and down."""
    pairs = [{"prompt": row["prompt"], "chosen": row["sentence"], "rejected": row["said"]} for row in train]
    thumbs = [{"prompt": row["prompt"], "completion": text, "label": good}
              for row in train for text, good in ((row["sentence"], True), (row["said"], False))]  # fmt: skip
    return {"pairs": pairs, "thumbs": thumbs}


class Model:
    """A model with what it reads conversations by."""

    def __init__(self, model: LanguageModel, reader: ConversationReader) -> None:
        self.model, self.reader = model, reader

    def row(self, prompt: str, answer: str) -> TokenRow:
        """A question with its answer, as the model reads it."""
        return conversation_row(self.reader, (Message("user", prompt), Message("assistant", answer)))


def opened(workspace: Workspace, name: str) -> Model:
    """A model of the workspace or of the catalogue."""
    path = ended(model_folder(JobContext(), workspace, name))[0]
    facts = facts_of(path)
    model = load_for_torch(facts)
    # Packed weights are made for single tokens; here many are written at once.
    decoder = Decoder(model.decoder.shape, seed=None)
    decoder.load_state_dict(model.decoder.state_dict())
    if is_adapter(path):
        attach(decoder, load_adapter(path))
    decoder.requires_grad_(False).eval()
    return Model(LanguageModel(decoder, model.tokenizer), ConversationReader(facts, model.tokenizer))


def ended(job: Any) -> Any:
    """What a generator returns."""
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value


def asked(model: Model, questions: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    """The likeliest answer to each, and whether it keeps the rule."""
    found: list[Answer] = []
    for first in range(0, len(questions), AT_ONCE):
        texts = [model.row(row["prompt"], row["sentence"]) for row in questions[first : first + AT_ONCE]]
        prompts = [text.ids[: text.last_answer].tolist() for text in texts]
        *_, last = write_answers(model.model.decoder, prompts, model.reader.ends, MOST)
        found += last
    texts = [str(model.model.tokenizer.decode(answer.tokens)).strip() for answer in found]
    words = [len(text.split()) for text in texts]
    return [
        {"text": text, "words": count, "keeps": answer.ended and LEAST <= count <= SHORT}
        for text, count, answer in zip(texts, words, found, strict=True)
    ]


def nats(model: Model, questions: Sequence[dict[str, str]]) -> float:
    """The cross-entropy of the documentation's own sentences, in nats a token."""
    import torch

    from fmstudio.nn.token_loss import token_log_probabilities

    each = []
    with torch.no_grad():
        for row in questions:
            text = model.row(row["prompt"], row["sentence"])
            ids = torch.from_numpy(text.ids).long()
            places = torch.from_numpy(text.predicted).nonzero().squeeze(1)
            hidden = model.model.decoder.hidden_states(ids[None])[0, places]
            each.append(-token_log_probabilities(hidden, model.model.decoder.lm_head_weight, ids[places + 1]).mean())
    return round(float(torch.stack(each).mean()), 3)


def described(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How many keep the rule, and how long they are."""
    return {
        "keep the rule": sum(each["keeps"] for each in answers),
        "words": statistics.median(each["words"] for each in answers),
    }


def judged(
    arguments: argparse.Namespace, workspace: Workspace, method: str, seed: int, unseen: Sequence[dict[str, str]],
    before: Sequence[dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """Train by one method, let both answer, and count."""
    name, data = f"{method}-{seed}", "thumbs" if method == "kto" else "pairs"
    changes = [f'name="{name}"', f'data.datasets=["{data}"]', f"training.seed={seed}", *arguments.set]
    command = ["--workspace", str(workspace.path), "run", f"preferences-{method}"]
    began, cpu = time.perf_counter(), time.process_time()
    assert fmstudio([*command, *(part for change in changes for part in ("--set", change))]) == 0
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    model = opened(workspace, name)
    after = asked(model, unseen)
    wins = sum(new["keeps"] and not old["keeps"] for new, old in zip(after, before, strict=True))
    losses = sum(old["keeps"] and not new["keeps"] for new, old in zip(after, before, strict=True))
    if arguments.examples:
        for row, old, new in list(zip(unseen, before, after, strict=True))[:8]:
            print(f"{row['prompt']}\n  base: {old['text']}\n  {method}: {new['text']}\n")
    low, high = wilson(wins, len(unseen))
    run = workspace.model(name).run
    told = {"wins": wins, "losses": losses, "of": len(unseen), "interval": [round(low, 3), round(high, 3)]}
    return told | described(after) | {
        "nats": nats(model, unseen), "minutes": round(wall / 60, 2), "cpu_minutes": round(cpu / 60, 2),
        "metrics": {key: round(float(series.values[-1]), 4) for key, series in workspace.metrics(run).items()},
    }  # fmt: skip


def wilson(successes: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    share = successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * (share * (1 - share) / trials + z * z / (4 * trials * trials)) ** 0.5
    return middle - half, middle + half


if __name__ == "__main__":
    main()
