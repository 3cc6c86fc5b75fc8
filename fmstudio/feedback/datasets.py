"""Makes a dataset to fine-tune on of the feedback log.

Corrections and answers that were found good become instructions. Pairs of a better and a worse answer become
preferences, and an answer that was judged without another to compare it with a single judgement.
"""

from collections.abc import Generator, Mapping

from fmstudio.data.intake import new_name
from fmstudio.data.kinds import INSTRUCTIONS
from fmstudio.data.tuning.examples import Example, readable
from fmstudio.data.tuning.keeping import counts_of, keep_examples, reasons, usable
from fmstudio.feedback.entries import FeedbackError, chosen
from fmstudio.feedback.exporting import gathered
from fmstudio.feedback.tuning import LeftOut, instructions, preferences
from fmstudio.jobs import Artefact, Event, JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.workspace import Workspace

SHOWN, LONGEST = 3, 1_200
"""Examples that a preview shows, and characters of each."""


def preview(
    context: JobContext,
    workspace: Workspace,
    kind: str = INSTRUCTIONS,
    filters: Mapping[str, str] | None = None,
    text: str = "",
) -> Job:
    """What `make` would make: {kind, counts, left_out: [{reason, entries}], first: the first ones to read, cut, name:
    one that is free}."""
    left_out = LeftOut()
    examples = yield from _examples(workspace, kind, filters or {}, text, left_out)
    first = [readable(each) for each in examples[:SHOWN]]
    data = {
        "kind": kind, "counts": counts_of(examples), "left_out": reasons(left_out),
        "first": [each if len(each) <= LONGEST else f"{each[:LONGEST]}…" for each in first],
        "name": new_name(workspace, "", f"feedback-{kind}"),
    }  # fmt: skip
    yield Sample("preview", "preview", data)
    return None


def make(
    context: JobContext,
    workspace: Workspace,
    name: str = "",
    kind: str = INSTRUCTIONS,
    filters: Mapping[str, str] | None = None,
    text: str = "",
) -> Job:
    """Make a dataset of the entries chosen; returns {dataset, kind, counts, left_out: [{reason, entries}]}.

    Raises FeedbackError, with what was left out and why, where no entry can teach anything of this kind.
    """
    left_out = LeftOut()
    name = new_name(workspace, name, f"feedback-{kind}")
    examples = yield from _examples(workspace, kind, filters or {}, text, left_out)
    if not examples:
        told = "; ".join(f"{each['entries']:,} – {each['reason']}" for each in reasons(left_out))
        raise FeedbackError(
            f"No entry can become {kind}" + (f" ({told})" if told else "") + "; rate or correct some outputs first."
        )
    record = keep_examples(workspace, name, kind, [(each, "Feedback") for each in examples], made_of=("feedback", ""))
    yield Artefact("dataset", name, str(workspace.dataset_folder(name)))
    return {"dataset": name, "kind": kind, "counts": record.details["counts"], "left_out": reasons(left_out)}


def _examples(
    workspace: Workspace, kind: str, filters: Mapping[str, str], text: str, left_out: LeftOut
) -> Generator[Event, None, list[Example]]:
    records = yield from gathered(workspace, chosen(filters, text))
    if kind == INSTRUCTIONS:
        lines = instructions(records, "conversational", left_out)
    else:
        lines = preferences(records, "conversational", left_out, judgements=True)
    return list(usable(kind, lines, left_out))
