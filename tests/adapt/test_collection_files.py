"""Files of every kind become documents with their headings; those that cannot be used are skipped with the reason."""

import docx
import pypdf
import pytest

from fmstudio.adapt import collections
from fmstudio.adapt.reading import read_text
from fmstudio.data.readers import pdf as pdf_reader
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Note, Progress, Sample
from tests.adapt.words_encoder import REFERENCE
from tests.data.test_readers import pdf
from tests.driving import of_kind, run_job, run_until


def text_of(path):
    *_, text = read_text(path)
    return text


def reasons(result):
    return {entry["source"].rpartition("/")[2]: entry["reason"] for entry in result["skipped"]}


def test_headings_of_a_page(tmp_path):
    page = (
        "<title>Guide</title><body><h1>The <b>guide</b></h1><p>Intro.</p><h2>Setting\n up</h2><p>Plug it in.</p>"
        "<pre># no heading</pre><h2></h2><p>End.</p>"
    )
    (tmp_path / "guide.html").write_text(page, "utf-8")
    text = text_of(tmp_path / "guide.html")
    assert [(heading.level, heading.title) for heading in text.headings] == [(1, "The guide"), (2, "Setting up")]
    for heading in text.headings:
        assert text.text[heading.start :].startswith(heading.title)
    assert text.title == "Guide"
    assert text.text == "The guide\n\nIntro.\n\nSetting up\n\nPlug it in.\n\n# no heading\n\n\n\nEnd."


def test_headings_of_a_word_document(tmp_path):
    document = docx.Document()
    document.add_heading("Manual", 0)
    document.add_heading("Safety", 1)
    document.add_paragraph("Never open the lid.")
    document.add_heading("Heat", 2)
    document.add_paragraph("It gets hot.")
    document.save(tmp_path / "manual.docx")
    text = text_of(tmp_path / "manual.docx")
    assert [(heading.level, heading.title) for heading in text.headings] == [(1, "Manual"), (1, "Safety"), (2, "Heat")]
    assert text.text == "Manual\n\nSafety\n\nNever open the lid.\n\nHeat\n\nIt gets hot."


def test_pages_of_a_pdf(tmp_path):
    (tmp_path / "report.pdf").write_bytes(pdf("First page.", "", "Third page."))
    text = text_of(tmp_path / "report.pdf")
    assert [(heading.title, text.text[heading.start :][:5]) for heading in text.headings] == [
        ("page 1", "First"), ("page 3", "Third"),
    ]  # fmt: skip
    assert text.text == "First page.\n\n\n\nThird page."


def test_what_cannot_be_read_is_skipped_with_its_reason(add, folder):
    (folder / "locked.pdf").write_bytes(pdf("secret", password="x"))
    (folder / "scan.pdf").write_bytes(pdf("", ""))
    (folder / "noise.txt").write_bytes(bytes(range(256)) * 40)
    (folder / "empty.md").write_bytes(b"")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    result = add(folder)
    assert result["documents"] == 2
    assert reasons(result) == {
        "locked.pdf": "it is protected by a password; save it without one",
        "scan.pdf": "its pages are pictures without text (a scan); run text recognition on it first",
        "noise.txt": "it is binary data, not text",
        "empty.md": "it is empty",
        "picture.png": "files ending in .png are not read in a folder",
    }


def test_skipped_files_are_listed_and_tried_again_once_they_change(workspace, add, folder):
    (folder / "scan.pdf").write_bytes(pdf(""))
    add(folder)
    events, _ = run_job(collections.documents(JobContext(), workspace, "shelf", search="scan"))
    (row,) = of_kind(events, Sample)[0].data["rows"]
    assert (row["state"], row["chunks"]) == ("skipped", 0)
    assert "a scan" in row["reason"]
    events, result = run_job(collections.refresh(JobContext(), workspace, "shelf"))
    assert (result["changed"], list(reasons(result))) == (0, ["scan.pdf"])
    assert any("scan.pdf was skipped" in note.text for note in of_kind(events, Note))
    (folder / "scan.pdf").write_bytes(pdf("Now with text."))
    assert run_job(collections.refresh(JobContext(), workspace, "shelf"))[1]["documents"] == 3


