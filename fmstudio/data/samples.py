"""The dataset that every new workspace begins with: Python's own reference, which every Python brings along."""

from collections.abc import Generator, Iterator
from typing import Any

from fmstudio.data.documents import Document
from fmstudio.data.text_intake import keep
from fmstudio.jobs import Artefact, Event, JobContext
from fmstudio.workspace import Workspace

NAME = "python-reference"


def ensure(context: JobContext, workspace: Workspace) -> Generator[Event, None, dict[str, Any]]:
    """Add the sample dataset where it is missing."""
    if any(record.name == NAME for record in workspace.datasets()) and workspace.dataset_folder(NAME).is_dir():
        return {"dataset": NAME}
    details = {
        "title": "Python language reference",
        "description": "Python's topics of help(): how the language works, in plain English with examples.",
        "licence": "PSF-2.0",
        "documents": "Each topic is one document.",
        "origin": "pydoc_data.topics",
        "complete": True,
    }
    record = keep(workspace, NAME, python_reference(), details)
    yield Artefact("dataset", NAME, str(workspace.dataset_folder(NAME)))
    return {"dataset": NAME, "documents": record.items, "bytes": record.bytes}


def python_reference() -> Iterator[Document]:
    """The topics in order of their keyword, each with its heading as title."""
    from pydoc_data.topics import topics

    for keyword, text in sorted(topics.items()):
        lines = text.strip().split("\n", 2)
        underlined = len(lines) > 1 and lines[1] and not lines[1].strip(lines[1][0]) and not lines[1][0].isalnum()
        yield Document(text.strip("\n"), lines[0].strip() if underlined else keyword, f"help({keyword!r})")
