"""Distillation: a model that is there learns from a larger or better one, by an adapter beside it.

- where both read the same tokens, from the teacher's whole distribution at each token of the answers (Hinton et al.
  2015), which says far more than the one token that was written; it is computed as it is needed
- elsewhere from the answers that the teacher writes to the prompts (Kim and Rush 2016), as instructions
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fmstudio.data.tuning.examples import Instruction, Message
from fmstudio.errors import StudioError
from fmstudio.families.adapter_family import SECTIONS_OF_EXAMPLES, SHARED_PLOTS, AdapterFamily, training_defaults
from fmstudio.families.adapting import Base, ChatModel, on_device, open_base, open_model
from fmstudio.families.example_rows import NothingLearntError, Rows, conversation_row, read_rows
from fmstudio.families.family import Learner, Plot, Recipe, ValidationResult
from fmstudio.families.instructions import InstructionData, InstructionLearner, InstructionRow, row_of
from fmstudio.jobs import Event, JobContext, Note, Progress
from fmstudio.nn.answers import Answer, write_answers
from fmstudio.nn.decoder import Decoder
from fmstudio.nn.token_loss import divergences_of
from fmstudio.recipe import setting
from fmstudio.wording import plural
from fmstudio.workspace import Workspace

WRITTEN_AT_ONCE = 16
"""Answers that a teacher writes side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistillationObjective:
    """The [objective] section: who teaches, and what is learnt of it."""

    teacher: str = setting(
        "",
        "The model to learn from: a name in the workspace or the catalogue, a folder, or a .gguf file.",
        simple=True,
        placeholder="Name or path of a model",
    )
    method: str = setting(
        "auto",
        "Distributions say how likely the teacher finds every token, and need the same vocabulary; answers are what it "
        "writes. Automatic takes distributions where they can be compared.",
        choices={"auto": "Automatic", "distributions": "Distributions", "answers": "Answers"},
    )
    temperature: float = setting(
        1.0,
        "With distributions, above 1 shows more of what the teacher finds unlikely.",
        minimum=0.1,
        maximum=20.0,
    )
    tokens: int = setting(
        128,
        "With answers, those that the teacher has not ended by then are left out, and told.",
        minimum=1,
        maximum=8192,
        unit="tokens",
        title="Longest answer",
    )


class DistributionLearner(InstructionLearner):
    """A base with an adapter that learns to find likely what its teacher does, over the answers of conversations."""

    def __init__(
        self, base: Base, recipe: Recipe, rows: Rows[InstructionRow], teacher: Decoder, device: torch.device
    ) -> None:
        super().__init__(base, recipe, rows, device)
        self._teacher = on_device(device, teacher).requires_grad_(False)
        self._temperature: float = recipe.sections["objective"].temperature

    def _nats(self, rows: Sequence[InstructionRow], noisy: bool = False) -> Tensor:
        return self._nats_of_each(rows, noisy).sum()

    def _nats_of_each(self, rows: Sequence[InstructionRow], noisy: bool = False) -> Tensor:
        """The divergence from the teacher at the learnt tokens of each row, in nats, times the temperature's square,
        which keeps gradients alike (Hinton et al. 2015, section 2.1), (rows,)."""
        ids = [row.text.ids for row in rows]
        tokens, hidden = self.read(ids, noisy=noisy)
        places = self.places([row.text for row in rows])
        with torch.no_grad():
            wanted = self._teacher.hidden_states(tokens[None], lengths=[len(each) for each in ids])[0, places]
        each = divergences_of(
            hidden[places] / self._temperature, self.read_out,
            wanted / self._temperature, self._teacher.lm_head_weight,
        )  # fmt: skip
        counts = [int(row.text.predicted.sum()) for row in rows]
        return torch.stack([part.sum() for part in each.split(counts)]) * self._temperature**2

    @torch.no_grad()
    def validate(self) -> Generator[None, None, ValidationResult]:
        """The divergence from the teacher over the held-back answers, in nats a token."""
        found = yield from super().validate()
        return ValidationResult(found.score, {"loss/validation": found.score})


