"""Diffusion: see how noise takes a picture away, and how a trained model brings pictures out of noise."""

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtGui import QKeyEvent

from fmstudio.gui.diffusion.between import BetweenView
from fmstudio.gui.diffusion.edit import EditView
from fmstudio.gui.diffusion.forward import ForwardView
from fmstudio.gui.diffusion.models import DiffusionModels
from fmstudio.gui.diffusion.reverse import ReverseView
from fmstudio.gui.diffusion.source import PictureSource
from fmstudio.gui.diffusion.view import WalkView
from fmstudio.gui.panel import Panel, PrimaryAction
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import stack, vbox
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.segments import Segments

PRESET = "robots-diffusion"
VIEWS = (
    ("forward", "Add noise"),
    ("reverse", "Remove noise"),
    ("edit", "Edit a picture"),
    ("between", "Between seeds"),
)
_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
_REFRESH = {"dataset", "model", "run", "checkpoint"}


class DiffusionPanel(Panel):
    """Four views: the forward process, and three ways to walk back."""

    name = "diffusion"
    title = "Diffusion"
    summary = "See noise take a picture away, and a model bring pictures out of noise."
    icon = "mdi6.blur"
    chapter = "laboratory"
    order = 40
    opens = {"model:diffusion": {"model": "*"}}
    commands = (
        ("Add noise (Diffusion)", "mdi6.blur", "look_at", "forward"),
        ("Remove noise (Diffusion)", "mdi6.blur", "look_at", "reverse"),
        ("Edit a picture (Diffusion)", "mdi6.blur", "look_at", "edit"),
        ("Between seeds (Diffusion)", "mdi6.blur", "look_at", "between"),
    )

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.models = DiffusionModels(studio)
        self.forward = ForwardView(studio, self.models)
        self.reverse = ReverseView(studio, self.models)
        self.edit = EditView(studio, self.models)
        self.between = BetweenView(studio, self.models)
        self.views: dict[str, ForwardView | WalkView] = {
            "forward": self.forward, "reverse": self.reverse, "edit": self.edit, "between": self.between,
        }  # fmt: skip
        self.view_choice = Segments(VIEWS, "diffusion-view", "What to look at")
        self.sentence = label("", "secondary", "diffusion-sentence", wrap=True)
        self.error = ErrorBox(studio.theme, "diffusion-error")
        self.act = self.primary_action = PrimaryAction("Generate", "mdi6.creation", self, "diffusion-run")
        self._lay_out()
        self._connect()
        self.look_at("forward")

    def _lay_out(self) -> None:
        self._stack = stack("diffusion-pages", *self.views.values(), self._no_model())
        self.setLayout(vbox(flow(self.view_choice, self.sentence, gap=16), self.error, (self._stack, 1), gap=16))

    def _no_model(self) -> EmptyState:
        empty = EmptyState(
            self.theme, "mdi6.blur", "No diffusion model yet",
            "A small one learns to draw robots in a few minutes. You can come back while it trains and watch it draw "
            "with what it has learnt so far.", "diffusion-empty",
        )  # fmt: skip
        empty.add_button("Train one on robots", "diffusion-train", self._to_training, "mdi6.school-outline")
        return empty

    def _connect(self) -> None:
        self.act.triggered.connect(self.start)
        self.view_choice.changed.connect(self.look_at)
        for view in self.views.values():
            view.judged.connect(self._judge)
            view.input_wanted.connect(self._use_picture)
        self.models.models_changed.connect(self._show_view)
        self.models.chosen_changed.connect(self._choose_model)
        self.models.failed.connect(self.error.show_error)
        self.models.known.connect(self._model_opened)
        self.studio.workspace_changed.connect(self._workspace_changed)

    # Coming and going.

    def shown(self, **what: Any) -> None:
        """`dataset` and `index` dissolve that picture; `model` (a name, or "run:<id>") generates with it."""
        self.models.refresh()
        if dataset := what.get("dataset"):
            self.look_at("forward")
            self.forward.source.show_picture(dataset, int(what.get("index", 0)))
        if model := what.get("model") or (what.get("run") and f"run:{what['run']}"):
            self.look_at("reverse")
            if model in self.models.references:
                self.models.choose(model)

    def look_at(self, view: str) -> None:
        """Show "forward", "reverse", "edit" or "between"."""
        self.view_choice.set_value(view)
        self._show_view()

    def accepts(self, paths: list[Path]) -> bool:
        return len(paths) == 1 and paths[0].suffix.lower() in _PICTURES

    def dropped(self, paths: list[Path]) -> None:
        view = "edit" if self.view_choice.value() == "edit" else "forward"
        self.look_at(view)
        self._source_of(view).open_file(paths[0])

    # What is shown.

    @property
    def view(self) -> ForwardView | WalkView:
        """The view that is looked at."""
        return self.views[self.view_choice.value()]

    def _show_view(self) -> None:
        wants_model = self.view_choice.value() != "forward" and not self.models.models
        self._stack.setCurrentIndex(len(VIEWS) if wants_model else list(self.views).index(self.view_choice.value()))
        self.sentence.setText(self.view.sentence)
        self._judge()

    def _judge(self) -> None:
        """Say what the view's action is now, whether it can succeed, and if not, why."""
        text, self.act.icon_name = ("Stop", "mdi6.stop") if self._walking else self.view.action
        self.act.setText(text)
        if self._walking:
            self.act.allow()
            return
        wants_model = self.view_choice.value() != "forward" and not self.models.models
        reason = "Train a diffusion model first." if wants_model else self.view.problem()
        self.act.refuse(reason) if reason else self.act.allow()

    @property
    def _walking(self) -> bool:
        return isinstance(self.view, WalkView) and self.view.busy

    def start(self) -> None:
        """Do what the view is there for, or end it where it is under way."""
        view = self.view
        if isinstance(view, WalkView) and view.busy:
            view.stop()
        elif self.act.isEnabled():
            view.start()

    def _choose_model(self, reference: str) -> None:
        """The three views that need a model work with the same one."""
        for fields in (self.reverse.fields[0], self.edit.fields, self.between.fields):
            if fields.model.reference != reference:
                fields.choose_model(reference)

    def _model_opened(self, _: str) -> None:
        self.error.clear()
        self._judge()

    def _use_picture(self, view: str, picture: np.ndarray) -> None:
        """Work on a picture that is in the window."""
        self.look_at(view)
        self._source_of(view).take(picture, "A picture from this panel")

    def _source_of(self, view: str) -> PictureSource:
        return self.edit.source if view == "edit" else self.forward.source

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if kind in _REFRESH:
            self.models.refresh()
            self.forward.look_around()
            self.edit.source.look_around()

    def _to_training(self) -> None:
        self.studio.navigate("train", preset=PRESET)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.view.scrubber.take_key(event):
            super().keyPressEvent(event)
