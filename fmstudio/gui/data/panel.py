"""Data: choose what a model learns from. Add texts and pictures, look at them, clean them, see what a model sees."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QStackedWidget, QWidget

from fmstudio.gui.data.actions import DataActions
from fmstudio.gui.data.adding import Adding
from fmstudio.gui.data.catalogue import CatalogueView
from fmstudio.gui.data.column import DatasetColumn
from fmstudio.gui.data.dataset import DatasetView
from fmstudio.gui.data.import_sheet import ImportSheet
from fmstudio.gui.data.import_view import ImportView, remarks
from fmstudio.gui.data.jobs import DESCRIBE, DRAW, IMPORT
from fmstudio.gui.data.mixture import MixtureView
from fmstudio.gui.data.pictures.drawing import DrawSheet
from fmstudio.gui.data.store import DatasetStore
from fmstudio.gui.data.text.kept import KeptTokenizers
from fmstudio.gui.models.files import has_weights
from fmstudio.gui.panel import Panel, PrimaryAction, Step
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, splitter, vbox
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower


class DataPanel(Panel):
    """Left: the datasets. Right: the chosen one, or what is being added, the catalogue, or a mixture."""

    name = "data"
    title = "Data"
    summary = "Choose what a model learns from: add texts, conversations and pictures, look at them, clean them."
    icon = "mdi6.database-outline"
    chapter = "data selection"
    order = 10
    opens = {"dataset": {"dataset": "*"}, "tokenizer": {"tokenizer": "*"}}
    takes = "files"
    commands = (
        ("Add files", "mdi6.file-plus-outline", "adding.ask_files"),
        ("Add a folder", "mdi6.folder-plus-outline", "adding.ask_folder"),
        ("Draw pictures", "mdi6.draw", "open_drawing"),
        ("Catalogue of data", "mdi6.bookshelf", "open_catalogue"),
        ("Mix datasets", "mdi6.tune-vertical", "open_mixture"),
        ("Tokenizers", "mdi6.format-letter-matches", "open_tokenizers"),
    )
    begin = Step(
        "Begin with some data",
        "Books, notes, web pages, pictures: choose files or a folder, or a set from the catalogue. All stays on this "
        "computer.",
        "Add data",
        "mdi6.folder-plus-outline",
        {"begin": True},
    )

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.store = DatasetStore(studio)
        self.verbs = DataActions(studio, self.store, self)
        self.adding = Adding(studio, self)
        self.column = DatasetColumn(self.theme, self.store, self.verbs.offered)
        self.list = self.column.list
        self.dataset = DatasetView(studio, self.store, self.verbs)
        self.sheet = ImportSheet(studio)
        self.drawing = DrawSheet(studio)
        self.importing = ImportView(studio)
        self.catalogue = CatalogueView(studio)
        self.mixture = MixtureView(self.theme)
        self.tokenizers = KeptTokenizers(studio)
        self.error = ErrorBox(self.theme, "data-error")
        self.empty = self._make_empty()
        self._description: Mapping[str, Any] = {}
        self._question = JobFollower(self, studio, DESCRIBE)
        self.act = self.primary_action = PrimaryAction("Add…", "mdi6.plus", self, "add")
        self._lay_out()
        self._connect()
        self._show_datasets()

    # Its parts.

    def _make_empty(self) -> EmptyState:
        made = EmptyState(
            self.theme, "mdi6.database-outline", "Nothing to learn from yet",
            "Add texts, pictures or videos of your own (files can be dropped here), have pictures drawn, or begin with "
            "the sample set: the reference that comes with Python.", "data-empty",
        )  # fmt: skip
        made.add_button("Add a folder…", "empty-add-folder", self.adding.ask_folder, "mdi6.folder-plus-outline")
        made.add_button("Use the sample set", "empty-samples", self.adding.use_samples)
        made.add_button("Draw pictures…", "empty-draw", self.open_drawing)
        made.add_button("Catalogue", "empty-catalogue", self.open_catalogue)
        return made

    def _lay_out(self) -> None:
        self.pages = QStackedWidget()
        self.pages.setObjectName("data-pages")
        asides = (self.sheet, self.drawing, self.importing, self.catalogue, self.mixture, self.tokenizers)
        for page in (self.dataset, *asides):
            self.pages.addWidget(page)
        right = boxed(vbox(self.error, (self.pages, 1), gap=12))
        self._split = splitter("data-splitter", self.column, (right, 1), sizes=(272, 900))
        self.setLayout(hbox(self._split, self.empty, gap=6))

    def _connect(self) -> None:
        self.act.triggered.connect(self._primary)
        self.list.opened.connect(self._open)
        self.list.deleted.connect(self._ask_delete)
        self.list.renamed.connect(self.verbs.rename)
        self.verbs.rename_wanted.connect(self.list.rename)
        self.verbs.renamed.connect(self._renamed)
        self.column.mixture_wanted.connect(self.open_mixture)
        self.column.tokenizers_wanted.connect(self.open_tokenizers)
        self.store.changed.connect(self._show_datasets)
        self.store.ended.connect(self._job_ended)
        self.store.failed.connect(self.error.show_error)
        self.verbs.failed.connect(self.error.show_error)
        for sheet in (self.sheet, self.drawing):
            sheet.changed.connect(self._judge)
            sheet.closed.connect(self._back)
        self.sheet.more_files.connect(self.adding.ask_files)
        self.sheet.more_folders.connect(self.adding.ask_folder)
        self.adding.chosen.connect(self.dropped)
        self.adding.catalogue_wanted.connect(self.open_catalogue)
        self.adding.drawing_wanted.connect(self.open_drawing)
        self.importing.opened.connect(self._open_made)
        self.importing.train.connect(self.verbs.train)
        self.importing.again.connect(self._change_import)
        self.verbs.again_wanted.connect(self._import_again)
        self.importing.dismissed.connect(self._dismiss)
        self.catalogue.opened.connect(self.open_dataset)
        self.catalogue.closed.connect(self._back)
        for aside in (self.mixture, self.tokenizers):
            aside.closed.connect(self._back)
        self.mixture.train.connect(lambda chosen: self.studio.navigate("train", datasets=chosen))
        self.dataset.cleaning.opened.connect(self._open_made)
        self.dataset.duplicates.opened.connect(self._open_made)
        self._question.answered.connect(self._described)
        self._question.failed.connect(self.error.show_error)

    def _described(self, description: Mapping[str, Any]) -> None:
        self._description = description
        self.adding.endings = sorted({ending for known in description["endings_of"].values() for ending in known})
        self.sheet.set_settings(description["importing_of"], description["endings_of"], description["tables"])
        self.drawing.set_settings(description["styles"], description["generating"])
        self.dataset.set_settings(description)

    # Coming and going.

    def shown(self, **what: Any) -> None:
        """`dataset` opens one by its name, and `row` its document of this number from 1; `view` says how to look at it,
        `tokenizer` shows one that is kept; `add` begins to add these paths, `begin` offers the ways to add something.
        `reader` is the model that rows to fine-tune on are shown to be read by.
        """
        if not self._description and not self._question.busy:
            self._question.ask()
        if what.get("catalogue"):
            self.open_catalogue()
        if dataset := what.get("dataset"):
            self.store.refresh()
            if row := what.get("row"):
                self.dataset.preview.choose(dataset, row - 1)
            self.open_dataset(dataset)
            if row:
                self.dataset.look_at("preview")
        if reader := what.get("reader"):
            self.dataset.chosen.choose(reader)
        if view := what.get("view"):
            self.dataset.look_at(view)
        if tokenizer := what.get("tokenizer"):
            self.open_tokenizers(tokenizer)
        if paths := what.get("add"):
            self.dropped([Path(path) for path in paths])
        if what.get("begin") and self.store.tiles:
            QTimer.singleShot(0, self, self.adding.offer_ways)  # the empty state offers them by itself

    def accepts(self, paths: list[Path]) -> bool:
        """Anything but models, which the playground takes. A folder of texts may have a config.json, but no weights."""
        return not all(map(has_weights, paths))

    def dropped(self, paths: list[Path]) -> None:
        if self.pages.currentWidget() is self.sheet and not self._split.isHidden():
            self.sheet.add(paths)
        else:
            self.sheet.begin(paths)
            self._show_page(self.sheet)

    # Adding.

    def _primary(self) -> None:
        sheet = self.pages.currentWidget()
        if sheet not in (self.sheet, self.drawing):
            self.adding.offer_ways()
        elif not sheet.refusal():
            begin = self.adding.begin if sheet is self.sheet else self.adding.draw
            self._make(sheet.request(), begin)

    def _make(self, asked: dict[str, Any], begin: Callable[[dict[str, Any]], str]) -> None:
        """Begin to make a dataset, and show how it goes."""
        job = begin(asked)
        self.store.refresh()
        self.importing.follow(job)
        self._show_page(self.importing)
        self.list.mark(job)

    def _change_import(self, arguments: Mapping[str, Any]) -> None:
        if "style" not in arguments and arguments["name"] in self.store.records:
            self._import_again(arguments)
            return
        self.store.dismiss(self.importing.job)
        sheet = self.drawing if "style" in arguments else self.sheet
        sheet.restore(arguments)
        self._show_page(sheet)

    def _import_again(self, arguments: Mapping[str, Any]) -> None:
        """Show how a dataset was imported, to change it; what comes of it stands beside the old one."""
        free = self.studio.workspace.free_name("datasets", arguments["name"])
        self.sheet.restore({**arguments, "name": free})
        self._show_page(self.sheet)

    def _dismiss(self, job: str) -> None:
        self.store.dismiss(job)
        self._back()

    def _job_ended(self, job: str) -> None:
        """An import that somebody looks at leads to its dataset, or stays where there is something to read."""
        state = self.studio.jobs.get(job)
        result = state.result if state else {}
        made = result.get("dataset")
        if state and made and self.importing.job == job and self.pages.currentWidget() is self.importing:
            if result.get("skipped") or remarks(state):
                self.list.mark("")
            else:
                self._open_made(made)

    # What is shown.

    def _open_made(self, name: str) -> None:
        """Show what has just been made: what is in it, however the one before was looked at."""
        self.open_dataset(name)
        self.dataset.look_at("preview")

    def open_dataset(self, name: str) -> None:
        """Show a dataset."""
        if name not in self.store.records:
            self.store.refresh()
        if name not in self.store.records:
            self.error.show_error(f"There is no dataset named “{name}” in this workspace any more.")
            return
        self.list.mark(name)
        self._show_dataset(name)

    def _renamed(self, name: str, new: str) -> None:
        """Stay with what is looked at, under its new name."""
        self.store.refresh()
        if self.dataset.dataset == name:
            self.open_dataset(new)

    def open_catalogue(self) -> None:
        """Show what can be fetched."""
        self.catalogue.refresh()
        self._show_page(self.catalogue)

    def open_drawing(self) -> None:
        """Show how pictures can be drawn here."""
        self._show_page(self.drawing)
        self.drawing.begin()

    def open_tokenizers(self, name: str = "") -> None:
        """Show the tokenizers that are kept; name: the one to look at."""
        self._show_page(self.tokenizers)
        self.tokenizers.begin(name)

    def open_mixture(self) -> None:
        """Show what a model would learn from when datasets of the present one's kind are mixed."""
        self.mixture.show_datasets(self.store.records, self.dataset.kind)
        self._show_page(self.mixture)

    def _open(self, key: str) -> None:
        if key in self.store.records:
            self._show_dataset(key)
        elif self.studio.jobs[key].request.target in (IMPORT, DRAW):
            self.importing.follow(key)
            self._show_page(self.importing, keep_choice=True)

    def _ask_delete(self, key: str) -> None:
        if key in self.store.records:
            self.verbs.ask_delete(key)

    def _show_dataset(self, name: str) -> None:
        self.error.clear()
        self._show_page(self.dataset, keep_choice=True)
        if name != self.dataset.dataset or not self.dataset.isVisible():
            self.dataset.show_dataset(name)

    def _show_page(self, page: QWidget, keep_choice: bool = False) -> None:
        if not keep_choice:
            self.list.mark("")
        self.pages.setCurrentWidget(page)
        self._arrange()
        if self.isVisible() and self.window().isActiveWindow():
            self._focus(page)

    def _focus(self, page: QWidget) -> None:
        """Keys go to where one goes on: the name of what is added, an aside that Esc closes, or else the list."""
        if page is self.sheet:
            self.sheet.name.setFocus()
        elif page is self.tokenizers:
            self.tokenizers.list.setFocus()
        elif page is not self.drawing:
            (page if page in (self.catalogue, self.mixture) else self.list).setFocus()

    def _back(self) -> None:
        """From an aside back to the dataset that was looked at, or the newest there is."""
        known = [name for name in (self.dataset.dataset, *reversed(self.store.records)) if name in self.store.records]
        if known:
            self.open_dataset(known[0])
        else:
            self._show_page(self.dataset)

    def _show_datasets(self) -> None:
        """Follow what there is; of a dataset that was deleted, go to another."""
        at_dataset = self.pages.currentWidget() is self.dataset
        if at_dataset and self.dataset.dataset not in self.store.records and self.store.records:
            self._back()
        self._arrange()

    def _arrange(self) -> None:
        """The empty state takes the whole panel, unless one is about to add something."""
        aside = self.pages.currentWidget() is not self.dataset
        something = bool(self.store.tiles)
        self.empty.setVisible(not something and not aside)
        self._split.setVisible(something or aside)
        self.column.setVisible(something)
        self._judge()

    def _judge(self) -> None:
        """On a sheet the primary action is what the sheet is for; everywhere else it is to add."""
        sheet, refusal = self.pages.currentWidget(), ""
        self.act.icon_name, text = "mdi6.plus", "Add…"
        if sheet is self.sheet:
            self.act.icon_name, text, refusal = "mdi6.tray-arrow-down", "Import", self.sheet.refusal()
        elif sheet is self.drawing:
            self.act.icon_name, text, refusal = "mdi6.draw", "Draw", self.drawing.refusal()
        self.act.setText(text)
        self.act.refuse(refusal) if refusal else self.act.allow()
