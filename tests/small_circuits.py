"""Circuits of different kinds, small enough for a state vector."""

from __future__ import annotations

import math

import numpy as np

import taizhang as tz
from taizhang.circuit.circuit import Operation


def ghz(num_qubits):
    circuit = tz.Circuit(num_qubits).append("h", 0)
    for qubit in range(num_qubits - 1):
        circuit = circuit.append("cx", qubit, qubit + 1)
    return circuit


def fourier(num_qubits, number=5):
    """A Fourier transform of a superposition, so that not all outcomes are alike."""
    circuit = tz.Circuit(num_qubits)
    for qubit in range(num_qubits):
        circuit = circuit.append("ry", qubit, parameters=[0.3 + 0.1 * (number + qubit)])
    for qubit in range(num_qubits):
        circuit = circuit.append("h", qubit)
        for other in range(qubit + 1, num_qubits):
            circuit = circuit.append("cp", other, qubit, parameters=[math.pi / 2 ** (other - qubit)])
    return circuit


def adder(num_bits):
    """A ripple-carry adder whose first number is in superposition."""
    a, b, carry = range(num_bits), range(num_bits, 2 * num_bits), range(2 * num_bits, 3 * num_bits)
    circuit = tz.Circuit(3 * num_bits)
    for qubit in a:
        circuit = circuit.append("ry", qubit, parameters=[0.9 + 0.2 * qubit])
    circuit = circuit.append("x", b[0]).append("h", b[-1])
    for k in range(num_bits):
        circuit = circuit.append("ccx", a[k], b[k], carry[k]).append("cx", a[k], b[k])
        if k:
            circuit = circuit.append("ccx", b[k], carry[k - 1], carry[k]).append("cx", carry[k - 1], b[k])
    return circuit


def bernstein_vazirani(num_qubits, secret=0b1011001):
    last = num_qubits - 1
    circuit = tz.Circuit(num_qubits).append("x", last)
    for qubit in range(num_qubits):
        circuit = circuit.append("h", qubit)
    for qubit in range(last):
        if secret >> qubit & 1:
            circuit = circuit.append("cx", qubit, last)
    for qubit in range(last):
        circuit = circuit.append("h", qubit)
    return circuit


def ising(num_qubits, steps):
    operations = [Operation(tz.gate("h"), (qubit,)) for qubit in range(num_qubits)]
    for step in range(steps):
        joint = tz.gate("rzz", 0.7 + 0.05 * step)
        operations += [Operation(joint, (qubit, qubit + 1)) for qubit in range(num_qubits - 1)]
        operations += [Operation(tz.gate("rx", 0.6 + 0.03 * (qubit % 20)), (qubit,)) for qubit in range(num_qubits)]
    return tz.Circuit.from_operations(num_qubits, operations)


def w_state(num_qubits):
    circuit = tz.Circuit(num_qubits).append("x", 0)
    for qubit in range(num_qubits - 1):
        angle = 2 * math.acos(math.sqrt(1 / (num_qubits - qubit)))
        circuit = circuit.append("cry", qubit, qubit + 1, parameters=[angle]).append("cx", qubit + 1, qubit)
    return circuit


def clifford(num_qubits, num_gates, seed):
    """Random Clifford gates with T gates between, swaps, and gates with controls of all kinds."""
    draw = np.random.default_rng(seed)
    circuit = tz.Circuit(num_qubits)
    for _ in range(num_gates):
        name = ["h", "s", "t", "sx", "cx", "cz", "swap", "iswap", "ccx", "ch", "cry", "cswap"][draw.integers(12)]
        chosen = tz.gate(name, 0.4) if name == "cry" else tz.gate(name)
        qubits = draw.permutation(num_qubits)[: chosen.num_qubits]
        circuit = circuit.append(chosen, *map(int, qubits))
    return circuit


def chaotic(num_qubits, layers, seed):
    """Random gates on single qubits, and fSim on neighbours in a ring."""
    draw = np.random.default_rng(seed)
    circuit = tz.Circuit(num_qubits)
    for layer in range(layers):
        for qubit in range(num_qubits):
            circuit = circuit.append(["x_1_2", "y_1_2", "hz_1_2"][draw.integers(3)], qubit)
            circuit = circuit.append("rz", qubit, parameters=[draw.uniform(-3, 3)])
        for qubit in range(layer % 2, num_qubits - 1 + layer % 2, 2):
            circuit = circuit.append("fsim", qubit, (qubit + 1) % num_qubits, parameters=[1.5, 0.5])
    return circuit


def of_many_kinds(largest=20):
    """Twenty circuits by name, of up to `largest` qubits."""
    return {
        f"ghz {largest}": ghz(largest),
        "ghz 5": ghz(5),
        f"fourier {min(largest, 12)}": fourier(min(largest, 12)),
        "fourier 6": fourier(6, number=11),
        "adder 4 bits": adder(4),
        "adder 2 bits": adder(2),
        f"bernstein-vazirani {largest}": bernstein_vazirani(largest),
        "bernstein-vazirani 7": bernstein_vazirani(7),
        f"ising {min(largest, 14)}, 2 steps": ising(min(largest, 14), 2),
        "ising 10, 5 steps": ising(10, 5),
        f"ising {largest}, 1 step": ising(largest, 1),
        f"w state {largest}": w_state(largest),
        "w state 9": w_state(9),
        "sycamore 12": tz.sycamore_circuit(12, cycles=8, seed=2),
        f"chaotic {min(largest, 18)}": chaotic(min(largest, 18), 12, 3),
        "grid 3x4": tz.grid_circuit(3, 4, depth=12, seed=4),
        f"grid 4x{min(largest, 16) // 4}": tz.grid_circuit(4, min(largest, 16) // 4, depth=8, seed=5),
        "clifford and t 8": clifford(8, 60, 6),
        "clifford and t 12": clifford(12, 80, 7),
        "clifford and t 5": clifford(5, 60, 8),
    }
