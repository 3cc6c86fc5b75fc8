"""Columns of a page that were written row by row are read one after the other, and nothing else is moved."""

import io
import pydoc_data.topics
import textwrap
from itertools import zip_longest
from pathlib import Path

import pypdf
import pytest
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from fmstudio.data.documents import open_documents
from fmstudio.data.readers.page_columns import text_of

WIDTH = {**dict.fromkeys("ijlt.,:;'|f ", 0.28), **dict.fromkeys("mwMW", 0.83)}

# What stands where: left edge, distance from the bottom, text.
Shown = tuple[float, float, str]


def page(shown: list[Shown], way: str = "lines", before: str = "") -> pypdf.PageObject:
    """A page of US letter size; way: "lines" each for itself, "words" each for itself, "steps" from one to the next.

    before: what is drawn first, in operators of a page.
    """
    if way == "words":
        shown = [word for line in shown for word in words_of(*line)]
    drawing, last = [], (0.0, 0.0)
    for left, bottom, text in shown:
        said = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        move = f"{left - last[0]:g} {bottom - last[1]:g} Td" if way == "steps" else f"1 0 0 1 {left:g} {bottom:g} Tm"
        last = left, bottom
        drawing.append(f"{move} ({said}) Tj" if way == "steps" else f"BT /F1 10 Tf {move} ({said}) Tj ET")
    writer = pypdf.PdfWriter()
    sheet = writer.add_blank_page(612, 792)
    named = {"Type": "Font", "Subtype": "Type1", "BaseFont": "Helvetica"}
    font = DictionaryObject({NameObject(f"/{key}"): NameObject(f"/{value}") for key, value in named.items()})
    fonts = DictionaryObject({NameObject("/F1"): font})
    sheet[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    stream = DecodedStreamObject()
    lines = ["BT /F1 10 Tf", *drawing, "ET"] if way == "steps" else drawing
    stream.set_data("\n".join([before, *lines]).encode())
    sheet[NameObject("/Contents")] = writer._add_object(stream)
    file = io.BytesIO()
    writer.write(file)
    return pypdf.PdfReader(file).pages[0]


def words_of(left: float, bottom: float, text: str) -> list[Shown]:
    words = []
    for word in text.split():
        words.append((left, bottom, word))
        left += 10 * sum(WIDTH.get(letter, 0.55) for letter in word + " ")
    return words


def prose(topic: str, count: int, width: int = 42) -> list[str]:
    """Lines of Python's reference, as an editor would break them."""
    text = pydoc_data.topics.topics[topic].encode("ascii", "ignore").decode()
    words = [word for word in text.replace("*", "").split() if any(map(str.isalpha, word))]
    return textwrap.wrap(" ".join(words), width)[4 : count + 4]


def side_by_side(*columns: list[str], top: float = 700, step: float = 12, lower: float = 0) -> list[Shown]:
    """Columns written row by row; lower: by how much each stands below the one before."""
    space = 500 / len(columns)
    rows = enumerate(zip_longest(*columns, fillvalue=""))
    return [(60 + place * space, top - number * step - place * lower, text)
            for number, row in rows for place, text in enumerate(row) if text]  # fmt: skip


LEFT, RIGHT = prose("naming", 20), prose("execmodel", 26)


@pytest.mark.parametrize("way", ["lines", "words", "steps"])
@pytest.mark.parametrize("lower", [0, 3, 6])
def test_two_columns(way, lower):
    assert text_of(page(side_by_side(LEFT, RIGHT, lower=lower), way)) == ("\n".join([*LEFT, *RIGHT]), True)


@pytest.mark.parametrize("way", ["lines", "words", "steps"])
def test_three_columns(way):
    columns = [prose(topic, 20, 26) for topic in ("naming", "execmodel", "exceptions")]
    assert text_of(page(side_by_side(*columns), way)) == (
        "\n".join(line for column in columns for line in column),
        True,
    )


@pytest.mark.parametrize("way", ["lines", "words"])
def test_what_stands_across_the_columns_keeps_its_place(way):
    above = [
        (200, 750, "Insects that sting people"),
        (60, 726, prose("exceptions", 1, 95)[0]),
        (60, 714, "and end here."),
    ]
    shown = [*above, *side_by_side(LEFT, RIGHT, top=690), (300, 40, "17")]
    lines = [text for _, _, text in above]
    assert text_of(page(shown, way)) == ("\n".join([*lines, *LEFT, *RIGHT, "17"]), True)


def test_a_stamp_along_the_margin_is_no_hindrance():
    stamp = "BT /F1 10 Tf 0 1 -1 0 30 300 Tm (A number and a date) Tj ET"
    expected = "\n".join(["A number and a date", *LEFT, *RIGHT])
    assert text_of(page(side_by_side(LEFT, RIGHT), before=stamp)) == (expected, True)


def test_paragraphs_and_headings_within_columns():
    left = [*LEFT[:5], "", "2. A heading", "", *LEFT[5:]]
    right = [*RIGHT[:9], "", *RIGHT[9:]]
    expected = [line for line in [*left, *right] if line]
    assert text_of(page(side_by_side(left, right))) == ("\n".join(expected), True)


def test_two_pairs_of_columns_on_a_page():
    parts = [prose(topic, 8) for topic in ("naming", "execmodel", "exceptions", "objects")]
    across = prose("types", 2, 95)
    shown = [
        *side_by_side(*parts[:2], top=720),
        *[(60, 600 - 12 * number, line) for number, line in enumerate(across)],
        *side_by_side(*parts[2:], top=560),
    ]
    assert text_of(page(shown)) == ("\n".join([*parts[0], *parts[1], *across, *parts[2], *parts[3]]), True)


NAMES = ["Apis mellifera", "Bombus terrestris", "Vespa crabro", "Vespula germanica", "Osmia bicornis", "Andrena fulva"]
CELLS = [(["A question", *prose(topic, 3, 40)], ["Its answer:", *prose(topic, 9, 42)[4:]])
         for topic in ("naming", "exceptions", "objects")]  # fmt: skip
PLACES = {
    "one column": [(60, 700 - 12 * number, line) for number, line in enumerate(prose("execmodel", 40, 95))],
    "columns after each other": [*side_by_side(LEFT), *[(320, 700 - 12 * n, line) for n, line in enumerate(RIGHT)]],
    "table": side_by_side(NAMES, ["Lives in hives", "Lives in the ground"] * 3, ["Honey bee", "Bumble bee"] * 3),
    "table of sentences": side_by_side(
        [f"{name} was seen near the old river." for name in NAMES],
        [f"It had visited {number} flowers on that day." for number in range(6)],
    ),
    "table whose cells have several lines": [
        place
        for number, (question, answer) in enumerate(CELLS)
        for place in side_by_side(question, answer, top=700 - 84 * number)
    ],
    "glossary": side_by_side([word for name in NAMES for word in (name.lower(), "")], prose("execmodel", 12)),
    "contents": side_by_side(prose("execmodel", 20, 38), [str(number) for number in range(20)]),
    "numbered lines": side_by_side([f"{number}" for number in range(20)], prose("execmodel", 20)),
    "title in the middle": [
        (220, 740, "A title in the middle"), (240, 722, "and one below it"),
        *[(60, 690 - 12 * number, line) for number, line in enumerate(prose("execmodel", 20, 95))],
    ],
}  # fmt: skip


@pytest.mark.parametrize("way", ["lines", "words", "steps"])
@pytest.mark.parametrize("kind", PLACES)
def test_other_pages_stay_as_they_were_written(kind, way):
    sheet = page(PLACES[kind], way)
    assert text_of(sheet) == (sheet.extract_text(), False)


def test_the_import_tells_of_it(workspace, add, tmp_path: Path):
    writer = pypdf.PdfWriter()
    for shown in ([(60, 700, "A cover.")], side_by_side(LEFT, RIGHT)):
        writer.add_page(page(shown))
    writer.write(tmp_path / "paper.pdf")
    ran = add(tmp_path / "paper.pdf", documents="file")
    assert "paper.pdf: written across its columns and read one column after the other: page 2." in ran.notes
    with open_documents(workspace, "data") as documents:
        (document,) = documents
    assert document.text.startswith("A cover.\n\n" + LEFT[0])
