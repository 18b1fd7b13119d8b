"""The first run for a user, before the rates of the machine are measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

BELL = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\nh q[0];\ncx q[0],q[1];\n'


@pytest.mark.skipif(sys.platform != "linux", reason="on this system: peak memory is not exact")
@pytest.mark.parametrize("memory", [150 * 2**20, 500 * 2**20])
@pytest.mark.parametrize("threads", ["1", "2", "1000"])
def test_the_first_run_keeps_to_the_memory_limit(tmp_path, memory, threads) -> None:
    path = tmp_path / "bell.qasm"
    path.write_text(BELL)
    words = ["amplitude", str(path), "00", "--memory", str(memory), "--threads", threads, "--json"]
    ran = subprocess.run(
        [sys.executable, "-m", "taizhang", *words],
        capture_output=True, text=True, check=True, env=os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")},
    )  # fmt: skip
    result = json.loads(ran.stdout)
    assert result["peak_bytes"] < memory
    assert result["amplitudes"][0]["re"] == pytest.approx(0.5**0.5)
