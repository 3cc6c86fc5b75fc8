"""What a person can say of a dataset and of its files, whichever way it is made: the same settings in every form."""

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


def header_setting() -> Any:
    """Where a table of delimited text has the names of its columns."""
    return setting(
        "automatic",
        "Whether the first row of a .csv or .tsv names its columns; left to itself, that is found out.",
        choices={"automatic": "Found out", "first": "The first row", "none": "No row"},
        title="Names of columns",
    )


def encoding_setting() -> Any:
    """In which encoding files of text are."""
    return setting(
        "",
        "The encoding of text files; left empty, it is detected for each.",
        title="Encoding of text files",
        placeholder="Found for each file",
    )
