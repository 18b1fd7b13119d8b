"""Law 6 for rows: the predicted peak of a list bounds the observed one, and too large lists are refused early."""

import subprocess
import sys

import numpy as np
import pytest

import taizhang as tz
from taizhang._resources import peak_resident_bytes
from taizhang.circuit.bitstring_lists import as_strings

PROGRAM = """
import sys
import numpy as np
import taizhang as tz
from taizhang._resources import peak_resident_bytes
from taizhang.circuit.bitstring_lists import as_strings
from taizhang.settings import Settings
from taizhang.tasks.amplitudes import AmplitudesTask
from taizhang.tasks.solve import solve

threads, dtype = int(sys.argv[1]), sys.argv[2]
circuit = tz.sycamore_circuit(22, cycles=12, seed=1)
strings = as_strings(np.random.default_rng(0).integers(0, 2, size=(60_000, 22)).astype(np.uint8))
chosen = Settings.checked(threads=threads, dtype=dtype, trials=4)
solve(AmplitudesTask(circuit=circuit, bitstrings=strings[:50]), chosen)  # load libraries
result = solve(AmplitudesTask(circuit=circuit, bitstrings=strings), chosen)
print(result.plans[0].shape.num_rows, result.predicted_bytes, peak_resident_bytes())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="on this system: no resident memory in kilobytes")
@pytest.mark.parametrize(("threads", "dtype"), [(1, "complex64"), (2, "complex128")])
def test_predicted_peak_bounds_the_observed_one(threads, dtype):
    words = [sys.executable, "-c", PROGRAM, str(threads), dtype]
    rows, predicted, observed = map(
        int, subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    )
    assert rows > 10_000
    assert observed <= 1.02 * predicted + (16 << 20)


def test_lists_too_wide_for_the_memory_are_refused_before_it_is_taken():
    circuit = tz.sycamore_circuit(53, cycles=6, seed=1)
    bits = np.random.default_rng(0).integers(0, 2, size=(3000, 53)).astype(np.uint8)
    before = peak_resident_bytes()
    with pytest.raises(tz.LimitError, match="memory limit"):
        tz.amplitude_batch(circuit, "0" * 53, open_qubits=30, memory="2GiB")
    with pytest.raises(tz.LimitError, match="time limit"):
        tz.amplitudes(circuit, as_strings(bits), memory="4GiB", trials=1, time_limit="1ms")
    assert peak_resident_bytes() < before + (300 << 20)
