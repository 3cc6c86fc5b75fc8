"""The text of WordprocessingML as Word shows it (ISO/IEC 29500-1, parts 17 and 22).

That is with what was inserted and without what was deleted, with the results of fields and the content of controls and
boxes, and each merged cell once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fmstudio.data.readers.symbols import symbol
from fmstudio.data.readers.table_text import Cell, table_lines

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# What is deleted, moved away, or describes what is shown; and readings above words, as those of web pages are left out.
_UNSEEN = {"del", "moveFrom", "delText", "instrText", "rPr", "pPr", "sdtPr", "sdtEndPr", "tblPr", "trPr", "tcPr",
           "sectPr", "tblGrid", "Fallback", "fldData", "ctrlPr", "rt"}  # fmt: skip
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


@dataclass(slots=True)
class _Line:
    """A paragraph's text as it is put together. fields: of the fields that are open, whether their result has begun."""

    pieces: list[str] = field(default_factory=list)
    fields: list[bool] = field(default_factory=list)
    boxes: list[Any] = field(default_factory=list)


def blocks(container: Any, mark: Callable[[Any], str] = lambda paragraph: "") -> Iterator[str]:
    """The texts of the paragraphs, boxes and tables within an element, in their order.

    mark: what is to stand before a paragraph's text.
    """
    kept = ""  # of a paragraph whose end was deleted, so that the next one goes on with it
    for element in _content(container):
        if _name(element) == "tbl":
            yield kept.strip()
            kept = ""
            yield "\n".join(_rows(element))
            continue
        line = _Line()
        _read(element, line)
        text = "".join(line.pieces)
        if element.find(f"{_W}pPr/{_W}rPr/{_W}del") is not None:
            kept += text
        else:
            text = (kept + text).strip()
            yield (mark(element) if text else "") + text
            kept = ""
        for box in line.boxes:
            yield from blocks(box, mark)
    yield kept.strip()


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _content(container: Any) -> Iterator[Any]:
    """Paragraphs and tables, through whatever wraps them."""
    for element in container:
        name = _name(element)
        if name in ("p", "tbl"):
            yield element
        elif name not in _UNSEEN and not _is_placeholder(element):
            yield from _content(element)


def _is_placeholder(element: Any) -> bool:
    """Whether it is a control that only shows what is to be written into it."""
    return _name(element) == "sdt" and element.find(f"{_W}sdtPr/{_W}showingPlcHdr") is not None


def _rows(table: Any) -> list[str]:
    """A table's rows. One that holds another table arranges a page, so its cells stay as they are."""
    rows = [
        [*_blank_cells(row), *map(_cell, _within(row, "tc"))]
        for row in _within(table, "tr")
        if row.find(f"{_W}trPr/{_W}del") is None
    ]
    if table.find(f"{_W}tr//{_W}tbl") is not None:
        return ["\t".join(cell.text for cell in row) for row in rows]
    return table_lines(rows)


def _blank_cells(row: Any) -> list[Cell]:
    """What a row leaves out before its first cell."""
    left_out = _number(row, "trPr", "gridBefore")
    return [Cell("", left_out)] if left_out else []


def _number(element: Any, properties: str, name: str) -> int:
    found = element.find(f"{_W}{properties}/{_W}{name}")
    told = found.get(f"{_W}val", "") if found is not None else ""
    return int(told[:4]) if told.isdecimal() and told.isascii() else 0


def _within(element: Any, wanted: str) -> Iterator[Any]:
    for child in element:
        if _name(child) == wanted:
            yield child
        elif _name(child) not in _UNSEEN and _name(child) not in ("tbl", "p"):
            yield from _within(child, wanted)


def _cell(cell: Any) -> Cell:
    columns = _number(cell, "tcPr", "gridSpan") or 1
    merged = cell.find(f"{_W}tcPr/{_W}vMerge")
    if merged is not None and merged.get(f"{_W}val") != "restart":
        return Cell("", columns)  # goes on the cell above
    return Cell("\n".join(text for text in blocks(cell) if text.strip()), columns)


def _read(element: Any, line: _Line) -> None:
    for child in element:
        name = _name(child)
        if name == "txbxContent":
            line.boxes.append(child)
        elif name == "fldChar":
            _follow_field(child.get(f"{_W}fldCharType"), line.fields)
        elif name in _SIGNS or name == "t":
            if all(line.fields):
                line.pieces.append(_SIGNS.get(name) or child.text or "")
        elif name == "sym":
            if all(line.fields):
                line.pieces.append(symbol(child.get(f"{_W}font", ""), child.get(f"{_W}char", "")))
        elif name in _FORMULAS:
            _FORMULAS[name](child, line)
        elif not (name in _UNSEEN or (name == "r" and _is_hidden(child)) or _is_placeholder(child)):
            _read(child, line)


def _follow_field(kind: str | None, fields: list[bool]) -> None:
    if kind == "begin":
        fields.append(False)
    elif kind == "separate" and fields:
        fields[-1] = True
    elif kind == "end" and fields:
        fields.pop()


def _is_hidden(run: Any) -> bool:
    hidden = run.find(f"{_W}rPr/{_W}vanish")
    return hidden is not None and hidden.get(f"{_W}val") not in ("0", "false", "off")


def _between(first: str, sign: str, second: str) -> Callable[[Any, _Line], None]:
    """Reads a formula's two parts with a sign between them; a part of several letters gets brackets."""

    def read(element: Any, line: _Line) -> None:
        texts = []
        for wanted in (first, second):
            part = _Line()
            for child in element:
                if _name(child) == wanted:
                    _read(child, part)
            text = "".join(part.pieces)
            texts.append(text if len(text) <= 1 or text.isalnum() or not wanted else f"({text})")
        line.pieces.append(sign.join(texts))

    return read


_FORMULAS = {
    "f": _between("num", "/", "den"),
    "sSup": _between("e", "^", "sup"),
    "sSub": _between("e", "_", "sub"),
    "rad": _between("", "√", "e"),
}
