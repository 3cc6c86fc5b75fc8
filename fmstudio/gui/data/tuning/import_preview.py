"""Before a table of examples is imported: its first rows as conversations, which column is taken for what, and what
would be left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.data.jobs import EXAMPLES
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, empty, vbox
from fmstudio.gui.widgets.flow_layout import tiled
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.titled import titled
from fmstudio.workspace.contents import counted

_PATIENCE = 200  # milliseconds without another change
_HEIGHT = 200


class ExamplesPreview(QWidget):
    """recognised(kind): what a table was found to hold, "" where it holds no examples. edited: another column is
    wanted."""

    recognised = Signal(str)
    edited = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("import-examples")
        self.heading = label("", "strong", "import-examples-heading", wrap=True)
        self.left_out = label("", "warning", "import-examples-left-out", wrap=True)
        self.first = QPlainTextEdit()
        self.first.setObjectName("import-examples-first")
        self.first.setAccessibleName("The first examples")
        self.first.setReadOnly(True)
        self.first.setProperty("role", "log")
        self.first.setFixedHeight(_HEIGHT)
        self.fields: dict[str, ChoiceField] = {}
        self._columns: dict[str, str] = {}
        self._offered: tuple[Any, ...] = ()
        self._mapping = tiled(gap=14, columns=3)
        self._asked: tuple[Any, ...] = ()
        self._question = JobFollower(self, studio, EXAMPLES, patience=_PATIENCE)
        self._question.answered.connect(self._show)
        self._question.failed.connect(self._failed)
        self.setLayout(vbox(self.heading, self.left_out, self.first, boxed(self._mapping), gap=10))
        self.hide()

    # What is asked.

    def preview(self, source: str, kind: str, options: Mapping[str, Any]) -> None:
        """Show what these options make of a table, or of the first in a folder; without a kind only `recognised` tells
        what it holds. Nothing, where there is no source."""
        self.setVisible(bool(kind))
        wanted = (source, kind, dict(options), self.columns())
        if not source:
            self._question.forget()
            self._asked = ()
            self._clear("Choose a table: JSON, JSON lines, CSV or Parquet." if kind else "")
        elif wanted != self._asked:
            self._asked = wanted
            self._question.ask(source=source, kind=kind, options={**options, **self.columns()} if kind else {})

    def columns(self) -> dict[str, Any]:
        """The option of an import that says which columns a person chose; empty where none is chosen."""
        chosen = {part: column for part, column in self._columns.items() if column}
        return {"columns": chosen} if chosen else {}

    def restore(self, columns: Mapping[str, str]) -> None:
        """Take these columns for these parts, and find the others by their names."""
        self._columns = dict(columns)
        self._offered = ()

    # What is told.

    def _show(self, told: Mapping[str, Any]) -> None:
        kind = self._asked[1] if self._asked else ""
        if not kind:
            self.recognised.emit(told["kind"])
            return
        if not told["file"]:
            self._clear("There is no table in this folder.")
            return
        good = counted(told["counts"]) or "no example"
        part = "" if told["complete"] else f" in its first {formatting.plural(told['rows'], 'row')}"
        self.heading.setText(f"{told['file']}: {good}{part}")
        self.left_out.setText("\n".join(_sentence(each) for each in told["left_out"]))
        self.left_out.setVisible(bool(told["left_out"]))
        self.first.setPlainText("\n\n――――\n\n".join(told["first"]))
        self.first.setVisible(bool(told["first"]))
        self._offer(told["parts"], [each["name"] for each in told["columns"]])

    def _offer(self, parts: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
        """A choice of columns for each part of an example; one that was taken by its name says so."""
        offered = (tuple((part["name"], part["column"]) for part in parts), tuple(names))
        if offered == self._offered:
            return
        self._offered = offered
        had_focus = next((name for name, field in self.fields.items() if field.hasFocus()), "")
        empty(self._mapping)
        self.fields = {}
        for part in parts:
            name, chosen = part["name"], self._columns.get(part["name"], "")
            by_name = f"By name: {part['column']}" if part["column"] and not chosen else "Found by name"
            field = ChoiceField(f"import-part-{name}", part["title"], ["", *names], [by_name])
            field.set_value(chosen)
            field.edited.connect(lambda name=name: self._chose(name))
            self.fields[name] = field
            self._mapping.addWidget(titled(part["title"], field, part["help"]))
        if had_focus in self.fields:
            self.fields[had_focus].setFocus()

    def _chose(self, name: str) -> None:
        self._columns[name] = str(self.fields[name].value())
        self.edited.emit()

    def _failed(self, reason: str, _details: str) -> None:
        if self._asked and self._asked[1]:
            self._clear(reason)
        else:
            self.recognised.emit("")

    def _clear(self, sentence: str) -> None:
        self.heading.setText(sentence)
        self.left_out.hide()
        self.first.hide()


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
