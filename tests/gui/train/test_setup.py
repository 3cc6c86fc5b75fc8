"""The form of the next run: what goes with what."""

from fmstudio.gui.runs.jobs import DESCRIBE
from fmstudio.gui.train.setup import RunSetup
from tests.gui import recorded
from tests.gui.train.runs import SETTINGS, few_settings


def test_a_presets_beginning_of_a_text_goes_with_its_own_data(theme, with_data):
    language = next(each for each in recorded.answer(DESCRIBE)["families"] if each["name"] == "language")
    setup = RunSetup(theme)
    setup.set_family(few_settings(language, (*SETTINGS, "sample.prompt")))
    setup.set_workspace(with_data.datasets(), [], [])
    setup.set_preset({"values": {"data.datasets": ["plays"], "sample.prompt": "HAMLET. "}, "name": "", "title": ""})
    prompts = []
    for chosen in ("plays", "manual", "plays"):
        setup.choose_data([chosen])
        prompts.append(setup.recipe()["sample"]["prompt"])
    assert prompts == ["HAMLET. ", "", "HAMLET. "]
    setup.form.set_values({"sample.prompt": "KING. "})
    setup.choose_data(["manual"])
    assert setup.recipe()["sample"]["prompt"] == "KING. ", "what a person typed stays"
    setup.deleteLater()
