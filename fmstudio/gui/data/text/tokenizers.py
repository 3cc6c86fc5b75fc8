"""Chooses a tokenizer: bytes, pieces learnt from the dataset, one that the workspace has, or one from a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.form.field_row import FieldRow
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.labels import ElidedLabel, button, label
from fmstudio.recipe import Setting
from fmstudio.workspace import Workspace

BYTES, LEARNT, FILE = "byte", "bpe", "file"  # others are "file:NAME" and "model:NAME" of the workspace


class TokenizerChoice(QWidget):
    """`changed` tells that another tokenizer is meant."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("tokenizer-choice")
        self._file = ""
        self.kind = ChoiceField("tokenizer-kind", "Tokenizer", [])
        self.kind.setSizeAdjustPolicy(ChoiceField.SizeAdjustPolicy.AdjustToContents)
        self._theme = theme
        self.vocabulary: FieldRow | None = None  # until it is told what a vocabulary may be
        self.browse = button("Choose a file…", "tokenizer-browse", theme, "mdi6.file-outline", clicked=self.ask_file)
        self.path = ElidedLabel("", "caption", "tokenizer-path")
        self.path.setMinimumWidth(240)
        self.path.setFixedHeight(32)
        self._lay_out()
        self._fill([], [])
        self.kind.edited.connect(self._chose)
        self._arrange()

    def _lay_out(self) -> None:
        kind = vbox(label("Tokenizer", "body"), self.kind, gap=4)
        self._sizes = vbox()
        bottom = Qt.AlignmentFlag.AlignBottom
        self.setLayout(
            hbox(
                (boxed(kind), 0, bottom),
                (boxed(self._sizes), 0, bottom),
                (self.browse, 0, bottom),
                (self.path, 1, bottom),
                gap=12,
            )
        )

    def set_settings(self, settings: Sequence[Setting]) -> None:
        """What a tokenizer can be made with, as the data stage tells it."""
        if self.vocabulary is None:
            self.vocabulary = FieldRow(
                next(each for each in settings if each.path.endswith("vocabulary_size")), self._theme
            )
            self.vocabulary.edited.connect(self.changed)
            self._sizes.addWidget(self.vocabulary)
            self._chose()

    def set_workspace(self, workspace: Workspace) -> None:
        """Offer the tokenizers that the workspace has: trained ones, and those of its models."""
        kept = sorted(file.parent.name for file in (workspace.path / "tokenizers").glob("*/tokenizer.json"))
        models = [record.name for record in workspace.models()]
        chosen = self.kind.value()
        self._fill(kept, models)
        if self.kind.findData(chosen) >= 0:
            self.kind.set_value(chosen)
        self._arrange()

    def _fill(self, kept: list[str], models: list[str]) -> None:
        self.kind.clear()
        self.kind.addItem("Learnt from this dataset (BPE)", LEARNT)
        self.kind.addItem("Bytes", BYTES)
        for name in kept:
            self.kind.addItem(f"{name} · of this workspace", f"file:{name}")
        for name in models:
            self.kind.addItem(f"That of model {name}", f"model:{name}")
        self.kind.addItem("From a file…", FILE)

    def choose(self, tokenizer: str) -> None:
        """Choose as a person would: "bpe", "byte", "file", or one of the workspace as "file:NAME" or "model:NAME"."""
        self.kind.set_value(tokenizer)
        self._chose()

    def tokenizer(self, dataset: str) -> dict[str, Any]:
        """What the data stage takes as a tokenizer."""
        kind, _, name = self.kind.value().partition(":")
        if kind == "bpe":
            return {"kind": "bpe", "vocabulary_size": self.vocabulary_size, "datasets": [dataset]}
        if kind == "byte":
            return {"kind": "byte"}
        return {"kind": kind, "file": name or self._file}

    @property
    def learns(self) -> bool:
        """Whether the vocabulary is learnt from the dataset."""
        return self.kind.value() == LEARNT

    @property
    def vocabulary_size(self) -> Any:
        """How many tokens to learn; None until it is known how many there can be."""
        return self.vocabulary.value() if self.vocabulary else None

    def problem(self) -> str:
        """Why it cannot be used as it stands, or ""."""
        if self.learns and (found := self.vocabulary.problem() if self.vocabulary else "Getting ready…"):
            return found
        if self.kind.value() == FILE and not self._file:
            return "Choose a tokenizer.json first."
        return ""

    def ask_file(self) -> None:
        """Ask for a tokenizer.json."""
        path, _ = QFileDialog.getOpenFileName(self, "Choose a tokenizer", "", "Tokenizers (*.json);;All files (*)")
        if path:
            self.use_file(Path(path))

    def use_file(self, path: Path) -> None:
        """Use a tokenizer.json."""
        self._file = str(path)
        self.path.setText(self._file)
        self.path.setToolTip(self._file)
        self.kind.set_value(FILE)
        self._chose()

    def _chose(self) -> None:
        self._arrange()
        self.changed.emit()

    def _arrange(self) -> None:
        if self.vocabulary:
            self.vocabulary.setVisible(self.learns)
        for part in (self.browse, self.path):
            part.setVisible(self.kind.value() == FILE)
