"""A form as a person fills it in."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QToolButton

from fmstudio.gui.widgets.form.fields import NumberField, step_of_one_two_five
from fmstudio.gui.widgets.form.form import Form
from fmstudio.recipe import DatasetChoice, Setting

SETTINGS = [
    Setting("data.datasets", "Datasets", "What to learn from.", "datasets", [], simple=True),
    Setting("training.steps", "Steps", "How many updates.", "integer", 1000, 1, 10_000, unit="steps", simple=True),
    Setting(
        "training.learning_rate", "Learning rate", "Size of an update.", "number", 3e-4, 0.0, 10.0, logarithmic=True
    ),
    Setting("training.optimiser", "Optimiser", "How.", "choice", "muon", choices=("muon", "adamw")),
    Setting("training.compile", "Compile", "Let torch compile.", "switch", False),
    Setting("sample.prompt", "Prompt", "The text to continue.", "text", ""),
]


@pytest.fixture
def form(theme, show):
    made = Form(theme, SETTINGS)
    made.set_datasets(["plays", "reference"])
    return show(made, 360, 700)


def shown(form) -> list[str]:
    return [path for path, row in form.rows.items() if row.isVisible()]


def retype(qtbot, field, text: str) -> None:
    line = field.lineEdit() if isinstance(field, NumberField) else field
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)


def test_simple_shows_the_few_that_matter_and_advanced_all(form, qtbot):
    assert shown(form) == ["data.datasets", "training.steps"]
    assert not form.search.isVisible()
    qtbot.mouseClick(form.mode.button("advanced"), Qt.MouseButton.LeftButton)
    assert shown(form) == [setting.path for setting in SETTINGS]


def test_the_values_are_a_recipe_s(form):
    assert form.values() == {
        "data": {"datasets": []},
        "training": {"steps": 1000, "learning_rate": 3e-4, "optimiser": "muon", "compile": False},
        "sample": {"prompt": ""},
    }


def test_what_is_typed_is_told_and_marked(form, qtbot):
    row = form.rows["training.steps"]
    with qtbot.waitSignal(form.changed):
        retype(qtbot, row.editor, "2,500")
    assert form.value("training.steps") == 2500
    assert form.modified == ["training.steps"]
    reset = form.findChild(QToolButton, "reset-training.steps")
    assert reset.isVisible()
    qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert form.value("training.steps") == 1000
    assert not reset.isVisible()


def test_values_that_are_set_are_shown_and_not_told(form, qtbot):
    with qtbot.assertNotEmitted(form.changed):
        form.set_values(
            {
                "training.learning_rate": 2e-5,
                "training.compile": True,
                "training.optimiser": "adamw",
                "data.datasets": [DatasetChoice(name="plays")],
                "unknown.setting": 1,
            }
        )
    assert form.rows["training.learning_rate"].editor.lineEdit().text() == "2e-5"
    assert form.rows["training.compile"].editor.isChecked()
    assert form.value("training.optimiser") == "adamw"
    assert form.value("data.datasets") == ["plays"]


def test_a_preset_s_values_count_as_unchanged(form):
    form.set_baseline({"training.steps": 50})
    form.set_values({"training.steps": 50})
    assert form.modified == []
    form.set_values({"training.steps": 60})
    form.reset()
    assert form.value("training.steps") == 50


@pytest.mark.parametrize("typed", ["0", "20000", "many", "2.5"])
def test_a_value_that_is_not_allowed_is_named_beneath_its_field(form, qtbot, typed):
    row = form.rows["training.steps"]
    retype(qtbot, row.editor, typed)
    assert row.error == "Steps must be a whole number from 1 to 10,000."
    assert form.findChild(QLabel, "error-training.steps").isVisible()
    assert form.problem() == row.error
    retype(qtbot, row.editor, "5")
    assert row.error == ""
    assert form.problem() == ""


def test_an_error_from_elsewhere_brings_its_field_into_sight(form, qtbot):
    form.show_error("training.optimiser", "Muon does not suit this family.")
    assert form.mode.value() == "advanced"
    assert form.rows["training.optimiser"].isVisible()
    assert form.rows["training.optimiser"].error == "Muon does not suit this family."
    form.clear_errors()
    assert form.rows["training.optimiser"].error == ""


def test_the_search_finds_by_title_and_help(form, qtbot):
    form.mode.button("advanced").click()
    qtbot.keyClicks(form.search, "torch comp")
    assert shown(form) == ["training.compile"]
    form.search.setText("nothing like it")
    assert shown(form) == []
    assert form.findChild(QLabel, "form-nothing-found").text() == "No setting matches “nothing like it”."


def test_a_number_is_stepped_with_the_arrows_as_suits_it(form, qtbot):
    form.mode.button("advanced").click()
    rate, steps = (form.rows[path].editor for path in ("training.learning_rate", "training.steps"))
    qtbot.keyClick(rate, Qt.Key.Key_Up)
    assert form.value("training.learning_rate") == 5e-4
    qtbot.keyClick(rate, Qt.Key.Key_Down)
    qtbot.keyClick(rate, Qt.Key.Key_Down)
    assert form.value("training.learning_rate") == 1e-4
    qtbot.keyClick(steps, Qt.Key.Key_Up)
    assert form.value("training.steps") == 1001
    form.set_values({"training.steps": 10_000})
    qtbot.keyClick(steps, Qt.Key.Key_Up)
    assert form.value("training.steps") == 10_000


@pytest.mark.parametrize(
    ("number", "up", "down"), [(1.0, 2.0, 0.5), (3e-4, 5e-4, 2e-4), (16, 20, 10), (1000, 2000, 500), (0.02, 0.05, 0.01)]
)
def test_logarithmic_steps(number, up, down):
    assert step_of_one_two_five(number, 1) == pytest.approx(up)
    assert step_of_one_two_five(number, -1) == pytest.approx(down)


def test_the_wheel_scrolls_the_form_and_changes_no_number_in_passing(form, qtbot):
    from PySide6.QtCore import QPoint, QPointF
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    editor = form.rows["training.steps"].editor
    form.setFocus()
    wheel = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, 0), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(editor, wheel)
    assert form.value("training.steps") == 1000


def test_help_and_range_are_reached_with_the_keyboard(form, qtbot):
    info = form.findChild(QToolButton, "info-training.steps")
    assert info.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert "How many updates." in info.toolTip()
    assert "A whole number from 1 to 10,000 (steps)." in info.toolTip()
    assert info.accessibleName() == "Help on Steps"


def test_datasets_are_mixed_with_weights(form, qtbot):
    field = form.rows["data.datasets"].editor
    first = field.rows[0].choice
    first.setCurrentIndex(first.findData("plays"))
    first.activated.emit(first.currentIndex())
    assert form.value("data.datasets") == ["plays"]
    with qtbot.waitSignal(form.changed):
        field._add.click()
    weight = field.rows[1].weight
    assert weight.objectName() == "field-data.datasets-2-weight"
    qtbot.waitUntil(weight.isVisible)
    retype(qtbot, weight, "0.5")
    assert form.value("data.datasets") == ["plays", {"name": "reference", "weight": 0.5}]
    field.rows[0].remove.click()
    assert form.value("data.datasets") == ["reference"]


def test_a_dataset_that_is_gone_stays_in_sight(form):
    form.set_values({"data.datasets": ["lost"]})
    choice = form.rows["data.datasets"].editor.rows[0].choice
    assert choice.currentText() == "lost (not here yet)"
    assert form.value("data.datasets") == ["lost"]


def test_other_settings_keep_what_was_changed(form):
    form.set_values({"training.steps": 77})
    form.set_settings([*SETTINGS, Setting("model.layers", "Layers", "Depth.", "integer", 4, simple=True)])
    assert form.value("training.steps") == 77
    assert shown(form) == ["data.datasets", "training.steps", "model.layers"]


CODES = Setting("model.codes", "Codes", "How many.", "integer", 256, 2, 4096, when=("training.optimiser", ("muon",)))


def test_a_field_that_means_nothing_beside_the_others_cannot_be_changed(form, qtbot):
    form.set_settings([*SETTINGS, CODES])
    codes, optimiser = form.rows["model.codes"], form.rows["training.optimiser"]
    assert codes.isEnabled()
    codes.editor.set_value("many")
    optimiser.editor.set_value("adamw")
    optimiser.editor.activated.emit(1)
    assert not codes.isEnabled()
    assert not form.problem()
    form.set_values({"training.optimiser": "muon"})
    assert codes.isEnabled()
    form.lock("model.")
    assert not codes.isEnabled()
    assert optimiser.isEnabled()
    form.lock()
    assert codes.isEnabled()


def test_every_control_has_a_name_for_tests_and_for_those_who_cannot_see(form):
    form.mode.button("advanced").click()
    for row in form.rows.values():
        assert row.editor.objectName() == f"field-{row.setting.path}"
        assert row.editor.accessibleName() == row.setting.title
