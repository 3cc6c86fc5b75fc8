"""Makes a dataset to fine-tune on of a batch: what each row asked, with the answer that is to be learnt."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from fmstudio.adapt.batch_rows import BatchError
from fmstudio.adapt.batch_store import BatchStore
from fmstudio.data.intake import new_name
from fmstudio.data.kinds import INSTRUCTIONS
from fmstudio.data.tuning.examples import Example
from fmstudio.data.tuning.keeping import keep_examples, reasons, usable
from fmstudio.jobs import Artefact, JobContext, Progress
from fmstudio.jobs.context import Job
from fmstudio.workspace import Workspace

Answers = Literal["given", "right", "expected"]
ANSWERS: tuple[Answers, ...] = ("given", "right", "expected")
"""All answers as they were given; of these the ones that are as expected; the expected ones, also where others were
given."""

_PACE = 200


def make(context: JobContext, workspace: Workspace, batch: str, name: str = "", answers: Answers = "given") -> Job:
    """Make a dataset of instructions of a batch; returns {dataset, kind, counts, left_out: [{reason, entries}]}.

    Raises BatchError where its table has no expected answers and such are asked for, and where no row can be used.
    """
    store = BatchStore(workspace, batch)
    if answers not in ANSWERS:
        raise BatchError(f"{answers!r} is no choice of answers; choose one of {', '.join(ANSWERS)}.")
    if answers != "given" and not store.request.expected:
        raise BatchError("This batch has no column of expected answers; learn the answers as they were given.")
    name = new_name(workspace, name, f"{store.request.prompt}-answers")
    left_out: Counter[str] = Counter()
    examples: list[tuple[Example, str]] = []
    for result in store.results():
        if result["row"] % _PACE == 0:
            yield Progress(result["row"], store.request.total, "rows", "Reading the answers")
        rows = _rows(result, answers, left_out)
        examples += [(example, f"{batch}, row {result['row']:,}") for example in usable(INSTRUCTIONS, rows, left_out)]
    if not examples:
        told = "; ".join(f"{count:,} – {reason}" for reason, count in left_out.most_common())
        raise BatchError(f"No row of this batch can be learnt ({told or 'it has none yet'}).")
    record = keep_examples(workspace, name, INSTRUCTIONS, examples, made_of=("batch", batch))
    yield Artefact("dataset", name, str(workspace.dataset_folder(name)))
    counts = record.details["counts"]
    return {"dataset": name, "kind": INSTRUCTIONS, "counts": counts, "left_out": reasons(left_out)}


def _rows(result: Mapping[str, Any], answers: Answers, left_out: Counter[str]) -> Iterator[dict[str, Any]]:
    """What a row teaches: nothing, with the reason counted, or one answer."""
    if result["status"] != "done":
        left_out["not answered"] += 1
    elif not result.get("messages"):
        left_out["continues a text instead of answering, so it is no conversation"] += 1
    elif answers == "right" and not result["exact"]:
        left_out["not answered as expected"] += 1
    elif answers == "given" and result.get("finish") == "length":
        left_out["cut off at the most tokens that an answer could have"] += 1
    else:
        said = result["expected"] if answers == "expected" else result["output"].strip()
        yield {"prompt": result["messages"], "completion": [{"role": "assistant", "content": said}]}
