"""Avatars are drawn from seeds: the same again, each with what can be seen in it."""

import numpy as np
import pytest

from fmstudio.data.avatars import colour_name, readable, styles
from fmstudio.data.generating import generate, preview
from fmstudio.data.images import open_images
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext, Progress, Sample


def test_robots_come_with_attributes_captions_and_classes(workspace, run):
    ran = run(generate(JobContext(), workspace, "bottts", 12, "robots", {"subject": "robot"}))
    assert ran.result == {"dataset": "robots", "pictures": 12, "bytes": 12 * 32 * 32 * 3, "skipped": []}
    assert [artefact.name for artefact in ran.of(Artefact)] == ["robots"]
    assert ran.of(Progress)[-1].done == ran.of(Progress)[-1].total == 12
    details = workspace.dataset("robots").details
    assert details["class_is"] == "head"
    assert details["creator"] == "Pablo Stanley"
    assert details["licence"] == "Free for personal and commercial use"
    assert set(details["attributes"]) == {"eyes", "head", "mouth", "sides", "texture", "top", "base colour"}
    with open_images(workspace, "robots") as images:
        for index in range(12):
            picture = images.picture(index)
            assert picture.label == picture.attributes["head"]
            assert picture.caption.startswith("A robot with ")
            assert f"{picture.attributes['base colour']} base" in picture.caption
            assert picture.pixels.min() < 128  # something is drawn,
            assert (picture.pixels[0, 0] == 255).all()  # on white
        assert len({images.pixels[index].tobytes() for index in range(12)}) == 12


def test_the_same_seed_draws_the_same_and_another_draws_others(workspace, run):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        run(generate(JobContext(), workspace, "pixel-art", 4, name, {"seed": seed, "size": 16}))
    contents = [workspace.dataset(name).details["content"] for name in "abc"]
    assert contents[0] == contents[1] != contents[2]


def test_the_preview_shows_what_will_be_drawn(workspace, run):
    (shown,) = run(preview(JobContext(), workspace, "moods", {"size": 24}, count=3)).of(Sample)
    run(generate(JobContext(), workspace, "moods", 3, "moods", {"size": 24}))
    with open_images(workspace, "moods") as images:
        assert np.array_equal(shown.data, images.pixels)


def test_every_style_tells_its_licence_and_what_differs():
    assert len(styles()) > 50
    for style in styles().values():
        assert style.licence
        assert style.creator
        assert style.attributes
        assert all(len(values) > 1 for values in style.attributes.values())
    assert "initials" not in styles()  # letters differ with the fonts of the computer


def test_colours_that_a_drawing_inherits_are_drawn(workspace, run):
    """QtSvg leaves them black."""
    (shown,) = run(preview(JobContext(), workspace, "slice", {"size": 32}, count=6)).of(Sample)
    colours = shown.data[:, 12:20, 12:20].reshape(-1, 3).astype(int)
    assert (np.ptp(colours, axis=1) > 30).mean() > 0.5


def test_the_background_shows(workspace, run):
    (shown,) = run(preview(JobContext(), workspace, "bottts", {"background": "#102030"}, count=1)).of(Sample)
    assert tuple(shown.data[0, 0, 0]) == (16, 32, 48)


def test_bad_wishes(workspace, run):
    with pytest.raises(StudioError, match=r"There is no style 'cubist'; choose one of adventurer, "):
        run(generate(JobContext(), workspace, "cubist", 4))
    with pytest.raises(StudioError, match=r"count is 0, but it must be a whole number from 1 to 1,000,000"):
        run(generate(JobContext(), workspace, "bottts", 0))
    with pytest.raises(StudioError, match=r"options.size is 4, but it must be a whole number from 8 to 512"):
        run(generate(JobContext(), workspace, "bottts", 4, options={"size": 4}))
    run(generate(JobContext(), workspace, "rings", 1, "mine"))
    with pytest.raises(StudioError, match="There is a dataset named 'mine' already"):
        run(generate(JobContext(), workspace, "rings", 1, "mine"))


def test_a_stop_keeps_what_is_drawn_and_a_cancel_nothing(workspace, run, monkeypatch):
    monkeypatch.setattr("fmstudio.data.pacing.Pace.due", lambda self: True)
    job = generate(JobContext(), workspace, "rings", 50, "rings")
    for _ in range(4):
        next(job)
    job.close()
    assert list((workspace.path / "datasets").iterdir()) == []
    context = JobContext()
    job = generate(context, workspace, "rings", 50, "rings")
    for _ in range(4):
        next(job)
    context.stop()
    assert run(job).result["pictures"] == 3
    assert workspace.dataset("rings").details["complete"] is False


@pytest.mark.parametrize(("value", "name"), [
    ("#ffffff", "white"), ("#050505", "black"), ("#808080", "grey"), ("#e45e4d", "red"), ("#1499da", "blue"),
    ("#40a843", "green"), ("#603a14", "brown"), ("#15a594", "teal"), ("#9975ea", "purple"), ("#cb9e6e", "tan"),
])  # fmt: skip
def test_colours_have_plain_names(value, name):
    assert colour_name(value) == name


def test_names_become_words():
    assert readable("roundFrame01") == "round frame 01"
