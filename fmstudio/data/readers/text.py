"""Plain text and Markdown, of any size and encoding."""

from fmstudio.data.cutting import documents_from
from fmstudio.data.readers.encoding import decoded, detect
from fmstudio.data.readers.source import Reading, SourceFile


def read(source: SourceFile) -> Reading:
    """The file's text, streamed."""
    detected = yield from detect(source)
    chunks = decoded(source, detected)
    yield from documents_from(
        chunks, source.cutting, title=source.title, source=source.name, encoding=detected.encoding
    )
