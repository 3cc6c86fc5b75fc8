"""The small parts that panels are made of."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton

from fmstudio.gui.train.recipe_dialog import RecipeDialog
from fmstudio.gui.widgets.card import ClickableCard
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import Banner, ErrorBox
from fmstudio.gui.widgets.labels import ElidedLabel
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.switch import Switch
from fmstudio.gui.widgets.text.token_view import TokenView
from fmstudio.recipe import read_toml

TOKENS = [
    {"id": 7, "text": "To", "bytes": 2},
    {"id": 300, "text": " be", "bytes": 3},
    {"id": 11, "text": ",", "bytes": 1},
    {"id": 10, "text": "\n", "bytes": 1},
]


def test_an_empty_state_says_what_to_do_and_does_it(theme, show, qtbot):
    clicked = []
    state = show(EmptyState(theme, "mdi6.database-outline", "No data yet", "Add some text."), 600, 400)
    state.add_button("Add a folder…", "add-folder", lambda: clicked.append("folder"))
    state.add_button("Use the sample", "use-sample", lambda: clicked.append("sample"))
    first, second = (state.findChild(QPushButton, name) for name in ("add-folder", "use-sample"))
    assert (first.property("role"), second.property("role")) == ("primary", "plain")
    qtbot.mouseClick(second, Qt.MouseButton.LeftButton)
    assert clicked == ["sample"]


def test_an_error_is_one_sentence_and_its_details_are_copied(theme, show, qtbot):
    box = show(ErrorBox(theme), 600, 80)
    assert not box.showing
    box.show_error("The file is empty; choose another.", "Traceback: ValueError")
    assert box.isVisible()
    assert box.sentence.text() == "The file is empty; choose another."
    qtbot.mouseClick(box.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "The file is empty; choose another.\n\nTraceback: ValueError"
    assert box.copy_button.text() == "Copied"
    qtbot.mouseClick(box.close_button, Qt.MouseButton.LeftButton)
    assert not box.isVisible()
    assert not box.showing


def test_a_banner_can_be_dismissed(theme, show):
    banner = show(Banner(theme), 600, 60)
    banner.tell("The index was rebuilt.")
    assert banner.isVisible()
    banner.tell("")
    assert not banner.isVisible()


def test_a_card_is_clicked_with_mouse_and_keyboard(theme, show, qtbot):
    card = show(ClickableCard("plays", "Dataset plays"), 200, 100)
    clicks = []
    card.clicked.connect(lambda: clicks.append(1))
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    qtbot.keyClick(card, Qt.Key.Key_Return)
    qtbot.keyClick(card, Qt.Key.Key_Space)
    qtbot.keyClick(card, Qt.Key.Key_A)
    assert len(clicks) == 3


def test_segments_are_chosen_by_mouse_and_arrows(show, qtbot):
    segments = show(Segments([("a", "Alpha"), ("b", "Beta")], "letters", "Letters"), 200, 40)
    chosen = []
    segments.changed.connect(chosen.append)
    qtbot.mouseClick(segments.button("b"), Qt.MouseButton.LeftButton)
    qtbot.keyClick(segments, Qt.Key.Key_Left)
    qtbot.keyClick(segments, Qt.Key.Key_Left)
    assert chosen == ["b", "a"]
    segments.set_value("b")
    assert segments.value() == "b"
    assert chosen == ["b", "a"]


def test_a_switch_shows_its_state_without_colour(theme, show, qtbot):
    switch = show(Switch(theme, "s", "Compile"))
    off = switch.grab().toImage().convertToFormat(switch.grab().toImage().Format.Format_Grayscale8)
    qtbot.keyClick(switch, Qt.Key.Key_Space)
    on = switch.grab().toImage().convertToFormat(off.format())
    assert switch.isChecked()
    left, right = QPoint(12, 13), QPoint(30, 13)
    assert off.pixelColor(left).lightness() > off.pixelColor(right).lightness()
    assert on.pixelColor(left).lightness() < on.pixelColor(right).lightness()


def test_a_long_text_gives_way_with_an_ellipsis(theme, show):
    cut, same, clipped = (
        show(made, 120, 30)
        for made in (
            ElidedLabel("plays " * 20, "body", "a"),
            ElidedLabel("plays plays pl…", "body", "b"),
            QLabel("plays " * 20),
        )
    )
    short = cut.fontMetrics().elidedText(cut.text(), Qt.TextElideMode.ElideRight, 120)
    same.setText(short)
    assert cut.text() == "plays " * 20
    assert cut.grab().toImage() == same.grab().toImage() != clipped.grab().toImage()
    assert short.endswith("…")


# Tokens.


def move_over(widget, point: QPoint) -> None:
    """A pointer that moves: a virtual screen has none of its own."""
    place, nothing = QPointF(point), Qt.MouseButton.NoButton
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        place,
        QPointF(widget.mapToGlobal(point)),
        nothing,
        nothing,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(widget, event)


def test_tokens_wrap_and_tell_what_is_under_the_pointer(theme, show, qtbot):
    view = show(TokenView(theme), 400, 200)
    view.set_tokens(TOKENS)
    assert view.count == 4
    assert view.describe(1) == "“·be” · id 300 · 3 bytes"
    assert view.describe(3) == "“↵” · id 10 · 1 byte"
    assert view.token_at(QPoint(8, 8)) == 0
    assert view.token_at(QPoint(390, 190)) == -1
    with qtbot.waitSignal(view.hovered) as heard:
        move_over(view._canvas, QPoint(8, 8))
    assert heard.args == [0]


def test_a_narrow_view_takes_more_lines(theme, show):
    view = show(TokenView(theme), 600, 300)
    view.set_tokens(TOKENS[:3] * 30)
    wide = view._canvas.minimumHeight()
    view.resize(200, 300)
    assert view._canvas.minimumHeight() > 2 * wide


def test_each_token_has_another_colour_than_its_neighbour(theme, show):
    view = show(TokenView(theme), 400, 100)
    view.set_tokens(TOKENS)
    picture = view._canvas.grab().toImage()
    colours = [
        picture.pixelColor(int(tile.rect.left()) + 3, int(tile.rect.center().y())).name()
        for tile in view._canvas._tiles
    ]
    assert len(set(colours)) == 4


def test_targets_stand_beneath_their_inputs(theme, show):
    view = show(TokenView(theme), 400, 200)
    view.set_tokens(TOKENS[:3], TOKENS[1:])
    assert view.describe(0) == "“To” · id 7 · 2 bytes\nshould be followed by “·be” · id 300"
    picture = view._canvas.grab().toImage()
    first, second = view._canvas._tiles[:2]
    target = picture.pixelColor(int(first.rect.left()) + 3, int(first.rect.bottom()) - 10)
    # A target is the next input, so both have one colour.
    assert target == picture.pixelColor(int(second.rect.left()) + 3, int(second.rect.top()) + 10)


def test_the_arrows_go_through_the_tokens(theme, show, qtbot):
    view = show(TokenView(theme), 400, 200)
    view.set_tokens(TOKENS)
    visited = []
    view.hovered.connect(visited.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        qtbot.keyClick(view._canvas, key)
    assert visited == [0, 1, 0]


# Recipes.


@pytest.fixture
def dialog(theme, show):
    return show(RecipeDialog(theme, {"family": "language", "training": {"steps": 5}}, "tiny"), 620, 560)


def test_a_recipe_is_shown_copied_and_saved(dialog, tmp_path, qtbot, monkeypatch):
    expected = 'family = "language"\n\n[training]\nsteps = 5\n'
    assert dialog.text.toPlainText() == expected
    qtbot.mouseClick(dialog._copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == expected
    file = tmp_path / "tiny.toml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    qtbot.mouseClick(dialog.findChild(QPushButton, "recipe-save"), Qt.MouseButton.LeftButton)
    assert read_toml(file) == {"family": "language", "training": {"steps": 5}}


def test_a_recipe_that_cannot_be_saved_says_so(dialog, tmp_path):
    blocked = tmp_path / "a file"
    blocked.touch()
    dialog.save(blocked / "tiny.toml")
    assert dialog.error.isVisible()
    assert "choose another place" in dialog.error.sentence.text()
