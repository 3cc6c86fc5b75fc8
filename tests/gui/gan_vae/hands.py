"""The answers that the laboratory would give to GAN & VAE, and the panel with them at hand."""

import numpy as np

from fmstudio.gui.gan_vae.panel import GanVaePanel
from fmstudio.gui.panel import find_panels
from fmstudio.gui.runs.jobs import DESCRIBE
from fmstudio.gui.window.page import Page
from fmstudio.jobs import Artefact, Finished, JobRequest, Metrics, Priority, Progress, Sample, Started
from fmstudio.workspace import DatasetRecord, ModelRecord, RunRecord
from tests.gui import recorded
from tests.gui.recorded import changed
from tests.gui.small_jobs import OF_A_GAN, OF_CODES

PRETRAIN = "fmstudio.training.pretraining:pretrain"
LABORATORY = "fmstudio.laboratory."


def description():
    """What can be trained, as the window is told: the presets of both sides, of which that of a GAN asks for little."""
    told = recorded.answer(DESCRIBE)
    presets = {each["name"]: each for each in told["presets"]}
    little = changed(presets["robots-gan"], values={"data.datasets": ["robots"], "training.steps": 500})
    return changed(told, families=[], presets=[little, presets["robots-vae"]])


def gan():
    """What a GAN can be asked for, as opening it tells."""
    return changed(
        recorded.answer(LABORATORY + "gan:open"), height=8, width=8, latent=16, step=2400,
        conditions=[{"name": "class", "values": ["round", "square"]}],
        parameters={"generator": 820_000, "discriminator": 790_000},
    )  # fmt: skip


def vae(**changes):
    """What an autoencoder can be asked for, as opening it tells."""
    usual = {"height": 8, "width": 8, "conditions": [], "step": 900, "datasets": ["robots"]}
    return changed(recorded.answer(LABORATORY + "vae:open"), **usual | changes)


def pictures(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), np.uint8)


def survey(**changes):
    """Four dimensions of which two are active; the plane is that of the first two, the centre lies at 0.5 of each."""
    usual = {
        "points": np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], np.float32),
        "labels": np.array([0, 1, 1]),
        "classes": ["round", "square"],
        "indices": np.array([0, 3, 6]),
        "axes": ["Component 1", "Component 2"],
        "centre": np.full(4, 0.5, np.float32),
        "components": np.eye(2, 4, dtype=np.float32),
        "kl": [0.01, 2.5, 0.0, 1.5],
        "order": [1, 3, 0, 2],
        "deviations": np.ones(4, np.float32),
        "active": 2,
        "collapse": "",
        "attributes": {"colour": {"values": ["red", "blue", "green"], "labels": np.array([2, 1, -1])}},
    }
    return changed(recorded.answer(LABORATORY + "vae:survey"), **usual | changes)


def codebook(**changes):
    """How the codes of a vector-quantised model are used."""
    return changed(recorded.answer(OF_CODES)["codebook"], **changes)


def page_with_panel(studio):
    """The panel in its frame. A page that nobody holds is deleted with its panel."""
    page = Page(next(info for info in find_panels() if info.name == "gan-vae"), studio.theme)
    page.fill(GanVaePanel(studio))
    return page


class Hands:
    """The panel in its page, and the answers to what it asks."""

    def __init__(self, studio, engine, show):
        self.studio, self.engine = studio, engine
        self.page = show(page_with_panel(studio))
        studio.know_families(description())

    @property
    def panel(self):
        return self.page.panel

    def tell(self, job, *events):
        self.studio.jobs.deliver([(job, event) for event in events])

    def answer(self, target, name, data, kind="images"):
        """Answer the latest question of a target; returns what was asked."""
        job = self.engine.latest(f"fmstudio.laboratory.{target}")
        self.tell(job, Started(), Sample(name, kind, data), Finished())
        return self.engine.requests[job].arguments

    def asked(self, target):
        """The arguments of all questions of a target."""
        target = f"fmstudio.laboratory.{target}"
        return [each.arguments for each in self.engine.requests.values() if each.target == target]

    # What there is.

    def keep_model(self, name, family, run=""):
        workspace = self.studio.workspace
        workspace.model_folder(name).mkdir(parents=True)
        workspace.put_model(ModelRecord(name, family, 820_000, 3_300_000, run))
        self.studio.announce("model", name)

    def keep_run(self, name, family, *series):
        workspace = self.studio.workspace
        recipe = f'family = "{family}"\nname = "{name}"\n'
        workspace.put_run(RunRecord(name, name, family, recipe, "completed", 30, 30))
        workspace.add_metrics(name, [(step, step * 0.1, dict.fromkeys(series, 1 / step)) for step in (10, 20, 30)])

    def keep_dataset(self, name="robots", items=40, side=8):
        workspace = self.studio.workspace
        workspace.dataset_folder(name).mkdir(parents=True)
        details = {"height": side, "width": side, "channels": 3}
        workspace.put_dataset(DatasetRecord(name, "images", items, items * 192, details=details))
        self.studio.announce("dataset", name)

    # A run that trains.

    def train(self, family="gan", name="live"):
        """Begin a run somewhere else in the window; returns its job."""
        recipe = {"family": family, "name": name, "training": {"steps": 100}}
        job = self.studio.submit(JobRequest(f"Train “{name}”", PRETRAIN, {"recipe": recipe}, Priority.BACKGROUND))
        self.studio.workspace.put_run(RunRecord(name, name, family, f'family = "{family}"\n', steps=100))
        self.tell(job, Started(), Artefact("run", name, "/runs"))
        return job


def step_events(step, collapse="", generated=0.3):
    """What a step of a GAN tells, by hand or in a run."""
    values = {"loss/discriminator": 0.5, "loss/generator": 1.0, "diversity/real": 0.4, "diversity/generated": generated}
    scores = changed(
        recorded.answer(LABORATORY + "gan:steps", "scores"), real=[0.0, 1.0, 2.0, 3.0],
        generated=[-1.0, 0.0, 1.0, 2.0], collapse=collapse,
    )  # fmt: skip
    return (
        Metrics(step, values, step * 0.1),
        Sample("scores", "scores", scores, step),
        Sample("sample", "images", pictures(4, step), step),
        Progress(step, 100),
    )


def finished(name):
    """A run has ended, and this is its model."""
    return recorded.finished(OF_A_GAN, run=name, model=name)
