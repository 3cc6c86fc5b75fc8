"""What an adapter was made for, to the byte.

An adapter is a folder in PEFT's layout. Beside its two files adapter_base.json names the base as the person called it,
where it was, its version (a hash of its weights and vocabulary, see `version.version_of`), and the precision in which
it was computed. An adapter that was made elsewhere has no such file; its base is found by the name that PEFT keeps.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from fmstudio.errors import StudioError
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.version import version_of

CONFIG, BASE = "adapter_config.json", "adapter_base.json"


@dataclass(frozen=True, slots=True)
class AdapterBase:
    """What an adapter was made for. reference: as a person called it. precision: of the weights that it learnt on."""

    reference: str
    path: str
    version: str
    precision: str


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter and no whole model."""
    return (folder / CONFIG).is_file() and not (folder / "config.json").is_file()


def write_base(folder: Path, base: AdapterBase) -> None:
    """Keep beside an adapter what it was made for."""
    (folder / BASE).write_text(json.dumps(asdict(base), indent=2) + "\n", "utf-8")


def base_of(folder: Path) -> AdapterBase:
    """What an adapter was made for; raises StudioError where that cannot be told."""
    if (folder / BASE).is_file():
        try:
            return AdapterBase(**json.loads((folder / BASE).read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise StudioError(f"{folder / BASE} cannot be read ({error}); copy the adapter again.") from error
    try:
        named = json.loads((folder / CONFIG).read_text("utf-8")).get("base_model_name_or_path")
    except (OSError, ValueError, AttributeError) as error:
        raise StudioError(f"{folder / CONFIG} cannot be read ({error}); copy the adapter again.") from error
    if not isinstance(named, str) or not named:
        raise StudioError(f"The adapter {folder.name} does not say for which model it was made; copy it again.")
    return AdapterBase(named, named, "", "")


def path_of_base(folder: Path) -> Path:
    """Where the base of an adapter is; raises ModelError where it is gone, or is another by now, with both versions."""
    base = base_of(folder)
    path = Path(base.path).expanduser()
    if not path.is_absolute():
        path = folder / path
    if not path.exists():
        # A workspace may have been moved, and a model in it renamed.
        places = (above / "models" / base.reference for above in folder.absolute().parents)
        path = next((place for place in places if place.is_dir()), path)
    if not path.exists():
        raise ModelError(
            f"The adapter {folder.name} needs its base {base.reference}, which is not at {base.path}; bring it back "
            "there, or fetch it again."
        )
    found = version_of(path)
    if base.version and found != base.version:
        raise ModelError(
            f"The adapter {folder.name} was made for {base.reference} of version {base.version}, but the one at "
            f"{base.path} is {found}; it would compute something else. Bring the old one back, or train it anew."
        )
    return path
