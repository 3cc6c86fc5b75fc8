"""A small model that takes turns, and conversations to teach it."""

import json
from pathlib import Path
from typing import Any

from fmstudio.jobs import JobContext
from fmstudio.workspace import LinkedModel, Workspace
from tests.driving import run_job

TALKS = [
    {"messages": [
        {"role": "user", "content": f"How long does {thing} last?"},
        {"role": "assistant", "content": f"It lasts {number} years."},
        {"role": "user", "content": "And the cat?"},
        {"role": "assistant", "content": f"The cat sat on {thing}."},
    ]}
    for number, thing in enumerate(["a mat", "a dog", "the hat", "the house", "a cat", "the sun", "it", "a year"], 2)
]  # fmt: skip

PAIRS = [
    {"prompt": talk["messages"][0]["content"], "chosen": talk["messages"][1]["content"], "rejected": "Nobody knows."}
    for talk in TALKS
]


def add_talks(workspace: Workspace, folder: Path) -> None:
    """Add the datasets "talks" and "choices", and link the model "tiny", which lies in the folder."""
    from fmstudio.data import importing
    from tests.gguf_files import CHAT, tiny_language_model, write_gguf

    for name, kind, rows in (("talks", "instructions", TALKS), ("choices", "preferences", PAIRS)):
        source = folder / f"{name}.jsonl"
        source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        run_job(importing.add(JobContext(), workspace, [str(source)], name, kind=kind))
    model = write_gguf(folder / "tiny.gguf", tiny_language_model(), template=CHAT)
    workspace.put_linked_model(LinkedModel("tiny", str(model)))


def add_tutor(workspace: Workspace, folder: Path, **shape: Any) -> None:
    """Link the model "tutor", which lies in the folder: like "tiny", with other numbers. shape: what else differs."""
    from tests.gguf_files import CHAT, tiny_language_model, write_gguf

    model = write_gguf(folder / "tutor.gguf", tiny_language_model(seed=1, **shape), template=CHAT)
    workspace.put_linked_model(LinkedModel("tutor", str(model)))
