"""What a model that is adapted knew before, and how much of it is lost: measured while it learns, limited, and learnt
again on the way.

Two things are measured, both in nats a token: text that was held back when the base learnt, and what the base says to
general questions. Of an answer only the words count that hold the fact, so that a model may learn to answer in another
manner and is not said to have forgotten anything.
"""

import hashlib
import tomllib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from tokenizers import Tokenizer
from torch import Tensor

from fmstudio.data.control_tokens import letters
from fmstudio.data.tuning.examples import Message
from fmstudio.families.example_rows import NothingLearntError, TokenRow, conversation_row, in_portions
from fmstudio.families.family import Retained
from fmstudio.families.old_text import OldText
from fmstudio.families.replay import WINDOW, Replay
from fmstudio.recipe import setting
from fmstudio.resources import RESOURCES
from fmstudio.runtimes.conversation_tokens import ConversationReader
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.tokens import begun

TEXT, QUESTIONS = "forgetting/text", "forgetting/questions"
"""The metrics: how much the loss has risen over the base's."""


LogProbabilities = Callable[[Sequence[TokenRow]], Tensor]
"""Log-probability of the tokens of each text that count, (texts,)."""

_BASES: dict[tuple[str, str], dict[str, float]] = {}
"""The losses of bases, by their version and by what was measured on: they do not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """The [retention] section: what must not be lost."""

    allowed: float = setting(
        0.05,
        "How much the loss on what the model knew before may rise; beyond it the run ends as one that forgets.",
        minimum=0.0,
        maximum=100.0,
        unit="nats",
        title="Allowed forgetting",
    )
    replay: float = setting(
        0.05,
        "How much old text is learnt again beside the examples, as a part of their tokens. 0 for none.",
        minimum=0.0,
        maximum=10.0,
    )
    replay_from: str = setting(
        "known",
        "Which old text that is: what the base was trained on, as far as that is known here, or else Python's "
        "reference.",
        choices={"known": "The base's own only", "any": "Its own, else Python's reference"},
    )


class Retention:
    """What a base knew, as it reads it, and how well it knew it."""

    def __init__(
        self, old: OldText, tokenizer: Tokenizer, reader: ConversationReader, facts: ModelFacts, version: str
    ) -> None:
        """version: of the base."""
        self.old = old
        self._tokenizer, self._reader, self._facts, self._version = tokenizer, reader, facts, version

    @cached_property
    def rows(self) -> dict[str, list[TokenRow]]:
        """What is measured, by its metric; some models cannot be asked, or read too little at once."""
        found = {TEXT: self._texts(), QUESTIONS: self._questions()}
        return {name: rows for name, rows in found.items() if rows}

    def rises(self, base: LogProbabilities, now: LogProbabilities | None) -> Generator[None, None, dict[str, float]]:
        """How much higher each loss is by now than it was; now: None where nothing has been learnt yet."""
        key = (self._version, _digest(self.rows))
        if key not in _BASES:
            _BASES[key] = yield from _losses(self.rows, base)
        before = _BASES[key]
        after = (yield from _losses(self.rows, now)) if now else before
        return {name: after[name] - before[name] for name in before}

    def replay(self, settings: RetentionSettings) -> Replay:
        """The old text that is learnt again, none where the settings want none or only what is not known."""
        wanted = settings.replay > 0 and (self.old.known or settings.replay_from == "any")
        return Replay([self._read(text) for text in self.old.others] if wanted else [], settings.replay)

    def _read(self, text: str) -> np.ndarray:
        ids = begun(letters(self._tokenizer, text).ids, self._facts.first_token)
        return np.array(ids[: self._facts.context], np.int32)

    def _texts(self) -> list[TokenRow]:
        found = [self._read(text)[:WINDOW] for text in self.old.held_back]
        return [TokenRow(ids, np.arange(len(ids)) > 0) for ids in found if len(ids) > 1]

    def _questions(self) -> list[TokenRow]:
        rows = [self._question(**each) for each in general_questions()]
        return [row for row in rows if row is not None and len(row) <= self._facts.context]

    def _question(self, question: str, lead: str, answer: str) -> TokenRow | None:
        """A conversation of which only what stands behind the lead counts; None for a model that cannot be asked."""
        try:
            whole, opening = (
                conversation_row(self._reader, [Message("user", question), Message("assistant", text)])
                for text in (f"{lead} {answer}", lead)
            )
        except (NothingLearntError, ModelError):
            return None
        shorter = min(len(whole), len(opening))
        differs = np.append(whole.ids[:shorter] != opening.ids[:shorter], True)
        counts = whole.learnt & ~np.isin(whole.ids, list(self._reader.ends))
        counts[: int(differs.argmax())] = False
        return TokenRow(whole.ids, counts) if counts.any() else None


@cache
def general_questions() -> tuple[dict[str, str], ...]:
    """Questions whose answers nearly every model knows: each with a lead, and the answer that goes on from it."""
    tables = tomllib.loads((RESOURCES / "general_questions.toml").read_text("utf-8"))
    return tuple(tables["questions"])


def _losses(
    rows: Mapping[str, Sequence[TokenRow]], measure: LogProbabilities
) -> Generator[None, None, dict[str, float]]:
    found = {}
    for name, texts in rows.items():
        nats = 0.0
        for portion in in_portions(texts):
            nats -= float(measure(portion).sum())
            yield
        found[name] = nats / sum(int(text.predicted.sum()) for text in texts)
    return found


def _digest(rows: Mapping[str, Sequence[TokenRow]]) -> str:
    digest = hashlib.sha256()
    for texts in rows.values():
        for text in texts:
            digest.update(text.ids.tobytes() + text.learnt.tobytes())
    return digest.hexdigest()


def told(metrics: Mapping[str, float], allowed: float, source: str) -> Retained | None:
    """What a run leaves of what the model knew, from the metrics of the model's step; None where it was not measured.

    source: what the text is from.
    """
    rises = {title: metrics[name] for name, title in ((TEXT, f"text ({source})"), (QUESTIONS, "general questions"))
             if name in metrics}  # fmt: skip
    if not rises:
        return None
    forgets = max(rises.values()) > allowed
    (first, rise), *others = sorted(rises.items(), key=lambda each: each[1], reverse=True)
    parts = [f"{_signed(rise)} nats a token on {first}", *(f"{_signed(each)} on {title}" for title, each in others)]
    told = f"compared with its base, its loss is {' and '.join(parts)}; +{allowed:g} is allowed."
    return Retained(forgets, f"{'It forgets' if forgets else 'It keeps what it knew'}: {told}")


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")
