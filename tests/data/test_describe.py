"""What the data stage tells of its settings is what its jobs take."""

from fmstudio.data.describe import describe
from fmstudio.data.importing import ImportOptions
from fmstudio.data.rules import CleaningRules
from fmstudio.jobs import JobContext
from fmstudio.recipe import build
from tests.driving import run_job


def test_the_settings_are_those_that_the_jobs_take(workspace):
    (sample,), _ = run_job(describe(JobContext(), workspace))
    for key, prefix, section in (("importing", "options.", ImportOptions), ("cleaning", "rules.", CleaningRules)):
        told = {setting.path.removeprefix(prefix): setting.default for setting in sample.data[key]}
        assert build(section, told) == section()


def test_tables_are_among_the_endings_that_can_be_read(workspace):
    (sample,), _ = run_job(describe(JobContext(), workspace))
    assert set(sample.data["tables"]) < set(sample.data["endings"])
    assert ".csv" in sample.data["tables"]
