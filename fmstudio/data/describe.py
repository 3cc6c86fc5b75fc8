"""The job that tells a window how data can be imported, cleaned and tokenised: the settings of each, as forms want
them.
"""

from typing import Any

from fmstudio.data.avatars import AvatarStyle, readable, styles
from fmstudio.data.generating import GeneratingOptions
from fmstudio.data.image_options import ImageImportOptions, VideoImportOptions
from fmstudio.data.kinds import EXAMPLE_KINDS
from fmstudio.data.readers import image_registry, registry
from fmstudio.data.rules import CleaningRules
from fmstudio.data.text_intake import TextImportOptions
from fmstudio.data.tokenizer import TokenizerSettings
from fmstudio.data.tuning.intake import ExampleImportOptions
from fmstudio.jobs import JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.recipe import settings
from fmstudio.workspace import Workspace


def describe(context: JobContext, workspace: Workspace) -> Job:
    """Yields one Sample "data": by kind the settings of an import and the file endings known; the settings of cleaning,
    tokenizers and generated pictures; and the styles that pictures can be generated in.
    """
    kinds = {
        "text": TextImportOptions, "images": ImageImportOptions, "video": VideoImportOptions,
        **dict.fromkeys(EXAMPLE_KINDS, ExampleImportOptions),
    }  # fmt: skip
    yield Sample(
        "data",
        "data",
        {
            "importing_of": {kind: settings(section, "options.") for kind, section in kinds.items()},
            "endings_of": {
                "text": registry.known_endings().split(),
                "images": [*image_registry.PICTURES, *image_registry.IDX],
                "video": [*image_registry.VIDEOS],
            },
            "tables": sorted(registry.TABLES),
            "cleaning": settings(CleaningRules, "rules."),
            "tokenizer": settings(TokenizerSettings, "tokenizer."),
            "generating": settings(GeneratingOptions, "options."),
            "styles": [_told(style) for style in styles().values()],
        },
    )
    return None


def _told(style: AvatarStyle) -> dict[str, Any]:
    return {
        "name": style.name,
        "title": style.title,
        "licence": style.licence,
        "creator": style.creator,
        "attributes": {name: list(values) for name, values in style.attributes.items()},
        "class_is": readable(style.label),
    }
