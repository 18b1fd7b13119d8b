"""Expectation values at two points, in a separate process; prints times and predictions.

The first call includes networks and plans; the second, at other angles, is what an optimiser pays for each point.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

import taizhang as tz
from taizhang.settings import Settings
from taizhang.tasks.energy import EnergyProgram


def main() -> None:
    """Computes and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("circuit")
    parser.add_argument("observable", help="file with one observable")
    parser.add_argument("--point", default="{}", help="values of the named parameters, JSON")
    parser.add_argument("--gradient", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    circuit = tz.read_circuit(options.circuit)
    observable = tz.Observable(Path(options.observable).read_text(encoding="utf-8"))
    settings = Settings.checked(threads=options.threads)
    started = time.perf_counter()
    program = EnergyProgram.prepare(circuit, (observable,), settings, None)
    given = json.loads(options.point)
    point = np.array([given[name] for name in program.names]) if given else np.array(program.angles)
    program.values(point)
    report = {"first": time.perf_counter() - started, "value_predicted": program.cones.work.predicted_seconds}
    report["value"] = _least_seconds(lambda: program.values(point + 0.01))
    if options.gradient:
        program.values_and_gradients(point)
        report["gradient"] = _least_seconds(lambda: program.values_and_gradients(point + 0.01))
        report["gradient_predicted"] = program.gradient_seconds
    print(json.dumps(report))


def _least_seconds(call: object) -> float:
    assert callable(call)
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


if __name__ == "__main__":
    main()
