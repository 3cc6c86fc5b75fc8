"""The jobs of tasks."""

COMPARE = "fmstudio.adapt.tasks:compare"
TABLE = "fmstudio.adapt.tasks:table"
ANSWERS = "fmstudio.adapt.tasks:answers"

BASE = "base"
"""Who answers without an adapter, as the jobs call it."""
