"""Guesses which encoding of one byte a character a text is in: the one in which it reads as a language.

Each language has its letters beyond ASCII, the frequent ones first. What a text's high bytes are in an encoding is
weighed by how likely those letters are in the language, together with the language that its plain letters speak.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_WESTERN = ("cp1252", "iso8859_15", "cp850", "cp437", "mac_roman")
_CENTRAL = ("cp1250", "iso8859_2", "cp852", "mac_latin2")
_ROMANIAN = ("cp1250", "iso8859_2", "iso8859_16", "cp852", "mac_romanian")
_TURKISH = ("cp1254", "iso8859_9", "cp857", "mac_turkish")
_BALTIC = ("cp1257", "iso8859_13", "iso8859_4", "cp775")
_GREEK = ("cp1253", "iso8859_7", "cp737", "cp869", "mac_greek")
_CYRILLIC = ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic")
_SLAVIC = ("cp1251", "iso8859_5", "cp866")
_UKRAINIAN = ("cp1251", "koi8_u", "cp1125", "iso8859_5", "mac_cyrillic")
_RUSSIAN = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"

# By ISO 639-1: the letters, and the encodings in which the language is met, the usual first.
_LATIN = {
    "en": ("éèêñöüçàïâôáíóä", _WESTERN), "de": ("üäößé", _WESTERN), "fr": ("éèàêçùâôîûœëïüæÿ", _WESTERN),
    "es": ("óáíñéúü¿¡", _WESTERN), "pt": ("ãçáéíóêõâúàôü", _WESTERN), "gl": ("óáíéñúü", _WESTERN),
    "ca": ("àéèóíçòúïü·", _WESTERN), "it": ("èàùòéìî", _WESTERN), "nl": ("ëéïèöüó", _WESTERN),
    "sv": ("äåöé", _WESTERN), "fi": ("äöåšž", _WESTERN), "da": ("æøåé", _WESTERN), "nb": ("åøæéòô", _WESTERN),
    "is": ("áðíéóöþæýú", _WESTERN), "ga": ("áéíóú", _WESTERN), "sq": ("ëç", _WESTERN), "et": ("äõüöšž", _BALTIC),
    "hu": ("áéöóőüíúű", _CENTRAL), "pl": ("łąęóżśćńź", _CENTRAL), "cs": ("íáéěřžýčšůúťóďň", _CENTRAL),
    "sk": ("áíéčýžšúľťôňóäďŕĺ", _CENTRAL), "sl": ("čšž", _CENTRAL), "hr": ("čšžćđ", _CENTRAL),
    "ro": ("ăîşâţ", _ROMANIAN), "tr": ("ıüşğçöâîû", _TURKISH), "az": ("üışöğç", _TURKISH),
    "lt": ("ėąšįųžūčę", _BALTIC), "lv": ("āīēšūņļžķčģ", _BALTIC), "eo": ("ĉŝĝŭĵĥ", ("iso8859_3",)),
    "vi": ("\u0301\u0300đơưâêôă\u0323\u0309\u0303àáãèéíóùúý", ("cp1258",)),
}  # fmt: skip
_OTHER = {
    "el": ("αοιετσνηυρπκμλωςάγίόδέήύθχώφβξζψϊΐϋΰ", _GREEK), "ru": (_RUSSIAN, _CYRILLIC),
    "uk": ("оаиніветрслкдмпуязгбчьйжхцїюєшщґф", _UKRAINIAN), "bg": ("аоеитнсврлдпкмзугябъчщцжйхшфюь", _SLAVIC),
    "be": ("аіенорстлыкдвмяупзьўгбчцхйэжшюёф", _SLAVIC), "sr": ("аоеинтсрвјукдплмзгбчњћшжцхљђџф", _SLAVIC),
    "mk": ("аоитенсрвдлпкмузјгбчшцжфхќѓљњџѕ", _SLAVIC),
    "he": ("יוהלאמרבתשנקדחעפטגםןכסזצךףץ\u05b0\u05b8\u05b7\u05b4\u05b6", ("cp1255", "iso8859_8", "cp862")),
    "ar": ("اليمنترودعبسفكهقحةجشصطأخذىضثزغءئإظؤآ،", ("cp1256", "iso8859_6", "cp720")),
    "fa": ("ايردنهمتوسکزبشفلگخقعجپحچطصغضذثئآظ،", ("cp1256",)),
    "th": ("านรอกเงมยลวดทตสไปะบค่้ัิีุูแขหจพชใ์ผณศซถำโฟธฉๆ็ญ", ("cp874",)),
}  # fmt: skip
# Romanian's letters with a comma below, which encodings older than they are have with a cedilla.
_COMMA_BELOW = str.maketrans("șțȘȚ", "şţŞŢ")
# What a typewriter lacks and any language has.
_PUNCTUATION = dict.fromkeys("–—…“”„‘’«»", 0.02) | dict.fromkeys("€°§·•©®™£²³½\u00a0", 0.005)
_CAPITAL, _FOREIGN, _ODD, _CONTROL, _NONE = 0.08, 5e-4, 1e-6, 1e-9, 1e-10
_RARER = 3.0  # by how much the logarithm falls from one encoding of a language to the next
_MOST_OF_ASCII = 15.0  # more the plain letters do not count, as a table may be full of names and addresses
_FEWEST = -4.6  # the mean logarithm below which it reads as no language; true ones have about -2.5
_ENOUGH = 4_000


@dataclass(frozen=True, slots=True)
class Guess:
    """An encoding by Python's name, and whether the text reads as a language in it."""

    encoding: str
    reads: bool


