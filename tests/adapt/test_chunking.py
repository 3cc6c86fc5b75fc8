"""Chunks are exact spans that lose nothing, never too long, and know the headings above them."""

import itertools
import re
from pydoc_data.topics import topics

import pytest
from hypothesis import given, settings, strategies

from fmstudio.adapt.chunking import ChunkingOptions, check_options, cut_into_chunks
from fmstudio.adapt.headings import find_headings
from fmstudio.adapt.table_heads import table_heads
from fmstudio.recipe import RecipeError

WAYS = ("headings", "paragraphs", "tokens")


def count(texts):
    return [len(re.findall(r"\w+|[^\w\s]", text)) for text in texts]


def chunks(text, room=1000, **options):
    return list(cut_into_chunks(text, find_headings(text), ChunkingOptions(**options), count, room))


@pytest.mark.parametrize("by", WAYS)
def test_nothing_is_lost_and_nothing_is_too_long(by):
    text = topics["compound"]
    found = chunks(text, by=by, size=60, overlap=12)
    covered = bytearray(len(text))
    for span in found:
        assert 0 < span.tokens <= 60
        assert count([text[span.start : span.end]]) == [span.tokens]
        covered[span.start : span.end] = b"\1" * (span.end - span.start)
    lost = "".join(letter for letter, there in zip(text, covered, strict=True) if not there)
    assert not lost.strip()
    assert [span.start for span in found] == sorted({span.start for span in found})


@settings(max_examples=60)
@given(strategies.text("ab. \n#=-A", max_size=300), strategies.sampled_from(WAYS), strategies.integers(0, 8))
def test_any_text_at_all(text, by, overlap):
    found = chunks(text, by=by, size=16, overlap=overlap)
    assert "".join(text.split()).strip() == "" or found
    assert all(text[span.start : span.end].strip() for span in found)
    ends = [span.end for span in found]
    assert ends == sorted(set(ends)), "a chunk lies within the one before"


def test_chunks_begin_at_headings_and_know_the_path():
    text = "# Book\n\n## One\nFirst words here.\n\n### Deep\nDeeper words.\n\n## Two\nLast words."
    found = chunks(text, by="headings")
    assert [span.headings for span in found] == [("Book", "One"), ("Book", "One", "Deep"), ("Book", "Two")]
    # A heading that has nothing of its own stays with what stands under it.
    assert text[found[0].start : found[0].end] == "# Book\n\n## One\nFirst words here."


def test_a_chunk_repeats_the_end_of_the_one_before():
    sentences = [f"Sentence number {number} has seven words here." for number in range(20)]
    text = " ".join(sentences)
    found = chunks(text, by="paragraphs", size=32, overlap=9)
    for before, after in itertools.pairwise(found):
        assert before.start < after.start < before.end < after.end
        assert text[after.start : before.end] in sentences


def test_a_cut_prefers_the_end_of_a_paragraph():
    text = "One two three four five six seven eight.\n\nNine ten eleven twelve. Thirteen fourteen fifteen sixteen."
    found = chunks(text, by="paragraphs", size=16, overlap=0)
    assert text[found[0].start : found[0].end].endswith("eight.")


def test_a_word_without_end_is_divided():
    def letters(texts):
        return [len(text) for text in texts]

    found = list(cut_into_chunks("x" * 100, [], ChunkingOptions(size=16, overlap=0), letters, 1000))
    assert "".join(("x" * 100)[span.start : span.end] for span in found) == "x" * 100
    assert max(span.tokens for span in found) <= 16


