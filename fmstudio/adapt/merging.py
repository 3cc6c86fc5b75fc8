"""Merging: a whole model of a base and its adapter, which any program runs without knowing of adapters.

What it costs is measured on a text: base and adapter, the merged model in float32, and the merged model rounded again
to the numbers that the base had, as it would be once it is quantised.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from gguf import GGMLQuantizationType as Kind
from torch import Tensor

from fmstudio.adapt.held_out import TEXT, loss_of, portions, usual_text
from fmstudio.data.catalogue import read_catalogue
from fmstudio.jobs import Artefact, JobContext, Progress
from fmstudio.jobs.context import Job
from fmstudio.nn.lora import adapter_of
from fmstudio.runtimes.adapter_base import base_of, is_adapter, path_of_base
from fmstudio.runtimes.adapters import open_adapter
from fmstudio.runtimes.chat_folder import save_chat_folder
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.gguf_header import read_header
from fmstudio.runtimes.merging import merged
from fmstudio.runtimes.opened import loading
from fmstudio.runtimes.requantising import KindOf, as_in, kinds_in, rounded
from fmstudio.runtimes.text import LanguageModel
from fmstudio.runtimes.torch_runtime import TorchRuntime
from fmstudio.training.snapshot import LANGUAGE, model_folder
from fmstudio.workspace import ModelRecord, Workspace, WorkspaceError, atomic_folder, explained, folder_size
from fmstudio.workspace.deleting import is_taken
from fmstudio.workspace.names import check_name
from fmstudio.workspace.record_files import write_record

STRONGEST = 1.5
"""How much of an adapter can be worked in."""

DIFFERENCE_OVER = 256
"""Tokens over which logits are compared."""


def merge(context: JobContext, workspace: Workspace, adapter: str, name: str, scale: float = 1.0) -> Job:
    """Make a model of the workspace of an adapter and its base, in float32; states what that changes.

    scale: how much of the adapter is worked in. Raises StudioError where the name is taken, or the base is gone or
    another by now.
    """
    path, _ = yield from model_folder(context, workspace, adapter)
    _check(workspace, adapter, path, name, scale)
    base = path_of_base(path)
    runtime = (yield from loading(base, "torch")).runtime
    assert isinstance(runtime, TorchRuntime)
    plain, taught = runtime.model, open_adapter(path, runtime.model)
    part = adapter_of(taught.decoder)
    assert part is not None
    part.strength = scale
    yield Progress(0, None, "steps", "Working the adapter in")
    whole = merged(taught)
    rows = portions(facts_of(path), taught, usual_text())
    difference = _difference(taught, whole, rows[0])
    losses = {"base": (yield from loss_of(plain, rows, "Reading with the base"))}
    losses["base and adapter"] = yield from loss_of(taught, rows, "Reading with base and adapter")
    losses["merged"] = yield from loss_of(whole, rows, "Reading with the merged model")
    undone = []
    for kind, kind_of in _kinds(base):
        coarse = rounded(whole, kind_of)
        losses[f"merged, in {kind}"] = yield from loss_of(coarse, rows, f"Reading with the merged model in {kind}")
        if scale and _distance(coarse, plain, rows[0]) < _distance(coarse, whole, rows[0]):
            undone.append(kind)
    found = {"largest_difference": difference, "losses": losses, "undone_in": undone, "scale": scale}
    yield Progress(0, None, "steps", "Writing the model")
    _keep(workspace, adapter, path, name, whole, found)
    yield Artefact("model", name, str(workspace.model_folder(name)))
    return {
        "model": name, "adapter": adapter, "base": base_of(path).reference, **found, "told": _told(found),
        "warning": _lost_in(undone),
    }  # fmt: skip


def _check(workspace: Workspace, adapter: str, path: Path, name: str, scale: float) -> None:
    if not path.is_dir() or not is_adapter(path):
        raise WorkspaceError(f"{adapter!r} is no adapter, so there is nothing to merge; choose an adapter.")
    if not 0 <= scale <= STRONGEST:
        raise WorkspaceError(f"The scale is {scale:g}, but it must be a number from 0 to {STRONGEST:g}.")
    linked = [link.name for link in workspace.linked_models()]
    taken = {each.casefold() for each in (*linked, *read_catalogue().items)}
    if is_taken(workspace, "model", check_name(name)) or name.casefold() in taken:
        raise WorkspaceError(f"There is a model named {name!r} already; choose another name.")


def _kinds(base: Path) -> list[tuple[str, KindOf]]:
    """What the merged model is rounded to: the numbers of its base, or the usual ones where that has exact ones."""
    if base.is_file():
        header = read_header(base)
        names = kinds_in(header)
        if names != ["F32"]:
            return [(" as ".join(names), as_in(header))]
    return [("Q8_0", lambda _: Kind.Q8_0), ("Q4_0", lambda _: Kind.Q4_0)]


@torch.no_grad()
def _difference(one: LanguageModel, other: LanguageModel, tokens: Tensor) -> float:
    """The largest of a logit, over some tokens, (time,)."""
    shown = tokens[None, :DIFFERENCE_OVER]
    return float((one.decoder(shown) - other.decoder(shown)).abs().max())


@torch.no_grad()
def _distance(one: LanguageModel, other: LanguageModel, tokens: Tensor) -> float:
    """How far two models' expectations are apart on some tokens: the mean difference of a logit."""
    shown = tokens[None, :DIFFERENCE_OVER]
    return float((one.decoder(shown) - other.decoder(shown)).abs().mean())


