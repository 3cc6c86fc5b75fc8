"""The models that turn text into vectors: which there are, and the one that a collection asks for, brought here."""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from fmstudio.adapt.embedding import SentenceEncoder, open_encoder
from fmstudio.data import catalogue
from fmstudio.jobs import Event, JobContext

DEFAULT = "all-minilm-l6-v2"
_KIND = "embeddings"
_TITLE_SHARE = 4  # a title may take a quarter of what the model reads


def opened_encoder(context: JobContext, reference: str) -> Generator[Event, None, SentenceEncoder]:
    """The model of that name in the catalogue, fetched where it is missing, or in that folder."""
    item = catalogue.read_catalogue().items.get(reference)
    if item is None or item.kind != _KIND:
        return open_encoder(reference)
    if not item.fetched:
        yield from catalogue.fetch(context, reference)
    return open_encoder(str(item.folder))


def listed_encoders(further: Sequence[str]) -> list[dict[str, Any]]:
    """The models of the catalogue, then folders that collections use already."""
    items = [item for item in catalogue.read_catalogue().items.values() if item.kind == _KIND]
    rows = [
        {
            "reference": item.name,
            "title": item.title,
            "here": item.fetched,
            "size": item.size,
            "about": item.description,
        }
        for item in items
    ]
    known = {item.name for item in items}
    for reference in dict.fromkeys(further):
        if reference not in known:
            here = Path(reference).is_dir()
            rows.append(
                {"reference": reference, "title": Path(reference).name, "here": here, "size": 0, "about": reference}
            )
    return rows


class TokenCounter:
    """Counts tokens as a model does, and cuts what is too long for it."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._encoder = encoder
        self._around = encoder.count([""])[0]  # the tokens that begin and end every text
        self.longest = encoder.maximum_tokens - self._around
        """The most tokens of a text that the model reads whole."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text alone."""
        return [tokens - self._around for tokens in self._encoder.count(list(texts))] if texts else []

    def short_title(self, title: str) -> tuple[str, int]:
        """A title that leaves room for the chunk that it is embedded with, and how many tokens that has then."""
        title = " ".join(title.split())
        while (tokens := self.count([title])[0]) > self.longest // _TITLE_SHARE:
            title = title[: len(title) * 3 // 4].rstrip()
        return title, self.longest - tokens


def embedded_text(title: str, text: str) -> str:
    """What of a chunk is turned into its vector: a passage seldom says what it is about, but its document's title does.

    On Python's reference this finds more than the text alone, and more than with all headings before it.
    """
    return f"{title}\n{text}"


def place_of(title: str, headings: tuple[str, ...]) -> str:
    """Title and headings in one line, each once."""
    return " › ".join(dict.fromkeys(part for part in (title, *headings) if part))
