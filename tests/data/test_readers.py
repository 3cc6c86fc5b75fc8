"""What a reader would read on the page is what comes out of each kind of file."""

import io
import json
import zipfile
from pathlib import Path

import docx
import pyarrow
import pyarrow.parquet
import pypdf
import pytest
from docx.oxml import parse_xml
from pypdf.annotations import FreeText

from fmstudio.data.documents import Document, open_documents
from fmstudio.data.readers.page_text import lettered
from fmstudio.errors import StudioError


@pytest.fixture
def read(workspace, add):
    """Import one file whole and return its documents."""

    def read(path: Path, **options) -> list[Document]:
        name = f"set-{len(workspace.datasets())}"
        add(path, name=name, **{"documents": "file", **options})
        with open_documents(workspace, name) as documents:
            return list(documents)

    return read


PAGE = """<!doctype html><html><head><title>The  lighthouse
</title><style>p { color: red }</style><script>var x = "code";</script></head><body>
<nav><a href="/">Home</a> | <a href="/more">More</a></nav>
<h1>The lighthouse</h1><p>It was <b>dark</b>, and the
   <a href="#">keeper</a>&nbsp;slept.</p>After the paragraph.
<ul><li>one<li>two</ul><pre>  kept
    as it is</pre><table><tr><td>a</td><td>b</td></tr></table>
<form><button>Sign up</button></form><footer>Cookies</footer></body></html>"""


def test_html(read, tmp_path):
    (tmp_path / "page.html").write_text(PAGE, "utf-8")
    (document,) = read(tmp_path / "page.html")
    assert document.title == "The lighthouse"
    assert document.text == (
        "The lighthouse\n\nIt was dark, and the keeper slept.\n\nAfter the paragraph.\n\none\ntwo\n\n"
        "  kept\n    as it is\n\na\tb"
    )


def test_html_in_its_declared_encoding(read, tmp_path):
    page = '<meta charset="iso-8859-2"><p>Zażółć gęślą jaźń</p>'
    (tmp_path / "page.htm").write_bytes(page.encode("iso-8859-2"))
    (document,) = read(tmp_path / "page.htm")
    assert document == Document("Zażółć gęślą jaźń", "page", "page.htm", "iso8859-2")


def test_html_within_a_form_as_a_whole(read, tmp_path):
    page = (
        "<body><form><div>Skip</div><h1>Head</h1><p>The whole article.</p><label>Mail</label><select><option>one"
        "</option></select></form><form><p>Sign up</p><input></form></body>"
    )
    (tmp_path / "page.html").write_text(page, "utf-8")
    assert read(tmp_path / "page.html")[0].text == "Skip\n\nHead\n\nThe whole article."


def test_html_with_lines_kept_and_readings_left_out(read, tmp_path):
    page = (
        "<pre><tt>one\n  two</tt></pre><pre><font><b>three\n  four</b></font></pre><p><code>a\nb</code></p>"
        "<p><ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>です</p>"
    )
    (tmp_path / "page.html").write_text(page, "utf-8")
    assert read(tmp_path / "page.html")[0].text == "one\n  two\n\nthree\n  four\n\na b\n\n漢字です"


CELLS = {
    "several paragraphs": ("<tr><th><p>Name<th><p>Flow<tr><td><p>Ada<p>Lovelace<td><div>12</div>",
                           "Name\tFlow\nAda Lovelace\t12"),
    "lists and breaks": ("<tr><td>a<br>b<td>c<tr><td><ul><li>1<li>2</ul><td>d", "a b\tc\n1 2\td"),
    "cells over others": ("<tr><th>Name<th colspan=2>Size<tr><td rowspan=2>A<td>1<td>2<tr><td>3<td>4<tr><td>B<td><td>6",
                          "Name\tSize\nA\t1\t2\n\t3\t4\nB\t\t6"),
    "a caption": ("<caption>All <b>pumps</b></caption><tr><td>a<td>b<tr><td>c<td>d", "All pumps\na\tb\nc\td"),
    "spans without sense": ("<tr><td colspan=-1>a<td rowspan=x>b<tr><td colspan=99999999>c<td>d",
                            "a\tb\nc" + "\t" * 100 + "d"),
    "code": ("<tr><td><pre>1\n2</pre><td><pre>a = 1\nb = 2</pre><tr><td>c<td>d", "1\n2\n\na = 1\nb = 2\n\nc\td"),
    "long texts": (f"<tr><td><p>Left<p>side<td><p>{'word ' * 300}<tr><td>c<td>d",
                   "Left\n\nside\t" + "word " * 300 + "\nc\td"),
}  # fmt: skip


