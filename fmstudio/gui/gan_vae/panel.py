"""GAN & VAE: watch two networks play against each other, and walk through the space that an autoencoder lays out."""

from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QSizePolicy

from fmstudio.gui.gan_vae.gan.view import GanView
from fmstudio.gui.gan_vae.presets import preset_sources
from fmstudio.gui.gan_vae.vae.view import VaeView
from fmstudio.gui.models.picker import ModelPicker
from fmstudio.gui.models.shelf import TRAINED, UNFINISHED, ModelShelf, Record, model_record
from fmstudio.gui.panel import Panel, PrimaryAction
from fmstudio.gui.runs.jobs import DESCRIBE
from fmstudio.gui.runs.sources import Source, sources_of
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.runs.store import RunStore
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import stack, vbox
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import show_part
from fmstudio.gui.widgets.segments import Segments

PRESETS = {"gan": "robots-gan", "vae": "robots-vae"}
ANY_PRESET = "preset:"


class GanVaePanel(Panel):
    """Two sides. Each shows the source (a model, a run in training, a preset) that is chosen in the header."""

    name = "gan-vae"
    title = "GAN & VAE"
    summary = "Two ways to make pictures from noise: a contest, and a map."
    icon = "mdi6.vector-difference"
    chapter = "laboratory"
    order = 50
    opens = {"model:gan": {"model": "*"}, "model:vae": {"model": "*"}}
    commands = (
        ("Watch a GAN learn", "mdi6.sword-cross", "look_at", "gan", "learning"),
        ("Generate with a GAN", "mdi6.dice-multiple-outline", "look_at", "gan", "generate"),
        ("Map of a VAE's latent space", "mdi6.map-outline", "look_at", "vae", "space"),
    )

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.gan, self.vae = GanView(studio), VaeView(studio)
        self.runs = RunStore.of(studio)
        self._views: dict[str, GanView | VaeView] = {"gan": self.gan, "vae": self.vae}
        self._chosen = {"gan": "", "vae": ""}
        self._listed: list[Source] = []
        self._describing = JobFollower(self, studio, DESCRIBE)
        self._describing.answered.connect(studio.know_families)
        self._make_header()
        self._lay_out()
        self._connect()
        self.look_at("gan")
        self._side_is_wanted = False

    def _make_header(self) -> None:
        self.side = Segments([("gan", "GAN"), ("vae", "VAE")], "gan-vae-side", "Which kind of model")
        self.side.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._shelf = ModelShelf(UNFINISHED, TRAINED, ("To step through by hand", ("preset",), ""))
        self.source = ModelPicker(self.theme, self._shelf, "gan-vae-source", "Model, run or preset")
        self.source.setMinimumWidth(160)
        self.source.setMaximumWidth(300)
        self.header_controls = [self.side, self.source]
        self.act = self.primary_action = PrimaryAction("Step both", "mdi6.sword-cross", self, "gan-vae-act")
        self.act.triggered.connect(self._act)

    def _lay_out(self) -> None:
        self._empty = {"gan": self._no_gan(), "vae": self._no_vae()}
        self._pages = stack("gan-vae-pages", self.gan, self.vae, *self._empty.values())
        self.setLayout(vbox(self._pages))

    def _no_gan(self) -> EmptyState:
        made = EmptyState(
            self.theme, "mdi6.sword-cross", "No GAN yet",
            "A generator draws, a discriminator judges, and both learn from it. Train one for a few minutes and watch "
            "the game here.", "no-gan",
        )  # fmt: skip
        made.add_button("Train robots", "no-gan-train", self._train_gan, "mdi6.school-outline")
        made.add_button("Play it step by step", "no-gan-step", self._step_by_hand, "mdi6.debug-step-over")
        return made

    def _no_vae(self) -> EmptyState:
        made = EmptyState(
            self.theme, "mdi6.map-outline", "No VAE yet",
            "An encoder puts every picture at a point of a small space, and a decoder turns any point of it into a "
            "picture. Train one for a few minutes and walk through it here.", "no-vae",
        )  # fmt: skip
        made.add_button("Train robots", "no-vae-train", self._train_vae, "mdi6.school-outline")
        return made

    def _connect(self) -> None:
        self.side.changed.connect(self.look_at)
        self.source.chosen.connect(self._chose)
        for view in self._views.values():
            view.act_changed.connect(self._judge)
        self.runs.listed.connect(self._list_sources)
        self.runs.begun.connect(self._begun)
        self.studio.described.connect(self._list_sources)
        self.studio.workspace_changed.connect(self._workspace_changed)

    def _learn_what_there_is(self) -> None:
        """Presets come with the families: known to the studio already, or asked for when someone looks."""
        if not self.studio.description:
            self._describing.ask()

    # Coming and going.

    def shown(self, **what: Any) -> None:
        """`model` or `run` opens one; `side` shows "gan" or "vae"."""
        self._learn_what_there_is()
        self.runs.refresh()
        if side := what.get("side"):
            self.look_at(side)
        wanted = what.get("model") or (f"run:{what['run']}" if what.get("run") else "")
        for side in self._views:
            if wanted and any(wanted == source.key for source in self._sources(side)):
                self._chosen[side] = wanted
                self.look_at(side)
        if not what and not self._side_is_wanted:
            self.look_at(self._side_with_something())
            self._side_is_wanted = False

    def _side_with_something(self) -> str:
        """The side that is seen, unless only the other has something that was trained."""
        seen = str(self.side.value())
        trained = [side for side in self._views if sources_of(self.runs, self.studio.workspace, side)]
        return seen if seen in trained or not trained else trained[0]

    def look_at(self, side: str, view: str = "") -> None:
        """Show "gan" or "vae", and of it this view."""
        self._side_is_wanted = True
        self.side.set_value(side)
        self._list_sources()
        if view:
            self._views[side].look_at(view)

    def _train_gan(self) -> None:
        self.studio.navigate("train", preset=PRESETS["gan"])

    def _train_vae(self) -> None:
        self.studio.navigate("train", preset=PRESETS["vae"])

    def _workspace_changed(self, kind: str, name: str) -> None:
        """Another dataset can be learnt from; a run that was trained longer leaves a newer model of the same name."""
        if kind == "dataset":
            self._list_sources()
        for side, view in self._views.items():
            if kind == "model" and name == self._chosen[side]:
                view.refresh()

    def _step_by_hand(self) -> None:
        """Choose a preset to step through; where presets are not known yet, once they are."""
        presets = [source.key for source in self._listed if source.preset]
        wanted = ANY_PRESET + PRESETS["gan"]
        self._chosen["gan"] = wanted if wanted in presets else next(iter(presets), ANY_PRESET)
        self._list_sources()

    # What is looked at.

    def _sources(self, side: str) -> list[Source]:
        found = sources_of(self.runs, self.studio.workspace, side)
        return [*found, *(preset_sources(self.studio, side) if side == "gan" else ())]

    def _list_sources(self, *_news: object) -> None:
        """Offer what there is; the choice stays as long as it is there, and a run that has ended becomes its model."""
        side = str(self.side.value())
        before = next((source for source in self._listed if source.key == self._chosen[side]), None)
        self._listed = self._sources(side)
        models = {model.name: model_record(model) for model in self.studio.workspace.models()}
        self._shelf.put([models.get(source.key) or _record_of(source) for source in self._listed])
        self._chosen[side] = self._kept_choice(side, before)
        self.source.show_model(self._chosen[side] if self._chosen[side] in self._shelf.references else "")
        show_part(self.source, bool(self._listed))
        self._show_source()

    def _kept_choice(self, side: str, before: Source | None) -> str:
        keys = [source.key for source in self._listed if not source.preset or self._chosen[side]]
        if self._chosen[side] in keys or (self._chosen[side] == ANY_PRESET and not keys):
            return self._chosen[side]
        made = next((source.key for source in self._listed if before and source.run and source.run == before.run), "")
        return made or (keys[0] if keys else "")

    def _chose(self, reference: str) -> None:
        self._chosen[str(self.side.value())] = reference
        self._show_source()

    def _show_source(self) -> None:
        side = str(self.side.value())
        view = self._views[side]
        source = next((each for each in self._listed if each.key == self._chosen[side]), None)
        self._pages.setCurrentWidget(view if source else self._empty[side])
        view.set_source(source, self.runs.get(source.run) if source else None)
        self._judge()

    def _begun(self, run: RunState) -> None:
        """A run has begun: it is what one wants to see, unless one is taking steps by hand."""
        side = run.family
        if side not in self._views or (side == "gan" and self.gan.learning.steps.run is not None):
            return
        self._chosen[side] = f"run:{run.id}"
        if self.side.value() == side:
            # The run's row may be written an instant after the job tells of it.
            QTimer.singleShot(0, self, self._list_sources)

    # The primary action.

    def _act(self) -> None:
        self._views[str(self.side.value())].act()

    def _judge(self) -> None:
        view = self._views[str(self.side.value())]
        text, icon = view.act_words
        self.act.icon_name = icon
        self.act.setText(text)
        if reason := view.refusal():
            self.act.refuse(reason)
        else:
            self.act.allow()


def _record_of(source: Source) -> Record:
    """A run or a preset as the picker shows it."""
    return {"reference": source.key, "title": source.title, "source": "preset" if source.preset else "run"}
