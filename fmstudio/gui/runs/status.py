"""How a run stands, in words and as an icon: the same wherever a run is shown."""

from typing import Literal

RunStanding = Literal[
    "queued", "running", "paused", "stopping", "elsewhere", "completed", "stopped", "cancelled", "failed", "interrupted"
]
"""As of its job here; without one, as the workspace has it. "elsewhere": another program trains it."""

LIVE: tuple[RunStanding, ...] = ("queued", "running", "paused", "stopping")
RESUMABLE: tuple[RunStanding, ...] = ("stopped", "interrupted", "failed", "cancelled")
WORDS: dict[RunStanding, str] = {
    "queued": "Waiting",
    "running": "Training",
    "paused": "Paused",
    "stopping": "Stopping",
    "elsewhere": "Training elsewhere",
    "completed": "Finished",
    "stopped": "Stopped early",
    "cancelled": "Cancelled",
    "failed": "Failed",
    "interrupted": "Interrupted",
}
ICONS: dict[RunStanding, tuple[str, str]] = {
    "queued": ("mdi6.clock-outline", "secondary"),
    "running": ("mdi6.play-circle", "training"),
    "paused": ("mdi6.pause-circle", "warning"),
    "stopping": ("mdi6.stop-circle", "warning"),
    "elsewhere": ("mdi6.play-circle-outline", "training"),
    "completed": ("mdi6.check-circle", "success"),
    "stopped": ("mdi6.stop-circle-outline", "secondary"),
    "cancelled": ("mdi6.close-circle-outline", "secondary"),
    "failed": ("mdi6.alert-circle", "error"),
    "interrupted": ("mdi6.flash-alert-outline", "warning"),
}
FORGETS = "Finished, but forgets"
FORGETS_ICON = ("mdi6.alert-circle-check-outline", "warning")
"""Of a run that is completed, but has lost more of what its base knew than its recipe allows."""
