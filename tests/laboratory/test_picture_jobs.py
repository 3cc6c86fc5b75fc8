"""Jobs on single pictures: dissolving one, fetching one to work on, saving what a window shows."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fmstudio.data.images import open_images
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Sample
from fmstudio.laboratory.diffusion_forward import dissolve
from fmstudio.laboratory.picture_export import save
from fmstudio.laboratory.picture_source import source
from fmstudio.workspace import Workspace
from tests.driving import of_kind, run_job

CONTEXT = JobContext()


@pytest.mark.parametrize("path", ["flow", "ddpm-linear", "ddpm-cosine"])
def test_a_picture_dissolves_into_the_gaussian(workspace: Workspace, path: str) -> None:
    picture = np.full((32, 32, 3), 255, np.uint8)
    found = of_kind(run_job(dissolve(CONTEXT, workspace, picture, path, 21, 3))[0], Sample)[0].data
    assert found["frames"].shape == (21, 32, 32, 3)
    assert np.array_equal(found["frames"][0], picture)
    assert (np.diff(found["decibels"][1:-1]) < 0).all()
    assert found["decibels"][10] == pytest.approx(20 * np.log10(found["alpha"][10] / found["sigma"][10]))
    widths = np.diff(found["edges"])
    distance = (np.abs(found["histograms"] - found["gaussian"]) * widths).sum(1) / 2
    assert distance[0] > 0.9
    assert distance[-1] < 0.08
    assert (found["histograms"] * widths).sum(1)[-1] == pytest.approx(0.997, abs=0.003)


def test_the_straight_path_is_named_by_its_numbers(workspace: Workspace) -> None:
    found = of_kind(run_job(dissolve(CONTEXT, workspace, np.zeros((4, 4, 1), np.uint8), "flow", 5))[0], Sample)[0].data
    assert found["alpha"].tolist() == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert found["sigma"].tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert found["decibels"][2] == 0.0


def test_an_unknown_path_is_named(workspace: Workspace) -> None:
    with pytest.raises(StudioError, match="path is 'spiral'; choose one of flow, ddpm-linear, ddpm-cosine"):
        run_job(dissolve(CONTEXT, workspace, np.zeros((4, 4, 1), np.uint8), "spiral"))


def test_a_picture_of_a_dataset_comes_as_it_is_or_in_a_models_size(pictured: Workspace) -> None:
    found = of_kind(run_job(source(CONTEXT, pictured, "shapes", 61))[0], Sample)[0].data
    with open_images(pictured, "shapes") as images:
        assert np.array_equal(found["pixels"], images.pixels[1])
    assert (found["index"], found["total"]) == (1, 60)
    grey = of_kind(run_job(source(CONTEXT, pictured, "shapes", 1, size=(8, 12, 1)))[0], Sample)[0].data
    assert grey["pixels"].shape == (8, 12, 1)


def test_a_file_is_cut_to_the_middle_and_put_on_white(workspace: Workspace, tmp_path: Path) -> None:
    pixels = np.zeros((40, 80, 4), np.uint8)
    pixels[:, 20:60] = [255, 0, 0, 255]
    pixels[:10] = 0  # transparent
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    found = of_kind(run_job(source(CONTEXT, workspace, file=str(tmp_path / "wide.png"), size=(8, 8, 3)))[0], Sample)[0]
    assert found.data["pixels"][7, 0].tolist() == [255, 0, 0]
    assert found.data["pixels"][0, 0].tolist() == [255, 255, 255]


def test_a_picture_at_hand_is_brought_to_a_size(workspace: Workspace) -> None:
    picture = np.full((16, 16, 1), 90, np.uint8)
    found = of_kind(run_job(source(CONTEXT, workspace, pixels=picture, title="mine", size=(8, 8, 3)))[0], Sample)[0]
    assert found.data["pixels"].shape == (8, 8, 3)
    assert (found.data["pixels"] == 90).all()
    assert found.data["title"] == "mine"


@pytest.mark.parametrize("content", [b"not a picture", b""])
def test_a_file_that_is_no_picture_is_refused_by_name(workspace: Workspace, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "notes.png").write_bytes(content)
    with pytest.raises(StudioError, match=r"notes\.png cannot be used: it is"):
        run_job(source(CONTEXT, workspace, file=str(tmp_path / "notes.png")))


def test_a_file_that_is_gone_is_named(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"gone\.png"):
        run_job(source(CONTEXT, workspace, file=str(tmp_path / "gone.png")))


def test_pictures_are_saved_alone_as_a_sheet_and_as_an_animation(tmp_path: Path) -> None:
    pictures = np.arange(4 * 8 * 8 * 3, dtype=np.uint8).reshape(4, 8, 8, 3)
    run_job(save(CONTEXT, str(tmp_path / "one.png"), pictures[:1], {"model": "robots"}))
    with Image.open(tmp_path / "one.png") as one:
        assert np.array_equal(np.asarray(one), pictures[0])
        assert one.info["model"] == "robots"
    run_job(save(CONTEXT, str(tmp_path / "sheet.png"), pictures))
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (18, 18)
    run_job(save(CONTEXT, str(tmp_path / "film.gif"), [pictures, pictures[::-1]], milliseconds=100))
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames >= 2
        assert min(film.size) >= 256
        assert film.info["loop"] == 0


def test_a_place_that_cannot_be_written_and_an_unknown_ending_are_named(tmp_path: Path) -> None:
    pictures = np.zeros((1, 4, 4, 3), np.uint8)
    (tmp_path / "file").touch()
    with pytest.raises(StudioError, match="cannot be used"):
        run_job(save(CONTEXT, str(tmp_path / "file" / "one.png"), pictures))
    with pytest.raises(StudioError, match=r"one\.txt ends in '\.txt'; choose \.png or \.gif"):
        run_job(save(CONTEXT, str(tmp_path / "one.txt"), pictures))
