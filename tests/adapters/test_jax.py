"""Runs the cases of JAX in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CASES = Path(__file__).with_name("jax_cases.py")


def test_jax():
    root = CASES.parents[2]
    start = f"import runpy, sys; sys.path.insert(0, {str(root)!r}); runpy.run_path({str(CASES)!r}, run_name='__main__')"
    ran = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=False, cwd=root)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("8 cases with jax")
