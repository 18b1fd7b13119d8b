"""Amplitudes of hundreds of qubits in single precision: below the range of floats, accurate to their precision."""

import cmath
import math

import numpy as np
import pytest

from taizhang.execute import contract_network
from taizhang.network.network import TensorNetwork
from taizhang.plan.plan import Plan

HADAMARD = np.array([[1, 1], [1, -1]]) / math.sqrt(2)


def left_to_right(network):
    count = network.shape.num_tensors
    path, last = [], 0
    for k in range(1, count):
        path.append((last, k))
        last = count + k - 1
    return Plan.from_ssa_path(network, path)


@pytest.mark.parametrize("bit", [0, 1])
def test_the_amplitude_of_a_ghz_state_of_300_qubits(bit):
    qubits, zero, kept = 300, np.array([1.0, 0.0]), np.eye(2)[bit]
    control = np.zeros((2, 2, 2))  # CNOT: control index shared, target in, target out
    control[0], control[1] = np.eye(2), np.array([[0, 1], [1, 0]])
    tensors = [(zero, ["in0"]), (HADAMARD, ["q0", "in0"])]
    for k in range(1, qubits):
        tensors += [(control, [f"q{k - 1}", f"in{k}", f"q{k}"]), (zero, [f"in{k}"]), (kept, [f"q{k - 1}"])]
    network = TensorNetwork([*tensors, (kept, [f"q{qubits - 1}"])])
    value = contract_network(network, left_to_right(network)).value
    assert value == pytest.approx(1 / math.sqrt(2), rel=1e-6)


@pytest.mark.parametrize("order", ["forwards", "backwards"])
def test_the_amplitude_of_a_product_state_of_200_qubits(order):
    angles = np.linspace(0.1, 1.4, 200)
    factors = []
    for k, angle in enumerate(angles):
        state = np.array([math.cos(angle), 1j * math.sin(angle)])
        factors += [(state, [f"q{k}"]), (np.array([0.0, 2.0**-17]), [f"q{k}"])]
    if order == "backwards":
        factors.reverse()
    network = TensorNetwork(factors)
    contraction = contract_network(network, left_to_right(network))
    log2 = sum(math.log2(math.sin(angle)) - 17 for angle in angles)
    mantissa = complex(contraction.mantissa)
    assert math.log2(abs(mantissa)) + contraction.exponent == pytest.approx(log2, abs=1.4e-6)  # 1e-6, relative
    assert cmath.phase(mantissa) == pytest.approx(0.0, abs=1e-5)  # i to the power of 200