@pytest.mark.parametrize("case", CELLS)
def test_a_row_of_a_table_of_data_is_a_line(read, tmp_path, case):
    rows, text = CELLS[case]
    (tmp_path / "page.html").write_text(f"<html><head><title>T</title></head><body><table>{rows}</table></body></html>")
    assert read(tmp_path / "page.html")[0].text == text.replace(" \n", "\n")


def test_a_table_within_a_table_arranges_the_page(read, tmp_path):
    page = (
        "<title>T</title><table><tr><td><h1>Top</h1><td><p>One<p>Two<tr><td><table><tr><td>a<td>b<tr><td>c<td>d</table>"
    )
    (tmp_path / "page.html").write_text(page)
    assert read(tmp_path / "page.html")[0].text == "Top\n\nOne\n\nTwo\n\na\tb\nc\td"


def test_the_title_of_a_drawing_is_not_that_of_the_page(read, tmp_path):
    (tmp_path / "page.html").write_text("<body><svg><title>Icon</title></svg><h1>The page</h1><p>Text.</p></body>")
    assert read(tmp_path / "page.html")[0].title == "The page"


def test_deeply_nested_html_is_no_trouble(read, tmp_path):
    (tmp_path / "page.html").write_text("<div>" * 5000 + "deep" + "</div>" * 5000, "utf-8")
    assert read(tmp_path / "page.html")[0].text == "deep"


def pdf(*pages: str, password: str = "") -> bytes:
    """A PDF with a line of text on each page, written as the specification says (ISO 32000, 7.5)."""
    writer = pypdf.PdfWriter()
    for text in pages:
        page = writer.add_blank_page(300, 300)
        font = pypdf.generic.DictionaryObject({
            pypdf.generic.NameObject("/Type"): pypdf.generic.NameObject("/Font"),
            pypdf.generic.NameObject("/Subtype"): pypdf.generic.NameObject("/Type1"),
            pypdf.generic.NameObject("/BaseFont"): pypdf.generic.NameObject("/Helvetica"),
        })  # fmt: skip
        fonts = pypdf.generic.DictionaryObject({pypdf.generic.NameObject("/F1"): font})
        page[pypdf.generic.NameObject("/Resources")] = pypdf.generic.DictionaryObject(
            {pypdf.generic.NameObject("/Font"): fonts}
        )
        stream = pypdf.generic.DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode() if text else b"")
        page[pypdf.generic.NameObject("/Contents")] = writer._add_object(stream)
    if password:
        writer.encrypt(password, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_pdf(read, tmp_path):
    (tmp_path / "paper.pdf").write_bytes(pdf("The first page.", "", "The third page."))
    (document,) = read(tmp_path / "paper.pdf")
    assert document.text.split() == ["The", "first", "page.", "The", "third", "page."]
    assert document.title == "paper"


LINES = {
    "hyphens": (
        ["This is a well-", "known problem, an exam-", "ple of it is e-", "mail, in twenty-", "first line of Covid-",
         "19. A co-op and co-", "op, a long-", "er news-", "paper, the newspaper, state-of-the-", "art."],
        "This is a well-known problem, an example of it is e-mail, in twenty-first line of Covid-19. "
        "A co-op and co-op, a longer newspaper, the newspaper, state-of-the-art.",
    ),
    "no word": (["one -", "two", "3-", "four"], "one -\ntwo\n3-\nfour"),
}  # fmt: skip


@pytest.mark.parametrize("case", LINES)
def test_pdf_joins_what_its_lines_broke(read, tmp_path, case):
    lines, text = LINES[case]
    (tmp_path / "paper.pdf").write_bytes(pdf(") Tj 0 -14 Td (".join(lines)))
    assert read(tmp_path / "paper.pdf")[0].text == text


def test_the_letters_of_a_page():
    assert lettered("The \ufb01rst o\ufb03ce\0 \uf0b7 one\ue000") == ("The first office • one", 1)
    assert lettered(" םלוע םולש2023 בוט") == ("שלום עולם 2023 טוב", 0)
    assert lettered("שלום עולם 2023 טוב") == ("שלום עולם 2023 טוב", 0)


def test_pdf_with_a_form(read, tmp_path):
    writer = pypdf.PdfWriter(io.BytesIO(pdf("Application form")))
    named = {pypdf.generic.NameObject(f"/{key}"): value for key, value in {
        "Type": pypdf.generic.NameObject("/Annot"), "Subtype": pypdf.generic.NameObject("/Widget"),
        "FT": pypdf.generic.NameObject("/Tx"), "T": pypdf.generic.TextStringObject("name"),
        "V": pypdf.generic.TextStringObject("Jane Example"),
    }.items()}  # fmt: skip
    field = writer._add_object(pypdf.generic.DictionaryObject(named))
    writer.pages[0][pypdf.generic.NameObject("/Annots")] = pypdf.generic.ArrayObject([field])
    writer.add_annotation(0, FreeText(text="A note that is typed on the page", rect=(50, 50, 200, 100)))
    writer.write(tmp_path / "form.pdf")
    assert read(tmp_path / "form.pdf")[0].text == (
        "Application form\nname: Jane Example\nA note that is typed on the page"
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pdf("Secret.", password="1234"), "paper.pdf cannot be imported: it is protected by a password; save it"),
        (pdf("", ""), "its pages are pictures without text .a scan."),
        (b"", "it is empty"),
        (pdf("Cut off.")[:200], "it is not a PDF, or damaged"),
    ],
)
def test_pdf_that_cannot_be_read(read, tmp_path, content, reason):
    (tmp_path / "paper.pdf").write_bytes(content)
    with pytest.raises(StudioError, match=reason):
        read(tmp_path / "paper.pdf")


