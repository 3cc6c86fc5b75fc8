"""The few questions that must be answered before the window goes on."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from fmstudio.gui.job_board import JobState
from fmstudio.gui.widgets.menus import confirmed


def ask_to_stop(parent: QWidget, active: Sequence[JobState]) -> bool:
    """Whether the window may close. Asks only where a job would be stopped by it."""
    if not active:
        return True
    titles = f"{active[0].title} is" if len(active) == 1 else f"{len(active)} jobs are"
    kept = "Stopping keeps what there is: a run can be resumed from where it stops."
    sentence = f"{titles} not finished."
    return confirmed(parent, "quit", "Quit FM Studio", sentence, kept, "Stop and quit", "Keep working")


def ask_for_another_workspace(reason: str, path: Path) -> Path | None:
    """Another folder to work in, after this one could not be used; None to quit."""
    box = QMessageBox()
    box.setObjectName("workspace-question")
    box.setWindowTitle("FM Studio")
    box.setIcon(QMessageBox.Icon.Warning)
    box.setText("This workspace cannot be opened.")
    box.setInformativeText(reason)
    another = box.addButton("Choose another folder…", QMessageBox.ButtonRole.AcceptRole)
    another.setObjectName("workspace-another")
    again = box.addButton("Try again", QMessageBox.ButtonRole.ResetRole)
    again.setObjectName("workspace-again")
    leave = box.addButton("Quit", QMessageBox.ButtonRole.RejectRole)
    leave.setObjectName("workspace-quit")
    box.setDefaultButton(another)
    box.setEscapeButton(leave)
    box.exec()
    answer = box.clickedButton()
    box.deleteLater()
    if answer is again:
        return path
    if answer is another:
        chosen = QFileDialog.getExistingDirectory(None, "Choose a folder to work in", str(Path.home()))
        return Path(chosen) if chosen else None
    return None
