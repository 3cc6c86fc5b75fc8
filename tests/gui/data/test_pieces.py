"""The small pieces of the Data panel: what they compute and what they show."""

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from fmstudio.gui.data.mixture import kinds_to_mix, newest_apart, note_on, shares_of_mixture
from fmstudio.gui.data.pictures.channels import ChannelHistogram
from fmstudio.gui.data.pictures.detail import facts_of
from fmstudio.gui.data.shares import Shares, language_name, shares_of
from fmstudio.gui.data.store import origin_of
from fmstudio.gui.data.text.histogram import Histogram
from fmstudio.gui.data.text.review import Review, RuleFindings
from fmstudio.gui.data.text.tokens import example_of
from fmstudio.gui.widgets.difference import difference
from fmstudio.gui.widgets.files.kinds import first_of, kind_of
from fmstudio.gui.widgets.files.skipped_files import SkippedFiles
from fmstudio.workspace import DatasetRecord


def test_the_difference_names_the_words_that_differ():
    before, after = difference("a wrong word here", "a right word here, too")
    assert before == [("a ", False), ("wrong", True), (" word here", False)]
    assert after == [("a ", False), ("right", True), (" word here", False), (", too", True)]


@pytest.mark.parametrize("text", ["", "same text", "two\n\nlines"])
def test_texts_that_are_the_same_differ_nowhere(text):
    before, after = difference(text, text)
    assert before == after == ([(text, False)] if text else [])


def test_shares_are_ranked_and_the_rest_is_summed_up():
    shares = shares_of({"a": 1, "b": 500, "c": 2, "d": 3}, most=3)
    assert [(share.title, share.amount, share.percent) for share in shares] == [
        ("b", "500", "99 %"),
        ("d", "3", "<1 %"),
        ("2 others", "3", "<1 %"),
    ]


@pytest.mark.parametrize(
    ("code", "name"), [("de", "German"), ("English", "English"), ("zxx", "Not a language"), ("qqq", "qqq")]
)
def test_languages_have_names(code, name):
    assert language_name(code) == name


def test_shares_tell_their_parts_to_a_screen_reader(theme, show):
    shares = show(Shares(theme, "languages", "Languages"), 300, 100)
    shares.show_shares(shares_of({"English": 3, "German": 1}))
    assert shares.accessibleDescription() == "English 75 %; German 25 %"


@pytest.fixture
def histogram(theme, show):
    made = show(Histogram(theme, "lengths", "characters", "document"), 600, 240)
    made.show_counts([1, 10, 100, 1000], [5, 0, 40])
    return made


def test_a_histogram_tells_what_each_bar_stands_for(histogram):
    assert histogram.describe(0) == "5 documents of 1 to 9 characters"
    assert histogram.accessibleDescription() == "Most: 40 documents of 100 to 999 characters"


def test_bars_are_found_where_they_are_painted(histogram):
    places = [histogram.mark_at(QPointF(x, 100)) for x in (20, 100, 320, 560)]
    assert places == [-1, 0, 1, 2]


def test_bars_have_the_height_of_their_count(histogram, theme):
    picture = histogram.grab().toImage()
    ratio, paper = picture.devicePixelRatio(), picture.pixelColor(int(320 * picture.devicePixelRatio()), 30)
    high = [picture.pixelColor(int(x * ratio), int(60 * ratio)) != paper for x in (100, 320, 560)]
    assert high == [False, False, True]


def test_arrow_keys_go_through_the_bars(histogram):
    histogram.setFocus()
    QTest.keyClick(histogram, Qt.Key.Key_Right)
    QTest.keyClick(histogram, Qt.Key.Key_Right)
    assert histogram.pointer == 1


def test_one_document_alone_has_a_histogram_too(histogram):
    histogram.show_counts([70, 71], [1])
    assert histogram.describe(0) == "1 document of 70 characters"
    assert not histogram.grab().isNull()


def test_a_review_counts_what_goes_and_what_is_only_changed():
    findings = [RuleFindings("encoding", 4, 400), RuleFindings("length", 2, 20), RuleFindings("near_duplicates", 1, 90)]
    review = Review(10, 1000, findings)
    assert (review.removed, review.removed_bytes, review.changed) == (3, 110, 4)
    assert not review.nothing_to_do


RECORDS = {"big": DatasetRecord("big", "text", 10, 10_000), "small": DatasetRecord("small", "text", 10, 1_000)}


def test_a_mixture_gives_each_dataset_its_weight_among_all():
    shares = shares_of_mixture([{"name": "big", "weight": 3}, "small"], RECORDS)
    assert [(share.title, share.fraction) for share in shares] == [("big", 0.75), ("small", 0.25)]


def test_a_small_dataset_with_a_large_share_is_said_to_be_repeated():
    assert "small is read 10 times" in note_on(["big", "small"], RECORDS)
    assert note_on([{"name": "big", "weight": 10}, "small"], RECORDS) == "Every text is seen about equally often."
    assert note_on(["big"], RECORDS) == "Choose at least two datasets."


