"""The Diffusion panel on the real engine: a picture dissolves, a model draws, changes, fills and interpolates."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from fmstudio.gui.diffusion.forward import PATHS
from fmstudio.gui.diffusion.panel import DiffusionPanel
from fmstudio.laboratory import diffusion_forward
from fmstudio.nn.samplers import SAMPLER_TITLES
from tests.gui.data.hands import click, text
from tests.laboratory.diffusion_models import train_small

PATIENCE = 30_000  # milliseconds; a wait ends as soon as what it waits for is there


@pytest.fixture
def real(pictured, show, real_studio):
    """The panel with an engine of its own, a model and its pictures."""
    train_small(pictured)
    panel = show(DiffusionPanel(real_studio))
    panel.shown()
    return panel


def test_from_a_picture_to_noise_and_back(real, qtbot, tmp_path, monkeypatch):
    def wait(condition):
        qtbot.waitUntil(condition, timeout=PATIENCE)

    # A picture of the dataset dissolves under the mouse.
    assert list(PATHS) == list(diffusion_forward.PATHS)
    wait(lambda: text(real, "forward-time-label") == "time 0.40 · σ 0.40")
    bar = real.forward.scrubber.bar
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=bar.rect().center())
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=bar.rect().center())
    assert text(real, "forward-time-label") == "time 0.50 · σ 0.50"
    assert real.forward.signal.reading == "0.0 dB"
    real.forward.scrubber.to_last()
    assert real.forward.histogram.distance < 0.2

    # The model draws circles, and each step can be seen.
    real.look_at("reverse")
    wait(lambda: real.primary_action.isEnabled())
    fields = real.reverse.fields[0]
    sampler = fields.rows["sampler"].editor
    offered = {sampler.itemData(index): sampler.itemText(index) for index in range(sampler.count())}
    assert offered == SAMPLER_TITLES, "the form offers what the engine has, under the same names"
    fields.rows["steps"].set_value(5)
    fields.rows["sampler"].set_value("heun")
    fields.conditions["class"].set_value("circle")
    real.primary_action.trigger()
    wait(lambda: text(real, "reverse-facts-a").startswith("Heun, 5 steps · 9 evaluations"))
    assert text(real, "reverse-scrubber-label") == "after 5 steps · σ 0"
    real.reverse.scrubber.go_to(2)
    assert text(real, "reverse-scrubber-label").startswith("step 3 of 5 · σ 0.")

    # What is seen is saved.
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "sheet.png"), ""))
    next(action for action in real.reverse.export_menu().actions() if action.text().startswith("Sheet")).trigger()
    wait(lambda: Path(tmp_path / "sheet.png").exists())
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert np.array_equal(np.asarray(sheet)[:16, :16], real.reverse.player.array(0, "state")[0])

    # A region of a picture of the dataset is filled; the rest stays.
    real.look_at("edit")
    wait(lambda: real.edit.source.pixels is not None)
    click(real, "edit-mode-fill")
    real.edit.canvas.mask_region("right")
    real.edit.fields.rows["steps"].set_value(2)
    wait(lambda: real.primary_action.isEnabled())
    real.primary_action.trigger()
    wait(lambda: "evaluations" in text(real, "edit-facts-a"))
    filled = real.edit.player.array(0, "state").astype(int)
    assert np.abs(filled[:, :, :8] - real.edit.source.pixels[:, :8]).max() <= 1

    # And there are pictures between two seeds.
    real.look_at("between")
    wait(lambda: real.primary_action.isEnabled())
    real.between.frames.set_value(4)
    real.between.fields.rows["steps"].set_value(2)
    real.primary_action.trigger()
    wait(lambda: "evaluations" in text(real, "between-facts"))
    assert real.between.player.strip.count == 4


def test_a_model_that_was_damaged_is_named_in_place(real, qtbot, pictured):
    real.look_at("reverse")
    qtbot.waitUntil(lambda: real.primary_action.isEnabled(), timeout=PATIENCE)
    (pictured.model_folder("small") / "model.safetensors").write_bytes(b"nothing")
    real.primary_action.trigger()
    qtbot.waitUntil(lambda: real.reverse.error.showing, timeout=PATIENCE)
    assert "copy the folder again" in text(real, "reverse-error-sentence")
    assert real.primary_action.isEnabled()
