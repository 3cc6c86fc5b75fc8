"""A field under its title, as it stands in a form."""

from PySide6.QtWidgets import QWidget

from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.labels import label


def titled(title: str, editor: QWidget, help: str = "", *beside: QWidget) -> QWidget:
    """The title above, the field below, small controls at its right; the help is the tooltip of both."""
    made = QWidget()
    made.setObjectName(f"titled-{editor.objectName()}")
    name = label(title, "body", f"{editor.objectName()}-title")
    name.setBuddy(editor)
    for each in (name, editor):
        each.setToolTip(f"<p>{help}</p>" if help else "")
    editor.setAccessibleDescription(help)
    made.setLayout(vbox(name, hbox((editor, 1), *beside, gap=4), gap=4))
    return made


def side_by_side(*widgets: QWidget) -> QWidget:
    """Fields that share a line."""
    return boxed(hbox(*((widget, 1) for widget in widgets)))
