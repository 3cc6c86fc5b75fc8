"""What the window asks of the feedback stage, by name."""

from fmstudio.gui.studio import Studio

TABLE = "fmstudio.feedback.entries:table"
CHOICES = "fmstudio.feedback.entries:choices"
DETAIL = "fmstudio.feedback.entries:detail"
JUDGEMENT = "fmstudio.feedback.entries:judgement"
EDIT = "fmstudio.feedback.entries:edit"
DELETE = "fmstudio.feedback.entries:delete"
STATISTICS = "fmstudio.feedback.statistics:statistics"
PREVIEW = "fmstudio.feedback.exporting:preview"
EXPORT = "fmstudio.feedback.exporting:export"
EXAMPLES = "fmstudio.feedback.datasets:preview"
MAKE = "fmstudio.feedback.datasets:make"
IMPORT = "fmstudio.feedback.importing:load"
REPLAY = "fmstudio.feedback.replay:replay"
KEEP_PICTURE = "fmstudio.feedback.pictures:keep"

LOGGING = "feedback/logging"
"""The preference that says whether outputs are kept."""

PROMISE = "Outputs and ratings are kept in this workspace and never leave this machine."


def logging_on(studio: Studio) -> bool:
    """Whether new outputs are to be kept in the feedback log; pass it on as `log=` to the jobs that make them."""
    return studio.preferences.get(LOGGING)
