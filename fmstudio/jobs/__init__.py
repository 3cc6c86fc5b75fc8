"""Jobs: generators of typed events, and the engine that advances them. Knows neither torch nor Qt."""

from fmstudio.jobs.context import JobContext, JobRequest, Priority, start
from fmstudio.jobs.engine import Engine
from fmstudio.jobs.events import (
    Artefact,
    Event,
    Failed,
    Finished,
    Metrics,
    Note,
    Paused,
    Progress,
    Queued,
    Resumed,
    Sample,
    Started,
    TextDelta,
)
from fmstudio.jobs.mailbox import Mailbox
from fmstudio.jobs.meter import Meter

__all__ = [
    "Artefact",
    "Engine",
    "Event",
    "Failed",
    "Finished",
    "JobContext",
    "JobRequest",
    "Mailbox",
    "Meter",
    "Metrics",
    "Note",
    "Paused",
    "Priority",
    "Progress",
    "Queued",
    "Resumed",
    "Sample",
    "Started",
    "TextDelta",
    "start",
]
