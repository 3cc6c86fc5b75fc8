"""The kinds of data that can be added: what serves each, and what its items are called."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataKind:
    """intake: "module:name" of what makes an `Intake` of the options; imported when it is first asked for. unit: what
    one calls its items, in plural."""

    intake: str
    unit: str


INSTRUCTIONS, PREFERENCES = "instructions", "preferences"
EXAMPLE_KINDS = (INSTRUCTIONS, PREFERENCES)
"""Kinds of datasets that hold examples to fine-tune on."""

KINDS: Mapping[str, DataKind] = {
    "text": DataKind("fmstudio.data.text_intake:TextIntake", "documents"),
    "images": DataKind("fmstudio.data.image_intake:ImageIntake", "pictures"),
    "video": DataKind("fmstudio.data.image_intake:VideoIntake", "pictures"),  # whose frames become pictures
    INSTRUCTIONS: DataKind("fmstudio.data.tuning.intake:instructions", "examples"),
    PREFERENCES: DataKind("fmstudio.data.tuning.intake:preferences", "examples"),
}
"""By the name that a dataset's record has."""
