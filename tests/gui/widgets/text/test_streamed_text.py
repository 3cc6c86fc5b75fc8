"""The one view of text that a model writes: it grows at its end, and what a person does with it stays theirs."""

import re

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QColor, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from fmstudio.gui.widgets.boxes import boxed, vbox
from fmstudio.gui.widgets.labels import scroll_area
from fmstudio.gui.widgets.text.long_text import ENDLESS, MOST_SHOWN
from fmstudio.gui.widgets.text.streamed_text import SAID, StreamedText, by_model

LINES = "\n".join(f"line {number}" for number in range(100))


@pytest.fixture
def made(theme, show):
    def made(**how):
        return show(StreamedText(theme, "text", "Text", **how), 400, 300)

    return made


def turn(text):
    """What has come is shown, however long the last layout took, and the event loop has had its turn."""
    text.toPlainText()
    QApplication.processEvents()


def select(text, start, end):
    cursor = text.textCursor()
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    text.setTextCursor(cursor)


# Growing.


def test_pieces_of_one_turn_are_laid_out_at_once(made):
    text = made()
    changes = []
    text.document().contentsChange.connect(lambda *where: changes.append(where))
    text.begin()
    changes.clear()
    for piece in ("Once ", "upon ", "a time"):
        text.append(piece)
    assert text.written == "Once upon a time"
    assert changes == []
    QApplication.processEvents()
    assert changes == [(0, 0, 16)]
    assert text.toPlainText() == "Once upon a time"


def test_whoever_asks_for_the_text_gets_all_that_has_come(made):
    text = made()
    text.begin("Once ")
    text.append("upon")
    assert text.toPlainText() == "Once upon"
    assert text.written == "upon"


def test_only_the_end_changes(made):
    text = made()
    text.begin(LINES)
    turn(text)
    changes = []
    text.document().contentsChange.connect(lambda *where: changes.append(where))
    text.append("\nmore")
    turn(text)
    text.finish()
    assert changes == [(len(LINES), 0, 5)]


def test_it_follows_the_end_only_for_a_person_who_reads_there(made):
    text = made()
    bar = text.verticalScrollBar()
    text.begin()
    text.append(LINES)
    turn(text)
    assert bar.value() == bar.maximum() > 100
    bar.setValue(40)
    text.append(LINES)
    turn(text)
    assert bar.value() == 40
    bar.setValue(bar.maximum())
    text.append(LINES)
    turn(text)
    assert bar.value() == bar.maximum()


def test_a_whole_text_is_shown_from_its_beginning(made):
    text = made()
    text.begin()
    text.append("short")
    turn(text)
    text.show_text(LINES)
    turn(text)
    assert (text.verticalScrollBar().value(), text.verticalScrollBar().maximum() > 100) == (0, True)


@pytest.mark.parametrize(("start", "end"), [(0, 4), (5, 9), (9, 0)])
def test_what_a_person_selected_stays_selected(made, start, end):
    text = made()
    text.begin()
    text.append("Once upon")
    turn(text)
    select(text, start, end)
    text.append(" a time")
    turn(text)
    cursor = text.textCursor()
    assert (cursor.anchor(), cursor.position()) == (start, end)


def test_a_selection_up_to_the_end_does_not_move_who_scrolled_back(made):
    text = made()
    text.begin()
    text.append(LINES)
    turn(text)
    text.selectAll()
    text.verticalScrollBar().setValue(50)
    text.append("\nmore")
    turn(text)
    assert text.verticalScrollBar().value() == 50
    assert text.textCursor().selectedText().endswith("line 99")


def test_a_word_without_end_is_broken_anywhere_while_it_comes(made):
    text = made()
    text.begin()
    for _ in range(ENDLESS // 100 - 1):
        text.append("x" * 100)
        text.toPlainText()
    before = text.wordWrapMode()
    text.append("x" * 100)
    text.toPlainText()
    assert text.wordWrapMode() != before
    text.begin()
    text.append("words " * ENDLESS)
    text.toPlainText()
    assert text.wordWrapMode() == before


# Whose words, and links.


def test_the_models_words_have_a_colour_of_their_own_that_follows_the_theme(made, theme):
    text = made(parts=True)
    text.begin("But soft, ")
    text.append("what light")

    def look():
        return [
            (each.text(), by_model(each.charFormat()), each.charFormat().foreground().color())
            for _, each in text.formatted()
        ]

    text.toPlainText()
    theme_text = QColor(Qt.GlobalColor.black)  # of a format that has none, so that the palette's shows
    light = theme.color("generated")
    assert look() == [("But soft, ", False, theme_text), ("what light", True, light)]
    theme.choose("dark")
    assert look()[1] == ("what light", True, theme.color("generated"))
    assert theme.color("generated") != light
    theme.choose("light")


def numbers_of(known):
    def found(text):
        return [(at.start(), at.end(), f"n:{at[0]}") for at in re.finditer(r"\d+", text) if at[0] in known]

    return found


def links_of(text):
    return [each.text() for _, each in text.formatted() if each.charFormat().isAnchor()]


def test_links_come_with_the_text_even_where_one_comes_in_two_pieces(made):
    text = made(links=numbers_of({"12", "7"}))
    text.begin()
    for piece in ("🦊 see 1", "2 and 3", "\nor 7."):
        text.append(piece)
        text.toPlainText()
    assert links_of(text) == ["12", "7"]
    told = []
    text.anchorClicked.connect(told.append)
    turn(text)
    cursor = text.textCursor()
    cursor.setPosition(text.toPlainText().index("12") + 2)  # the fox counts for two
    QTest.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=text.cursorRect(cursor).center() + QPoint(1, 0))
    assert told == [QUrl("n:12")]


