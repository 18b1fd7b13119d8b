"""Law 9, for plans: same seed and trial count give the same plan.

The plan does not depend on the number of threads, the process, PYTHONHASHSEED, the measured rates or the memory used.
"""

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


PLANS = """
import sys
from dataclasses import replace
import numpy as np
from taizhang import Planner, plan, sycamore_circuit
from taizhang.plan.rates import _write, assumed_rates, cache_file

threads, faster, fresh, ballast = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
held = np.ones(ballast << 20, dtype=np.uint8)
rates = assumed_rates(threads)
rates = replace(
    rates, measured=True, fresh_seconds_per_byte=fresh,
    bandwidths=tuple((size, rate * faster) for size, rate in rates.bandwidths),
)
_write(cache_file(threads), rates)
options = {"trials": 3, "seed": 0, "threads": threads, "memory": "1GiB"}
circuit = sycamore_circuit(20, cycles=8, seed=1)
rng = np.random.default_rng(0)
lists = ["".join(map(str, row)) for row in rng.integers(2, size=(300, 20))]
one = plan(circuit, **options)
many = plan(circuit, bitstrings=lists, **options)
steps = (1, 5, 9, 13)
terms = [[f"{a}-{(a + k) % 16}" for k in steps] + [f"{(a - k) % 16}-{a}" for k in steps] for a in range(16)]
sizes = {name: 2 for term in terms for name in term}
other = Planner(trials=3, threads=threads, memory="2MiB").plan(terms, [], sizes)
for found in (one, many, other):
    print(found.tree.ssa_path, found.sliced_indices, found.shape.num_rows)
"""


def test_with_trials_nothing_that_is_measured_decides(tmp_path) -> None:
    seen = set()
    for number, words in enumerate([("1", "1", "3e-9", "0"), ("2", "0.1", "1e-10", "80"), ("7", "9", "1e-8", "0")]):
        environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / str(number))}
        ran = subprocess.run(
            [sys.executable, "-c", PLANS, *words], capture_output=True, text=True, check=True, env=environment
        )
        seen.add(ran.stdout)
    assert len(seen) == 1
