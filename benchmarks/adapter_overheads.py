"""What the adapters take beside our own call: a Bell pair, and circuits that take over a second.

`python -m benchmarks.adapter_overheads`. Medians of 20 calls for the Bell pair, of 3 for the others, alternating in one
process; the conversion of the circuit is included. Adapters derive seeds of their own, and plans found with other seeds
differ in time, by up to a factor of three for the long samples: compare with several seeds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import cirq
import numpy as np
import pennylane as qml

import taizhang as tz
from benchmarks.tables import Result, show
from taizhang.adapters.cirq import Simulator
from taizhang.adapters.qiskit import BackendV2, EstimatorV2, SamplerV2

COLUMNS = ("work", "our own call", "through the adapter", "overhead")
DOUBLE = {"dtype": "complex128"}


def bell() -> tz.Circuit:
    """Two qubits."""
    return tz.Circuit(2).h(0).cx(0, 1)


def long_sampling() -> tz.Circuit:
    """24 qubits whose state vector takes about a second."""
    return tz.grid_circuit(4, 6, depth=40, seed=1)


def long_expectation() -> tz.Circuit:
    """A chain whose light cone takes over a second."""
    circuit, rng = tz.Circuit(40), np.random.default_rng(1)
    for layer in range(18):
        for qubit in range(40):
            circuit = circuit.rx(qubit, float(rng.uniform(0.2, 1))).rz(qubit, float(rng.uniform(0.2, 1)))
        for qubit in range(layer % 2, 39, 2):
            circuit = circuit.cz(qubit, qubit + 1)
    return circuit


def in_pennylane(circuit: tz.Circuit, **options: Any) -> tuple[Any, Any]:
    """The operations as a tape makes them, and the device."""
    operations = [qml.QubitUnitary(step.gate.unitary(), wires=step.qubits) for step in circuit]
    return operations, qml.device("taizhang.qubit", wires=circuit.num_qubits, seed=1, **options)


def pairs(make: Callable[[], tz.Circuit], observable: str, shots: int) -> Iterator[tuple[str, Any, Any]]:
    """Names, our own call, and that through the adapter."""
    circuit = make()
    measured = tz.to_qiskit(circuit)
    measured.measure_all()
    plain = tz.to_qiskit(circuit)
    letters = dict(word[::-1] for word in (observable[:2], observable[3:5]))
    label = "".join(letters.get(str(qubit), "I") for qubit in range(circuit.num_qubits - 1, -1, -1))
    theirs = tz.to_cirq(circuit)
    qubits = sorted(theirs.all_qubits())
    asked = cirq.Z(qubits[0]) * cirq.Z(qubits[1])
    operations, device = in_pennylane(circuit)
    counted = qml.tape.QuantumScript(operations, [qml.sample()], shots=shots)
    valued = qml.tape.QuantumScript(operations, [qml.expval(qml.Z(0) @ qml.Z(1))])
    sampler, backend, estimator, simulator = SamplerV2(seed=1), BackendV2(), EstimatorV2(), Simulator(seed=1)
    yield (
        "Qiskit sampler",
        lambda: tz.sample(circuit, shots, seed=1),
        lambda: sampler.run([measured], shots=shots).result(),
    )
    yield (
        "Qiskit backend",
        lambda: tz.sample(circuit, shots, seed=1),
        lambda: backend.run(measured, shots=shots, seed_simulator=1).result().get_counts(),
    )
    yield (
        "Cirq samples",
        lambda: tz.sample(circuit, shots, seed=1),
        lambda: simulator.run(theirs + cirq.measure(*qubits, key="m"), repetitions=shots),
    )
    yield "PennyLane samples", lambda: tz.sample(circuit, shots, seed=1, **DOUBLE), lambda: device.execute(counted)
    yield (
        "Qiskit estimator",
        lambda: tz.expectation(circuit, observable),
        lambda: estimator.run([(plain, [label])]).result()[0].data.evs,
    )
    yield (
        "Cirq expectation",
        lambda: tz.expectation(circuit, observable),
        lambda: simulator.simulate_expectation_values(theirs, asked),
    )
    yield "PennyLane expectation", lambda: tz.expectation(circuit, observable, **DOUBLE), lambda: device.execute(valued)


def seconds_of(work: Callable[[], Any]) -> float:
    """Seconds of a call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def run(*, quick: bool, threads: int) -> Result:
    """The table; the number of threads is that of the machine."""
    return "Overheads of the adapters", COLUMNS, _rows(quick)


def _rows(quick: bool) -> Iterator[tuple[str, ...]]:
    cases = [("Bell pair", bell, 20, ("samples", "sampler", "backend", "estimator", "expectation"))]
    if not quick:
        cases.append(("24 qubits, depth 40", long_sampling, 3, ("samples", "sampler", "backend")))
        cases.append(("40 qubits, depth 18", long_expectation, 3, ("estimator", "expectation")))
    for called, make, repeats, kinds in cases:
        for name, ours, theirs in pairs(make, "Z0 Z1", 100):
            if name.split()[-1] not in kinds:
                continue
            ours(), theirs()
            both = [(seconds_of(ours), seconds_of(theirs)) for _ in range(repeats)]
            own, through = (statistics.median(column) for column in zip(*both, strict=True))
            share = f"{(through - own) * 1e3:.2f} ms" if own < 0.1 else f"{(through / own - 1) * 100:+.1f} %"
            yield f"{called}: {name}", f"{own * 1e3:.2f} ms", f"{through * 1e3:.2f} ms", share


if __name__ == "__main__":
    show(*run(quick=False, threads=2))
