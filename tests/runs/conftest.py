import numpy as np
import pytest

import taizhang as tz
from taizhang._resources import available_memory
from taizhang.runs.run import Workforce
from taizhang.runs.start import start_run
from taizhang.settings import Settings
from taizhang.tasks.amplitudes import AmplitudesTask

QUBITS = 9


@pytest.fixture(scope="session")
def circuit():
    return tz.grid_circuit(3, 3, 20, seed=5)


def sliced(plan, count=7):
    """The same tree with some indices sliced."""
    inner = [name for i, name in enumerate(plan.shape.index_names) if i not in plan.shape.output]
    return tz.Plan.from_ssa_path(plan.shape, plan.tree.ssa_path, inner[::3][:count])


@pytest.fixture(scope="session")
def plan(circuit):
    return sliced(tz.plan(circuit, trials=1, seed=1))


@pytest.fixture(scope="session")
def undisturbed(circuit, plan):
    return tz.amplitude(circuit, "010011100", plan=plan, threads=1)


@pytest.fixture
def settings():
    return Settings.checked(trials=1, threads=2, memory="8GiB")


@pytest.fixture
def workforce():
    return Workforce(threads=2, memory_bytes=available_memory() // 4)


@pytest.fixture
def make_folder(tmp_path, circuit, plan, settings):
    """Makes a run with `slices_per_piece` slices in a piece; by default of one amplitude."""

    def make(bitstrings=("010011100",), *, slices_per_piece=2, name="run", **more):
        default = {} if more.get("open_qubits") else {"plan": plan}
        options = {"slices_per_piece": slices_per_piece, **default, **more}
        open_qubits = tuple(options.pop("open_qubits", ()))
        task = AmplitudesTask(circuit=circuit, bitstrings=tuple(bitstrings), open_qubits=open_qubits)
        return start_run(tmp_path / name, task, settings, **options)

    return make


def same_bits(a, b):
    return np.asarray(a, dtype=np.complex128).tobytes() == np.asarray(b, dtype=np.complex128).tobytes()
