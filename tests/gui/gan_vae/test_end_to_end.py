"""GAN & VAE on the real engine: tiny models, trained, watched, stepped and walked through."""

import numpy as np
import pytest

from fmstudio.jobs import JobRequest, Priority
from tests.gui.gan_vae.hands import PRETRAIN, page_with_panel
from tests.pictures import keep_shapes

PATIENCE = 60_000  # milliseconds; a wait ends as soon as what it waits for is there
TRAINING = {"steps": 6, "batch_size": 8, "evaluate_every": 3, "checkpoint_every": 3, "device": "cpu"}
DATA = {"datasets": ["shapes"], "conditioning": "class"}
GAN = {"latent": 8, "features": 8, "maximum_features": 8}
VAE = {"latent": 4, "width": 8, "prior_width": 32, "prior_layers": 1}


@pytest.fixture
def real(workspace, show, real_studio):
    """The panel with an engine of its own, on a workspace with a few pictures."""
    keep_shapes(workspace, count=48)
    page = show(page_with_panel(real_studio))
    yield page.panel  # noqa: PT022 - a page that nobody holds is deleted with its panel


@pytest.fixture
def wait(qtbot):
    return lambda condition: qtbot.waitUntil(condition, timeout=PATIENCE)


def train(panel, family, model):
    recipe = {"family": family, "name": f"tiny-{family}", "data": DATA, "model": model, "training": TRAINING}
    arguments = {"recipe": recipe}
    return panel.studio.submit(JobRequest(f"Train {family}", PRETRAIN, arguments, Priority.BACKGROUND))


def test_a_gan_is_trained_watched_stepped_and_drawn_from(real, wait):
    learning, generate = real.gan.learning, real.gan.generate
    train(real, "gan", GAN)
    wait(lambda: real.source.text() == "tiny-gan")
    assert list(learning.losses.columns["Generator"].steps) == [1, 2, 3, 4, 5, 6]
    # Of pictures that come faster than the window looks the latest are shown.
    assert set(learning.history.steps) <= {0, 3, 6}
    assert learning.history.steps[-1] == 6

    # Steps by hand: the discriminator alone, from the run's last checkpoint, on a copy.
    runs = [(run.id, run.step) for run in real.studio.workspace.runs()]
    learning.take_steps("discriminator", 2)
    wait(lambda: not learning.steps.busy)
    assert not learning.error.showing, learning.error.sentence.text()
    assert list(learning.losses.columns) == ["Discriminator"]
    assert len(learning.losses.columns["Discriminator"]) == 2
    assert 0 <= learning.scores.scores.told_apart <= 1
    assert [(run.id, run.step) for run in real.studio.workspace.runs()] == runs

    # Drawing, and a walk between two seeds of a class.
    real.gan.look_at("generate")
    wait(lambda: generate.tiles.count == 24)
    generate.conditions.choose("class", "square")
    for seed in (1, 2):
        generate.walk.add(seed)
    generate.walk.walk()
    wait(lambda: len(generate.walk.strip.frames) == 13)
    assert not generate.error.showing, generate.error.sentence.text()


def test_a_vae_is_trained_mapped_and_walked_through(real, wait):
    real.look_at("vae")
    vae = real.vae
    train(real, "vae", VAE)
    wait(lambda: real.source.text() == "tiny-vae")
    wait(lambda: vae.point.survey is not None and vae.space.decoded.image is not None)
    assert len(vae.point.survey.points) == 48
    assert vae.point.survey.dimensions == 4

    # A point is decoded; the nearest picture's own point decodes to its reconstruction.
    before = vae.space._picture
    vae.point.place_at(1.5, -1.5)
    wait(lambda: not vae.space._decoding.busy and not vae.space._fetching.busy)
    assert vae.space.real.image is not None
    assert not np.array_equal(before, vae.space._picture)

    vae.look_at("pairs")
    wait(lambda: vae.pairs.decoded.count == 24)
    vae.pairs.originals.clicked.emit(0)
    vae.pairs.originals.clicked.emit(5)
    wait(lambda: len(vae.pairs.strip.frames) == 16)
    vae.look_at("prior")
    wait(lambda: vae.prior.tiles.count == 24)
    vae.look_at("inside")
    assert len(vae.inside.kl.values) == 4
    assert "validation" in vae.inside.plots["kl"].columns
    assert not vae.error.showing, vae.error.sentence.text()
