"""The adapters beside the frameworks' own simulators: time and memory of the same work, in processes of their own.

`python -m benchmarks.adapters [--quick] [WORK...]`. `--quick` leaves out what takes minutes; works are named in ROWS
and LONG below.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from benchmarks.tables import Result, figure, run_json, show

COLUMNS = ("work", "simulator", "seconds", "again", "memory grown", "value")
OURS = "taizhang"
# Work, what it is called, who does it; the last three are the ones without a peer.
ROWS = (
    ("qiskit_sampler", "20 qubits, 10,000 samples, Qiskit", (OURS, "StatevectorSampler", "aer")),
    ("cirq_sampler", "20 qubits, 10,000 samples, Cirq", (OURS, "cirq.Simulator", "qsim")),
    ("pennylane_sampler", "20 qubits, 10,000 samples, PennyLane", (OURS, "default.qubit", "lightning.qubit")),
    ("qiskit_expectation", "30 qubits, 29 products, Qiskit", (OURS, "StatevectorEstimator", "aer")),
    ("cirq_expectation", "30 qubits, 29 products, Cirq", (OURS, "cirq.Simulator", "qsim")),
    ("pennylane_expectation", "30 qubits, 29 products, PennyLane", (OURS, "default.qubit", "lightning.qubit")),
    ("cirq_amplitudes", "40 qubits, 10 amplitudes, Cirq", (OURS, "cirq.Simulator", "qsim")),
    ("qiskit_127", "127 qubits, an expectation value, Qiskit", (OURS,)),
    ("pennylane_gradient", "100 qubits, gradient by 200 angles, PennyLane", (OURS,)),
)
LONG = (
    ("our_wide", "53 qubits, 10 cycles, 50 samples, our own call", (OURS,)),
    ("qiskit_wide", "the same through Qiskit", (OURS,)),
    ("cirq_wide", "the same through Cirq", (OURS,)),
    ("pennylane_wide", "the same through PennyLane", (OURS,)),
)
PEER_SECONDS = 200.0


def run(*, quick: bool, threads: int) -> Result:
    """The table of all works."""
    return "Adapters beside the frameworks' own simulators", COLUMNS, _rows(quick, threads)


def _rows(quick: bool, threads: int, only: Sequence[str] = ()) -> Iterator[tuple[str, ...]]:
    for work, called, simulators in (*ROWS, *(() if quick else LONG)):
        if only and work not in only:
            continue
        for simulator in simulators:
            if quick and simulator != OURS and "expectation" in work:
                continue
            words = ["-m", "benchmarks.adapters_worker", work, simulator]
            found = run_json(words, threads=threads, timeout=PEER_SECONDS)
            if found is None:
                yield called, simulator, f"not in {PEER_SECONDS:.0f} s, or too large", "-", "-", "-"
                continue
            memory = f"{found['bytes'] / 2**20:,.0f} MiB"
            value = figure(found["value"], ".5f")
            yield called, simulator, figure(found["seconds"], ".3f"), figure(found["again"], ".3f"), memory, value


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.adapters", description=__doc__)
    parser.add_argument("works", nargs="*", metavar="WORK")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    title, columns, _ = run(quick=options.quick, threads=options.threads)
    show(title, columns, _rows(options.quick, options.threads, options.works))


if __name__ == "__main__":
    main()