def test_links_that_become_known_later_are_found(made):
    known = set()
    text = made(links=numbers_of(known))
    text.show_text("see 12")
    assert links_of(text) == []
    known.add("12")
    text.find_links()
    assert links_of(text) == ["12"]


# Standing.


def test_markdown_is_laid_out_and_html_does_nothing(made):
    text = made(fitted=True)
    text.show_text("**Bold** and <img src='file:///etc/passwd'> `code`\nnext line", rich=True)
    assert text.toPlainText().startswith("Bold and <img src=")
    assert "next line" in text.toPlainText().splitlines()[-1]
    text.show_text("**as it is**")
    assert text.toPlainText() == "**as it is**"
    text.show_text("plain", rich=True)
    assert text.toPlainText() == "plain"


def test_markdown_waits_until_a_person_lets_go_of_what_they_selected(made):
    text = made(fitted=True)
    text.begin()
    text.append("**Bold** words")
    turn(text)
    select(text, 0, 8)
    text.show_text("**Bold** words", rich=True)
    turn(text)
    assert text.textCursor().selectedText() == "**Bold**"
    select(text, 3, 3)
    turn(text)
    assert text.toPlainText() == "Bold words"


def test_a_text_that_came_stays_as_it_lies_when_it_is_whole(made):
    text = made()
    text.begin()
    text.append(LINES)
    turn(text)
    text.verticalScrollBar().setValue(60)
    changes = []
    text.document().contentsChange.connect(lambda *where: changes.append(where))
    text.show_text(LINES)
    assert changes == []
    assert text.verticalScrollBar().value() == 60


def test_it_is_as_high_as_its_text_where_something_else_scrolls(theme, show, qtbot):
    text = StreamedText(theme, "text", "Text", fitted=True)
    area = show(scroll_area(boxed(vbox(text, ...)), "area"), 400, 300)
    text.begin()
    turn(text)
    low = text.height()
    text.append(LINES)
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 1000)
    assert text.height() > 50 * low


def test_what_is_endless_is_cut_on_the_screen_with_a_word(made):
    text = made(fitted=True)
    text.show_text("x" * (MOST_SHOWN + 500))
    assert text.toPlainText().endswith("… 500 more characters are not shown; Copy takes them all.")
    text.begin()
    text.append("word " * (MOST_SHOWN // 5))
    text.append("w" * 10)
    assert len(text.toPlainText()) == MOST_SHOWN
    text.finish()
    assert text.toPlainText().endswith("… 10 more characters are not shown; Copy takes them all.")


# How things stand.


@pytest.mark.parametrize("ending", ["completed", "stopped", "failed"])
def test_it_says_whether_more_comes_and_how_it_ended(made, ending):
    text = made()
    assert (text.state, text.accessibleDescription()) == ("still", "")
    text.begin()
    assert (text.state, text.growing) == ("waiting", True)
    text.append("Once")
    assert (text.state, text.accessibleDescription()) == ("writing", SAID["writing"])
    text.finish(ending)
    assert (text.state, text.growing, text.accessibleDescription()) == (ending, False, SAID[ending])
    text.show_text("another")
    assert (text.state, text.accessibleDescription()) == ("still", "")


def ink(widget: QWidget, color: QColor) -> int:
    """How many pixels have this colour."""
    picture = widget.grab().toImage()
    return sum(
        picture.pixelColor(x, y) == color for x in range(picture.width()) for y in range(min(60, picture.height()))
    )


def test_a_bar_after_the_last_letter_shows_that_more_comes(made, theme):
    text = made(fitted=True)
    text.begin()
    text.append("Once")
    turn(text)
    assert ink(text, theme.color("generated")) >= 20
    text.finish("failed")
    assert ink(text, theme.color("generated")) == 0
    assert ink(text, theme.color("error")) == 36
