"""What Ctrl+K can find: panels, what the workspace has, and commands. No panel is built for it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from PySide6.QtGui import QAction

from fmstudio.gui.panel import PanelInfo, opening
from fmstudio.gui.things import KINDS, Thing
from fmstudio.gui.window.navigation import shortcut_of
from fmstudio.gui.window.shell import Shell
from fmstudio.workspace import WorkspaceError


@dataclass(frozen=True, slots=True)
class Finding:
    """An entry of the Ctrl+K palette. `run` is called when it is chosen."""

    title: str
    kind: str
    icon: str
    run: Callable[[], object]
    hint: str = ""


def findings(window: Shell, commands: Sequence[tuple[QAction, str]]) -> list[Finding]:
    """Everything that can be gone to or done from here; panels first."""
    found = [_panel(window, info) for info in window.infos]
    found += [finding for info in window.infos for finding in _commands_of(window, info)]
    for kind in KINDS:
        with suppress(WorkspaceError, OSError):  # what cannot be read now is missing; the panels that need it say why
            found += _things(window, kind)
    return [*found, *_commands(commands)]


def _panel(window: Shell, info: PanelInfo) -> Finding:
    hint = shortcut_of(info, window.infos) or "panel"
    return Finding(info.title, "panel", info.icon, partial(window.show_panel, info.name), hint)


def _commands_of(window: Shell, info: PanelInfo) -> list[Finding]:
    return [
        Finding(title, "command", icon, partial(window.do_in_panel, info.name, method, *given))
        for title, icon, method, *given in info.commands
    ]


def _things(window: Shell, kind: str) -> list[Finding]:
    found = [_thing(window, thing) for thing in window.things.of(kind)]
    return [finding for finding in found if finding is not None]


def _thing(window: Shell, thing: Thing) -> Finding | None:
    listed = any(f"{thing.kind}:found" in info.opens for info in window.infos)
    opened = opening(window.infos, thing.kind, thing.key, "found" if listed else thing.family)
    if opened is None:
        return None
    info, what = opened
    noun = KINDS[thing.kind].noun
    hint = f"{noun} · {thing.hint}" if thing.hint else noun
    return Finding(thing.title, noun, KINDS[thing.kind].icon, partial(window.studio.navigate, info.name, **what), hint)


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