def test_pdf_locked_only_against_changes_is_read(read, tmp_path):
    writer = pypdf.PdfWriter(io.BytesIO(pdf("Open to read.")))
    writer.encrypt("", owner_password="owner", algorithm="AES-256")
    writer.write(tmp_path / "paper.pdf")
    assert read(tmp_path / "paper.pdf")[0].text == "Open to read."


def test_docx(read, tmp_path):
    file = docx.Document()
    file.core_properties.title = "A report"
    file.add_heading("Findings", 1)
    file.add_paragraph("All is well.")
    table = file.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "left", "right"
    file.add_paragraph("The end.")
    file.save(str(tmp_path / "report.docx"))
    (document,) = read(tmp_path / "report.docx")
    assert document.text == "Findings\n\nAll is well.\n\nleft\tright\n\nThe end."
    assert document.title == "A report"


NAMES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)


def r(text: str, properties: str = "") -> str:
    return f'<w:r>{properties}<w:t xml:space="preserve">{text}</w:t></w:r>'


def char(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


BOX = f"<w:txbxContent><w:p>{r('In a box.')}</w:p></w:txbxContent>"
MERGED = "<w:tcPr><w:vMerge{}/></w:tcPr>"
NESTED = f"<w:tbl><w:tr><w:tc><w:p>{r('in')}</w:p></w:tc><w:tc><w:p>{r('side')}</w:p></w:tc></w:tr></w:tbl>"
WORD = {
    "tracked": (f"<w:p>{r('We ')}<w:ins>{r('have ')}</w:ins><w:del><w:r><w:delText>had </w:delText></w:r></w:del>"
                f"<w:moveFrom>{r('gone')}</w:moveFrom><w:moveTo>{r('met.')}</w:moveTo></w:p>", "We have met."),
    "a deleted end": (f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{r('One ')}</w:p><w:p>{r('line.')}</w:p>",
                      "One line."),
    "controls": (f"<w:sdt><w:sdtPr/><w:sdtContent><w:p>{r('Whole.')}</w:p></w:sdtContent></w:sdt><w:p>{r('With ')}"
                 f"<w:sdt><w:sdtContent>{r('Company')}</w:sdtContent></w:sdt><w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr>"
                 f"<w:sdtContent>{r('Click here')}</w:sdtContent></w:sdt></w:p>", "Whole.\n\nWith Company"),
    "fields": (f"<w:p>{r('Page ')}<w:fldSimple>{r('17')}</w:fldSimple>{r(' of ')}{char('begin')}"
               f"<w:r><w:instrText>NUMPAGES</w:instrText></w:r>{r('no')}{char('separate')}{r('20')}{char('end')}"
               f"<w:smartTag>{r(' in Vienna')}</w:smartTag><w:hyperlink>{r('!')}</w:hyperlink></w:p>",
               "Page 17 of 20 in Vienna!"),
    "signs": (f"<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r>"
              f"{r('hidden', '<w:rPr><w:vanish/></w:rPr>')}</w:p>", "a\tb\nc-d"),
    "boxes": (f"<w:p>{r('Before.')}<w:r><mc:AlternateContent><mc:Choice><wps:txbx>{BOX}</wps:txbx></mc:Choice>"
              f"<mc:Fallback><w:pict><v:textbox>{BOX}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>",
              "Before.\n\nIn a box."),
    "old boxes": (f"<w:p><w:r><w:pict><v:textbox>{BOX}</v:textbox></w:pict></w:r></w:p>", "In a box."),
    "formulas": ("<w:p><m:oMath><m:r><m:t>x=</m:t></m:r><m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:sSup>"
                 "<m:e><m:r><m:t>c</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:den></m:f>"
                 "</m:oMath></w:p>",
                 "x=(a+b)/(c^2)"),
    "merged cells": (
        f'<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="3"/></w:tcPr><w:p>{r("Wide")}</w:p></w:tc></w:tr>'
        f"<w:tr><w:tc>{MERGED.format(' w:val=' + chr(34) + 'restart' + chr(34))}<w:p>{r('High')}</w:p></w:tc>"
        f"<w:tc><w:p>{r('1')}</w:p></w:tc></w:tr><w:tr><w:tc>{MERGED.format('')}<w:p/></w:tc>"
        f"<w:tc><w:p>{r('2')}</w:p></w:tc></w:tr></w:tbl>", "Wide\nHigh\t1\n\t2"),
    "columns left out": (f'<w:tbl><w:tr><w:tc><w:p>{r("a")}</w:p></w:tc><w:tc><w:p>{r("b")}</w:p></w:tc></w:tr>'
                         f'<w:tr><w:trPr><w:gridBefore w:val="1"/></w:trPr><w:tc><w:p>{r("c")}</w:p></w:tc></w:tr>'
                         f'<w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p>{r("d")}</w:p></w:tc><w:tc>'
                         f'<w:p>{r("e")}</w:p></w:tc></w:tr></w:tbl>', "a\tb\n\tc\nd\t\te"),
    "paragraphs in cells": (f"<w:tbl><w:tr><w:tc><w:p>{r('a')}</w:p><w:p>{r('b')}</w:p></w:tc><w:tc><w:p>{r('c')}</w:p>"
                            f"</w:tc></w:tr><w:tr><w:tc><w:p>{r('d')}</w:p></w:tc></w:tr></w:tbl>", "a b\tc\nd"),
    "letters of fonts": ('<w:p><w:r><w:sym w:font="Wingdings" w:char="F0FE"/><w:t xml:space="preserve"> x </w:t>'
                         '<w:sym w:font="Symbol" w:char="F0B3"/><w:t xml:space="preserve"> 3 </w:t>'
                         '<w:sym w:font="Symbol" w:char="006D"/><w:t>m</w:t><w:sym w:font="Own" w:char="F0FE"/>'
                         '<w:sym w:font="Arial" w:char="2192"/></w:r></w:p>', "☑ x ≥ 3 μm→"),
    "readings above words": (f"<w:p><w:r><w:ruby><w:rubyPr/><w:rt>{r('かん')}</w:rt><w:rubyBase>{r('漢')}</w:rubyBase>"
                             f"</w:ruby></w:r>{r('字')}</w:p>", "漢字"),
    "nested tables": (f"<w:tbl><w:tr><w:tc><w:p>{r('out')}</w:p>{NESTED}</w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>",
                      "out\nin\tside"),
    "rows in controls": (f"<w:tbl><w:sdt><w:sdtContent><w:tr><w:sdt><w:sdtContent><w:tc><w:p>{r('cell')}</w:p></w:tc>"
                         f"</w:sdtContent></w:sdt></w:tr></w:sdtContent></w:sdt></w:tbl>", "cell"),
}  # fmt: skip


@pytest.mark.parametrize("case", WORD)
def test_docx_as_word_shows_it(read, tmp_path, case):
    content, text = WORD[case]
    file = docx.Document()
    body = file.element.body
    for element in parse_xml(f"<w:body {NAMES}>{content}</w:body>"):
        body.insert(len(body) - 1, element)
    file.save(str(tmp_path / "a.docx"))
    assert read(tmp_path / "a.docx")[0].text == text


def write_epub(path: Path, encryption: str = "") -> None:
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("META-INF/container.xml", '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
                      '<rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>')  # fmt: skip
        book.writestr(
            "OEBPS/book.opf",
            '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
            "<dc:title>Two chapters</dc:title></metadata><manifest>"
            '<item id="b" href="second%20one.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="a" href="first.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="c" href="style.css" media-type="text/css"/></manifest>'
            '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
        )
        book.writestr("OEBPS/first.xhtml", "<html><body><h1>One</h1><p>It began – well.</p></body></html>")
        book.writestr("OEBPS/second one.xhtml", "<html><body><h1>Two</h1><p>It ended.</p></body></html>")
        if encryption:
            book.writestr("META-INF/encryption.xml", encryption)


def test_epub(read, tmp_path):
    write_epub(tmp_path / "book.epub")
    (document,) = read(tmp_path / "book.epub")
    assert document.text == "One\n\nIt began – well.\n\nTwo\n\nIt ended."
    assert document.title == "Two chapters"


def test_xhtml_with_elements_closed_at_once(read, tmp_path):
    page = """<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="a.js"/></head>
    <body><a id="start"/><div class="x" /><p>Still here.<br/>And here.</p></body></html>"""
    (tmp_path / "page.xhtml").write_text(page, "utf-8")
    assert read(tmp_path / "page.xhtml")[0] == Document("Still here.\nAnd here.", "page", "page.xhtml")


def test_epub_under_protection(read, tmp_path):
    write_epub(tmp_path / "book.epub", '<CipherReference URI="OEBPS/first.xhtml"/>')
    with pytest.raises(StudioError, match="it is copy-protected"):
        read(tmp_path / "book.epub")
    write_epub(tmp_path / "fonts.epub", '<CipherReference URI="OEBPS/font.otf"/>')
    assert read(tmp_path / "fonts.epub")[0].title == "Two chapters"


def write_book(path: Path, manifest: str, spine: str, pages: dict[str, str]) -> None:
    items = (item.split() for item in manifest.split(", "))
    package = "".join(
        f'<item id="{name}" href="{place}" media-type="{kind}" {"".join(f"fallback={each!r}" for each in fallback)}/>'
        for name, place, kind, *fallback in items
    )
    order = "".join(f'<itemref idref="{name}"/>' for name in spine.split())
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("META-INF/container.xml", '<container><rootfile full-path="OEBPS/book.opf"/></container>')
        book.writestr("OEBPS/book.opf", f"<package><manifest>{package}</manifest><spine>{order}</spine></package>")
        for name, text in pages.items():
            book.writestr(name, f"<html><body><p>{text}</p></body></html>")


XHTML = "application/xhtml+xml"
BOOKS = {
    "a page that is missing": (f"a 1.html {XHTML}, b gone.html {XHTML}", "a b", {"OEBPS/1.html": "One"}, "One"),
    "a name in other letters": (f"a Text/ONE.xhtml {XHTML}", "a", {"OEBPS/text/one.xhtml": "One"}, "One"),
    "a place within a page": (f"a 1.html#top {XHTML}", "a", {"OEBPS/1.html": "One"}, "One"),
    "a stand-in": (f"a 1.svg image/svg+xml b, b 1.html {XHTML}", "a", {"OEBPS/1.html": "One"}, "One"),
    "pages of other kinds": ("a 1.html text/x-oeb1-document, b 2.page application/xml", "a b",
                             {"OEBPS/1.html": "One", "OEBPS/2.page": "Two"}, "One\n\nTwo"),
    "a page twice": (f"a 1.html {XHTML}, b 2.html {XHTML}", "a b a",
                     {"OEBPS/1.html": "One", "OEBPS/2.html": "Two"}, "One\n\nTwo"),
}  # fmt: skip


@pytest.mark.parametrize("case", BOOKS)
def test_epub_as_books_are_met(read, tmp_path, case):
    manifest, spine, pages, text = BOOKS[case]
    write_book(tmp_path / "a.epub", manifest, spine, pages)
    assert read(tmp_path / "a.epub")[0].text == text


def test_a_damaged_page_costs_no_other_and_is_told(add, tmp_path):
    write_book(tmp_path / "a.epub", f"a 1.html {XHTML}, b 2.html {XHTML}, c 3.html {XHTML}", "a b c",
               {"OEBPS/1.html": "One, whole", "OEBPS/2.html": "Two"})  # fmt: skip
    damaged = (tmp_path / "a.epub").read_bytes().replace(b"One, whole", b"One, Whole")
    (tmp_path / "a.epub").write_bytes(damaged)
    said = add(tmp_path / "a.epub")
    assert said.result["bytes"] == len("Two")
    assert "a.epub: OEBPS/1.html was left out (it is damaged: Bad CRC-32" in said.notes
    assert "a.epub: OEBPS/3.html was left out (it is missing)" in said.notes


ROWS = [
    {"id": "a1", "label": "good", "review": "A film that stays with you for days, \"truly\".", "note": "x" * 3},
    {"id": "a2", "label": "bad", "review": "Two hours of my life;\nI want them back, please.", "note": ""},
]  # fmt: skip


def csv_text(delimiter: str) -> str:
    quoted = [[f'"{value.replace(chr(34), chr(34) * 2)}"' for value in row.values()] for row in ROWS]
    return "\n".join(delimiter.join(line) for line in [list(ROWS[0]), *quoted]) + "\n"


@pytest.fixture
def tables(tmp_path) -> dict[str, Path]:
    (tmp_path / "a.csv").write_text(csv_text(","), "utf-8")
    (tmp_path / "semicolons.csv").write_text(csv_text(";"), "utf-8-sig")
    (tmp_path / "a.tsv").write_text(csv_text("\t"), "utf-8")
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS), "utf-8")
    (tmp_path / "a.json").write_text(json.dumps({"data": ROWS}), "utf-8")
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    return {path.name: path for path in tmp_path.iterdir() if path.is_file()}


