"""Opens a dataset of examples, any of which is read alone."""

from fmstudio.data.documents import Documents, open_documents
from fmstudio.data.kinds import EXAMPLE_KINDS
from fmstudio.data.tuning.examples import Example, read
from fmstudio.workspace import Workspace


class Examples:
    """The examples of a dataset by number. Use it in a `with` statement, or close it."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def __enter__(self) -> "Examples":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        self._documents.close()

    def __len__(self) -> int:
        return len(self._documents)

    def __getitem__(self, place: int) -> Example:
        return read(self._documents.text(place))

    def source(self, place: int) -> str:
        """The file and row that an example came from."""
        return self._documents.about(place)["source"]


def open_examples(workspace: Workspace, name: str) -> Examples:
    """The examples of a dataset; raises a StudioError where it is missing, of another kind or damaged."""
    return Examples(open_documents(workspace, name, EXAMPLE_KINDS))
