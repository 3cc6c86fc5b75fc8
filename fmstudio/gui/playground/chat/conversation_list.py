"""The list of conversations that were had: come back to one, name it, throw it away."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import vbox
from fmstudio.gui.widgets.error_box import ErrorBox, UndoBanner
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.lists.entries import Entry, EntryList, Line
from fmstudio.gui.widgets.menus import MenuEntry
from fmstudio.workspace import WorkspaceError
from fmstudio.workspace.conversations import ConversationHeading, ConversationStore

_ICONS = {"chat": "mdi6.message-outline", "completion": "mdi6.text"}


class Conversations(QWidget):
    """opened(id), begun: a new one is wanted, deleted(id): the person threw one away, renamed(id, title),
    restored(id): they took it back.
    """

    opened = Signal(str)
    begun = Signal()
    deleted = Signal(str)
    renamed = Signal(str, str)
    restored = Signal(str)

    def __init__(self, studio: Studio, store: ConversationStore) -> None:
        super().__init__()
        self.setObjectName("conversations")
        self._studio, self._store = studio, store
        self._current = ""
        self.headings: dict[str, ConversationHeading] = {}
        self.new = button("New conversation", "conversations-new", studio.theme, "mdi6.plus", clicked=self.begun.emit)
        self.nothing = label(
            "What you say and what is answered is kept here, in plain files of this workspace.",
            "secondary", "conversations-nothing", wrap=True,
        )  # fmt: skip
        self.error = ErrorBox(studio.theme, "conversations-error")
        self.undo = UndoBanner(studio.theme, "conversations-undo")
        self.undo.restore_wanted.connect(self._restore)
        self.list = EntryList(
            studio.theme, "conversations-list", "Conversations", bare=True, more=True, offered=self._offered
        )
        studio.minute_passed.connect(self.refresh)
        self.list.opened.connect(self._open)
        self.list.deleted.connect(self._delete)
        self.list.renamed.connect(self._rename)
        self.new.setMaximumWidth(252)
        self.setLayout(vbox(self.new, self.error, self.undo, self.nothing, (self.list, 1)))

    def refresh(self) -> None:
        """Show what there is now."""
        try:
            headings = self._store.headings()
        except OSError as error:
            self.error.show_error(f"The conversations cannot be read ({error.strerror}); see {self._store.folder}.")
            return
        self.nothing.setVisible(not headings)
        self.headings = {heading.id: heading for heading in headings}
        self.list.show_entries([entry_of(heading) for heading in headings])
        self.mark(self._current)

    def mark(self, id: str) -> None:
        """Mark the conversation that is open."""
        self._current = id
        self.list.mark(id)

    def _offered(self, id: str) -> list[MenuEntry]:
        ways: list[MenuEntry] = [("Rename", lambda: self.list.rename(id)), ("Delete", lambda: self._delete(id))]
        return ways if id else []

    def _open(self, id: str) -> None:
        self.error.clear()
        if problem := self.headings[id].problem:
            self.error.show_error(problem)
        else:
            self.opened.emit(id)

    def _delete(self, id: str) -> None:
        self.error.clear()
        self.deleted.emit(id)

    def offer_undo(self, id: str, title: str) -> None:
        """Say which conversation was deleted, and offer it back."""
        self.undo.offer(id, f"Deleted “{title}”.")

    def _restore(self, id: str) -> None:
        self.error.clear()
        try:
            self._store.restore(id)
        except WorkspaceError as error:
            self.error.show_error(str(error))
        else:
            self.restored.emit(id)
        self.refresh()

    def _rename(self, id: str, title: str) -> None:
        try:
            self._store.rename(id, title)
        except WorkspaceError as error:
            self.error.show_error(str(error))
        self.renamed.emit(id, title)
        self.refresh()


def entry_of(heading: ConversationHeading) -> Entry:
    """A conversation as the list shows it: its title, and when it was last spoken in."""
    about = formatting.when(heading.updated) if heading.updated else "cannot be read"
    icon = (
        ("mdi6.alert-circle-outline", "error")
        if heading.problem
        else (_ICONS.get(heading.kind, _ICONS["chat"]), "secondary")
    )
    return Entry(
        heading.id,
        (Line(heading.title, "body", "text"), Line(about)),
        f"{heading.title}, {heading.model}",
        heading.problem or heading.title,
        icon,
        name=heading.title,
    )
