"""What Ctrl+K can find: panels, what the workspace has, and commands."""

from contextlib import suppress
from typing import TYPE_CHECKING

from fmstudio.gui import formatting
from fmstudio.gui.navigation import shortcut_of
from fmstudio.gui.panel import Finding
from fmstudio.workspace import WorkspaceError

if TYPE_CHECKING:
    from fmstudio.gui.main_window import MainWindow


def findings(window: "MainWindow") -> list[Finding]:
    """Everything that can be gone to or done from here; panels first."""
    found = [_panel(window, info) for info in window.infos]
    found += [finding for page in window.built_pages() for finding in page.panel.findings()]
    with suppress(WorkspaceError):  # what cannot be read now is missing here; the panels that need it say why
        found += _workspace(window)
    return [*found, *_commands(window)]


def _panel(window: "MainWindow", info) -> Finding:
    return Finding(
        info.title, "panel", info.icon, lambda: window.show_panel(info.name), shortcut_of(info, window.infos) or "panel"
    )


def _workspace(window: "MainWindow") -> list[Finding]:
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


def _commands(window: "MainWindow") -> list[Finding]:
    return [
        Finding(
            _title(action.objectName(), action.text()),
            "command",
            icon,
            action.trigger,
            action.shortcut().toString() or "command",
        )
        for action, icon in window.menus.commands
        if action.objectName() != "action-find"
    ]


def _title(name: str, text: str) -> str:
    text = text.partition("\t")[0].replace("&", "")
    return f"Theme: {text}" if name.startswith("action-theme-") else text
