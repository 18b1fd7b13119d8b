"""Amplitudes of random bitstrings in a separate process; prints times, peak memory and some values.

Work predicted to take longer than the limit is measured in part: some slices of one contraction. The report says which
fraction.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace

import numpy as np

import taizhang as tz
from taizhang._resources import peak_resident_bytes
from taizhang.circuit.bitstring_lists import as_strings
from taizhang.circuit.distinct_bitstrings import DistinctRows
from taizhang.execute.amplitude_contractor import prepare_amplitudes
from taizhang.settings import Settings


def random_bits(count: int, num_qubits: int, seed: int) -> np.typing.NDArray[np.uint8]:
    """Uniformly random bitstrings, shape (count, num_qubits)."""
    return np.random.default_rng(seed).integers(0, 2, size=(count, num_qubits)).astype(np.uint8)


def main() -> None:
    """Computes and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("circuit")
    parser.add_argument("count", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default=None)
    parser.add_argument("--plan-time", default="auto")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds of running, about")
    options = parser.parse_args()
    circuit = tz.read_circuit(options.circuit)
    settings = Settings.checked(threads=options.threads, memory=options.memory, plan_time=options.plan_time)
    bits = random_bits(options.count, circuit.num_qubits, 1)
    rows = DistinctRows.of(bits)
    started = time.perf_counter()
    machine = prepare_amplitudes(circuit, settings, num_bitstrings=len(rows), row_qubits=rows.varying)
    planning = time.perf_counter() - started
    predicted = machine.predicted_seconds(len(rows))
    part, slices = 1.0, None
    if predicted > options.limit:
        runs, num_slices = machine.num_runs(len(rows)), machine.ready.plan.num_slices
        few = max(1, min(int(options.limit / predicted * runs * num_slices), num_slices))
        part, slices = few / (runs * num_slices), range(few)
        rows = DistinctRows.of(rows.bits[: machine.rows_per_run])
        machine = replace(machine, settings=replace(settings, time_limit_seconds=1e99))
    started, busy = time.perf_counter(), time.process_time()
    result = machine.run(rows, slices=slices)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    listed = {}
    if slices is None:
        first = zip(as_strings(bits[:100]), result.values[:100].tolist(), strict=True)
        listed = {bitstring: [value.real, value.imag] for bitstring, value in first}
    report = {
        "rows_per_run": machine.rows_per_run,
        "slices": machine.ready.plan.num_slices,
        "log10_multiply_adds": machine.ready.plan.cost.log10_multiply_adds_executed,
        "planning": planning,
        "predicted": predicted,
        "part": part,
        "seconds": seconds / part,
        "busy": busy / part,
        "peak_bytes": peak_resident_bytes(),
        "values": listed,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
