"""The figures of an answer in words: how quick it came, how long it is, why it ended, and whether it comes again."""

from collections.abc import Mapping
from typing import Any

from fmstudio.gui import formatting
from fmstudio.jobs import Progress

FINISHES = {
    "end": "ended by itself",
    "stop": "ended at a stop string",
    "length": "ended at the maximum of tokens",
    "context": "ended where the context is full",
    "stopped": "stopped",
}
_AROUND = 24


def figures_of(result: Mapping[str, Any]) -> str:
    """One quiet line under an answer; what is not known is left out."""
    parts = []
    if result.get("tokens_per_second"):
        parts.append(formatting.rate(result["tokens_per_second"], "tokens/s"))
    if result.get("seconds_to_first_token") is not None:
        parts.append(f"first token {brief(result['seconds_to_first_token'])}")
    if result.get("tokens") is not None:
        parts.append(formatting.plural(int(result["tokens"]), "token"))
    if finish := FINISHES.get(result.get("finish", "")):
        parts.append(finish)
    return " · ".join(parts)


def room_of(tokens: int | None, context: int | None) -> str:
    """How much of what a model can read is used: "312 of 8,192 tokens"."""
    if not tokens or not context:
        return ""
    return f"{formatting.count(tokens)} of {formatting.count(context)} tokens"


def pace_of(progress: Progress) -> str:
    """How an answer that is being written gets on."""
    if not progress.done and progress.message:
        return f"{progress.message}…"
    text = formatting.plural(int(progress.done), "token")
    return f"{formatting.rate(progress.rate, progress.rate_unit)} · {text}" if progress.rate else text


def brief(seconds: float) -> str:
    """A short time: 0.08 s, 0.4 s, 2 min 10 s."""
    return f"{seconds:.2f} s" if seconds < 0.995 else formatting.duration(seconds)


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What replaying an answer showed: the same text again, or where it goes another way."""
    old, new = str(before.get("text", "")), str(after.get("text", ""))
    if old == new:
        return "Replayed: the same output, character for character."
    if after.get("finish") == "stopped":
        return "Replay stopped: the same as far as it went." if old.startswith(new) else _parted(old, new)
    return _parted(old, new) + _why(before, after)


def _parted(old: str, new: str) -> str:
    at = next((place for place, (one, two) in enumerate(zip(old, new, strict=False)) if one != two), None)
    at = min(len(old), len(new)) if at is None else at
    place = f"Replayed: different from character {at + 1:,} on"
    return f"{place}: “{_excerpt(old, at)}” before, “{_excerpt(new, at)}” now."


def _why(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if before.get("model_version") and before["model_version"] != after.get("model_version"):
        return " The model's file is another one than before."
    if before.get("backend") != after.get("backend"):
        return f" It was written by {before.get('backend')}, and now by {after.get('backend')}."
    return ""


def _excerpt(text: str, at: int) -> str:
    found = text[at : at + _AROUND].replace("\n", "↵")
    return f"{found}…" if len(text) > at + _AROUND else found or "end"
