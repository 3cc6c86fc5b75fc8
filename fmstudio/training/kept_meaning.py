"""What a run must find as it left it before it goes on: its data, and what the numbers of its network stand for.

A checkpoint holds weights by their places alone. Under another vocabulary, or with classes of other names, they would
fit and mean something else, and the good model would be replaced by a broken one without a word.
"""

from fmstudio.families.family import Network, Recipe
from fmstudio.training.snapshot import NETWORK
from fmstudio.workspace import RunRecord, Workspace, WorkspaceError

CONTENT = "content"


def content_of(workspace: Workspace, recipe: Recipe) -> dict[str, str]:
    """The identifiers of the datasets' contents, by name; empty for a dataset that has none."""
    names = [choice.name for choice in recipe.data.datasets]
    return {name: str(workspace.dataset(name).details.get("content") or "") for name in names}


def check_data(workspace: Workspace, run: RunRecord, recipe: Recipe) -> None:
    """Raise WorkspaceError where a dataset is not the one that the run began with."""
    began = run.details.get(CONTENT, {})
    for name, content in content_of(workspace, recipe).items():
        if began.get(name) and began[name] != content:
            raise WorkspaceError(
                f"The dataset {name!r} is not the one that the run {run.id!r} began with: its content is another. "
                f"Bring that one back under its name, or start a new run from the model{_of(run)}."
            )


def check_meaning(workspace: Workspace, run: RunRecord, recipe: Recipe, network: Network) -> None:
    """Raise WorkspaceError where the network's vocabulary or conditions are not those that the run kept."""
    folder = workspace.run_folder(run.id) / NETWORK
    if not folder.is_dir():
        return
    kept, now = recipe.family.network(recipe, folder).meaning(), network.meaning()
    changed = [name for name in kept if kept[name] != now.get(name)]
    if changed:
        raise WorkspaceError(
            f"The run {run.id!r} cannot go on: its {changed[0]} would be others than those that it began with. Bring "
            f"back what they came from, or start a new run from the model{_of(run)}."
        )


def _of(run: RunRecord) -> str:
    return f" {run.model!r}" if run.model else " of its last checkpoint"
