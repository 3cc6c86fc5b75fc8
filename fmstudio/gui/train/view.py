"""One run as one looks at it: how it stands, its curves, what it wrote at each evaluation, and its log.

The same view shows a run that trains, one that ended a minute ago and one of last year.
"""

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QPushButton, QTabWidget, QWidget

from fmstudio.gui.runs.curves import RunCurves
from fmstudio.gui.runs.plots import RunPlot, plots_of
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.studio import Studio
from fmstudio.gui.train.actions import RunActions
from fmstudio.gui.train.answers import RunAnswers
from fmstudio.gui.train.chosen import ChosenRuns
from fmstudio.gui.train.extremes import RunExtremes
from fmstudio.gui.train.facts import RunFacts
from fmstudio.gui.train.forgetting import ForgettingBanner
from fmstudio.gui.train.groups import RunGroups
from fmstudio.gui.train.log import RunLog
from fmstudio.gui.train.samples import RunSamples
from fmstudio.gui.widgets.boxes import Yielding, boxed, hbox, splitter, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.labels import button, icon_button, label, scroll_area
from fmstudio.gui.widgets.menus import beneath, menu_of

FOR_TEXT, FOR_PICTURES = (350, 134), (290, 194)
"""Heights of the curves and of the samples: pictures need more room than the beginning of a text."""


_LEAST_OF_SAMPLES, _LEAST_OF_ANSWERS = 128, 240


class RunView(QWidget):
    """Shows the current run, with those laid over it. `sampling_requested` names a model to write with; `status_shown`:
    it is shown how the run stands now.
    """

    sampling_requested = Signal(str)
    setup_requested = Signal()
    status_shown = Signal()

    def __init__(self, studio: Studio, chosen: ChosenRuns, actions: RunActions) -> None:
        super().__init__()
        self.setObjectName("run-view")
        self._studio, self._chosen, self._actions = studio, chosen, actions
        self.run: RunState | None = None
        self.header = RunHeader(studio, actions)
        self.header.sampling_requested.connect(self.sampling_requested)
        self.header.status_shown.connect(self.status_shown)
        self.curves = RunCurves(studio.theme, partial(_plots, studio))
        self.samples = RunSamples(studio.theme)
        self.answers = RunAnswers(studio.theme)
        self.extremes = RunExtremes(studio.theme)
        self.extremes.row_wanted.connect(lambda name, number: studio.navigate("data", dataset=name, row=number))
        self.groups = RunGroups(studio.theme)
        self.log = RunLog()
        self.tabs = QTabWidget()
        self.tabs.setObjectName("run-tabs")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.groups, "Answers and rewards")
        self.tabs.addTab(self.samples, "Samples over time")
        self.tabs.addTab(self.answers, "Answers, before and after")
        self.tabs.addTab(self.extremes, "Hardest and easiest rows")
        self.tabs.addTab(self.log, "Log")
        self.nothing = EmptyState(
            studio.theme, "mdi6.chart-bell-curve-cumulative", "No run is shown",
            "Start one, or choose one at the left.", "no-run",
        )  # fmt: skip
        self.nothing.add_button("Set up a run", "no-run-setup", self.setup_requested.emit, "mdi6.plus")
        self._lay_out()
        chosen.selected.connect(self.show_run)
        chosen.compared.connect(self._compare)
        self.show_run(chosen.current)

    def _lay_out(self) -> None:
        split = splitter("run-splitter", (self.curves, 7), (self.tabs, 3), sizes=FOR_TEXT, vertical=True, handle=8)
        self._split, self._draws = split, False
        self.tabs.setMinimumHeight(_LEAST_OF_SAMPLES)
        self._seen = scroll_area(Yielding(vbox(self.header, (split, 1))), "run-scroll")
        self.setLayout(vbox((self._seen, 1), (self.nothing, 1)))

    def show_run(self, run: RunState | None) -> None:
        """Look at this run from now on."""
        if self.run is not None:
            self.run.changed.disconnect(self._hear)
        self.run = run
        if run is not None:
            run.changed.connect(self._hear)
        if run is not None and self._draws != (run.unit == "pictures"):
            self._draws = not self._draws
            self._split.setSizes(FOR_PICTURES if self._draws else FOR_TEXT)
        self._seen.setVisible(run is not None)
        self.nothing.setVisible(run is None)
        self.header.set_run(run)
        self.samples.set_run(run)
        self.answers.set_run(run)
        self.extremes.set_run(run)
        self.groups.set_run(run)
        self.log.set_run(run)
        self._offer_tabs()
        self._compare()

    def _hear(self, what: str) -> None:
        if what == "sample":
            self._offer_tabs()

    def _offer_tabs(self) -> None:
        """Show the ways to look at what was sampled that the run has; the answers of an adapter are its samples."""
        answers, rows = bool(self.run and self.run.answers), bool(self.run and self.run.rows)
        groups = bool(self.run and self.run.groups)
        self.tabs.setMinimumHeight(_LEAST_OF_ANSWERS if answers or groups else _LEAST_OF_SAMPLES)
        pages = (self.groups, groups), (self.samples, not answers), (self.answers, answers), (self.extremes, rows)
        for page, shown in pages:
            place = self.tabs.indexOf(page)
            if self.tabs.isTabVisible(place) != shown:
                self.tabs.setTabVisible(place, shown)
                if page is self.groups and shown:
                    self.tabs.setCurrentIndex(place)  # what it is rewarded for is what one looks at first

    def _compare(self) -> None:
        over = [(run, self._chosen.colour(run.id)) for run in self._chosen.over()] if self.run else []
        self.curves.set_run(self.run, over)


