"""The state vector of a random circuit by qsim, built with Cirq; prints seconds, peak memory and some amplitudes.

Needs only the packages qsimcirq and cirq-core, so any Python that has them can run it.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import time
from pathlib import Path

import cirq
import qsimcirq


def read(path: str) -> tuple[cirq.Circuit, list[cirq.Qid]]:
    """Reads a circuit of the gates of random circuits in qsim's text format."""
    lines = Path(path).read_text(encoding="ascii").split("\n")
    qubits: list[cirq.Qid] = list(cirq.LineQubit.range(int(lines[0])))
    fixed = {
        "x_1_2": cirq.rx(math.pi / 2),
        "y_1_2": cirq.ry(math.pi / 2),
        "hz_1_2": cirq.PhasedXPowGate(phase_exponent=0.25, exponent=0.5, global_shift=-0.5),
    }
    operations = []
    for line in filter(None, lines[1:]):
        _, name, *words = line.split()
        if name in fixed:
            operations.append(fixed[name](qubits[int(words[0])]))
        elif name == "rz":
            operations.append(cirq.rz(float(words[1]))(qubits[int(words[0])]))
        elif name == "fs":
            gate = cirq.FSimGate(float(words[2]), float(words[3]))
            operations.append(gate(qubits[int(words[0])], qubits[int(words[1])]))
        else:
            raise SystemExit(f"{name} is no gate of the random circuits")
    return cirq.Circuit(operations), qubits


def main() -> None:
    """Simulates and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("circuit")
    parser.add_argument("bitstrings", help="file of bitstrings whose amplitudes are printed")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--fused", type=int, default=3, help="qubits of fused gates")
    options = parser.parse_args()
    circuit, qubits = read(options.circuit)
    simulator = qsimcirq.QSimSimulator(
        qsimcirq.QSimOptions(cpu_threads=options.threads, max_fused_gate_size=options.fused)
    )
    started, busy = time.perf_counter(), time.process_time()
    state = simulator.simulate(circuit, qubit_order=qubits).final_state_vector
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    values = {}
    for bits in Path(options.bitstrings).read_text(encoding="ascii").split():
        amplitude = state[int(bits, 2)]
        values[bits] = [float(amplitude.real), float(amplitude.imag)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "busy": busy, "peak_bytes": peak, "values": values}))


if __name__ == "__main__":
    main()
