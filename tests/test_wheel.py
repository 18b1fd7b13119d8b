"""The wheel in an empty environment without Rust: it installs, and README's Python runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "maturin", "build", "--release", "--quiet", "--out", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    (found,) = folder.glob("*.whl")
    return found


def test_what_is_in_the_wheel(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {"taizhang/py.typed", "taizhang/_native.pyi"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "-cp310-abi3-" in wheel.name
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "docs/"))]
    assert wheel.stat().st_size < 4 << 20


def test_the_wheel_runs_where_there_is_nothing_else(wheel, tmp_path):
    environment = tmp_path / "empty"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    # No Rust on the path, and no source to build from.
    bare = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    bare["PATH"] = f"{environment / 'bin'}:/usr/bin:/bin"
    install = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--only-binary",
        ":all:",
        wheel,
    ]
    done = subprocess.run(install, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    own = [block for block in blocks if not re.search(r"qiskit|cotengra|cirq", block)]
    assert len(own) >= 3
    (tmp_path / "readme.py").write_text("\n".join(own), encoding="utf-8")
    done = subprocess.run([python, "readme.py"], cwd=tmp_path, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    version = subprocess.run(
        [environment / "bin" / "taizhang", "--version"], env=bare, capture_output=True, text=True, check=True
    )
    assert wheel.name.split("-")[1] in version.stdout