class DistillationFamily(AdapterFamily):
    """Adapters that teach a language model what another one knows."""

    name = "distillation"
    title = "Distillation"
    order = 18
    description = (
        "A language model that is there learns from a larger or better one: to find likely what its teacher does, or, "
        "where the two read different tokens, to answer as it does. What it learns is an adapter, a small set of "
        "numbers beside the model, which can be put on and taken off."
    )
    objective = (
        "The model reads a conversation and is asked for each token of the answers, and its teacher is too: the model "
        "is to find each token as likely as its teacher does."
    )
    data_kind = "instructions"
    sections = {"data": InstructionData, "objective": DistillationObjective, **SECTIONS_OF_EXAMPLES}
    training_defaults = training_defaults(steps=100, evaluate_every=20)
    plots = (Plot("loss", "Loss", "nats per token of an answer"), *SHARED_PLOTS)
    overfits_to = 0.8

    def learner(
        self, context: JobContext, workspace: Workspace, recipe: Recipe, device: torch.device
    ) -> Generator[Event, None, Learner]:
        """Open both models, read the conversations, or have the teacher write their answers, and put a new adapter
        beside the base."""
        wanted: DistillationObjective = recipe.sections["objective"]
        if not wanted.teacher:
            raise StudioError("objective.teacher is empty; name the model to learn from.")
        base = yield from open_base(context, workspace, recipe.init)
        teacher = yield from open_model(context, workspace, wanted.teacher)
        if teacher.identity.path == base.identity.path:
            raise StudioError(f"{recipe.init} is to learn from itself, which teaches nothing; name another teacher.")
        compares = same_tokens(base, teacher)
        if wanted.method == "distributions" and not compares:
            raise StudioError(
                f"{recipe.init} and its teacher {wanted.teacher} read different tokens, so their distributions cannot "
                'be compared; set objective.method to "answers", or choose a teacher with the same vocabulary.'
            )
        data: InstructionData = recipe.data
        reader, all_turns = base.reader(), data.turns == "all"
        rows = yield from read_rows(
            workspace, data, lambda *example: [row_of(reader, all_turns, *example)],
            min(base.facts.context, teacher.facts.context) if compares else base.facts.context,
        )  # fmt: skip
        if compares and wanted.method != "answers":
            return DistributionLearner(base, recipe, rows, teacher.model.decoder, device)
        rows.train = yield from taught(base, teacher, rows.train, wanted.tokens)
        rows.validation = yield from taught(base, teacher, rows.validation, wanted.tokens)
        return InstructionLearner(base, recipe, rows, device)


def same_tokens(base: Base, teacher: ChatModel) -> bool:
    """Whether each number stands for the same token in both models."""
    sizes = {each.model.decoder.shape.vocabulary_size for each in (base, teacher)}
    return len(sizes) == 1 and base.model.tokenizer.get_vocab() == teacher.model.tokenizer.get_vocab()


def taught(
    base: Base, teacher: ChatModel, rows: Sequence[InstructionRow], most: int
) -> Generator[Event, None, list[InstructionRow]]:
    """The rows with the teacher's likeliest answers to their last questions; those that it has not ended after `most`
    tokens are left out, and told."""
    reading, writing = base.reader(), teacher.reader()
    found: list[InstructionRow] = []
    for done in range(0, len(rows), WRITTEN_AT_ONCE):
        part = rows[done : done + WRITTEN_AT_ONCE]
        texts = [conversation_row(writing, row.messages, all_turns=False) for row in part]
        prompts = [text.ids[: text.last_answer].tolist() for text in texts]
        answers: list[Answer] = []
        for so_far in write_answers(teacher.model.decoder, prompts, writing.ends, most):
            answers = so_far
            yield Progress(done, len(rows), "rows", "The teacher answers")
        for row, answer in zip(part, answers, strict=True):
            said = teacher.model.tokenizer.decode(answer.tokens, skip_special_tokens=True).strip()
            messages = Instruction((*row.messages[:-1], Message("assistant", said))).messages
            if not answer.ended:
                continue
            try:
                text = conversation_row(reading, messages, all_turns=False)
            except NothingLearntError:  # an empty answer
                continue
            if len(text) <= base.facts.context:
                found.append(replace(row, text=text, messages=messages))
    if len(found) < len(rows):
        missing = plural(len(rows) - len(found), "prompt")
        yield Note(
            f"The teacher has not ended its answers to {missing} within {most:,} tokens, and they are left out; raise "
            "objective.tokens to learn them too.", "warning",
        )  # fmt: skip
    if not found:
        raise StudioError(
            f"The teacher has ended none of its {len(rows):,} answers within {most:,} tokens; raise objective.tokens, "
            "or choose another teacher."
        )
    return found


FAMILY = DistillationFamily()
