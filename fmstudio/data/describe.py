"""The job that tells a window how data can be imported, cleaned and tokenised: the settings of each, as forms want
them.
"""

from fmstudio.data.importing import ImportOptions
from fmstudio.data.readers import registry
from fmstudio.data.rules import CleaningRules
from fmstudio.data.tokenizer import TokenizerSettings
from fmstudio.jobs import JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.recipe import settings
from fmstudio.workspace import Workspace


def describe(context: JobContext, workspace: Workspace) -> Job:
    """Yields one Sample "data": the settings of an import, of cleaning and of tokenizers; the file endings known."""
    yield Sample(
        "data",
        "data",
        {
            "importing": settings(ImportOptions, "options."),
            "cleaning": settings(CleaningRules, "rules."),
            "tokenizer": settings(TokenizerSettings, "tokenizer."),
            "endings": registry.known_endings().split(),
            "tables": sorted(registry.TABLES),
        },
    )
    return None
