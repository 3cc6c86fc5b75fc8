"""What the tour does: clicks and types as a person would, and yields what to wait for next."""

from collections.abc import Iterator

from fmstudio.gui.tour import pictures, playground
from fmstudio.gui.tour.tour import Tour, TourError, Wait


def life_of_models(tour: Tour, steps: int = 80) -> Iterator[Wait]:
    """The life of a model that writes, of one to talk to, and of three that draw, as a person would go through it.

    steps: how long the model that writes is trained; those that draw take a quarter of it, unless the workspace has
    models of their families already.
    """
    studio = tour.window.studio
    yield Wait("torch and the families", lambda: bool(studio.description))
    yield Wait("the sample data", lambda: bool(studio.workspace.datasets()))
    tour.panel("home")
    yield tour.picture("home-new")
    yield from _choose_data(tour)
    yield from _train(tour, steps)
    yield from _sample_and_export(tour)
    yield from playground.life_with_models(tour)
    yield from pictures.life_of_pictures(tour, max(2, steps // 4))
    tour.panel("home")
    yield tour.picture("home")
    studio.theme.choose("dark", studio.preferences.get("text_size"))
    tour.panel("train").look_at("run")
    yield tour.picture("train-dark")
    tour.panel("data")
    yield tour.picture("data-dark")
    tour.panel("playground").look_at("chat")
    for panel in (info.name for info in tour.window.infos if info.name not in ("train", "data")):
        tour.panel(panel)
        yield tour.picture(f"{panel}-dark")
    studio.theme.choose("light", studio.preferences.get("text_size"))


def _choose_data(tour: Tour) -> Iterator[Wait]:
    data = tour.panel("data")
    data.open_catalogue()
    yield Wait("the catalogue", lambda: "shakespeare" in data.catalogue.items)
    item = data.catalogue.items["shakespeare"]
    yield tour.picture("data-catalogue")
    if item.fetch_button.isVisible():
        item.fetch_button.click()
    yield Wait("the plays, or word that there is no network", lambda: item.here.isVisible() or item.error.isVisible())
    name = "shakespeare" if item.here.isVisible() else "python-reference"
    data.open_dataset(name)
    yield tour.at_rest("the documents")
    yield tour.picture("data-preview")
    tour.click("data-view-statistics")
    yield tour.at_rest("the statistics")
    yield tour.picture("data-statistics")
    tour.click("data-view-clean")
    data.dataset.cleaning.review()
    yield tour.at_rest("the review")
    yield tour.picture("data-clean")
    tour.click("data-view-tokens")
    yield tour.at_rest("the tokens")
    yield tour.picture("data-tokens")
    tour.click("dataset-train")


def _train(tour: Tour, steps: int) -> Iterator[Wait]:
    train = tour.panel("train")
    train.setup.form.set_values({"training.steps": steps, "training.evaluate_every": max(1, steps // 8)})
    train.setup.form.changed.emit()
    yield tour.at_rest("the cost and the objective")
    tour.click("probe")
    yield tour.at_rest("the pace")
    yield tour.picture("train-objective")
    yield Wait("a recipe that can run", lambda: train.primary_action.isEnabled())
    train.start()
    yield Wait("a run", lambda: train.chosen.current is not None and bool(train.chosen.current.id))
    run = train.chosen.current
    yield Wait("half of the run", lambda: run.step >= steps // 2 or not run.live)
    yield tour.picture("train-live")
    yield Wait("the end of the run", lambda: not run.live)
    yield tour.picture("train-done")


def _sample_and_export(tour: Tour) -> Iterator[Wait]:
    train = tour.panel("train")
    models = [record.name for record in tour.window.studio.workspace.models()]
    if not models:
        raise TourError("The tour's run left no model.")
    train.shown(model=models[-1])
    tour.type("sampling-prompt", "To be, or not to be")
    tour.click("sampling-go")
    yield tour.at_rest("the sample")
    yield tour.picture("train-sample")
    target = tour.window.studio.workspace.path / "exports" / models[-1]
    if not target.exists():
        train.export.begin(models[-1], target, "huggingface")
    yield tour.at_rest("the proof of the export")
    yield tour.picture("train-export")
