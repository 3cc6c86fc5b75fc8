"""Web pages: the words a reader would see, without scripts, navigation and forms to fill in."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from fmstudio.data.cutting import documents_from
from fmstudio.data.readers import whole
from fmstudio.data.readers.declared import HEAD, declared_encoding
from fmstudio.data.readers.encoding import decoded, detect
from fmstudio.data.readers.source import Reading, SourceFile
from fmstudio.data.readers.structure import heading_mark
from fmstudio.data.readers.table_text import Cell, table_lines

_CONTROLS = {"button", "select", "textarea", "label", "datalist", "script", "style", "template", "noscript"}
# rt and rp are the reading above a word of Chinese or Japanese and its brackets.
_DROPPED = _CONTROLS | {"svg", "head", "nav", "footer", "aside", "iframe", "rt", "rp", "rtc", "-comment"}
_BLOCKS = {"p", "div", "section", "article", "main", "body", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl",
           "dt", "dd", "table", "blockquote", "figure", "figcaption", "pre", "hr", "header", "address"}  # fmt: skip
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_NO_CELLS = "pre, form, h1, h2, h3, h4, h5, h6"  # what makes a table one that only arranges a page
_LINES = {"br", "li", "tr"}
_CLOSED_AT_ONCE = re.compile(r"<(title|script|style|a|b|i|em|strong|span|p|div|iframe|td|li)((?:\s[^<>]*)?)/>")


def read(source: SourceFile) -> Reading:
    """The page's text, with its own title where it has one."""
    whole.check(source)
    with source.path.open("rb") as file:
        declared = declared_encoding(file.read(HEAD))
    detected = yield from detect(source, declared)
    page = "".join(decoded(source, detected))
    yield None
    title, text = page_text(page, source.marked)
    yield from documents_from(
        [text], source.cutting, title=title or source.title, source=source.name, encoding=detected.encoding
    )


def page_text(page: str, marked: bool = False) -> tuple[str, str]:
    """Title and text of a page of HTML or XHTML; where asked, with its headings marked."""
    if "<?xml" in page[:200] or "http://www.w3.org/1999/xhtml" in page[:2000]:
        # To a parser of HTML <title/> opens a title that the rest of the page is in.
        page = _CLOSED_AT_ONCE.sub(r"<\1\2></\1>", page)
    tree = LexborHTMLParser(page)
    heading = tree.css_first("head > title") or tree.css_first("h1")
    title = " ".join(heading.text().split()) if heading else ""
    body = tree.body
    text = "".join(_words(body, marked)) if body else ""
    text = re.sub(r"[ \t]*\n[ \t]*\n\s*\n", "\n\n", re.sub(r"[ \t]+\n", "\n", text))
    return title, text.strip()


def _words(root: LexborNode, marked: bool) -> Iterator[str]:
    """The text of a tree in reading order. A stack and no recursion: pages may be nested deeper than Python goes.

    A form is left out where it is one part of the page; some pages are within a form as a whole.
    """
    stack: list[tuple[LexborNode | str, bool]] = [(root, False)]  # and whether it is in a <pre>
    blank = True  # whether what was written last ends in a blank, so that a second one would show
    prose = _prose(root) if root.css_first("form") else 0
    arranging = {_table_around(table) for table in root.css("table table")}
    while stack:
        node, kept = stack.pop()
        if isinstance(node, str):
            yield node
            blank = True
        elif node.tag == "-text":
            text = node.text(deep=False) or ""
            text = text if kept else _collapsed(text, blank)
            blank = text.endswith((" ", "\n")) if text else blank
            yield text
        elif node.tag == "table" and node.mem_id not in arranging and not node.css_first(_NO_CELLS):
            yield from ("\n\n", *_table(node), "\n\n")
            blank = True
        elif node.tag not in _DROPPED and not (node.tag == "form" and _prose(node) < prose / 4):
            before = "\n\n" if node.tag in _BLOCKS else "\n" if node.tag in _LINES else ""
            if marked and node.tag in _HEADINGS:
                before += heading_mark(_HEADINGS.index(node.tag) + 1)
            after = "\n\n" if node.tag in _BLOCKS else "\t" if node.tag in ("td", "th") else ""
            stack += [(after, False)] if after else []
            kept = kept or node.tag == "pre"
            stack += [(child, kept) for child in reversed(list(node.iter(include_text=True, skip_empty=False)))]
            if before:
                yield before
                blank = True


def _table_around(table: LexborNode) -> int | None:
    """The number of the table that another one is in; such a table only arranges the page."""
    around = table.parent
    while around is not None and around.tag != "table":
        around = around.parent
    return around.mem_id if around is not None else None


def _table(table: LexborNode) -> Iterator[str]:
    """A table that holds nothing but words."""
    caption = table.css_first("caption")
    if caption:
        yield _line(caption) + "\n"
    rows = [
        [
            Cell("".join(_words(cell, marked=False)).strip(), _span(cell, "colspan"), _span(cell, "rowspan"))
            for cell in row.iter()
            if cell.tag in ("td", "th")
        ]
        for row in table.css("tr")
    ]
    yield "\n".join(table_lines(rows))


def _line(node: LexborNode) -> str:
    return " ".join("".join(_words(node, marked=False)).split())


def _span(cell: LexborNode, name: str) -> int:
    told = (cell.attributes.get(name) or "").strip()
    return int(told[:4]) if told.isdecimal() and told.isascii() else 1


def _prose(node: LexborNode) -> int:
    """The length of a node's text without that of what can be operated."""
    inside = node.css(", ".join(sorted(_CONTROLS)))
    return len(node.text().strip()) - sum(len(control.text().strip()) for control in inside)


def _collapsed(text: str, blank: bool) -> str:
    text = re.sub(r"\s+", " ", text)
    return text.lstrip() if blank else text
