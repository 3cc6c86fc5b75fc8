"""What a model sees in a text: fed with what the laboratory tells, and once on the real engine with a tiny model."""

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QLabel, QListWidget, QPlainTextEdit, QPushButton, QTableView

from fmstudio.gui.models.model_choice import LISTING, PlayState
from fmstudio.gui.playground.inside.bars import chance
from fmstudio.gui.playground.inside.branches import Branch, text_of
from fmstudio.gui.playground.inside.colours import matrix_image, tint
from fmstudio.gui.playground.inside.jobs import ATTENTION, COMPARE, COMPLETE, CONTINUE, LENS, NEIGHBOURS, SURPRISAL
from fmstudio.gui.playground.inside.text import LONGEST
from fmstudio.gui.playground.inside.view import InsideView
from fmstudio.gui.widgets.switch import Switch
from fmstudio.jobs import Failed, Finished, Progress, Sample, Started
from tests.gui import recorded
from tests.gui.recorded import changed
from tests.gui.small_jobs import OF_ALL_LAYERS
from tests.gui.test_theme import contrast
from tests.laboratory.language_models import keep_language_model

PATIENCE = 60_000  # milliseconds; a wait ends as soon as what it waits for is there
WORDS = ("The", " cat", " sat", ".")


def pieces(*texts):
    """Tokens as the laboratory tells them."""
    usual = recorded.answer(SURPRISAL, "tokens")["tokens"][0]
    made, start = [], 0
    for number, text in enumerate(texts):
        made.append(changed(usual, id=40 + number, text=text, start=start, end=start + len(text), bytes=len(text),
                            special=text.startswith("<|"), whole=not text.startswith("\\x")))  # fmt: skip
        start += len(text)
    return made


def told(*texts):
    """The Sample "tokens"."""
    return changed(
        recorded.answer(SURPRISAL, "tokens"), tokens=pieces(*texts), count=len(texts), text="".join(texts),
        characters=sum(map(len, texts)), bytes=12, words=3, tokens_per_word=len(texts) / 3, context=64, heads=2,
    )  # fmt: skip


def expected(*bits, **changes):
    """The Sample "surprisal"."""
    rows = [[{"id": 41, "text": " cat", "probability": 0.5}, {"id": 7, "text": " dog", "probability": 0.25}]]
    numbers = np.array([np.nan, *bits], np.float32)
    usual = {
        "bits": numbers, "rank": np.array([0, *range(1, len(bits) + 1)]), "entropy": np.append(numbers, np.float32(1)),
        "alternatives": [[], *rows * len(bits), *rows[:1]], "total_bits": float(sum(bits)), "bits_per_token": 2.0,
        "bits_per_byte": 0.75, "perplexity": 4.0, "most": 5.6,
    }  # fmt: skip
    return changed(recorded.answer(SURPRISAL), **usual | changes)


def drawn(number, text, id=None, **changes):
    """The Sample of one drawn token."""
    rows = [{"id": 10 * number + n, "text": f" {letter}{number}", "probability": 0.5 / (n + 1), "chance": 1.0 - n}
            for n, letter in enumerate("ab")]  # fmt: skip
    usual = {"number": number, "id": 10 * number if id is None else id, "text": text, "probability": 0.5, "chance": 1.0,
             "end": False, "alternatives": rows}  # fmt: skip
    data = changed(recorded.answer(CONTINUE), **usual | changes)
    return Sample(f"token-{number:04d}", "next-token", data)


class Hands:
    """The view, and the answers to what it asks."""

    def __init__(self, studio, engine, show):
        self.studio, self.engine = studio, engine
        self.state = PlayState(studio)
        self.state.refresh()
        known = next(row for row in recorded.answer(LISTING) if row["reference"] == "tiny")
        self.answer(LISTING, Sample("models", "models", [known, changed(known, reference="other")]))
        self.state.choose("tiny")
        self.view = show(InsideView(studio, self.state), 1080, 640)

    def answer(self, target, *events, ended=True):
        """Answer the latest question of a target; returns what was asked."""
        job = self.engine.latest(target)
        letters = [Started(), *events, *([Finished()] if ended else [])]
        self.studio.jobs.deliver([(job, event) for event in letters])
        return self.engine.requests[job].arguments

    def asked(self, target):
        return [each.arguments for each in self.engine.requests.values() if each.target == target]

    def text(self, name):
        return self.view.findChild(QLabel, name).text()


