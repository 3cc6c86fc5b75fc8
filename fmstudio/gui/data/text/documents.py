"""The documents of a dataset as a list model that fetches the pages that are looked at, and no others."""

from collections.abc import Mapping
from typing import Any

from fmstudio.gui import formatting
from fmstudio.gui.data.jobs import PREVIEW
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.lists.table import Column, PagedRows

Document = Mapping[str, Any]


class DocumentsModel(PagedRows):
    """All documents, or those that a search finds. A row that is not here yet is asked for when it is looked at."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio, PREVIEW, [Column("Document", spoken)], "documents")
        self.dataset = self.search = ""
        self.complete = False

    def show(self, dataset: str, search: str = "") -> None:
        """Show another dataset, or other documents of it."""
        self.dataset, self.search, self.complete = dataset, search.strip(), False
        self.clear()
        if dataset:
            self.ask({"dataset": dataset, "search": self.search})

    @property
    def searching(self) -> bool:
        """Whether the number of documents found is still rising."""
        return bool(self.search) and not self.complete

    def take(self, answer: Mapping[str, Any]) -> None:
        self.complete = self.complete or answer.get("complete", True)
        super().take(answer)


def spoken(document: Document) -> str:
    """A document in words."""
    return f"{document['title']}, {formatting.size(document['bytes'])}"
