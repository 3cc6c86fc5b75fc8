"""The versions of a prompt: which there are, what changed between any two of them, and the way back to one."""

import html

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTextBrowser, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.playground.prompt.store import PromptStore
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import vbox
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.titled import side_by_side, titled
from fmstudio.workspace.prompt_difference import PartDifference, difference
from fmstudio.workspace.prompt_files import PromptVersion
from fmstudio.workspace.prompts import PromptTemplate

_NOW = -1  # what is being written
_GROUNDS = {"+": "token_4", "-": "error_soft"}  # grounds on which the colour of text is legible


class PromptVersions(QWidget):
    """reverted(version): a person wants to go on from an earlier version."""

    reverted = Signal(object)

    def __init__(self, theme: Theme, store: PromptStore) -> None:
        super().__init__()
        self.setObjectName("prompt-versions")
        self._theme, self._store = theme, store
        self._versions: dict[int, PromptVersion] = {}
        self.before = ChoiceField("prompt-version-before", "Compare this version", [])
        self.after = ChoiceField("prompt-version-after", "with this version", [])
        self.difference = QTextBrowser()
        self.difference.setObjectName("prompt-difference")
        self.difference.setAccessibleName("What changed")
        self.difference.setOpenLinks(False)
        self.about = label("", "caption", "prompt-version-about", wrap=True)
        self.revert = button("Go back to this version", "prompt-revert", theme, "mdi6.history", clicked=self._revert)
        self.setLayout(
            vbox(
                side_by_side(titled("From", self.before), titled("To", self.after)),
                self.about,
                (self.difference, 1),
                self.revert,
            )
        )
        for choice in (self.before, self.after):
            choice.edited.connect(self._show)
        theme.changed.connect(self._show)

    def refresh(self) -> None:
        """Offer the versions there are; the latest is compared with what is being written, else with the one before."""
        versions = self._store.versions()
        self._versions = {version.number: version for version in versions}
        for choice in (self.before, self.after):
            choice.clear()
            for version in reversed(versions):
                choice.addItem(_title(version), version.number)
        self.after.insertItem(0, "What is written now", _NOW)
        latest = versions[-1].number if versions else _NOW
        earlier = versions[-2].number if len(versions) > 1 else latest
        self.before.setCurrentIndex(self.before.findData(latest if self._store.unsaved else earlier))
        self.after.setCurrentIndex(self.after.findData(_NOW if self._store.unsaved else latest))
        self._show()

    def _template(self, number: object) -> PromptTemplate:
        version = self._versions.get(number) if isinstance(number, int) else None
        return version.template if version else self._store.template

    def _show(self) -> None:
        if not self._versions:
            self.about.setText("This prompt has no saved version yet.")
            self.difference.clear()
            self.revert.setEnabled(False)
            return
        version = self._versions.get(self.before.value())
        self.about.setText(_about(version) if version else "")
        parts = difference(self._template(self.before.value()), self._template(self.after.value()))
        self.difference.setHtml(as_html(parts, self._theme))
        self.revert.setEnabled(version is not None and version.template != self._store.template)
        self.revert.setText(f"Go back to version {version.number}" if version else "Go back")

    def _revert(self) -> None:
        if version := self._versions.get(self.before.value()):
            self.reverted.emit(version)


def _title(version: PromptVersion) -> str:
    kept = "built in" if version.number == 0 else version.message or formatting.when(version.created)
    return f"{version.number} · {kept}"


def _about(version: PromptVersion) -> str:
    if version.number == 0:
        return "Version 0 came with the program"
    when = f"Version {version.number}, saved {formatting.when(version.created)}"
    return f"{when}: {version.message}" if version.message else when


def as_html(parts: list[PartDifference], theme: Theme) -> str:
    """Differences as rich text: lines added and removed have a colour and the sign of a unified diff."""
    if not parts:
        return f'<p style="color: {theme.css("secondary")}">These two are the same.</p>'
    pieces = []
    for part in parts:
        pieces.append(f"<p><b>{html.escape(part.part)}</b></p>")
        lines = "".join(_line(line, theme) for line in part.lines)
        pieces.append(f'<div style="white-space: pre-wrap; font-family: monospace">{lines}</div>')
    return "".join(pieces)


def _line(line: str, theme: Theme) -> str:
    if line.startswith("@@"):
        return f'<div style="color: {theme.css("secondary")}">{html.escape(line)}</div>'
    ground = _GROUNDS.get(line[:1])
    background = f' style="background-color: {theme.css(ground)}"' if ground else ""
    return f"<div{background}>{html.escape(line)}</div>"
