"""Export as a Hugging Face model folder, proven by opening it in `transformers` and comparing the logits."""

import importlib.metadata
import importlib.util
import shutil
from pathlib import Path
from typing import Any

import torch

from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext, Progress
from fmstudio.jobs.context import Job
from fmstudio.runtimes.adapter_base import is_adapter
from fmstudio.runtimes.text import LanguageModel, load_language_model
from fmstudio.training.snapshot import model_folder
from fmstudio.workspace import ExportRecord, Workspace, atomic_folder, explained

TOLERANCE = 1e-4
"""The largest difference of a logit that rounding explains."""

PROOF_TEXT = "The quick brown fox jumps over the lazy dog — naïvely, 42 times.\n"


def export(context: JobContext, workspace: Workspace, model: str, to: str) -> Job:
    """Copy a model's folder to `to` and reload it there; a folder that fails the proof does not stay."""
    source, family = yield from model_folder(context, workspace, model)
    if family != "language":
        raise StudioError(
            f"Model {model!r} is of the family {family}, which transformers does not know; copy its folder {source}, "
            "which this studio opens anywhere."
        )
    if source.is_file():
        raise StudioError(
            f"{model!r} is a GGUF file, and only model folders are exported; copy {source} as it is, or choose a model "
            "of the workspace."
        )
    if is_adapter(source):
        raise StudioError(
            f"{model!r} is an adapter, and only whole models are exported in this form; its folder {source} is in "
            "PEFT's layout: copy it as it is."
        )
    target = Path(to).expanduser().absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise StudioError(f"{target} exists already; choose a new folder to export to, or empty it.")
    yield Progress(0, 3, "steps", "Copying the folder")
    with explained(target), atomic_folder(target) as partial:
        for file in sorted(source.iterdir()):
            if file.is_file() and file.name != "studio.toml":
                shutil.copyfile(file, partial / file.name)
        yield Progress(1, 3, "steps", "Opening it in its own runtime")
        proof = prove(load_language_model(source), partial)
        yield Progress(3, 3, "steps", "Proven")
    proof["path"] = str(target)
    workspace.put_export(ExportRecord(model=model, format="huggingface", path=str(target), details=proof))
    yield Artefact("export", model, str(target))
    return {**proof, "model": model, "format": "huggingface"}


def prove(ours: LanguageModel, folder: Path) -> dict[str, Any]:
    """Compare the folder, as its runtime opens it, with our own model; raises StudioError where they differ."""
    window = ours.decoder.shape.context
    tokens = torch.randint(ours.decoder.shape.vocabulary_size, (2, window), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = ours.decoder.eval()(tokens)
    if importlib.util.find_spec("transformers"):
        runtime = f"transformers {importlib.metadata.version('transformers')}"
        logits, ids = _in_transformers(folder, tokens)
    else:
        runtime = "FM Studio itself, as transformers is not installed here"
        logits, ids = _in_the_studio(folder, tokens)
    difference = float((logits - expected).abs().max())
    same_tokens = ids == ours.tokenizer.encode(PROOF_TEXT, add_special_tokens=False).ids
    if difference > TOLERANCE or not same_tokens:
        raise StudioError(
            f"The exported folder does not do in {runtime} what the model does here (logits differ by "
            f"{difference:.2g}, tokens {'agree' if same_tokens else 'differ'}); nothing was exported."
        )
    sentence = (
        f"Reloaded by {runtime}: over {tokens.numel():,} positions the largest difference of a logit is "
        f"{difference:.2g} (allowed {TOLERANCE:g}), and the tokenizer gives the same tokens."
    )
    return {"proof": sentence, "runtime": runtime, "largest_difference": difference, "positions": tokens.numel()}


def _in_transformers(folder: Path, tokens: torch.Tensor) -> tuple[torch.Tensor, list[int]]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    with torch.no_grad():
        return model(tokens).logits, list(tokenizer(PROOF_TEXT, add_special_tokens=False)["input_ids"])


def _in_the_studio(folder: Path, tokens: torch.Tensor) -> tuple[torch.Tensor, list[int]]:
    again = load_language_model(folder)
    with torch.no_grad():
        return again.decoder.eval()(tokens), list(again.tokenizer.encode(PROOF_TEXT, add_special_tokens=False).ids)
