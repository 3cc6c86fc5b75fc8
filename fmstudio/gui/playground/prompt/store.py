"""The prompt that is being written: which one of the library it is, what is saved of it, and what is not yet.

Whatever is written is kept as a draft a moment later, so that leaving the view or a power cut loses nothing.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from fmstudio.errors import StudioError
from fmstudio.gui.studio import Studio
from fmstudio.workspace.prompt_files import PromptVersion
from fmstudio.workspace.prompt_library import PromptEntry, PromptLibrary
from fmstudio.workspace.prompts import PromptTemplate

KIND = "prompt"
_NEW = "New prompt"
_SOON = 800  # milliseconds after the last key until a draft is kept
Answer = TypeVar("Answer")


class PromptStore(QObject):
    """listed: the library has other prompts. opened: another prompt, or another version of it, is in the editor.

    edited: what is written has changed. saved: there is a new version. failed(sentence). deleted(name): can be undone.
    """

    listed = Signal()
    opened = Signal()
    edited = Signal()
    saved = Signal()
    deleted = Signal(str)
    failed = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self.name = ""
        self.template = PromptTemplate()
        self.base = PromptVersion(0, "", "", PromptTemplate())
        self.entries: list[PromptEntry] = []
        self._soon = QTimer(self, singleShot=True, interval=_SOON)
        self._soon.timeout.connect(self.keep)
        self.library = PromptLibrary(studio.workspace)
        studio.workspace_changed.connect(self._workspace_changed)
        self.refresh()

    # What there is.

    @property
    def entry(self) -> PromptEntry | None:
        """The library's entry of the prompt in the editor."""
        return next((entry for entry in self.entries if entry.name == self.name), None)

    @property
    def unsaved(self) -> bool:
        """Whether what is written differs from the latest version."""
        entry = self.entry
        return bool(self.name) and (self.template != self.base.template or entry is None or not entry.versions)

    def versions(self) -> list[PromptVersion]:
        """The versions of the prompt in the editor, the oldest first."""
        return self.library.versions(self.name) if self.name else []

    def refresh(self) -> None:
        """Read the library anew."""
        self.entries = self._tried(self.library.entries) or []
        self.listed.emit()

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if kind == KIND:
            self.refresh()

    # What is in the editor.

    def open(self, name: str) -> None:
        """Put a prompt in the editor as it was left: its draft, else its latest version."""
        self.keep()
        draft = self.library.draft(name)
        base = self._tried(lambda: self.library.version(name)) if self._has_version(name) else None
        if draft is None and base is None:
            return
        self.name, self.base = name, base or PromptVersion(0, "", "", PromptTemplate())
        self.template = draft or self.base.template
        self.opened.emit()

    def _has_version(self, name: str) -> bool:
        return any(entry.name == name and entry.versions for entry in self.entries)

    def write(self, template: PromptTemplate) -> None:
        """Take what a person has written."""
        if template != self.template:
            self.template = template
            self._soon.start()
            self.edited.emit()

    def keep(self) -> None:
        """Keep what is not saved as a draft, and forget a draft that says nothing new."""
        if not self._soon.isActive():
            return
        self._soon.stop()
        if self.unsaved:
            self._tried(lambda: self.library.keep_draft(self.name, self.template))
        else:
            self._tried(lambda: self.library.drop_draft(self.name))
        self.refresh()

    def revert(self, version: PromptVersion | None = None) -> None:
        """Write a version (the latest) over what is in the editor; it is not saved by that."""
        self.template = (version or self.base).template
        self._soon.start()
        self.opened.emit()
        self.edited.emit()

    def save(self, message: str) -> None:
        """Add what is written as a version."""
        self._soon.stop()
        version = self._tried(lambda: self.library.save(self.name, self.template, message))
        if version:
            self.base = version
            self._tell(self.name)
            self.saved.emit()

    # The library.

    def begin(self) -> None:
        """A new prompt, empty."""
        self.keep()
        name = self._tried(lambda: self.library.free_name(_NEW))
        if name:
            self._tried(lambda: self.library.keep_draft(name, PromptTemplate()))
            self._go_to(name)

    def rename(self, new: str) -> None:
        """Call the prompt in the editor otherwise."""
        new = new.strip()
        if not self.name or not new or new == self.name:
            return
        self.keep()
        if self._done(lambda: self.library.rename(self.name, new)):
            self._go_to(new)

    def duplicate(self, name: str) -> None:
        """A copy of a prompt's latest version as a prompt of its own."""
        self.keep()
        if copy := self._tried(lambda: self.library.duplicate(name)):
            self._go_to(copy)

    def delete(self, name: str) -> None:
        """Take a prompt out of the library; `restore` undoes it."""
        if name == self.name:
            self.keep()
        if self._done(lambda: self.library.delete(name)):
            if name == self.name:
                self.name = ""
            self._tell(name)
            self.deleted.emit(name)
            self._open_any()

    def restore(self, name: str) -> None:
        """Undo a deletion."""
        if back := self._tried(lambda: self.library.restore(name)):
            self._go_to(back)

    def take_file(self, path: Path) -> None:
        """Put a prompt from a file into the library."""
        self.keep()
        if name := self._tried(lambda: self.library.import_file(path)):
            self._go_to(name)

    def give_file(self, name: str, path: Path) -> None:
        """Write the latest version of a prompt as a file elsewhere."""
        self._tried(lambda: self.library.export_file(name, self.library.version(name).number, path))

    def _go_to(self, name: str) -> None:
        self._tell(name)
        self.open(name)

    def _open_any(self) -> None:
        if not self.name and self.entries:
            self.open(self.entries[0].name)

    def _tell(self, name: str) -> None:
        self._studio.announce(KIND, name)

    def _done(self, act: Callable[[], None]) -> bool:
        """Whether it went well."""
        try:
            act()
        except StudioError as error:
            self.failed.emit(str(error))
            return False
        return True

    def _tried(self, act: Callable[[], Answer]) -> Answer | None:
        try:
            return act()
        except StudioError as error:
            self.failed.emit(str(error))
            return None