@pytest.fixture
def hands(studio, engine, show):
    return Hands(studio, engine, show)


@pytest.fixture
def read(hands):
    """… with the tokens of a text and their surprisal told."""
    hands.view.look(text="The cat sat.")
    hands.answer(
        SURPRISAL, Sample("tokens", "tokens", told(*WORDS)), Sample("surprisal", "surprisal", expected(3.0, 1.0, 2.0))
    )
    return hands


# Tokens.


def test_tokens_come_first_and_surprisal_follows(hands):
    hands.view.look(text="The cat sat.")
    tokens = hands.view.views["tokens"]
    asked = hands.answer(SURPRISAL, Sample("tokens", "tokens", told(*WORDS)), ended=False)
    assert (asked["model"], asked["chat"], asked["system"]) == ("tiny", False, "")
    assert [tile.text for tile in tokens.tiles.tiles] == list(WORDS)
    assert [tile.beneath for tile in tokens.tiles.tiles] == ["–"] * 4
    assert hands.text("inside-tokens-figures") == "4 tokens  ·  12 characters  ·  1.33 tokens per word"
    hands.answer(SURPRISAL, Sample("surprisal", "surprisal", expected(3.0, 1.0, 2.0)))
    assert [tile.beneath for tile in tokens.tiles.tiles] == ["–", "3.0", "1.0", "2.0"]
    assert tokens.tiles.tiles[1].background == tint(tokens._theme, "validation", 3.0 / 12)
    assert hands.text("inside-tokens-figures").endswith("6.0 bits in all  ·  0.75 bits per byte  ·  perplexity 4.00")


def test_a_single_token_surprises_nobody(hands):
    hands.view.look(text="The")
    nothing = expected(bits_per_byte=0.0, perplexity=0.0)
    hands.answer(SURPRISAL, Sample("tokens", "tokens", told("The")), Sample("surprisal", "surprisal", nothing))
    assert hands.text("inside-tokens-figures").endswith("– bits in all  ·  – bits per byte  ·  perplexity –")


def test_while_one_types_what_is_known_of_the_beginning_stays(read, qtbot):
    tokens = read.view.views["tokens"]
    read.view.own.field.setPlainText("The cat ran.")
    qtbot.waitUntil(lambda: read.asked(SURPRISAL)[-1]["text"] == "The cat ran.")
    longer = told("The", " cat", " ran", ".", "!")
    longer["tokens"][2]["id"] = 99
    read.answer(SURPRISAL, Sample("tokens", "tokens", longer), ended=False)
    assert [tile.beneath for tile in tokens.tiles.tiles] == ["–", "3.0", "–", "–", "–"]
    assert "bits" not in read.text("inside-tokens-figures")


def test_a_token_tells_its_bytes_its_surprisal_and_what_was_expected(read, qtbot):
    tokens = read.view.views["tokens"]
    qtbot.mouseClick(tokens.tiles.canvas, Qt.MouseButton.LeftButton, pos=tokens.tiles.rectangle(2).center().toPoint())
    assert read.text("inside-tokens-detail") == "“·sat” · id 42 · bytes 7–10"
    assert read.text("inside-tokens-facts").startswith("surprisal 1.00 bits · probability 50.0 % · rank 2")
    assert [(row.text, row.value) for row in tokens.bars.rows] == [(" cat", 0.5), (" dog", 0.25)]
    qtbot.keyClick(tokens.tiles.canvas, Qt.Key.Key_Left)
    assert read.text("inside-tokens-detail").startswith("“·cat”")
    assert tokens.bars.rows[0].taken
    qtbot.keyClick(tokens.tiles.canvas, Qt.Key.Key_Home)
    assert "expected nothing" in read.text("inside-tokens-facts")
    tokens.colouring.button("tokens").click()
    assert [tile.beneath for tile in tokens.tiles.tiles] == ["40", "41", "42", "43"]


