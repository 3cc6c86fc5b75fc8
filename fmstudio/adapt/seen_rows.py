"""One row of a dataset to fine-tune on as a model reads it: the exact tokens, and which of them are learnt.

Nothing is computed by the model: its tokenizer and its chat template are enough.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fmstudio.data.tuning.examples import Example, Instruction, Messages, texts_of
from fmstudio.data.tuning.opened import open_examples
from fmstudio.errors import StudioError
from fmstudio.jobs import Event, JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.runtimes.conversation_tokens import ConversationReader, Token, facts_to_chat
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.tokens import tokenizer_of
from fmstudio.training.snapshot import model_folder
from fmstudio.wording import plural
from fmstudio.workspace import Workspace

Turns = Literal["all", "last"]
SHOWN = 4_000
"""Tokens of a text that are shown: of a longer one the beginning and the end."""

NO_TEMPLATE = (
    "This model has no chat template of its own: turns are written in the plain form that fine-tuning gives it."
)


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads examples as one model does. facts: its own; a model that continues texts is read as fine-tuning would."""

    facts: ModelFacts
    reader: ConversationReader
    marks: frozenset[int]

    def read(self, messages: Messages, all_turns: bool) -> list[Token]:
        """The tokens of a conversation; raises ModelError where the model's template cannot write it."""
        return self.reader.read([{"role": each.role, "content": each.content} for each in messages], all_turns)

    def learns(self, tokens: Sequence[Token]) -> bool:
        """Whether a word of the text would be learnt, not its end alone."""
        return any(token.learnt and token.id not in self.reader.ends for token in tokens)


def opened_reader(context: JobContext, workspace: Workspace, model: str) -> Generator[Event, None, RowReader]:
    """What reads as a model does; raises ModelError where only llama.cpp knows its tokens."""
    path, _ = yield from model_folder(context, workspace, model)
    facts = facts_of(path)
    tokenizer = tokenizer_of(facts)
    if tokenizer is None:
        raise ModelError(
            f"The tokens of {facts.title or path.stem} are known only to llama.cpp, so it cannot be fine-tuned here; "
            "choose another model."
        )
    chat = facts_to_chat(facts, tokenizer)
    marks = frozenset(number for text in chat.marks.all() if (number := tokenizer.token_to_id(text)) is not None)
    return RowReader(facts, ConversationReader(chat, tokenizer), marks)


def row(context: JobContext, workspace: Workspace, dataset: str, index: int, model: str, turns: Turns = "all") -> Job:
    """Show a row from 0 on as Sample "row": what is said of it, and for each of its texts the tokens.

    Each token has id, text, learnt, mark (whether it is one of the model's control marks) and end (whether it is
    learnt as the end of an answer). Of a text with more than `SHOWN` the middle is left out, and counted. Where a
    text cannot be read, or nothing of it would be learnt, its "problem" says so.
    """
    reader = yield from opened_reader(context, workspace, model)
    yield Progress(0, 1, "rows", f"Reading row {index + 1:,}")
    with open_examples(workspace, dataset) as examples:
        if not 0 <= index < len(examples):
            raise StudioError(
                f"{dataset!r} has {plural(len(examples), 'row')} and no row {index + 1:,}; choose another."
            )
        example, source, rows = examples[index], examples.source(index), len(examples)
    texts = [_told(reader, title, messages, learns_all(example, turns)) for title, messages in texts_of(example)]
    yield Sample("row", "row", {
        "dataset": dataset, "index": index, "rows": rows, "source": source, "model": model,
        "context": reader.facts.context, "note": "" if reader.facts.chat else NO_TEMPLATE, "texts": texts,
    })  # fmt: skip
    return None


def learns_all(example: Example, turns: Turns) -> bool:
    """Whether every answer is learnt: of pairs and judgements it is always the last alone."""
    return isinstance(example, Instruction) and turns == "all"


def _told(reader: RowReader, title: str, messages: Messages, all_turns: bool) -> dict[str, Any]:
    try:
        tokens = reader.read(messages, all_turns)
    except ModelError as error:
        return {"title": title, "tokens": [], "count": 0, "learnt": 0, "left_out": 0, "problem": str(error)}
    problem = ""
    if not reader.learns(tokens):
        problem = "Nothing of it would be learnt: the model's chat template leaves the answer out."
    elif len(tokens) > reader.facts.context:
        problem = (
            f"It is longer than the {reader.facts.context:,} tokens that the model can read, and would be left out."
        )
    left_out = max(0, len(tokens) - SHOWN)
    shown = tokens if not left_out else [*tokens[: SHOWN // 2], *tokens[-SHOWN // 2 :]]
    return {
        "title": title, "tokens": [_shown(reader, token) for token in shown], "count": len(tokens),
        "learnt": sum(token.learnt for token in tokens), "left_out": left_out, "problem": problem,
    }  # fmt: skip


def _shown(reader: RowReader, token: Token) -> dict[str, Any]:
    return {
        "id": token.id, "text": token.text, "learnt": token.learnt, "mark": token.id in reader.marks,
        "end": token.learnt and token.id in reader.reader.ends,
    }  # fmt: skip
