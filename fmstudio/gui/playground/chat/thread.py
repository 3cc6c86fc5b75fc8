"""The messages of a conversation beneath each other. It follows what is written only for a person who reads the end."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from fmstudio.gui.playground.chat.message import MessageView
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import vbox
from fmstudio.gui.widgets.end_follower import EndFollower
from fmstudio.gui.widgets.labels import button
from fmstudio.gui.widgets.tab_order import follow, stops
from fmstudio.workspace.conversation import Conversation, Message

SHOWN = 20  # messages; earlier ones are brought by a button
_WIDEST = 760  # lines longer than this are hard to read


class ThreadView(QScrollArea):
    """Passes on what a person asks for at a message; see MessageView. looked_at(id): an answer was clicked."""

    edited = Signal(str, str)
    regenerate_wanted = Signal(str)
    branch_wanted = Signal(str)
    remove_wanted = Signal(str)
    inside_wanted = Signal(str)
    replay_wanted = Signal(str)
    looked_at = Signal(str)

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
        content = QWidget()
        content.setMaximumWidth(_WIDEST)
        self._column = vbox(self.earlier, ..., gap=16, margins=(0, 0, 12, 8))
        content.setLayout(self._column)
        self.setWidget(content)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        for each in (content, self.viewport()):
            each.setAutoFillBackground(False)
        self._follower = EndFollower(self)

    # What is shown.

    def show_conversation(self, conversation: Conversation, running: str, titles: dict[str, str]) -> None:
        """Show the path through a conversation; views of messages that stay keep their place.

        running: the message that is being written. titles: how models are called.
        """
        if conversation is not self._conversation:
            self._conversation, self._limit = conversation, SHOWN
            self._follower.go_to_end()
        self._titles = titles
        path = conversation.path()
        self.earlier.setVisible(len(path) > self._limit)
        self.earlier.setText(f"Show {len(path) - self._limit} earlier messages")
        shown = path[-self._limit :]
        self._drop(set(self._views) - {message.id for message in shown})
        for place, message in enumerate(shown):
            self._place(place, message, message.id == running)
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
            follow(self.earlier, [stop for view in self.views for stop in stops(view)])

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

    # Following.

    def follow(self) -> None:
        """Go to the end, and stay there while the text grows."""
        self._follower.go_to_end()
