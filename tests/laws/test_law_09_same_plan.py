"""Law 9, for plans: same seed and trial count give the same plan under any thread count and PYTHONHASHSEED."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plan.test_search import lattice
from tests.strategies import network_shapes

from taizhang import _native
from taizhang.plan.search import search


@settings(deadline=None, max_examples=20)
@given(network_shapes(max_tensors=12), st.integers(0, 9), st.integers(1, 3))
def test_the_number_of_threads_does_not_matter(shape, seed, trials) -> None:
    one, four = (search(shape, trials=trials, seed=seed, threads=threads) for threads in (1, 4))
    assert (one.tree, one.sliced_indices, one.trial) == (four.tree, four.sliced_indices, four.trial)


def plan_under(variable: str, value: str) -> str:
    """Makes a plan in a process of its own that has an environment variable set."""
    program = (
        "from taizhang.plan.search import search; from tests.plan.test_search import lattice;"
        "p = search(lattice(9), width=6, trials=2, seed=5, threads=2); print(p.tree.ssa_path, p.sliced_indices)"
    )
    environment = {**os.environ, variable: value}
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    return output.stdout.strip()


@pytest.fixture(scope="module")
def plan_here() -> str:
    plan = search(lattice(9), width=6, trials=2, seed=5)
    return f"{plan.tree.ssa_path} {plan.sliced_indices}"


@pytest.mark.parametrize("hash_seed", ["0", "123"])
def test_the_hash_seed_does_not_matter(hash_seed, plan_here) -> None:
    assert plan_under("PYTHONHASHSEED", hash_seed) == plan_here


@pytest.mark.parametrize("level", _native.simd_levels())
def test_the_simd_level_does_not_matter(level, plan_here) -> None:
    assert plan_under("TAIZHANG_SIMD", level) == plan_here
