"""Adding files and folders: the sheet, the progress, and what came of it."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QMenu, QPushButton, QRadioButton

from fmstudio.gui.data.jobs import COLUMNS, IMPORT, PREVIEW
from fmstudio.jobs import Failed, Note, Priority, Progress, Started
from tests.gui import recorded
from tests.gui.data.hands import answer, asked, click, end, text


def test_dropped_files_open_a_sheet_with_a_name_and_options(panel, folder):
    assert panel.accepts([folder])
    panel.dropped([folder])
    assert panel.sheet.isVisible()
    assert panel.findChild(QLineEdit, "import-name").text() == "My Notes"
    assert panel.primary_action.text() == "Import"
    assert panel.primary_action.isEnabled()
    titles = [text(panel, f"title-options.{key}") for key in ("documents", "column", "encoding", "licence")]
    assert titles == ["What is one document", "Column of tables", "Encoding of text files", "Licence"]
    how = panel.findChild(QComboBox, "field-options.documents")
    assert [how.itemText(n) for n in range(4)] == [
        "Automatic", "Each file is one document", "Cut near a length", "Cut at a separator line",
    ]  # fmt: skip


def test_a_name_that_is_taken_or_impossible_is_said_at_the_name(panel, folder):
    panel.dropped([folder])
    for name, sentence in (
        ("plays", "There is a dataset of this name already; choose another."),
        ("", "Name the dataset."),
    ):
        panel.sheet.name.set_value(name)
        panel.sheet.name.edited.emit()
        assert text(panel, "import-name-error") == sentence
        assert panel.primary_action.reason == "Choose another name."
    panel.sheet.name.set_value("a/b")
    panel.sheet.name.edited.emit()
    assert "cannot be a name" in text(panel, "import-name-error")


def test_an_import_shows_its_progress_and_can_be_held_and_ended(panel, studio, engine, folder):
    panel.dropped([folder])
    how = panel.sheet.rows["documents"]
    how.editor.set_value("file")
    how.editor.edited.emit()
    panel.primary_action.trigger()
    assert asked(engine, IMPORT) == {
        "sources": [str(folder)], "name": "My Notes", "kind": "text", "options": {"documents": "file"},
    }  # fmt: skip
    job = engine.latest(IMPORT)
    studio.jobs.deliver([(job, Started()), (job, Progress(76, 100, "bytes", "Reading a.txt"))])
    assert text(panel, "import-card-title") == "Adding “My Notes”"
    assert text(panel, "import-sentence") == "Reading a.txt"
    assert text(panel, "import-strip-fraction") == "76 %"
    for act in ("pause", "stop", "cancel"):
        click(panel, f"import-strip-{act}")
        assert engine.calls[-1] == (act, job)


def test_what_was_skipped_is_listed_with_reasons(panel, studio, engine, folder, put):
    panel.dropped([folder])
    panel.primary_action.trigger()
    job = engine.latest(IMPORT)
    studio.jobs.deliver([(job, Started()), (job, Note("My Notes/empty.txt was skipped: it is empty.", "warning"))])
    assert panel.importing.skipped.texts == [("My Notes/empty.txt", "it is empty")]
    put("My Notes", 12, 34_000, sources=[str(folder)])
    skipped = [
        {"source": "My Notes/empty.txt", "reason": "it is empty"},
        {"source": "My Notes/x.txt", "reason": "it is binary"},
    ]
    end(studio, engine, IMPORT, dataset="My Notes", documents=12, bytes=34_000, skipped=skipped)
    assert text(panel, "import-card-title") == "“My Notes” is here"
    assert text(panel, "import-sentence") == "12 documents, 34.0 kB of text. 2 files could not be used."
    assert len(panel.importing.skipped.texts) == 2
    click(panel, "import-open")
    assert text(panel, "dataset-heading") == "My Notes"


def test_how_files_were_read_is_shown(panel, studio, engine, folder, put):
    panel.dropped([folder])
    panel.primary_action.trigger()
    job = engine.latest(IMPORT)
    told = ["a.csv: column 'text' was taken; 3 rows read, 3 kept, 0 left out.", "b.txt: its encoding was guessed."]
    studio.jobs.deliver([(job, Started()), (job, Note(told[0])), (job, Note(told[1], "warning"))])
    put("My Notes", 12, 34_000)
    end(studio, engine, IMPORT, dataset="My Notes", documents=12, bytes=34_000, skipped=[])
    assert panel.importing.isVisible()
    assert text(panel, "import-remarks") == "\n".join(told)
    studio.jobs.deliver([(job, Note(f"{number}.txt: its encoding was guessed.", "warning")) for number in range(10)])
    panel.importing.follow(job)
    assert text(panel, "import-remarks").endswith("… and 4 remarks more of this kind.")


def test_what_was_guessed_wrong_can_be_imported_again(panel, studio, engine, folder, put):
    panel.dropped([folder])
    panel.primary_action.trigger()
    job = engine.latest(IMPORT)
    told = Note("b.txt: its encoding was guessed to be cp1252, as in “a”.", "warning")
    studio.jobs.deliver([(job, Started()), (job, told)])
    put("My Notes", 12, 34_000)
    end(studio, engine, IMPORT, dataset="My Notes", documents=12, bytes=34_000, skipped=[])
    assert panel.findChild(QPushButton, "import-again").text() == "Import again…"
    click(panel, "import-again")
    assert panel.sheet.sources.paths == [folder]
    assert panel.sheet.name.value() not in ("My Notes", "")
    encoding = panel.sheet.rows["encoding"].editor
    encoding.set_value("cp1250")
    encoding.edited.emit()
    panel.primary_action.trigger()
    assert asked(engine, IMPORT)["options"] == {"encoding": "cp1250"}


def test_a_dataset_can_be_imported_again_as_it_was_asked_for(panel, put, engine, folder):
    how = {"sources": [str(folder)], "kind": "text", "options": {"documents": "file"}}
    put("letters", 3, 900, asked=how)
    panel.store.refresh()
    assert "Import again…" not in dict(panel.verbs.offered("plays"))
    dict(panel.verbs.offered("letters"))["Import again…"]()
    assert panel.sheet.isVisible()
    panel.primary_action.trigger()
    again = asked(engine, IMPORT)
    assert {key: again[key] for key in how} == how
    assert again["name"] not in ("letters", "")


def test_an_import_that_skipped_nothing_leads_to_its_documents(panel, studio, engine, folder, put):
    panel.dropped([folder])
    panel.primary_action.trigger()
    put("My Notes", 12, 34_000)
    end(studio, engine, IMPORT, dataset="My Notes", documents=12, bytes=34_000, skipped=[])
    assert panel.dataset.isVisible()
    assert text(panel, "dataset-heading") == "My Notes"
    assert asked(engine, PREVIEW)["dataset"] == "My Notes"


def test_a_failed_import_can_be_changed_and_tried_again(panel, studio, engine, folder, qtbot):
    panel.dropped([folder])
    panel.sheet.name.set_value("mine")
    panel.sheet.name.edited.emit()
    panel.primary_action.trigger()
    studio.jobs.deliver([(engine.latest(IMPORT), Failed("There is no file to read in My Notes.", "Traceback"))])
    assert panel.importing.error.sentence.text() == "There is no file to read in My Notes."
    assert [tile.name for tile in panel.store.tiles if tile.failed] == ["mine"]
    click(panel, "import-again")
    assert panel.findChild(QLineEdit, "import-name").text() == "mine"
    assert panel.sheet.sources.paths == [folder]
    assert not [tile for tile in panel.store.tiles if tile.failed]


def test_adding_takes_turns_with_a_training_and_is_not_stopped_by_esc(panel, engine, folder):
    panel.dropped([folder])
    panel.primary_action.trigger()
    assert engine.requests[engine.latest(IMPORT)].priority == Priority.BACKGROUND


def test_the_primary_action_offers_the_ways_to_add(panel):
    assert panel.primary_action.text() == "Add…"
    panel.primary_action.trigger()
    menu = panel.findChild(QMenu, "data-menu")
    assert [action.text() for action in menu.actions()] == [
        "Files…", "Folder…", "Draw pictures…", "From the catalogue",
    ]  # fmt: skip
    menu.close()


def test_esc_leaves_the_sheet(panel, folder):
    panel.dropped([folder])
    QTest.keyClick(panel.sheet.name, Qt.Key.Key_Escape)
    assert panel.dataset.isVisible()
    assert panel.primary_action.text() == "Add…"


def test_the_sheet_shows_the_columns_of_a_table_and_which_one_is_taken(panel, studio, engine, tmp_path, qtbot):
    table = tmp_path / "reviews.csv"
    table.write_text("irrelevant: the recorded job has read its own")
    panel.dropped([table])
    qtbot.waitUntil(lambda: COLUMNS in engine.targets())
    assert asked(engine, COLUMNS) == {"source": str(table), "options": {}}
    told = recorded.answer(COLUMNS)
    names = [each["name"] for each in told["columns"]]
    assert names == ["Review", "label", "other"]
    answer(studio, engine, COLUMNS, recorded.changed(told, column="Review", problem=""))
    buttons = [panel.findChild(QRadioButton, f"import-column-{number}") for number in range(3)]
    assert [(each.text(), each.isChecked()) for each in buttons] == [
        ("Review", True), ("label", False), ("other", False)
    ]  # fmt: skip
    assert text(panel, "import-column-0-values") == "good · bad · fine"

    buttons[1].click()
    assert panel.sheet.request()["options"] == {"column": "label"}
    qtbot.waitUntil(lambda: asked(engine, COLUMNS)["options"] == {"column": "label"})

    panel.sheet.kind.button("images").click()
    assert not panel.sheet.columns.isVisible()
