"""A field under its title, as it stands in a form."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

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
    line = QHBoxLayout()
    line.setSpacing(4)
    line.addWidget(editor, 1)
    for each in beside:
        line.addWidget(each)
    layout = QVBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    layout.addWidget(name)
    layout.addLayout(line)
    return made


def side_by_side(*widgets: QWidget) -> QWidget:
    """Fields that share a line."""
    made = QWidget()
    layout = QHBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(12)
    for widget in widgets:
        layout.addWidget(widget, 1)
    return made
