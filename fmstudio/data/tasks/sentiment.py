"""Sentiment: one word for what a sentence thinks of something. Sentences are built of templates and words of our own.

Words of judgement, things and templates are divided: questions use none that an example uses. Some templates turn the
word around or set two against each other, so that knowing the words is not enough.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fmstudio.data.tasks.task import Question, Task, shown
from fmstudio.data.tuning.examples import Example

LABELS = ("positive", "negative", "neutral")
EXAMPLES, QUESTIONS = 360, 120

Templates = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Words:
    """What sentences are built of. templates: by label; {good}, {bad} and {plain} are words, {thing} what it is of."""

    good: Sequence[str]
    bad: Sequence[str]
    plain: Sequence[str]
    things: Sequence[str]
    templates: Templates


LEARNT = Words(
    good=(
        "wonderful",
        "excellent",
        "delightful",
        "lovely",
        "brilliant",
        "charming",
        "superb",
        "beautiful",
        "perfect",
        "enjoyable",
        "impressive",
        "reliable",
        "comfortable",
        "elegant",
        "refreshing",
        "cheerful",
        "generous",
        "clever",
        "smooth",
        "tasty",
        "friendly",
        "fantastic",
        "pleasant",
        "thoughtful",
    ),
    bad=(
        "terrible",
        "awful",
        "boring",
        "disappointing",
        "ugly",
        "broken",
        "dull",
        "annoying",
        "useless",
        "dirty",
        "clumsy",
        "rude",
        "noisy",
        "flimsy",
        "tasteless",
        "confusing",
        "horrible",
        "stale",
        "cramped",
        "unreliable",
        "careless",
        "painful",
        "poor",
        "tedious",
    ),
    plain=("grey", "round", "wooden", "small", "square", "blue", "printed", "folded", "new", "rectangular"),
    things=(
        "film",
        "soup",
        "hotel",
        "novel",
        "concert",
        "lamp",
        "garden tour",
        "phone",
        "bakery",
        "train ride",
        "jacket",
        "lesson",
        "museum",
        "tent",
        "coffee",
        "play",
        "chair",
        "radio",
    ),
    templates={
        "positive": (
            "The {thing} was {good}.",
            "What a {good} {thing}!",
            "I found the {thing} {good} from beginning to end.",
            "We would pick this {thing} again: it is {good}.",
            "I feared the {thing} would be {bad}, but it turned out {good}.",
            "The {thing} is anything but {bad}.",
            "Everyone at our table called the {thing} {good}.",
        ),
        "negative": (
            "The {thing} was {bad}.",
            "What a {bad} {thing}!",
            "I found the {thing} {bad} from beginning to end.",
            "We want our money back: the {thing} is {bad}.",
            "I hoped the {thing} would be {good}, but it turned out {bad}.",
            "The {thing} is anything but {good}.",
            "Everyone at our table called the {thing} {bad}.",
        ),
        "neutral": (
            "The {thing} is listed on page {number}.",
            "There is a {plain} label on the {thing}.",
            "They moved the {thing} to the {plain} building.",
            "The {thing} begins at {number} o'clock.",
            "I wrote down the price of the {thing}: {number} crowns.",
        ),
    },
)

ASKED = Words(
    good=(
        "splendid",
        "marvellous",
        "terrific",
        "gorgeous",
        "outstanding",
        "graceful",
        "delicious",
        "amazing",
        "superior",
        "heart-warming",
        "flawless",
        "magnificent",
    ),
    bad=(
        "dreadful",
        "miserable",
        "disgusting",
        "shabby",
        "lousy",
        "tiresome",
        "hideous",
        "pathetic",
        "unpleasant",
        "worthless",
        "sloppy",
        "atrocious",
    ),
    plain=("green", "oval", "metal", "narrow", "yellow", "numbered"),
    things=("restaurant", "camera", "ferry", "musical", "sofa", "cake", "podcast", "bicycle", "exhibition", "kettle"),
    templates={
        "positive": (
            "Honestly, this {thing} is {good}.",
            "My sister says that the {thing} is {good}, and she is right.",
            "Nobody had told us how {good} the {thing} is.",
            "The {thing} looked {bad} at first, yet it was {good} in the end.",
        ),
        "negative": (
            "Honestly, this {thing} is {bad}.",
            "My sister says that the {thing} is {bad}, and she is right.",
            "Nobody had told us how {bad} the {thing} is.",
            "The {thing} looked {good} at first, yet it was {bad} in the end.",
        ),
        "neutral": (
            "You can see the {thing} from window {number}.",
            "The {thing} has a {plain} handle.",
            "Our {thing} arrived on the day that was agreed, in {number} parts.",
        ),
    },
)


class SentimentTask(Task):
    """Positive, negative or neutral."""

    name = "sentiment-words"
    title = "Sentiment in a word"
    order = 10
    description = "Says in one word whether a sentence is positive, negative or neutral."
    rule = "exactly the one word"
    held_back = "other words of judgement, other things and other sentences"
    source = "built of words and templates"
    most = 12

    def examples(self) -> Iterator[Example]:
        """Sentences of the words that may be learnt."""
        for sentence, label in _sentences(LEARNT, EXAMPLES, seed=1):
            yield shown(_asked(sentence), label)

    def questions(self) -> list[Question]:
        """Sentences of the others."""
        return [Question(_asked(sentence), label) for sentence, label in _sentences(ASKED, QUESTIONS, seed=2)]

    def fault(self, question: Question, answer: str) -> str:
        """Capitals and a full stop do not count."""
        said = answer.lower().rstrip(".")
        if said == question.expected:
            return ""
        return f"it is {question.expected}" if said in LABELS else "it is not one of the three words"


def _asked(sentence: str) -> str:
    return f"Is this positive, negative or neutral? Answer with one word.\n\n{sentence}"


def _sentences(words: Words, count: int, seed: int) -> list[tuple[str, str]]:
    """So many different sentences, each label as often as the others."""
    chance = random.Random(seed)
    found: dict[str, str] = {}
    while len(found) < count:
        label = LABELS[len(found) % len(LABELS)]
        sentence = chance.choice(words.templates[label]).format(
            good=chance.choice(words.good), bad=chance.choice(words.bad), plain=chance.choice(words.plain),
            thing=chance.choice(words.things), number=chance.randint(2, 40),
        )  # fmt: skip
        found.setdefault(sentence, label)
    return list(found.items())


TASK = SentimentTask()
