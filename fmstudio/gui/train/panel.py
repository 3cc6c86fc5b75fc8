"""Train: choose what to learn from and how, watch it learn, compare runs, and write with what was learnt."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent

from fmstudio.gui.models.export import ModelExport
from fmstudio.gui.panel import Panel, PrimaryAction, Step
from fmstudio.gui.runs.jobs import DESCRIBE, ESTIMATE, OBJECTIVE, PROBE
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.runs.store import RunStore
from fmstudio.gui.studio import Studio
from fmstudio.gui.train.actions import RunActions
from fmstudio.gui.train.chosen import ChosenRuns
from fmstudio.gui.train.cost import RunCost
from fmstudio.gui.train.history import RunHistory
from fmstudio.gui.train.objective import ObjectiveView
from fmstudio.gui.train.rate_dialog import RateDialog
from fmstudio.gui.train.recipe_dialog import RecipeDialog
from fmstudio.gui.train.sampling import RunSampling
from fmstudio.gui.train.setup import DATA, RunSetup, dataset_names
from fmstudio.gui.train.view import RunView
from fmstudio.gui.widgets.boxes import boxed, column, hbox, row, splitter, stack, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.fold import Fold
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.jobs.follower import TYPING, JobFollower
from fmstudio.gui.widgets.labels import icon_button, label
from fmstudio.gui.widgets.segments import Segments
from fmstudio.jobs import Progress

NO_RUNS = "No runs yet. Every run stays here with its curves and samples, to look at, to compare and to go on with."
RUNS_HINT = "Click a run to see it; tick others to lay their curves over it."
_REFRESH = {"dataset", "model", "run"}
_NEW_RUN = ("preset", "dataset", "datasets", "init")
_CHOICE = "train-choice"
RATE, REST = "training.learning_rate", "training.adam_learning_rate"
_SMALL = 68  # times the height of the text: as narrow as the form and the curves beside it can be


class TrainPanel(Panel):
    """Left: the next run, or the list of runs. Right: the objective, the curves of a run, or writing with a model."""

    name = "train"
    title = "Train"
    summary = "Teach a model to write like your texts or to draw like your pictures."
    icon = "mdi6.school-outline"
    chapter = "pre-training"
    order = 20
    opens = {"model": {"model": "*"}, "run": {"run": "*"}}
    commands = (
        ("Start training", "mdi6.play", "start"),
        ("Sample from a model", "mdi6.creation", "look_at", "sampling"),
        ("Compare runs", "mdi6.chart-multiple", "show_side", "runs"),
    )
    begin = Step(
        "Train your first model",
        "“{dataset}” is ready. The smallest preset takes about a minute, and you can watch it learn.",
        "Train a model",
        "mdi6.school-outline",
        {"dataset": "*dataset"},
        until=("model",),
    )

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.runs = RunStore.of(studio)
        self.chosen = ChosenRuns(self.runs)
        self.run_actions = RunActions(studio, self.runs, self)
        self._describing = JobFollower(self, studio, DESCRIBE)
        self._estimating = JobFollower(self, studio, ESTIMATE, patience=TYPING)
        self._probing = JobFollower(self, studio, PROBE, title="Try one step")
        self._illustrating = JobFollower(self, studio, OBJECTIVE, once=True)
        self.setup = RunSetup(studio.theme)
        self.cost = RunCost(studio.theme)
        self.history = RunHistory(studio.theme, self.runs, self.chosen, self.run_actions.offered)
        self.objective = ObjectiveView(studio.theme, lambda: studio.navigate("data"))
        self.view = RunView(studio, self.chosen, self.run_actions)
        self.sampling = RunSampling(studio)
        self.export = ModelExport(studio)
        self.error = ErrorBox(studio.theme, "train-error")
        self._estimate: Mapping[str, Any] = {}
        self._wanted: dict[str, Any] = {}
        self._datasets: dict[str, str] = {}
        self._make_header()
        self._lay_out()
        self._connect()
        self._look_around()
        self._learn_what_there_is()

    # Its parts.

    def _make_header(self) -> None:
        self.family = ChoiceField("family", "What to train", [])
        self.preset = ChoiceField("preset", "Preset", [])
        for each in (self.family, self.preset):
            each.setSizeAdjustPolicy(ChoiceField.SizeAdjustPolicy.AdjustToContents)
        self.preset.setToolTip("Settings that work well together, to begin from.")
        self.header_controls = [self.family, self.preset]
        self.act = self.primary_action = PrimaryAction("Start", "mdi6.play", self, "start")
        self.act.refuse("Getting ready…")
        self.act.triggered.connect(self.start)

    def _lay_out(self) -> None:
        self.side = Segments([("new", "New run"), ("runs", "Runs")], "train-side", "Set up a run, or the list of runs")
        self.view_choice = Segments(
            [("objective", "Objective"), ("run", "Curves"), ("sampling", "Sample")], "train-view", "What to look at"
        )
        new = boxed(vbox((self.setup, 1), self.cost, gap=12))
        self.no_runs = label(NO_RUNS, "secondary", "no-runs", wrap=True)
        self.no_runs.setAlignment(Qt.AlignmentFlag.AlignTop)
        runs = column(label(RUNS_HINT, "caption", "runs-hint", wrap=True), self.history)
        self._left = stack("train-left", new, runs, self.no_runs)
        self._right = stack("train-right", self.objective, self.view, column(self.export, self.sampling))
        left = column(row(self.side), self._left)
        left.setMinimumWidth(340)
        left.setMaximumWidth(420)
        self._folded = Fold(left, self, self.theme, _SMALL)
        fold = icon_button(
            "mdi6.dock-left", "Show or hide the form and the runs", "train-fold", self.theme, self._folded.swap
        )
        right = column(self.error, boxed(hbox(self.view_choice, ..., fold)), self._right)
        self.setLayout(vbox(splitter("train-splitter", left, (right, 1), sizes=(340, 900))))

    def _connect(self) -> None:
        self.side.changed.connect(self.show_side)
        self.view_choice.changed.connect(self.look_at)
        self.family.edited.connect(self._chose_family)
        self.preset.edited.connect(self._chose_preset)
        self.setup.changed.connect(self._recipe_changed)
        self.cost.probe_requested.connect(self._probe)
        self.cost.rate_requested.connect(self._find_rate)
        self.cost.recipe_requested.connect(self._show_recipe)
        self.history.run_opened.connect(self._open_run)
        self.run_actions.settings_wanted.connect(self._take_recipe)
        self.run_actions.rename_wanted.connect(self._rename_in_list)
        self.run_actions.failed.connect(self.error.show_error)
        self.history.run_renamed.connect(self.run_actions.rename)
        self.view.sampling_requested.connect(self._sample_from)
        self.view.setup_requested.connect(self._show_new)
        self.view.status_shown.connect(self._make_room)
        self.sampling.export_requested.connect(lambda model: self.export.ask(model, self))
        self.runs.listed.connect(self.show_side)
        self.chosen.selected.connect(lambda run: self.look_at("run") if run else None)
        self.studio.workspace_changed.connect(self._workspace_changed)
        self._describing.answered.connect(self.studio.know_families)
        self._estimating.answered.connect(self._estimated)
        self._probing.answered.connect(self.cost.show_probe)
        self._probing.progressed.connect(self._show_probing)
        self._probing.failed.connect(self.cost.show_failure)
        self._illustrating.answered.connect(self.objective.show_example)
        self._illustrating.failed.connect(self.objective.show_error)
        self.objective.rows_wanted.connect(self._show_rows)
        for each in (self._describing, self._estimating, self._probing):
            each.failed.connect(self.error.show_error)

    # Coming and going.

    def shown(self, **what: Any) -> None:
        """`run` opens one by id, and `go_on` resumes it; `preset`, `dataset`, `datasets` or `init` begin a new one,
        `settings` one with those of a run; `model` is sampled from.
        """
        self.runs.refresh()
        if run := what.get("run"):
            state = self.runs.run(run)
            self._open_run(state)
            if what.get("go_on") and state.resumable and not state.live:
                self.run_actions.go_on(state)
        if wanted := {key: what[key] for key in _NEW_RUN if what.get(key)}:
            self._set_up(**wanted)
        if settings := what.get("settings"):
            self._take_recipe(self.runs.run(settings).recipe)
        if model := what.get("model"):
            self._sample_from(model)
        self._illustrate()

    def look_at(self, view: str) -> None:
        """Show "objective", "run" or "sampling" at the right."""
        self.view_choice.set_value(view)
        self._right.setCurrentIndex(("objective", "run", "sampling").index(view))
        self._make_room()
        self._illustrate()

    def show_side(self, side: str | None = None) -> None:
        """Show the "new" run at the left, or the list of "runs"."""
        side = side or self.side.value()
        self.side.set_value(side)
        runs = self.runs.all()
        self.side.button("runs").setText(f"Runs ({len(runs)})" if runs else "Runs")
        self._left.setCurrentIndex(0 if side == "new" else 1 if runs else 2)

    def _show_new(self) -> None:
        self.show_side("new")
        self.look_at("objective")

    def _open_run(self, run: RunState) -> None:
        self.chosen.select(run)
        self.look_at("run")

    def _rename_in_list(self, run: RunState) -> None:
        self.show_side("runs")
        self.history.rename(run.id)

    def _sample_from(self, model: str) -> None:
        self.sampling.choose(model)
        self.look_at("sampling")

    def _set_up(self, preset: str = "", dataset: str = "", datasets: Sequence[Any] = (), init: str = "") -> None:
        """Set up a new run from what is named; before it is known what can be trained, once it is."""
        self._show_new()
        if not self.setup.family:
            self._wanted = {"preset": preset, "dataset": dataset, "datasets": datasets, "init": init}
            return
        self._wanted = {}
        if preset:
            self._begin_with_preset(preset)
        if chosen := list(datasets) or ([dataset] if dataset else []):
            self._want_family_for(chosen[0])
            self.setup.choose_data(chosen)
            if not self.setup.form.modified:
                self._take_fitting_preset()
        if init:
            self._want_family(self.studio.workspace.model(init).family)
            self.setup.continue_from(init)

    def _begin_with_preset(self, name: str) -> None:
        """Set up a run from a preset and on its data, of whatever family it is."""
        found = next((each for each in self.studio.description.get("presets", ()) if each["name"] == name), None)
        if found:
            self._want_family(found["family"])
            self.preset.setCurrentIndex(self.preset.findText(found["title"]))
            self.setup.set_preset(found, data=True)

    def _want_family(self, name: str) -> None:
        """Choose a family if it is not chosen already."""
        place = self.family.findText(next((each["title"] for each in self._families() if each["name"] == name), ""))
        if place >= 0 and place != self.family.currentIndex():
            self.family.setCurrentIndex(place)
            self._chose_family()

    def _want_family_for(self, dataset: str | Mapping[str, Any]) -> None:
        """Choose a family that learns from such data, unless the present one does."""
        name = dataset if isinstance(dataset, str) else dataset["name"]
        kind = self._datasets.get(name, "")
        fitting = [
            each["name"] for each in self._families() if kind in (each["data_kind"], *each.get("also_reads", ()))
        ]
        if fitting and self.setup.family.get("name") not in fitting:
            self._want_family(fitting[0])

    def _families(self) -> Sequence[Mapping[str, Any]]:
        return self.studio.description.get("families", ())

    def _take_recipe(self, recipe: Mapping[str, Any]) -> None:
        self._want_family(str(recipe.get("family", "")))
        self.setup.load(recipe)
        self._show_new()

    # What there is.

    def _learn_what_there_is(self) -> None:
        """Families and presets: known to the studio already, or asked for now."""
        self.studio.described.connect(self._described)
        if self.studio.description:
            self._described(self.studio.description)
        else:
            self._describing.ask()

    def _look_around(self) -> None:
        workspace = self.studio.workspace
        self._datasets = {record.name: record.kind for record in workspace.datasets()}
        taken = [run.id for run in self.runs.all() if run.id]
        self.setup.set_workspace(workspace.datasets(), workspace.models(), taken, workspace.linked_models())
        self.sampling.set_models(workspace.models())
        self.show_side()

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if kind in _REFRESH:
            self._look_around()
            self._recipe_changed()

    def _described(self, families: Mapping[str, Any]) -> None:
        if self.setup.family:
            return
        for family in families["families"]:
            self.family.addItem(family["title"], family)
        self._restore_choice()
        self._chose_family()
        if self._wanted:
            self._set_up(**self._wanted)

    # What the person chose, which is there again when the program is.

    def _restore_choice(self) -> None:
        kept = self.studio.preferences.recall(self.studio.workspace.path, _CHOICE)
        try:
            choice = json.loads(kept) if isinstance(kept, str) else {}
            data = {kind: _still_here(chosen, self._datasets) for kind, chosen in choice["data"].items()}
            place = self.family.findText(
                next((each["title"] for each in self._families() if each["name"] == choice["family"]), "")
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # nothing was kept, or it was changed by hand
        self.setup.data = {kind: chosen for kind, chosen in data.items() if chosen}
        self.family.setCurrentIndex(max(0, place))

    def _keep_choice(self) -> None:
        choice = {"family": self.setup.family["name"], "data": self.setup.data}
        self.studio.preferences.remember(self.studio.workspace.path, _CHOICE, json.dumps(choice))

    def _chose_family(self) -> None:
        family = self.family.value()
        self.family.setToolTip(family.get("description", ""))
        self.setup.set_family(family)
        self.objective.set_family(family)
        self.preset.clear()
        for preset in self.studio.description["presets"]:
            if preset["family"] == family["name"]:
                self.preset.addItem(preset["title"], preset)
        self.preset.addItem("Defaults", {"values": {}, "name": "", "title": "Defaults"})
        self._look_around()
        self._chose_preset()
        self._take_fitting_preset()

    def _take_fitting_preset(self) -> None:
        """Choose the preset that was made for the chosen data, if there is one and the present one was not."""
        fits = [
            dataset_names(self.preset.itemData(place)["values"].get(DATA, [])) == self.setup.datasets
            for place in range(self.preset.count())
        ]
        if any(fits) and not fits[self.preset.currentIndex()]:
            self.preset.setCurrentIndex(fits.index(True))
            self._chose_preset()

    def _chose_preset(self) -> None:
        preset = self.preset.value()
        self.preset.setToolTip(preset.get("description") or "The settings' own defaults.")
        self.setup.set_preset(preset)

    # The recipe and what is asked of it.

    def _recipe_changed(self) -> None:
        if not self.setup.family:
            return
        self._keep_choice()
        self.cost.clear_pace()
        self._judge()
        if not self.setup.form.problem():
            self._estimating.ask(recipe=self.setup.recipe())
        self._illustrate()

    def _show_rows(self) -> None:
        """Go to Data, where the rows that are to be learnt are shown as the chosen model reads them."""
        recipe = self.setup.recipe()
        self.studio.navigate("data", dataset=self.setup.datasets[0], view="read", reader=recipe.get("init", ""))

    def _illustrate(self) -> None:
        """Show the objective on the chosen data, but only to someone who looks at it: it may cost a tokenizer."""
        if not self.setup.family or self._right.currentIndex() != 0 or not self.isVisible():
            return
        missing = [name for name in self.setup.datasets if name not in self._datasets]
        if missing:
            self.objective.clear(
                f"“{missing[0]}” is not in this workspace yet; a run brings it if the catalogue has it."
            )
        elif self.setup.datasets:
            self.objective.await_line(self.setup.datasets[0])
            self._illustrating.ask(recipe=_what_it_learns_from(self.setup.recipe()))
        else:
            self.objective.clear("Choose a dataset at the left, and a real piece of it will be shown here.")

    def _estimated(self, estimate: Mapping[str, Any]) -> None:
        self._estimate = estimate
        self.setup.form.clear_errors()
        self.cost.show_estimate(estimate)
        if estimate.get("error"):
            self.setup.form.show_error(estimate.get("field", ""), estimate["error"])
        self._judge()

    def _judge(self) -> None:
        """Say whether Start can succeed, and if not, why."""
        if reason := self.refusal():
            self.act.refuse(reason)
        else:
            self.act.allow()

    def refusal(self) -> str:
        """Why a run cannot be started now, or ""."""
        if not self.setup.family:
            return "Getting ready…"
        if not self.setup.datasets:
            return "Choose a dataset first."
        if not self.setup.name.value().strip():
            return "Name the run first."
        if problem := self.setup.form.problem():
            return problem
        return "See the marked setting." if self._estimate.get("field") else str(self._estimate.get("error") or "")

    def _probe(self) -> None:
        self.error.clear()
        self.cost.show_probing("Trying…")
        self._probing.ask(recipe=self.setup.recipe())

    def _show_probing(self, progress: Progress) -> None:
        self.cost.show_probing(progress.message.capitalize() or "Trying…")

    def _find_rate(self) -> None:
        if problem := self.refusal():
            self.error.show_error(problem)
            return
        self.error.clear()
        dialog = RateDialog(self.studio, self.setup.recipe(), self)
        dialog.rate_chosen.connect(self._take_rate)
        dialog.open()

    def _take_rate(self, rate: float) -> None:
        form = self.setup.form
        before, values = float(form.value(RATE)), {RATE: rate}
        if REST in form.rows and before:  # under Muon what is no matrix keeps its proportion, as it did in the trials
            values[REST] = float(form.value(REST)) * rate / before
        form.set_values(values)
        self._recipe_changed()

    def _show_recipe(self) -> None:
        recipe = self.setup.recipe()
        RecipeDialog(self.theme, recipe, recipe["name"] or "recipe", self).show()

    def start(self) -> None:
        """Begin the run that the left side describes."""
        if not self.act.isEnabled():
            return
        self.error.clear()
        self.run_actions.begin(self.setup.recipe())
        self.look_at("run")

    def _make_room(self) -> None:
        """In a small window the form folds away while one watches a run that trains."""
        run = self.view.run if self._right.currentWidget() is self.view else None
        self._folded.allow(run is not None and run.live)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._folded.fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self._illustrate)


def _still_here(chosen: Sequence[Any], datasets: Mapping[str, str]) -> list[Any]:
    """Of datasets that were chosen once, those that there are."""
    return [each for each, name in zip(chosen, dataset_names(chosen), strict=True) if name in datasets]


def _what_it_learns_from(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe without what its objective does not depend on, so that a new name or pace asks for no new picture."""
    return {**recipe, "name": "", "training": {"seed": recipe.get("training", {}).get("seed", 0)}}
