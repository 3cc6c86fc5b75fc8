"""The folder that a person works in: plain files that can be copied, and an SQLite index with the history."""

from fmstudio.workspace.errors import WorkspaceError, explained
from fmstudio.workspace.feedback_filter import FeedbackFilter
from fmstudio.workspace.feedback_log import FeedbackLog
from fmstudio.workspace.feedback_records import FeedbackRecord, FeedbackRow
from fmstudio.workspace.files import atomic_file, atomic_folder, folder_size, remove_folder, sweep, write_atomically
from fmstudio.workspace.index import Workspace
from fmstudio.workspace.new_folder import sweep_left_behind
from fmstudio.workspace.records import (
    CollectionRecord,
    DatasetRecord,
    ExportRecord,
    LinkedModel,
    MetricSeries,
    ModelRecord,
    RunRecord,
    RunStatus,
    now,
)

__all__ = [
    "CollectionRecord",
    "DatasetRecord",
    "ExportRecord",
    "FeedbackFilter",
    "FeedbackLog",
    "FeedbackRecord",
    "FeedbackRow",
    "LinkedModel",
    "MetricSeries",
    "ModelRecord",
    "RunRecord",
    "RunStatus",
    "Workspace",
    "WorkspaceError",
    "atomic_file",
    "atomic_folder",
    "explained",
    "folder_size",
    "now",
    "remove_folder",
    "sweep",
    "sweep_left_behind",
    "write_atomically",
]
