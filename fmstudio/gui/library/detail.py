"""One model: what it is, the chain that it is part of, how it was trained, its card and its recipe."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QPlainTextEdit, QTabWidget, QTextBrowser, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.library.actions import ModelActions, can_be_exported
from fmstudio.gui.library.chain import ChainCard
from fmstudio.gui.library.list import family_title
from fmstudio.gui.library.measured import ComparisonCard, MeasuredView
from fmstudio.gui.library.merging import ModelMerge
from fmstudio.gui.library.sampling import ModelSample
from fmstudio.gui.library.shelf import LibraryShelf
from fmstudio.gui.models.model_jobs import ModelJobs
from fmstudio.gui.models.picker_row import facts_of
from fmstudio.gui.models.shelf import Record
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.runs.store import RunStore
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.jobs.job_strip import JobStrip
from fmstudio.gui.widgets.labels import ElidedLabel, button, icon_button, label, scroll_area
from fmstudio.gui.widgets.menus import beneath, menu_of
from fmstudio.gui.widgets.text.markdown import set_markdown
from fmstudio.workspace import ModelRecord, WorkspaceError

ABOUT = "fmstudio.adapt.models:about"


class ModelDetail(QWidget):
    """node_opened(kind, key, family): a node of the chain was pressed."""

    node_opened = Signal(str, str, str)

    def __init__(self, studio: Studio, shelf: LibraryShelf, jobs: ModelJobs, verbs: ModelActions) -> None:
        super().__init__()
        self.setObjectName("model-detail")
        self._studio, self._shelf, self._jobs, self._verbs = studio, shelf, jobs, verbs
        self._runs = RunStore.of(studio)
        self.reference = ""
        self._told: Mapping[str, Any] = {}
        self._ticked: Sequence[str] = ()
        self._asking = JobFollower(self, studio, ABOUT)
        self._asking.answered.connect(self._take)
        self._make_header()
        self.error = ErrorBox(studio.theme, "model-error")
        self._asking.failed.connect(self.error.show_error)
        self.chain = ChainCard(studio)
        self.chain.opened.connect(self.node_opened)
        self.measured = MeasuredView(studio)
        self.comparison = ComparisonCard()
        self.sampling, self.merge = ModelSample(studio), ModelMerge(studio)
        self.sampling.settings_wanted.connect(lambda: verbs.settings_of_samples(self.reference))
        self._make_texts()
        content = boxed(
            vbox(self.head, self.error, self.merge, self.sampling, self.comparison, self.chain, self.measured,
                 (self.texts, 3), (..., 1), gap=12)
        )  # fmt: skip
        self.setLayout(vbox(scroll_area(content, "model-detail-scroll")))
        jobs.changed.connect(self._job_changed)
        studio.described.connect(self._show_head)
        studio.theme.changed.connect(self._show_texts)

    # Its parts.

    def _make_header(self) -> None:
        theme = self._studio.theme
        self.head = Card("", "model-head")
        self.title = ElidedLabel("", "section", "model-title")
        self.facts = label("", "secondary", "model-facts", wrap=True)
        self.place = label("", "caption", "model-place", wrap=True)
        self.forgets = label("", "warning", "model-forgets", wrap=True)
        self.sample = button("Sample", "model-sample-button", theme, "mdi6.creation")
        self.sample.clicked.connect(lambda: self._verbs.sample_wanted.emit(self.reference))
        self.train = button("Train on from it", "model-train-on", theme, "mdi6.school-outline")
        self.train.clicked.connect(lambda: self._studio.navigate("train", init=self.reference))
        self.merge_button = button("Merge…", "model-merge-button", theme, "mdi6.merge")
        self.merge_button.clicked.connect(lambda: self._verbs.merge_wanted.emit(self.reference))
        self.export = button("Export…", "model-export-button", theme, "mdi6.export-variant")
        self.export.clicked.connect(lambda: self._verbs.export_wanted.emit(self.reference))
        self.base = button("", "model-base", theme, "mdi6.cube-outline", "link")
        self.base.clicked.connect(lambda: self.node_opened.emit("model", self.base.text(), ""))
        self.shape = label("", "secondary", "model-adapter-shape")
        self.adapts = boxed(hbox(label("Adapter of", "secondary"), self.base, self.shape, ..., gap=4))
        self.more = icon_button("mdi6.dots-horizontal", "More", "model-more", theme, self._offer)
        self.strip = JobStrip(self._studio, "model-job")
        buttons = boxed(hbox(self.sample, self.train, self.merge_button, self.export, self.more))
        self.head.body.addLayout(flow(self.title, buttons, spread=True))
        self.head.body.addLayout(vbox(self.facts, self.adapts, self.forgets, self.place, self.strip, gap=2))
        self.strip.show_job(None)

    def _make_texts(self) -> None:
        self.card = QTextBrowser()
        self.card.setObjectName("model-card")
        self.card.setAccessibleName("Model card")
        self.card.setOpenLinks(False)
        self.recipe = QPlainTextEdit()
        self.recipe.setObjectName("model-recipe")
        self.recipe.setAccessibleName("Recipe as TOML")
        self.recipe.setReadOnly(True)
        self.recipe.setProperty("role", "log")
        self.texts = QTabWidget()
        self.texts.setObjectName("model-texts")
        self.texts.setDocumentMode(True)
        self.texts.addTab(self.card, "Card")
        self.texts.addTab(self.recipe, "Recipe")
        self.texts.setMinimumHeight(280)

    # What it shows.

    def show_model(self, reference: str, ticked: Sequence[str]) -> None:
        """Look at a model, with those that are ticked beside it."""
        if reference != self.reference:
            self._told = {}
            self.error.clear()
        self.reference, self._ticked = reference, [each for each in ticked if each != reference]
        self._show_head()
        self._show_told()
        self._asking.ask(model=reference)

    @property
    def record(self) -> Record:
        """What the list knows of it."""
        return self._shelf.record(self.reference)

    def _show_head(self, *_: object) -> None:
        record = self.record
        own = record.get("source") == "workspace"
        family = family_title(self._studio.description, str(record.get("family", "language")))
        self.title.setText(str(record.get("title", "")))
        self.facts.setText(" · ".join(part for part in (family, facts_of(record)) if part))
        self.place.setText(str(record.get("problem") or record.get("about") or ""))
        self.place.setVisible(bool(self.place.text()))
        self.forgets.setText(str(record.get("forgets") or ""))
        self.forgets.setVisible(bool(self.forgets.text()))
        self.sample.setVisible(bool(record.get("here", True)))
        self.train.setVisible(own and not record.get("adapter_of"))
        self.merge_button.setVisible(bool(record.get("adapter_of")))
        self.export.setVisible(can_be_exported(record))
        for each in (self.sample, self.train, self.merge_button, self.export):
            each.setEnabled(not record.get("problem"))
        self._show_adapter(record)
        self.sampling.look_at(record)
        self.merge.look_at(self.reference)
        self.more.setVisible(bool(record))
        self._job_changed(self.reference)

    def _show_adapter(self, record: Record) -> None:
        """What an adapter belongs to, and its shape."""
        base = str(record.get("adapter_of", ""))
        self.adapts.setVisible(bool(base))
        self.base.setText(base)
        self.base.setAccessibleName(f"Adapter of {base}")
        self.base.setEnabled(bool(self._shelf.record(base)))
        shape = (f"rank {record['rank']}", f"α {record['alpha']:g}") if record.get("rank") else ()
        self.shape.setText("".join(f"· {part} " for part in shape))

    def _job_changed(self, reference: str) -> None:
        if reference != self.reference:
            return
        self.strip.show_job(self._jobs.running(reference))
        reason, details = self._jobs.error(reference)
        if reason:
            self.error.show_error(reason, details)

    def _take(self, told: Mapping[str, Any]) -> None:
        if told["model"] == self.reference:
            self._told = told
            self._show_told()

    def _show_told(self) -> None:
        told = self._told
        self.chain.setVisible(len(told.get("chain", ())) > 0)
        if told:
            self.chain.show_chain(told["chain"], self.reference)
        run = self._run(str(told.get("run", "")))
        self.measured.setVisible(run is not None)
        models = self._models()
        if run is not None:
            runs = [(self._run(models[each].run), each) for each in self._ticked if each in models]
            self.measured.show_run(run, [(other, name) for other, name in runs if other is not None])
        compared = [name for name in (self.reference, *self._ticked) if name in models]
        self.comparison.show_models([{"name": name, "facts": self._facts(models[name])} for name in compared])
        self._show_texts()

    def _show_texts(self) -> None:
        card, recipe = str(self._told.get("card", "")), str(self._told.get("recipe", ""))
        self.texts.setVisible(bool(card or recipe))
        set_markdown(self.card.document(), card, self.card.palette().color(QPalette.ColorRole.Midlight))
        self.recipe.setPlainText(recipe)
        self.texts.setTabVisible(1, bool(recipe))

    def _run(self, id: str) -> RunState | None:
        try:
            return self._runs.get(id) if id else None
        except WorkspaceError as error:
            self.error.show_error(str(error))
            return None

    def _models(self) -> dict[str, ModelRecord]:
        return {each.name: each for each in self._studio.workspace.models()}

    def _facts(self, model: ModelRecord) -> dict[str, str]:
        """What two models can be compared by."""
        details = model.details
        known = {
            "Family": family_title(self._studio.description, model.family),
            "Parameters": formatting.count(model.parameters),
            "Size": formatting.size(model.bytes),
            "Data": ", ".join(map(str, details.get("datasets", ()))),
            "Continues": str(details.get("init", "")),
            "Steps": formatting.count(details["step"]) if "step" in details else "",
            "Training time": formatting.duration(details["seconds"]) if "seconds" in details else "",
        }
        measured = {
            name.removesuffix("/validation").replace("_", " ").capitalize() + ", validation": formatting.number(
                value, 4
            )
            for name, value in sorted(details.get("metrics", {}).items())
            if name.endswith("/validation")
        }
        return {name: text for name, text in {**known, **measured}.items() if text}

    def _offer(self) -> None:
        menu_of(self._verbs.offered(self.reference), self, "model-menu").popup(beneath(self.more))
