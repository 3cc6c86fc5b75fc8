"""The documents of a dataset to leaf through: the list with its search, and the text of the chosen one."""

from pathlib import PurePath

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtWidgets import QLineEdit, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.data.text.documents import Document, DocumentsModel
from fmstudio.gui.data.text.reading import ReadingView
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, splitter, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.lists.entries import Entry, EntryList, Line

_PATIENCE = 250  # milliseconds without a keystroke before a search is taken as meant


class PreviewView(QWidget):
    """Keeps the place in each dataset while the window is open."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("preview")
        theme = studio.theme
        self._places: dict[str, int] = {}
        self._wanted = 0
        self.documents = DocumentsModel(studio)
        self.search = QLineEdit()
        self.search.setObjectName("preview-search")
        self.search.setClearButtonEnabled(True)
        self.search.addAction(theme.icon("mdi6.magnify", "secondary"), QLineEdit.ActionPosition.LeadingPosition)
        self.found = label("", "caption", "preview-found")
        self.list = EntryList(theme, "preview-documents", "Documents", model=self.documents, entry_of=entry_of)
        self.reading = ReadingView(theme)
        self.error = ErrorBox(theme, "preview-error", dismissable=False)
        self.noun = ""
        self.set_noun("document")
        self._typed = QTimer(self, singleShot=True, interval=_PATIENCE)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        left = boxed(vbox(self.search, self.found, (self.list, 1)))
        left.setMinimumWidth(180)
        split = splitter("preview-splitter", left, (self.reading, 1), sizes=(232, 500))
        self.setLayout(vbox(self.error, (split, 1), gap=12))

    def _connect(self) -> None:
        self._typed.timeout.connect(self._search)
        self.search.textEdited.connect(self._typed.start)
        self.search.textChanged.connect(lambda text: self._typed.start() if not text else None)
        self.search.returnPressed.connect(self._search)
        self.documents.counted.connect(self._counted)
        self.documents.arrived.connect(self._arrived)
        self.documents.failed.connect(self._failed)
        self.list.selectionModel().currentChanged.connect(self._chose)
        self.reading.stepped.connect(self._step)

    # What is shown.

    def set_noun(self, noun: str) -> None:
        """What one item of the dataset is called: "document", "conversation"."""
        if noun == self.noun:
            return
        self.noun = noun
        self.search.setAccessibleName(f"Find {noun}s that contain a text")
        self.search.setPlaceholderText(f"Find in all {noun}s")
        self.list.setAccessibleName(f"{noun.capitalize()}s")
        self.reading.set_noun(noun)

    def show_dataset(self, name: str) -> None:
        """Show this dataset's documents, where one was when one looked at it last."""
        if name == self.documents.dataset and not self.error.showing:
            return
        self.search.clear()
        self._begin(name, "", self._places.get(name, 0))

    def chosen(self, dataset: str) -> int:
        """The number of the document, from 0, that was looked at last in a dataset."""
        index = self.list.currentIndex()
        here = dataset == self.documents.dataset and index.isValid()
        document = self.documents.row(index.row()) if here else None
        return int(document["index"]) if document else self._places.get(dataset, 0)

    def choose(self, dataset: str, number: int) -> None:
        """Have this document looked at next time."""
        self._places[dataset] = number
        if dataset == self.documents.dataset:
            if self.documents.search:
                self.search.clear()
                self._begin(dataset, "", number)
            elif number < self.documents.total:
                self._choose(number)

    def reload(self) -> None:
        """Read the present dataset anew."""
        self._begin(self.documents.dataset, self.documents.search, self._wanted)

    def _begin(self, dataset: str, search: str, place: int) -> None:
        self.error.clear()
        self._wanted = place
        self.found.setText("Looking…")
        self.reading.clear("")
        self.documents.show(dataset, search)

    def _search(self) -> None:
        self._typed.stop()
        text = self.search.text().strip()
        if text != self.documents.search:
            self._begin(self.documents.dataset, text, 0)

    def _counted(self) -> None:
        model = self.documents
        amount = formatting.plural(model.total, self.noun)
        words = f"{amount} found" if model.search else amount
        self.found.setText(f"{words} so far…" if model.searching else words)
        if model.total and not self.list.currentIndex().isValid():
            self._choose(min(self._wanted, model.total - 1))
        elif not model.total and model.complete:
            self.reading.clear(
                f"No {self.noun} contains “{model.search}”." if model.search else f"It holds no {self.noun}."
            )
        self._show_place()

    def _arrived(self, first: int, last: int) -> None:
        row = self.list.currentIndex().row()
        if first <= row <= last:
            self._show(row)

    def _failed(self, reason: str, details: str) -> None:
        self.found.setText("")
        self.error.show_error(reason, details)

    def _choose(self, row: int) -> None:
        index = self.documents.index(row, 0)
        self.list.setCurrentIndex(index)
        self.list.scrollTo(index)

    def _step(self, by: int) -> None:
        row = self.list.currentIndex().row() + by
        if 0 <= row < self.documents.total:
            self._choose(row)

    def _chose(self, index: QModelIndex) -> None:
        if index.isValid():
            self._wanted = index.row()
            if not self.documents.search:
                self._places[self.documents.dataset] = index.row()
            self._show(index.row())

    def _show(self, row: int) -> None:
        document = self.documents.row(row)
        if document is None:
            self.reading.clear("Loading…")
        else:
            self.reading.show_document(document, self.documents.search)
        self._show_place()

    def _show_place(self) -> None:
        self.reading.show_place(self.list.currentIndex().row(), self.documents.total)


def entry_of(document: Document) -> Entry:
    """A document as the list shows it."""
    cut = Qt.TextElideMode.ElideMiddle
    source = Line(PurePath(document["source"]).name, aside=formatting.size(document["bytes"]), cut=cut)
    return Entry("", (Line(document["title"], "body", "text", cut=cut), source))
