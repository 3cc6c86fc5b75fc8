"""What can be done with a run, wherever it is offered: hold it, end it, go on with it, train it longer, delete it."""

from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QInputDialog, QWidget

from fmstudio.gui.runs.jobs import PRETRAIN, RESUME
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.runs.store import RunStore
from fmstudio.gui.studio import Studio
from fmstudio.gui.train.recipe_dialog import RecipeDialog
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.jobs.tidying import RENAME
from fmstudio.gui.widgets.menus import RULE, Act, MenuEntry, confirm, tell
from fmstudio.jobs import JobRequest, Priority
from fmstudio.workspace import WorkspaceError
from fmstudio.workspace.dependants import dependants


class RunActions(QObject):
    """The studio's verbs for runs. Those whose names begin with `ask` open a dialog over `window` first.

    settings_wanted(recipe): a new run should begin from these settings. rename_wanted(run): the list lets its
    name be changed in place. failed(reason, details): it could not be renamed.
    """

    settings_wanted = Signal(object)
    rename_wanted = Signal(object)
    failed = Signal(str, str)

    def __init__(self, studio: Studio, store: RunStore, window: QWidget) -> None:
        super().__init__(window)
        self._studio, self._store, self._window = studio, store, window
        self._renaming = JobFollower(self, studio, RENAME, "joins")
        self._renaming.failed.connect(self.failed)

    # Beginning.

    def begin(self, recipe: dict[str, Any]) -> str:
        """Start a run from a recipe; returns its job."""
        arguments = {"recipe": recipe}
        return self._submit(recipe["name"], PRETRAIN, arguments, recipe["name"])

    def go_on(self, run: RunState, steps: int = 0) -> str:
        """Go on from the last checkpoint; with `steps` above the run's own, to that many."""
        arguments = {"run": run.id} | ({"steps": steps} if steps else {})
        return self._submit(run.name, RESUME, arguments, run.id)

    def _submit(self, name: str, target: str, arguments: dict[str, Any], subject: str) -> str:
        # In the background: whatever a person asks for meanwhile, an import or a sample, goes first.
        request = JobRequest(f"Train “{name}”", target, arguments, Priority.BACKGROUND, subject=subject)
        return self._studio.submit(request)

    def ask_longer(self, run: RunState) -> None:
        """Ask for how many more steps, and go on."""
        dialog = QInputDialog(self._window)
        dialog.setObjectName("train-longer")
        dialog.setWindowTitle("Train longer")
        dialog.setLabelText(f"“{run.name}” is at step {run.step:,}. How many more steps?")
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setIntRange(1, 10_000_000)
        dialog.setIntValue(max(run.steps, 100))
        dialog.setOkButtonText("Train")
        dialog.intValueSelected.connect(lambda more: self.go_on(run, run.step + more))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # While it runs.

    def hold(self, run: RunState) -> None:
        """Pause a run, or let a paused one go on."""
        (self._studio.resume if run.status == "paused" else self._studio.pause)(run.job)

    def stop(self, run: RunState) -> None:
        """Finish here: validate, keep a checkpoint and the model."""
        self._studio.stop(run.job)

    def ask_cancel(self, run: RunState) -> None:
        """End it and keep no model, once a person has confirmed it; at once where nothing is lost."""
        if run.step == 0:
            self._studio.cancel(run.job)
            return
        sentence = f"Cancel “{run.name}” at step {run.step:,}? No model is kept; Stop would keep what it has learnt."
        self._confirm("Cancel the run", sentence, "Cancel the run", lambda: self._studio.cancel(run.job))

    # Afterwards.

    def rename(self, run: RunState, new: str) -> None:
        """Call a run otherwise; its id, by which others know it, stays."""
        if new.strip() and new.strip() != run.name:
            self._renaming.ask(f"Rename “{run.name}”", kind="run", name=run.id, new=new)

    def ask_delete(self, run: RunState) -> None:
        """Move a run with its checkpoints, samples and curves to the bin once a person has confirmed it."""
        sentences = [*dependants(self._studio.workspace, "run", run.id), "It goes to the bin and can be brought back."]
        confirm(
            self._window, "confirm", "Delete the run",
            f"Delete the run “{run.name}” with its checkpoints, samples and curves?", "\n\n".join(sentences),
            "Delete", lambda: self._delete(run),
        )  # fmt: skip

    def _delete(self, run: RunState) -> None:
        try:
            self._store.remove(run.id)
        except WorkspaceError as error:
            tell(self._window, "Delete the run", str(error))

    def show_recipe(self, run: RunState) -> None:
        """Open the recipe of a run."""
        RecipeDialog(self._studio.theme, run.recipe, run.name, self._window).show()

    def offered(self, run: RunState) -> list[MenuEntry]:
        """What a right click offers for a run."""
        if run.live:
            held = "Go on" if run.status == "paused" else "Pause"
            return [
                (held, lambda: self.hold(run)),
                ("Stop and keep the model", lambda: self.stop(run)),
                ("Cancel…", lambda: self.ask_cancel(run)),
            ]
        looks: list[MenuEntry] = [
            ("Use its settings", lambda: self.settings_wanted.emit(run.recipe)),
            ("Show recipe", lambda: self.show_recipe(run)),
        ]
        if run.status == "elsewhere":
            return looks
        resume, longer = ("Resume", lambda: self.go_on(run)), ("Train longer…", lambda: self.ask_longer(run))
        return [
            resume if run.resumable else longer,
            *looks,
            RULE,
            ("Rename", lambda: self.rename_wanted.emit(run)),
            ("Delete…", lambda: self.ask_delete(run)),
        ]

    def _confirm(self, title: str, sentence: str, verb: str, act: Act) -> None:
        confirm(self._window, "confirm", title, sentence, "", verb, act)
