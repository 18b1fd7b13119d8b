import subprocess
import sys

import numpy as np
import psutil
import pytest

from taizhang._resources import _system_memory, available_memory, peak_resident_bytes, resident_bytes, usable_cores

PROGRAM = "from taizhang._resources import peak_resident_bytes; print(peak_resident_bytes())"


@pytest.mark.skipif(sys.platform != "linux", reason="on this system: the system tells no better")
def test_the_peak_is_that_of_this_program_and_not_of_its_parent():
    ballast = np.ones(1 << 26)
    assert peak_resident_bytes() > ballast.nbytes
    reported = int(subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout)
    assert reported < ballast.nbytes / 2


def test_what_this_process_may_use_makes_sense():
    assert usable_cores() >= 1
    assert available_memory() > 0
    assert 0 < resident_bytes() <= peak_resident_bytes() + (64 << 20)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere psutil is asked itself")
def test_memory_is_what_psutil_reports():
    assert resident_bytes() == pytest.approx(psutil.Process().memory_info().rss, rel=0.05)
    assert _system_memory() == pytest.approx(psutil.virtual_memory().available, rel=0.2)
