"""Words around whole numbers, for sentences that every part of the program writes."""

from collections.abc import Sequence


def plural(amount: int, noun: str, several: str = "") -> str:
    """1 document, 2,000 documents. several: what more than one are called where it is not the noun with an s."""
    return f"{amount:,} {noun if amount == 1 else several or noun + 's'}"


def numbered(what: str, numbers: Sequence[int]) -> str:
    """Which of many, as far as a line has room: line 7; lines 3, 7, 12, 13, 20 …"""
    shown = ", ".join(f"{number:,}" for number in numbers[:5])
    return f"{what}{'s' if len(numbers) > 1 else ''} {shown}{' …' if len(numbers) > 5 else ''}"
