"""The window as a person goes about in it. Its panels are stand-ins: those of the program have tests of their own."""

import sys
import types
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QMessageBox, QPushButton, QSplitter, QVBoxLayout, QWidget

from fmstudio.gui import preload
from fmstudio.gui.panel import Panel, PanelInfo, PrimaryAction
from fmstudio.gui.playground.composer import PromptField
from fmstudio.gui.widgets.error_box import Banner
from fmstudio.gui.window.main_window import MainWindow
from fmstudio.gui.window.window_state import fitting, last_panel
from fmstudio.jobs import Finished, JobRequest, Priority, Started
from fmstudio.workspace import CollectionRecord, DatasetRecord, FeedbackRecord, LinkedModel, ModelRecord, RunRecord
from fmstudio.workspace.conversation import Conversation
from fmstudio.workspace.conversations import ConversationStore
from fmstudio.workspace.prompt_library import PromptLibrary
from fmstudio.workspace.prompts import PromptTemplate

CHAPTERS = {"home": "home", "data": "data selection", "train": "pre-training", "settings": "program"}
OPENS = {
    "data": {"dataset": {"dataset": "*"}},
    "train": {"run": {"run": "*"}, "model": {"model": "*"}, "conversation": {"talk": "*"}, "feedback": {"entry": "*"},
              "collection": {"collection": "*"}, "prompt": {"prompt": "*"}, "batch": {"batch": "*"},
              "tokenizer": {"tokenizer": "*"}, "linked model": {"model": "*"}},
}  # fmt: skip


class StandIn(Panel):
    """Records what it is told."""

    def __init__(self, studio):
        super().__init__(studio)
        self.told = []
        self.taken = []
        self.header_controls = [QLabel("a control")]
        self.primary_action = PrimaryAction("Go", "mdi6.play", self)
        self.splitter = QSplitter()
        self.splitter.setObjectName(f"{self.name}-splitter")
        for _ in range(2):
            self.splitter.addWidget(QWidget())
        QVBoxLayout(self).addWidget(self.splitter)

    def shown(self, **what):
        self.told.append(what)

    def act(self, *given):
        self.told.append(given)


class DataStandIn(StandIn):
    def accepts(self, paths):
        return all(path.suffix == ".txt" for path in paths)

    def dropped(self, paths):
        self.taken = paths


@pytest.fixture
def infos(monkeypatch):
    module = types.ModuleType("stand_in_panels")
    monkeypatch.setitem(sys.modules, "stand_in_panels", module)
    made = []
    for name, chapter in CHAPTERS.items():
        base = DataStandIn if name == "data" else StandIn
        setattr(module, name, type(name, (base,), {"name": name, "title": name.capitalize()}))
        command = (f"Command of {name.capitalize()}", "mdi6.play", "act", name)
        made.append(
            PanelInfo(
                "stand_in_panels", name, name, name.capitalize(), f"About {name}.", "mdi6.circle", chapter,
                opens=OPENS.get(name, {}), commands=(command,), takes="files" if name == "data" else "",
            )
        )  # fmt: skip
    return tuple(made)


@pytest.fixture
def window(studio, infos, show):
    made = MainWindow(studio, infos)
    made.show_panel("home")

    def end_all(_) -> None:
        # A window whose jobs still ran would ask before it closes, and wait for an answer.
        studio.jobs.deliver([(state.id, Finished("cancelled")) for state in studio.jobs.active()])

    return show(made, before_close=end_all)


def press(window, key, modifiers=Qt.KeyboardModifier.ControlModifier):
    """A key pressed in the active window."""
    from PySide6.QtTest import QTest

    window.activateWindow()
    QTest.keyClick(window, key, modifiers)


def test_the_navigation_has_every_panel_with_icon_label_and_key(window, infos):
    for info in infos:
        button = window.navigation.button(info.name)
        assert button.text() == info.title
        assert not button.icon().isNull()
        assert button.iconSize().height() == 18
        assert info.summary in button.toolTip()
    keys = {name: window.findChild(QLabel, f"navigation-{name}-key").text() for name in ("data", "train")}
    assert keys == {"data": "1", "train": "2"}


def test_a_click_in_the_navigation_shows_the_panel(window, qtbot):
    qtbot.mouseClick(window.navigation.button("train"), Qt.MouseButton.LeftButton)
    assert window.current == "train"
    assert window.navigation.button("train").isChecked()
    assert window.findChild(QLabel, "train-title").isVisible()
    assert window.findChild(QLabel, "train-summary").text() == "About train."


