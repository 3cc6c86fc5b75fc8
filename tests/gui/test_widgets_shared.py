"""The folder of shared widgets holds what at least two parts of the window use; what one uses lies with it."""

import grimp
import pytest

GUI = "fmstudio.gui"
WIDGETS = f"{GUI}.widgets"


def users_of(graph: grimp.ImportGraph, module: str) -> set[str]:
    """The folders of the window that import a module, directly or by way of other widgets."""
    seen, waiting, users = {module}, [module], set()
    while waiting:
        for importer in graph.find_modules_that_directly_import(waiting.pop()) - seen:
            seen.add(importer)
            if importer.startswith(f"{WIDGETS}."):
                waiting.append(importer)
            elif importer.startswith(f"{GUI}."):
                users.add(importer.split(".")[2])
    return users


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("fmstudio", cache_dir=None)


def test_two_parts_of_the_window_use_each_shared_widget(graph):
    modules = [module for module in graph.modules if module.startswith(f"{WIDGETS}.")]
    held = [module for module in modules if not graph.find_children(module)]
    assert len(held) > 30, "the folder was found"
    lonely = {module: users for module in held if len(users := users_of(graph, module)) < 2}
    assert lonely == {}, "move these to the folder of the panel that uses them"
