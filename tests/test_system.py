"""What operating systems do differently, and the package without the modules of Unix."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from taizhang._system import process_exists, try_lock

WITHOUT_UNIX = """
import builtins
given = builtins.__import__


def without(name, globals=None, *rest, **named):
    # psutil, whose own part for Windows needs neither, may have them here.
    if name in ("fcntl", "resource") and str((globals or {}).get("__name__")).startswith("taizhang"):
        raise ImportError(name)
    return given(name, globals, *rest, **named)


builtins.__import__ = without
import taizhang as tz
import taizhang.api.runs, taizhang.cli.main, taizhang.runs.lock, taizhang.runs.workers.shared_folder
from taizhang._system import UNIX
assert not UNIX
circuit = tz.sycamore_circuit(12, cycles=4, seed=1)
assert abs(sum(abs(tz.state_vector(circuit)) ** 2) - 1) < 1e-5
assert tz.sample(circuit, shots=3, seed=1).shape == (3, 12)
"""


def test_the_package_works_without_what_windows_lacks():
    done = subprocess.run([sys.executable, "-c", WITHOUT_UNIX], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_lock_is_held_by_one_process(tmp_path):
    path = tmp_path / "lock"
    first = os.open(path, os.O_RDWR | os.O_CREAT)
    second = os.open(path, os.O_RDWR)
    try:
        try_lock(first)
        with pytest.raises(BlockingIOError):
            try_lock(second)
    finally:
        os.close(first)
    try_lock(second)
    os.close(second)


def test_processes_that_exist():
    assert process_exists(os.getpid())
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not process_exists(ended.pid)
    assert process_exists(1)
