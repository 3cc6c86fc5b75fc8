"""Prompt: writing, filling in, running, replaying; versions, drafts, and what must not get lost."""

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication

from fmstudio.gui.playground.prompt.view import PREVIEW, PromptView
from fmstudio.gui.playground.reply import GENERATE
from fmstudio.workspace.prompt_files import write_prompt
from fmstudio.workspace.prompt_library import PromptLibrary
from fmstudio.workspace.prompts import Example, PromptTemplate
from tests.gui import recorded
from tests.gui.playground.hands import PLAYS, Hands
from tests.gui.recorded import changed

HELLO = PromptTemplate(system="Be brief.", user="Say {word}", examples=(Example("Say hi", "hi"),))


@pytest.fixture
def library(workspace):
    made = PromptLibrary(workspace)
    made.save("Hello", HELLO, "first")
    return made


@pytest.fixture
def hands(studio, engine, show, library):
    made = Hands(studio, engine, show)
    made.panel.look_at("prompt", prompt="Hello")
    return made


@pytest.fixture
def view(hands) -> PromptView:
    return hands.panel.views["prompt"]


def names(view):
    return view.library.list.keys


def test_what_is_written_and_filled_in_is_what_is_asked(view, hands):
    assert view.refusal() == "Give {word} a value first."
    view.editor.values.fields["word"].setPlainText("yes")
    assert view.refusal() == ""
    hands.panel.primary_action.trigger()
    (asked,) = hands.asked()
    assert asked["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Say hi"},
        {"role": "assistant", "content": "hi"},
        {"role": "user", "content": "Say yes"},
    ]
    assert asked["settings"]["seed"] == 0
    hands.begin_answer("ye", "s.")
    assert "being written" in view.refusal()
    hands.answer("yes.", job=hands.engine.latest(GENERATE))
    assert view.answer.text.toPlainText() == "yes."
    assert "92.4 tok/s" in view.answer.figures.text()


