"""What the views that walk back from noise have in common: a form at the left, a player at the right, and the jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.diffusion.step_scrubber import StepScrubber
from fmstudio.gui.diffusion.walk_player import WalkPlayer
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, column, hbox, stack
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import scroll_area
from fmstudio.gui.widgets.menus import RULE, MenuEntry, menu_of
from fmstudio.gui.widgets.pictures.export import PictureExport
from fmstudio.gui.widgets.pictures.rating import Drawn
from fmstudio.jobs import JobRequest, Priority, Sample

FORM = 292


@dataclass(frozen=True, slots=True)
class Wanted:
    """A walk to be asked for."""

    target: str
    title: str
    arguments: Mapping[str, Any]
    sampler: str = ""  # as a person calls it


class WalkView(QWidget):
    """Subclasses fill `form`, and tell by `wanted` and `problem` what to ask for. `judged`: the answer may be another.

    input_wanted(view, picture): a person wants to work on this picture in the view "edit" or "forward".
    action: the words and icon of its button; sentence: what one sees here.
    """

    judged = Signal()
    input_wanted = Signal(str, object)
    action: tuple[str, str]
    sentence: str

    def __init__(self, studio: Studio, name: str, player: WalkPlayer, hint: EmptyState) -> None:
        super().__init__()
        self.setObjectName(f"{name}-view")
        self.studio, self.name, self.player = studio, name, player
        self.error = ErrorBox(studio.theme, f"{name}-error")
        self.runs = [JobFollower(self, studio) for _ in range(2)]
        self.export = PictureExport(studio, self)
        self.form = QVBoxLayout()
        self._pages = stack(f"{name}-pages", hint, player)
        self._asked: list[Wanted] = []
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        content = boxed(self.form)
        self.form.setContentsMargins(0, 0, 12, 8)
        self.form.setSpacing(12)
        left = scroll_area(content, f"{self.name}-form")
        left.setFixedWidth(FORM)
        self.setLayout(hbox(left, (column(self.error, self._pages), 1), gap=16))

    def _connect(self) -> None:
        for number, run in enumerate(self.runs):
            run.busy_changed.connect(self.judged)
            run.sampled.connect(lambda sample, number=number: self._take(number, sample))
            run.finished.connect(lambda event, number=number: self._ended(number, event.result))
            run.failed.connect(self._failed)
        self.export.failed.connect(self.error.show_error)
        self.player.picture_menu.connect(self._open_picture_menu)
        self.player.export_menu.connect(self._open_export_menu)

    # What subclasses say.

    def wanted(self) -> list[Wanted]:
        """The walks to ask for now, one or two."""
        raise NotImplementedError

    def problem(self) -> str:
        """Why nothing can be asked for now, or ""."""
        raise NotImplementedError

    @property
    def scrubber(self) -> StepScrubber:
        """What goes through the steps."""
        return self.player.scrubber

    # Running.

    @property
    def busy(self) -> bool:
        """Whether a walk is under way."""
        return any(run.busy for run in self.runs)

    def stop(self) -> None:
        """End the walks where they are, and keep their steps."""
        for run in self.runs:
            run.stop()

    def start(self) -> None:
        """Ask for the walks; one that is under way is given up."""
        if self.problem():
            return
        self.error.clear()
        self._asked = self.wanted()
        for run in self.runs:
            run.forget()
        self.player.clear(len(self._asked))
        self.show_walks()
        for number, wanted in enumerate(self._asked):
            self.player.set_facts(number, "Waiting for its turn…")
            self.runs[number].request(JobRequest(wanted.title, wanted.target, wanted.arguments, Priority.INTERACTIVE))
        self.judged.emit()

    def show_walks(self) -> None:
        """Show the player in place of the hint."""
        self._pages.setCurrentIndex(1)

    def _take(self, walk: int, sample: Sample) -> None:
        if sample.kind == "diffusion-step" and isinstance(sample.data, dict):
            self.player.take(walk, sample.data)
            self.player.set_facts(walk, f"{self._way(walk)} · under way, Esc stops it")

    def _ended(self, walk: int, result: Mapping[str, Any]) -> None:
        self.player.set_facts(walk, f"{self._way(walk)} · {cost(result)}" if result else "Given up.")
        self.judged.emit()

    def _failed(self, reason: str, details: str) -> None:
        for run in self.runs:
            run.forget()
        self.error.show_error(reason, details)
        for number in range(len(self._asked)):
            if not self.player.walks[number].complete:
                self.player.set_facts(number, "")
        if not any(len(walk) for walk in self.player.walks):
            self._pages.setCurrentIndex(0)
        self.judged.emit()

    def _way(self, walk: int) -> str:
        """How a walk goes: "DDIM, 20 steps", and which it is where there are two."""
        settings = self._asked[walk].arguments["settings"]
        steps = formatting.plural(settings["steps"], "step")
        guided = f", guidance {settings['guidance']:g}" if settings["guidance"] != 1 else ""
        which = f"{'AB'[walk]}: " if len(self._asked) == 2 else ""
        return f"{which}{self._asked[walk].sampler}, {steps}{guided}"

    # Getting pictures out.

    def picture_name(self, walk: int, index: int) -> str:
        """What a saved picture is called before a person says otherwise."""
        settings = self._asked[walk].arguments["settings"]
        return f"{_file_name(self._asked[walk].arguments['model'])}-seed-{settings['seed']}-{index + 1}"

    def about_picture(self, walk: int) -> dict[str, str]:
        """What is kept in a saved file."""
        asked = self._asked[walk].arguments
        return {"model": str(asked["model"]), "settings": str(asked["settings"]), "condition": str(asked["condition"])}

    def _drawn(self, walk: int, view: str, index: int) -> Drawn:
        """How the picture that is shown now was drawn."""
        wanted, step = self._asked[walk], self.player.position_of(walk)
        return Drawn(wanted.arguments["model"], wanted.target, wanted.arguments, index, f"step-{step:04d}", view)

    def _open_picture_menu(self, walk: int, view: str, index: int, place: QPoint) -> None:
        picture = self.player.array(walk, view)[index]
        more = [
            ("Edit this picture", lambda: self.input_wanted.emit("edit", picture)),
            ("Add noise to this picture", lambda: self.input_wanted.emit("forward", picture)),
        ]
        self.export.open_menu(
            place,
            picture,
            self.picture_name(walk, index),
            about=self.about_picture(walk),
            more=more if view != "noise" else [],
            drawn=self._drawn(walk, view, index) if view != "noise" else None,
        )

    def export_menu(self) -> QMenu:
        """What can be saved of the walk that one goes through."""
        walk = self.player.walks.index(self.player.lead)
        index, name = self.player.chosen_picture(), self.picture_name(walk, self.player.chosen_picture())
        now, about = self.player.array(walk, "state"), self.about_picture(walk)
        sheet = name.rpartition("-")[0]
        entries: list[MenuEntry] = [("Picture as PNG…", lambda: self.export.ask(now[index][None], name, about=about))]
        if len(now) > 1:
            ask_sheet = partial(self.export.ask, now, f"{sheet}-sheet", about=about)
            entries.append(("Sheet of all pictures as PNG…", ask_sheet))
        entries.append(RULE)
        for view, title in (("state", "noisy pictures"), ("denoised", "predicted pictures")):
            animate = partial(self._ask_animation, view, f"{sheet}-{view}")
            entries.append((f"Animation of the {title} as GIF…", animate))
        return menu_of(entries, self, f"{self.name}-export-menu")

    def _ask_animation(self, view: str, name: str) -> None:
        self.export.ask(self.player.film(view), name, ".gif")

    def _open_export_menu(self, place: QPoint) -> None:
        self.export_menu().popup(place or QCursor.pos())


def cost(result: Mapping[str, Any]) -> str:
    """What a walk took of the network: "20 evaluations, 14 ms each for 16 pictures · 0.3 s"."""
    pictures = formatting.plural(result["pictures"], "picture")
    asked = formatting.plural(result["evaluations"], "evaluation")
    each = formatting.number(1000 * result["seconds_per_evaluation"], 2)
    return f"{asked}, {each} ms each for {pictures} · {formatting.duration(result['seconds'])}"


def _file_name(model: object) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in str(model)).strip("-")