def test_keys_show_panels(window):
    shown = []
    for key in (Qt.Key.Key_2, Qt.Key.Key_1, Qt.Key.Key_Comma, Qt.Key.Key_0):
        press(window, key)
        shown.append(window.current)
    assert shown == ["train", "data", "settings", "home"]


def test_a_panel_is_built_when_it_is_needed_and_told_what_to_show(window, studio):
    assert [panel.name for panel in window.built_panels()] == ["home"]
    studio.navigate("train", run="r-1")
    assert window.panel("train").told == [{"run": "r-1"}]


def test_a_panel_that_does_not_exist_is_not_gone_to(window, studio):
    studio.navigate("playground", model="m")
    assert window.current == "home"


def test_the_code_of_the_rest_is_loaded_when_there_is_nothing_to_do_and_no_panel_is_built(
    window, qtbot, studio, monkeypatch
):
    monkeypatch.setattr(preload, "CALM", 1)
    monkeypatch.setattr(preload, "INTERVAL", 1)
    job = studio.submit(JobRequest("Train", "a:t"))
    studio.jobs.deliver([(job, Started())])
    window.load_the_rest()
    qtbot.wait(100)
    assert not window.preload.done, "a job runs"
    studio.jobs.deliver([(job, Finished())])
    qtbot.waitUntil(lambda: window.preload.done, timeout=60_000)
    assert [panel.name for panel in window.built_panels()] == ["home"]


def test_ctrl_enter_does_what_the_primary_button_does_if_it_can(window):
    done = []
    action = window.panel("home").primary_action
    action.triggered.connect(lambda: done.append("go"))
    press(window, Qt.Key.Key_Return)
    action.refuse("Choose a dataset first.")
    press(window, Qt.Key.Key_Return)
    assert done == ["go"]
    reason = window.findChild(QLabel, "home-primary-reason")
    assert reason.isVisible()
    assert reason.text() == "Choose a dataset first."
    assert not window.findChild(QPushButton, "primary-button").isEnabled()


