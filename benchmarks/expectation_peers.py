"""An expectation value by a peer: quimb with light cones, lightning.qubit with adjoint derivatives, or QTensor.

Needs only the packages of that peer, so any Python that has them can run it. The file names gates by those of OpenQASM.
Prints the value, the seconds of a first and a second evaluation, and with lightning those of value and gradient.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any


def by_quimb(job: Any) -> dict[str, float]:
    """One product by `Circuit.local_expectation` in complex128.

    Greedy paths: here other searches take longer than they save, auto-hq twice as long in all.
    """
    import quimb
    import quimb.tensor

    circuit = quimb.tensor.Circuit(job["qubits"])
    for name, angle, qubits in job["gates"]:
        circuit.apply_gate(name.upper(), *([] if angle is None else [angle]), *qubits)
    [[coefficient, letters]] = job["terms"]
    matrix = quimb.kron(*(quimb.pauli(letter) for _, letter in letters))
    report = {}
    for call in ("first", "again"):
        circuit.clear_storage()
        started = time.perf_counter()
        found = circuit.local_expectation(matrix, [qubit for qubit, _ in letters], optimize="greedy")
        report[call] = time.perf_counter() - started
    return {**report, "value": coefficient * float(found.real)}


def by_lightning(job: Any) -> dict[str, float]:
    """A sum and its derivatives by all angles from the state vector."""
    import pennylane as qml

    gates = {
        "rx": qml.RX,
        "ry": qml.RY,
        "rz": qml.RZ,
        "rzz": qml.IsingZZ,
        "cz": qml.CZ,
        "cx": qml.CNOT,
        "h": qml.Hadamard,
    }
    letters = {"X": qml.PauliX, "Y": qml.PauliY, "Z": qml.PauliZ}
    products = [qml.prod(*(letters[letter](qubit) for qubit, letter in term)) for _, term in job["terms"]]
    observable = qml.Hamiltonian([coefficient for coefficient, _ in job["terms"]], products)

    @qml.qnode(qml.device("lightning.qubit", wires=job["qubits"]), diff_method="adjoint")
    def energy(angles: Any) -> Any:
        rest = iter(angles)
        for name, angle, qubits in job["gates"]:
            gates[name](*([] if angle is None else [next(rest)]), wires=qubits)
        return qml.expval(observable)

    angles = qml.numpy.array([angle for _, angle, _ in job["gates"] if angle is not None], requires_grad=True)
    report = {}
    for call in ("first", "again"):
        started = time.perf_counter()
        value = float(energy(angles))
        report[call] = time.perf_counter() - started
    started = time.perf_counter()
    qml.grad(energy)(angles)  # runs the circuit forwards as well
    return {**report, "gradient": time.perf_counter() - started, "value": value}


def by_qtensor(job: Any) -> dict[str, float]:
    """The energy of QAOA for MaxCut, light cone by light cone; no derivatives."""
    import networkx as nx
    import qtensor

    qaoa = job["qaoa"]
    graph = nx.Graph([tuple(edge) for edge in qaoa["edges"]])
    # Angles in units of pi; its cost layer turns by twice gamma, its mixer by twice beta, gamma the other way round.
    gammas = [-angle / (2 * math.pi) for angle in qaoa["gammas"]]
    betas = [angle / math.pi for angle in qaoa["betas"]]
    composer = getattr(qtensor, "DefaultQAOAComposer", None) or qtensor.QtreeQAOAComposer
    report = {}
    for call in ("first", "again"):
        started = time.perf_counter()
        found = qtensor.QAOAQtreeSimulator(composer).energy_expectation(graph, gammas, betas)
        report[call] = time.perf_counter() - started
    return {**report, "value": float(found[0] if hasattr(found, "__len__") else found)}


PEERS = {"quimb": by_quimb, "lightning": by_lightning, "qtensor": by_qtensor}


def main() -> None:
    """Computes and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=tuple(PEERS))
    parser.add_argument("job", help="JSON: qubits; gates [name, angle or null, qubits]; terms [coefficient, letters]")
    options = parser.parse_args()
    job = json.loads(Path(options.job).read_text(encoding="utf-8"))
    print(json.dumps(PEERS[options.peer](job)))


if __name__ == "__main__":
    main()
