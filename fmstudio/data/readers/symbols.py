"""The letters that fonts of symbols draw in the places of others, as Word names them by font and number."""

# By place: those of the letters A to Z and a to z, then those of others by their number (Adobe, Symbol Encoding).
_GREEK = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", "αβχδεφγηιϕκλμνοπθρστυϖωξψζ"
_SYMBOL = {
    0x22: "∀", 0x24: "∃", 0x2D: "−", 0x40: "≅", 0x5C: "∴", 0x7E: "∼", 0xA3: "≤", 0xA5: "∞", 0xAB: "↔", 0xAC: "←",
    0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°", 0xB1: "±", 0xB3: "≥", 0xB4: "×", 0xB5: "∝", 0xB7: "•", 0xB8: "÷",
    0xB9: "≠", 0xBA: "≡", 0xBB: "≈", 0xC7: "∩", 0xC8: "∪", 0xCE: "∈", 0xD1: "∇", 0xD6: "√", 0xDB: "⇔", 0xDE: "⇒",
    0xE5: "∑", 0xF2: "∫",
    **{ord("A") + place: letter for place, letter in enumerate(_GREEK[0])},
    **{ord("a") + place: letter for place, letter in enumerate(_GREEK[1])},
}  # fmt: skip
_WINGDINGS = {
    0x4A: "☺", 0x6C: "●", 0x6E: "■", 0x6F: "□", 0xA7: "▪", 0xA8: "☐", 0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xFB: "✘",
    0xFC: "✔", 0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_FONTS = {"symbol": _SYMBOL, "wingdings": _WINGDINGS}


def symbol(font: str, number: str) -> str:
    """The letter at a place of a font, given in hexadecimal digits; "" where nobody can tell without the font."""
    try:
        place = int(number, 16)
    except ValueError:
        return ""
    within = place - 0xF000 if 0xF000 <= place <= 0xF0FF else place
    if found := _FONTS.get(font.lower(), {}).get(within):
        return found
    letter = chr(within) if within == place or (0x20 <= within < 0x7F and font.lower() not in _FONTS) else ""
    return letter if letter.isprintable() else ""
