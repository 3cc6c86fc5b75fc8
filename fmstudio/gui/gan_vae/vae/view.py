"""The VAE side: the latent space as a map, what is kept of a picture, samples from the prior, and what is used."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from fmstudio.gui.gan_vae.vae.inside import VaeInside
from fmstudio.gui.gan_vae.vae.latent import LatentPoint, survey_of
from fmstudio.gui.gan_vae.vae.prior import PriorSamples
from fmstudio.gui.gan_vae.vae.reconstructions import Reconstructions
from fmstudio.gui.gan_vae.vae.space import LatentSpace
from fmstudio.gui.runs.sources import Source
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import Yielding, stack, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import label, scroll_area
from fmstudio.gui.widgets.segments import Segments
from fmstudio.jobs import Progress

OPEN = "fmstudio.laboratory.vae:open"
SURVEY = "fmstudio.laboratory.vae:survey"
PICTURES = 2000
VIEWS = (("space", "Latent map"), ("pairs", "Reconstructions"), ("prior", "Samples"), ("inside", "Inside"))
EXPLANATIONS = {
    "space": "The encoder puts each picture at a point; the decoder turns any point into a picture.",
    "pairs": "Squeezed through a few numbers and back: what is lost did not fit, or did not matter.",
    "prior": "Points drawn at random from where codes may lie, decoded: pictures that nobody drew.",
    "inside": "Two wishes pull: rebuild the picture well, and stay close to noise (the KL divergence).",
}
_ACTS = {
    "space": ("Map again", "mdi6.map-outline"),
    "pairs": ("Other pictures", "mdi6.dice-multiple-outline"),
    "prior": ("New samples", "mdi6.dice-multiple-outline"),
    "inside": ("Measure again", "mdi6.chart-bar"),
}


class VaeView(QWidget):
    """One model, one dataset, four views. act_changed: what Ctrl+Enter does, or whether it can, is another thing."""

    act_changed = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("vae-view")
        self._studio = studio
        self._source: Source | None = None
        self._run: RunState | None = None
        self._model: Mapping[str, Any] = {}
        self._opened_for: Source | None = None
        self.point = LatentPoint()
        self.space = LatentSpace(studio, self.point)
        self.pairs = Reconstructions(studio)
        self.prior = PriorSamples(studio)
        self.inside = VaeInside(studio.theme, self.point)
        self._views = {"space": self.space, "pairs": self.pairs, "prior": self.prior, "inside": self.inside}
        self.view_choice = Segments(VIEWS, "vae-view-choice", "What to look at")
        self.dataset = ChoiceField("vae-dataset", "Pictures to encode", [])
        self.dataset.setToolTip("The pictures that are put on the map and reconstructed.")
        self.explanation = label("", "secondary", "vae-explanation", wrap=True)
        self.error = ErrorBox(studio.theme, "vae-error")
        self._opening = JobFollower(self, studio, OPEN, "waits")
        self._surveying = JobFollower(self, studio, SURVEY, "waits", title="Survey the latent space")
        self._lay_out()
        self._connect()
        self.look_at("space")

    def _lay_out(self) -> None:
        self._stack = stack("vae-pages", *self._views.values())
        self.setLayout(
            vbox(
                flow(self.view_choice, self.dataset, self.explanation, gap=16),
                self.error,
                (scroll_area(Yielding(vbox((self._stack, 1))), "vae-scroll"), 1),
                gap=12,
            )
        )

    def _connect(self) -> None:
        self.view_choice.changed.connect(self.look_at)
        self.dataset.edited.connect(self._begin)
        self._opening.answered.connect(self._opened)
        self._surveying.answered.connect(self._show_survey)
        self._surveying.progressed.connect(self._show_progress)
        self._surveying.busy_changed.connect(self._busy)
        for each in (self._opening, self._surveying, self.space, self.pairs, self.prior):
            each.failed.connect(self._failed)
        self._studio.workspace_changed.connect(self._workspace_changed)

    def look_at(self, view: str) -> None:
        """Show "space", "pairs", "prior" or "inside"."""
        self.view_choice.set_value(view)
        self.explanation.setText(EXPLANATIONS[view])
        self._stack.setCurrentWidget(self._views[view])
        self.dataset.setVisible(view != "prior")
        self.act_changed.emit()

    # Which model, which pictures.

    def set_source(self, source: Source | None, run: RunState | None) -> None:
        """Look at another model or run; it is opened when someone looks."""
        if run is not self._run:
            self._run = run
            self.inside.set_run(run)
        if source != self._source:
            self._source, self._model, self._opened_for = source, {}, None
            self._surveying.forget()
            self.error.clear()
            self.point.take_survey(None)
            self.look()
        self.act_changed.emit()

    def look(self) -> None:
        """Open the model if it is not open and someone looks."""
        if self.isVisible() and self._source is not None and self._opened_for != self._source:
            self._opened_for = self._source
            self.space.wait("Opening the model…")
            self._opening.ask_instead(model=self._source.model)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look()

    def _opened(self, about: Mapping[str, Any]) -> None:
        self._model = about
        self._list_datasets()
        self._begin()

    def _list_datasets(self) -> None:
        """The datasets that the model learnt from first, then the others whose pictures it can take."""
        own = [str(name) for name in self._model.get("datasets", ())]
        shape = [self._model.get(name) for name in ("height", "width", "channels")]
        fits = [
            record.name
            for record in self._studio.workspace.datasets()
            if record.kind == "images" and [record.details.get(n) for n in ("height", "width", "channels")] == shape
        ]
        chosen, names = self.dataset.value(), [*own, *(name for name in fits if name not in own)]
        self.dataset.clear()
        for name in names:
            self.dataset.addItem(name, name)
        if chosen in names:
            self.dataset.set_value(chosen)

    def _begin(self) -> None:
        """The model is open and pictures are chosen: let every view have them."""
        if self._source is None or not self._model:
            return
        model, dataset = self._source.model, str(self.dataset.value() or "")
        self.prior.use(model, self._model)
        self.space.set_conditions(self._model.get("conditions", ()))
        if not dataset:
            self.space.wait(_no_pictures(self._model))
            self.act_changed.emit()
            return
        self.space.use(model, dataset)
        self.pairs.use(model, dataset, self._studio.workspace.dataset(dataset).items)
        self._surveying.ask_instead(model=model, dataset=dataset, count=PICTURES)
        self.act_changed.emit()

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if kind == "dataset" and self._model:
            before = self.dataset.value()
            self._list_datasets()
            if not before and self.dataset.value():
                self._begin()

    # The survey.

    def _show_survey(self, survey: Mapping[str, Any]) -> None:
        self.error.clear()
        self.point.take_survey(survey_of(survey))

    def _show_progress(self, progress: Progress) -> None:
        total = f" of {progress.total:,.0f}" if progress.total else ""
        message = progress.message or "encoding"
        self.space.wait(f"{message[:1].upper()}{message[1:]}… {progress.done:,.0f}{total}")

    def _busy(self, busy: bool) -> None:
        if busy:
            self.space.wait("Encoding pictures…")
        self.act_changed.emit()

    def _failed(self, reason: str, details: str) -> None:
        self.error.show_error(reason, details)
        self.space.wait("")
        self.act_changed.emit()

    # What Ctrl+Enter does.

    @property
    def act_words(self) -> tuple[str, str]:
        """The text and icon of the primary button."""
        return _ACTS[str(self.view_choice.value())]

    def refusal(self) -> str:
        """Why that cannot be done now, or ""."""
        if self._source is None:
            return "Train a VAE first."
        if self.view_choice.value() != "prior" and self._model and not self.dataset.value():
            return "Choose pictures first."
        return "Encoding pictures…" if self._surveying.busy and self.view_choice.value() in ("space", "inside") else ""

    def act(self) -> None:
        """Do it."""
        view = self.view_choice.value()
        if self.refusal():
            return
        if view == "pairs":
            self.pairs.others()
        elif view == "prior":
            self.prior.others()
        else:
            self.refresh()

    def refresh(self) -> None:
        """The model is newer than it was (a run has gone on): open and survey it again."""
        self._opened_for = None
        self.look()


def _no_pictures(model: Mapping[str, Any]) -> str:
    size = f"{model.get('width')}×{model.get('height')}"
    return f"No dataset here has pictures of this model's size, {size}; add one in Data, and the map is drawn of it."