def _plots(studio: Studio, family: str, measured: Iterable[str]) -> tuple[RunPlot, ...]:
    return plots_of(studio.description, family, measured)


class RunHeader(Card):
    """Name and status with the buttons that fit it, the facts, the progress, and what went wrong if something did."""

    sampling_requested = Signal(str)
    status_shown = Signal()

    def __init__(self, studio: Studio, actions: RunActions) -> None:
        super().__init__("", "run-header")
        self.set_padding(16, 10, 16, 10)
        self._theme, self._actions = studio.theme, actions
        self._run: RunState | None = None
        self._icon, self._shown_icon = QLabel(), ("", "")
        self.name = label("", "section", "run-title")
        self.status = label("", "secondary", "run-status", wrap=True)
        self.facts = RunFacts(studio.theme)
        self.error = ErrorBox(studio.theme, "run-error", dismissable=False)
        self.forgetting = ForgettingBanner(studio.theme)
        self.forgetting.recipe_wanted.connect(actions.settings_wanted)
        self._make_buttons()
        self._lay_out()
        studio.theme.changed.connect(self._show_status)

    def _make_buttons(self) -> None:
        def made(
            text: str, name: str, icon: str, act: Callable[[RunState], object], role: str = "plain"
        ) -> QPushButton:
            return button(text, name, self._theme, icon, role, lambda: act(self._run) if self._run else None)

        self.hold = made("Pause", "run-hold", "mdi6.pause", self._actions.hold)
        self.stop = made("Stop", "run-stop", "mdi6.stop", self._actions.stop)
        self.stop.setToolTip("Finish here and keep the model as it is now.")
        self.cancel = made("Cancel", "run-cancel", "mdi6.close", self._actions.ask_cancel, "quiet")
        self.go_on = made("Resume", "run-resume", "mdi6.play", self._actions.go_on)
        self.longer = made("Train longer…", "run-longer", "mdi6.playlist-plus", self._actions.ask_longer)
        self.write = made(
            "Sample from it", "run-write", "mdi6.creation", lambda run: self.sampling_requested.emit(run.model)
        )
        self.more = icon_button(
            "mdi6.dots-horizontal", "More to do with this run", "run-more", self._theme, self._offer
        )

    def _offer(self) -> None:
        if self._run is not None:
            menu_of(self._actions.offered(self._run), self, "run-menu").popup(beneath(self.more))

    def _lay_out(self) -> None:
        name = boxed(hbox(self._icon, self.name))
        buttons = (self.write, self.longer, self.go_on, self.hold, self.stop, self.cancel, self.more)
        self.body.addLayout(flow(name, self.status, boxed(hbox(*buttons)), spread=True))
        self.body.addWidget(self.error)
        self.body.addWidget(self.forgetting)
        self.body.addWidget(self.facts)

    def set_run(self, run: RunState | None) -> None:
        """Show a run from now on."""
        if self._run is not None:
            self._run.changed.disconnect(self._hear)
        self._run = run
        self.facts.set_run(run)
        if run is not None:
            run.changed.connect(self._hear)
            self._show_status()

    def _hear(self, what: str) -> None:
        if what == "status":
            self._show_status()
        elif what == "progress":
            self._show_phase()

    def _show_status(self) -> None:
        run = self._run
        if run is None:
            return
        self.name.setText(run.name)
        self._show_phase()
        self._icon.setPixmap(self._theme.icon(*run.icon).pixmap(20, 20))
        held = run.status == "paused"
        self.hold.setText("Go on" if held else "Pause")
        self.hold.setIcon(self._theme.icon("mdi6.play" if held else "mdi6.pause"))
        busy = run.status != "stopping"
        for each, shown in (
            (self.hold, run.live), (self.stop, run.live), (self.cancel, run.live),
            (self.go_on, run.resumable and not run.live), (self.longer, run.status == "completed"),
            (self.write, bool(run.model) and not run.live),
        ):  # fmt: skip
            each.setVisible(shown)
            each.setEnabled(busy)
        if run.status == "failed" and run.reason:
            self.error.show_error(run.reason, run.details)
        else:
            self.error.clear()
        self.forgetting.show_run(run)
        self.status_shown.emit()

    def _show_phase(self) -> None:
        run = self._run
        if run is None:
            return
        about = [run.status_words, ", ".join(run.datasets), f"from {run.init}" if run.init else ""]
        text = " · ".join(part for part in about if part)
        if text != self.status.text():
            self.status.setText(text)
            self.status.setToolTip(text)
