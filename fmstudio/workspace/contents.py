"""How much a dataset holds, in the words that one has for it."""

from collections.abc import Mapping

from fmstudio.wording import plural
from fmstudio.workspace.records import DatasetRecord

_NOUNS = {"text": "document", "images": "picture", "instructions": "conversation"}


def noun_of(record: DatasetRecord) -> str:
    """What one item of a dataset is called: document, picture, conversation, pair, judgement, or example of several
    kinds of examples."""
    counted = [noun.removesuffix("s") for noun, count in record.details.get("counts", {}).items() if count]
    if len(counted) == 1:
        return counted[0]
    return _NOUNS.get(record.kind, "example" if counted else "item")


def contents_of(record: DatasetRecord) -> str:
    """How much it holds: 6,000 pictures; 12 pairs and 3 judgements."""
    return counted(record.details.get("counts", {})) or plural(record.items, noun_of(record))


def counted(counts: Mapping[str, int]) -> str:
    """So many of each kind of example: 12 pairs and 3 judgements; "" where there is none."""
    return " and ".join(plural(count, noun.removesuffix("s")) for noun, count in counts.items() if count)
