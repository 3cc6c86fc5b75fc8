"""The messages of a conversation beneath each other. It follows what is written only for a person who reads the end."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from fmstudio.gui.playground.chat.message import MessageView
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.end_follower import EndFollower
from fmstudio.gui.widgets.labels import button
from fmstudio.gui.widgets.tab_order import follow, stops
from fmstudio.workspace.conversation import Conversation, Message

SHOWN = 20  # messages; earlier ones are brought by a button
_WIDEST = 760  # lines longer than this are hard to read


class ThreadView(QScrollArea):
    """Passes on what a person asks for at a message; see MessageView. looked_at(id): an answer was clicked.

    answer_wanted: the last message, which has no answer, should have one. moved: another part is seen.
    """

    edited = Signal(str, str)
    regenerate_wanted = Signal(str)
    branch_wanted = Signal(str)
    remove_wanted = Signal(str)
    inside_wanted = Signal(str)
    replay_wanted = Signal(str)
    looked_at = Signal(str)
    answer_wanted = Signal()
    moved = Signal()

    def __init__(self, studio: Studio, name: str = "thread") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Conversation")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._studio = studio
        self._views: dict[str, MessageView] = {}
        self._conversation = Conversation()
        self._limit = SHOWN
        self._title = "Model"
        self._furnishing = QTimer(self, singleShot=True, interval=0)
        self._furnishing.timeout.connect(self._furnish)
        self.earlier = button("", f"{name}-earlier", studio.theme, role="link", clicked=self._show_earlier)
        self.answer = button(
            "Answer", f"{name}-answer", studio.theme, "mdi6.message-reply-text-outline", clicked=self.answer_wanted.emit
        )
        self.answer.setToolTip("This was never answered: let the model answer it now.")
        self.answer.hide()
        content = QWidget()
        content.setMaximumWidth(_WIDEST)
        self._column = vbox(self.earlier, hbox(self.answer, ...), ..., gap=16, margins=(0, 0, 12, 8))
        content.setLayout(self._column)
        self.setWidget(content)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        for each in (content, self.viewport()):
            each.setAutoFillBackground(False)
        self._follower = EndFollower(self)
        self._wanted: tuple[str, int] | None = None
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._return)
        bar.actionTriggered.connect(self._move_by_hand)
        bar.valueChanged.connect(self.moved)

    # What is shown.

    def show_conversation(self, conversation: Conversation, running: str, titles: dict[str, str]) -> None:
        """Show the path through a conversation; views of messages that stay keep their place.

        running: the message that is being written. titles: how models are called.
        """
        if conversation is not self._conversation:
            self._conversation, self._limit, self._wanted = conversation, SHOWN, None
            self._follower.go_to_end()
        self._titles = titles
        path = conversation.path()
        self.earlier.setVisible(len(path) > self._limit)
        self.earlier.setText(f"Show {len(path) - self._limit} earlier messages")
        shown = path[-self._limit :]
        self._drop(set(self._views) - {message.id for message in shown})
        for place, message in enumerate(shown):
            self._place(place, message, message.id == running)
        self.answer.setVisible(bool(path) and path[-1].role == "user" and not running)
        self._furnishing.start()

    def _drop(self, gone: Sequence[str] | set[str]) -> None:
        for each in gone:
            view = self._views.pop(each)
            self._column.removeWidget(view)
            view.hide()
            view.deleteLater()

    def _place(self, place: int, message: Message, running: bool) -> None:
        view = self._views.get(message.id)
        if view is None:
            view = self._views[message.id] = self._view(message)
            self._column.insertWidget(place + 1, view)
            view.show_message(running)
        elif not running:
            view.show_message()
        view.set_siblings([each.id for each in self._conversation.siblings(message.id)])

    def _view(self, message: Message) -> MessageView:
        model = str(message.result.get("model") or self._conversation.model)
        who = "You" if message.role == "user" else self._titles.get(model, model) or "Model"
        view = MessageView(self._studio, message, who)
        view.edited.connect(self.edited)
        view.regenerate_wanted.connect(self.regenerate_wanted)
        view.branch_wanted.connect(self.branch_wanted)
        view.remove_wanted.connect(self.remove_wanted)
        view.inside_wanted.connect(self.inside_wanted)
        view.replay_wanted.connect(self.replay_wanted)
        view.looked_at.connect(self.looked_at)
        return view

    def _furnish(self) -> None:
        """Give the latest answer that has none its row for feedback; the others follow in the next moments.

        When all have theirs, Tab goes through everything as it stands.
        """
        bare = [view for view in self.views if view.bare]
        if bare:
            bare[-1].show_feedback()
            self._furnishing.start()
        else:
            follow(self.earlier, [*(stop for view in self.views for stop in stops(view)), *stops(self.answer)])
            QTimer.singleShot(0, self, self._stay)  # when the last of them has its height

    def view(self, id: str) -> MessageView | None:
        """The view of a message, where it is shown."""
        return self._views.get(id)

    @property
    def views(self) -> list[MessageView]:
        """The shown messages from the first to the last."""
        path = self._conversation.path()
        return [self._views[message.id] for message in path if message.id in self._views]

    def _show_earlier(self) -> None:
        self._limit += SHOWN
        self.show_conversation(self._conversation, "", self._titles)

    # Following, and coming back to a place.

    def follow(self) -> None:
        """Go to the end, and stay there while the text grows."""
        self._wanted = None
        self._follower.go_to_end()

    @property
    def place(self) -> tuple[str, int] | None:
        """Which message is seen first and how many pixels of it are above, or None where the end is followed."""
        if self._wanted or self._follower.following:
            return self._wanted
        top = self.verticalScrollBar().value()
        first = next((view for view in self.views if view.geometry().bottom() > top), None)
        return (first.message.id, top - first.y()) if first else None

    def go_to(self, id: str, above: int) -> None:
        """Come back to a place, as `place` told it; nothing where that message is no longer on the path."""
        ids = [message.id for message in self._conversation.path()]
        if id not in ids:
            return
        if len(ids) - ids.index(id) > self._limit:
            self._limit = len(ids) - ids.index(id)
            self.show_conversation(self._conversation, "", self._titles)
        self._wanted = id, above
        self._return()

    def _return(self, *_: object) -> None:
        """Be at the wanted place, though messages above it still grow."""
        if self._wanted and (view := self._views.get(self._wanted[0])):
            self.verticalScrollBar().setValue(view.y() + self._wanted[1])

    def _stay(self) -> None:
        """Everything has its height: from now on the place is where the bar stands."""
        self._return()
        self._wanted = None

    def _move_by_hand(self, *_: object) -> None:
        self._wanted = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._move_by_hand()
        super().wheelEvent(event)
