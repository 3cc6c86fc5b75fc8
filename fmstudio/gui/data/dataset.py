"""One dataset: what it is, what can be done with it, and the ways to look at its kind of data."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QPushButton, QStackedWidget, QWidget

from fmstudio.gui.data.actions import DataActions
from fmstudio.gui.data.pictures.duplicates import DuplicatesView
from fmstudio.gui.data.pictures.pictures import PicturesView
from fmstudio.gui.data.pictures.statistics import PictureStatisticsView
from fmstudio.gui.data.store import DatasetStore
from fmstudio.gui.data.text.cleaning import CleaningView
from fmstudio.gui.data.text.preview import PreviewView
from fmstudio.gui.data.text.statistics import StatisticsView
from fmstudio.gui.data.text.tokens import TokensView
from fmstudio.gui.data.tuning.chosen_model import ChosenModel
from fmstudio.gui.data.tuning.reading import RowView
from fmstudio.gui.data.tuning.survey import SurveyView
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import ElidedLabel, button, icon_button, label
from fmstudio.gui.widgets.menus import beneath, menu_of
from fmstudio.gui.widgets.segments import Segments
from fmstudio.workspace.contents import noun_of

VIEWS = (("preview", "Preview"), ("statistics", "Statistics"), ("clean", "Clean"), ("tokens", "Tokens"),
         ("read", "As the model reads it"), ("survey", "Before training"))  # fmt: skip


class DatasetView(QWidget):
    """Only the view that is looked at asks anything: counting and tokenising cost time."""

    def __init__(self, studio: Studio, store: DatasetStore, actions: DataActions) -> None:
        super().__init__()
        self.setObjectName("dataset-view")
        self._studio, self._store, self._actions = studio, store, actions
        self.dataset = ""
        theme = studio.theme
        self.heading = ElidedLabel("", "section", "dataset-heading")
        self.facts = label("", "caption", "dataset-facts", wrap=True)
        self.view_choice = Segments(VIEWS, "data-view", "How to look at the dataset", wraps=True)
        self.preview = PreviewView(studio)
        self.statistics = StatisticsView(studio)
        self.cleaning = CleaningView(studio)
        self.tokens = TokensView(studio)
        self.pictures = PicturesView(studio)
        self.picture_statistics = PictureStatisticsView(studio)
        self.duplicates = DuplicatesView(studio)
        self.chosen = ChosenModel(studio)
        self.row = RowView(studio, self.chosen)
        self.survey = SurveyView(studio, self.chosen)
        examples = {"preview": self.preview, "read": self.row, "survey": self.survey, "statistics": self.statistics}
        self._views: dict[str, dict[str, Any]] = {
            "instructions": examples, "preferences": examples,
            "text": {"preview": self.preview, "statistics": self.statistics, "clean": self.cleaning,
                     "tokens": self.tokens},
            "images": {"preview": self.pictures, "statistics": self.picture_statistics, "clean": self.duplicates},
        }  # fmt: skip
        self.pages = QStackedWidget()
        self.pages.setObjectName("data-pages")
        for page in dict.fromkeys(page for views in self._views.values() for page in views.values()):
            self.pages.addWidget(page)
        self._train: QPushButton = button(
            "Train on it", "dataset-train", theme, "mdi6.school-outline", clicked=self._go_training
        )
        self._more = icon_button("mdi6.dots-horizontal", "More to do with it", "dataset-more", theme, self._offer)
        self._lay_out()
        self.view_choice.changed.connect(self.look_at)
        self.survey.row_wanted.connect(self.read_row)
        self.row.stepped.connect(lambda row: self.preview.choose(self.dataset, row))
        store.changed.connect(self._refresh)

    def _lay_out(self) -> None:
        head = hbox((vbox(self.heading, self.facts, gap=2), 1), self._train, self._more)
        self.setLayout(vbox(head, hbox(self.view_choice, ..., gap=12), (self.pages, 1), gap=12))

    def set_settings(self, description: Mapping[str, Any]) -> None:
        """What the data stage said of its settings."""
        self.cleaning.set_settings(description["cleaning"])
        self.tokens.choice.set_settings(description["tokenizer"])

    def show_dataset(self, name: str) -> None:
        """Show this dataset in the view that was looked at last."""
        self.dataset = name
        self._refresh()
        self.look_at(self.view_choice.value())

    def look_at(self, view: str) -> None:
        """Show one of VIEWS; where a dataset has no such view, its preview."""
        views = self._views.get(self.kind, self._views["text"])
        view = view if view in views else "preview"
        self.view_choice.set_value(view)
        self.pages.setCurrentWidget(views[view])
        if self.dataset and view == "read":
            self.row.show_dataset(self.dataset, self.preview.chosen(self.dataset))
        elif self.dataset:
            views[view].show_dataset(self.dataset)

    def read_row(self, row: int) -> None:
        """Show a row of the dataset, from 0, as the model reads it."""
        self.preview.choose(self.dataset, row)
        self.look_at("read")

    @property
    def kind(self) -> str:
        """The kind of the dataset that is shown."""
        record = self._store.records.get(self.dataset)
        return record.kind if record else "text"

    def _refresh(self) -> None:
        for name, _ in VIEWS:
            offered = name in self._views.get(self.kind, self._views["text"])
            self.view_choice.button(name).setVisible(offered)
            self.view_choice.button(name).setEnabled(offered)  # arrow keys press buttons, hidden ones too
        if record := self._store.records.get(self.dataset):
            details = record.details
            for view in (self.preview, self.statistics):
                view.set_noun(noun_of(record))
            self.heading.setText(self.dataset)
            self.heading.setToolTip(str(details.get("title") or self.dataset))
            self.facts.setText(self._store.facts(self.dataset))
            self.facts.setToolTip(str(details.get("description") or self._store.facts(self.dataset)))

    def _go_training(self) -> None:
        self._actions.train(self.dataset)

    def _offer(self) -> None:
        entries = [entry for entry in self._actions.offered(self.dataset) if entry[0] != "Train on it"]
        menu_of(entries, self).popup(beneath(self._more))
