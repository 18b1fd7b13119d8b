"""One piece of work through a framework, by its own simulator or ours: prints seconds, memory and a value as JSON.

`python -m benchmarks.adapters_worker WORK WHO`; the works are functions of this file, WHO is one of their parts. The
memory is what the process grew by at its peak. Work that needs more than the machine has ends with an error.
"""

from __future__ import annotations

import json
import math
import resource
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

# Gates of one layer: names, angles, qubits.
Gates = list[tuple[str, tuple[float, ...], tuple[int, ...]]]
LINE_20, LINE_30, GRID_40 = "line 20", "line 30", "grid 40"
SHOTS = 10_000
AMPLITUDES = 10


def gates_of(name: str) -> tuple[int, Gates]:
    """A random circuit of rz, ry, rz on all qubits and cz between neighbours, and its number of qubits."""
    rng = np.random.default_rng(7)
    kind, count = name.split()
    qubits = int(count)
    if kind == "line":
        layers = 20 if qubits == 20 else 6
        pairs = [[(q, q + 1) for q in range(k % 2, qubits - 1, 2)] for k in range(layers)]
    else:
        rows, columns = 5, qubits // 5
        across = [
            [(r * columns + c, r * columns + c + 1) for r in range(rows) for c in range(k, columns - 1, 2)]
            for k in (0, 1)
        ]
        down = [
            [(r * columns + c, (r + 1) * columns + c) for c in range(columns) for r in range(k, rows - 1, 2)]
            for k in (0, 1)
        ]
        pairs = [across[0], down[0], across[1], down[1]] * 2
    made: Gates = []
    for layer in pairs:
        for qubit in range(qubits):
            a, b, c = (float(angle) for angle in rng.uniform(-math.pi, math.pi, 3))
            made += [("rz", (a,), (qubit,)), ("ry", (b,), (qubit,)), ("rz", (c,), (qubit,))]
        made += [("cz", (), pair) for pair in layer]
    return qubits, made


def in_qiskit(name: str) -> Any:
    """The circuit in Qiskit."""
    from qiskit import QuantumCircuit

    qubits, gates = gates_of(name)
    circuit = QuantumCircuit(qubits)
    for gate, angles, places in gates:
        getattr(circuit, gate)(*angles, *places)
    return circuit


def in_cirq(name: str) -> tuple[Any, Any]:
    """The circuit in Cirq, and its qubits."""
    import cirq

    count, gates = gates_of(name)
    qubits = cirq.LineQubit.range(count)
    kinds = {"rz": cirq.rz, "ry": cirq.ry, "cz": lambda: cirq.CZ}
    circuit = cirq.Circuit(kinds[gate](*angles)(*(qubits[q] for q in places)) for gate, angles, places in gates)
    return circuit, qubits


def in_pennylane(name: str) -> None:
    """Queues the circuit in PennyLane."""
    import pennylane as qml

    kinds = {"rz": qml.RZ, "ry": qml.RY, "cz": qml.CZ}
    for gate, angles, places in gates_of(name)[1]:
        kinds[gate](*angles, wires=places)


def qiskit_sampler(who: str) -> Callable[[], Any]:
    """Samples of 20 qubits through Qiskit."""
    if who == "taizhang":
        from taizhang.adapters.qiskit import SamplerV2

        sampler = SamplerV2(seed=1)
    elif who == "aer":
        from qiskit_aer.primitives import SamplerV2

        sampler = SamplerV2(seed=1)
    else:
        from qiskit.primitives import StatevectorSampler

        sampler = StatevectorSampler(seed=1)
    circuit = in_qiskit(LINE_20)
    circuit.measure_all()
    return lambda: mean_ones(sampler.run([circuit], shots=SHOTS).result()[0].data.meas.get_int_counts())


def mean_ones(counts: dict[int, int]) -> float:
    """Mean number of ones in samples, by which samplers can be compared."""
    return sum(value.bit_count() * count for value, count in counts.items()) / sum(counts.values())


