"""One amplitude by quimb's `Circuit.amplitude` with a cotengra search; prints seconds, peak memory and the value."""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import time
import warnings

import cotengra as ctg
import numpy as np
import quimb.tensor as qtn

import taizhang as tz

# Intermediates of complex64 with more elements than this would not fit the machines we measure on.
TARGET_SIZE = 2**28


def main() -> None:
    """Computes and prints."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("circuit")
    parser.add_argument("bitstring")
    parser.add_argument("--search-seconds", type=float, default=20)
    options = parser.parse_args()
    circuit = tz.read_circuit(options.circuit)  # our reader, so that reading is not part of what is compared
    started = time.perf_counter()
    peer = qtn.Circuit(circuit.num_qubits)
    for operation in circuit.operations:
        peer.apply_gate_raw(np.asarray(operation.gate.unitary()), operation.qubits)
    search = ctg.HyperOptimizer(
        methods=["greedy", *(["kahypar"] if importlib.util.find_spec("kahypar") else [])],
        minimize="combo",
        max_time=options.search_seconds,
        max_repeats=10**6,
        progbar=False,
        parallel=2,
        slicing_reconf_opts={"target_size": TARGET_SIZE},
    )
    value = complex(peer.amplitude(options.bitstring, optimize=search, dtype="complex64"))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "value": [value.real, value.imag], "peak_bytes": peak}))


if __name__ == "__main__":
    main()
