"""Web pages: the words a reader would see, without scripts, navigation and forms."""

import codecs
import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from fmstudio.data.cutting import documents_from
from fmstudio.data.readers import whole
from fmstudio.data.readers.encoding import Detected, decoded, detect
from fmstudio.data.readers.source import Reading, SourceFile
from fmstudio.data.readers.structure import heading_mark

_DROPPED = {"script", "style", "noscript", "template", "svg", "head", "nav", "footer", "aside", "form", "iframe",
            "button", "select", "-comment"}  # fmt: skip
_BLOCKS = {"p", "div", "section", "article", "main", "body", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl",
           "dt", "dd", "table", "blockquote", "figure", "figcaption", "pre", "hr", "header", "address"}  # fmt: skip
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LINES = {"br", "li", "tr"}
_CLOSED_AT_ONCE = re.compile(r"<(title|script|style|a|b|i|em|strong|span|p|div|iframe|td|li)((?:\s[^<>]*)?)/>")
_DECLARED = re.compile(rb"""charset\s*=\s*["']?([\w-]+)""", re.IGNORECASE)


def read(source: SourceFile) -> Reading:
    """The page's text, with its own title where it has one."""
    whole.check(source)
    detected = yield from detect(source)
    detected = _declared(source) or detected
    page = "".join(decoded(source, detected))
    yield None
    title, text = page_text(page, source.marked)
    yield from documents_from(
        [text], source.cutting, title=title or source.title, source=source.name, encoding=detected.encoding
    )


def _declared(source: SourceFile) -> Detected | None:
    """The encoding that the page claims, where nothing stronger (a mark, valid UTF-8) speaks."""
    with source.path.open("rb") as file:
        head = file.read(4096)
    found = _DECLARED.search(head)
    if source.encoding or found is None or head.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    try:
        return Detected(codecs.lookup(found.group(1).decode()).name, damaged=True)
    except LookupError:
        return None


def page_text(page: str, marked: bool = False) -> tuple[str, str]:
    """Title and text of a page of HTML or XHTML; where asked, with its headings marked."""
    if "<?xml" in page[:200] or "http://www.w3.org/1999/xhtml" in page[:2000]:
        # To a parser of HTML <title/> opens a title that the rest of the page is in.
        page = _CLOSED_AT_ONCE.sub(r"<\1\2></\1>", page)
    tree = LexborHTMLParser(page)
    heading = tree.css_first("title") or tree.css_first("h1")
    title = " ".join(heading.text().split()) if heading else ""
    body = tree.body
    text = "".join(_words(body, marked)) if body else ""
    text = re.sub(r"[ \t]*\n[ \t]*\n\s*\n", "\n\n", re.sub(r"[ \t]+\n", "\n", text))
    return title, text.strip()


def _words(root: LexborNode, marked: bool) -> Iterator[str]:
    """The text of a tree in reading order. A stack and no recursion: pages may be nested deeper than Python goes."""
    stack: list[LexborNode | str] = [root]
    blank = True  # whether what was written last ends in a blank, so that a second one would show
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            yield node
            blank = True
        elif node.tag == "-text":
            text = _collapsed(node, blank)
            blank = text.endswith((" ", "\n")) if text else blank
            yield text
        elif node.tag not in _DROPPED:
            before = "\n\n" if node.tag in _BLOCKS else "\n" if node.tag in _LINES else ""
            if marked and node.tag in _HEADINGS:
                before += heading_mark(_HEADINGS.index(node.tag) + 1)
            after = "\n\n" if node.tag in _BLOCKS else "\t" if node.tag in ("td", "th") else ""
            stack += [after] if after else []
            stack += reversed(list(node.iter(include_text=True, skip_empty=False)))
            if before:
                yield before
                blank = True


def _collapsed(node: LexborNode, blank: bool) -> str:
    text = node.text(deep=False) or ""
    parent = node.parent
    while parent is not None and parent.tag in ("code", "span"):
        parent = parent.parent
    if parent is not None and parent.tag == "pre":
        return text
    text = re.sub(r"\s+", " ", text)
    return text.lstrip() if blank else text
