"""Stress tests of long runs: kills, damage, full disks, and the cost of ledger and scheduling.

`python -m benchmarks.long_runs [TEST]...` runs some of the tests; `python -m benchmarks long-runs` all of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks.long_runs.cases import Row
from benchmarks.long_runs.cluster import dask, dask_losses
from benchmarks.long_runs.damage import bit_flips, truncations
from benchmarks.long_runs.disks import disk
from benchmarks.long_runs.kills import kill_coordinator, kill_workers, stopped_worker
from benchmarks.long_runs.million import resume_million, simulated
from benchmarks.long_runs.overheads import overhead
from benchmarks.tables import Result, show

TESTS: dict[str, Callable[[bool], list[Row]]] = {
    "kill-workers": kill_workers,
    "kill-coordinator": kill_coordinator,
    "truncations": truncations,
    "bit-flips": bit_flips,
    "resume-million": resume_million,
    "simulated": simulated,
    "overhead": overhead,
    "dask": dask,
    "dask-losses": dask_losses,
    "disk": disk,
    "stopped-worker": stopped_worker,
}
COLUMNS = ("test", "figure", "expected")
TITLE = "Long runs"


def run(*, quick: bool, threads: int) -> Result:
    """Runs all tests, regardless of `threads`."""
    return TITLE, COLUMNS, [row for test in TESTS.values() for row in test(quick)]


def main() -> None:
    """Runs the given tests."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_runs", description=__doc__)
    parser.add_argument("tests", nargs="*", metavar="TEST", help=f"any of {', '.join(TESTS)}; all by default")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    for name in options.tests or TESTS:
        show(TITLE, COLUMNS, TESTS[name](options.quick))
