"""The workspace in which the answers of `recorded` are given: little of everything, made when it is first needed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from fmstudio.data import importing
from fmstudio.gui.data import jobs as data
from fmstudio.gui.diffusion import models
from fmstudio.gui.diffusion.forward import DISSOLVE
from fmstudio.gui.diffusion.source import SOURCE
from fmstudio.jobs import JobContext
from fmstudio.jobs.request import array_to_plain
from fmstudio.training.pretraining import pretrain
from fmstudio.workspace import Workspace
from tests.driving import run_job
from tests.laboratory.diffusion_models import recipe as diffusion_recipe
from tests.pictures import shape
from tests.texts import write_texts


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
def shapes(workspace: Workspace) -> None:
    """A dataset of pictures."""
    files(workspace)
    folder, options = str(_files(workspace) / "shapes"), {"size": 16}
    run_job(importing.add(JobContext(), workspace, [folder], "shapes", "images", options))


@_part
def diffusion(workspace: Workspace) -> None:
    """A diffusion model of shapes, and its run."""
    shapes(workspace)
    run_job(pretrain(JobContext(), workspace, diffusion_recipe() | {"name": "diffusion"}))


def job(*parts: Callable[[Workspace], None], **arguments: Any) -> Callable[[Workspace], dict[str, Any]]:
    """What a job is asked, once the parts that it needs are there. In arguments, {files} is where they are."""

    def asked(workspace: Workspace) -> dict[str, Any]:
        for part in parts:
            part(workspace)
        return {name: _placed(value, str(_files(workspace))) for name, value in arguments.items()}

    return asked


def _placed(value: Any, files: str) -> Any:
    if isinstance(value, list):
        return [_placed(each, files) for each in value]
    return value.replace("{files}", files) if isinstance(value, str) else value


OF_PICTURES = f"{data.IMPORT} of pictures"

JOBS: dict[str, Callable[[Workspace], dict[str, Any]]] = {
    data.DESCRIBE: job(),
    data.LISTING: job(),
    data.SAMPLES: job(),
    data.IMPORT: job(files, sources=["{files}/articles"], name="imported"),
    OF_PICTURES: job(files, sources=["{files}/shapes"], name="drawn", kind="images", options={"size": 16}),
    data.PREVIEW: job(articles, dataset="articles", start=0, count=3),
    data.STATISTICS: job(articles, dataset="articles"),
    data.REVIEW: job(articles, dataset="articles"),
    data.APPLY: job(articles, dataset="articles", name="articles-clean"),
    data.EXPLAIN: job(text="Now is", tokenizer={"kind": "byte"}),
    data.LEARN: job(articles, datasets=["articles"], vocabulary_size=300, name="articles-300"),
    data.PICTURES: job(shapes, dataset="shapes", start=0, count=256),
    data.PICTURE: job(shapes, dataset="shapes", index=4),
    data.SOME_PICTURES: job(shapes, dataset="shapes", indices=[0, 1]),
    data.FITTING: job(files, source="{files}/shapes/circle/00.png", options={"size": 16}),
    data.PICTURE_STATISTICS: job(shapes, dataset="shapes"),
    data.DUPLICATES: job(shapes, dataset="shapes"),
    data.WITHOUT_DUPLICATES: job(shapes, dataset="shapes", which="exact", name="shapes-unique"),
    data.DRAWN: job(style="bottts"),
    models.ABOUT: job(diffusion, model="diffusion"),
    SOURCE: job(shapes, dataset="shapes", index=0),
    DISSOLVE: job(picture=array_to_plain(shape(0).pixels), times=5),
    data.DRAW: job(style="bottts", count=5, name="robots"),
}
"""The jobs that panels ask for: the parts of the workspace that they need, and what they are asked. Where one job is
asked for different things, words after its target tell which."""
