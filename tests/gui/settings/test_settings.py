"""Settings take effect, are kept, and are read back."""

import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton

from fmstudio.gui.preferences import Preferences, preferences_path
from fmstudio.gui.settings.panel import SettingsPanel

MACHINE = {
    "devices": [{"name": "cuda", "title": "NVIDIA X"}, {"name": "cpu", "title": "CPU · 2 threads"}],
    "threads": 2,
    "cores": 4,
    "torch": "2.13.0",
}


@pytest.fixture
def panel(studio, show):
    return show(SettingsPanel(studio), 1040, 700)


def choose(field, value) -> None:
    """As a person chooses from a list."""
    field.setCurrentIndex(field.findData(value))
    field.activated.emit(field.currentIndex())


def test_theme_and_text_size_are_chosen(panel, studio):
    panel.looks.button("dark").click()
    panel.text_size.button(16).click()
    assert (studio.preferences.get("theme"), studio.preferences.get("text_size")) == ("dark", 16)


def test_only_devices_that_were_found_are_offered(panel, studio):
    studio.know_machine(MACHINE)
    offered = [panel.device.itemText(row) for row in range(panel.device.count())]
    assert offered == ["Automatic (NVIDIA X)", "CPU · 2 threads", "NVIDIA X"]
    assert panel.found.text() == "Found: NVIDIA X, CPU · 2 threads, 4 cores, torch 2.13.0."
    choose(panel.device, "cpu")
    assert studio.preferences.device == "cpu"


def test_a_chosen_device_that_is_gone_is_named(panel, studio):
    studio.preferences.set("device", "mps")
    studio.know_machine(MACHINE)
    assert panel.device.currentText() == "Apple GPU (MPS) – not found here"


def test_threads_go_up_to_the_cores(panel, studio):
    studio.know_machine(MACHINE)
    assert [panel.threads.itemData(row) for row in range(panel.threads.count())] == [0, 1, 2, 3, 4]
    choose(panel.threads, 3)
    assert studio.preferences.threads == 3


def test_the_workspace_is_shown_and_another_can_be_asked_for(panel, studio, tmp_path, monkeypatch):
    assert panel.findChild(QLabel, "settings-workspace-help").text() == str(studio.workspace.path)
    wanted = []
    studio.workspace_wanted.connect(wanted.append)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "other"))
    panel.findChild(QPushButton, "settings-open-workspace").click()
    assert wanted == [tmp_path / "other"]


def test_preferences_are_kept_in_the_user_s_configuration(tmp_path, qapp):
    assert preferences_path() == tmp_path / "user-config" / "settings.ini"
    first = Preferences(preferences_path())
    told = []
    first.changed.connect(told.append)
    first.set("threads", 3)
    first.set("threads", 3)
    first.save()
    assert told == ["threads"]
    assert Preferences(preferences_path()).threads == 3


def test_a_damaged_preference_counts_as_not_chosen(tmp_path, qapp):
    file = tmp_path / "settings.ini"
    file.write_text("[preferences]\ntext_size=huge\n")
    assert Preferences(file).get("text_size") == 13


def test_the_log_is_shown_and_its_folder_opens(panel, tmp_path, monkeypatch):
    assert str(tmp_path / "user-state" / "fmstudio.log") in panel.findChild(QLabel, "settings-log-folder-help").text()
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    panel.findChild(QPushButton, "settings-log-folder").click()
    assert opened == [str(tmp_path / "user-state")]
    assert (tmp_path / "user-state").is_dir()


def test_a_command_and_a_button_lead_to_the_bin(panel):
    assert panel.view.value() == "general"
    panel.findChild(QPushButton, "settings-open-bin").click()
    assert (panel.view.value(), panel.bin.isVisible()) == ("bin", True)
    panel.shown(view="general")
    assert not panel.bin.isVisible()
