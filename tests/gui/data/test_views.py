"""Documents to leaf through, and what a dataset holds in numbers."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from fmstudio.gui.data.jobs import PREVIEW, STATISTICS
from fmstudio.jobs import Failed, Progress
from tests.gui import recorded
from tests.gui.data.hands import answer, asked, click, page, text
from tests.gui.recorded import changed


def test_preview_shows_the_documents_and_where_one_is(panel, studio, engine):
    answer(studio, engine, PREVIEW, page(0, 3480))
    assert text(panel, "preview-found") == "3,480 documents"
    assert text(panel, "reading-heading") == "Scene 1"
    assert text(panel, "reading-place") == "1 of 3,480"
    click(panel, "reading-next")
    assert text(panel, "reading-place") == "2 of 3,480"
    assert panel.dataset.preview.reading.text.toPlainText() == "Text of 2. Lear!"


def test_only_pages_that_are_looked_at_are_asked_for(panel, studio, engine, qtbot):
    answer(studio, engine, PREVIEW, page(0, 100_000))
    view = panel.dataset.preview.list
    view.scrollTo(panel.dataset.preview.documents.index(70_000, 0))
    view.viewport().repaint()
    before = engine.targets().count(PREVIEW)
    qtbot.waitUntil(lambda: engine.targets().count(PREVIEW) > before)
    assert asked(engine, PREVIEW)["start"] in range(69_950, 70_051)
    assert engine.targets().count(PREVIEW) <= before + 2


def test_search_says_how_many_it_found_and_when_it_found_none(panel, studio, engine, qtbot):
    answer(studio, engine, PREVIEW, page(0, 3480))
    field = panel.findChild(QLineEdit, "preview-search")
    QTest.keyClicks(field, "Lear")
    qtbot.waitUntil(lambda: asked(engine, PREVIEW)["search"] == "Lear")
    job = engine.latest(PREVIEW)
    first = recorded.told(PREVIEW, page(0, 60, search="Lear", complete=False))[:-1]
    studio.jobs.deliver([(job, event) for event in first])
    assert text(panel, "preview-found") == "60 documents found so far…"
    rest = recorded.told(PREVIEW, page(0, 214, search="Lear"))[1:]
    studio.jobs.deliver([(job, event) for event in rest])
    assert text(panel, "preview-found") == "214 documents found"
    assert len(panel.dataset.preview.reading.text.extraSelections()) == 1
    field.setText("Zebra")
    QTest.keyClick(field, Qt.Key.Key_Return)
    answer(studio, engine, PREVIEW, page(0, 0, search="Zebra"))
    assert panel.dataset.preview.reading.text.placeholderText() == "No document contains “Zebra”."


def test_coming_back_to_a_dataset_finds_the_place_again(panel, studio, engine):
    answer(studio, engine, PREVIEW, page(0, 3480))
    click(panel, "reading-next")
    panel.open_dataset("notes")
    answer(studio, engine, PREVIEW, page(0, 20))
    assert text(panel, "reading-place") == "1 of 20"
    panel.open_dataset("plays")
    answer(studio, engine, PREVIEW, page(0, 3480))
    assert text(panel, "reading-place") == "2 of 3,480"


def test_what_cannot_be_shown_is_said_in_place(panel, studio, engine):
    job = engine.latest(PREVIEW)
    studio.jobs.deliver([(job, Failed("The files of dataset 'plays' are damaged; add it again.", "Traceback"))])
    assert panel.dataset.preview.error.isVisible()
    click(panel, "preview-error-copy")
    assert QGuiApplication.clipboard().text().endswith("Traceback")


def counted():
    """The real statistics, with numbers whose shares can be read off."""
    return changed(
        recorded.answer(STATISTICS), documents=3480, bytes=5_060_000, characters=5_055_882, words=905_018,
        length_histogram={"edges": [10, 100, 1000], "counts": [80, 3400]},
        languages={"en": 299, "French": 1}, languages_looked_at=300, encodings={"utf-8": 3480}, kinds={"txt": 3480},
    )  # fmt: skip


def test_statistics_are_figures_with_units(panel, studio, engine):
    click(panel, "data-view-statistics")
    job = engine.latest(STATISTICS)
    studio.jobs.deliver([(job, Progress(1, 2, "bytes", "Counting"))])
    assert text(panel, "statistics-progress") == "Counting… 50 %"
    answer(studio, engine, STATISTICS, counted())
    shown = {name: figure.value.text() for name, figure in panel.dataset.statistics.figures.items()}
    assert shown == {"documents": "3,480", "size": "5.06 MB", "characters": "5,055,882", "words": "905,018",
                     "licence": "public domain"}  # fmt: skip
    languages = panel.dataset.statistics.languages.shares.shares
    assert [(share.title, share.percent) for share in languages] == [("English", "99 %"), ("French", "<1 %")]
    assert panel.dataset.statistics.histogram.describe(0) == "80 documents of 10 to 99 characters"
    assert panel.dataset.statistics.skipped.texts == [("articles/empty.txt", "it is empty")]
    click(panel, "statistics-skipped-copy")
    assert QGuiApplication.clipboard().text() == "articles/empty.txt\tit is empty"


def test_statistics_are_asked_only_when_looked_at_and_once(panel, studio, engine):
    assert STATISTICS not in engine.targets()
    click(panel, "data-view-statistics")
    answer(studio, engine, STATISTICS, counted())
    click(panel, "data-view-preview")
    click(panel, "data-view-statistics")
    assert engine.targets().count(STATISTICS) == 1
