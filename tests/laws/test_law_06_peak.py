"""Law 6: the predicted peak bounds the observed one."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import numpy as np
from taizhang._resources import peak_resident_bytes
from taizhang.execute import compile_plan, run_program
from taizhang.network.network import NetworkShape, TensorNetwork
from taizhang.plan.plan import Plan

rank, threads, dtype = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
wires, fresh, inputs = list(range(rank)), rank, [tuple(range(rank // 2)), tuple(range(rank // 2, rank))]
for k in range(0, 2 * rank, 2):
    one, other = k % rank, (k + 1 + k // rank) % rank
    inputs.append((wires[one], wires[other], fresh, fresh + 1))
    wires[one], wires[other] = fresh, fresh + 1
    fresh += 2
inputs += [tuple(wires[: rank // 2]), tuple(wires[rank // 2 :])]
shape = NetworkShape(inputs=tuple(inputs), output=(), sizes=(2,) * fresh)
rng = np.random.default_rng(0)
network = TensorNetwork.from_shape(shape, [rng.normal(size=(2,) * len(term)) for term in inputs])
path, last = [], 0
for k in range(1, len(inputs)):
    path.append((last, k))
    last = len(inputs) + k - 1
plan = Plan.from_ssa_path(network, path, ["i0", "i1", "i2"])
compiled = compile_plan(plan, dtype=dtype)
small = TensorNetwork([(np.ones((2,) * 20), range(20)), (np.ones((2,) * 4), range(4))])
run_program(compile_plan(Plan.from_ssa_path(small, [(0, 1)], [0])), small.arrays, threads=threads)  # load libraries
before = peak_resident_bytes()
predicted = run_program(compiled, network.arrays, threads=threads).peak_bytes
observed = peak_resident_bytes() - before
print(predicted, observed)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="on this system: no resident memory in kilobytes")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_predicted_peak_bounds_the_observed_one(threads, dtype):
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, "24", str(threads), dtype], capture_output=True, text=True, check=True
    )
    predicted, observed = map(int, ran.stdout.split())
    assert predicted > 1 << 24
    assert observed <= 1.02 * predicted + (4 << 20)
    assert observed >= 0.5 * predicted
