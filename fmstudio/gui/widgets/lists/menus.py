"""Menus of a list's row."""

from collections.abc import Callable

from PySide6.QtWidgets import QMenu


def menu_of(entries: list[tuple[str, Callable]], parent) -> QMenu:
    """A menu of (text, what to do); an empty text is a rule. It is gone once it was used."""
    menu = QMenu(parent)
    menu.setObjectName("data-menu")
    for text, act in entries:
        menu.addAction(text, act) if text else menu.addSeparator()
    menu.aboutToHide.connect(menu.deleteLater)
    return menu