def cirq_sampler(who: str) -> Callable[[], Any]:
    """Samples of 20 qubits through Cirq."""
    import cirq

    circuit, qubits = in_cirq(LINE_20)
    circuit.append(cirq.measure(*qubits, key="m"))
    simulator = cirq_simulator(who)
    return lambda: float(simulator.run(circuit, repetitions=SHOTS).measurements["m"].sum(axis=1).mean())


def cirq_simulator(who: str) -> Any:
    """A simulator for Cirq."""
    if who == "taizhang":
        from taizhang.adapters.cirq import Simulator

        return Simulator(seed=1)
    if who == "qsim":
        import qsimcirq

        return qsimcirq.QSimSimulator(qsimcirq.QSimOptions(cpu_threads=2), seed=1)
    import cirq

    return cirq.Simulator(seed=1)


def pennylane_device(who: str, wires: int) -> Any:
    """A device of PennyLane."""
    import pennylane as qml

    return qml.device({"taizhang": "taizhang.qubit"}.get(who, who), wires=wires, seed=1)


def pennylane_sampler(who: str) -> Callable[[], Any]:
    """Samples of 20 qubits through PennyLane."""
    import pennylane as qml

    @qml.set_shots(shots=SHOTS)
    @qml.qnode(pennylane_device(who, 20), diff_method=None)
    def circuit() -> Any:
        in_pennylane(LINE_20)
        return qml.sample()

    return lambda: float(np.asarray(circuit()).sum(axis=1).mean())


def qiskit_expectation(who: str) -> Callable[[], Any]:
    """The sum of 29 products of neighbours, 30 qubits, through Qiskit."""
    from qiskit.quantum_info import SparsePauliOp

    if who == "taizhang":
        from taizhang.adapters.qiskit import EstimatorV2

        estimator: Any = EstimatorV2()
    elif who == "aer":
        from qiskit_aer.primitives import EstimatorV2

        estimator = EstimatorV2(options={"backend_options": {"precision": "single", "method": "statevector"}})
    else:
        from qiskit.primitives import StatevectorEstimator

        estimator = StatevectorEstimator()
    circuit = in_qiskit(LINE_30)
    observable = SparsePauliOp.from_sparse_list([("ZZ", [q, q + 1], 1.0) for q in range(29)], num_qubits=30)
    return lambda: float(estimator.run([(circuit, observable)]).result()[0].data.evs)


def cirq_expectation(who: str) -> Callable[[], Any]:
    """The same through Cirq."""
    import cirq

    circuit, qubits = in_cirq(LINE_30)
    observable = cirq.PauliSum.from_pauli_strings([cirq.Z(a) * cirq.Z(b) for a, b in pairwise(qubits)])
    simulator = cirq_simulator(who)
    return lambda: float(np.real(simulator.simulate_expectation_values(circuit, observable)[0]))


def pennylane_expectation(who: str) -> Callable[[], Any]:
    """The same through PennyLane."""
    import pennylane as qml

    @qml.qnode(pennylane_device(who, 30), diff_method=None)
    def circuit() -> Any:
        in_pennylane(LINE_30)
        return qml.expval(qml.sum(*(qml.Z(q) @ qml.Z(q + 1) for q in range(29))))

    return lambda: float(circuit())


def cirq_amplitudes(who: str) -> Callable[[], Any]:
    """Ten amplitudes of 40 qubits on a grid through Cirq."""
    circuit, _ = in_cirq(GRID_40)
    numbers = [int(number) for number in np.random.default_rng(1).integers(1 << 40, size=AMPLITUDES)]
    simulator = cirq_simulator(who)
    return lambda: float(np.abs(simulator.compute_amplitudes(circuit, numbers)[0]) * 2**20)


def wide_circuit() -> Any:
    """53 qubits, 10 cycles."""
    import taizhang as tz

    return tz.sycamore_circuit(53, cycles=10, seed=1)