def _keep(
    workspace: Workspace, adapter: str, path: Path, name: str, whole: LanguageModel, found: Mapping[str, Any]
) -> None:
    """Write the model's folder, its card and its record, and where it comes from."""
    base, facts = base_of(path).reference, facts_of(path)
    known = next((each.details for each in workspace.models() if each.name == adapter), {})
    licences = {**dict(known.get("licences", {})), **({base: facts.licence} if facts.licence else {})}
    details = {
        "merged_from": [base, adapter], "datasets": list(known.get("datasets", ())), "licences": licences, **found
    }  # fmt: skip
    folder = workspace.model_folder(name)
    with explained(folder), atomic_folder(folder) as partial:
        save_chat_folder(whole, facts, partial)
        parameters = sum(weight.numel() for weight in whole.decoder.parameters())
        (partial / "README.md").write_text(_card(name, base, adapter, details), "utf-8")
        record = ModelRecord(name, LANGUAGE, parameters, folder_size(partial), details=details)
        write_record(partial, record)
    workspace.put_model(record)
    for source in (base, adapter):
        workspace.link(("model", source), ("model", name))


def _card(name: str, base: str, adapter: str, details: Mapping[str, Any]) -> str:
    """README.md of the model's folder, in the form that Hugging Face reads."""
    rows = [f"| {what} | {loss:.4f} |" for what, loss in details["losses"].items()]
    licences = [f"- {source}: {licence}" for source, licence in details["licences"].items()]
    licence = [f"license: {details['licences'][base]}"] if base in details["licences"] else []
    strength = "" if details["scale"] == 1 else f", {details['scale']:g} of it"
    return "\n".join([
        "---", "library_name: transformers", "pipeline_tag: text-generation", "tags: [fm-studio]", *licence, "---", "",
        f"# {name}", "",
        f"The model `{base}` with the adapter `{adapter}` worked into it{strength}, in float32, by FM Studio. The "
        f"largest difference of a logit to base and adapter is {details['largest_difference']:.2g}.", "",
        "## Data and its licences", "", *licences, "",
        *([_lost_in(details["undone_in"]).strip(), ""] if details["undone_in"] else []),
        "## Loss on a text that it was not taught on", "", f"{TEXT}, in nats a token.", "",
        "| model | loss |", "|---|---|", *rows, "",
    ])  # fmt: skip


def _told(found: Mapping[str, Any]) -> str:
    """What merging changed, in sentences."""
    losses = "; ".join(f"{what} {loss:.4f}" for what, loss in found["losses"].items())
    return (
        f"The largest difference of a logit between base with adapter and the merged model is "
        f"{found['largest_difference']:.2g}. Loss on {TEXT[0].lower()}{TEXT[1:]}, in nats a token: {losses}."
    ) + _lost_in(found["undone_in"])


def _lost_in(kinds: Sequence[str]) -> str:
    """What to say where rounding to a kind undoes the adapter: its steps are larger than what was learnt."""
    if not kinds:
        return ""
    return (
        f" In {' and '.join(kinds)} the merged model is nearer to its base than to what was learnt, as the steps of "
        "these numbers are larger than the adapter's changes: keep the adapter beside the base, or more bits."
    )