def test_headings_of_plain_text():
    text = (
        "Top\n===\n\nUnder\n-----\n\n```\n# no heading in code\n```\n\n# Signs\n\nnot one\n--\n\n| a |\n|---|\n\n"
        "Also under\n----------\n"
    )
    assert [(heading.level, heading.title) for heading in find_headings(text)] == [
        (1, "Top"), (2, "Under"), (1, "Signs"), (2, "Also under"),
    ]  # fmt: skip
    assert all(text[heading.start :].lstrip("# ").startswith(heading.title) for heading in find_headings(text))


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("# A\n````\n```\n# no\n```\n# no\n````\n## B", ["A", "B"]),  # a longer fence
        ("# A\n```\n```python\n# no\n```\n## B", ["A", "B"]),  # what says more ends none
        ("# A\n``` one line ```\n## B", ["A", "B"]),  # code within a line
        ("# A\n```\n~~~\n# no\n```\n## B", ["A", "B"]),  # another sign
        ("# C#\n## F# in use ##\n  ### Set in", ["C#", "F# in use", "Set in"]),  # signs of a name, and set in
    ],
)
def test_headings_as_markdown_has_them(text, titles):
    assert [heading.title for heading in find_headings(text)] == titles


def test_pythons_own_topics_have_headings():
    titles = [heading.title for heading in find_headings(topics["types"])]
    assert titles[0] == "The standard type hierarchy"
    assert "Immutable sequences" in titles


def test_sizes_that_the_model_cannot_read_are_refused():
    with pytest.raises(RecipeError, match="size is 300, but tiny reads at most 254 tokens"):
        check_options(ChunkingOptions(size=300), 254, "tiny")
    with pytest.raises(RecipeError, match="overlap is 60, but it must be at most 50"):
        check_options(ChunkingOptions(size=100, overlap=60), 254, "tiny")


PUMPS = [(f"Pump K-{number}", f"{number} bar", f"{number + 200} litres") for number in range(100, 160)]
FORMS = {
    "tabs": ("Pump\tPressure\tFlow", ["\t".join(row) for row in PUMPS]),
    "bars": ("| Pump | Pressure | Flow |\n| --- | ---: | --- |", [f"| {' | '.join(row)} |" for row in PUMPS]),
    "words alone": ("Pump\tState\tPlace", [f"{name}\topen\tNorth {n % 3}" for n, (name, *_) in enumerate(PUMPS)]),
}


@pytest.mark.parametrize("form", FORMS)
def test_rows_of_a_table_are_read_with_its_head(form):
    head, rows = FORMS[form]
    text = "# Pumps\n\nAll pumps of the works.\n\n" + "\n".join([head, *rows]) + "\n\nThat is all of them."
    found = chunks(text, size=60, overlap=12)
    head = head.split("\n")[0]
    assert len(found) > 7
    for span in found:
        read = span.read_in(text)
        assert read.count(head) == (1 if "K-1" in read else 0) or "All pumps" in read
        assert read.endswith(text[span.start : span.end])
        assert count([read]) == [span.tokens]
        assert span.tokens <= 60


@pytest.mark.parametrize(
    ("table", "head"),
    [
        ("| Key | Type |\n|---|---|\n| a | int \\| none |\n| b | `x\\|y` |", "| Key | Type |"),
        ("| Key | \\| | Type |\n|---|---|---|\n| a | b | c |", "| Key | \\| | Type |"),
        ("Pump\tBar\tLitres\nK-1\t7\n\t\t300\nK-2\t9\t400", "Pump\tBar\tLitres"),
        ("\tSize\nPump\tHigh\tWide\nK-1\t7\t9\nK-2\t9\t4", "Pump\tHigh\tWide"),
    ],
)
def test_cells_may_be_blank_or_hold_a_bar(table, head):
    (found,) = table_heads(f"{table}\n\nMore text.")
    assert found.text == head
    assert found.end == len(table)


@pytest.mark.parametrize(
    "lines",
    [
        ["\tx = 1", "\ty = 2"],  # set in, no cells
        ["Name\tAda", "Born\tLondon", "Died\tLondon"],  # names of rows, not of columns
        ["K-100\t100 bar\t300", "K-101\t101 bar\t301", "K-102\t102 bar\t302"],
        ["one a", "two b", "three c"],
    ],
)
def test_a_table_without_a_head_gets_none(lines):
    assert table_heads("\n".join(lines * 4)) == []


def test_a_head_that_would_fill_the_chunks_is_left_out():
    text = "\n".join(["\t".join(f"column {n}" for n in "abcdefghij"), *["\t".join("0123456789")] * 30])
    assert all(not span.lead for span in chunks(text, size=24, overlap=0))
