"""Random programs with control flow: from Qiskit, from Qiskit's OpenQASM 3, and by Qiskit Aer's shots."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit.classical import expr
from qiskit_aer import AerSimulator
from tests.adapters.circuit_numbers import RANDOM_CIRCUITS

import taizhang as tz
from taizhang.circuit.formats.openqasm import read_openqasm

DOUBLE = {"dtype": "complex128", "trials": 1}
SHOTS = 2000


def program(seed):
    rng = np.random.default_rng(seed)
    c, d = ClassicalRegister(2, "c"), ClassicalRegister(1, "d")
    circuit = QuantumCircuit(QuantumRegister(3, "q"), c, d)

    def condition():
        return [
            (c, int(rng.integers(4))),
            (d[0], int(rng.integers(2))),
            expr.less(c, int(rng.integers(1, 4))),
            expr.logic_and(c[0], expr.logic_not(d[0])),
            expr.bit_xor(c[1], d[0]),
        ][rng.integers(5)]

    def body(depth, length):
        for _ in range(length):
            a, b = rng.permutation(3)[:2].tolist()
            kind = rng.integers(9) if depth else rng.integers(5)
            if kind < 2:
                circuit.u(*rng.uniform(0, 3, 3), a)
            elif kind == 2:
                circuit.cx(a, b)
            elif kind == 3:
                circuit.measure(a, [c[0], c[1], d[0]][rng.integers(3)])
            elif kind == 4:
                circuit.reset(a)
            elif kind == 5:
                with circuit.if_test(condition()) as otherwise:
                    body(depth - 1, 3)
                with otherwise:
                    body(depth - 1, 2)
            elif kind == 6:
                with circuit.switch(c) as case:
                    with case(0, int(rng.integers(1, 3))):
                        body(depth - 1, 2)
                    with case(case.DEFAULT):
                        body(depth - 1, 2)
            elif kind == 7:
                with circuit.for_loop(range(2)):
                    body(0, 2)
            else:
                circuit.h(a)

    body(2, 9)
    circuit.measure(0, d[0])
    return circuit


@pytest.mark.parametrize("seed", range(RANDOM_CIRCUITS))
def test_random_programs_have_one_distribution(seed):
    circuit = program(seed)
    ours = tz.probabilities(tz.from_qiskit(circuit, final_measurements=True), **DOUBLE)
    written = read_openqasm(qasm3.dumps(circuit), final_measurements=True)
    assert tz.probabilities(written, **DOUBLE) == pytest.approx(ours, abs=1e-9)
    counts = AerSimulator(seed_simulator=5).run(circuit, shots=SHOTS).result().get_counts()
    seen = {" ".join(word[::-1] for word in key.split(" ")[::-1]): count for key, count in counts.items()}
    assert set(seen) <= set(ours)
    for outcome, chance in ours.items():
        assert abs(seen.get(outcome, 0) - SHOTS * chance) < 5 * np.sqrt(SHOTS * chance * max(0, 1 - chance)) + 2
