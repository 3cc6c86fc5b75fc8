"""Prompt templates: what they come to, what is said of wrong ones, and the library that keeps their versions."""

import dataclasses
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fmstudio.workspace import WorkspaceError
from fmstudio.workspace.prompt_difference import difference
from fmstudio.workspace.prompt_files import read_prompt, write_prompt
from fmstudio.workspace.prompt_library import PromptLibrary
from fmstudio.workspace.prompts import Example, PromptError, PromptTemplate, render

SUMMARY = PromptTemplate(system="You are {mood}.", user="Summarise {text} as {{json}}.")


def test_a_chat_model_is_given_examples_as_turns():
    template = dataclasses.replace(SUMMARY, examples=(Example("Say {hi}", '{"hi": 1}'), Example("", "")))
    assert render(template, {"mood": "calm", "text": "{this}"}, chat=True) == [
        {"role": "system", "content": "You are calm."},
        {"role": "user", "content": "Say {hi}"},
        {"role": "assistant", "content": '{"hi": 1}'},
        {"role": "user", "content": "Summarise {this} as {json}."},
    ]


def test_a_base_model_is_given_blocks_of_which_it_completes_the_last():
    template = PromptTemplate(system="Capitals.", user="{country}", examples=(Example("France", "Paris"),))
    expected = "Capitals.\n\nInput: France\nOutput: Paris\n\nInput: Spain\nOutput:"
    assert render(template, {"country": "Spain"}, chat=False) == expected
    assert render(PromptTemplate(user="Once upon"), {}, chat=False) == "Once upon"


def test_variables_are_told_once_in_order_and_doubled_braces_are_text():
    template = PromptTemplate(system="{b}", user="{a} {{no}} {b} {{{c d}}}")
    assert template.variables == ("b", "a", "c d")


@pytest.mark.parametrize(
    ("user", "told"),
    [
        ("one\ntwo {name", "user prompt has, at line 2, column 5, a { that is not closed"),
        ("a } b", "column 3, a } that nothing opens"),
        ('{"key": 1}', "braces around '\"key\": 1', which cannot be a variable's name"),
        ("{ }", "empty braces"),
        ("  ", "The user prompt is empty"),
    ],
)
def test_a_stray_brace_is_named_with_its_place(user, told):
    with pytest.raises(PromptError, match=re.escape(told)):
        render(PromptTemplate(user=user), {}, chat=True)


def test_a_variable_that_nothing_stands_for_is_named_where_nothing_else_is_asked():
    with pytest.raises(PromptError, match=r"^Give \{question\} a value first\.$"):
        render(PromptTemplate(system="Be brief.", user=" {question} {more}"), {"question": " ", "more": ""}, chat=True)


def test_missing_and_unknown_values_are_named():
    with pytest.raises(PromptError, match=r"\{text\} has no value"):
        render(SUMMARY, {"mood": "calm"}, chat=True)
    with pytest.raises(PromptError, match=r"has no variable \{txt\}; its variables are: mood, text"):
        render(SUMMARY, {"mood": "calm", "text": "", "txt": ""}, chat=True)
    with pytest.raises(PromptError, match="Example 1 has no output"):
        render(PromptTemplate(user="x", examples=(Example("a", " "),)), {}, chat=True)


@given(some.text(), some.text(), some.text(), some.lists(some.tuples(some.text(), some.text()), max_size=2))
def test_any_prompt_survives_its_file(system, user, message, pairs):
    template = PromptTemplate(system=system, user=user, examples=tuple(Example(*pair) for pair in pairs))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prompt.toml"
        path.write_bytes(write_prompt(template, message).encode())
        found = read_prompt(path)
    assert (found.template, found.message) == (template, message)


# The library.


@pytest.fixture
def library(workspace):
    return PromptLibrary(workspace)


