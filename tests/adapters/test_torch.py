"""Runs the cases of PyTorch with an interpreter that has it: this one, or the system's."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import taizhang

CASES = Path(__file__).with_name("torch_cases.py")
# The system's interpreter has packages of its own; those that it lacks are found where this one has them.
START = """
import runpy, sys
cases, source, packages = sys.argv[1:4]
sys.path.insert(0, source)
if packages not in sys.path:
    sys.path.append(packages)
runpy.run_path(cases, run_name="__main__")
"""


def interpreter():
    """An interpreter that has PyTorch, or None."""
    for candidate in (sys.executable, "/usr/bin/python3"):
        if Path(candidate).exists():
            tried = subprocess.run([candidate, "-c", "import torch"], capture_output=True, check=False)
            if tried.returncode == 0:
                return candidate
    return None


def test_pytorch():
    python = interpreter()
    if python is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have PyTorch; .ci/run installs Debian's python3-torch")
        pytest.skip("no interpreter has PyTorch")
    source = Path(taizhang.__file__).parents[1]
    command = [python, "-c", START, str(CASES), str(source), sysconfig.get_path("purelib")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("5 cases with torch")