def test_bytes_and_marks_are_shown_for_what_they_are(hands):
    found = told("<|im_start|>", "\\xe2", "\\x82")
    hands.answer(SURPRISAL, Sample("tokens", "tokens", found))
    tokens = hands.view.views["tokens"]
    assert [tile.marked for tile in tokens.tiles.tiles] == [True, False, False]
    assert "it marks a place" in tokens.describe(0)
    assert "part of a character" in tokens.describe(1)


def test_typing_asks_once_the_hand_rests_and_never_cancels_an_answer(read, qtbot):
    before = len(read.asked(SURPRISAL))
    for letter in "!!!":
        read.view.own.field.insertPlainText(letter)
    assert len(read.asked(SURPRISAL)) == before
    qtbot.waitUntil(lambda: len(read.asked(SURPRISAL)) == before + 1)
    assert read.asked(SURPRISAL)[-1]["text"] == "!!!The cat sat."
    assert not read.engine.calls


def test_another_model_is_asked_at_once_and_only_by_the_sight_that_is_seen(read):
    read.state.choose("other")
    assert read.asked(SURPRISAL)[-1]["model"] == "other"
    assert read.text("inside-tokens-nothing") == "Opening the model…"
    assert not read.asked(LENS)
    read.view.look_at("layers")
    assert read.asked(LENS)[-1]["model"] == "other"


def test_the_template_is_put_around_the_text_and_not_offered_where_there_is_none(read, qtbot):
    read.view.own.switch.click()
    qtbot.waitUntil(lambda: read.asked(SURPRISAL)[-1]["chat"] is True)
    read.state.models[1]["chat"] = False
    read.state.choose("other")
    assert not read.view.own.switch.isEnabled()
    assert read.asked(SURPRISAL)[-1]["chat"] is False
    assert read.text("inside-text-hint") == "This model has no chat template: it continues texts."


def test_what_cannot_be_read_is_said_in_its_place(hands):
    job = hands.engine.latest(SURPRISAL)
    hands.studio.jobs.deliver([(job, Started()), (job, Progress(2, 30, "layers", "Reading"))])
    tokens = hands.view.views["tokens"]
    assert tokens.status.text() == "Reading… 2 of 30"
    hands.studio.jobs.deliver([(job, Failed("The model needs 9 GB, but 2 GB are free.", "details"))])
    assert tokens.error.sentence.text() == "The model needs 9 GB, but 2 GB are free."
    before = len(hands.asked(SURPRISAL))
    hands.view.findChild(type(tokens.error.copy_button), "inside-tokens-again").click()
    assert len(hands.asked(SURPRISAL)) == before + 1
    hands.view.look(text="")
    assert hands.text("inside-tokens-nothing") == "Type a text to see this."
    assert hands.view.refusal() == "Type a text first."


def test_a_paste_of_megabytes_is_taken_as_far_as_it_can_be_shown(read):
    data = QMimeData()
    data.setText("word " * 2_000_000)
    field = read.view.own.field
    field.selectAll()
    field.insertFromMimeData(data)
    assert len(read.view.own.text) == LONGEST
    assert read.text("inside-text-cut") == "The text has 10,000,000 characters; the first 20,000 are taken."
    read.view.look(text="short again")
    assert read.view.own.cut.isHidden()
    read.view.look(text="y" * 30_000)
    assert read.text("inside-text-cut") == "The text has 30,000 characters; the first 20,000 are taken."


# The next token.


@pytest.fixture
def going_on(hands):
    """The view of the next token, with the first one drawn."""
    hands.view.look(text="The cat", part="next")
    asked = hands.answer(CONTINUE, drawn(0, " a0"))
    assert (asked["chosen"], asked["settings"]["maximum_tokens"]) == ([], 1)
    return hands


