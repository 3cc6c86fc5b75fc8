"""An entry's texts on one page to read: prompt, output, what the correction changed, and what it was made with."""

import html
import json
from collections.abc import Iterator, Mapping
from typing import Any

from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QTextEdit

from fmstudio.gui import formatting
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.difference import as_html, difference

LONGEST = 20_000
"""Characters of a text that are shown; the entry has them all."""

_COMPARED = 6_000  # characters of two texts that are compared word by word
_MARKED = 100
_MEASURED = {"seconds", "seconds_to_first_token", "tokens_per_second"}
_HIDDEN = {"replay", "messages", "picture", "chunks", "seed", "model"}


class FeedbackPage(QTextEdit):
    """Read-only; what a search found is marked."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName("feedback-page")
        self.setAccessibleName("The entry's texts")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("QTextEdit { background: transparent; border: none; padding: 0; }")
        self.document().setDocumentMargin(0)

    def show_record(self, record: Mapping[str, Any], search: str = "", replayed: str | None = None) -> None:
        """Show an entry; replayed: what came out when it was made again, where that differs."""
        self.setHtml("".join(self._parts(record, replayed)))
        self.mark(search)

    def _parts(self, record: Mapping[str, Any], replayed: str | None) -> Iterator[str]:
        messages = record["details"].get("messages") or []
        if messages:
            for message in messages:
                yield self._part({"user": "Prompt", "assistant": "Answer before"}.get(message["role"], "System prompt"),
                                 message["content"])  # fmt: skip
        elif record["prompt"]:
            yield self._part("Prompt" if record["kind"] == "text" else "Asked for", record["prompt"])
        if replayed is not None:
            yield self._difference("Output before and now", record["output"], replayed)
        elif record["correction"]:
            yield self._difference("Output and correction", record["output"], record["correction"])
        elif record["kind"] == "text":
            yield self._part("Output", record["output"])
        if record["comment"]:
            yield self._part("Comment", record["comment"])
        for number, chunk in enumerate(record["details"].get("chunks") or [], 1):
            yield self._part(f"Passage {number}", _words_of(chunk))
        yield self._made_with(record)

    def _heading(self, title: str) -> str:
        size = self._theme.size("caption")
        look = f"color: {self._theme.css('secondary')}; font-size: {size}px; font-weight: 600; margin-top: 10px"
        return f'<p style="{look}; margin-bottom: 2px">{html.escape(title)}</p>'

    def _part(self, title: str, text: str) -> str:
        cut = ""
        if len(text) > LONGEST:
            cut = f'<p style="color: {self._theme.css("secondary")}">{_cut_words(text)}</p>'
        body = html.escape(text[:LONGEST]) or f'<i style="color: {self._theme.css("secondary")}">empty</i>'
        return f'{self._heading(title)}<div style="white-space: pre-wrap">{body}</div>{cut}'

    def _difference(self, title: str, before: str, after: str) -> str:
        if max(len(before), len(after)) > _COMPARED:
            first, second = title.split(" and ")
            return self._part(first, before) + self._part(second.capitalize(), after)
        left, right = difference(before, after)
        old = as_html(left, self._theme, "error_soft", "line-through")
        new = as_html(right, self._theme, "token_4", "underline")
        return f'{self._heading(title)}{old}<div style="margin-top: 6px">{new}</div>'

    def _made_with(self, record: Mapping[str, Any]) -> str:
        """All that is needed to make it again, as far as it is known."""
        details = record["details"]
        facts = {"model": record["model"], "model version": record["model_version"], **details.get("settings", {})}
        facts |= {key: value for key, value in details.items() if key not in _HIDDEN | {"settings"}}
        rows = "".join(self._fact(name, value) for name, value in facts.items() if value not in ("", None, [], {}))
        return f'{self._heading("Made with")}<table cellspacing="0">{rows}</table>'

    def _fact(self, name: str, value: Any) -> str:
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if isinstance(value, float):
            shown = formatting.number(value) if name in _MEASURED else formatting.setting_number(value)
        shown = f"{shown:.300}" + ("…" if len(shown) > 300 else "")
        caption = f"color: {self._theme.css('secondary')}; font-size: {self._theme.size('caption')}px"
        named = html.escape(name.replace("_", " "))
        return (
            f'<tr><td style="{caption}; padding-right: 16px">{named}</td>'
            f'<td style="font-size: {self._theme.size("caption")}px">{html.escape(shown)}</td></tr>'
        )

    def mark(self, search: str) -> None:
        """Mark the words of a search."""
        look = QTextCharFormat()
        look.setBackground(self._theme.color("selection"))
        look.setForeground(self._theme.color("text"))
        marks: list[QTextEdit.ExtraSelection] = []
        for word in search.split():
            cursor = QTextCursor(self.document())
            while len(marks) < _MARKED and not (cursor := self.document().find(word, cursor)).isNull():
                mark = QTextEdit.ExtraSelection()
                mark.cursor, mark.format = cursor, look
                marks.append(mark)
        self.setExtraSelections(marks)


def _cut_words(text: str) -> str:
    return f"The first {LONGEST:,} of {len(text):,} characters are shown; the entry keeps them all."


def _words_of(chunk: Any) -> str:
    if isinstance(chunk, Mapping):
        source = " · ".join(str(chunk[key]) for key in ("title", "source") if chunk.get(key))
        return f"{source}\n{chunk.get('text', '')}".strip()
    return str(chunk)
