"""Playground: talk to a model, work on prompts, compare, run many, ask documents, and see what a model sees."""

import importlib
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget

from fmstudio.gui.models.files import is_model, keep_pasted
from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.models.model_jobs import ModelJobs
from fmstudio.gui.models.picker import ModelPicker
from fmstudio.gui.panel import Panel, PrimaryAction, Step
from fmstudio.gui.playground.first_model import FirstModel
from fmstudio.gui.playground.play_view import PlayView
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.labels import show_part
from fmstudio.gui.widgets.segments import Segments
from fmstudio.workspace import WorkspaceError

_VIEWS = __package__
# name: (title, module, class). A view is imported when it is first looked at.
VIEWS = {
    "chat": ("Chat", "chat.view", "ChatView"),
    "prompt": ("Prompt", "prompt.view", "PromptView"),
    "compare": ("Compare", "compare.view", "CompareView"),
    "batch": ("Batch", "batch.view", "BatchView"),
    "retrieval": ("Retrieval", "retrieval.view", "RetrievalView"),
    "inside": ("Inside", "inside.view", "InsideView"),
}
_NEEDS_NO_MODEL = ("retrieval", "batch")


class PlaygroundPanel(Panel):
    """One view at a time, and one model for all of them but Compare, where each column has its own."""

    name = "playground"
    title = "Playground"
    summary = "Talk to a model and see what it does."
    icon = "mdi6.message-text-outline"
    chapter = "adaptation"
    order = 30
    opens = {
        "conversation": {"view": "chat", "conversation": "*"},
        "collection": {"view": "retrieval", "collection": "*"},
        "prompt": {"view": "prompt", "prompt": "*"},
        "batch": {"view": "batch", "batch": "*"},
        "linked model": {"model": "*"},
    }
    takes = "models"
    commands = (
        ("Chat with a model", "mdi6.message-text-outline", "look_at", "chat"),
        ("Work on a prompt", "mdi6.form-textbox", "look_at", "prompt"),
        ("Compare models, prompts or settings", "mdi6.compare", "look_at", "compare"),
        ("Run a prompt over a table", "mdi6.table-arrow-right", "look_at", "batch"),
        ("Ask your documents", "mdi6.file-search-outline", "look_at", "retrieval"),
        ("See what a model sees", "mdi6.magnify-scan", "look_at", "inside"),
        ("New conversation", "mdi6.message-plus-outline", "begin_in", "chat"),
        ("New prompt", "mdi6.text-box-plus-outline", "begin_in", "prompt"),
        ("New batch over a table", "mdi6.table-arrow-right", "begin_in", "batch"),
        ("New collection of documents", "mdi6.file-plus-outline", "begin_in", "retrieval"),
        ("Inside a model: tokens", "mdi6.format-letter-matches", "look_inside", "tokens"),
        ("Inside a model: next token", "mdi6.source-branch", "look_inside", "next"),
        ("Inside a model: attention", "mdi6.eye-outline", "look_inside", "attention"),
        ("Inside a model: layers", "mdi6.layers-outline", "look_inside", "layers"),
        ("Inside a model: embeddings", "mdi6.chart-scatter-plot", "look_inside", "embeddings"),
    )
    begin = Step(
        "Talk to a model",
        "The starter model answers on this computer alone: try prompts, ask your documents, and look inside.",
        "Open the playground",
        "mdi6.message-text-outline",
        {"view": "chat"},
    )

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.state = PlayState(studio)
        self.jobs = ModelJobs(studio, self.state)
        self.views: dict[str, PlayView] = {}
        self._tools: dict[str, QWidget] = {}
        self.error = ErrorBox(studio.theme, "playground-error")
        self._not_linked: list[tuple[str, str]] = []
        self.first = FirstModel(studio, self.state, self.jobs)
        self._make_header()
        self._lay_out()
        self._connect()
        self.look_at("chat")

    # Its parts.

    def _make_header(self) -> None:
        self.picker = ModelPicker(self.theme, self.state, "model-picker", jobs=self.jobs)
        self.picker.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.picker.setMaximumWidth(300)
        self.picker.show_model(self.state.model)
        self.header_controls = [self.picker]
        self.primary_action = self._action = PrimaryAction("Send", "mdi6.send", self, "playground-act")
        self._action.triggered.connect(self._act)

    def _lay_out(self) -> None:
        self.view_choice = Segments([(name, view[0]) for name, view in VIEWS.items()], "playground-view", "What to do")
        self._tool_stack = QStackedWidget()
        self._tool_stack.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._pages = QStackedWidget()
        self._pages.setObjectName("playground-pages")
        self._pages.addWidget(self.first)
        self.setLayout(
            vbox(hbox(self.view_choice, (self._tool_stack, 1), gap=16), self.error, (self._pages, 1), gap=12)
        )

    def _connect(self) -> None:
        self.view_choice.changed.connect(self.look_at)
        self.picker.chosen.connect(self._forget_not_linked)
        self.picker.chosen.connect(self.state.choose)
        self.error.close_button.clicked.connect(self._forget_not_linked)
        self.state.model_changed.connect(self._model_changed)
        self.state.models_changed.connect(self._models_changed)
        self.state.failed.connect(self.error.show_error)
        self.jobs.linked.connect(self.state.choose)
        self.jobs.link_failed.connect(self._link_failed)
        self.first.add_wanted.connect(self.picker.open)

    # Its views.

    @property
    def view(self) -> PlayView:
        """The view that is looked at."""
        return self.views[str(self.view_choice.value())]

    def look_at(self, name: str, **what: Any) -> None:
        """Show a view, built now if it was not; `what` goes to its `look`."""
        view = self.views.get(name) or self._build(name)
        self.view_choice.set_value(name)
        self._tool_stack.setCurrentWidget(self._tools[name])
        show_part(self.picker, name != "compare")
        self._show_page()
        if what:
            view.look(**what)

    def _build(self, name: str) -> PlayView:
        _, module, kind = VIEWS[name]
        view: PlayView = getattr(importlib.import_module(f"{_VIEWS}.{module}"), kind)(self.studio, self.state)
        self.views[name] = view
        self._pages.addWidget(view)
        self._tools[name] = boxed(hbox(..., *view.tools, gap=4))
        self._tool_stack.addWidget(self._tools[name])
        view.act_changed.connect(self._judge)
        view.inside_wanted.connect(self._look_inside)
        view.index_wanted.connect(self._index)
        return view

    def _show_page(self) -> None:
        name = str(self.view_choice.value())
        self._pages.setCurrentWidget(self.first if self._model_missing else self.views[name])
        begins = None if self._model_missing else self.views[name].focusProxy()
        self.setFocusProxy(begins)  # type: ignore[arg-type]  # None takes it away, which the stubs do not know
        self._tool_stack.setEnabled(not self._model_missing)
        self._judge()

    @property
    def _model_missing(self) -> bool:
        """Whether the view that is looked at cannot do anything before there is a model."""
        return self.state.listed and not self.state.chosen and self.view_choice.value() not in _NEEDS_NO_MODEL

    def _look_inside(self, what: dict[str, Any]) -> None:
        self.look_at("inside", **what)

    def _index(self, text: str) -> None:
        """Make a document of a text that is too long to be a prompt, and go where documents are asked."""
        try:
            kept = keep_pasted(self.studio.workspace, text)
        except WorkspaceError as error:
            self.error.show_error(str(error))
            return
        self.look_at("retrieval", sources=[str(kept)])

    # Coming and going.

    def shown(self, **what: Any) -> None:
        """`model` is talked to; `view` is shown; the rest (`prompt`, `entry`, …) is for the view."""
        self.state.refresh()
        model, name = what.pop("model", ""), what.pop("view", "")
        if entry := what.pop("entry", ""):
            what |= self._remembered(entry)
            model = what.pop("model", "") or model
        if model:
            self.state.choose(model)
        if name or what:
            self.look_at(name if name in VIEWS else "chat", **what)

    def _remembered(self, entry: str) -> dict[str, Any]:
        """What an entry of the feedback log was made with, to try it again."""
        try:
            record = self.studio.workspace.feedback.get(entry)
        except WorkspaceError as error:
            self.error.show_error(str(error))
            return {}
        self.state.set_sampling(record.details.get("settings", {}))
        model = record.model if self.state.record(record.model) or not self.state.listed else ""
        return {"model": model, "prompt": record.prompt, "messages": record.details.get("messages") or []}

    def begin_in(self, name: str) -> None:
        """Turn to a new conversation, prompt, batch or collection."""
        self.look_at(name)
        self.views[name].begin()

    def look_inside(self, view: str) -> None:
        """Show one of the views into a model."""
        self.look_at("inside")
        self.views["inside"].look_at(view)

    def accepts(self, paths: list[Path]) -> bool:
        """A GGUF file or a model folder; anything where documents are asked."""
        return all(is_model(path) for path in paths) or (self.view.takes_files and self.isVisible())

    def dropped(self, paths: list[Path]) -> None:
        """Link models and talk to the last of them; give the rest to the view that is looked at."""
        self.error.clear()
        self._not_linked.clear()
        models = [path for path in paths if is_model(path)]
        for path in models:
            self.jobs.link(path)
        if not models:
            self.view.dropped(paths)

    def _link_failed(self, reason: str, details: str) -> None:
        self._not_linked.append((reason, details))
        self._show_problem()

    def _show_problem(self) -> None:
        """A model whose file has gone, or was damaged, says so where one wanted to talk to it; so do those that were
        dropped and are none, whichever is talked to.
        """
        problem = str(self.state.chosen.get("problem", ""))
        told = [*([(problem, "")] if problem else []), *self._not_linked]
        if told:
            reasons = "\n".join(reason for reason, _ in told)
            self.error.show_error(reasons, "\n\n".join(details for _, details in told if details))
        else:
            self.error.clear()

    def _forget_not_linked(self) -> None:
        self._not_linked.clear()

    # The model.

    def _model_changed(self, reference: str) -> None:
        self.picker.show_model(reference)
        self._models_changed()

    def _models_changed(self) -> None:
        self._show_problem()
        self._show_page()

    # The primary action.

    def _act(self) -> None:
        self.view.act()

    def stop(self) -> None:
        """Esc: end what the view is doing."""
        self.view.stop()

    def _judge(self) -> None:
        view = self.view
        text, icon = view.act_words
        self._action.icon_name = icon
        self._action.setText(text)
        if reason := (self.state.refusal() if self._model_missing else "") or view.refusal():
            self._action.refuse(reason)
        else:
            self._action.allow()
