"""The encoding that a page declares, found and read as browsers do (WHATWG, Encoding Standard and HTML Standard)."""

import codecs
import re

HEAD = 4096
"""Bytes of a page in which it is looked for; browsers look at 1,024, but some pages tell later."""
# Comments and other tags are matched so that what looks like a declaration inside of them is passed over.
_TAG = re.compile(
    rb"""<!--.*?-->|<\?xml\s(?P<xml>[^>]*)\?>|<(?P<name>[a-z][a-z0-9:-]*)(?P<attributes>(?:"[^"]*"|'[^']*'|[^"'>])*)>""",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = re.compile(rb"""([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_CHARSET = re.compile(rb"""charset\s*=\s*["']?([^\s;"']+)""", re.IGNORECASE)
_RAW = re.compile(rb"<(script|style|title|noscript)\b.*?</\1", re.IGNORECASE | re.DOTALL)

# Labels that browsers read as another encoding than Python does: the one that pages really are in.
_MEANT = {
    "cp1252": "ascii us-ascii ansi_x3.4-1968 iso-8859-1 iso8859-1 iso88591 iso_8859-1 latin1 latin-1 l1 cp819 ibm819 "
    "x-cp1252 x-user-defined",
    "cp1254": "iso-8859-9 iso8859-9 iso88599 iso_8859-9 latin5 l5 x-cp1254",
    "cp874": "iso-8859-11 iso8859-11 iso885911 tis-620 dos-874 windows-874",
    "gb18030": "gb2312 gb_2312 gb_2312-80 gbk x-gbk chinese csgb2312 iso-ir-58",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji ms932 csshiftjis windows-31j",
    "cp949": "euc-kr ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 korean cseuckr windows-949",
    "euc_jp": "x-euc-jp cseucpkdfmtjapanese",
    "cp1250": "x-cp1250", "cp1251": "x-cp1251", "cp1253": "x-cp1253", "cp1255": "x-cp1255", "cp1256": "x-cp1256",
    "cp1257": "x-cp1257", "cp1258": "x-cp1258", "cp866": "csibm866",
    "iso8859_8": "iso-8859-8-i iso-8859-8-e logical visual csiso88598i",
    "koi8_r": "koi koi8 koi8_r cskoi8r", "koi8_u": "koi8-ru", "mac_roman": "macintosh mac x-mac-roman csmacintosh",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    # Whoever reads a declaration in plain letters is not reading UTF-16.
    "utf-8": "utf-16 utf-16le utf-16be utf-32 unicode ucs-2 iso-10646-ucs-2 csunicode "
    "unicode-1-1-utf-8 x-unicode20utf8",
}  # fmt: skip
_BY_LABEL = {label: encoding for encoding, labels in _MEANT.items() for label in labels.split()}


def declared_encoding(page: bytes) -> str:
    """The encoding by Python's name that a page of HTML or XHTML claims in its <meta> or <?xml, or ""."""
    head = _RAW.sub(b"", page[:HEAD])
    for tag in _TAG.finditer(head):
        attributes = tag["xml"] or (tag["attributes"] if (tag["name"] or b"").lower() == b"meta" else b"")
        if found := _encoding(_label(attributes)):
            return found
    return ""


def _label(attributes: bytes) -> str:
    named = {name.lower(): first or second or third for name, first, second, third in _ATTRIBUTE.findall(attributes)}
    label = named.get(b"charset") or named.get(b"encoding", b"")
    if not label and named.get(b"http-equiv", b"").strip().lower() == b"content-type":
        found = _CHARSET.search(named.get(b"content", b""))
        label = found[1] if found else b""
    return label.decode("ascii", "ignore").strip().lower()


def _encoding(label: str) -> str:
    if label in _BY_LABEL:
        return _BY_LABEL[label]
    try:
        "a".encode(label)
        return codecs.lookup(label).name
    except (LookupError, UnicodeError, ValueError):
        return ""
