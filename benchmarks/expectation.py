"""Expectation values and gradients: from the command line, again at other angles, accuracy, and against peers.

`python -m benchmarks.expectation [--quick] [--peers --peer-python PATH]`. The command line is measured as a
process with everything included, the median of three; `again` is another point of an energy that is ready, the least of
three. `error` is that of complex64, relative to the sum of the sizes of the coefficients.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import taizhang as tz
from benchmarks.expectation_cases import Case, cases, reference_value
from benchmarks.tables import Result, figure, ratio, run_json, show

COLUMNS = ("work", "command", "value again", "predicted", "+ gradient", "predicted", "peak", "predicted", "error")
# A peer that takes longer has failed.
PEER_SECONDS = 300.0
PEER_COLUMNS = ("work", "peer", "first", "again", "value + gradient", "ours: command", "again", "difference")


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files of a case: the circuit, the observable, and both for peers."""

    circuit: Path
    observable: Path
    job: Path


def run(*, quick: bool, threads: int) -> Result:
    """Measures all cases, without peers."""
    return measure(cases(quick=quick), threads=threads, peer_python=None)[0]


def measure(chosen: list[Case], *, threads: int, peer_python: str | None) -> tuple[Result, Result]:
    """Measures cases; returns the table, and one of those that a peer computed, too."""
    rows, peer_rows = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(chosen):
            files = write_files(case, Path(folder) / str(number))
            seconds, report = command_line(case, files, threads)
            words = ["-m", "benchmarks.expectation_worker", str(files.circuit), str(files.observable)]
            words += ["--point", json.dumps(case.point), "--threads", str(threads)]
            again = run_json([*words, *(["--gradient"] if case.gradient else [])], threads=threads) or {}
            rows.append(_row(case, seconds, report, again))
            print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
            if peer_python is not None and case.peer:
                script = str(Path(__file__).with_name("expectation_peers.py"))
                words = [script, case.peer, str(files.job)]
                theirs = run_json(words, threads=threads, timeout=PEER_SECONDS, python=peer_python)
                peer_rows.append(_peer_row(case, seconds, report, again, theirs))
    title = f"expectation values, {processor()}, {tz.doctor().simd_level}, {threads} threads"
    return (title, COLUMNS, rows), ("the same by peers", PEER_COLUMNS, peer_rows)


def write_files(case: Case, folder: Path) -> Files:
    """Writes the circuit, the observable, and both as JSON for peers."""
    folder.mkdir()
    files = Files(circuit=folder / "circuit.qasm", observable=folder / "observable.txt", job=folder / "job.json")
    tz.write_circuit(case.circuit, files.circuit, format="qasm3" if case.point else "qasm2")
    files.observable.write_text(f"{case.observable}\n", encoding="utf-8")
    bound = case.circuit.bind(case.point) if case.point else case.circuit
    gates = [
        (each.gate.label, each.gate.parameters[0] if each.gate.parameters else None, each.qubits)
        for each in bound.operations
    ]
    terms = [(value.real, product) for product, value in case.observable.terms]
    files.job.write_text(
        json.dumps({"qubits": bound.num_qubits, "gates": gates, "terms": terms, "qaoa": case.qaoa}), encoding="utf-8"
    )
    return files


def command_line(case: Case, files: Files, threads: int) -> tuple[float, Any]:
    """The median wall time of three processes, and what the last one printed.

    Raises:
        subprocess.CalledProcessError: The command failed.
    """
    words = [sys.executable, "-m", "taizhang", "expectation", str(files.circuit), "--observables"]
    words += [str(files.observable), "--json", "--threads", str(threads)]
    words += ["--gradient"] if case.gradient else []
    words += [word for name, value in case.point.items() for word in ("--parameter", f"{name}={value!r}")]
    seconds, printed = [], ""
    for _ in range(3):
        started = time.perf_counter()
        printed = subprocess.run(words, env=os.environ, check=True, capture_output=True, text=True).stdout
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), json.loads(printed)


def _row(case: Case, seconds: float, report: Any, again: Any) -> list[str]:
    exact, found = reference_value(case), report["values"][0]["value"]
    size = sum(abs(value) for _, value in case.observable.terms)
    return [
        case.name,
        f"{seconds:.2f} s",
        *(_milliseconds(again.get(name)) for name in ("value", "value_predicted", "gradient", "gradient_predicted")),
        f"{report['peak_bytes'] / 1e6:.0f} MB",
        f"{report['plan']['peak_bytes'] / 1e6:.0f} MB",
        figure(None if exact is None else abs(found - exact) / size, ".0e"),
    ]


def _peer_row(case: Case, seconds: float, report: Any, again: Any, theirs: Any) -> list[str]:
    if theirs is None:
        return [case.name, case.peer, "failed"]
    whole = theirs.get("gradient")
    ours = again.get("gradient" if case.gradient else "value")
    return [
        case.name,
        case.peer,
        f"{theirs['first']:.2f} s",
        f"{theirs['again']:.2f} s",
        "-" if whole is None else f"{whole:.2f} s",
        f"{seconds:.2f} s",
        f"{_milliseconds(ours)} ({ratio(whole or theirs['again'], ours)})",
        f"{abs(report['values'][0]['value'] - theirs['value']):.0e}",
    ]


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1e3 * seconds:.3g} ms"


def processor() -> str:
    """The name of the processor, where Linux tells it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown processor")


def main() -> None:
    """Reads the options, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the small cases only")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", action="store_true", help="also quimb and lightning.qubit, where they compare")
    parser.add_argument("--peer-python", default=sys.executable, help="a Python that has the packages of the peers")
    options = parser.parse_args()
    peer_python = options.peer_python if options.peers else None
    ours, theirs = measure(cases(quick=options.quick), threads=options.threads, peer_python=peer_python)
    show(*ours)
    if options.peers:
        show(*theirs)


if __name__ == "__main__":
    main()