@pytest.mark.parametrize("name", ["a.csv", "semicolons.csv", "a.tsv", "a.jsonl", "a.json", "a.parquet"])
def test_tables_give_a_document_a_row_from_the_longest_column(read, tables, name):
    found = read(tables[name])
    assert [document.text for document in found] == [row["review"] for row in ROWS]
    assert [document.title.split(" · ")[1] for document in found] == ["a1", "a2"]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_the_column_can_be_chosen(read, tables, name):
    assert [document.text for document in read(tables[name], column="label")] == ["good", "bad"]
    reason = f"{name} cannot be imported: it has no .*column 'words'; its columns are: id, label, review, note"
    with pytest.raises(StudioError, match=reason):
        read(tables[name], column="words")


def test_a_column_called_text_is_preferred_to_a_longer_one(read, tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"source": "https://example.org/" + "x" * 100, "text": "Short."}))
    assert read(tmp_path / "a.jsonl")[0].text == "Short."


def test_rows_without_text_and_lines_without_json_are_left_out(workspace, add, tmp_path):
    lines = ['{"text": "one"}', '{"text": null}', '{"text": "  "}', "{broken", '"just a text"', '{"text": "\\ud800"}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines), "utf-8")
    ran = add(tmp_path / "a.jsonl")
    with open_documents(workspace, "data") as documents:
        assert [document.text for document in documents] == ["one", "just a text", "?"]
    assert "lines left out because they are not JSON objects: 1" in ran.notes
    assert "5 rows read, 3 kept, 2 left out because they have no text in it" in ran.notes


def test_a_json_table_of_plain_texts(read, tmp_path):
    (tmp_path / "a.json").write_text('["one", "two"]')
    assert [document.text for document in read(tmp_path / "a.json")] == ["one", "two"]
