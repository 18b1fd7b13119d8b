"""A noisy circuit by a peer: Qiskit Aer's density matrix, shots of Aer or qsim, or a value by trajectories of either.

Needs only the packages of that peer. The file holds operations: names, angles, qubits; the errors are depolarizing.
Prints seconds, and of what: a density matrix, shots or trajectories.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any


def by_aer(job: Any, what: str, count: int, threads: int) -> dict[str, Any]:
    """Aer with a noise model of the names of gates, its fastest form."""
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp
    from qiskit_aer import AerSimulator
    from qiskit_aer.library import save_density_matrix, save_expectation_value  # noqa: F401
    from qiskit_aer.noise import NoiseModel, depolarizing_error

    circuit = QuantumCircuit(job["qubits"])
    for name, angles, qubits in job["gates"]:
        getattr(circuit, name)(*angles, *qubits)
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(4 * job["p1"] / 3, 1), ["u"])
    model.add_all_qubit_quantum_error(depolarizing_error(16 * job["p2"] / 15, 2), ["cz"])
    method = "density_matrix" if what == "density" else "statevector"
    if what == "density":
        circuit.save_density_matrix()
    elif what == "shots":
        circuit.measure_all()
    else:
        letters = {int(qubit): letter for letter, qubit in job["observable"]}
        label = "".join(letters.get(qubit, "I") for qubit in range(job["qubits"] - 1, -1, -1))
        circuit.save_expectation_value(SparsePauliOp(label), list(range(job["qubits"])))
    simulator = AerSimulator(method=method, noise_model=model, precision="single", max_parallel_threads=threads)
    started = time.perf_counter()
    result = simulator.run(circuit, shots=count, seed_simulator=1).result()
    seconds = time.perf_counter() - started
    if not result.success:
        raise SystemExit(result.status)
    return {"seconds": seconds, "count": count}


def by_qsim(job: Any, what: str, count: int, threads: int) -> dict[str, Any]:
    """Qsim's trajectories, one call each."""
    import cirq
    import qsimcirq

    line = cirq.LineQubit.range(job["qubits"])
    operations = []
    for name, angles, qubits in job["gates"]:
        here = [line[qubit] for qubit in qubits]
        if name == "u":
            theta, phi, lam = angles
            operations += [cirq.rz(lam)(*here), cirq.ry(theta)(*here), cirq.rz(phi)(*here)]
            operations.append(cirq.depolarize(job["p1"])(*here))
        else:
            operations += [cirq.CZ(*here), cirq.depolarize(job["p2"], n_qubits=2)(*here)]
    circuit = cirq.Circuit(operations)
    simulator = qsimcirq.QSimSimulator(qsimcirq.QSimOptions(cpu_threads=threads), seed=1)
    started = time.perf_counter()
    if what == "shots":
        simulator.run(circuit + cirq.measure(*line, key="m"), repetitions=count)
    else:
        product = cirq.PauliString({line[int(qubit)]: getattr(cirq, letter) for letter, qubit in job["observable"]})
        for _ in range(count):
            simulator.simulate_expectation_values(circuit, [product], qubit_order=line)
    return {"seconds": time.perf_counter() - started, "count": count}


def main() -> None:
    """Reads the job and runs the peer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=["aer", "qsim"])
    parser.add_argument("job", type=Path)
    parser.add_argument("what", choices=["density", "shots", "value"])
    parser.add_argument("count", type=int)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    run = by_aer if given.peer == "aer" else by_qsim
    print(json.dumps(run(json.loads(given.job.read_text()), given.what, given.count, given.threads)))


if __name__ == "__main__":
    main()
