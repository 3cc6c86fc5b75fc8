"""Fields: who, where, when and how many in a sentence, as JSON. Sentences come from a small grammar of our own.

Names, places, numbers and templates are divided: questions use none that an example uses. Days are seven, and both
have them all.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fmstudio.data.tasks.task import Question, Task, shown
from fmstudio.data.tuning.examples import Example

KEYS = ("name", "place", "day", "number")
EXAMPLES, QUESTIONS = 360, 120
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Parts:
    """What sentences are built of. numbers: those that leave this remainder of three, of some remainders."""

    first: Sequence[str]
    last: Sequence[str]
    places: Sequence[str]
    things: Sequence[str]
    templates: Sequence[str]
    remainders: Sequence[int]


LEARNT = Parts(
    first=("Maria", "John", "Aisha", "Peter", "Lena", "Omar", "Nina", "David", "Yuki", "Carlos", "Ingrid", "Tom",
           "Fatima", "Jan", "Olga", "Samuel"),
    last=("Lopez", "Smith", "Khan", "Novak", "Berg", "Haddad", "Rossi", "Cohen", "Tanaka", "Silva", "Larsen", "Brown",
          "Diallo", "Kowalski", "Petrova", "Weber"),
    places=("Lisbon", "Oslo", "Prague", "Cairo", "Lima", "Kyoto", "Dublin", "Vienna", "Nairobi", "Boston", "Turin",
            "Helsinki", "Quito", "Leeds", "Athens", "Perth"),
    things=("lamps", "chairs", "books", "tickets", "boxes of tea", "maps", "blankets", "bottles", "plants", "posters"),
    templates=(
        "On {day} {name} ordered {number} {things} in {place}.",
        "{name} bought {number} {things} in {place} on {day}.",
        "In {place}, {name} will pick up {number} {things} on {day}.",
        "{number} {things} were sent to {name} in {place} on {day}.",
        "Please bring {number} {things} to {name}, who is in {place} until {day}.",
        "The shop in {place} kept {number} {things} for {name}, who came on {day}.",
        "{name} wrote from {place} that {number} {things} had arrived on {day}.",
        "It was a {day} when {name} left {place} with {number} {things}.",
    ),
    remainders=(0, 1),
)  # fmt: skip

ASKED = Parts(
    first=("Clara", "Hassan", "Emily", "Viktor", "Mei", "Paulo", "Sofia", "Ahmed", "Greta", "Liam"),
    last=("Moreau", "Okafor", "Jensen", "Ivanov", "Chen", "Costa", "Farah", "Murphy", "Nagy", "Schmidt"),
    places=("Madrid", "Bergen", "Warsaw", "Tunis", "Bogota", "Osaka", "Cork", "Graz", "Accra", "Denver"),
    things=("umbrellas", "tables", "candles", "notebooks", "crates of apples", "bells", "ropes", "vases"),
    templates=(
        "{name} asked the office in {place} for {number} {things} by {day}.",
        "Last {day}, {number} {things} reached {place}, where {name} counted them.",
        "We met {name} in {place} on {day} and sold {number} {things}.",
        "By {day} {name} needs {number} more {things} at the house in {place}.",
    ),
    remainders=(2,),
)


class FieldsTask(Task):
    """A sentence as JSON."""

    name = "sentence-fields"
    title = "Fields as JSON"
    order = 20
    description = "Writes the name, place, day and number of a sentence as JSON."
    rule = "valid JSON with the four fields, each as in the sentence"
    held_back = "other names, places, numbers and sentences"
    source = "built by a grammar"
    most = 72

    def examples(self) -> Iterator[Example]:
        """Sentences of the parts that may be learnt."""
        for sentence, fields in _sentences(LEARNT, EXAMPLES, seed=3):
            yield shown(_asked(sentence), fields)

    def questions(self) -> list[Question]:
        """Sentences of the others."""
        return [Question(_asked(sentence), fields) for sentence, fields in _sentences(ASKED, QUESTIONS, seed=4)]

    def fault(self, question: Question, answer: str) -> str:
        """The order of the fields and the capitals of their values do not count, nor whether the number is a text."""
        try:
            found = json.loads(answer)
        except (ValueError, RecursionError):
            return "it is not valid JSON"
        if not isinstance(found, dict) or set(found) != set(KEYS):
            return "it does not have exactly the four fields"
        wanted = json.loads(question.expected)
        wrong = [key for key in KEYS if str(found[key]).strip().lower() != str(wanted[key]).lower()]
        return f"wrong {' and '.join(wrong)}" if wrong else ""


def _asked(sentence: str) -> str:
    return (
        'Write the name, place, day and number in this sentence as JSON with the keys "name", "place", "day" and '
        f'"number".\n\n{sentence}'
    )


def _sentences(parts: Parts, count: int, seed: int) -> list[tuple[str, str]]:
    """So many different sentences, each with its fields as JSON."""
    chance = random.Random(seed)
    numbers = [number for number in range(2, 100) if number % 3 in parts.remainders]
    found: dict[str, str] = {}
    while len(found) < count:
        fields = {
            "name": f"{chance.choice(parts.first)} {chance.choice(parts.last)}",
            "place": chance.choice(parts.places),
            "day": chance.choice(_DAYS),
            "number": chance.choice(numbers),
        }
        sentence = chance.choice(parts.templates).format(**fields, things=chance.choice(parts.things))
        found.setdefault(sentence, json.dumps(fields))
    return list(found.items())


TASK = FieldsTask()
