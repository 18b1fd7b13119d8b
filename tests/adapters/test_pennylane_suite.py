"""PennyLane's own suite for devices, run with ours: no failure, and no skip that the device does not explain."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from pennylane.devices import tests as suite

# Why the suite may leave a case out.
EXPLAINED = (
    # The device says so: no gradients by backpropagation, no sparse matrices with shots, no mixed states prepared.
    "device does not support diff_method",
    "test only works with backprop",
    "SparseHamiltonian only supported in analytic mode",
    "operation not supported on the device",
    # The case is of the other kind of execution, or of another way of differentiating.
    "test only works with parameter-shift",
    "test should only be run in analytic mode",
    "Device is in analytic mode, cannot test sampling.",
    "Device is in non-analytical mode.",
    "Shots must be specified in the device to compute a sampled measurement.",
    "If shots=None no warning is raised.",
    "If shots!=None no error is raised.",
    "Some plugins don't update state information when shots is not None.",
    "test only works with analytic-mode simulations",
    "test only works with analytic-mode pure statevector simulators",
    # The case is not of qubits, or of the interface of devices before 2023.
    "QutritBasisState template only works on qutrit devices",
    "test is old interface specific.",
    "test specific for old device interface.",
    "test specific to old device interface.",
    "test is specific to old device interface",
    "test is specific to old device interface.",
    # PyTorch is tested in a Python of its own, by test_torch.py.
    "collection skipped",
)
SHOTS = ["None", *filter(None, [os.environ.get("TAIZHANG_DEVICE_SHOTS")])]


@pytest.mark.parametrize("shots", SHOTS)
def test_the_suite_of_pennylane(shots, tmp_path):
    report = tmp_path / "report.xml"
    arguments = ["-p", "no:cacheprovider", "--device", "taizhang.qubit", "--shots", shots, f"--junitxml={report}"]
    folder = Path(suite.__file__).parent
    command = [sys.executable, "-m", "pytest", str(folder), "--tb=short", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    cases = ElementTree.parse(report).getroot().iter("testcase")
    skipped, passed = [], 0
    for case in cases:
        skip = case.find("skipped")
        passed += skip is None
        if skip is not None and skip.get("type") != "pytest.xfail":
            skipped.append(skip.get("message"))
    assert ran.returncode == 0, ran.stdout[-4000:]
    assert passed > 300
    unexplained = set(skipped) - set(EXPLAINED)
    assert unexplained == set()
