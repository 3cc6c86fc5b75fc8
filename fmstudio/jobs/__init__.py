"""Jobs: generators of typed events, and what drives them. Knows neither torch nor Qt."""

from fmstudio.jobs.context import JobContext
from fmstudio.jobs.driver import Driver
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
    Waiting,
)
from fmstudio.jobs.mailbox import Mailbox
from fmstudio.jobs.meter import Meter
from fmstudio.jobs.request import JobRequest, Priority, RequestError, array_to_plain

__all__ = [
    "Artefact",
    "Driver",
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
    "RequestError",
    "Resumed",
    "Sample",
    "Started",
    "TextDelta",
    "Waiting",
    "array_to_plain",
]
