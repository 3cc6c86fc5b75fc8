"""Tells which language a text is in (py3langid, an n-gram classifier of 97 languages)."""

_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "eo": "Esperanto", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish",
    "fr": "French", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "la": "Latin", "lt": "Lithuanian", "lv": "Latvian",
    "nl": "Dutch", "no": "Norwegian", "nb": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
_ENOUGH = 2_000  # characters; more do not change the verdict
_TOO_LITTLE = 20


def language_of(text: str) -> str:
    """The language's English name (its ISO 639-1 code where the name is not kept here), "too short" for a few words."""
    import py3langid

    text = text[:_ENOUGH].strip()
    if len(text) < _TOO_LITTLE:
        return "too short"
    code = str(py3langid.classify(text)[0])
    return _NAMES.get(code, code)
