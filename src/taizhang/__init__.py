"""Quantum circuit simulation by tensor-network contraction.

>>> import taizhang as tz
>>> bell = tz.Circuit(2).append("h", 0).append("cx", 0, 1)
>>> round(abs(tz.amplitude(bell, "00")) ** 2, 6)
0.5

A public name is imported when it is first used (PEP 562), so that `import taizhang` costs next to nothing and each
program pays for what it uses. `_EXPORTS` is the table of public names; the imports under `TYPE_CHECKING` say the same
to type checkers and editors, and a test compares the two.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taizhang.adapters.cirq import from_cirq as from_cirq
    from taizhang.adapters.cirq import to_cirq as to_cirq
    from taizhang.adapters.qiskit import from_qiskit as from_qiskit
    from taizhang.adapters.qiskit import to_qiskit as to_qiskit
    from taizhang.circuit.circuit import Circuit as Circuit
    from taizhang.circuit.circuit import Operation as Operation
    from taizhang.circuit.gates import Gate as Gate
    from taizhang.circuit.gates import gate as gate
    from taizhang.circuit.gates import unitary_gate as unitary_gate
    from taizhang.circuit.random_circuits import grid_circuit as grid_circuit
    from taizhang.circuit.random_circuits import random_grid as random_grid
    from taizhang.circuit.random_circuits import random_sycamore as random_sycamore
    from taizhang.circuit.random_circuits import sycamore_circuit as sycamore_circuit
    from taizhang.circuit.read import read_circuit as read_circuit
    from taizhang.circuit.read import write_circuit as write_circuit
    from taizhang.doors import amplitude as amplitude
    from taizhang.doors import amplitude_batch as amplitude_batch
    from taizhang.doors import amplitudes as amplitudes
    from taizhang.doors import choose_open_qubits as choose_open_qubits
    from taizhang.doors import contract as contract
    from taizhang.doors import plan as plan
    from taizhang.doors import profile as profile
    from taizhang.doors import state_vector as state_vector
    from taizhang.errors import CircuitError as CircuitError
    from taizhang.errors import CircuitFileError as CircuitFileError
    from taizhang.errors import CircuitFileWarning as CircuitFileWarning
    from taizhang.errors import InputError as InputError
    from taizhang.errors import LimitError as LimitError
    from taizhang.errors import MachineWarning as MachineWarning
    from taizhang.errors import MemoryLimitError as MemoryLimitError
    from taizhang.errors import MissingPackageError as MissingPackageError
    from taizhang.errors import NetworkError as NetworkError
    from taizhang.errors import NotBuiltError as NotBuiltError
    from taizhang.errors import NumericalError as NumericalError
    from taizhang.errors import PlanError as PlanError
    from taizhang.errors import RunBusyError as RunBusyError
    from taizhang.errors import RunDamagedError as RunDamagedError
    from taizhang.errors import RunError as RunError
    from taizhang.errors import RunFolderError as RunFolderError
    from taizhang.errors import RunStoppedError as RunStoppedError
    from taizhang.errors import RunStorageError as RunStorageError
    from taizhang.errors import SizeLimitError as SizeLimitError
    from taizhang.errors import TaizhangError as TaizhangError
    from taizhang.errors import TimeLimitError as TimeLimitError
    from taizhang.errors import UsageError as UsageError
    from taizhang.network.amplitude_network import AmplitudeNetwork as AmplitudeNetwork
    from taizhang.network.network import NetworkShape as NetworkShape
    from taizhang.network.network import TensorNetwork as TensorNetwork
    from taizhang.network.network_file import read_network as read_network
    from taizhang.network.network_file import write_network as write_network
    from taizhang.network.simplify import simplify as simplify
    from taizhang.plan.exchange import from_cotengra as from_cotengra
    from taizhang.plan.exchange import from_linear_path as from_linear_path
    from taizhang.plan.exchange import to_cotengra as to_cotengra
    from taizhang.plan.exchange import to_linear_path as to_linear_path
    from taizhang.plan.order_file import Order as Order
    from taizhang.plan.order_file import read_order as read_order
    from taizhang.plan.order_file import write_order as write_order
    from taizhang.plan.plan_file import Plan as Plan
    from taizhang.plan.search import SearchInterrupted as SearchInterrupted
    from taizhang.plan.tree import ContractionTree as ContractionTree
    from taizhang.planner import Planner as Planner
    from taizhang.plots.cross_entropy import plot_xeb as plot_xeb
    from taizhang.plots.plan import plot_plan as plot_plan
    from taizhang.plots.profile import plot_profile as plot_profile
    from taizhang.progress.switch import set_progress as set_progress
    from taizhang.results.inspection import inspect as inspect
    from taizhang.results.machine_report import MachineReport as MachineReport
    from taizhang.results.machine_report import doctor as doctor
    from taizhang.results.profile import Profile as Profile
    from taizhang.results.sample_file import CountedBitstrings as CountedBitstrings
    from taizhang.results.sample_file import read_samples as read_samples
    from taizhang.results.xeb import Xeb as Xeb
    from taizhang.run_doors import report as report
    from taizhang.run_doors import resume as resume
    from taizhang.run_doors import run as run
    from taizhang.run_doors import status as status
    from taizhang.run_doors import verify as verify
    from taizhang.run_doors import work as work
    from taizhang.runs.run import Workforce as Workforce
    from taizhang.runs.status import RunStatus as RunStatus
    from taizhang.runs.verify import Verification as Verification
    from taizhang.sample_doors import marginal_probabilities as marginal_probabilities
    from taizhang.sample_doors import reduced_density_matrix as reduced_density_matrix
    from taizhang.sample_doors import sample as sample
    from taizhang.sample_doors import sample_run as sample_run
    from taizhang.sample_doors import xeb as xeb
    from taizhang.sampling.choice import SampleRun as SampleRun
    from taizhang.sampling.frugal import FrugalOptions as FrugalOptions

    __version__: str

_EXPORTS: dict[str, tuple[str, ...]] = {
    "taizhang._native": ("__version__",),
    "taizhang.adapters.cirq": (
        "from_cirq",
        "to_cirq",
    ),
    "taizhang.adapters.qiskit": (
        "from_qiskit",
        "to_qiskit",
    ),
    "taizhang.circuit.circuit": (
        "Circuit",
        "Operation",
    ),
    "taizhang.circuit.gates": (
        "Gate",
        "gate",
        "unitary_gate",
    ),
    "taizhang.circuit.random_circuits": (
        "grid_circuit",
        "random_grid",
        "random_sycamore",
        "sycamore_circuit",
    ),
    "taizhang.circuit.read": (
        "read_circuit",
        "write_circuit",
    ),
    "taizhang.doors": (
        "amplitude",
        "amplitude_batch",
        "amplitudes",
        "choose_open_qubits",
        "contract",
        "plan",
        "profile",
        "state_vector",
    ),
    "taizhang.errors": (
        "CircuitError",
        "CircuitFileError",
        "CircuitFileWarning",
        "InputError",
        "LimitError",
        "MachineWarning",
        "MemoryLimitError",
        "MissingPackageError",
        "NetworkError",
        "NotBuiltError",
        "NumericalError",
        "PlanError",
        "RunBusyError",
        "RunDamagedError",
        "RunError",
        "RunFolderError",
        "RunStoppedError",
        "RunStorageError",
        "SizeLimitError",
        "TaizhangError",
        "TimeLimitError",
        "UsageError",
    ),
    "taizhang.network.amplitude_network": ("AmplitudeNetwork",),
    "taizhang.network.network": (
        "NetworkShape",
        "TensorNetwork",
    ),
    "taizhang.network.network_file": (
        "read_network",
        "write_network",
    ),
    "taizhang.network.simplify": ("simplify",),
    "taizhang.plan.exchange": (
        "from_cotengra",
        "from_linear_path",
        "to_cotengra",
        "to_linear_path",
    ),
    "taizhang.plan.order_file": (
        "Order",
        "read_order",
        "write_order",
    ),
    "taizhang.plan.plan_file": ("Plan",),
    "taizhang.plan.search": ("SearchInterrupted",),
    "taizhang.plan.tree": ("ContractionTree",),
    "taizhang.planner": ("Planner",),
    "taizhang.plots.cross_entropy": ("plot_xeb",),
    "taizhang.plots.plan": ("plot_plan",),
    "taizhang.plots.profile": ("plot_profile",),
    "taizhang.progress.switch": ("set_progress",),
    "taizhang.results.inspection": ("inspect",),
    "taizhang.results.machine_report": (
        "MachineReport",
        "doctor",
    ),
    "taizhang.results.profile": ("Profile",),
    "taizhang.results.sample_file": (
        "CountedBitstrings",
        "read_samples",
    ),
    "taizhang.results.xeb": ("Xeb",),
    "taizhang.run_doors": (
        "report",
        "resume",
        "run",
        "status",
        "verify",
        "work",
    ),
    "taizhang.runs.run": ("Workforce",),
    "taizhang.runs.status": ("RunStatus",),
    "taizhang.runs.verify": ("Verification",),
    "taizhang.sample_doors": (
        "marginal_probabilities",
        "reduced_density_matrix",
        "sample",
        "sample_run",
        "xeb",
    ),
    "taizhang.sampling.choice": ("SampleRun",),
    "taizhang.sampling.frugal": ("FrugalOptions",),
}

_MODULE_OF = {name: module for module, names in _EXPORTS.items() for name in names}

__all__ = sorted(name for name in _MODULE_OF if not name.startswith("_"))  # noqa: PLE0605


def __getattr__(name: str) -> object:
    """Imports a public name when it is first used."""
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'taizhang' has no attribute '{name}'", name=name, obj=sys.modules[__name__])
    value: object = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__")), "__version__"]


class _Package(ModuleType):
    """The package as a module on which no inner module hides a public name.

    After importing `taizhang.plan.tree` Python sets the attribute `plan` of this package to the inner package; `plan`
    is a function here.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _MODULE_OF or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
