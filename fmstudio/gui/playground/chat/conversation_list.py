"""The list of conversations that were had: come back to one, name it, throw it away."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox, UndoBanner
from fmstudio.gui.widgets.labels import ElidedLabel, IconLabel, button, icon_button, label, scroll_area, set_property
from fmstudio.gui.widgets.menus import beneath, menu_of
from fmstudio.gui.widgets.pressable import Pressable
from fmstudio.workspace import WorkspaceError
from fmstudio.workspace.conversations import ConversationHeading, ConversationStore

_ICONS = {"chat": "mdi6.message-outline", "completion": "mdi6.text"}
_MOST = 200


class Conversations(QWidget):
    """opened(id), begun: a new one is wanted, deleted(id): the person threw one away, renamed(id, title),
    restored(id): they took it back.
    """

    opened = Signal(str)
    begun = Signal()
    deleted = Signal(str)
    renamed = Signal(str, str)
    restored = Signal(str)

    def __init__(self, studio: Studio, shelf: ConversationStore) -> None:
        super().__init__()
        self.setObjectName("conversations")
        self._studio, self._shelf = studio, shelf
        self._current = ""
        self.rows: dict[str, ConversationRow] = {}
        self.new = button("New conversation", "conversations-new", studio.theme, "mdi6.plus", clicked=self.begun.emit)
        self.nothing = label(
            "What you say and what is answered is kept here, in plain files of this workspace.",
            "secondary", "conversations-nothing", wrap=True,
        )  # fmt: skip
        self.error = ErrorBox(studio.theme, "conversations-error")
        self.undo = UndoBanner(studio.theme, "conversations-undo")
        self.undo.restore_wanted.connect(self._restore)
        self._column = vbox(..., gap=0, margins=(0, 0, 12, 0))
        listed = scroll_area(boxed(self._column), "conversations-scroll")
        self.new.setMaximumWidth(252)
        self.setLayout(vbox(self.new, self.error, self.undo, self.nothing, (listed, 1)))

    def refresh(self) -> None:
        """Show what there is now."""
        try:
            headings = self._shelf.headings()[:_MOST]
        except OSError as error:
            self.error.show_error(f"The conversations cannot be read ({error.strerror}); see {self._shelf.folder}.")
            return
        self.nothing.setVisible(not headings)
        for row in self.rows.values():
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = {heading.id: self._row(heading) for heading in headings}
        for place, row in enumerate(self.rows.values()):
            self._column.insertWidget(place, row)
        self.mark(self._current)

    def mark(self, id: str) -> None:
        """Mark the conversation that is open."""
        self._current = id
        for each, row in self.rows.items():
            row.set_current(each == id)

    def _row(self, heading: ConversationHeading) -> "ConversationRow":
        row = ConversationRow(self._studio, heading)
        row.clicked.connect(lambda: self._open(heading))
        row.deleted.connect(lambda: self._delete(heading.id))
        row.renamed.connect(lambda title: self._rename(heading.id, title))
        return row

    def _open(self, heading: ConversationHeading) -> None:
        self.error.clear()
        if heading.problem:
            self.error.show_error(heading.problem)
        else:
            self.opened.emit(heading.id)

    def _delete(self, id: str) -> None:
        self.error.clear()
        self.deleted.emit(id)

    def offer_undo(self, id: str, title: str) -> None:
        """Say which conversation was deleted, and offer it back."""
        self.undo.offer(id, f"Deleted “{title}”.")

    def _restore(self, id: str) -> None:
        self.error.clear()
        try:
            self._shelf.restore(id)
        except WorkspaceError as error:
            self.error.show_error(str(error))
        else:
            self.restored.emit(id)
        self.refresh()

    def _rename(self, id: str, title: str) -> None:
        try:
            self._shelf.rename(id, title)
        except WorkspaceError as error:
            self.error.show_error(str(error))
        self.renamed.emit(id, title)
        self.refresh()


class ConversationRow(Pressable, QFrame):
    """A title and when it was last spoken in. F2 names it, Delete throws it away; so does its menu."""

    clicked = Signal()
    deleted = Signal()
    renamed = Signal(str)

    def __init__(self, studio: Studio, heading: ConversationHeading) -> None:
        super().__init__()
        name = f"conversation-{heading.id}"
        self.setObjectName(name)
        self.setAccessibleName(f"{heading.title}, {heading.model}")
        self.setProperty("role", "row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setToolTip(heading.problem or heading.title)
        self._heading = heading
        self.title = ElidedLabel(heading.title, "body", f"{name}-title")
        about = formatting.when(heading.updated) if heading.updated else "cannot be read"
        self.about = ElidedLabel(about, "caption", f"{name}-about")
        self.field = QLineEdit(heading.title)
        self.field.setObjectName(f"{name}-field")
        self.field.setAccessibleName("Title of the conversation")
        self.field.hide()
        self.field.returnPressed.connect(self._end_rename)
        self.field.editingFinished.connect(self._end_rename)
        icon = "mdi6.alert-circle-outline" if heading.problem else _ICONS.get(heading.kind, _ICONS["chat"])
        self.menu = icon_button(
            "mdi6.dots-horizontal", "Rename or delete", f"{name}-menu", studio.theme, self._offer_below
        )
        self.setLayout(
            hbox(
                IconLabel(studio.theme, icon, "error" if heading.problem else "secondary"),
                (vbox(self.title, self.field, self.about, gap=0), 1),
                self.menu,
                margins=(8, 4, 0, 4),
            )
        )

    def set_current(self, current: bool) -> None:
        """Show it as the one that is open."""
        set_property(self, "current", current)

    def begin_rename(self) -> None:
        """Put a field in the place of the title."""
        self.title.hide()
        self.field.show()
        self.field.setFocus()
        self.field.selectAll()

    def _end_rename(self) -> None:
        if self.field.isHidden():
            return  # Enter ends the editing, and so does the loss of focus that follows
        self.field.hide()
        self.title.show()
        if self.field.text().strip() != self._heading.title:
            self.renamed.emit(self.field.text())

    def _offer_below(self) -> None:
        self._offer(beneath(self.menu))

    def contextMenuEvent(self, event) -> None:
        self._offer(event.globalPos())

    def _offer(self, place: QPoint) -> None:
        ways = [("Rename", self.begin_rename), ("Delete", self.deleted.emit)]
        menu_of(ways, self, "conversation-menu").popup(place)

    def keyPressEvent(self, event) -> None:
        if event.key() == Qt.Key.Key_F2:
            self.begin_rename()
        elif event.key() == Qt.Key.Key_Delete:
            self.deleted.emit()
        else:
            super().keyPressEvent(event)
