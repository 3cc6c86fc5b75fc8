"""A collection is written to, or removed, by one job at a time."""

import pytest

from fmstudio.adapt import collections
from fmstudio.jobs import JobContext, Progress
from fmstudio.workspace import WorkspaceError
from tests.adapt.words_encoder import REFERENCE
from tests.driving import run_job


def refresh(workspace):
    return run_job(collections.refresh(JobContext(), workspace, "shelf"))[1]


def test_two_do_not_index_the_same_collection(workspace, encoder, folder):
    job = collections.add(JobContext(), workspace, "shelf", [str(folder)], {"size": 40, "overlap": 8}, REFERENCE)
    next(job)
    next(job)
    with pytest.raises(WorkspaceError, match="is being indexed already"):
        refresh(workspace)
    with pytest.raises(WorkspaceError, match="is being indexed already"):
        run_job(collections.remove(JobContext(), workspace, "shelf"))
    job.close()


def test_a_collection_is_removed_by_one_who_has_it_alone_until_it_is_gone(workspace, add, folder):
    add(folder)
    removal = collections.remove(JobContext(), workspace, "shelf")
    next(removal)
    with pytest.raises(WorkspaceError, match="is being indexed already"):
        refresh(workspace)
    run_job(removal)
    assert workspace.collections() == []
    assert not workspace.collection_folder("shelf").exists()


def test_a_removal_that_is_cancelled_leaves_the_collection_as_it_was(workspace, add, folder):
    add(folder)
    removal = collections.remove(JobContext(), workspace, "shelf")
    next(removal)
    removal.close()
    assert refresh(workspace)["documents"] == 2


def test_a_collection_that_is_removed_while_its_model_is_fetched_does_not_come_back(
    workspace, add, folder, encoder, monkeypatch
):
    add(folder)

    def fetched(context, reference):
        yield Progress(0, None, "bytes", "Fetching")
        return encoder

    monkeypatch.setattr(collections, "opened_encoder", fetched)
    refreshing = collections.refresh(JobContext(), workspace, "shelf")
    next(refreshing)
    run_job(collections.remove(JobContext(), workspace, "shelf"))
    with pytest.raises(WorkspaceError, match="There is no collection named 'shelf'"):
        run_job(refreshing)
    assert not workspace.collection_folder("shelf").exists()
