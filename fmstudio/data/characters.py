"""Pictures named by Unicode characters, such as 1F600.svg: what they show and which block they are from."""

import unicodedata

# Blocks of the Unicode standard that have pictures; by their first and last character.
_BLOCKS = (
    (0x0000, 0x007F, "Basic Latin"),
    (0x0080, 0x00FF, "Latin-1 Supplement"),
    (0x2000, 0x206F, "General Punctuation"),
    (0x2100, 0x214F, "Letterlike Symbols"),
    (0x2190, 0x21FF, "Arrows"),
    (0x2300, 0x23FF, "Miscellaneous Technical"),
    (0x25A0, 0x25FF, "Geometric Shapes"),
    (0x2600, 0x26FF, "Miscellaneous Symbols"),
    (0x2700, 0x27BF, "Dingbats"),
    (0x2B00, 0x2BFF, "Miscellaneous Symbols and Arrows"),
    (0xE000, 0xF8FF, "Private Use Area"),
    (0x1F1E6, 0x1F1FF, "Flags"),
    (0x1F300, 0x1F5FF, "Symbols and Pictographs"),
    (0x1F600, 0x1F64F, "Emoticons"),
    (0x1F680, 0x1F6FF, "Transport and Map Symbols"),
    (0x1F780, 0x1F7FF, "Geometric Shapes Extended"),
    (0x1F900, 0x1F9FF, "Supplemental Symbols and Pictographs"),
    (0x1FA70, 0x1FAFF, "Symbols and Pictographs Extended-A"),
)
_SKIN = {0x1F3FB: "light", 0x1F3FC: "medium-light", 0x1F3FD: "medium", 0x1F3FE: "medium-dark", 0x1F3FF: "dark"}
_SPOKEN = {0x20E3: "keycap", 0x2640: "female", 0x2642: "male"}
_SILENT = {0x200D, 0xFE0E, 0xFE0F, 0xE007F}  # they join characters or choose how one is drawn
_FLAG, _TAGS = (0x1F1E6, 0x1F1FF), (0xE0061, 0xE007A)


def described(stem: str) -> tuple[str, str]:
    """A caption and a class for a file's name without its ending; ("", "") where it does not name characters."""
    try:
        codes = [int(part, 16) for part in stem.split("-")]
        parts = [name for code in codes if code not in _SILENT and (name := _name(code))]
    except (ValueError, OverflowError):
        return "", ""
    if _FLAG[0] <= codes[0] <= _FLAG[1] or any(_TAGS[0] <= code <= _TAGS[1] for code in codes):
        return f"flag {''.join(parts[1:] if codes[0] > _FLAG[1] else parts)}", "Flags"
    return ", ".join(parts), _block(codes[0])


def _name(code: int) -> str:
    for first, last in (_FLAG, _TAGS):
        if first <= code <= last:
            return chr(ord("A") + code - first)
    if code in _SKIN:
        return f"{_SKIN[code]} skin tone"
    return _SPOKEN.get(code) or unicodedata.name(chr(code), "").lower()


def _block(code: int) -> str:
    return next((name for first, last, name in _BLOCKS if first <= code <= last), "Other Symbols")
