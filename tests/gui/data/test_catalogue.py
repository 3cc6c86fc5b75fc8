"""The catalogue in the Data panel."""

import pytest
from PySide6.QtWidgets import QApplication

from fmstudio.gui.data.jobs import LISTING
from fmstudio.gui.models.model_jobs import FETCH
from fmstudio.jobs import Artefact, Failed, Finished, Progress, Started
from tests.gui import recorded
from tests.gui.data.hands import answer, click, text
from tests.gui.recorded import changed


def rows(**changes):
    """What the catalogue lists, of which nothing is here: a text under the name of a dataset here, and a model."""
    by_name = {row["name"]: changed(row, installed=False, fetched=False) for row in recorded.answer(LISTING)}
    return [changed(by_name["shakespeare"], name="plays", **changes), by_name["smollm2-135m-instruct"]]


@pytest.fixture
def catalogue(panel, studio, engine):
    panel.open_catalogue()
    answer(studio, engine, LISTING, rows())
    QApplication.processEvents()  # items that were added to what is in sight are shown a moment later
    return panel.catalogue


def test_the_catalogue_shows_what_can_be_used_here(panel, catalogue):
    assert list(catalogue.items) == ["plays"]
    assert text(panel, "catalogue-plays-facts") == "Text · 5.42 MB to download · Licence: public domain, MIT, CC-BY-2.5"


def test_fetching_is_the_button_s_own_progress_and_ends_in_here(panel, catalogue, studio, engine):
    click(panel, "catalogue-plays-fetch")
    job = engine.latest(FETCH)
    studio.jobs.deliver([(job, Started()), (job, Progress(50, 100, "bytes", "Fetching"))])
    item = catalogue.items["plays"]
    assert not item.fetch_button.isVisible()
    assert text(panel, "catalogue-plays-strip-fraction") == "50 %"
    studio.jobs.deliver([(job, Artefact("dataset", "plays", "/x")), (job, Finished())])
    answer(studio, engine, LISTING, rows(installed=True, fetched=True))
    assert item.here.isVisible()
    click(panel, "catalogue-plays-open")
    assert text(panel, "dataset-heading") == "plays"


def test_without_a_network_it_says_so_at_the_item(panel, catalogue, studio, engine):
    click(panel, "catalogue-plays-fetch")
    studio.jobs.deliver([(engine.latest(FETCH), Failed("It cannot be fetched: no network; try again.", "trace"))])
    item = catalogue.items["plays"]
    assert item.error.sentence.text() == "It cannot be fetched: no network; try again."
    assert item.fetch_button.isVisible()
