"""What the data stage tells of its settings is what its jobs take."""

import pytest

from fmstudio.data.describe import describe
from fmstudio.data.generating import GeneratingOptions
from fmstudio.data.image_options import ImageImportOptions, VideoImportOptions
from fmstudio.data.rules import CleaningRules
from fmstudio.data.text_intake import TextImportOptions
from fmstudio.jobs import JobContext
from fmstudio.recipe import build
from tests.driving import run_job


@pytest.fixture
def told(workspace):
    """What the data stage says of itself."""
    (sample,), _ = run_job(describe(JobContext(), workspace))
    return sample.data


def test_the_settings_are_those_that_the_jobs_take(told):
    sections = {"text": TextImportOptions, "images": ImageImportOptions, "video": VideoImportOptions}
    for kind, section in sections.items():
        defaults = {setting.path.removeprefix("options."): setting.default for setting in told["importing_of"][kind]}
        assert build(section, defaults) == section()
    for key, prefix, section in (("cleaning", "rules.", CleaningRules), ("generating", "options.", GeneratingOptions)):
        defaults = {setting.path.removeprefix(prefix): setting.default for setting in told[key]}
        assert build(section, defaults) == section()


def test_the_endings_of_each_kind(told):
    endings = told["endings_of"]
    assert set(told["tables"]) < set(endings["text"])
    assert {".png", ".jpg", ".webp", ".npy", "idx3-ubyte.gz"} < set(endings["images"])
    assert {".mp4", ".webm"} < set(endings["video"])
    assert not set(endings["text"]) & set(endings["images"])


def test_the_styles_that_can_be_drawn(told):
    styles = {style["name"]: style for style in told["styles"]}
    assert styles["bottts"]["creator"] == "Pablo Stanley"
    assert styles["bottts"]["class_is"] == "head"
    assert "round01" in styles["bottts"]["attributes"]["head"]
