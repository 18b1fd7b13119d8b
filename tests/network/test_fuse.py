import numpy as np
import pytest
from hypothesis import given, settings
from tests.strategies import mixed_circuits

from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.gates import gate
from taizhang.circuit.state_vector import state_vector
from taizhang.network.fuse import fuse


def steps(*words):
    """Operations written as in "cx 0 1"."""
    steps = []
    for word in words:
        name, *qubits = word.split()
        angles = (0.3, 0.4, 0.5) if name == "u" else (0.3,) if name in ("rz", "ry") else ()
        steps.append(Operation(gate(name, *angles), tuple(map(int, qubits))))
    return steps


@settings(max_examples=200)
@given(mixed_circuits(max_qubits=5))
def test_fusing_keeps_the_state(circuit):
    again = Circuit.from_operations(circuit.num_qubits, fuse(circuit.operations))
    np.testing.assert_allclose(state_vector(again), state_vector(circuit), atol=1e-13)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["cx 0 1", "rz 1", "cx 0 1"], 1),
        (["cx 0 1", "cx 1 0", "cx 0 1"], 1),
        (["cx 0 1", "u 0", "u 1", "cx 0 1", "u 0", "u 1", "cx 0 1", "u 0"], 2),
        (["fsim 0 1", "u 0", "fsim 1 0"], 1),
        (["cx 0 1", "u 0", "u 1", "cx 0 1"], 4),
        (["cz 0 1", "cz 1 2", "cz 0 1", "cz 1 2"], 4),
        (["cx 0 1", "ccx 0 1 2", "cx 0 1"], 3),
        (["h 0", "cx 0 1", "h 0"], 3),
    ],
)
def test_a_run_is_one_gate_where_that_is_simpler(words, count):
    given = [
        Operation(gate("fsim", 0.3, 0.1), (int(w[-3]), int(w[-1]))) if w.startswith("fsim") else steps(w)[0]
        for w in words
    ]
    assert len(list(fuse(given))) == count


def test_a_very_long_run_is_multiplied_in_parts():
    run = steps(*["cx 0 1", "ry 1"] * 1000)
    assert 5 < len(list(fuse(run))) < 100
