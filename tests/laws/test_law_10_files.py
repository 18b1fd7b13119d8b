"""Law 10: save then load is identity."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from tests.strategies import planned_shapes

from taizhang.plan.plan import Plan


@settings(deadline=None)
@given(planned_shapes())
def test_a_plan_read_back_is_the_plan_written(planned) -> None:
    shape, tree, sliced = planned
    plan = Plan.from_ssa_path(shape, tree.ssa_path, tuple(shape.index_names[index] for index in sliced))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        plan.save(path)
        assert Plan.load(path, shape) == plan