def test_versions_are_added_and_none_is_changed(library):
    library.save("Mine", SUMMARY, "first")
    first = (library.folder / "Mine" / "0001.toml").read_bytes()
    changed = dataclasses.replace(SUMMARY, user="Summarise {text} in a line.")
    assert library.save("Mine", changed, "shorter").number == 2
    assert [(each.number, each.message) for each in library.versions("Mine")] == [(1, "first"), (2, "shorter")]
    assert (library.folder / "Mine" / "0001.toml").read_bytes() == first
    assert library.version("Mine").template == changed
    assert library.version("Mine", 1).template == SUMMARY
    with pytest.raises(PromptError, match="no version 7"):
        library.version("Mine", 7)


def test_a_difference_names_the_part_and_shows_the_lines():
    before = PromptTemplate(system="a", user="one\ntwo\nthree", examples=(Example("x", "y"),))
    after = PromptTemplate(system="a", user="one\n2\nthree")
    parts = {part.part: part.lines for part in difference(before, after)}
    assert list(parts) == ["User prompt", "Examples"]
    assert parts["User prompt"] == ("@@ -1,3 +1,3 @@", " one", "-two", "+2", " three")
    assert difference(before, before) == []


def test_every_built_in_prompt_can_be_rendered(library):
    names = [entry.name for entry in library.entries()]
    assert {"Summarise", "Extract as JSON", "Classify", "Answer from a passage", "Translate"} <= set(names)
    for name in names:
        template = library.version(name).template
        messages = render(template, dict.fromkeys(template.variables, "x"), chat=True)
        assert messages[-1]["role"] == "user"


def test_saving_over_a_built_in_prompt_makes_it_ones_own_and_deleting_brings_it_back(library):
    library.save("Classify", SUMMARY)
    assert [version.number for version in library.versions("Classify")] == [0, 1]
    assert library.entries()[0].name == "Classify"
    library.delete("Classify")
    assert library.version("Classify").number == 0
    assert library.restore("Classify") == "Classify"
    assert library.version("Classify").template == SUMMARY
    library.delete("Classify")
    with pytest.raises(PromptError, match="comes with the program"):
        library.delete("Classify")


def test_renaming_duplicating_and_taking_names(library):
    library.save("Mine", SUMMARY)
    assert library.duplicate("Mine") == "Mine copy"
    assert library.duplicate("Mine") == "Mine copy-2"
    library.rename("Mine", "Yours")
    assert library.version("Yours").template == SUMMARY
    with pytest.raises(PromptError, match="named 'Yours' already"):
        library.rename("Mine copy", "Yours")
    with pytest.raises(WorkspaceError, match="cannot be a name"):
        library.rename("Yours", "../elsewhere")


def test_a_draft_is_kept_beside_the_versions_until_one_is_saved(library):
    library.keep_draft("New prompt", SUMMARY)
    assert library.draft("New prompt") == SUMMARY
    assert [(entry.versions, entry.draft) for entry in library.entries() if entry.name == "New prompt"] == [(0, True)]
    library.save("New prompt", SUMMARY)
    assert library.draft("New prompt") is None
    library.keep_draft("Summarise", SUMMARY)
    library.drop_draft("Summarise")
    assert not (library.folder / "Summarise").exists()


def test_one_file_out_and_in(library, tmp_path):
    library.save("Mine", SUMMARY, "for you")
    library.export_file("Mine", 1, tmp_path / "Mine.toml")
    assert library.import_file(tmp_path / "Mine.toml") == "Mine-2"
    assert library.version("Mine-2").template == SUMMARY


def test_a_broken_file_is_named_and_hides_no_other(library, tmp_path):
    library.save("Mine", SUMMARY)
    library.save("Mine", SUMMARY)
    (library.folder / "Mine" / "0001.toml").write_text("user = 3")
    assert [version.number for version in library.versions("Mine")] == [2]
    with pytest.raises(PromptError, match=r"0001\.toml has user = 3, but it must be a text"):
        library.version("Mine", 1)
    (tmp_path / "odd.toml").write_text("user = [")
    with pytest.raises(PromptError, match=r"odd\.toml is not a prompt as TOML"):
        library.import_file(tmp_path / "odd.toml")
