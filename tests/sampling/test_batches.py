import numpy as np
import pytest
from tests.small_circuits import chaotic

import taizhang as tz
from taizhang.plan.plan import Plan
from taizhang.sampling.batches import IndependentBatches, slices_of_paths
from taizhang.sampling.open_qubits import choose_batch_qubits
from taizhang.settings import Settings


def test_a_batch_is_the_amplitudes_over_its_open_qubits():
    circuit = chaotic(8, 5, 1)
    contractor = IndependentBatches(circuit, (1, 4, 6), Settings.checked(threads=1, trials=2), num_batches=5)
    bits = np.random.default_rng(0).integers(0, 2, size=(5, 8)).astype(np.uint8)
    state = tz.state_vector(circuit, dtype="complex128", threads=1).reshape((2,) * 8)
    for row, found in zip(bits, contractor.run(bits), strict=True):
        expected = state[tuple(slice(None) if qubit in (1, 4, 6) else row[qubit] for qubit in range(8))]
        np.testing.assert_allclose(found, expected.reshape(-1), atol=1e-6)


@pytest.mark.parametrize("sliced", ["abo", "oab", "aob", "ab", "pao"])
@pytest.mark.parametrize("num_paths", [1, 2, 3])
def test_paths_are_slices_for_every_value_of_the_result(sliced, num_paths):
    draw = np.random.default_rng(0)
    tensors = [(draw.normal(size=(2, 2)), ("a", "o")), (draw.normal(size=(2, 2, 2)), ("a", "b", "p"))]
    network = tz.TensorNetwork([*tensors, (draw.normal(size=(2, 2)), ("b", "o"))], output=("o", "p"))
    plan = Plan.from_ssa_path(network, [(0, 1), (2, 3)], sliced_indices=tuple(sliced))
    paths = 2 ** len(set(sliced) & {"a", "b"})
    total = sum(tz.contract(network, plan=plan, slices=part) for part in slices_of_paths(plan, min(num_paths, paths)))
    names = [name for name in sliced if name in "ab"]
    expected_sum = np.zeros((2, 2))
    for number in range(min(num_paths, paths)):
        digits = dict(zip(names, map(int, np.binary_repr(number, len(names))), strict=True))
        one, two, three = (array for array, _ in [*tensors, (network.arrays[2], ())])
        for a in [digits["a"]] if "a" in digits else [0, 1]:
            for b in [digits["b"]] if "b" in digits else [0, 1]:
                expected_sum += one[a][:, None] * two[a, b][None, :] * three[b].real[:, None]
    np.testing.assert_allclose(total.real, expected_sum, atol=1e-5)


def test_the_open_qubits_do_not_depend_on_the_machine():
    circuit = chaotic(10, 6, 1)
    assert choose_batch_qubits(circuit, 4, 3) == choose_batch_qubits(circuit, 4, 3)
    assert choose_batch_qubits(circuit, 10, 3) == tuple(range(10))
    assert choose_batch_qubits(circuit, 0, 3) == ()