def test_continue_draws_and_every_token_has_its_alternatives(going_on):
    view = going_on.view
    view.next.controls.tokens.set_value(3)
    view.act()
    asked = going_on.answer(CONTINUE, drawn(1, " a1"), drawn(2, " a2", end=True))
    assert (asked["chosen"], asked["settings"]["maximum_tokens"], asked["text"]) == ([0], 3, "The cat")
    assert [tile.text for tile in view.next.tiles.tiles] == ["The cat", " a0", " a1", " a2"]
    assert view.next.status.text() == "3 tokens drawn. The model ended the text here."
    assert [row.text for row in view.next.bars.rows] == [" a2", " b2"]
    view.next.tiles.canvas._choose(2)
    assert going_on.text("inside-next-title") == "In place of token 2"
    assert [(row.text, row.taken) for row in view.next.bars.rows] == [(" a1", True), (" b1", False)]
    assert [(row.value, row.second) for row in view.next.bars.rows] == [(0.5, 1.0), (0.25, 0.0)]


def test_a_click_goes_on_from_another_token_and_one_can_go_back(going_on, qtbot):
    view = going_on.view
    view.next.controls.tokens.set_value(3)
    view.act()
    going_on.answer(CONTINUE, drawn(1, " a1"), drawn(2, " a2"))
    view.next.tiles.canvas._choose(2)
    bars = view.next.bars
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(20, 24 + 12))
    asked = going_on.answer(CONTINUE, drawn(2, " x2", id=92), drawn(3, " x3", id=93))
    assert (asked["chosen"], asked["settings"]["maximum_tokens"]) == ([0, 11], 5)
    assert [tile.text for tile in view.next.tiles.tiles[1:]] == [" a0", " b1", " x2", " x3"]
    assert [tile.marked for tile in view.next.tiles.tiles[1:]] == [False, True, False, False]
    assert view.next.tiles.current == 2  # the token that was chosen stays the one that is looked at
    tried = view.next.tried
    assert [tried.item(row).text() for row in range(tried.count())] == ["·a0·a1·a2", "·a0·b1·x2·x3"]
    questions = len(going_on.asked(CONTINUE))
    tried.itemClicked.emit(tried.item(0))
    assert [tile.text for tile in view.next.tiles.tiles[1:]] == [" a0", " a1", " a2"]
    view.next.tiles.canvas._choose(2)
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    qtbot.keyClick(bars, Qt.Key.Key_Return)
    assert [tile.text for tile in view.next.tiles.tiles[1:]] == [" a0", " b1", " x2", " x3"]
    assert len(going_on.asked(CONTINUE)) == questions  # it was tried before: nothing is computed again


def test_other_controls_begin_the_continuation_anew(going_on):
    view = going_on.view
    view.next.controls.temperature.set_value(0.0)
    view.next.controls.temperature.edited.emit()
    asked = going_on.asked(CONTINUE)[-1]
    assert (asked["settings"]["temperature"], asked["chosen"]) == (0.0, [])
    view.next.controls.tokens.set_value(0)
    view.act()
    assert view.next.error.sentence.text() == "Tokens to draw must be a whole number from 1 to 200."


def test_a_tree_of_branches_remembers_the_latest_path():
    root = Branch()
    first = root.follow({"id": 1, "text": "a"})
    second = first.follow({"id": 2, "text": "b"})
    other = first.follow({"id": 3, "text": "c"}, forced=True)
    assert (root.end(), text_of(other.path()), other.forced) == (other, "ac", True)
    assert root.leaves() == [second, other]
    second.choose()
    assert root.end() is second
    assert first.follow({"id": 3, "text": "c"}) is other


def test_chances_read_as_people_write_them():
    assert [chance(value) for value in (1.0, 0.431, 0.0052, 0.00001, 0.0)] == [
        *("100 %", "43.1 %", "0.52 %", "< 0.01 %", "0 %")
    ]


# Attention.


