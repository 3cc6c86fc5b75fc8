"""A dataset of pictures is shown page by page, counted, and freed of what is there twice."""

import json

import numpy as np
import pytest
from PIL import Image

from fmstudio.data import image_duplicates, image_preview, image_statistics, importing
from fmstudio.data.images import open_images
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext, Sample
from fmstudio.workspace.deleting import delete
from tests.pictures import keep_shapes


def shown(ran):
    return ran.of(Sample)[-1].data


@pytest.fixture
def page(pictured, run):
    """A page of the dataset "shapes"."""
    return lambda **wishes: shown(run(image_preview.page(JobContext(), pictured, "shapes", **wishes)))


# Pages.


def test_a_page_is_a_slice_of_all(pictured, page):
    found = page(start=10, count=5)
    assert (found["total"], found["start"], found["complete"]) == (60, 10, True)
    assert found["indices"] == [10, 11, 12, 13, 14]
    assert found["labels"] == ["cross", "square", "circle", "cross", "square"]
    assert found["captions"][0] == "A small red cross"
    with open_images(pictured, "shapes") as images:
        assert np.array_equal(found["pictures"], images.pixels[10:15])
    assert page(start=58, count=5)["indices"] == [58, 59]
    assert page(start=90, count=5)["pictures"].shape == (0, 16, 16, 3)


def test_a_page_of_a_class_and_of_captions(page):
    crosses = page(start=2, count=3, label="cross")
    assert crosses["total"] == 20
    assert crosses["indices"] == [7, 10, 13]
    found = page(search="SMALL red")
    assert found["total"] == 9
    assert all("small red" in caption for caption in found["captions"])
    both = page(label="cross", search="small red", start=1)
    assert both["total"] == 3
    assert len(both["indices"]) == 2
    assert page(label="triangle")["total"] == 0
    assert page(label="")["total"] == 0  # those without a class
    assert page(search="purple")["pictures"].shape == (0, 16, 16, 3)


def test_a_search_is_not_confused_by_another_dataset_of_the_name(pictured, page, run):
    assert page(search="red")["total"] == 21
    delete(pictured, "dataset", "shapes")
    keep_shapes(pictured, "shapes", count=6)
    assert page(search="red")["total"] == 3


def test_one_picture_and_some(pictured, run):
    one = shown(run(image_preview.one(JobContext(), pictured, "shapes", 12)))
    assert one["label"] == "circle"
    assert one["attributes"] == {"colour": "green", "size": "small"}
    assert (one["index"], one["source"], one["width"], one["mode"]) == (12, "shapes/circle/12.png", 16, "RGB")
    some = shown(run(image_preview.some(JobContext(), pictured, "shapes", [12, 3])))
    assert some["indices"] == [12, 3]
    assert np.array_equal(some["pictures"][0], one["pixels"])
    with pytest.raises(StudioError, match="Dataset 'shapes' has no picture 60; its pictures are 0 to 59"):
        run(image_preview.one(JobContext(), pictured, "shapes", 60))


def test_a_dataset_of_text_has_no_pictures(stocked, run):
    with pytest.raises(StudioError, match="Dataset 'articles' holds text, not pictures; choose a dataset of pictures"):
        run(image_preview.page(JobContext(), stocked, "articles"))


# What an import would make of a file.


def test_the_fitting_of_a_file(workspace, run, tmp_path):
    Image.new("RGBA", (1200, 600), (255, 0, 0, 255)).save(tmp_path / "a.png")
    options = {"crop": "fit", "size": 64}
    found = shown(run(image_preview.fitting(JobContext(), workspace, str(tmp_path / "a.png"), options)))
    assert found["original"].shape == (256, 512, 3)
    assert found["fitted"].shape == (64, 64, 3)
    assert (found["width"], found["height"], found["mode"], found["note"]) == (1200, 600, "RGBA", "")
    assert tuple(found["fitted"][0, 0]) == (255, 255, 255)
    run(importing.add(JobContext(), workspace, [str(tmp_path / "a.png")], "data", "images", options))
    with open_images(workspace, "data") as images:
        assert np.array_equal(images.pixels[0], found["fitted"])


