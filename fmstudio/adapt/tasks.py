"""Many tasks, one model: an adapter for each task, and how base and adapters do on all of them.

Every model answers the same held-back questions by its likeliest tokens, and a program judges the answers.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from fmstudio.adapt.task_adapters import adapter_of, train
from fmstudio.adapt.task_store import BASE, Answered
from fmstudio.adapt.task_table import Comparison, absent, opened, table_of
from fmstudio.data.tasks import Question, Task, tasks_named
from fmstudio.data.tuning.examples import Message
from fmstudio.errors import StudioError
from fmstudio.families.example_rows import conversation_row
from fmstudio.jobs import Event, JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.nn.answers import Answer, write_answers
from fmstudio.runtimes.conversation_tokens import ConversationReader, facts_to_chat
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.opened import loading
from fmstudio.runtimes.references import bring, catalogue_model, place_of_model
from fmstudio.runtimes.text import LanguageModel
from fmstudio.runtimes.torch_runtime import TorchRuntime
from fmstudio.runtimes.version import version_of
from fmstudio.workspace import Workspace

STARTER = "smollm2-135m-instruct"
ROWS = 60
"""Questions of each task, where nobody says another number."""

AT_ONCE = 20
"""Questions that are answered together, after which the answers are kept."""

TRAINING, ANSWERING = 5.0, 1.0
"""What a training and the questions of one cell are worth in the progress of the whole, about by their time."""


def compare(
    context: JobContext,
    workspace: Workspace,
    base: str = STARTER,
    tasks: Sequence[str] = (),
    rows: int = ROWS,
    changes: Sequence[str] = (),
) -> Job:
    """Train an adapter for each task that has none, let base and adapters answer the questions of all, and compare.

    What is there is neither trained nor asked again. tasks: some by name; all where none is. changes: of the presets,
    as "training.steps=20". Yields the table as it
    fills as Sample "tasks"; returns it. Raises StudioError for less than two rows, where nothing can be said.
    """
    if rows < 2:
        raise StudioError(f"rows is {rows}, but at least 2 questions of each task are needed; 60 say a good deal.")
    yield from bring(context, workspace, base)
    comparison = opened(workspace, base, tasks, rows, changes)
    yield table_of(comparison)
    yield from _work(context, comparison)
    comparison.doing = ""
    last = table_of(comparison)
    yield last
    return last.structure


def table(
    context: JobContext,
    workspace: Workspace,
    base: str = STARTER,
    tasks: Sequence[str] = (),
    rows: int = ROWS,
    changes: Sequence[str] = (),
) -> Job:
    """Show the table as far as it is known, without any work: Sample "tasks"."""
    item = catalogue_model(workspace, base)
    is_here = item is None or item.fetched
    found = opened(workspace, base, tasks, rows, changes) if is_here else absent(workspace, base, tasks, rows)
    yield table_of(found)
    return None


def answers(
    context: JobContext,
    workspace: Workspace,
    model: str,
    task: str,
    base: str = STARTER,
    rows: int = ROWS,
    changes: Sequence[str] = (),
) -> Job:
    """Show what a model, and the base beside it, answered to the questions of a task: Sample "answers".

    model: the task that it learnt, or "base".
    """
    comparison = opened(workspace, base, (), rows, changes)
    (asked,) = tasks_named([task])
    if model not in comparison.models:
        raise StudioError(f"There is no adapter of the task {model!r}; known are {', '.join(comparison.models)}.")
    before, after = (comparison.answers(who, asked) for who in (BASE, model))
    told = {"model": model, "task": task, "base": [asdict(each) for each in before],
            "answers": [asdict(each) for each in after]}  # fmt: skip
    yield Sample("answers", "answers", told)
    return None


# The work.


def _work(context: JobContext, comparison: Comparison) -> Generator[Event, None, None]:
    """What is missing: first each adapter with its own task, then the other cells."""
    steps = _Steps(comparison)
    own = [(task.name, task) for task in comparison.tasks]
    for who, task in own:
        yield from _answered(context, comparison, BASE, task, steps)
        if comparison.adapters[task.name] is None and not context.stopping:
            yield from _trained(context, comparison, task, steps)
        steps.finish(TRAINING)
        yield from _answered(context, comparison, who, task, steps)
    for who, task in [(each.name, task) for each in comparison.tasks for task in comparison.tasks if each is not task]:
        yield from _answered(context, comparison, who, task, steps)


class _Steps:
    """How far the whole is: parts that are done, and what is done of the present one."""

    def __init__(self, comparison: Comparison) -> None:
        tasks = len(comparison.tasks)
        self._total = TRAINING * tasks + ANSWERING * tasks * (tasks + 1)
        self._done = 0.0

    def finish(self, worth: float) -> None:
        """A part of that worth is done."""
        self._done += worth

    def within(self, worth: float, event: Progress, message: str) -> Progress:
        """The progress of a part as that of the whole; what comes before its steps, such as reading, has none."""
        part = event.done / event.total if event.total and event.unit == "steps" else 0.0
        done = self._done + worth * min(1.0, part)
        return Progress(round(done, 3), self._total, "parts", message, event.rate, event.rate_unit)


def _trained(context: JobContext, comparison: Comparison, task: Task, steps: _Steps) -> Generator[Event, None, None]:
    """Train an adapter; what training tells is passed on, and its progress is that of the whole."""
    comparison.doing = task.name
    yield table_of(comparison)
    job = train(context, comparison.workspace, comparison.store, task, comparison.base, comparison.changes)
    for event in job:
        yield steps.within(TRAINING, event, f"Training: {task.title}") if isinstance(event, Progress) else event
    comparison.adapters[task.name] = adapter_of(comparison.workspace, task, comparison.base, comparison.changes)
    comparison.doing = ""
    yield table_of(comparison)


def _answered(
    context: JobContext, comparison: Comparison, who: str, task: Task, steps: _Steps
) -> Generator[Event, None, None]:
    """Let a model answer what it has not answered yet of a task, some questions at a time."""
    model, questions = comparison.models[who], comparison.questions(task)
    known = comparison.answers(who, task)
    message = f"{'The base' if who == BASE else model} answers: {task.title}"
    comparison.doing = f"{who}/{task.name}"
    while model and len(known) < len(questions) and not context.stopping:
        yield table_of(comparison)
        path = place_of_model(comparison.workspace, model)
        runtime = (yield from loading(path, "torch")).runtime
        assert isinstance(runtime, TorchRuntime)
        asked = questions[len(known) : len(known) + AT_ONCE]
        for written in _written(runtime.model, _reader(runtime.model, path), task, asked):
            if isinstance(written, list):
                known += written
                break
            done = Progress(len(known) + written * len(asked), len(questions))
            yield steps.within(ANSWERING, done, message)
            if context.stopping:
                break
        comparison.store.keep_answers(who, version_of(path), task, known)
    comparison.doing = ""
    steps.finish(ANSWERING)
    yield table_of(comparison)


def _reader(model: LanguageModel, path: Path) -> ConversationReader:
    """Reads conversations as the model at a path does."""
    return ConversationReader(facts_to_chat(facts_of(path), model.tokenizer), model.tokenizer)


def _written(
    model: LanguageModel, reader: ConversationReader, task: Task, questions: Sequence[Question]
) -> Iterator[float | list[Answered]]:
    """The likeliest answers to some questions; before they are whole, what part of the longest is written."""
    texts = [conversation_row(reader, (Message("user", each.asked), Message("assistant", each.expected)))
             for each in questions]  # fmt: skip
    prompts = [text.ids[: text.last_answer].tolist() for text in texts]
    last: list[Answer] = []
    for number, answers in enumerate(write_answers(model.decoder, prompts, reader.ends, task.most), 1):
        yield number / (task.most + 1)
        last = answers
    judged = []
    for question, answer in zip(questions, last, strict=True):
        said = str(model.tokenizer.decode(answer.tokens, skip_special_tokens=True)).strip()
        fault = task.judge(question, said, answer.ended)
        judged.append(Answered(question.asked, question.expected, said, answer.ended, fault))
    yield judged