def attention(layer, count=4):
    """The Sample "attention" of two heads: one looks at the token before, one at the first."""
    back = np.tril(np.eye(count, k=-1, dtype=np.float32))
    back[0, 0] = 1.0
    first = np.zeros((count, count), np.float32)
    first[:, 0] = 1.0
    heads = {"entropy": [0.0, 1.5], "first": [0.25, 1.0], "previous": [1.0, 0.25], "own": [0, 0], "repeat": [0, 0],
             "distance": [1, 2]}  # fmt: skip
    layers = 3 if layer < 0 else 1
    weights = np.stack([back, first]) if layer >= 0 else np.stack([(back + first) / 2] * 3)
    return changed(
        recorded.answer(ATTENTION if layer >= 0 else OF_ALL_LAYERS), layer=layer, layers=3, heads=2,
        tokens=pieces(*WORDS), weights=weights, mean=weights.mean(0),
        small=np.concatenate([weights.mean(0)[None], weights]),
        **{name: np.array([values] * layers, np.float32) for name, values in heads.items()},
    )  # fmt: skip


@pytest.fixture
def looking(hands):
    """The view of attention, with layer 1 and the survey told."""
    hands.view.look(text="The cat sat.", part="attention")
    jobs = [job for job, request in hands.engine.requests.items() if request.target == ATTENTION]
    for job in jobs:
        layer = hands.engine.requests[job].arguments["layer"]
        hands.studio.jobs.deliver(
            [(job, Started()), (job, Sample("attention", "attention", attention(layer))), (job, Finished())]
        )
    return hands


def test_one_head_is_shown_large_and_tells_who_looks_where(looking, qtbot):
    part = looking.view.views["attention"]
    assert looking.text("inside-attention-title") == "Layer 1, mean of its heads"
    part.thumbs.press(1)
    assert looking.text("inside-attention-title") == "Layer 1, head 1"
    facts = "entropy 0.00 bits  ·  first token 25 %  ·  one back 100 %"
    assert looking.text("inside-attention-facts") == facts
    assert part.large.words(2, 1) == "“·sat” (3) → “·cat” (2)\nweight 1.000"
    assert part.large.words(0, 1) == "A token cannot look at what comes after it."
    place = part.large.cell(2, 1).center().toPoint()
    qtbot.mouseClick(part.large, Qt.MouseButton.LeftButton, pos=place)
    assert looking.text("inside-attention-looks") == "Where “·sat” (3) looks:"
    shades = [tile.background for tile in part.tiles.tiles]
    none = tint(part._theme, "accent", 0)
    assert shades == [none, tint(part._theme, "accent", 1.0), none, None]
    assert part.tiles.tiles[3].faint


def test_the_survey_of_all_heads_leads_to_any_of_them(looking, qtbot):
    part = looking.view.views["attention"]
    assert part.overview.values.shape == (3, 2)
    assert "layer 2, head 2" in part.overview.words(1, 1)
    qtbot.mouseClick(part.overview, Qt.MouseButton.LeftButton, pos=part.overview.cell(1, 1).center().toPoint())
    asked = looking.answer(ATTENTION, Sample("attention", "attention", attention(1)))
    assert asked["layer"] == 1
    assert looking.text("inside-attention-title") == "Layer 2, head 2"
    assert part.overview.current == (1, 1)
    qtbot.keyClick(part.overview, Qt.Key.Key_Left)
    assert looking.text("inside-attention-title") == "Layer 2, head 1"
    part.measure.set_value("entropy")
    part.measure.edited.emit()
    assert "Entropy, bits: 1.50" in part.overview.words(0, 1)
    part.everything.click()
    assert looking.text("inside-attention-title") == "Mean of all heads and layers"
    assert list(part.thumbs.names) == ["Mean", "1", "2", "3"]


