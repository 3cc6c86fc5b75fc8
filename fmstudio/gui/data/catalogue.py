"""The catalogue: data that can be fetched, each with licence and size, and a button that becomes its progress."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal

from fmstudio.gui import formatting
from fmstudio.gui.data.jobs import LISTING
from fmstudio.gui.job_board import JobState
from fmstudio.gui.models.model_jobs import FETCH
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.jobs.job_strip import JobStrip
from fmstudio.gui.widgets.keyed_view import KeyedView
from fmstudio.gui.widgets.labels import button, label, scroll_area
from fmstudio.jobs import JobRequest

_KINDS = {"text": "Text", "images": "Pictures", "instructions": "Conversations", "preferences": "Preferences"}
"""What this panel can use once it is here."""


class CatalogueView(KeyedView):
    """`opened` tells the dataset that a person wants to see."""

    leaves = True
    opened = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("catalogue")
        self._studio = studio
        self.items: dict[str, CatalogueItem] = {}
        self.error = ErrorBox(studio.theme, "catalogue-error", dismissable=False)
        self.error.add_action("Try again", "catalogue-again", self.refresh)
        self._column = vbox(gap=12)
        self._lay_out()
        self._question = JobFollower(self, studio, LISTING)
        self._question.answered.connect(self._show)
        self._question.failed.connect(self.error.show_error)
        studio.jobs.changed.connect(self._job_changed)
        studio.workspace_changed.connect(
            lambda kind, _name: self.refresh() if kind == "dataset" and self.items else None
        )

    def _lay_out(self) -> None:
        self._column.setContentsMargins(0, 0, 0, 0)
        content = boxed(vbox(self._column, ..., gap=6))
        texts = vbox(
            label("Catalogue", "section", "catalogue-title"),
            label("Free data to begin with. What is fetched once is there for all workspaces.", "secondary", wrap=True),
            gap=2,
        )
        head = hbox(
            (texts, 1), button("Close", "catalogue-close", self._studio.theme, clicked=self.closed.emit), gap=12
        )
        self.setLayout(vbox(head, self.error, (scroll_area(content, "catalogue-scroll"), 1), gap=12))

    def refresh(self) -> None:
        """Ask what there is."""
        self.error.clear()
        self._question.ask()

    def _show(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            if row["kind"] not in _KINDS:
                continue
            item = self.items.get(row["name"])
            if item is None:
                item = self.items[row["name"]] = CatalogueItem(self._studio, row)
                item.opened.connect(self.opened)
                self._column.addWidget(item)
            item.show_row(row)

    def _job_changed(self, job: str) -> None:
        state = self._studio.jobs.get(job)
        if state and state.request.target == FETCH and (item := self.items.get(state.request.subject)):
            item.show_job(state)


class CatalogueItem(Card):
    """One thing of the catalogue."""

    opened = Signal(str)

    def __init__(self, studio: Studio, row: Mapping[str, Any]) -> None:
        name = row["name"]
        super().__init__(row["title"], f"catalogue-{name}")
        self._studio, self._row = studio, row
        theme = studio.theme
        self.here = label("✓ In this workspace", "success", f"catalogue-{name}-here")
        self.fetch_button = button("Fetch", f"catalogue-{name}-fetch", theme, "mdi6.download", clicked=self.fetch)
        self.fetch_button.setAccessibleName(f"Fetch {row['title']}")
        self.open_button = button("Open", f"catalogue-{name}-open", theme, clicked=lambda: self.opened.emit(name))
        self.open_button.setAccessibleName(f"Open {row['title']}")
        self.facts = label("", "caption", f"catalogue-{name}-facts", wrap=True)
        self.strip = JobStrip(studio, f"catalogue-{name}-strip")
        self.strip.title.hide()  # the card has said it
        self.strip.hide()
        self.error = ErrorBox(theme, f"catalogue-{name}-error")
        self.body.addWidget(label(row["description"], "body", f"catalogue-{name}-description", wrap=True))
        self.body.addWidget(self.facts)
        for part in (self.strip, self.error):
            self.body.addWidget(part)
        for control in (self.here, self.open_button, self.fetch_button):
            self.add_control(control)

    def show_row(self, row: Mapping[str, Any]) -> None:
        """Show whether it is here, and what it is."""
        self._row = row
        self.facts.setText(facts_of(row))
        here = bool(row["installed"])
        self.here.setVisible(here)
        self.open_button.setVisible(here)
        self.fetch_button.setVisible(not here and self.strip.isHidden())
        self.fetch_button.setText("Add" if row["fetched"] else "Fetch")

    def show_job(self, state: JobState) -> None:
        """Show the fetching in place of the button."""
        self.strip.show_job(state)
        self.strip.setVisible(state.active)
        self.fetch_button.setVisible(not state.active and not self._row["installed"] and state.status != "completed")
        if state.status == "failed":
            self.error.show_error(state.reason, state.details)

    def fetch(self) -> None:
        """Begin to fetch it."""
        self.error.clear()
        name = self._row["name"]
        arguments = {"item": name}
        title = f"{'Add' if self._row['fetched'] else 'Fetch'} “{self._row['title']}”"
        request = JobRequest(title, FETCH, arguments, subject=name)
        self.show_job(self._studio.jobs[self._studio.submit(request)])


def facts_of(row: Mapping[str, Any]) -> str:
    """Kind, size, licence and source of an item."""
    if not row["size"]:
        size = "drawn on this machine" if row["kind"] == "images" else "nothing to download"
    else:
        size = "on this machine already" if row["fetched"] else f"{formatting.size(row['size'])} to download"
    return " · ".join((_KINDS.get(row["kind"], row["kind"].capitalize()), size, f"Licence: {row['licence']}"))
