"""The tour's second half: pictures are drawn, three families learn from them, and their laboratories are looked at."""

from collections.abc import Iterator
from typing import Any

from fmstudio.gui.tour.tour import Tour, TourError, Wait

ROBOTS = "robots"
PRESETS = {"diffusion": "robots-diffusion", "gan": "robots-gan", "vae": "robots-vae"}
PICTURES_A_STEP = 15
"""Pictures drawn for each training step, so that a short tour does not wait for thousands."""


def life_of_pictures(tour: Tour, steps: int) -> Iterator[Wait]:
    """Data, training and the laboratories of the families that draw."""
    yield from _draw_data(tour, steps)
    for family, preset in PRESETS.items():
        if not _models(tour, family):
            yield from _train(tour, preset, steps, shown=family == "diffusion")
    yield from _diffusion(tour)
    yield from _gan(tour)
    yield from _vae(tour)


def _models(tour: Tour, family: str) -> list[Any]:
    """The workspace's models of a family, the one that was trained longest first."""
    found = [record for record in tour.window.studio.workspace.models() if record.family == family]
    return sorted(found, key=lambda record: -record.details.get("seconds", 0.0))


def _draw_data(tour: Tour, steps: int) -> Iterator[Wait]:
    data = tour.panel("data")
    if ROBOTS not in data.store.records:
        data.open_drawing()
        yield Wait("the styles", lambda: not data.drawing.refusal())
        data.drawing.count.set_value(min(6000, PICTURES_A_STEP * steps))
        data.drawing.name.set_value(ROBOTS)
        data.drawing.name.edited.emit()
        yield tour.at_rest("a dozen pictures")
        yield tour.picture("data-draw")
        data.primary_action.trigger()
        yield Wait("the robots", lambda: ROBOTS in data.store.records)
    data.open_dataset(ROBOTS)
    tour.click("data-view-preview")
    yield tour.at_rest("the pictures")
    yield tour.picture("data-pictures")
    tour.click("data-view-statistics")
    yield tour.at_rest("the statistics of the pictures")
    yield tour.picture("data-picture-statistics")
    tour.click("data-view-clean")
    data.dataset.duplicates.look()
    yield tour.at_rest("the duplicates")
    yield tour.picture("data-duplicates")


def _train(tour: Tour, preset: str, steps: int, shown: bool) -> Iterator[Wait]:
    train = tour.panel("train")
    train.shown(preset=preset)
    every = max(1, steps // 4)
    train.setup.form.set_values({
        "training.minutes": 0, "training.steps": steps, "training.evaluate_every": every,
        "training.checkpoint_every": every,
    })  # fmt: skip
    train.setup.form.changed.emit()
    yield tour.at_rest(f"the cost of {preset}")
    if shown:
        yield tour.picture("train-pictures-objective")
    yield Wait("a recipe that can run", lambda: train.primary_action.isEnabled())
    before = train.chosen.current
    train.start()
    yield Wait("a run", lambda: train.chosen.current is not before and bool(train.chosen.current.id))
    run = train.chosen.current
    yield Wait(f"the end of {preset}", lambda: not run.live)
    if run.status != "completed":
        raise TourError(f"The run of {preset} ended as {run.status}: {run.reason}")
    if shown:
        yield tour.picture("train-pictures")


def _diffusion(tour: Tour) -> Iterator[Wait]:
    panel = tour.panel("diffusion")
    panel.shown(dataset=ROBOTS, index=5)
    yield tour.at_rest("a picture that dissolves")
    yield tour.picture("diffusion-forward")
    panel.shown(model=_models(tour, "diffusion")[0].name)
    yield tour.at_rest("the diffusion model")
    yield Wait("a model that can draw", lambda: panel.primary_action.isEnabled())
    panel.start()
    yield tour.at_rest("pictures out of noise")
    scrubber = panel.reverse.scrubber
    scrubber.go_to(scrubber.bar.maximum() // 2)
    yield tour.picture("diffusion-reverse")
    for view in ("edit", "between"):
        panel.look_at(view)
        yield tour.at_rest(f"the view {view}")
        if panel.primary_action.isEnabled():
            panel.start()
            yield tour.at_rest(f"what {view} shows")
            panel.view.scrubber.go_to(panel.view.scrubber.bar.maximum() // 2)
        yield tour.picture(f"diffusion-{view}")


def _gan(tour: Tour) -> Iterator[Wait]:
    panel = tour.panel("gan-vae")
    panel.shown(model=_models(tour, "gan")[0].name)
    panel.gan.look_at("learning")
    yield tour.at_rest("the game")
    panel.gan.learning.take_steps("both", 20)
    yield tour.at_rest("steps of both players")
    yield tour.picture("gan-learning")
    panel.gan.look_at("generate")
    yield tour.at_rest("the generator's pictures")
    walk = panel.gan.generate.walk
    for seed in (3, 8):
        walk.add(seed)
    walk.walk()
    yield tour.at_rest("a walk between two seeds")
    yield tour.picture("gan-generate")


def _vae(tour: Tour) -> Iterator[Wait]:
    panel = tour.panel("gan-vae")
    panel.shown(model=_models(tour, "vae")[0].name)
    for view in ("space", "pairs", "prior", "inside"):
        panel.vae.look_at(view)
        yield tour.at_rest(f"the VAE's view {view}")
        if view == "pairs":
            for index in (2, 9):
                panel.vae.pairs.originals.clicked.emit(index)
            yield tour.at_rest("the way from one picture to another")
        yield tour.picture(f"vae-{view}")
