"""Runs the benchmarks and prints a table for each: `python -m benchmarks [SUITE]...`."""

from __future__ import annotations

import argparse

from benchmarks import (
    accuracy,
    adapter_overheads,
    adapters,
    decoding,
    einsum,
    end_to_end,
    engine,
    expectation,
    long_runs,
    many_amplitudes,
    noise,
    objectives,
    overheads,
    planner,
    sampling,
    start,
)
from benchmarks.tables import show

SUITES = {
    "start": start.run,
    "planner": planner.run,
    "objectives": objectives.run,
    "engine": engine.run,
    "overheads": overheads.run,
    "accuracy": accuracy.run,
    "expectation": expectation.run,
    "noise": noise.run,
    "adapters": adapters.run,
    "adapter-overheads": adapter_overheads.run,
    "einsum": einsum.run,
    "decoding": decoding.run,
    "sampling": sampling.run,
    "many-amplitudes": many_amplitudes.run,
    "end-to-end": end_to_end.run,
    "long-runs": long_runs.run,
}


def main() -> None:
    """Reads the options and runs the given suites."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"any of {', '.join(SUITES)}; all by default")
    parser.add_argument("--quick", action="store_true", help="the small cases only, with less time each")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    unknown = [suite for suite in options.suites if suite not in SUITES]
    if unknown:
        parser.error(f"there is no suite {', '.join(unknown)}; there are {', '.join(SUITES)}")
    for suite in options.suites or SUITES:
        title, columns, rows = SUITES[suite](quick=options.quick, threads=options.threads)
        show(title, columns, rows)


if __name__ == "__main__":
    main()
