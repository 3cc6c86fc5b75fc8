"""What Ctrl+K can find: panels, what the workspace has, and commands."""

from collections.abc import Sequence
from contextlib import suppress

from PySide6.QtGui import QAction

from fmstudio.gui import formatting
from fmstudio.gui.panel import Finding, PanelInfo
from fmstudio.gui.window.navigation import shortcut_of
from fmstudio.gui.window.shell import Shell
from fmstudio.workspace import WorkspaceError


def findings(window: Shell, commands: Sequence[tuple[QAction, str]]) -> list[Finding]:
    """Everything that can be gone to or done from here; panels first."""
    found = [_panel(window, info) for info in window.infos]
    found += [finding for panel in window.built_panels() for finding in panel.findings()]
    with suppress(WorkspaceError):  # what cannot be read now is missing here; the panels that need it say why
        found += _workspace(window)
    return [*found, *_commands(commands)]


def _panel(window: Shell, info: PanelInfo) -> Finding:
    return Finding(
        info.title, "panel", info.icon, lambda: window.show_panel(info.name), shortcut_of(info, window.infos) or "panel"
    )


def _workspace(window: Shell) -> list[Finding]:
    panels = {info.name for info in window.infos}
    workspace, go = window.studio.workspace, window.studio.navigate
    found = []
    if "data" in panels:
        found += [
            Finding(
                record.name,
                "dataset",
                "mdi6.database-outline",
                lambda name=record.name: go("data", dataset=name),
                f"dataset · {formatting.size(record.bytes)}",
            )
            for record in reversed(workspace.datasets())
        ]
    if "train" in panels:
        found += [
            Finding(
                record.name,
                "model",
                "mdi6.cube-outline",
                lambda name=record.name: go("train", model=name),
                f"model · {formatting.millions(record.parameters)}",
            )
            for record in reversed(workspace.models())
        ]
        found += [
            Finding(
                record.name,
                "run",
                "mdi6.chart-line",
                lambda run=record.id: go("train", run=run),
                f"run · {formatting.when(record.created)}",
            )
            for record in reversed(workspace.runs())
        ]
    return found


def _commands(commands: Sequence[tuple[QAction, str]]) -> list[Finding]:
    return [
        Finding(
            _title(action.objectName(), action.text()),
            "command",
            icon,
            action.trigger,
            action.shortcut().toString() or "command",
        )
        for action, icon in commands
        if action.objectName() != "action-find"
    ]


def _title(name: str, text: str) -> str:
    text = text.partition("\t")[0].replace("&", "")
    return f"Theme: {text}" if name.startswith("action-theme-") else text
