"""Settings: how the window looks, what the engine computes on, and where things are."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.panel import Panel
from fmstudio.gui.settings.bin_view import BinView
from fmstudio.gui.studio import Studio
from fmstudio.gui.theme import TEXT_SIZES
from fmstudio.gui.widgets.boxes import boxed, hbox, row, stack, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.feedback.jobs import LOGGING, PROMISE, logging_on
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.labels import button, label, rule, scroll_area
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.switch import Switch
from fmstudio.places import log_path, state_folder

_WIDTH = 760
_DEVICES = {"cpu": "Processor (CPU)", "cuda": "NVIDIA or AMD GPU (CUDA)", "mps": "Apple GPU (MPS)"}


class SettingsPanel(Panel):
    """Every choice takes effect at once."""

    name = "settings"
    title = "Settings"
    summary = "How the studio looks, what it computes on, and where things are. Every choice takes effect at once."
    icon = "mdi6.cog-outline"
    chapter = "program"
    order = 1000
    commands = (("Bin: what was deleted", "mdi6.delete-outline", "look_at", "bin"),)

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._settings = studio.preferences
        cards = (self._looks(), self._computing(), self._feedback(), self._places())
        content = boxed(vbox(*cards, ..., gap=16))
        content.setMaximumWidth(_WIDTH)
        self.bin = BinView(studio)
        self.view = Segments([("general", "General"), ("bin", "Bin")], "settings-view", "What to look at")
        self.view.changed.connect(self.look_at)
        self._pages = stack("settings-pages", scroll_area(content, "settings-scroll"), self.bin)
        self.setLayout(vbox(row(self.view), (self._pages, 1), gap=16))
        self._settings.changed.connect(self._follow)
        studio.machine_changed.connect(self._show_machine)
        self._show_machine(studio.machine)

    # The cards.

    def _looks(self) -> Card:
        choices = [("system", "System"), ("light", "Light"), ("dark", "Dark")]
        self.looks = Segments(choices, "settings-theme", "Theme")
        self.looks.set_value(self._settings.get("theme"))
        self.looks.changed.connect(lambda choice: self._settings.set("theme", choice))
        sizes = [(size, str(size)) for size in TEXT_SIZES]
        self.text_size = Segments(sizes, "settings-text-size", "Text size in pixels")
        self.text_size.set_value(min(TEXT_SIZES, key=lambda size: abs(size - self._settings.get("text_size"))))
        self.text_size.changed.connect(lambda size: self._settings.set("text_size", size))
        card = _card("Appearance", "settings-appearance")
        _add(card, "Theme", "System follows what your desktop uses.", self.looks)
        _add(card, "Text size", "Height of the text in pixels; headings grow with it.", self.text_size)
        return card

    def _computing(self) -> Card:
        self.device = ChoiceField("settings-device", "Device", [])
        self.device.edited.connect(lambda: self._settings.set("device", self.device.value()))
        self.threads = ChoiceField("settings-threads", "Processor threads", [])
        self.threads.edited.connect(lambda: self._settings.set("threads", self.threads.value()))
        self.found = label("", "caption", "settings-found", wrap=True)
        for field in (self.device, self.threads):
            field.setMinimumWidth(280)
        card = _card("Computing", "settings-computing")
        _add(card, "Device", "Where new runs compute, unless a recipe says otherwise.", self.device)
        _add(
            card,
            "Processor threads",
            "How many cores the engine uses; fewer leave room for other programs.",
            self.threads,
        )
        card.body.addWidget(self.found)
        return card

    def _feedback(self) -> Card:
        self.logging = Switch(self.theme, "settings-logging", "Keep outputs and ratings in the feedback log")
        self.logging.setChecked(logging_on(self.studio))
        self.logging.clicked.connect(lambda on: self._settings.set(LOGGING, on))
        card = _card("Feedback", "settings-feedback")
        _add(card, "Feedback log", f"{PROMISE} When it is off, nothing new is kept.", self.logging)
        return card

    def _places(self) -> Card:
        theme, workspace = self.theme, self.studio.workspace.path
        card = _card("Places", "settings-places")
        buttons = boxed(
            hbox(
                button("Show folder", "settings-show-folder", theme, "mdi6.folder-outline", clicked=self._show_folder),
                button(
                    "Open another…",
                    "settings-open-workspace",
                    theme,
                    "mdi6.folder-open-outline",
                    clicked=self._open_another,
                ),
            )
        )
        _add(card, "Workspace", str(workspace), buttons)
        log = button("Open folder", "settings-log-folder", theme, "mdi6.folder-outline", clicked=self._show_log_folder)
        _add(card, "Log", f"{log_path()} keeps warnings, and what went wrong unforeseen.", log)
        to_bin = button(
            "Open the bin", "settings-open-bin", theme, "mdi6.delete-outline", clicked=lambda: self.look_at("bin")
        )
        _add(card, "Bin", "What you delete waits here until you empty it.", to_bin)
        _add(card, "These settings", str(self._settings.path), QWidget())
        return card

    # What they show and do.

    def _show_machine(self, machine: dict[str, Any]) -> None:
        devices = {device["name"]: device["title"] for device in machine.get("devices", [])}
        automatic = next(iter(devices.values()), "")
        self.device.clear()
        self.device.addItem(f"Automatic ({automatic})" if automatic else "Automatic", "auto")
        for name, title in _DEVICES.items():
            if name in devices or not machine:
                self.device.addItem(devices.get(name, title), name)
        wanted = self._settings.device
        if self.device.findData(wanted) < 0:
            self.device.addItem(f"{_DEVICES.get(wanted, wanted)} – not found here", wanted)
        self.device.set_value(wanted)
        self._show_threads(machine)
        self.found.setText(_found(machine))

    def _show_threads(self, machine: dict[str, Any]) -> None:
        cores = machine.get("cores", 0)
        self.threads.clear()
        self.threads.addItem("Automatic", 0)
        for number in range(1, max(cores, self._settings.threads) + 1):
            self.threads.addItem(formatting.plural(number, "thread"), number)
        self.threads.set_value(self._settings.threads)

    def _follow(self, name: str) -> None:
        """Another part of the window (the menu, the feedback panel) changed a choice that is shown here."""
        if name == "theme":
            self.looks.set_value(self._settings.get("theme"))
        elif name == LOGGING:
            self.logging.setChecked(logging_on(self.studio))

    def _show_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.studio.workspace.path)))

    def shown(self, **what: Any) -> None:
        """`view` is "general" or "bin"."""
        self.look_at(str(what.get("view") or self.view.value()))

    def look_at(self, view: str) -> None:
        """Show the settings, or the bin."""
        self.view.set_value(view)
        self._pages.setCurrentIndex(self.view.values.index(view))
        if view == "bin":
            self.bin.look()

    def _show_log_folder(self) -> None:
        state_folder().mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(state_folder())))

    def _open_another(self) -> None:
        here = str(self.studio.workspace.path.parent)
        if chosen := QFileDialog.getExistingDirectory(self, "Open or create a workspace", here):
            self.studio.workspace_wanted.emit(Path(chosen))


def _card(title: str, name: str) -> Card:
    made = Card(title, name)
    made.body.setSpacing(12)
    return made


def _add(card: Card, title: str, help: str, control: QWidget) -> None:
    """A line of a card: what it is and does at the left, its control at the right."""
    if card.body.count():
        card.body.addWidget(rule())
    name = control.objectName() or f"settings-{title.lower().replace(' ', '-')}"
    explained = label(help, "caption", f"{name}-help", wrap=True)
    explained.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    line = hbox(
        (vbox(label(title, "body", f"{name}-title"), explained, gap=2), 1),
        (control, 0, Qt.AlignmentFlag.AlignVCenter),
        gap=24,
    )
    card.body.addLayout(line)


def _found(machine: dict[str, Any]) -> str:
    if not machine:
        return "Looking for devices…"
    titles = ", ".join(device["title"] for device in machine["devices"])
    return f"Found: {titles}, {formatting.plural(machine['cores'], 'core')}, torch {machine['torch']}."
