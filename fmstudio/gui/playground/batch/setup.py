"""A new batch: which table, which prompt, which column for which variable; and what is in the table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from fmstudio.errors import StudioError
from fmstudio.gui import formatting
from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.batch.mapping import ColumnMapping
from fmstudio.gui.playground.sampling_form import SamplingForm
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, column, hbox, row, scrolled_column, stack
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import ElidedLabel, button, label
from fmstudio.gui.widgets.lists.table import ROW, TextsTable
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.titled import titled
from fmstudio.jobs import Progress
from fmstudio.workspace.prompt_library import PromptLibrary

INSPECT = "fmstudio.adapt.batch_views:inspect"
ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson")
_FORM = 296
_BAD_ROWS = 6


class BatchSetup(QWidget):
    """`changed` tells that what is asked for is another thing now."""

    changed = Signal()

    def __init__(self, studio: Studio, state: PlayState) -> None:
        super().__init__()
        self.setObjectName("batch-setup")
        self._studio = studio
        self._library = PromptLibrary(studio.workspace)
        self.table: Mapping[str, Any] = {}
        self._looking = JobFollower(self, studio, INSPECT)
        self._make_fields()
        self._make_views(state)
        self._lay_out()
        self._connect()
        self.list_prompts()

    # Building.

    def _make_fields(self) -> None:
        theme = self._studio.theme
        self.file = ElidedLabel("No table chosen", "secondary", "batch-file")
        self.choose = button("Choose…", "batch-choose", theme, "mdi6.table-plus", clicked=self.ask_file)
        self.prompt = ChoiceField("batch-prompt", "Prompt", [])
        self.write = button("Edit this prompt", "batch-edit-prompt", theme, role="link", clicked=self._edit_prompt)
        self.about = label("", "caption", "batch-prompt-about", wrap=True)
        self.mapping = ColumnMapping()
        self.expected = ChoiceField("batch-expected", "Column with the right answers", [""], ["None"])
        self.error = ErrorBox(theme, "batch-setup-error")

    def _make_views(self, state: PlayState) -> None:
        theme = self._studio.theme
        self.view_choice = Segments([("rows", "Rows"), ("sampling", "Sampling")], "batch-setup-view", "What is beside")
        self.rows = TextsTable("batch-rows", "The first rows of the table")
        self.bad = TextsTable("batch-bad-rows", "Rows that cannot be used")
        self.rows_card = Card("Table", "batch-rows-card")
        self.rows_card.body.addWidget(self.rows, 1)
        self.bad_card = Card("Rows that cannot be used", "batch-bad-card")
        self.bad_card.body.addWidget(self.bad)
        self.sampling = SamplingForm(self._studio, state, "batch-sampling")
        self.empty = EmptyState(
            theme, "mdi6.table-arrow-right", "A prompt over a whole table",
            "Choose a CSV, TSV or JSON lines file, or drop one here. Its columns become the variables of a prompt, "
            "which is asked once for each row.", "batch-empty",
        )  # fmt: skip
        self.empty.add_button("Choose a table…", "batch-empty-choose", self.ask_file, "mdi6.table-plus")
        both = column(self.bad_card, self.rows_card)
        self._views = stack("batch-setup-pages", self.empty, both, self.sampling)
        self._both = both
        self.bad_card.hide()

    def _lay_out(self) -> None:
        fields, scroll = scrolled_column("batch-setup-scroll")
        fields.setContentsMargins(0, 4, 12, 4)
        fields.setSpacing(16)
        scroll.setFixedWidth(_FORM)
        fields.addWidget(titled("Table", self.file, "", self.choose))
        fields.addWidget(titled("Prompt", self.prompt))
        fields.addWidget(self.about)
        fields.addWidget(row(self.write))
        fields.addWidget(self.mapping)
        help_text = "Counts how many answers are exactly the expected one, and how many have it within."
        fields.addWidget(titled("Expected answer (optional)", self.expected, help_text))
        fields.addStretch(1)
        head = hbox(self.view_choice, ...)
        beside = boxed(head)
        head.setContentsMargins(0, 0, 0, 0)
        self.setLayout(hbox(scroll, (column(self.error, beside, self._views), 1), gap=16))

    def _connect(self) -> None:
        self.view_choice.changed.connect(self._show_view)
        self.prompt.edited.connect(self._prompt_chosen)
        self.mapping.edited.connect(self.changed)
        self.expected.edited.connect(self.changed)
        self._looking.answered.connect(self._show_table)
        self._looking.progressed.connect(self._reading)
        self._looking.failed.connect(self._not_read)
        self._looking.ended.connect(self.changed)
        self._studio.workspace_changed.connect(self._workspace_changed)

    # The table.

    def ask_file(self) -> None:
        """Ask which table."""
        kinds = f"Tables ({' '.join(f'*{ending}' for ending in ENDINGS)});;All files (*)"
        chosen, _ = QFileDialog.getOpenFileName(self, "Choose a table", str(Path.home()), kinds)
        if chosen:
            self.take(Path(chosen))

    def take(self, path: Path) -> None:
        """Look at a table."""
        self.error.clear()
        self.table = {}
        self.file.setText(f"Reading {path.name}…")
        self.file.setToolTip(str(path))
        self._looking.ask(path=str(path))
        self.changed.emit()

    def _reading(self, progress: Progress) -> None:
        if progress.done:
            self.file.setText(f"Reading, {formatting.plural(int(progress.done), 'row')}…")

    def _not_read(self, reason: str, details: str) -> None:
        self.file.setText("No table chosen")
        self.error.show_error(reason, details)
        self._offer_expected([])
        self._show_view(self.view_choice.value())
        self._map()

    def _show_table(self, table: Mapping[str, Any]) -> None:
        self.table = table
        columns = list(table["columns"])
        self.file.setText(table["title"])
        self.rows.show_texts(columns, [[each.get(name, "") for name in columns] for each in table["rows"]])
        self.rows_card.set_caption(facts_of(table))
        self._show_bad(table)
        self._offer_expected(columns)
        self.expected.set_value(table.get("expected", ""))
        self._show_view(self.view_choice.value())
        self._map()

    def _offer_expected(self, columns: Sequence[str]) -> None:
        self.expected.clear()
        self.expected.addItem("None", "")
        for name in columns:
            self.expected.addItem(name, name)

    def _show_bad(self, table: Mapping[str, Any]) -> None:
        bad, total = table["bad"], table["bad_total"]
        self.bad.show_texts(["Line", "Why"], [_bad_row(each) for each in bad])
        listed = f", the first {formatting.count(len(bad))} of which are listed" if total > len(bad) else ""
        self.bad_card.set_caption(f"{formatting.plural(total, 'row')}{listed}; the results keep them with the reason")
        self.bad.setFixedHeight(min(len(bad), _BAD_ROWS) * ROW + self.bad.horizontalHeader().sizeHint().height() + 4)
        self.bad_card.setVisible(bool(total))

    def _show_view(self, view: object) -> None:
        rows = self._both if self.table else self.empty
        self._views.setCurrentWidget(self.sampling if view == "sampling" else rows)

    # The prompt.

    def list_prompts(self) -> None:
        """Offer the prompts that have a version."""
        chosen = self.prompt.value()
        self.prompt.clear()
        for entry in self._library.entries():
            if entry.versions:
                self.prompt.addItem(entry.name, entry.name)
        if chosen and self.prompt.findData(chosen) >= 0:
            self.prompt.set_value(chosen)
        self._map()

    def choose_prompt(self, name: str) -> None:
        """Choose a prompt by its name."""
        if self.prompt.findData(name) >= 0:
            self.prompt.set_value(name)
            self._map()

    def _prompt_chosen(self) -> None:
        self._map()

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if kind == "prompt":
            self.list_prompts()

    def _map(self) -> None:
        """Find a column for each variable of the chosen prompt."""
        try:
            version = self._library.version(str(self.prompt.value() or ""))
            variables = version.template.variables
            asked = " ".join(version.template.user.split())
            about = f"Version {version.number} · {asked[:160]}" if version.number else f"Built in · {asked[:160]}"
        except StudioError as error:
            variables, about = (), str(error)
        self.about.setText(about)
        self.mapping.show_variables(variables, list(self.table.get("columns", ())))
        for each in (self.mapping, self.expected):
            each.setEnabled(bool(self.table))
        self.changed.emit()

    def _edit_prompt(self) -> None:
        self._studio.navigate("playground", view="prompt", prompt=str(self.prompt.value() or ""))

    # What it comes to.

    def refusal(self) -> str:
        """Why no batch can begin with this, or ""."""
        if self._looking.busy:
            return "Reading the table…"
        if not self.table:
            return "Choose a table first."
        if not self.prompt.value():
            return "Choose a prompt first."
        if missing := self.mapping.missing:
            return f"Choose a column for {{{missing[0]}}}."
        return ""

    def asked(self) -> dict[str, Any]:
        """The arguments of the job, model and settings aside."""
        return {
            "source": self.table["path"],
            "prompt": str(self.prompt.value()),
            "mapping": self.mapping.mapping(),
            "expected": str(self.expected.value() or ""),
        }


def facts_of(table: Mapping[str, Any]) -> str:
    """What is known of a table: 1,240 rows · 4 columns · 1.2 MB · utf-8."""
    parts = [formatting.plural(table["total"], "row"), formatting.plural(len(table["columns"]), "column")]
    return " · ".join([*parts, formatting.size(table["bytes"]), table["encoding"].upper()])


def _bad_row(bad: Mapping[str, Any]) -> list[str]:
    return [formatting.count(bad["line"]), bad["reason"][:1].upper() + bad["reason"][1:]]