def test_a_dataset_is_not_mixed_with_what_was_made_from_it():
    cleaned = {
        name: DatasetRecord(name, "text", 9, 9_000, details={"made_from": before})
        for name, before in (("big-clean", "big"), ("big-cleaner", "big-clean"))
    }
    assert newest_apart(RECORDS | cleaned) == ["big-cleaner", "small"]
    assert newest_apart({"big": RECORDS["big"], **cleaned}) == ["big-cleaner"]
    assert "what both hold is seen twice" in note_on(["big", "big-cleaner"], RECORDS | cleaned)


def test_an_example_begins_with_prose_and_ends_with_a_sentence():
    prose = "The king doth keep his revels here to-night; take heed the queen come not within his sight. " * 6
    example = example_of("ACT II\n\nSCENE I\n\n" + prose)
    assert example.startswith("The king")
    assert example.endswith("sight.")
    assert len(example) <= 280


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"made_from": "plays"}, "Cleaned from plays"),
        ({"sources": ["/home/me/notes"]}, "From notes"),
        ({"sources": ["/a/one.txt", "/a/two.txt"]}, "From one.txt and 1 more"),
        ({"sources": ["catalogue:plays"]}, "From the catalogue"),
        ({"origin": "pydoc_data.topics"}, "Comes with Python"),
        ({"sources": ["dicebear:bottts"]}, "Drawn here"),
    ],
)
def test_where_a_dataset_came_from(details, words):
    assert origin_of(details) == words


def test_skipped_files_take_no_room_where_there_are_none(theme, show):
    card = show(SkippedFiles(theme, "skipped"), 600, 200)
    card.show_files([])
    assert card.isHidden()
    card.show_files([{"source": "a.txt", "reason": "it is empty"}])
    assert not card.isHidden()
    assert card.table.model().index(0, 1).data() == "It is empty"


ENDINGS = {"text": [".txt"], "images": [".png", "-idx3-ubyte.gz"], "video": [".mp4"]}


def test_most_files_of_a_folder_tell_its_kind(tmp_path):
    for name in ("a/1.png", "a/2.PNG", "b/3.png", "b/notes.txt", ".hidden.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert kind_of([tmp_path], ENDINGS) == "images"
    assert first_of([tmp_path], "images", ENDINGS) == tmp_path / "a" / "1.png"
    assert first_of([tmp_path], "video", ENDINGS) is None
    assert kind_of([tmp_path / "train-images-idx3-ubyte.gz"], ENDINGS) == "images"
    assert kind_of([], ENDINGS) == "text"


def pictures(name, items, side=32, channels=3):
    return DatasetRecord(name, "images", items, items * side * side * channels,
                         details={"height": side, "width": side, "channels": channels})  # fmt: skip


def test_pictures_are_weighed_by_their_number():
    records = {"many": pictures("many", 1000), "few": pictures("few", 100)}
    assert note_on(["many", "few"], records).startswith("While many is seen once, few is seen 10 times")
    assert note_on([{"name": "many", "weight": 10}, "few"], records) == "Every picture is seen about equally often."
    assert [share.amount for share in shares_of_mixture(["many", "few"], records)] == ["1,000 pictures", "100 pictures"]


@pytest.mark.parametrize(("side", "channels", "words"), [(64, 3, "64 × 64 in colour"), (32, 1, "32 × 32 in grey")])
def test_pictures_that_differ_in_size_or_colours_are_not_mixed(side, channels, words):
    records = {"one": pictures("one", 9), "other": pictures("other", 9, side, channels)}
    assert f"other of {words}" in note_on(["one", "other"], records)


def test_only_kinds_with_several_datasets_can_be_mixed():
    assert kinds_to_mix(RECORDS | {"faces": pictures("faces", 3)}) == ["text"]
    assert kinds_to_mix({"faces": pictures("faces", 3)}) == []


@pytest.mark.parametrize(("share", "words"), [(1, "100 %"), (0.126, "13 %"), (0.0044, "0.4 %"), (0.00002, "0.002 %")])
def test_shares_of_pixels_have_the_figures_they_need(theme, share, words):
    histogram = ChannelHistogram(theme, "channels")
    histogram.show_counts({"grey": [share * 1e6, 1e6 - share * 1e6] + [0] * 254})
    assert histogram.describe(0) == f"Value 0: grey {words}"


def test_arrow_keys_tell_the_brightness_value_by_value(theme, show):
    histogram = show(ChannelHistogram(theme, "channels"), 500, 240)
    histogram.show_counts({"red": [1] * 256, "green": [1] * 256, "blue": [0] * 255 + [1]})
    histogram.setFocus()
    for _ in range(3):
        QTest.keyClick(histogram, Qt.Key.Key_Right)
    assert histogram.pointer == 2
    assert not histogram.grab().isNull()


def test_what_is_not_known_of_a_picture_is_left_out():
    bare = {"index": 4, "label": "", "attributes": {}, "source": "", "width": 0, "height": 0, "mode": ""}
    assert facts_of(bare) == [("Number", "5")]
    assert facts_of(bare | {"mode": "CMYK", "width": 7, "height": 3000})[0] == ("Original", "7 × 3,000 · CMYK")
