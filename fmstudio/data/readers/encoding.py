"""Finds out in which encoding a file is, and refuses what is no text at all.

A byte order mark decides. Without one a file that is valid UTF-8 from end to end is UTF-8; only then is it guessed.
"""

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass

from fmstudio.data.errors import Refused
from fmstudio.data.readers.source import SourceFile, Steps

CHUNK = 1 << 20
_HEAD = 1 << 16
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF-", "a PDF; give it the ending .pdf"),
    (b"PK\x03\x04", "a ZIP archive or an office file; give it its own ending, or unpack it"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "an SQLite database"),
    (b"PAR1", "a Parquet table; give it the ending .parquet"),
)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\b\x1b"))


@dataclass(frozen=True, slots=True)
class Detected:
    """An encoding by Python's name, and whether bytes that are invalid in it are to be expected."""

    encoding: str
    damaged: bool = False


def detect(source: SourceFile) -> Steps[Detected]:
    """Read the file once and tell its encoding; raises Refused for an empty or binary one."""
    if source.size == 0:
        raise Refused("it is empty")
    if source.encoding:
        return Detected(_known(source.encoding), damaged=True)
    with source.path.open("rb") as file:
        head = file.read(_HEAD)
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), "") or _wide_without_mark(head)
    if marked:
        return Detected(marked, damaged=True)
    _refuse_binary(head)
    wrong = yield from _first_invalid(source)
    return Detected("utf-8") if wrong is None else _guess(head, wrong)


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise Refused(f"the encoding {encoding!r} is not known; leave it to be detected, or name one such as "
                      "utf-8 or cp1252") from None  # fmt: skip


def _wide_without_mark(head: bytes) -> str:
    """UTF-16 without its mark: most of a western text's high bytes are zero, and only they."""
    even, odd = head[0::2], head[1::2]
    if len(odd) >= 2 and odd.count(0) > 0.4 * len(odd) and not even.count(0):
        return "utf-16-le"
    if len(odd) >= 2 and even.count(0) > 0.4 * len(even) and not odd.count(0):
        return "utf-16-be"
    return ""


def _refuse_binary(head: bytes) -> None:
    for magic, what in _MAGIC:
        # Two letters of magic may begin an honest text; it is a program only with zeros behind them.
        if head.startswith(magic) and (len(magic) > 2 or b"\0" in head):
            raise Refused(f"it is not text but {what}")
    control = len(head) - len(head.translate(None, _CONTROL))
    if b"\0" in head or control > len(head) / 50:
        raise Refused("it is binary data, not text")


def _first_invalid(source: SourceFile) -> Steps[bytes | None]:
    """The bytes around the first place that is not UTF-8, or None where all is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with source.path.open("rb") as file:
        while chunk := file.read(CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return chunk[max(0, error.start - _HEAD // 2) : error.start + _HEAD // 2]
            yield None
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return chunk or b"\xff"
    return None


def _guess(head: bytes, wrong: bytes) -> Detected:
    """Between UTF-8 with some damage and the many encodings of one byte a character."""
    sample = wrong if wrong in head else head + wrong
    text = sample.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    other = sum(1 for letter in text if letter > "\x7f") - broken
    if other >= 4 * broken:
        return Detected("utf-8", damaged=True)
    high = len(sample) - len(sample.translate(None, bytes(range(128, 256))))
    if high < len(sample) / 100:
        # Too little to go by, so the most widespread; where even that does not fit it is damage.
        return Detected("cp1252") if _fits(sample, "cp1252") else Detected("utf-8", damaged=True)
    return Detected(_best_guess(sample), damaged=True)


def _fits(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _best_guess(sample: bytes) -> str:
    import charset_normalizer

    found = list(charset_normalizer.from_bytes(sample))
    if not found:
        raise Refused("its encoding cannot be told; save it as UTF-8")
    equal = [
        match.encoding for match in found if (match.chaos, -match.coherence) <= (found[0].chaos, -found[0].coherence)
    ]
    # Of encodings that fit a text equally well, the one of western Europe is the most widespread by far.
    return "cp1252" if "cp1252" in equal else found[0].encoding


def decoded(source: SourceFile, detected: Detected) -> Iterator[str]:
    """The text in pieces of about a megabyte, with every line end a plain newline and no byte order mark.

    Bytes that are invalid become U+FFFD, the replacement character, and a note says how many.
    """
    decoder = codecs.getincrementaldecoder(detected.encoding)("replace")
    lines = io.IncrementalNewlineDecoder(decoder, translate=True)
    replaced = 0
    with source.path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            text = lines.decode(chunk, final=not chunk)
            source.done += len(chunk)
            if detected.damaged:
                replaced += text.count("\ufffd")
            yield text.replace("\0", "").removeprefix("\ufeff")
            if not chunk:
                break
    if replaced:
        source.notes.append(f"invalid bytes replaced by \ufffd (read as {detected.encoding}): {replaced:,}")
