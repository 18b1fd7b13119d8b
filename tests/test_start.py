"""Modules that a process imports for a task, which are the cost of starting."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from taizhang.__main__ import BLAS_PATIENCE
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.formats.read import write_circuit

REPORT = "import sys\n{}\nprint(' '.join(sorted(sys.modules)), file=sys.stderr)"
COMMAND = "from taizhang.cli import main\ntry:\n    main({!r})\nexcept SystemExit as end:\n    assert not end.code"


def modules_of(code: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", REPORT.format(code)], capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines()[-1].split())


def own(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith("taizhang.")}


@pytest.mark.parametrize("code", ["import taizhang", "from taizhang import CircuitError, __version__"])
def test_importing_the_package_imports_little(code):
    modules = modules_of(code)
    assert "numpy" not in modules
    assert len(own(modules)) <= 2


@pytest.mark.parametrize("word", ["--version", "--help", "-h"])
def test_version_and_help_compute_nothing(word):
    modules = modules_of(COMMAND.format([word]))
    assert not modules & {"numpy", "rich", "psutil", "asyncio", "sqlite3", "json"}
    assert len(own(modules)) <= 12


def test_an_amplitude_loads_only_what_computes_it(tmp_path):
    bell = tmp_path / "bell.qasm"
    write_circuit(Circuit(2).h(0).cx(0, 1), bell)
    modules = modules_of(COMMAND.format(["amplitude", str(bell), "00"]))
    unwanted = {"rich", "psutil", "platformdirs", "asyncio", "sqlite3", "concurrent.futures", "matplotlib", "difflib"}
    assert not modules & unwanted
    layers = {name.split(".")[1] for name in own(modules)}
    assert not layers & {"runs", "sampling", "plots", "progress", "api", "adapters"}
    assert len(own(modules)) <= 94


@pytest.mark.parametrize(("given", "used"), [({}, BLAS_PATIENCE), ({"OPENBLAS_THREAD_TIMEOUT": "26"}, "26")])
def test_idle_threads_of_openblas_sleep_soon_unless_the_user_says_otherwise(given, used):
    code = (
        "import atexit, os, sys, taizhang.__main__ as start\n"
        "atexit.register(lambda: print(os.environ['OPENBLAS_THREAD_TIMEOUT'], file=sys.stderr))\n"
        "sys.argv = ['taizhang', '--version']\n"
        "start.main()"
    )
    before = {name: value for name, value in os.environ.items() if name != "OPENBLAS_THREAD_TIMEOUT"}
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env={**before, **given})
    assert done.stderr.split() == [used]
