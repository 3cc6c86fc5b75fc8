"""Models dropped anywhere on the window go to the playground; what people learn from goes to the data, as ever."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from fmstudio.gui.models.model_jobs import LINK
from fmstudio.gui.panel import find_panels
from fmstudio.gui.window.main_window import MainWindow


@pytest.fixture
def window(studio, show, monkeypatch):
    monkeypatch.setattr("fmstudio.gui.window.main_window.ask_to_stop", lambda *_: True)
    names = ("home", "data", "playground")
    return show(MainWindow(studio, tuple(info for info in find_panels() if info.name in names)))


def drop(window, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(600, 400), copy, data, left, none))
    QApplication.sendEvent(window, QDropEvent(QPointF(600, 400), copy, data, left, none))


@pytest.fixture
def model_folder(tmp_path):
    made = tmp_path / "llama"
    made.mkdir()
    (made / "config.json").write_text("{}")
    (made / "model.safetensors").touch()
    return made


@pytest.mark.parametrize("shown", ["home", "data"])
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_model_is_linked_wherever_it_is_dropped(window, engine, tmp_path, model_folder, shown, kind):
    path = model_folder if kind == "folder" else tmp_path / "mine.gguf"
    path.touch()
    window.show_panel(shown)  # nobody has looked at the playground yet
    drop(window, path)
    assert window.current == "playground"
    assert engine.requests[engine.latest(LINK)].arguments["path"] == str(path)


def test_texts_are_added_to_the_data_though_a_settings_file_is_among_them(window, engine, tmp_path, model_folder):
    texts = tmp_path / "project"
    texts.mkdir()
    (texts / "config.json").write_text("{}")
    window.show_panel("home")
    for paths in ([texts], [tmp_path / "plays.txt", tmp_path / "mine.gguf"]):
        drop(window, *paths)
        assert window.current == "data"
    assert window.panel("data").sheet.isVisible()
    assert LINK not in engine.targets()