def qiskit_wide(who: str) -> Callable[[], Any]:
    """50 samples of 53 qubits after 10 cycles through Qiskit."""
    import taizhang as tz
    from taizhang.adapters.qiskit import SamplerV2

    circuit = tz.to_qiskit(wide_circuit())
    circuit.measure_all()
    return lambda: mean_ones(SamplerV2(seed=1).run([circuit], shots=50).result()[0].data.meas.get_int_counts())


def cirq_wide(who: str) -> Callable[[], Any]:
    """The same through Cirq."""
    import cirq

    import taizhang as tz

    circuit = tz.to_cirq(wide_circuit())
    circuit.append(cirq.measure(*sorted(circuit.all_qubits()), key="m"))
    simulator = cirq_simulator(who)
    return lambda: float(simulator.run(circuit, repetitions=50).measurements["m"].sum(axis=1).mean())


def pennylane_wide(who: str) -> Callable[[], Any]:
    """The same through PennyLane."""
    import pennylane as qml

    made = wide_circuit()

    @qml.set_shots(shots=50)
    @qml.qnode(pennylane_device(who, 53), diff_method=None)
    def circuit() -> Any:
        for step in made:
            qml.QubitUnitary(step.gate.unitary(), wires=step.qubits)
        return qml.sample()

    return lambda: float(np.asarray(circuit()).sum(axis=1).mean())


def our_wide(who: str) -> Callable[[], Any]:
    """The same by our own call."""
    import taizhang as tz

    circuit = wide_circuit()
    return lambda: float(tz.sample(circuit, 50, seed=1).sum(axis=1).mean())


def qiskit_127(who: str) -> Callable[[], Any]:
    """An expectation value on 127 qubits, after four steps of a kicked Ising chain, through Qiskit."""
    from qiskit import QuantumCircuit

    from taizhang.adapters.qiskit import EstimatorV2

    circuit = QuantumCircuit(127)
    for _ in range(4):
        circuit.rx(0.7, range(127))
        for first in (0, 1):
            for qubit in range(first, 126, 2):
                circuit.rzz(-math.pi / 2, qubit, qubit + 1)
    observable = "I" * 63 + "Z" + "I" * 63
    return lambda: float(EstimatorV2().run([(circuit, [observable])]).result()[0].data.evs[0])


def pennylane_gradient(who: str) -> Callable[[], Any]:
    """Value and gradient by 200 angles of 99 products on 100 qubits through PennyLane."""
    import pennylane as qml
    from pennylane import numpy as pnp

    @qml.qnode(pennylane_device(who, 100))
    def circuit(angles: Any) -> Any:
        for wire in range(100):
            qml.RY(angles[wire], wire)
        for wire in range(99):
            qml.CNOT([wire, wire + 1])
        for wire in range(100):
            qml.RX(angles[100 + wire], wire)
        return qml.expval(qml.sum(*(qml.Z(wire) @ qml.Z(wire + 1) for wire in range(99))))

    angles = pnp.array(np.random.default_rng(0).normal(size=200))
    return lambda: float(np.linalg.norm(qml.grad(circuit)(angles)))


WORKS: dict[str, Callable[[str], Callable[[], Any]]] = {
    function.__name__: function
    for function in (
        *(qiskit_sampler, cirq_sampler, pennylane_sampler),
        *(qiskit_expectation, cirq_expectation, pennylane_expectation),
        *(cirq_amplitudes, our_wide, qiskit_wide, cirq_wide, pennylane_wide, qiskit_127, pennylane_gradient),
    )
}


def main() -> None:
    """Does the work, twice if it is short: plans and imports are in the first time."""
    work, who = sys.argv[1:3]
    limit = 22 * 2**30
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    ready = WORKS[work](who)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    value = ready()
    seconds = time.perf_counter() - started
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    again = seconds
    if seconds < 20:
        started = time.perf_counter()
        ready()
        again = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "again": again, "bytes": grown * 1024, "value": value}))


if __name__ == "__main__":
    main()
