"""Ctrl+K leads to models where all of them are, of whatever family."""

import pytest

from fmstudio.gui.window.findings import findings
from fmstudio.gui.window.main_window import MainWindow
from fmstudio.workspace import ModelRecord


@pytest.mark.parametrize("family", ["language", "diffusion"])
def test_a_model_that_is_found_opens_in_models(studio, workspace, show, family):
    workspace.put_model(ModelRecord("plays-tiny", family, 851_000, 3_400_000))
    window = MainWindow(studio)
    window.unattended = True
    show(window)
    next(finding for finding in findings(window, ()) if finding.title == "plays-tiny").run()
    assert window.current == "models"
