"""What an empty conversation shows: whom one talks to, and a few things to ask."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import IconLabel, button, label

IDEAS = (
    "What is the capital of France?",
    "What is a neural network?",
    "Write four lines about rain.",
)

_WIDTH, _LEAST = 380, 216
_MARGINS = 24


class ChatStart(QWidget):
    """`asked`: one of the ideas was clicked."""

    asked = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("chat-start")
        self.setMinimumWidth(_LEAST)
        self.title = label("", "section", "chat-start-title", wrap=True)
        self.sentence = label(
            "Ask a question, and another way of asking it. Every answer can be edited, branched, replayed and judged.",
            "secondary", "chat-start-sentence", wrap=True,
        )  # fmt: skip
        layout = vbox(
            (..., 2), (IconLabel(studio.theme, "mdi6.message-text-outline", "disabled", 40), 0, _CENTRE), margins=8
        )
        self.setLayout(layout)
        # Each in a row of its own, which asks for the height that the text has at its own width, not at the page's.
        for text in (self.title, self.sentence):
            text.setAlignment(_CENTRE)
            text.setFixedWidth(_WIDTH)
            row = hbox(..., text, ...)
            layout.addLayout(row)
        layout.addSpacing(8)
        for number, idea in enumerate(IDEAS):
            made = button(idea, f"chat-idea-{number + 1}", studio.theme, role="plain")
            made.clicked.connect(lambda _=False, text=idea: self.asked.emit(text))
            layout.addWidget(made, 0, _CENTRE)
        layout.addStretch(3)
        self.set_model("")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for text in (self.title, self.sentence):
            text.setFixedWidth(max(_LEAST - _MARGINS, min(_WIDTH, event.size().width() - _MARGINS)))

    def set_model(self, title: str) -> None:
        """Whom one talks to."""
        self.title.setText(f"Talk to {title}" if title else "Talk to a model")


_CENTRE = Qt.AlignmentFlag.AlignHCenter