def test_the_fitting_of_a_folder_and_of_a_bad_file(workspace, run, tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    Image.new("L", (5, 5)).save(tmp_path / "deep" / "er" / "a.png")
    assert shown(run(image_preview.fitting(JobContext(), workspace, str(tmp_path / "deep"))))["mode"] == "L"
    (tmp_path / "b.png").write_text("none")
    with pytest.raises(StudioError, match=r"b\.png cannot be imported: it is not a picture, or damaged\."):
        run(image_preview.fitting(JobContext(), workspace, str(tmp_path / "b.png")))
    with pytest.raises(StudioError, match=r"c\.png cannot be imported: it does not exist\."):
        run(image_preview.fitting(JobContext(), workspace, str(tmp_path / "c.png")))


# Statistics.


def test_statistics_count_everything_and_are_kept(pictured, run):
    found = shown(run(image_statistics.statistics(JobContext(), pictured, "shapes")))
    assert (found["pictures"], found["bytes"], found["height"], found["channels"]) == (60, 46_080, 16, 3)
    assert found["classes"] == {"circle": 20, "cross": 20, "square": 20}
    assert found["attributes"]["size"] == {"large": 33, "small": 27}
    assert found["original_sizes"] == [{"width": 16, "height": 16, "count": 60}]
    assert found["modes"] == {"RGB": 60}
    with open_images(pictured, "shapes") as images:
        pixels = np.array(images.pixels)
    assert np.abs(found["mean_picture"] - pixels.mean(axis=0)).max() <= 0.5
    for channel, name in enumerate(("red", "green", "blue")):
        assert found["histograms"][name] == np.bincount(pixels[..., channel].ravel(), minlength=256).tolist()
    again = run(image_statistics.statistics(JobContext(), pictured, "shapes"))
    assert len(again.events) == 1
    assert np.array_equal(shown(again)["mean_picture"], found["mean_picture"])


def test_statistics_of_another_dataset_of_the_name_are_counted_anew(pictured, run):
    run(image_statistics.statistics(JobContext(), pictured, "shapes"))
    old = (pictured.dataset_folder("shapes") / "statistics.json").read_text("utf-8")
    delete(pictured, "dataset", "shapes")
    keep_shapes(pictured, "shapes", count=6)
    (pictured.dataset_folder("shapes") / "statistics.json").write_text(old, "utf-8")
    assert shown(run(image_statistics.statistics(JobContext(), pictured, "shapes")))["pictures"] == 6


# Duplicates.


@pytest.fixture
def repeated(workspace, run, tmp_path):
    """70 different pictures; 70 is 3 again, 71 is 5 brighter by a little, 72 is 8 through JPEG, 73 is 9 recoloured."""
    random = np.random.default_rng(5)
    coarse = random.integers(0, 256, (70, 6, 6, 3), np.uint8)
    pictures = [np.asarray(Image.fromarray(picture).resize((32, 32), Image.Resampling.BICUBIC)) for picture in coarse]
    Image.fromarray(pictures[8]).save(tmp_path / "a.jpg", quality=80)
    with Image.open(tmp_path / "a.jpg") as image:
        through_jpeg = np.asarray(image)
    brighter = np.clip(pictures[5].astype(int) + 6, 0, 255).astype(np.uint8)
    np.save(tmp_path / "data.npy", np.stack([*pictures, pictures[3], brighter, through_jpeg, 255 - pictures[9]]))
    run(importing.add(JobContext(), workspace, [str(tmp_path / "data.npy")], "data", "images"))
    return workspace


def test_exact_and_similar_pictures_are_found(repeated, run):
    found = shown(run(image_duplicates.find(JobContext(), repeated, "data", 4)))
    assert found == {"exact": [[3, 70]], "similar": [[5, 71], [8, 72]], "pictures": 3}
    found = shown(run(image_duplicates.find(JobContext(), repeated, "data", 0)))
    assert found["exact"] == [[3, 70]]
    with pytest.raises(StudioError, match="distance is 20, but it must be a whole number from 0 to 16"):
        run(image_duplicates.find(JobContext(), repeated, "data", 20))


@pytest.mark.parametrize("distance", [0, 1, 3, 6, 12])
def test_no_pair_within_the_distance_is_missed(distance):
    """Against comparing every pair."""
    from fmstudio.data.perceptual import Alike

    random = np.random.default_rng(distance)
    codes = random.integers(0, 2**63, 40, np.uint64)
    flipped = [code ^ np.uint64(sum(1 << int(bit) for bit in random.choice(64, distance, replace=False)))
               for code in codes]  # fmt: skip
    codes = np.concatenate([codes, np.array(flipped, np.uint64)])
    alike = Alike(codes, np.zeros((80, 3), np.uint8), distance)
    for _ in alike.search():
        pass
    near = np.bitwise_count(codes[:, None] ^ codes[None]) <= distance
    reachable = np.linalg.matrix_power(near.astype(float), 80) > 0
    expected = {tuple(np.flatnonzero(row)) for row in reachable if row.sum() > 1}
    assert {tuple(group) for group in alike.groups()} == expected
    assert alike.done == alike.total


def test_what_is_removed_leaves_a_new_dataset(repeated, run):
    ran = run(image_duplicates.remove(JobContext(), repeated, "data", which="all"))
    assert ran.result == {"dataset": "data-unique", "pictures": 71, "bytes": 71 * 3072, "removed": 3}
    assert repeated.dataset("data").items == 74
    with open_images(repeated, "data") as old, open_images(repeated, "data-unique") as new:
        kept = [index for index in range(74) if index not in (70, 71, 72)]
        assert np.array_equal(new.pixels, old.pixels[kept])
        assert new.about(70) == old.about(73)
    assert (("dataset", "data"), ("dataset", "data-unique")) in repeated.lineage()
    assert repeated.dataset("data-unique").details["made_from"] == "data"
    lines = (repeated.dataset_folder("data-unique") / "removed.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["index"] for line in lines] == [70, 71, 72]
    assert [artefact.name for artefact in ran.of(Artefact)] == ["data-unique"]


def test_chosen_pictures_are_removed_with_what_is_known_of_the_others(pictured, run):
    run(image_duplicates.remove(JobContext(), pictured, "shapes", indices=list(range(0, 60, 3)), name="no circles"))
    assert pictured.dataset("no circles").details["classes"] == ["cross", "square"]
    with open_images(pictured, "no circles") as images:
        assert images.attributes_of(0) == {"colour": "red", "size": "large"}
        assert images.about(0)["caption"] == "A large red cross"
    with pytest.raises(StudioError, match="No picture of 'shapes' would be left; let at least one stay"):
        run(image_duplicates.remove(JobContext(), pictured, "shapes", indices=list(range(60))))
    with pytest.raises(StudioError, match="Dataset 'shapes' has no picture 99"):
        run(image_duplicates.remove(JobContext(), pictured, "shapes", indices=[99]))
