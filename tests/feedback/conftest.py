"""What tests of the feedback stage share."""

import pytest

from fmstudio.workspace import Workspace


@pytest.fixture
def make_workspace(tmp_path):
    """Opens another workspace."""
    made = []

    def make(name):
        made.append(Workspace(tmp_path / name))
        return made[-1]

    yield make
    for each in made:
        each.close()
