"""What an empty conversation shows: whom one talks to, and a few things to ask."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.labels import IconLabel, button, label

IDEAS = (
    "What is the capital of France?",
    "Explain in three sentences what a neural network is.",
    "Write four lines about rain in spring.",
)


class ChatStart(QWidget):
    """`asked`: one of the ideas was clicked."""

    asked = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("chat-start")
        self.title = label("", "section", "chat-start-title")
        self.sentence = label(
            "Ask a question, and another way of asking it. Every answer can be edited, branched, replayed and judged.",
            "secondary", "chat-start-sentence", wrap=True,
        )  # fmt: skip
        self.sentence.setFixedWidth(380)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addStretch(2)
        layout.addWidget(IconLabel(studio.theme, "mdi6.message-text-outline", "disabled", 40), 0, _CENTRE)
        self.sentence.setAlignment(_CENTRE)
        layout.addWidget(self.title, 0, _CENTRE)
        # In a row of its own, which asks for the height that the text has at its own width, not at the page's.
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.sentence)
        row.addStretch(1)
        layout.addLayout(row)
        layout.addSpacing(8)
        for number, idea in enumerate(IDEAS):
            made = button(idea, f"chat-idea-{number + 1}", studio.theme, role="plain")
            made.clicked.connect(lambda _=False, text=idea: self.asked.emit(text))
            layout.addWidget(made, 0, _CENTRE)
        layout.addStretch(3)
        self.set_model("")

    def set_model(self, title: str) -> None:
        """Whom one talks to."""
        self.title.setText(f"Talk to {title}" if title else "Talk to a model")


_CENTRE = Qt.AlignmentFlag.AlignHCenter