def test_a_map_of_five_hundred_tokens_is_one_picture(theme):
    weights = np.tril(np.ones((512, 512), np.float32))
    image = matrix_image(theme, weights)
    assert (image.width(), image.height(), image.format()) == (512, 512, QImage.Format.Format_Indexed8)
    assert image.pixelColor(0, 511) == theme.color("accent")
    assert image.pixelColor(511, 0) == theme.color("surface")
    signed = matrix_image(theme, np.array([[-1.0, 0.0, 1.0]]), opposite="error")
    assert [signed.pixelColor(x, 0).name() for x in (0, 2)] == [theme.color(t).name() for t in ("error", "accent")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stays_legible_on_the_strongest_background(theme, scheme):
    theme.choose(scheme)
    for token in ("validation", "accent"):
        assert contrast(theme.css("text"), tint(theme, token, 1.0).name()) >= 4.5
    theme.choose("light")


# Layers.


def test_the_lens_shows_where_the_final_guess_appears(hands, qtbot):
    hands.view.look(text="The cat sat.", part="layers")
    ids = np.full((4, 4, 2), [1, 2])
    ids[2:, 1] = [5, 1]
    values = np.zeros((4, 4, 2), np.float32) + np.array([0.75, 0.125], np.float32)
    found = changed(
        recorded.answer(LENS), tokens=pieces(*WORDS), count=4, layers=3, ids=ids, probabilities=values,
        texts={1: " one", 2: " two", 5: " five"}, appears=np.array([0, 2, 0, 0]), settles=np.array([0, 2, 0, 0]),
    )  # fmt: skip
    hands.answer(LENS, Sample("lens", "lens", found))
    part = hands.view.views["layers"]
    table = part.model_of_table
    assert (table.rowCount(), table.columnCount()) == (4, 4)
    vertical = [table.headerData(row, Qt.Orientation.Vertical) for row in range(4)]
    assert vertical == ["layer 3", "layer 2", "layer 1", "embedding"]
    assert [table.index(row, 1).data() for row in range(4)] == ["·five", "·five", "·one", "·one"]
    assert [table.settled(table.index(row, 1)) for row in range(4)] == [False, True, False, False]
    assert "·five   75.0 %" in table.index(0, 1).data(Qt.ItemDataRole.ToolTipRole)
    part.table.setCurrentIndex(table.index(2, 1))
    assert hands.text("inside-lens-title") == "Layer 1, after “·cat”"
    assert hands.text("inside-lens-facts") == "The final guess “·five” first appears after layer 2 and stays."
    assert [row.text for row in part.bars.rows] == [" one", " two"]
    assert not part.after.isVisible()


# Embeddings.


@pytest.fixture
def embedded(hands):
    hands.view.look_at("embeddings")
    rows = [{"id": 8, "text": " queen", "cosine": 0.6, "special": False}, {"id": 9, "text": " lord", "cosine": 0.5,
             "special": False}]  # fmt: skip
    found = changed(recorded.answer(NEIGHBOURS), id=7, text=" king", pieces=[{"id": 7, "text": " king"}], rows=rows)
    hands.found = Sample("neighbours", "neighbours", found)
    hands.answer(NEIGHBOURS, hands.found)
    return hands


def mapped(items):
    """The Sample of the map of words: each beside the one before, none alike."""
    count = len(items)
    points = np.array([[np.cos(n), np.sin(n)] for n in range(count)], np.float32)
    cosines = np.eye(count, dtype=np.float32) - 0.25
    return Sample("map", "map", changed(recorded.answer(COMPARE), items=items, points=points, cosines=cosines))


def test_neighbours_lead_to_their_own_neighbours(embedded, qtbot):
    near = embedded.view.views["embeddings"].neighbours
    assert embedded.asked(NEIGHBOURS)[0]["token"] == " king"
    assert [row.text for row in near.bars.rows] == [" queen", " lord"]
    assert embedded.text("inside-neighbours-title") == "“·king” · id 7"
    near.bars.chosen.emit(1)
    assert embedded.asked(NEIGHBOURS)[-1]["token"] == 9
    near.field.setText("que")
    near.field.edited.emit()
    assert embedded.asked(COMPLETE)[-1]["typed"] == "que"
    que = changed(recorded.answer(COMPLETE), typed="que", rows=[{"id": 8, "text": " queen"}])
    embedded.answer(COMPLETE, Sample("completions", "completions", que))
    assert near.completer.model().stringList() == ["·queen"]
    near._completed("·queen")
    assert embedded.asked(NEIGHBOURS)[-1]["token"] == 8
    near.field.setText("que")
    near._entered()
    assert embedded.asked(NEIGHBOURS)[-1]["token"] == "que"


def test_the_map_has_a_point_and_a_row_of_cosines_for_each_text(embedded, qtbot):
    part = embedded.view.views["embeddings"]
    assert embedded.asked(COMPARE)[-1]["items"][:2] == ["king", "queen"]
    names = ["king", "queen", "man"]
    embedded.answer(COMPARE, mapped(names))
    assert part.points.describe(0).startswith("king\nmost alike, by cosine:")
    assert part.cosines.words(0, 1) == "king · queen\ncosine −0.250"
    place = part.points.anchor(2)
    assert part.points.mark_at(place + QPointF(3, 0)) == 2
    qtbot.mouseMove(part.points, place.toPoint())
    assert part.cosines.current == (2, -1)
    part.items.setPlainText("king\n\n queen ")
    qtbot.waitUntil(lambda: embedded.asked(COMPARE)[-1]["items"] == ["king", "queen"])
    assert embedded.asked(COMPARE)[-1]["towards"] is not None  # so that the map keeps its sides
    embedded.answer(COMPARE, mapped(["king", "queen"]))
    part.vectors.set_value("sentence")
    part.vectors.edited.emit()
    qtbot.waitUntil(lambda: embedded.asked(COMPARE)[-1]["vectors"] == "sentence")
    assert embedded.asked(COMPARE)[-1]["towards"] is None


def test_embeddings_leave_nothing_to_continue(embedded):
    embedded.view.own.set_text("The cat")  # of the other views, and not seen here
    assert embedded.view.refusal() == "The map follows what you type."
    embedded.view.act()
    assert embedded.view.views["embeddings"].isVisible()
    embedded.view.look_at("tokens")
    assert embedded.view.refusal() == ""


def test_every_control_has_a_name_that_a_screen_reader_says(hands):
    kinds = (QPushButton, QComboBox, QListWidget, QPlainTextEdit, QTableView, Switch)
    nameless = [
        each for kind in kinds for each in hands.view.findChildren(kind)
        if not (each.objectName() and each.accessibleName())
    ]  # fmt: skip
    assert not nameless


def test_both_themes_are_drawn(looking, theme):
    for scheme in ("dark", "light"):
        theme.choose(scheme)
        assert not looking.view.grab().isNull()


# On the real engine.


def test_a_tiny_model_is_looked_into(real_studio, workspace, show, qtbot):
    keep_language_model(workspace, chat=True)
    state = PlayState(real_studio)
    state.refresh()
    qtbot.waitUntil(lambda: bool(state.record("tiny")), timeout=PATIENCE)
    state.choose("tiny")
    view = show(InsideView(real_studio, state), 1080, 640)
    tokens = view.views["tokens"]
    view.look(text="The name is bound to the value.")
    text = "The name is bound to the value."
    qtbot.waitUntil(lambda: tokens.found.get("text") == text and bool(tokens.expected), timeout=PATIENCE)
    assert "".join(tile.text for tile in tokens.tiles.tiles) == text

    view.next.controls.tokens.set_value(4)
    view.act()
    qtbot.waitUntil(lambda: len(view.next._path) >= 4 or view.next._ended, timeout=PATIENCE)
    straight = [branch.token["id"] for branch in view.next._path]
    view.next.tiles.canvas._choose(1)
    view.next.bars.chosen.emit(1)
    other = view.next.bars.rows[1].text
    qtbot.waitUntil(lambda: not view.next.question.busy, timeout=PATIENCE)
    assert view.next._path[0].token["text"] == other
    assert [branch.token["id"] for branch in view.next._path] != straight

    view.look_at("attention")
    part = view.views["attention"]
    qtbot.waitUntil(lambda: bool(part.found) and bool(part.survey), timeout=PATIENCE)
    assert part.overview.values.shape == (3, 4)
    view.look_at("layers")
    qtbot.waitUntil(lambda: view.views["layers"].model_of_table.rowCount() == 4, timeout=PATIENCE)
    view.look_at("embeddings")
    qtbot.waitUntil(lambda: len(view.views["embeddings"].points.points) == 10, timeout=PATIENCE)
    assert not any(each.error.showing for each in view.views.values())
