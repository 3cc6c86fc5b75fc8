"""A conversation with a model: answers as they come, branches, replay, and coming back to it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from fmstudio.gui.playground.chat.completion_text import CompletionText
from fmstudio.gui.playground.figures import compared
from fmstudio.jobs import Failed, Finished, Started, TextDelta
from fmstudio.workspace import FeedbackRecord
from fmstudio.workspace.bin import Bin
from tests.gui.playground.hands import GENERATE, Hands, result


@pytest.fixture
def hands(studio, engine, show):
    return Hands(studio, engine, show)


@pytest.fixture
def chat(hands):
    return hands.chat


def shown(chat):
    return [view.message.text for view in chat.messages.views]


def last(chat):
    return chat.messages.views[-1]


def test_an_answer_streams_and_then_tells_its_figures(hands, chat, qtbot):
    hands.say("What is the capital of France?")
    asked = hands.asked()[-1]
    assert asked["messages"] == [{"role": "user", "content": "What is the capital of France?"}]
    assert asked["settings"]["system"].startswith("You answer in English")
    assert asked["settings"]["temperature"] == 0.8
    assert asked["log"] is True
    hands.begin_answer("The cap", "ital")
    qtbot.waitUntil(lambda: last(chat).text.toPlainText() == "The capital")
    assert last(chat).figures.text() == "92.4 tok/s · 2 tokens"
    assert chat.tabs.prompt.room.text() == "31 of 8,192 tokens"
    assert hands.page.primary.text() == "Stop"
    hands.answer("The capital of France is Paris.")
    assert last(chat).text.toPlainText() == "The capital of France is Paris."
    assert last(chat).figures.text() == "92.4 tok/s · first token 0.08 s · 6 tokens · ended by itself"
    assert chat.tabs.prompt.text.toPlainText() == "<|im_start|>user\nHi<|im_end|>\n"


def test_what_is_typed_in_the_opened_playground_is_a_message(hands, chat, qtbot):
    hands.page.activateWindow()
    hands.panel.setFocus()
    qtbot.waitUntil(chat.composer.field.hasFocus)
    hands.panel.look_at("inside")
    hands.panel.look_at("chat")
    assert hands.panel.focusProxy() is chat.composer.field


def test_the_next_question_goes_with_what_was_said(hands):
    hands.say("One")
    hands.answer("Two")
    hands.say("Three")
    said = [(each["role"], each["content"]) for each in hands.asked()[-1]["messages"]]
    assert said == [("user", "One"), ("assistant", "Two"), ("user", "Three")]


def test_an_edited_question_is_a_branch_and_both_can_be_gone_to(hands, chat, qtbot):
    hands.say("One")
    hands.answer("First")
    question = chat.messages.views[0]
    question.begin_edit()
    question._editor.field.setPlainText("Another")
    question._editor.send.click()
    hands.answer("Second")
    assert shown(chat) == ["Another", "Second"]
    assert chat.messages.views[0].place.text() == "2/2"
    chat.messages.views[0].before.click()
    assert shown(chat) == ["One", "First"]
    assert not chat.messages.views[0].before.isEnabled()


def test_the_prompt_is_that_of_the_branch_that_is_seen(hands, chat):
    def prompt():
        return chat.tabs.prompt.text.toPlainText()

    hands.say("One")
    hands.answer("First", prompt="the prompt of One")
    chat.session.edit(chat.messages.views[0].message.id, "Another")
    assert prompt() == "", "the other branch's is not this one's"
    job = hands.begin_answer("Sec")
    assert prompt() == "<|im_start|>user\nHi<|im_end|>\n"
    chat.messages.views[0].before.click()
    assert prompt() == "the prompt of One", "though an answer is being written on the other branch"
    chat.messages.views[0].after.click()
    assert prompt() == "<|im_start|>user\nHi<|im_end|>\n"
    chat.messages.views[0].before.click()
    hands.answer("Second", job, prompt="the prompt of Another")
    assert prompt() == "the prompt of One"
    chat.messages.views[0].after.click()
    assert prompt() == "the prompt of Another"


def test_tab_goes_through_the_messages_as_they_stand_and_then_to_the_field(hands, chat, qtbot):
    hands.say("One")
    hands.answer("First")
    question, answer = chat.messages.views
    qtbot.waitUntil(lambda: answer.feedback is not None and not chat.messages._furnishing.isActive())
    expected = [question.copy, question.edit, question.remove, answer.copy, answer.again, answer.replay, answer.inside,
                answer.remove, answer.feedback.up, answer.feedback.down]  # fmt: skip
    at, met = chat.messages.earlier, []
    while at is not chat.composer.field:
        at = at.nextInFocusChain()
        met.append(at)
        assert len(met) < 1000
    assert [each for each in met if each in expected] == expected


def test_another_answer_takes_the_next_seed(hands, chat):
    hands.say("One")
    hands.answer("First")
    last(chat).again.click()
    assert hands.asked()[-1]["settings"]["seed"] == 1
    hands.answer("Second")
    last(chat).again.click()
    assert hands.asked()[-1]["settings"]["seed"] == 2
    hands.answer("Third")
    assert shown(chat) == ["One", "Third"]
    assert last(chat).place.text() == "3/3"


def test_deleting_can_be_undone(hands, chat):
    hands.say("One")
    hands.answer("First")
    chat.messages.views[0].remove.click()
    assert chat.start.isVisible()
    chat.undo.click()
    assert shown(chat) == ["One", "First"]


def test_stopping_keeps_what_there_is(hands, chat):
    hands.say("One")
    job = hands.begin_answer("Fir")
    hands.panel.primary_action.trigger()
    assert ("stop", job) in hands.engine.calls
    hands.tell(job, Finished("stopped", result("Fir", finish="stopped")))
    assert shown(chat) == ["One", "Fir"]
    assert last(chat).figures.text().endswith("stopped")


def test_a_question_that_was_stopped_before_its_turn_stands_without_an_answer(hands, chat):
    hands.say("One")
    hands.tell(hands.engine.latest(GENERATE), Finished("cancelled"))
    assert shown(chat) == ["One"]
    hands.say("Rather this")
    assert hands.asked()[-1]["messages"] == [{"role": "user", "content": "Rather this"}]


def test_a_prompt_that_is_too_long_says_so_in_place_and_can_be_tried_again(hands, chat):
    hands.say("word " * 3000)
    hands.fail("The prompt has 12,092 tokens, but the model reads 8,192; shorten the prompt.")
    assert chat.middle.error.sentence.text().startswith("The prompt has 12,092 tokens")
    assert chat.messages.views[0].more.text() == "Show all 15,000 characters"
    chat.middle.retry.click()
    assert not chat.middle.error.showing
    assert hands.asked()[-1]["messages"][0]["content"] == "word " * 3000


def test_replaying_asks_for_exactly_the_same_and_says_whether_it_came(hands, chat):
    hands.say("One")
    hands.answer("First answer")
    before = chat.messages.views[-1].message.result
    last(chat).replay.click()
    again = hands.asked()[-1]
    assert again["settings"] == before["settings"]
    assert again["messages"] == before["messages"]
    assert again["log"] is False
    hands.answer("First answer")
    assert last(chat).note.text() == "Replayed: the same output, character for character."
    last(chat).replay.click()
    hands.answer("First query")
    assert last(chat).note.text() == (
        "Replayed: different from character 7 on: “answer” before, “query” now."
    )  # fmt: skip


def test_another_file_of_the_model_explains_another_text():
    told = compared({"text": "a", "model_version": "1"}, {"text": "b", "model_version": "2"})
    assert told.endswith("The model's file is another one than before.")


def test_a_conversation_is_kept_and_come_back_to(hands, chat, workspace, studio, engine, show):
    hands.say("One")
    hands.answer("First")
    assert [file.suffix for file in (workspace.path / "conversations").iterdir()] == [".json"]
    reopened = Hands(studio, engine, show)
    again = reopened.chat
    again.side.look_at("conversations")
    (entry,) = again.side.conversations.list.entries
    assert entry.lines[0].text == "One"
    again.side.conversations.list.opened.emit(entry.key)
    assert shown(again) == ["One", "First"]
    assert last(again).figures.text().startswith("92.4 tok/s")


@pytest.fixture
def reopened(hands, chat, studio, engine, show):
    """The program as it is found when it is opened again."""

    held = [hands]  # a page that nobody holds is deleted

    def reopened():
        hands.page.hide()
        held.append(Hands(studio, engine, show))
        return held[-1]

    yield reopened
    held.clear()


def test_what_was_open_and_what_was_being_written_are_there_again(hands, chat, reopened):
    hands.say("One")
    hands.answer("Two")
    chat.composer.field.setPlainText("Thr")
    again = reopened().chat
    assert shown(again) == ["One", "Two"]
    assert again.composer.text == "Thr"


def test_a_place_in_a_long_conversation_is_come_back_to(hands, chat, reopened, qtbot):
    for number in range(6):
        hands.say(f"Question {number}")
        hands.answer("\n\n".join(["A line of the answer."] * 12))
    qtbot.waitUntil(lambda: not chat.messages._furnishing.isActive())
    bar = chat.messages.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 800)
    bar.setValue(500)
    seen = chat.messages.place
    assert seen is not None
    again = reopened().chat
    qtbot.waitUntil(lambda: not again.messages._furnishing.isActive() and again.messages._wanted is None)
    assert again.messages.place == seen


def test_a_conversation_that_is_gone_leaves_an_empty_one(hands, chat, reopened, workspace):
    hands.say("One")
    hands.answer("Two")
    chat._memory.keep_now()
    for file in (workspace.path / "conversations").glob("*.json"):
        file.unlink()
    assert shown(reopened().chat) == []


def test_a_message_that_a_kill_left_without_an_answer_offers_one(hands, chat, reopened):
    hands.say("One")
    assert not chat.messages.answer.isVisible(), "it is being answered"
    again = reopened()  # nothing of the answer was kept
    assert shown(again.chat) == ["One"]
    assert again.chat.messages.answer.isVisible()
    again.chat.messages.answer.click()
    assert hands.asked()[-1]["messages"] == [{"role": "user", "content": "One"}]
    again.answer("Two")
    assert shown(again.chat) == ["One", "Two"]
    assert not again.chat.messages.answer.isVisible()


def test_a_text_that_was_begun_is_there_again(hands, chat, reopened):
    hands.panel.state.choose("plays")
    chat.completion.text.setPlainText("Once upon")
    assert reopened().chat.completion.text.toPlainText() == "Once upon"


def test_a_conversation_can_be_named_and_thrown_away(hands, chat, workspace, qtbot):
    hands.say("One")
    hands.answer("First")
    chat.side.look_at("conversations")
    listed = chat.side.conversations.list
    QTest.keyClick(listed, Qt.Key.Key_F2)
    field = listed.findChild(QLineEdit)
    field.setText("About one")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: listed.entries[0].lines[0].text == "About one")
    hands.say("Two")
    hands.answer("Second")
    (entry,) = listed.entries
    assert entry.lines[0].text == "About one", "what was said later took the name away"
    QTest.keyClick(listed, Qt.Key.Key_Delete)
    assert not list((workspace.path / "conversations").iterdir())
    assert chat.start.isVisible()


def test_a_conversation_that_was_thrown_away_comes_back_whole(hands, chat, workspace):
    hands.say("One")
    hands.answer("First")
    (file,) = (workspace.path / "conversations").iterdir()
    before, spoken = file.read_bytes(), chat.session.conversation.id
    chat.side.look_at("conversations")
    listed = chat.side.conversations
    assert not listed.undo.isVisible()
    listed.list.deleted.emit(spoken)
    assert listed.headings == {}
    assert [(each.name, each.title) for each in Bin(workspace.path).entries()] == [(spoken, "One")]
    assert listed.undo.sentence.text() == "Deleted “One”."
    listed.undo.button.click()
    assert file.read_bytes() == before
    assert list(listed.headings) == [spoken]
    assert shown(chat) == ["One", "First"]
    assert not listed.undo.isVisible()


def test_taking_a_conversation_back_disturbs_none_that_was_begun_since(hands, chat):
    hands.say("One")
    hands.answer("First")
    first = chat.session.conversation.id
    chat.side.look_at("conversations")
    chat.side.conversations.list.deleted.emit(first)
    hands.say("Two")
    hands.answer("Second")
    chat.side.conversations.undo.button.click()
    assert shown(chat) == ["Two", "Second"]
    assert set(chat.side.conversations.headings) == {first, chat.session.conversation.id}


def test_what_the_bin_no_longer_has_is_said_in_place(hands, chat, workspace):
    hands.say("One")
    hands.answer("First")
    chat.side.look_at("conversations")
    chat.side.conversations.list.deleted.emit(chat.session.conversation.id)
    Bin(workspace.path).empty()
    chat.side.conversations.undo.button.click()
    assert "not in the bin any more" in chat.side.conversations.error.sentence.text()


def test_a_damaged_file_is_listed_with_what_is_wrong(hands, chat, workspace):
    folder = workspace.path / "conversations"
    folder.mkdir()
    (folder / "broken.json").write_text("{", "utf-8")
    chat.side.look_at("conversations")
    (entry,) = chat.side.conversations.list.entries
    chat.side.conversations.list.opened.emit(entry.key)
    assert chat.side.conversations.error.sentence.text().startswith("broken.json is not a conversation")


def test_an_answer_goes_on_in_its_own_conversation(hands, chat, qtbot):
    hands.say("One")
    job = hands.begin_answer("Fir")
    first = chat.session.conversation
    chat.begin()
    assert chat.start.isVisible()
    hands.tell(job, TextDelta("st"), Finished("completed", result("First")))
    assert chat.start.isVisible()
    chat.open(first.id)
    assert shown(chat) == ["One", "First"]


def test_one_who_reads_above_is_not_torn_down(hands, chat, qtbot):
    hands.say("One")
    hands.answer("line\n\n" * 60)
    bar = chat.messages.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 100 and bar.value() == bar.maximum())
    hands.say("Two")
    job = hands.begin_answer()
    bar.setValue(0)
    hands.tell(job, TextDelta("more\n" * 40))
    before = bar.maximum()
    qtbot.waitUntil(lambda: bar.maximum() > before)
    assert bar.value() == 0
    bar.setValue(bar.maximum())
    hands.tell(job, TextDelta("and more\n" * 40))
    qtbot.waitUntil(lambda: bar.maximum() > before + 600)
    assert bar.value() == bar.maximum()


def test_an_entry_of_the_feedback_log_can_be_tried_again(hands, chat, workspace):
    messages = [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "One"},
        {"role": "assistant", "content": "First"}, {"role": "user", "content": "Two"},
    ]  # fmt: skip
    details = {"messages": messages, "settings": {"temperature": 0.1, "prompt": "", "raw": False}}
    entry = workspace.feedback.add(
        FeedbackRecord("text", "smollm2-135m-instruct", "<exact>", "Second", details=details)
    )
    hands.panel.shown(entry=entry)
    assert shown(chat) == ["One", "First"]
    assert chat.composer.text == "Two"
    hands.panel.primary_action.trigger()
    asked = hands.asked()[-1]
    assert asked["messages"] == messages[1:]
    assert (asked["settings"]["system"], asked["settings"]["temperature"]) == ("Be brief.", 0.1)


def test_an_entry_that_is_gone_says_so(hands):
    hands.panel.shown(entry="f-gone")
    assert "f-gone" in hands.panel.error.sentence.text()


# Models that complete.


@pytest.fixture
def completion(hands, chat):
    hands.panel.state.choose("plays")
    return chat.completion


def test_a_base_model_goes_on_with_the_text_in_its_own_colour(hands, chat, completion, qtbot):
    assert hands.page.primary.text() == "Continue"
    completion.text.setPlainText("But soft, ")
    hands.panel.primary_action.trigger()
    asked = hands.asked()[-1]
    assert (asked["model"], asked["prompt"], asked["settings"]["system"]) == ("plays", "But soft, ", "")
    hands.answer("what light", model="plays", prompt="But soft, ")
    assert completion.text.toPlainText() == "But soft, what light"
    assert completion.text.pieces() == [{"text": "But soft, ", "model": False}, {"text": "what light", "model": True}]
    assert completion.figures.text().endswith("ended by itself")


def test_what_the_model_wrote_can_be_taken_back_or_written_again(hands, completion):
    completion.text.setPlainText("But soft, ")
    hands.panel.primary_action.trigger()
    hands.answer("what 🦊 light", model="plays", prompt="But soft, ")
    completion.again.click()
    assert hands.asked()[-1]["prompt"] == "But soft, "
    assert hands.asked()[-1]["settings"]["seed"] == 1
    hands.answer("who goes?", model="plays", prompt="But soft, ")
    completion.undo.click()
    assert completion.text.toPlainText() == "But soft, "
    assert not completion.undo.isEnabled()


def test_a_text_is_kept_with_whose_words_are_whose(hands, chat, completion):
    completion.text.setPlainText("But soft,\n")
    hands.panel.primary_action.trigger()
    hands.answer("what light", model="plays", prompt="But soft,\n")
    kept = completion.conversation.id
    chat.begin()
    assert completion.text.toPlainText() == ""
    chat.open(kept)
    assert completion.text.pieces()[-1] == {"text": "what light", "model": True}


def test_a_failure_leaves_the_text_as_it_was(hands, completion):
    completion.text.setPlainText("But soft, ")
    hands.panel.primary_action.trigger()
    hands.tell(hands.engine.latest(GENERATE), Started(), Failed("plays is gone; choose another model."))
    assert completion.error.sentence.text() == "plays is gone; choose another model."
    assert completion.text.toPlainText() == "But soft, "
    assert not completion.text.isReadOnly()


def test_a_text_that_is_being_written_keeps_what_came_when_another_is_opened(hands, chat, completion):
    completion.text.setPlainText("But soft, ")
    hands.panel.primary_action.trigger()
    job = hands.begin_answer("what light")
    kept = completion.conversation
    chat.begin()
    hands.tell(job, TextDelta(" through"), Finished("completed", result("what light through")))
    assert completion.text.toPlainText() == ""
    assert not completion.text.isReadOnly()
    chat.open(kept.id)
    assert completion.text.pieces()[-1] == {"text": "what light", "model": True}


def test_the_mark_of_a_stop_goes_when_a_person_writes_on(hands, completion):
    completion.text.setPlainText("But soft, ")
    hands.panel.primary_action.trigger()
    job = hands.begin_answer("what light")
    hands.tell(job, Finished("stopped", result("what light", finish="stopped")))
    assert completion.text.state == "stopped"
    QTest.keyClicks(completion.text, "!")
    assert completion.text.state == "still"
    assert completion.text.pieces()[-1] == {"text": "!", "model": False}


def test_a_text_keeps_its_colours_when_the_theme_changes(studio, show):
    text = show(CompletionText(studio.theme), 400, 300)
    text.show_pieces([{"text": "one\n", "model": False}, {"text": "two", "model": True}])
    studio.theme.choose("dark")
    assert text.pieces() == [{"text": "one\n", "model": False}, {"text": "two", "model": True}]
    studio.theme.choose("light")
