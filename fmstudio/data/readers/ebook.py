"""E-books (.epub): an archive of web pages, read in the order of the book's spine."""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from urllib.parse import unquote
from xml.etree import ElementTree

from fmstudio.data.cutting import documents_from
from fmstudio.data.errors import Refused
from fmstudio.data.readers import whole
from fmstudio.data.readers.declared import declared_encoding
from fmstudio.data.readers.encoding import detect_page, guess_note, telling_line
from fmstudio.data.readers.source import Reading, SourceFile
from fmstudio.data.readers.web import page_text

_PAGES = ("application/xhtml+xml", "text/html", "text/x-oeb1-document", "application/xml", "text/xml")
_PAGE_ENDINGS = (".xhtml", ".html", ".htm", ".xml")


def read(source: SourceFile) -> Reading:
    """The book's text, chapter by chapter."""
    with whole.open_zip(source, "an e-book (.epub)") as archive:
        try:
            title, pages = _book(archive)
        except (KeyError, AttributeError, ElementTree.ParseError) as error:
            raise Refused(f"it is not an e-book (.epub), or damaged ({error})") from error
        _refuse_protected(archive, pages)
        chapters = _chapters(archive, pages, source)
        yield from documents_from(chapters, source.cutting, title=title or source.title, source=source.name)


def _book(archive: zipfile.ZipFile) -> tuple[str, list[str]]:
    """Title and the names of the pages, in reading order (EPUB 3.3, package document)."""
    container = ElementTree.fromstring(archive.read("META-INF/container.xml"))
    package_name = container.find(".//{*}rootfile").attrib["full-path"]  # type: ignore[union-attr]
    package = ElementTree.fromstring(archive.read(package_name))
    folder = posixpath.dirname(package_name)
    names = {name.lower(): name for name in archive.namelist()}
    items: dict[str, str] = {}
    fallbacks: dict[str, str] = {}
    for item in package.iterfind(".//{*}manifest/{*}item"):
        place = posixpath.normpath(posixpath.join(folder, unquote(item.attrib["href"]).partition("#")[0]))
        fallbacks[item.attrib["id"]] = item.attrib.get("fallback", "")
        if item.attrib.get("media-type") in _PAGES or place.lower().endswith(_PAGE_ENDINGS):
            items[item.attrib["id"]] = names.get(place.lstrip("/").lower(), place)
    spine = [reference.attrib["idref"] for reference in package.iterfind(".//{*}spine/{*}itemref")]
    title = package.findtext(".//{http://purl.org/dc/elements/1.1/}title") or ""
    pages = [items[found] for name in spine if (found := _page_of(name, items, fallbacks))]
    return title.strip(), list(dict.fromkeys(pages))


def _page_of(name: str, items: Mapping[str, str], fallbacks: Mapping[str, str]) -> str:
    """The item that is a page: the one of this name, or what stands in for it where it is none, or ""."""
    seen: set[str] = set()
    while name not in items and name not in seen and fallbacks.get(name):
        seen.add(name)
        name = fallbacks[name]
    return name if name in items else ""


def _refuse_protected(archive: zipfile.ZipFile, pages: list[str]) -> None:
    try:
        encryption = archive.read("META-INF/encryption.xml").decode("utf-8", "replace")
    except KeyError:
        return
    # Fonts may be scrambled in an open book; its pages are not.
    if any(page in encryption for page in pages):
        raise Refused("it is copy-protected")


def _chapters(archive: zipfile.ZipFile, pages: list[str], source: SourceFile) -> Iterator[str | None]:
    for number, page in enumerate(pages, 1):
        text = ""
        try:
            _, text = page_text(_decoded(archive.read(page), page, source), source.marked)
        except (KeyError, zipfile.BadZipFile, zlib.error, EOFError) as error:  # one bad page must not cost the others
            reason = "it is missing" if isinstance(error, KeyError) else f"it is damaged: {error}"
            source.notes.append(f"{page} was left out ({reason})")
        source.done = source.size * number // len(pages)
        yield None
        yield text + "\n\n"


def _decoded(content: bytes, page: str, source: SourceFile) -> str:
    """A page's markup. EPUB allows UTF-8 and UTF-16; books in what their pages declare instead are met too."""
    detected = detect_page(content, declared_encoding(content))
    markup = content.decode(detected.encoding, "replace").removeprefix("\ufeff")
    if detected.guessed:
        source.notes.append(f"in {page} {guess_note(detected.encoding, telling_line(markup))}")
    elif detected.damaged and (replaced := markup.count("\ufffd")):
        source.notes.append(f"in {page} invalid bytes replaced by \ufffd (read as {detected.encoding}): {replaced:,}")
    return markup
