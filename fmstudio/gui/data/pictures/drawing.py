"""Pictures drawn on this machine: choose a style, see a dozen, and have as many as wanted, with what is on each."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal

from fmstudio.gui.data.jobs import DRAWN
from fmstudio.gui.data.pictures.style_field import StyleField
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.form.fields import NumberField, TextField
from fmstudio.gui.widgets.form.options_form import OptionsForm
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.keyed_view import KeyedView
from fmstudio.gui.widgets.labels import button, label, scroll_area, set_property
from fmstudio.gui.widgets.pictures.tiles import PictureTiles
from fmstudio.recipe import Setting
from fmstudio.workspace import WorkspaceError

_PATIENCE = 200  # milliseconds without another change
_FIRST = "bottts"  # robots: few colours and clear shapes, which small models learn soonest
_LARGEST = 240  # pixels of a picture that is shown
COUNTS = (1, 1_000_000)
Style = Mapping[str, Any]


class DrawSheet(KeyedView):
    """`changed` tells that what would be drawn is another thing now."""

    leaves = True
    changed = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("draw-sheet")
        self._studio, theme = studio, studio.theme
        self._styles: dict[str, Style] = {}
        self._settings: Sequence[Setting] = ()
        self._begun = self._name_is_mine = False
        self.style_field = StyleField(theme, "draw-style", "Style")
        self.count = NumberField("draw-count", "How many", whole=True, unit="pictures", minimum=COUNTS[0],
                                 maximum=COUNTS[1], logarithmic=True)  # fmt: skip
        self.count.set_value(6000)
        self.options = OptionsForm(theme, "draw-options", columns=(1, 1))
        self.name = TextField("draw-name", "Name of the dataset")
        self.problem = label("", "error", "draw-problem", wrap=True)
        self.about = label("", "caption", "draw-about", wrap=True)
        self.known = label("", "caption", "draw-known", wrap=True)
        self.tiles = PictureTiles(theme, "draw-tiles", "A dozen of these pictures")
        self.tiles.selectable = False
        self.tiles.largest = _LARGEST
        self.error = ErrorBox(theme, "draw-error", dismissable=False)
        self._question = JobFollower(self, studio, DRAWN, patience=_PATIENCE)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        what = Card("What to draw", "draw-what")
        what.setFixedWidth(320)
        what.set_padding(16, 16, 4, 12)
        fields = vbox(gap=12, margins=(0, 0, 12, 0))
        content = boxed(fields)
        for title, field in (("Style", self.style_field), ("How many", self.count), ("Name", self.name)):
            column = vbox(label(title, "body"), field, gap=4)
            if field is self.style_field:
                column.addWidget(self.about)
            fields.addLayout(column)
        fields.addWidget(self.options)
        fields.addWidget(self.problem)
        fields.addStretch(1)
        what.body.addWidget(scroll_area(content, "draw-scroll"))
        looks = Card("A dozen of them", "draw-looks")
        looks.body.addWidget(self.error)
        looks.body.addWidget(self.tiles, 1)
        looks.body.addWidget(self.known)
        sentence = "As many as wanted, without a download; what is on each is kept as class, attributes and caption."
        texts = vbox(
            label("Draw pictures", "section", "draw-title"),
            label(sentence, "secondary", "draw-sentence", wrap=True),
            gap=2,
        )
        head = hbox((texts, 1), button("Cancel", "draw-cancel", self._studio.theme, clicked=self.closed.emit), gap=12)
        self.setLayout(vbox(head, (hbox(what, (looks, 1), gap=16), 1), gap=12))

    def _connect(self) -> None:
        self.style_field.edited.connect(self._restyle)
        for each in (self.count, self.options):
            each.edited.connect(self._edited)
        self.name.edited.connect(self._named)
        self._question.answered.connect(self._show)
        self._question.failed.connect(self._failed)

    def set_settings(self, styles: Sequence[Style], settings: Sequence[Setting]) -> None:
        """The styles there are, each with name, title, creator, licence and attributes, and how they can be drawn."""
        if self._styles:
            return
        self._settings = settings
        self._styles = {style["name"]: style for style in styles}
        for name, style in self._styles.items():
            self.style_field.add_style(name, style["title"])
        self.style_field.setCurrentIndex(max(0, self.style_field.findData(_FIRST)))
        if self._begun:
            self.begin()

    def begin(self) -> None:
        """Start anew, or as soon as the styles are known."""
        self._begun = True
        self._name_is_mine = False
        self.options.set_settings(self._settings)
        self._restyle()
        self.style_field.setFocus()

    def restore(self, arguments: Mapping[str, Any]) -> None:
        """Show what was asked for, to change it and try again."""
        self.style_field.set_value(arguments["style"])
        self.count.set_value(arguments["count"])
        self.options.restore(arguments["options"])
        self.name.set_value(arguments["name"])
        self._name_is_mine = True
        self._restyle()

    def request(self) -> dict[str, Any]:
        """The arguments of the drawing."""
        return {
            "style": self.style_field.value(), "count": self.count.value(), "name": self.name.value().strip(),
            "options": self.options.values(),
        }  # fmt: skip

    def refusal(self) -> str:
        """Why nothing can be drawn as it stands, or ""."""
        return "Getting ready…" if not self._styles else self._number_problem() or self._name_problem()

    def _number_problem(self) -> str:
        count = self.count.value()
        if not isinstance(count, int) or not COUNTS[0] <= count <= COUNTS[1]:
            return f"How many must be a whole number from {COUNTS[0]} to {COUNTS[1]:,}."
        return self.options.problem()

    def _name_problem(self) -> str:
        name = self.name.value().strip()
        if not name:
            return "Name the dataset."
        try:
            free = self._studio.workspace.free_name("datasets", name)
        except WorkspaceError as error:
            return str(error)
        return "" if free == name else "There is a dataset of this name already; choose another."

    # What is shown.

    def _named(self) -> None:
        self._name_is_mine = True
        self._judge()

    def _restyle(self) -> None:
        self.tiles.clear()
        self._suggest()
        self._edited()

    def _suggest(self) -> None:
        style = self._styles.get(self.style_field.value())
        if style and not self._name_is_mine:
            self.name.set_value(self._studio.workspace.free_name("datasets", style["name"]))

    def _edited(self) -> None:
        self._judge()
        if self._styles and not self._number_problem():
            self._question.ask(style=self.style_field.value(), options=self.options.values())

    def _judge(self) -> None:
        problem = self.refusal() if self._styles else ""
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        set_property(self.name, "invalid", bool(self._styles) and bool(self._name_problem()))
        style = self._styles.get(self.style_field.value(), {})
        self.about.setText(f"By {style['creator']}. Licence: {style['licence'].rstrip('.')}." if style else "")
        self.known.setText(_known(style.get("attributes", {}), style.get("class_is", "")))
        self.changed.emit()

    def _show(self, pictures: Any) -> None:
        self.error.clear()
        self.tiles.set_pictures(pictures)

    def _failed(self, reason: str, details: str) -> None:
        self.tiles.clear()
        self.error.show_error(reason, details)


def _known(attributes: Mapping[str, Sequence[str]], class_is: str) -> str:
    """What is kept of each picture, in words."""
    if not attributes:
        return ""
    parts = [f"{name.replace('_', ' ')} ({len(values)})" for name, values in attributes.items()]
    of_class = f" Its class is the {class_is.lower()}." if class_is else ""
    return f"Kept of each: {', '.join(parts)}.{of_class}"
