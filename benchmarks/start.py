"""Start-up cost: CPU time of processes compared with importing numpy, the least of ten, alternating."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.tables import Result

_BELL = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\nh q[0];\ncx q[0],q[1];\n'
_COMMAND = ("-m", "taizhang")


def run(*, quick: bool, threads: int) -> Result:
    """Measures; bytecode is compiled first, as it is for an installed package."""
    del threads
    with tempfile.TemporaryDirectory() as folder:
        circuit = Path(folder) / "bell.qasm"
        circuit.write_text(_BELL, encoding="utf-8")
        # Words of a process, and the most it may cost as a multiple of importing numpy.
        cases: dict[str, tuple[Sequence[str], float | None]] = {
            "python -c 'import numpy'": (("-c", "import numpy"), None),
            "python -c 'import taizhang'": (("-c", "import taizhang"), 1.4),
            "taizhang --version": ((*_COMMAND, "--version"), 0.6),
            "taizhang --help": ((*_COMMAND, "--help"), 0.6),
            "taizhang amplitude bell.qasm 00": ((*_COMMAND, "amplitude", str(circuit), "00"), 1.8),
            "tz.amplitude(bell, '00')": (
                ("-c", "import taizhang as tz; tz.amplitude(tz.Circuit(2).h(0).cx(0, 1), '00')"),
                None,
            ),
        }
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = str(Path(folder) / "bytecode")
        least = least_seconds({name: words for name, (words, _) in cases.items()}, environment, 3 if quick else 10)
    numpy = least["python -c 'import numpy'"]
    rows = [
        (name, f"{1e3 * least[name]:.0f}", f"{least[name] / numpy:.2f}", "" if most is None else f"{most:.1f}")
        for name, (_, most) in cases.items()
    ]
    return "Start: CPU time of a process, least of ten", ("process", "CPU, ms", "beside numpy", "at most"), rows


def least_seconds(cases: Mapping[str, Sequence[str]], environment: Mapping[str, str], repeats: int) -> dict[str, float]:
    """Least CPU seconds of Python processes, run in turns so that all see the same load."""
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for round_number in range(repeats + 1):
        for name, words in cases.items():
            spent = cpu_seconds(words, environment)
            if round_number:
                seconds[name].append(spent)
    return {name: min(spent) for name, spent in seconds.items()}


def cpu_seconds(words: Sequence[str], environment: Mapping[str, str]) -> float:
    """CPU seconds of one Python process.

    Raises:
        RuntimeError: The process failed.
    """
    process = subprocess.Popen(
        [sys.executable, *words], env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with status {process.returncode}")
    return usage.ru_utime + usage.ru_stime
