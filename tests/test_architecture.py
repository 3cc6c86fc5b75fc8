"""What the whole package's imports must keep to, beyond the contracts that the linter checks."""

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


def test_no_module_imports_itself_by_way_of_others():
    graph = grimp.build_graph("fmstudio", cache_dir=None)
    imports = TopologicalSorter({module: graph.find_modules_directly_imported_by(module) for module in graph.modules})
    try:
        imports.prepare()
    except CycleError as error:
        pytest.fail("a circle of imports: " + " → ".join(reversed(error.args[1])))
