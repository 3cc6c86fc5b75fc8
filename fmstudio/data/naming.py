"""What a person can say of a dataset, whichever way it is made: the same settings in every form."""

from typing import Any

from fmstudio.recipe import setting


def licence_setting() -> Any:
    """Under which licence the data stands."""
    return setting(
        "",
        "The licence of the data, for the cards of models made from it.",
        title="Licence",
        placeholder="Such as CC-BY-4.0",
    )


def title_setting() -> Any:
    """Its full name."""
    return setting(
        "", "What the dataset is called in full.", title="Full title", placeholder="What it is called in full"
    )


def description_setting() -> Any:
    """What it is."""
    return setting("", "One sentence on what the data is.", title="Description", placeholder="One sentence")
