"""Jobs on tokenizers: learn one from datasets, list those kept, and show what one makes of a text."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders

from fmstudio.data.control_tokens import letters
from fmstudio.data.errors import DataError
from fmstudio.data.tokenizer import TokenizerSettings, find_tokenizer, load_tokenizer, save_tokenizer, vocabulary_size
from fmstudio.data.vocabulary import learn
from fmstudio.jobs import Artefact, Event, JobContext, Sample
from fmstudio.recipe import DatasetChoice, Setting, build, check
from fmstudio.workspace import Workspace, atomic_folder, explained
from fmstudio.workspace.dependants import own_tokenizer
from fmstudio.workspace.names import check_name

LONGEST_EXPLAINED = 20_000


_DATASETS = Setting("datasets", "Datasets", "The datasets to learn a vocabulary from.", "datasets", [])


@dataclass(frozen=True, slots=True)
class Piece:
    """A token as it stands in a text: characters `start` to `end`, and how many bytes of UTF-8 it holds."""

    id: int
    text: str
    start: int
    end: int
    bytes: int


def explain(
    context: JobContext, workspace: Workspace, text: str, tokenizer: Mapping[str, Any]
) -> Generator[Event, None, dict[str, Any]]:
    """Show the tokens of a text (of its first 20,000 characters).

    tokenizer: fields of TokenizerSettings; for bpe with "datasets" beside them, names or choices to learn it from.
    """
    values = dict(tokenizer)
    datasets = _datasets(values.pop("datasets", []))
    settings: TokenizerSettings = build(TokenizerSettings, values, "tokenizer.")
    if settings.kind == "bpe":
        found = yield from learn(workspace, datasets, settings.vocabulary_size)
    else:
        found = find_tokenizer(workspace, settings)
    shown = text[:LONGEST_EXPLAINED].encode("utf-8", "replace").decode()
    pieces = pieces_of(found, shown)
    size = len(shown.encode())
    summary = {
        "count": len(pieces),
        "bytes": size,
        "bytes_per_token": size / len(pieces) if pieces else 0.0,
        "vocabulary_size": vocabulary_size(found),
        "name": _name(settings, datasets),
        "truncated": len(text) > LONGEST_EXPLAINED,
    }
    yield Sample("tokens", "tokens", {"tokens": [asdict(piece) for piece in pieces], **summary})
    return summary


def _datasets(value: Any) -> list[DatasetChoice]:
    chosen: list[DatasetChoice] = check(_DATASETS, value)
    return chosen


def _name(settings: TokenizerSettings, datasets: Sequence[DatasetChoice]) -> str:
    if settings.kind == "bpe":
        return f"BPE {settings.vocabulary_size:,} of " + ", ".join(choice.name for choice in datasets)
    return "bytes" if settings.kind == "byte" else settings.file


def pieces_of(tokenizer: Tokenizer, text: str) -> list[Piece]:
    """The tokens of a text; their texts joined are the text.

    Of a character that is spread over several tokens the first shows it and the others show nothing. Blanks that a
    tokenizer drops are shown with the token behind them.
    """
    encoding = letters(tokenizer, text)
    whole = set(tokenizer.get_added_tokens_decoder())
    byte_level = isinstance(tokenizer.decoder, decoders.ByteLevel)
    pieces, place = [], 0
    ends = [end for _, end in encoding.offsets[:-1]] + [len(text)]
    for number, token, end in zip(encoding.ids, encoding.tokens, ends, strict=bool(encoding.ids)):
        own = text[place:end]
        # Every character of a byte-level token stands for one byte.
        size = len(token) if byte_level and number not in whole else len(own.encode())
        pieces.append(Piece(number, own, place, max(place, end), size))
        place = max(place, end)
    return pieces


def train(
    context: JobContext, workspace: Workspace, datasets: list[Any], vocabulary_size: int, name: str
) -> Generator[Event, None, dict[str, Any]]:
    """Learn byte-level BPE from datasets and keep it as tokenizers/<name>/tokenizer.json of the workspace."""
    folder = workspace.path / "tokenizers" / check_name(name)
    if folder.exists():
        raise DataError(f"There is a tokenizer named {name!r} already; choose another name.")
    settings: TokenizerSettings = build(TokenizerSettings, {"vocabulary_size": vocabulary_size}, "tokenizer.")
    chosen = _datasets(datasets)
    learnt = yield from learn(workspace, chosen, settings.vocabulary_size)
    with explained(folder), atomic_folder(folder) as temporary:
        (temporary / "tokenizer.json").write_text(save_tokenizer(learnt), "utf-8")
    for choice in chosen:
        workspace.link(("dataset", choice.name), ("tokenizer", name))
    yield Artefact("tokenizer", name, str(folder))
    return {"tokenizer": name, "vocabulary_size": learnt.get_vocab_size(), "path": str(folder)}


def listing(context: JobContext, workspace: Workspace) -> Iterator[Event]:
    """Tell of the tokenizers of the workspace, the newest first: Sample "tokenizers" with `kept_tokenizers`."""
    yield Sample("tokenizers", "tokenizers", kept_tokenizers(workspace))


def kept_tokenizers(workspace: Workspace) -> list[dict[str, Any]]:
    """Each tokenizer of the workspace, the newest first: its name, "vocabulary_size", "bytes", "created", the
    "datasets" that it was learnt from, the "runs" whose recipes name it and the "models" that these made.

    "problem": why it cannot be used, or "".
    """
    edges = workspace.lineage()
    runs = [(own_tokenizer(run), run) for run in workspace.runs()]
    rows = []
    for file in (workspace.path / "tokenizers").glob("[!.]*/tokenizer.json"):
        name = file.parent.name
        using = [run for tokenizer, run in runs if tokenizer == name]
        rows.append({
            "name": name,
            **_read(file),
            "datasets": [source for (kind, source), target in edges
                         if kind == "dataset" and target == ("tokenizer", name)],
            "runs": [run.name for run in using],
            "models": [run.model for run in using if run.model],
        })  # fmt: skip
    return sorted(rows, key=lambda row: str(row["created"]), reverse=True)


def _read(file: Path) -> dict[str, Any]:
    """What the file of a tokenizer tells."""
    about = file.stat()
    told = {
        "vocabulary_size": 0,
        "bytes": about.st_size,
        "created": datetime.fromtimestamp(about.st_mtime, UTC).isoformat(timespec="seconds"),
        "problem": "",
    }
    try:
        return told | {"vocabulary_size": vocabulary_size(load_tokenizer(file))}
    except DataError as error:
        return told | {"problem": str(error)}
