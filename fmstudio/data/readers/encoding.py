"""Finds out in which encoding a file is, and refuses what is no text at all.

A byte order mark decides. Without one a file that is valid UTF-8 from end to end is UTF-8. Then what the file declares
of itself counts, and only where it declares nothing is it guessed, which is told with a line to judge it by.
"""

import codecs
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from fmstudio.data.errors import Refused
from fmstudio.data.readers.code_pages import guess
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
_ESCAPED = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$", "iso2022_jp_2"), (b"\x1b(", "iso2022_jp_2"))
_DOUBLE_BYTE = ("cp932", "euc_jp", "gb18030", "big5", "cp949")
_END_OF_DOS_FILE = b"\x1a\0\r\n "
_COMMON = frozenset(" \t\r\n\u3000.,;:!?()-–—'\"«»“”„‘’…、。，．！？：；「」『』（）《》·・")
_ENOUGH = 4_000  # letters
_ONE_SCRIPT = 0.9
_BAD_LINES = 0.05  # the share of lines that may be damaged
_SHOWN = 80  # characters of the line that a guess is shown by
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Detected:
    """An encoding by Python's name, whether invalid bytes are to be expected, and whether it is only a guess."""

    encoding: str
    damaged: bool = False
    guessed: bool = False


def detect(source: SourceFile, declared: str = "") -> Steps[Detected]:
    """Read the file once and tell its encoding; raises Refused for an empty or binary one.

    declared: the encoding by Python's name that the file says of itself.
    """
    if source.size == 0:
        raise Refused("it is empty")
    if source.encoding:
        return Detected(_known(source.encoding), damaged=True)
    with source.path.open("rb") as file:
        head = file.read(_HEAD)
    marked = _marked(head)
    if marked:
        return Detected(marked, damaged=True)
    if _is_binary(head) and (wide := _wide_by_script(head)):
        return Detected(wide, damaged=True, guessed=True)
    _refuse_binary(head)
    wrong = yield from _first_invalid(source)
    return _judged(head, wrong, declared)


def detect_page(page: bytes, declared: str = "") -> Detected:
    """The encoding of a page that is in memory; as `detect` tells that of a file."""
    marked = _marked(page[:_HEAD])
    if marked:
        return Detected(marked, damaged=True)
    try:
        page.decode("utf-8")
    except UnicodeDecodeError as error:
        return _judged(page[:_HEAD], page[max(0, error.start - _HEAD // 2) :][:_HEAD], declared)
    return _judged(page[:_HEAD], None, declared)


def _marked(head: bytes) -> str:
    return next((name for mark, name in _MARKS if head.startswith(mark)), "") or _wide_without_mark(head)


def _judged(head: bytes, wrong: bytes | None, declared: str) -> Detected:
    """wrong: the bytes around the first place that is not UTF-8, None where all is."""
    if wrong is None:
        return Detected(_escaped(head) or "utf-8")
    if declared and declared != "utf-8":
        return Detected(declared, damaged=True)
    return _guess(head, wrong)


def _escaped(head: bytes) -> str:
    """The encoding of seven bits that switches its sets of characters by escapes, or ""."""
    found = next((name for mark, name in _ESCAPED if mark in head), "")
    return found if found and _fits(head[: head.rfind(b"\n") + 1] or head, found) else ""


def _known(encoding: str) -> str:
    try:
        "a".encode(encoding)  # refuses codecs that are no encodings of text, such as zip
        return codecs.lookup(encoding).name
    except (LookupError, UnicodeError):
        raise Refused(f"the encoding {encoding!r} is not known; leave it to be detected, or name one such as "
                      "utf-8 or cp1252") from None  # fmt: skip


def _wide_without_mark(head: bytes) -> str:
    """UTF-16 without its mark: a page begins with a tag, and most of a western text's high bytes are zero."""
    if head[:1] + head[1:4:2] == b"<\0\0":
        return "utf-16-le"
    if head[:3:2] + head[1:2] == b"\0\0<":
        return "utf-16-be"
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
    if _is_binary(head):
        raise Refused("it is binary data, not text")


def _is_binary(head: bytes) -> bool:
    text = head.rstrip(_END_OF_DOS_FILE)
    return len(text) - len(text.translate(None, _CONTROL)) > len(text) / 50


def _wide_by_script(head: bytes) -> str:
    """UTF-16 without its mark in any script: in the right order of its bytes, nearly all letters are of one; or ""."""
    shares = {encoding: _share_of_one_script(head, encoding) for encoding in ("utf-16-le", "utf-16-be")}
    best = max(shares, key=lambda encoding: shares[encoding])
    return best if shares[best] > _ONE_SCRIPT else ""


def _share_of_one_script(head: bytes, encoding: str) -> float:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)[:_ENOUGH]
    letters = [letter for letter in text if letter not in _COMMON]
    written = (letter for letter in letters if unicodedata.category(letter)[0] in "LMN")
    scripts = Counter(unicodedata.name(letter, "").partition(" ")[0] for letter in written)
    plain = scripts.pop("LATIN", 0) + scripts.pop("DIGIT", 0)
    japanese = scripts["CJK"] + scripts["HIRAGANA"] + scripts["KATAKANA"]
    one = max([japanese, *scripts.values()])
    return (one + plain) / len(letters) if one and len(letters) < len(text) else 0.0


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
    found = guess(sample)
    if not found.reads and _has_pairs(sample):
        return Detected(_double_byte(sample) or found.encoding, damaged=True, guessed=True)
    return Detected(found.encoding, damaged=True, guessed=True)


def _fits(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _has_pairs(sample: bytes) -> bool:
    """Whether bytes beyond ASCII are as many or as close together as in Chinese, Japanese and Korean."""
    high = re.findall(rb"[\x80-\xff]+", sample)
    total = sum(map(len, high))
    return total > len(sample) / 4 or sum(len(run) for run in high if len(run) > 1) > 0.8 * total


def _double_byte(sample: bytes) -> str:
    """The encoding of Chinese, Japanese or Korean by the lines that are whole in each that nearly all are whole in."""
    import charset_normalizer

    lines = _whole_lines(sample)
    bad = {encoding: {number for number, line in enumerate(lines) if not _fits(line, encoding)}
           for encoding in _DOUBLE_BYTE}  # fmt: skip
    likely = [encoding for encoding in _DOUBLE_BYTE if len(bad[encoding]) <= _BAD_LINES * len(lines)]
    left_out = set().union(*(bad[encoding] for encoding in likely))
    whole = b"\n".join(line for number, line in enumerate(lines) if number not in left_out)
    found = charset_normalizer.from_bytes(whole, cp_isolation=likely).best() if likely and whole else None
    return found.encoding if found else ""


def _whole_lines(sample: bytes) -> list[bytes]:
    """The lines beyond ASCII of a sample; what is cut off of a letter at its beginning and end is left out."""
    lines = [line for line in sample.split(b"\n") if not line.isascii()]
    for place in {0, len(lines) - 1} if lines else ():
        lines[place] = max((lines[place][start : len(lines[place]) - end] for start in range(2) for end in range(2)),
                           key=lambda line: sum(_fits(line, encoding) for encoding in _DOUBLE_BYTE))  # fmt: skip
    return lines


def decoded(source: SourceFile, detected: Detected) -> Iterator[str]:
    """The text in pieces of about a megabyte, with every line end a plain newline and no byte order mark.

    Bytes that are invalid become U+FFFD, the replacement character, and a note says how many. A guess is told with the
    first line that depends on it.
    """
    decoder = codecs.getincrementaldecoder(detected.encoding)("replace")
    lines = io.IncrementalNewlineDecoder(decoder, translate=True)
    replaced = zeros = 0
    guessed = detected.guessed
    with source.path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            text = lines.decode(chunk, final=not chunk)
            source.done += len(chunk)
            if detected.damaged:
                replaced += text.count("\ufffd")
            zeros += text.count("\0")
            if guessed and (line := telling_line(text)):
                source.notes.append(guess_note(detected.encoding, line))
                guessed = False
            yield text.replace("\0", "").removeprefix("\ufeff")
            if not chunk:
                break
    if replaced:
        source.notes.append(f"invalid bytes replaced by \ufffd (read as {detected.encoding}): {replaced:,}")
    if zeros:
        source.notes.append(f"NUL characters left out, which no text has: {zeros:,}")


def guess_note(encoding: str, line: str) -> str:
    """What a person has to know of an encoding that was guessed."""
    advice = "if that reads wrong, set the option encoding to the right one"
    return f"its encoding was guessed to be {encoding}, as in “{line}”; {advice}"


def telling_line(text: str) -> str:
    """What stands around the first character beyond ASCII on its line, or ""."""
    found = _BEYOND_ASCII.search(text)
    if not found:
        return ""
    start = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", found.start())
    line = text[max(start, found.start() - _SHOWN // 2) : end if end >= 0 else len(text)]
    return line.strip()[:_SHOWN]