def guess(sample: bytes) -> Guess:
    """The most likely encoding of one byte a character of a text that has bytes beyond ASCII."""
    high = Counter(byte for byte in sample if byte > 127)
    plain = sample.translate(bytes(range(128)) + b" " * 128).decode("ascii")
    letters = sum(1 for letter in plain if letter.isalpha())
    best = max(_candidates(high, letters, _spoken(plain)))
    return Guess(best[1], best[2] / max(1, high.total()) > _FEWEST)


def _candidates(high: Counter[int], letters: int, spoken: dict[str, float]) -> Iterator[tuple[float, str, float]]:
    """The likelihood of each language in each encoding with all that speaks for it, and that of its high bytes."""
    script = max(-10.0, letters * math.log(0.2))
    for languages, others in ((_LATIN, 0.0), (_OTHER, script)):
        for language, (_, encodings) in languages.items():
            speaks = spoken.get(language, min(spoken.values(), default=0.0)) if languages is _LATIN else others
            for place, encoding in enumerate(encodings):
                logarithms = _logarithms(language, encoding)
                read = sum(count * logarithms[byte - 128] for byte, count in high.items())
                yield read + speaks - _RARER * place, encoding, read


def _spoken(plain: str) -> dict[str, float]:
    """How likely each language is by the plain letters alone, as logarithms below that of the likeliest."""
    import py3langid

    words = " ".join(plain.split())[:_ENOUGH]
    if len(words) < 20:
        return {}
    ranked = py3langid.rank(words)
    return {language: max(-_MOST_OF_ASCII, 0.3 * (float(score) - float(ranked[0][1]))) for language, score in ranked}


@lru_cache(maxsize=256)
def _logarithms(language: str, encoding: str) -> list[float]:
    """The logarithm of how likely each of the bytes 128 to 255 is in a language."""
    letters = (_LATIN.get(language) or _OTHER[language])[0]
    weights = {letter: 1.0 / (place + 2) for place, letter in enumerate(letters)}
    weights = {letter.upper(): _CAPITAL * weight for letter, weight in weights.items()} | weights
    met = [bytes([byte]).decode(encoding, "ignore").translate(_COMMA_BELOW) for byte in range(128, 256)]
    likely = [_likely(letter, weights, language) for letter in met]
    return [math.log(each / sum(weights.values())) for each in likely]


def _likely(letter: str, weights: dict[str, float], language: str) -> float:
    if not letter:
        return _NONE
    if letter in weights:
        return weights[letter]
    if letter in _PUNCTUATION:
        return _PUNCTUATION[letter]
    if not letter.isprintable():
        return _CONTROL
    return _FOREIGN if letter.isalpha() and (letter < "\u0250") == (language in _LATIN) else _ODD