def test_ctrl_enter_runs_from_any_field_and_stop_ends_the_answer(view, hands, qtbot):
    field = view.editor.values.fields["word"]
    field.setPlainText("yes")
    for each in (field, view.editor.examples.rows[0].output):
        qtbot.keyClick(each, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert len(hands.asked()) == 1  # the second came while the first was being answered
    job = hands.begin_answer("ye")
    hands.panel.stop()
    assert ("stop", job) in hands.engine.calls


def test_a_base_model_is_given_a_text(view, hands):
    hands.panel.state.choose(PLAYS)
    view.editor.values.set_values({"word": "yes"})
    view.act()
    assert hands.asked()[0]["prompt"] == "Be brief.\n\nInput: Say hi\nOutput: hi\n\nInput: Say yes\nOutput:"


def test_an_answer_is_replayed_with_what_made_it(view, hands):
    view.editor.values.set_values({"word": "yes"})
    view.act()
    hands.answer("yes.")
    view.answer.replay.click()
    first, again = hands.asked()
    assert again["messages"] == first["messages"]
    assert again["settings"].items() >= first["settings"].items()
    hands.answer("no.")
    assert "different from character 1 on" in view.answer.replay_words.text()
    assert view.answer.text.toPlainText() == "yes."


def test_fields_come_and_go_with_the_variables_and_remember(view):
    view.editor.values.set_values({"word": "yes"})
    view.editor.user.setPlainText("{a} and {b}")
    assert list(view.editor.values.fields) == ["a", "b"]
    view.editor.user.setPlainText("{b} and {word}")
    assert view.editor.values.values() == {"b": "", "word": "yes"}
    view.editor.user.setPlainText("{b} and {wor")
    assert list(view.editor.values.fields) == ["b", "word"]  # a brace that is being typed takes nothing away
    assert "line 1, column 9, a { that is not closed" in view.editor.problem.text()
    assert view.refusal() == view.editor.problem.text().split(";")[0] + "."


def test_what_is_not_saved_is_seen_and_kept_when_one_leaves(view, library, hands):
    assert not view.save.isEnabled()
    view.editor.system.setPlainText("Be long.")
    assert "Unsaved changes" in view.unsaved.text()
    hands.panel.look_at("chat")
    assert library.draft("Hello").system == "Be long."
    view.store.open("Classify")
    view.store.open("Hello")
    assert view.editor.system.toPlainText() == "Be long."
    view.discard.click()
    assert view.editor.template() == HELLO
    hands.panel.look_at("prompt")
    hands.panel.look_at("chat")
    assert library.draft("Hello") is None


def test_versions_are_saved_compared_and_gone_back_to(view, library):
    view.editor.system.setPlainText("Be long.")
    view.message.setText("longer")
    view.save.click()
    assert [version.message for version in library.versions("Hello")] == ["first", "longer"]
    view.side.button("versions").click()
    view.versions.refresh()
    shown = view.versions.difference.toPlainText()
    assert "-Be brief." in shown
    assert "+Be long." in shown
    assert view.versions.before.value() == 1
    view.versions.revert.click()
    assert view.editor.system.toPlainText() == "Be brief."
    view.save.click()
    assert library.version("Hello").message == "Back to version 1"


def test_examples_are_added_moved_and_removed(view):
    table = view.editor.examples
    table.add_button.click()
    table.rows[1].input.setPlainText("Say no")
    assert view.refusal().startswith("Example 2 has no output")
    table.rows[1].output.setPlainText("no")
    table.rows[1].buttons["up"].click()
    assert view.store.template.examples == (Example("Say no", "no"), Example("Say hi", "hi"))
    table.rows[1].buttons["remove"].click()
    assert view.store.template.examples == (Example("Say no", "no"),)


def test_the_library_is_searched_renamed_and_a_deletion_undone(view, library):
    view.library.search.setText("ell")
    assert names(view) == ["Hello"]
    view.library.search.clear()
    view.name.setText("Greeting")
    view.name.editingFinished.emit()
    assert names(view)[0] == "Greeting"
    view.store.delete("Greeting")
    assert "Greeting" not in names(view)
    assert view.library.undo.isVisible()
    view.library.undo.button.click()
    assert view.store.name == "Greeting"
    view.name.setText("../x")
    view.name.editingFinished.emit()
    assert "cannot be a name" in view.error.sentence.text()
    assert view.name.text() == "Greeting"


def test_new_duplicate_and_import(view, tmp_path):
    view.library.new.click()
    assert view.store.name == "New prompt"
    assert view.unsaved.text() == "Not saved yet, kept as a draft"
    view.store.duplicate("Hello")
    assert view.editor.template() == HELLO
    path = tmp_path / "Friend.toml"
    path.write_text(write_prompt(PromptTemplate(user="Hi")))
    view.store.take_file(path)
    assert view.editor.user.toPlainText() == "Hi"
    path.write_text("user = ")
    view.store.take_file(path)
    assert "is not a prompt as TOML" in view.error.sentence.text()
    actions = [text for text, *_ in view.library.offered(view.store.entry) if text]
    assert actions == ["Duplicate", "Export as a file…", "Delete", "Import a file…"]


def test_the_exact_prompt_is_shown_with_its_tokens(view, hands, qtbot):
    view.editor.values.set_values({"word": "yes"})
    view.form.button("exact").click()
    qtbot.waitUntil(lambda: PREVIEW in hands.engine.targets())
    tokens = [{"id": 7, "text": "<user>"}, {"id": 9, "text": "Say yes"}]
    told = changed(recorded.answer(PREVIEW), text="<user>Say yes", tokens=tokens, count=2, context=8192)
    hands.tell(hands.engine.latest(PREVIEW), *recorded.told(PREVIEW, told))
    assert view.exact.tokens.count == 2
    assert view.exact.text.toPlainText() == "<user>Say yes"
    assert view.exact.room.text().startswith("2 of 8,192 tokens")
    view.editor.values.set_values({"word": ""})
    view.editor.user.setPlainText("")
    assert "empty" in view.exact.sentence.text()


def test_a_paste_of_ten_megabytes_is_refused_in_a_sentence(view):
    data = QMimeData()
    data.setText("x" * 10_000_000)
    view.editor.user.insertFromMimeData(data)
    assert view.editor.template() == HELLO
    assert "longer than the 200,000 characters" in view.editor.error.sentence.text()


def test_copy_takes_the_answer(view, hands):
    view.editor.values.set_values({"word": "yes"})
    view.act()
    hands.answer("yes.")
    view.answer.copy.click()
    assert QGuiApplication.clipboard().text() == "yes."


def test_tab_goes_from_the_prompt_through_its_values_and_examples(view):
    view.editor.examples.add()
    stops, at = [], view.editor.user
    while at is not view.editor.notes:
        at = at.nextInFocusChain()
        stops.append(at)
    (value,), rows = view.editor.values.fields.values(), view.editor.examples.rows
    wanted = [
        value,
        view.editor.examples.add_button,
        *(stop for row in rows for stop in (row.input, row.output, *row.buttons.values())),
    ]
    assert [stop for stop in stops if stop in wanted] == wanted
