"""How well the right document is found, on questions whose source is known: figures, bars, and what was missed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QProgressBar, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.playground.retrieval.bars import MEASURES, METHODS, QualityBars
from fmstudio.gui.playground.retrieval.jobs import MEASURE
from fmstudio.gui.playground.retrieval.table import PlainTable
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import ElidedLabel, button, label, scroll_area
from fmstudio.gui.widgets.segments import Segments
from fmstudio.jobs import Note, Progress

TITLES = "titles"
_MEASURES = ("Found by", *MEASURES.values())
_SENTENCE = (
    "Each question is asked by words, by meaning and by both; counted is how often the right document is among the "
    "first 1, 5 and 10, and the mean of 1 / its rank (MRR)."
)


class QualityTab(QWidget):
    """`act_changed`: what can be done now is another thing."""

    act_changed = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("retrieval-quality")
        self.collection = ""
        self.table_path = ""
        theme = studio.theme
        self.source = Segments(
            [(TITLES, "Titles of the documents"), ("table", "Questions of my own")], "retrieval-quality-source",
            "Which questions",
        )  # fmt: skip
        self.source.changed.connect(self._source_chosen)
        self.file = ElidedLabel("", "caption", "retrieval-quality-file")
        self.choose = button("Choose a CSV file…", "retrieval-quality-choose", theme, clicked=self._ask_file)
        self.bar = QProgressBar()
        self.bar.setObjectName("retrieval-quality-progress")
        self.bar.setAccessibleName("Progress of the questions")
        self.bar.setTextVisible(False)
        self.progress = label("", "caption", "retrieval-quality-asked")
        self.notes = label("", "warning", "retrieval-quality-notes", wrap=True)
        self.error = ErrorBox(theme, "retrieval-quality-error")
        self.figures = PlainTable("retrieval-quality-table", "Figures by method", _MEASURES, (0, 1, 1, 1, 1))
        self.bars = QualityBars(theme)
        self.misses = PlainTable("retrieval-quality-misses", "Questions whose document did not come first",
                                 ("Question", "Right document", "Found first", "Rank"), (3, 2, 3, 0))  # fmt: skip
        self.question = JobFollower(self, studio, MEASURE, "waits", title="Measure retrieval")
        self._lay_out()
        self._connect()
        self._source_chosen()
        self.clear()

    def _lay_out(self) -> None:
        self.result = Card("", "retrieval-quality-card")
        pair = hbox((self.figures, 6, Qt.AlignmentFlag.AlignTop), (self.bars, 5), gap=24)
        self.result.body.addLayout(pair)
        self.missed = Card("What did not come first", "retrieval-misses-card")
        self.missed.body.addWidget(self.misses)
        content = boxed(vbox(self.notes, self.result, self.missed, ..., gap=12, margins=(0, 0, 8, 0)))
        self.setLayout(
            vbox(
                hbox(self.source, self.choose, (self.file, 1), gap=12),
                label(_SENTENCE, "secondary", "retrieval-quality-sentence", wrap=True),
                self.bar,
                self.progress,
                self.error,
                (scroll_area(content, "retrieval-quality-scroll"), 1),
            )
        )

    def _connect(self) -> None:
        self.question.answered.connect(self._take)
        self.question.progressed.connect(self._progressed)
        self.question.noted.connect(self._noted)
        self.question.failed.connect(self.error.show_error)
        self.question.busy_changed.connect(self._busy_changed)

    # What is shown.

    def show_collection(self, name: str) -> None:
        """Measure another collection ("": none yet); the figures of the one before are taken away."""
        if name != self.collection:
            self.collection = name
            self.question.forget()
            self.clear()

    def clear(self) -> None:
        """Show no figures."""
        self.error.clear()
        self._told: list[str] = []
        for each in (self.result, self.missed, self.bar, self.progress, self.notes):
            each.hide()

    def use_table(self, path: Path) -> None:
        """Take the questions of this file."""
        self.table_path = str(path)
        self.source.set_value("table")
        self._source_chosen()

    # What can be done.

    def refusal(self) -> str:
        """Why nothing can be measured now, or ""."""
        if not self.collection:
            return "Wait until the first documents are read."
        return "Choose a CSV file first." if self.source.value() == "table" and not self.table_path else ""

    def act(self) -> None:
        """Measure, or end the measurement with the questions asked so far."""
        if self.question.busy:
            self.question.stop()
        elif not self.refusal():
            self.clear()
            questions = TITLES if self.source.value() == TITLES else self.table_path
            self.question.ask(collection=self.collection, questions=questions)

    def _ask_file(self) -> None:
        kinds = "Tables (*.csv *.tsv *.txt);;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self, "Questions with their source", str(Path.home()), kinds)
        if path:
            self.use_table(Path(path))

    def _source_chosen(self, _source: object = None) -> None:
        own = self.source.value() == "table"
        self.choose.setVisible(own)
        self.file.setText(self.table_path or "A table with the columns question and source" if own else "")
        self.act_changed.emit()

    # What comes.

    def _busy_changed(self, busy: bool) -> None:
        self.bar.setVisible(busy)
        self.progress.setVisible(busy)
        if busy:
            self.bar.setRange(0, 0)
            self.progress.setText("Opening the index…")
        self.act_changed.emit()

    def _progressed(self, progress: Progress) -> None:
        if progress.total:
            self.bar.setRange(0, int(progress.total))
            self.bar.setValue(int(progress.done))
            self.progress.setText(f"{progress.done:,.0f} of {progress.total:,.0f} {progress.unit}")
        elif progress.message:
            self.progress.setText(progress.message)

    def _noted(self, note: Note) -> None:
        self._told.append(note.text)
        self._show_notes(self._told)

    def _show_notes(self, notes: list[str]) -> None:
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))

    def _take(self, quality: Mapping[str, Any]) -> None:
        rows = quality["rows"]
        self.result.title.setText(f"{formatting.plural(quality['questions'], 'question')}: {quality['source']}")
        self.result.title.show()
        self._show_notes(list(quality.get("notes", self._told)))
        self.figures.show_rows([[METHODS[row["method"]], *(f"{row[key]:.3f}" for key in MEASURES)] for row in rows])
        self.bars.show_rows(rows)
        self.misses.show_rows([_miss(row) for row in quality["misses"]])
        self.missed.set_caption(f"by both together, the worst first: {len(quality['misses']):,}")
        self.result.show()
        self.missed.setVisible(bool(quality["misses"]))


def _miss(row: Mapping[str, Any]) -> list[str]:
    expected, found = row["expected"], row["found"]
    names = [each if isinstance(each, str) else ", ".join(map(_name, each)) for each in (expected, found)]
    names = [_name(each) if "/" in each and "," not in each else each for each in names]
    return [row["question"], *names, str(row.get("rank") or "not found")]


def _name(source: str) -> str:
    return Path(str(source)).name or str(source)
