"""The workspace in which the answers of `recorded` are given: little of everything, made when it is first needed."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from fmstudio.adapt import batch, collections, generation
from fmstudio.data import importing, tokenizing
from fmstudio.jobs import JobContext
from fmstudio.training.pretraining import pretrain
from fmstudio.workspace import Workspace
from fmstudio.workspace.prompt_library import PromptLibrary
from fmstudio.workspace.prompts import PromptTemplate
from tests.adapt.conftest import HANDBOOK
from tests.adapt.words_encoder import REFERENCE
from tests.driving import run_job
from tests.laboratory.diffusion_models import recipe as diffusion_recipe
from tests.laboratory.language_models import keep_language_model
from tests.pictures import keep_shapes, shape
from tests.talks import TALKS
from tests.texts import write_texts

LANGUAGE: dict[str, Any] = {
    "family": "language",
    "name": "small",
    "data": {"datasets": ["articles"], "validation_tokens": 512},
    "tokenizer": {"kind": "byte"},
    "model": {"context": 32, "layers": 1, "width": 16, "heads": 2},
    "sample": {"tokens": 8, "prompt": "The "},
    "training": {"steps": 4, "batch_size": 4, "evaluate_every": 2, "checkpoint_every": 2, "warmup_steps": 2,
                 "device": "cpu"},
}  # fmt: skip
GAN: dict[str, Any] = {
    "family": "gan",
    "name": "gan",
    "data": {"datasets": ["shapes"], "conditioning": "class"},
    "model": {"latent": 8, "features": 4, "maximum_features": 8},
    "training": {"steps": 4, "batch_size": 6, "evaluate_every": 4, "checkpoint_every": 2, "device": "cpu"},
}

ADAPTER: dict[str, Any] = {
    "family": "instructions",
    "name": "adapter",
    "init": "roomy",
    "data": {"datasets": ["talks"], "validation_fraction": 0.4},
    "adapter": {"rank": 2},
    "retention": {"replay": 0.2, "replay_from": "any"},
    "training": {"steps": 2, "batch_size": 2, "evaluate_every": 2, "checkpoint_every": 2, "device": "cpu"},
}

REWARDED: dict[str, Any] = {
    "family": "reinforcement",
    "name": "rewarded",
    "init": "roomy",
    "data": {"datasets": ["talks"], "validation_fraction": 0.4},
    "objective": {"answers": 2, "tokens": 4, "asked": 1},
    "adapter": {"rank": 2},
    "training": {"steps": 2, "batch_size": 2, "evaluate_every": 2, "checkpoint_every": 2, "accumulation": 1,
                 "device": "cpu"},
}  # fmt: skip


def _part(make: Callable[[Workspace], None]) -> Callable[[Workspace], None]:
    """A part that is made once."""

    def made_once(workspace: Workspace) -> None:
        mark = workspace.path / f"has-{make.__name__}"
        if not mark.exists():
            make(workspace)
            mark.touch()

    return made_once


def _files(workspace: Workspace) -> Path:
    return workspace.path / "files"


@_part
def files(workspace: Workspace) -> None:
    """What is imported: articles, one of them twice but for a word, and pictures, one of them twice; some are bad."""
    texts = write_texts(_files(workspace) / "articles")
    (texts / "again.txt").write_text((texts / "assert.txt").read_text("utf-8") + " cafÃ©", "utf-8")
    (texts / "short.txt").write_text("Too short.", "utf-8")
    (texts / "empty.txt").touch()
    for number in range(18):
        place = _files(workspace) / "shapes" / shape(number).label
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(shape(number, 40).pixels).save(place / f"{number:02}.png")
    whole = (place.parent / "circle" / "00.png").read_bytes()
    (place.parent / "circle" / "99.png").write_bytes(whole)
    (place.parent / "square" / "half.png").write_bytes(whole[: len(whole) // 2])


@_part
def articles(workspace: Workspace) -> None:
    """A dataset of texts."""
    files(workspace)
    run_job(importing.add(JobContext(), workspace, [str(_files(workspace) / "articles")], "articles"))


@_part
def vocabulary(workspace: Workspace) -> None:
    """A tokenizer that is kept."""
    articles(workspace)
    run_job(tokenizing.train(JobContext(), workspace, ["articles"], 300, "words"))


@_part
def spare_vocabulary(workspace: Workspace) -> None:
    """A tokenizer that may go."""
    articles(workspace)
    run_job(tokenizing.train(JobContext(), workspace, ["articles"], 300, "spare"))


@_part
def spare(workspace: Workspace) -> None:
    """A dataset that nobody needs under its name."""
    files(workspace)
    run_job(importing.add(JobContext(), workspace, [str(_files(workspace) / "articles")], "spare"))


@_part
def shapes(workspace: Workspace) -> None:
    """A dataset of pictures."""
    files(workspace)
    folder, options = str(_files(workspace) / "shapes"), {"size": 16}
    run_job(importing.add(JobContext(), workspace, [folder], "shapes", "images", options))


@_part
def attributed(workspace: Workspace) -> None:
    """A dataset of pictures with attributes."""
    keep_shapes(workspace, "attributed", 24)


@_part
def diffusion(workspace: Workspace) -> None:
    """A diffusion model of shapes, and its run."""
    shapes(workspace)
    run_job(pretrain(JobContext(), workspace, diffusion_recipe() | {"name": "diffusion"}))


def vae_recipe(kind: str) -> dict[str, Any]:
    """A recipe for a variational autoencoder of a kind."""
    return {
        "family": "vae",
        "name": kind,
        "data": {"datasets": ["shapes"], "conditioning": "class", "validation_fraction": 0.2},
        "model": {"kind": kind, "latent": 4, "width": 8, "codebook_size": 16, "code_width": 4, "grid": 4,
                  "prior_width": 32, "prior_layers": 1},
        "training": {"steps": 4, "batch_size": 6, "evaluate_every": 4, "checkpoint_every": 2, "device": "cpu"},
    }  # fmt: skip


@_part
def gan(workspace: Workspace) -> None:
    """A GAN of shapes, and its run."""
    shapes(workspace)
    run_job(pretrain(JobContext(), workspace, GAN))


@_part
def vae(workspace: Workspace) -> None:
    """A Gaussian autoencoder of shapes, and its run."""
    shapes(workspace)
    run_job(pretrain(JobContext(), workspace, vae_recipe("gaussian")))


@_part
def codes(workspace: Workspace) -> None:
    """A vector-quantised autoencoder of shapes, and its run."""
    shapes(workspace)
    run_job(pretrain(JobContext(), workspace, vae_recipe("vector-quantised")))


@_part
def chatty(workspace: Workspace) -> None:
    """A language model that answers in no time, if not sensibly."""
    keep_language_model(workspace, chat=True)


@_part
def roomy(workspace: Workspace) -> None:
    """… and one that reads enough for passages of documents."""
    config = keep_language_model(workspace, "roomy", chat=True) / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"max_position_embeddings": 1024}))


@_part
def documents(workspace: Workspace) -> None:
    """Documents, of which one cannot be read, and questions about them."""
    folder = _files(workspace) / "documents"
    folder.mkdir(parents=True)
    (folder / "mixer.md").write_text(HANDBOOK, "utf-8")
    (folder / "moon.txt").write_text("The moon turns around the earth in twenty-seven days.\n\nIt has no air.", "utf-8")
    (folder / "torn.pdf").write_bytes(b"%PDF-1.7 and no more")
    questions = "question,source\nHow long is the warranty?,mixer.md\nWho sings?,moon.txt\nalone\n"
    (_files(workspace) / "questions.csv").write_text(questions, "utf-8")


COLLECTION: Mapping[str, Any] = {"options": {"size": 40, "overlap": 8}, "embedding": REFERENCE}


@_part
def collection(workspace: Workspace) -> None:
    """The documents, indexed."""
    documents(workspace)
    folder = str(_files(workspace) / "documents")
    run_job(collections.add(JobContext(), workspace, "manuals", [folder], **COLLECTION))


@_part
def table(workspace: Workspace) -> None:
    """A table and the prompt that is asked over it."""
    _files(workspace).mkdir(exist_ok=True)
    (_files(workspace) / "reviews.csv").write_text("Review,label,other\ngood,yes,\nbad\nfine,no,\n", "utf-8")
    PromptLibrary(workspace).save("Ask", PromptTemplate(user="It is {review}"))


ASKED_OVER: Mapping[str, Any] = {"prompt": "Ask", "model": "tiny", "settings": {"maximum_tokens": 4},
                                 "mapping": {"review": "Review"}, "expected": "label"}  # fmt: skip


@_part
def answered(workspace: Workspace) -> None:
    """The prompt, asked over the table: its id is in the file "batch"."""
    chatty(workspace)
    table(workspace)
    source = str(_files(workspace) / "reviews.csv")
    _, result = run_job(batch.run(JobContext(), workspace, source, **ASKED_OVER))
    (_files(workspace) / "batch").write_text(result["batch"], "utf-8")


@_part
def remembered(workspace: Workspace) -> None:
    """An answer in the feedback log: its id is in the file "entry"."""
    chatty(workspace)
    _files(workspace).mkdir(exist_ok=True)
    asked = generation.generate(JobContext(), workspace, "tiny", "The name ", settings={"maximum_tokens": 4}, log=True)
    (_files(workspace) / "entry").write_text(run_job(asked)[1]["feedback"], "utf-8")


@_part
def talks(workspace: Workspace) -> None:
    """Conversations to fine-tune on."""
    _files(workspace).mkdir(exist_ok=True)
    path = _files(workspace) / "talks.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in TALKS), "utf-8")
    run_job(importing.add(JobContext(), workspace, [str(path)], "talks", "instructions"))


@_part
def trained(workspace: Workspace) -> None:
    """A language model of a manual, which is the articles by another name, and its run."""
    articles(workspace)
    run_job(importing.add(JobContext(), workspace, [str(_files(workspace) / "articles")], "manual"))
    run_job(pretrain(JobContext(), workspace, {**LANGUAGE, "data": {**LANGUAGE["data"], "datasets": ["manual"]}}))


def job(*parts: Callable[[Workspace], None], **arguments: Any) -> Callable[[Workspace], dict[str, Any]]:
    """What a job is asked, once the parts that it needs are there. In arguments, {files} is where they are, {batch}
    the batch that was answered and {entry} the answer that was remembered."""

    def asked(workspace: Workspace) -> dict[str, Any]:
        for part in parts:
            part(workspace)
        return {name: _placed(workspace, value) for name, value in arguments.items()}

    return asked


def _placed(workspace: Workspace, value: Any) -> Any:
    if isinstance(value, list):
        return [_placed(workspace, each) for each in value]
    if value in ("{batch}", "{entry}"):
        return (_files(workspace) / value.strip("{}")).read_text("utf-8")
    return value.replace("{files}", str(_files(workspace))) if isinstance(value, str) else value