def test_esc_stops_the_interactive_job_only(window, studio, engine):
    train = studio.submit(JobRequest("Train", "a:t"))
    write = studio.submit(JobRequest("Write", "a:w", priority=Priority.INTERACTIVE))
    studio.jobs.deliver([(train, Started()), (write, Started())])
    press(window, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    assert engine.calls == [("stop", write)]


# Finding anything.


@pytest.fixture
def full(workspace):
    workspace.put_dataset(DatasetRecord("plays", "text", 42, 6_500_000))
    workspace.put_run(RunRecord("r-1", "plays tiny", "language", ""))
    workspace.put_model(ModelRecord("plays-tiny", "language", 851_000, 3_400_000))
    return workspace


def found(window) -> list[str]:
    return [window.palette_box.list.item(row).text() for row in range(window.palette_box.list.count())]


def test_ctrl_k_finds_panels_things_and_commands(full, window, qtbot):
    press(window, Qt.Key.Key_K)
    assert window.palette_box.isVisible()
    assert {"Home", "Data", "plays", "plays tiny", "plays-tiny", "Theme: Dark", "Command of Home"} <= set(found(window))
    qtbot.keyClicks(window.palette_box.field, "tin")
    assert sorted(found(window)[:2]) == ["plays tiny", "plays-tiny"]
    assert found(window)[2] == "Settings"
    qtbot.keyClicks(window.palette_box.field, " run")
    assert found(window) == ["plays tiny"]
    qtbot.keyClick(window.palette_box.field, Qt.Key.Key_Return)
    assert not window.palette_box.isVisible()
    assert window.current == "train"
    assert window.panel("train").told == [{"run": "r-1"}]


def test_arrows_choose_among_what_was_found(window, qtbot):
    window.open_palette()
    window.palette_box.field.setText("Dat")
    qtbot.keyClick(window.palette_box.field, Qt.Key.Key_Down)
    qtbot.keyClick(window.palette_box.field, Qt.Key.Key_Up)
    qtbot.keyClick(window.palette_box.field, Qt.Key.Key_Return)
    assert window.current == "data"


def test_what_does_not_exist_is_said_to_be_missing(window):
    window.open_palette()
    window.palette_box.field.setText("zebra")
    assert found(window) == []
    assert window.palette_box.findChild(QLabel, "palette-nothing").isVisible()
    window.palette_box.hide()


def test_everything_that_the_workspace_has_is_found_and_opened_by_who_says_so(workspace, window, qtbot):
    fill(workspace)
    keys = {
        "plays": "dataset", "plays tiny": "run", "plays-tiny": "model", "borrowed": "model", "manuals": "collection",
        "Hello there": "talk", "Translate it": "prompt", "words": "tokenizer", "Translate it over rows.csv": "batch",
        "Who was he?": "entry",
    }  # fmt: skip
    window.open_palette()
    for title, argument in keys.items():
        finding = next(each for each in window.palette_box._findings if each.title == title)
        finding.run()
        (told,) = window.panel(window.current).told[-1].items()
        assert told[0] == argument, title
        assert told[1]
    assert [panel.name for panel in window.built_panels()] == ["home", "data", "train"]
    window.palette_box.hide()


def fill(workspace) -> None:
    """One thing of each kind."""
    workspace.put_dataset(DatasetRecord("plays", "text", 42, 6_500_000))
    workspace.put_run(RunRecord("r-1", "plays tiny", "language", ""))
    workspace.put_model(ModelRecord("plays-tiny", "language", 851_000, 3_400_000))
    workspace.put_linked_model(LinkedModel("borrowed", "/models/borrowed.gguf"))
    workspace.put_collection(CollectionRecord("manuals", 3, 40, 1000))
    talk = Conversation()
    talk.add("", "user", "Hello there")
    ConversationStore(workspace).save(talk)
    PromptLibrary(workspace).save("Translate it", PromptTemplate(user="Translate: {text}"))
    words = workspace.path / "tokenizers" / "words" / "tokenizer.json"
    batch = workspace.path / "batches" / "b-1" / "batch.json"
    for file, text in ((words, "{}"), (batch, '{"prompt": "Translate it", "source": "/tables/rows.csv"}')):
        file.parent.mkdir(parents=True)
        file.write_text(text)
    workspace.feedback.add(FeedbackRecord("text", "plays-tiny", "Who was he?", "A king"))


def test_the_commands_of_a_panel_are_found_before_it_is_built_and_build_it(window):
    window.open_palette()
    found = next(each for each in window.palette_box._findings if each.title == "Command of Train")
    found.run()
    assert window.panel("train").told == [{}, ("train",)]
    window.palette_box.hide()


def test_a_command_is_run_from_the_palette(window, studio, qtbot):
    window.open_palette()
    window.palette_box.field.setText("theme dark")
    qtbot.keyClick(window.palette_box.field, Qt.Key.Key_Return)
    assert studio.preferences.get("theme") == "dark"


# Files from outside.


def dropped(window, paths: list[Path], kind=QDropEvent, proposed=Qt.DropAction.CopyAction):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    place = QPointF(600, 400) if kind is QDropEvent else QPoint(600, 400)
    event = kind(place, proposed | Qt.DropAction.CopyAction, data, left, none)
    event.setDropAction(proposed)
    event.ignore()
    QApplication.sendEvent(window, event)
    return event.isAccepted(), event.dropAction()  # the event itself dies with its data


@pytest.mark.parametrize("kind", [QDragEnterEvent, QDragMoveEvent, QDropEvent])
def test_the_source_of_a_drop_is_never_told_that_its_files_were_moved(window, tmp_path, kind):
    dropped(window, [tmp_path / "one.txt"], QDragEnterEvent)
    answer = dropped(window, [tmp_path / "one.txt"], kind, Qt.DropAction.MoveAction)
    assert answer == (True, Qt.DropAction.CopyAction)


def test_files_dragged_over_a_field_for_text_are_for_the_window(window, tmp_path, qtbot):
    field = PromptField("field", "A field")
    window.panel("home").layout().addWidget(field)
    assert dropped(field.viewport(), [tmp_path / "one.txt"], QDragEnterEvent)[0]
    assert window._drop_hint.isVisible()
    assert not field.toPlainText()


def test_files_go_to_the_panel_that_takes_them(window, tmp_path):
    files = [tmp_path / "one.txt", tmp_path / "two.txt"]
    assert dropped(window, files, QDragEnterEvent)[0]
    assert window._drop_hint.isVisible()
    assert window._drop_hint.accessibleName() == "Drop to add to Data"
    assert [panel.name for panel in window.built_panels()] == ["home"], "none is built for being asked"
    dropped(window, files)
    assert not window._drop_hint.isVisible()
    assert window.panel("data").taken == files
    assert window.current == "data"


def test_files_that_no_panel_takes_are_refused(window, tmp_path):
    window.panel("data")
    assert not dropped(window, [tmp_path / "film.mov"], QDragEnterEvent)[0]
    assert not window._drop_hint.isVisible()


# Notices, state, closing.


def test_a_notice_of_the_workspace_is_a_banner(workspace, studio, infos, show):
    workspace.notice = "The index was rebuilt."
    window = show(MainWindow(studio, infos))
    banner = window.findChild(Banner, "notice")
    assert banner.isVisible()
    assert banner.sentence.text() == "The index was rebuilt."


def test_the_window_comes_back_as_it_was(studio, infos, show, qtbot):
    first = show(MainWindow(studio, infos), 1100, 700)
    first.show_panel("train")
    first.panel("train").splitter.setSizes([300, 500])
    sizes = first.panel("train").splitter.sizes()
    first.close()
    second = MainWindow(studio, infos)
    assert last_panel(second) == "train"
    second.show_panel("train")
    show(second, second.width(), second.height())
    assert second.height() == 700  # the virtual screen is narrower than the window may be
    share = [size / sum(sizes) for size in sizes]
    after = second.panel("train").splitter.sizes()
    assert [size / sum(after) for size in after] == pytest.approx(share, abs=0.01)
    assert share != pytest.approx([0.5, 0.5], abs=0.1)


def test_a_panel_that_is_gone_is_not_shown_again(studio, infos, show):
    studio.preferences.remember(studio.workspace.path, "panel", "playground")
    assert last_panel(show(MainWindow(studio, infos))) == "home"


def answer(button: str, said: list[str] | None = None):
    """Press a button of the question that comes up."""

    def press():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        if said is not None:
            said.append(box.text())
        box.findChild(QPushButton, button).click()

    QTimer.singleShot(0, press)


def test_closing_asks_while_a_job_runs(window, studio):
    closed = []
    window.closed.connect(lambda: closed.append(True))
    job = studio.submit(JobRequest("Train “plays”", "a:t"))
    studio.jobs.deliver([(job, Started())])
    said = []
    answer("quit-keep", said)
    assert not window.close()
    assert said == ["Train “plays” is not finished."]
    assert closed == []
    answer("quit-yes")
    assert window.close()
    assert closed == [True]


def test_the_window_opens_no_larger_than_its_screen():
    assert fitting(QSize(1280, 800), QSize(1920, 1080)) == QSize(1280, 800)
    small = fitting(QSize(1280, 800), QSize(1024, 700))
    assert small.width() == 1024
    assert 600 < small.height() < 700


def test_closing_asks_nothing_when_nothing_runs(window):
    assert window.close()


# Menus and dialogs.


def test_the_theme_menu_follows_the_theme(window, theme):
    theme.choose("dark")
    checked = [action.objectName() for action, _ in window.menus.commands if action.isChecked()]
    assert checked == ["action-theme-dark"]


def test_the_shortcuts_are_listed_and_the_list_closes(window, qtbot):
    window.menus.show_shortcuts()
    dialog = window.findChild(QDialog, "shortcuts-dialog")
    texts = [each.text() for each in dialog.findChildren(QLabel)]
    assert {"Ctrl+K", "Esc", "Go to Data"} <= set(texts)
    qtbot.mouseClick(dialog.findChild(QPushButton, "shortcuts-close"), Qt.MouseButton.LeftButton)


def test_about_names_the_version(window):
    import fmstudio

    window.menus.show_about()
    box = window.findChild(QMessageBox, "about")
    assert fmstudio.__version__ in box.text()
    box.close()


def test_the_job_list_opens_above_the_bar(window):
    press(window, Qt.Key.Key_J)
    assert window.job_list.isVisible()
    assert window.job_list.geometry().bottom() <= window.job_bar.mapToGlobal(window.job_bar.rect().topLeft()).y()
    window.job_list.hide()


def test_the_device_is_shown_in_the_job_bar(window, studio):
    device = window.findChild(QLabel, "job-bar-device")
    devices = [{"name": "cuda", "title": "NVIDIA X"}, {"name": "cpu", "title": "CPU · 2 threads"}]
    studio.know_machine({"devices": devices, "threads": 2, "cores": 2})
    assert device.text() == "NVIDIA X"
    studio.preferences.set("device", "cpu")
    assert device.text() == "CPU · 2 threads"


def test_every_control_can_be_named(window):
    from PySide6.QtWidgets import QAbstractButton, QLineEdit

    controls = [*window.findChildren(QAbstractButton), *window.findChildren(QLineEdit)]
    silent = [each.objectName() for each in controls if not _belongs_to_qt(each) and not each.accessibleName()]
    assert not silent


def _belongs_to_qt(control) -> bool:
    """Buttons that Qt makes inside its own widgets: scroll bars, fields, the menu bar."""
    return not control.objectName() or control.objectName().startswith("qt_")
