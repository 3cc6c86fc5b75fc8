"""What a right click or a ⋯ offers, and the question before something is lost."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QMessageBox, QPushButton, QWidget

from fmstudio.gui.widgets.labels import set_property

Act = Callable[[], object]
MenuEntry = tuple[str, Act] | tuple[str, Act, bool]
"""What an entry says and does, and whether it can be done now. An empty text is a rule."""

RULE: MenuEntry = ("", lambda: None)


def menu_of(entries: Iterable[MenuEntry], owner: QWidget, name: str = "data-menu") -> QMenu:
    """A menu to `popup` at a place of the screen. It is gone once it was used."""
    menu = QMenu(owner)
    menu.setObjectName(name)
    for text, act, *possible in entries:
        if text:
            menu.addAction(text, act).setEnabled(all(possible))
        else:
            menu.addSeparator()
    menu.aboutToHide.connect(menu.deleteLater)
    return menu


def beneath(widget: QWidget) -> QPoint:
    """Where the menu of a button opens."""
    return widget.mapToGlobal(widget.rect().bottomLeft())


def confirm(
    owner: QWidget, name: str, title: str, question: str, meaning: str, verb: str, act: Act, keep: str = "Keep it"
) -> QMessageBox:
    """Ask before something is lost, and do it where the answer is the verb; Enter and Esc keep what there is.

    name: of the box; its buttons are called "<name>-yes" and "<name>-keep". meaning: what exactly is lost.
    """
    box, yes = _question(owner, name, title, question, meaning, verb, keep)
    yes.clicked.connect(lambda: act())
    box.open()
    return box


def confirmed(
    owner: QWidget, name: str, title: str, question: str, meaning: str, verb: str, keep: str = "Keep it"
) -> bool:
    """The same where nothing can go on without the answer: waits for it, and tells whether it is the verb."""
    box, yes = _question(owner, name, title, question, meaning, verb, keep)
    box.exec()
    return box.clickedButton() is yes


def _question(
    owner: QWidget, name: str, title: str, question: str, meaning: str, verb: str, keep: str
) -> tuple[QMessageBox, QPushButton]:
    """The box, and the button by which something is lost."""
    box = QMessageBox(QMessageBox.Icon.Warning, title, question, QMessageBox.StandardButton.NoButton, owner)
    box.setObjectName(name)
    box.setInformativeText(meaning)
    kept = box.addButton(keep, QMessageBox.ButtonRole.RejectRole)
    kept.setObjectName(f"{name}-keep")
    yes = box.addButton(verb, QMessageBox.ButtonRole.DestructiveRole)
    yes.setObjectName(f"{name}-yes")
    set_property(yes, "role", "danger")
    box.setDefaultButton(kept)
    box.setEscapeButton(kept)
    box.finished.connect(box.deleteLater)
    return box, yes


def tell(owner: QWidget, title: str, sentence: str) -> None:
    """Say what could not be done, where no place of the panel is there to say it."""
    box = QMessageBox(QMessageBox.Icon.Warning, title, sentence, QMessageBox.StandardButton.Ok, owner)
    box.setObjectName("told")
    box.finished.connect(box.deleteLater)
    box.open()