def test_a_file_that_disappears_while_it_is_indexed(workspace, encoder, folder):
    job = collections.add(JobContext(), workspace, "shelf", [str(folder)], {"size": 40, "overlap": 8}, REFERENCE)
    run_until(job, lambda event: isinstance(event, Progress) and event.message == "Reading mixer.md")
    (folder / "moon.txt").unlink()
    result = run_job(job)[1]
    assert result["documents"] == 1
    assert reasons(result) == {"moon.txt": "it disappeared while it was being indexed"}


def test_a_reader_that_breaks_costs_only_its_file(add, folder, monkeypatch):
    (folder / "odd.pdf").write_bytes(pdf("text"))

    def broken(file):
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr(pdf_reader.pypdf, "PdfReader", broken)
    result = add(folder)
    assert result["documents"] == 2
    assert reasons(result) == {"odd.pdf": "it is damaged or not what its ending says (deep inside)"}


def test_a_huge_text_is_skipped(add, folder, monkeypatch):
    from fmstudio.adapt import reading

    monkeypatch.setattr(reading, "_LARGEST", 1 << 20)
    (folder / "huge.txt").write_text("word " * 250_000, "utf-8")
    assert reasons(add(folder)) == {"huge.txt": "it is larger than 1 MB; split it"}


def test_where_nothing_can_be_read_there_is_no_collection(workspace, add, tmp_path):
    (tmp_path / "locked.pdf").write_bytes(pdf("secret", password="x"))
    with pytest.raises(StudioError, match=r"locked\.pdf cannot be indexed: it is protected by a password"):
        add(tmp_path / "locked.pdf")
    (tmp_path / "table.csv").write_text("text\nhello there", "utf-8")
    with pytest.raises(StudioError, match="it is a table, not a document"):
        add(tmp_path / "table.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(StudioError, match="There is no document to read"):
        add(tmp_path / "empty")
    assert workspace.collections() == []
    assert not workspace.collection_folder("shelf").exists()


def test_a_preview_of_what_cannot_be_read(workspace, encoder, tmp_path):
    (tmp_path / "scan.pdf").write_bytes(pdf(""))
    job = collections.preview(
        JobContext(), workspace, str(tmp_path / "scan.pdf"), {"size": 40, "overlap": 8}, REFERENCE
    )
    with pytest.raises(StudioError, match=r"scan\.pdf cannot be shown: its pages are pictures without text"):
        run_job(job)
    job = collections.preview(
        JobContext(), workspace, str(tmp_path / "gone.txt"), {"size": 40, "overlap": 8}, REFERENCE
    )
    with pytest.raises(StudioError, match="cannot be shown: No such file"):
        run_job(job)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (None, "mixer"),
        ("", "mixer"),
        ("Word Document", "mixer"),
        ("untitled", "mixer"),
        ("Microsoft Word - mixer_v2.docx", "mixer"),
        ("Document of the mixer", "Document of the mixer"),
        ("Untitled Blues", "Untitled Blues"),
    ],
)
@pytest.mark.parametrize("ending", ["docx", "pdf"])
def test_a_title_that_a_program_put_there_is_none(tmp_path, given, shown, ending):
    path = tmp_path / f"mixer.{ending}"
    if ending == "docx":
        document = docx.Document()
        document.add_paragraph("Never open the lid.")
        if given is not None:
            document.core_properties.title = given
        document.save(path)
    else:
        path.write_bytes(pdf("Never open the lid."))
        writer = pypdf.PdfWriter(clone_from=path)
        writer.add_metadata({"/Title": given} if given is not None else {})
        writer.write(path)
    assert text_of(path).title == shown
