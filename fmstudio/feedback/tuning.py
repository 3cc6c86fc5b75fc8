"""What of the log can teach a model: pairs of prompt and completion, and of a chosen and a rejected answer.

The lines are those that `trl` reads, in its standard form, whose values are texts, or in its conversational form,
whose values are lists of messages and to which the trainer applies the model's own chat template.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from fmstudio.workspace import FeedbackRecord

Form = Literal["plain", "conversational"]
FORMS: tuple[Form, ...] = ("plain", "conversational")
Line = dict[str, Any]
LEAST_SCORE, MOST_SCORE = 4, 2
"""A score from which an output counts as good, and up to which it counts as bad."""

_AGAIN = "says the same as another"
_ALONE = "nothing to compare with: not corrected, and no other answer was rated otherwise"
_UNDECIDED = "rated neither good nor bad, and nothing to compare with"


class LeftOut(Counter[str]):
    """How many entries are not among the lines, by reason."""


def instructions(records: Iterable[FeedbackRecord], form: Form, left_out: LeftOut) -> Iterator[Line]:
    """A line for each corrected entry, with the correction, and for each that a person liked, with the output."""
    seen: set[tuple[str, str]] = set()
    for record in records:
        asked = _asked(record, form, left_out)
        if asked is None:
            continue
        completion = record.correction or (record.output if _liked(record) else "")
        if (repr(asked), completion) in seen:
            left_out[_AGAIN] += 1
        elif completion.strip():
            seen.add((repr(asked), completion))
            yield {"prompt": asked, "completion": _said(completion, form)}
        elif not _rated(record):
            left_out["not rated yet"] += 1
        else:
            left_out["rated low or empty, and not corrected"] += 1


def preferences(
    records: Iterable[FeedbackRecord], form: Form, left_out: LeftOut, judgements: bool = False
) -> Iterator[Line]:
    """Corrections over what was put right, and among answers to the same prompt, over each the best that beats it.

    Two answers can be compared where both have a score, and it differs, or else both have thumbs, and they differ.
    judgements: an answer that is in no pair stands alone where it was found good or bad, as {"prompt", "completion",
    "label"}; else it is left out.
    """
    by_prompt: dict[str, list[FeedbackRecord]] = {}
    for record in records:
        if (
            _asked(record, form, left_out) is not None
        ):  # answers under different system prompts say nothing of each other
            by_prompt.setdefault(repr(messages_of(record) or record.prompt), []).append(record)
    seen: set[tuple[str, str, str]] = set()
    for group in by_prompt.values():
        used: set[str] = set()
        asked = _question(group[0], form)
        for better, worse, names in _pairs(group):
            used.update(names)
            if (repr(asked), better, worse) in seen:
                left_out[_AGAIN] += 1
                continue
            seen.add((repr(asked), better, worse))
            yield {"prompt": asked, "chosen": _said(better, form), "rejected": _said(worse, form)}
        for record in group:
            if record.id in used:
                continue
            verdict = _verdict(record) if judgements and record.output.strip() else None
            if not _rated(record):
                left_out["not rated yet"] += 1
            elif verdict is None:
                left_out[_UNDECIDED if judgements else _ALONE] += 1
            elif (repr(asked), record.output, str(verdict)) in seen:
                left_out[_AGAIN] += 1
            else:
                seen.add((repr(asked), record.output, str(verdict)))
                yield {"prompt": asked, "completion": _said(record.output, form), "label": verdict}


def _pairs(group: list[FeedbackRecord]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(chosen, rejected, ids of their entries) of the answers to one prompt."""
    for record in group:
        if record.correction.strip() and record.correction != record.output:
            yield record.correction, record.output, (record.id,)
    for other in group:
        better = [one for one in group if _is_better(one, other) and one.output.strip() and one.output != other.output]
        best = max(better, key=lambda record: (record.score, record.thumbs), default=None)
        if best is not None:
            yield best.output, other.output, (best.id, other.id)


def _is_better(one: FeedbackRecord, other: FeedbackRecord) -> bool:
    if one.score and other.score and one.score != other.score:
        return one.score > other.score
    return one.thumbs * other.thumbs == -1 and one.thumbs > other.thumbs


def _liked(record: FeedbackRecord) -> bool:
    return record.thumbs == 1 if not record.score else record.score >= LEAST_SCORE and record.thumbs != -1


def _verdict(record: FeedbackRecord) -> bool | None:
    """Whether an output was found good or bad, where that is clear."""
    bad = record.thumbs == -1 if not record.score else record.score <= MOST_SCORE and record.thumbs != 1
    return True if _liked(record) else False if bad else None


def _rated(record: FeedbackRecord) -> bool:
    return bool(record.thumbs or record.score or record.correction)


def _asked(record: FeedbackRecord, form: Form, left_out: LeftOut) -> str | list[dict[str, str]] | None:
    """What the model was asked, or None with the reason counted."""
    if record.kind != "text":
        left_out["a picture"] += 1
        return None
    question = _question(record, form)
    if question is None:
        left_out[
            "a conversation of several turns, which only the conversational form can hold"
            if form == "plain"
            else "continues a text instead of answering, so it is no conversation"
        ] += 1
    return question


def _question(record: FeedbackRecord, form: Form) -> str | list[dict[str, str]] | None:
    messages = messages_of(record)
    if form == "conversational":
        return messages or None
    asked = [message["content"] for message in messages if message["role"] != "system"]
    if not messages:
        return record.prompt
    return asked[0] if len(asked) == 1 else None


def messages_of(record: FeedbackRecord) -> list[dict[str, str]]:
    """The conversation that was put to the model; empty where it continued a text."""
    found = record.details.get("messages") or []
    return [{"role": str(each["role"]), "content": str(each["content"])} for each in found]


def _said(text: str, form: Form) -> str | list[dict[str, str]]:
    return text if form == "plain" else [{"role": "assistant", "content": text}]
