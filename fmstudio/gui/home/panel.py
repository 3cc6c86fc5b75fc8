"""Home: where this workspace stands in a model's life, what the next step is, and what was made last."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame

from fmstudio.gui import formatting
from fmstudio.gui.home.laboratories import Laboratories
from fmstudio.gui.home.life_cycle import NextStep, laboratories, next_step, stages
from fmstudio.gui.home.life_map import LifeMap
from fmstudio.gui.home.list_row import ListRow, RowContent
from fmstudio.gui.panel import Panel, PrimaryAction, find_panels, opening
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.runs.store import RunStore
from fmstudio.gui.studio import Studio
from fmstudio.gui.theme import Theme
from fmstudio.gui.things import Things
from fmstudio.gui.widgets.boxes import boxed, discard, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.flow_layout import tiled
from fmstudio.gui.widgets.labels import label, scroll_area
from fmstudio.gui.widgets.primary_button import PrimaryButton
from fmstudio.workspace import ModelRecord, WorkspaceError

_RECENT = 6


class HomePanel(Panel):
    """The map, the next step, recent runs and models."""

    name = "home"
    title = "Home"
    summary = "Where this workspace stands in a model's life, and what comes next."
    icon = "mdi6.home-outline"
    chapter = "home"
    order = 0
    primary_in_header = False

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._step: NextStep | None = None
        self.next = self.primary_action = PrimaryAction("Begin", "mdi6.arrow-right", self, "next-step")
        self.next.triggered.connect(self._take_next_step)
        self.error = ErrorBox(self.theme, "home-error", dismissable=False)
        self.map = LifeMap(self.theme)
        self.map.wanted.connect(self._go)
        self.things = Things(studio.workspace)
        self._runs = RunStore.of(studio)
        self.laboratories = Laboratories(self.theme)
        self.laboratories.wanted.connect(self._go)
        self.runs = _Recent(self.theme, "Recent runs", "recent-runs", "Runs appear here as soon as you start one.")
        self.models = _Recent(
            self.theme, "Models", "recent-models", "What you train is kept here, ready to open elsewhere."
        )
        for each in (self.runs, self.models):
            each.opened.connect(self._open)
        self._soon = QTimer(self, singleShot=True, interval=100)
        self._soon.timeout.connect(self.refresh)
        self._lay_out()
        # Several things change at once when a job ends; they are read once.
        studio.workspace_changed.connect(self._soon.start)
        studio.jobs.ended.connect(self._soon.start)
        studio.minute_passed.connect(self._soon.start)
        self._runs.listed.connect(self._soon.start)
        self.refresh()

    def _lay_out(self) -> None:
        # so that two cards above and two below are in line, where there is room for two
        self._lists = boxed(tiled(self.runs, self.models, gap=LifeMap.GAP))
        self._step_box = self._hero()
        content = boxed(vbox(self.error, self._step_box, self.map, self.laboratories, self._lists, ..., gap=24))
        self.setLayout(vbox(scroll_area(content, "home-scroll")))

    def _hero(self) -> QFrame:
        hero = QFrame()
        hero.setObjectName("home-hero")
        hero.setProperty("role", "hero")
        self._step_title = label("", "title", "next-step-title", wrap=True)
        self._step_reason = label("", "body", "next-step-reason", wrap=True)
        texts = vbox(label("Next step", "caption", "next-step-caption"), self._step_title, self._step_reason, gap=4)
        hero.setLayout(
            hbox(
                (texts, 1),
                (PrimaryButton(self.next, self.theme), 0, Qt.AlignmentFlag.AlignVCenter),
                gap=24,
                margins=(24, 20, 24, 20),
            )
        )
        return hero

    def shown(self, **what: Any) -> None:
        self._runs.refresh()
        self.refresh()

    def refresh(self) -> None:
        """Read the workspace anew."""
        try:
            self._show_workspace()
        except WorkspaceError as error:
            self.error.show_error(str(error))
        else:
            self.error.clear()

    def _show_workspace(self) -> None:
        infos, runs = find_panels(), self._runs.all()
        self._step = next_step(self.things, infos, runs)
        self._step_box.setVisible(self._step is not None)
        if self._step:
            self._step_title.setText(self._step.title)
            self._step_reason.setText(self._step.reason)
            self.next.icon_name = self._step.icon
            self.next.setText(self._step.button)
        self.map.show_stages(stages(self.things, infos), self._step.panel if self._step else "")
        self.laboratories.show_laboratories(laboratories(self.things, infos))
        self._lists.setVisible(any("run" in info.opens for info in infos))
        self.runs.show_rows([self._run_row(run) for run in runs[:_RECENT]])
        self.models.show_rows([self._model_row(model) for model in reversed(self.studio.workspace.models()[-_RECENT:])])

    def _run_row(self, run: RunState) -> RowContent:
        icon, token = run.icon
        facts = run.status_words if run.status == "completed" else f"{run.status_words} · {run.reached}"
        when = formatting.when(run.created) if run.created else "now"
        return RowContent("run", run.id, run.family, icon, run.name, facts, when, token)

    def _model_row(self, model: ModelRecord) -> RowContent:
        facts = f"{formatting.millions(model.parameters)} parameters · {formatting.size(model.bytes)}"
        when = formatting.when(model.created)
        return RowContent("model", model.name, model.family, "mdi6.cube-outline", model.name, facts, when, "accent")

    def _take_next_step(self) -> None:
        if self._step:
            self._go(self._step.panel, self._step.what)

    def _open(self, row: RowContent) -> None:
        if opened := opening(find_panels(), row.kind, row.key, row.family):
            self._go(opened[0].name, opened[1])

    def _go(self, panel: str, what: Mapping[str, Any]) -> None:
        self.studio.navigate(panel, **what)


class _Recent(Card):
    """A short list, newest first, or a sentence on what will be there. opened(content): a row was clicked."""

    opened = Signal(object)

    def __init__(self, theme: Theme, title: str, name: str, empty: str) -> None:
        super().__init__(title, name)
        self._theme = theme
        self._rows: list[ListRow] = []
        self._empty = label(empty, "secondary", f"{name}-empty", wrap=True)
        self.body.setSpacing(0)
        self.body.addWidget(self._empty)
        self.body.setContentsMargins(0, 0, -8, -4)  # a row has room around its text already

    def show_rows(self, contents: Sequence[RowContent]) -> None:
        """Say other things in the rows that are there: nothing moves, and the focus stays."""
        for row, content in zip(self._rows, contents, strict=False):
            row.show_content(content)
        for content in contents[len(self._rows) :]:
            row = ListRow(self._theme, f"{self.objectName()}-{len(self._rows) + 1}", content)
            row.clicked.connect(partial(self._open, row))
            self._rows.append(row)
            self.body.addWidget(row)
        for row in self._rows[len(contents) :]:
            discard(row)
        self._rows = self._rows[: len(contents)]
        self._empty.setVisible(not contents)

    def _open(self, row: ListRow) -> None:
        self.opened.emit(row.content)
