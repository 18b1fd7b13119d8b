"""Quantum circuit simulation by tensor-network contraction.

>>> import taizhang as tz
>>> bell = tz.Circuit(2).append("h", 0).append("cx", 0, 1)
>>> round(abs(tz.amplitude(bell, "00")) ** 2, 6)
0.5

A public name is imported when it is first used (PEP 562), so that `import taizhang` is quick and each program
imports only what it uses. `_EXPORTS` is the table of public names; the imports under `TYPE_CHECKING` repeat it for type
checkers and editors, and a test compares the two.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taizhang.adapters.acqdp import Order as Order
    from taizhang.adapters.acqdp import read_order as read_order
    from taizhang.adapters.acqdp import write_order as write_order
    from taizhang.adapters.cirq import from_cirq as from_cirq
    from taizhang.adapters.cirq import to_cirq as to_cirq
    from taizhang.adapters.cirq_observable import observable_from_cirq as observable_from_cirq
    from taizhang.adapters.cirq_observable import observable_to_cirq as observable_to_cirq
    from taizhang.adapters.contraction_paths import from_cotengra as from_cotengra
    from taizhang.adapters.contraction_paths import from_linear_path as from_linear_path
    from taizhang.adapters.contraction_paths import to_cotengra as to_cotengra
    from taizhang.adapters.contraction_paths import to_linear_path as to_linear_path
    from taizhang.adapters.openfermion_observable import observable_from_openfermion as observable_from_openfermion
    from taizhang.adapters.openfermion_observable import observable_to_openfermion as observable_to_openfermion
    from taizhang.adapters.pennylane import from_pennylane as from_pennylane
    from taizhang.adapters.pennylane_observable import observable_from_pennylane as observable_from_pennylane
    from taizhang.adapters.pennylane_observable import observable_to_pennylane as observable_to_pennylane
    from taizhang.adapters.planner import Planner as Planner
    from taizhang.adapters.qiskit import from_qiskit as from_qiskit
    from taizhang.adapters.qiskit import to_qiskit as to_qiskit
    from taizhang.adapters.qiskit_observable import observable_from_qiskit as observable_from_qiskit
    from taizhang.adapters.qiskit_observable import observable_to_qiskit as observable_to_qiskit
    from taizhang.adapters.quimb import from_quimb as from_quimb
    from taizhang.adapters.quimb import to_quimb as to_quimb
    from taizhang.api.amplitudes import amplitude as amplitude
    from taizhang.api.amplitudes import amplitude_batch as amplitude_batch
    from taizhang.api.amplitudes import amplitudes as amplitudes
    from taizhang.api.amplitudes import choose_open_qubits as choose_open_qubits
    from taizhang.api.amplitudes import contract as contract
    from taizhang.api.amplitudes import plan as plan
    from taizhang.api.amplitudes import profile as profile
    from taizhang.api.amplitudes import state_vector as state_vector
    from taizhang.api.contractions import Contraction as Contraction
    from taizhang.api.contractions import einsum as einsum
    from taizhang.api.contractions import inner as inner
    from taizhang.api.decoding import Decoded as Decoded
    from taizhang.api.decoding import Decoder as Decoder
    from taizhang.api.density import density_matrix as density_matrix
    from taizhang.api.density import estimate_expectation as estimate_expectation
    from taizhang.api.density import fidelity as fidelity
    from taizhang.api.density import probabilities as probabilities
    from taizhang.api.density import probability as probability
    from taizhang.api.density import purity as purity
    from taizhang.api.doctor import MachineReport as MachineReport
    from taizhang.api.doctor import doctor as doctor
    from taizhang.api.energies import Energy as Energy
    from taizhang.api.energies import covariance as covariance
    from taizhang.api.energies import expectation as expectation
    from taizhang.api.energies import variance as variance
    from taizhang.api.gradients import contract_gradient as contract_gradient
    from taizhang.api.logical import LogicalChannel as LogicalChannel
    from taizhang.api.logical import LogicalChannels as LogicalChannels
    from taizhang.api.logical import LogicalQubit as LogicalQubit
    from taizhang.api.logical import logical_channel as logical_channel
    from taizhang.api.qaoa import Qaoa as Qaoa
    from taizhang.api.qaoa import QaoaOptimum as QaoaOptimum
    from taizhang.api.qaoa import QaoaSamples as QaoaSamples
    from taizhang.api.qaoa import qaoa as qaoa
    from taizhang.api.runs import report as report
    from taizhang.api.runs import resume as resume
    from taizhang.api.runs import run as run
    from taizhang.api.runs import status as status
    from taizhang.api.runs import verify as verify
    from taizhang.api.runs import work as work
    from taizhang.api.samples import marginal_probabilities as marginal_probabilities
    from taizhang.api.samples import reduced_density_matrix as reduced_density_matrix
    from taizhang.api.samples import sample as sample
    from taizhang.api.samples import sample_run as sample_run
    from taizhang.api.samples import xeb as xeb
    from taizhang.api.unitaries import equivalence as equivalence
    from taizhang.api.unitaries import unitary as unitary
    from taizhang.circuit import channels as channels
    from taizhang.circuit.channel import Channel as Channel
    from taizhang.circuit.circuit import Circuit as Circuit
    from taizhang.circuit.circuit import Operation as Operation
    from taizhang.circuit.classical import readout as readout
    from taizhang.circuit.formats.read import read_circuit as read_circuit
    from taizhang.circuit.formats.read import write_circuit as write_circuit
    from taizhang.circuit.formats.sample_file import CountedBitstrings as CountedBitstrings
    from taizhang.circuit.formats.sample_file import read_samples as read_samples
    from taizhang.circuit.gates import Gate as Gate
    from taizhang.circuit.gates import gate as gate
    from taizhang.circuit.gates import unitary_gate as unitary_gate
    from taizhang.circuit.noise_model import NoiseModel as NoiseModel
    from taizhang.circuit.noise_model_file import read_noise_model as read_noise_model
    from taizhang.circuit.noise_model_file import write_noise_model as write_noise_model
    from taizhang.circuit.observable import I as I
    from taizhang.circuit.observable import Observable as Observable
    from taizhang.circuit.observable import X as X
    from taizhang.circuit.observable import Y as Y
    from taizhang.circuit.observable import Z as Z
    from taizhang.circuit.observable_file import read_observables as read_observables
    from taizhang.circuit.parameter import Parameter as Parameter
    from taizhang.circuit.parameter import ParameterExpression as ParameterExpression
    from taizhang.circuit.parametric_gate import ParametricGate as ParametricGate
    from taizhang.circuit.random_circuits import grid_circuit as grid_circuit
    from taizhang.circuit.random_circuits import random_grid as random_grid
    from taizhang.circuit.random_circuits import random_sycamore as random_sycamore
    from taizhang.circuit.random_circuits import sycamore_circuit as sycamore_circuit
    from taizhang.errors import CircuitError as CircuitError
    from taizhang.errors import CircuitFileError as CircuitFileError
    from taizhang.errors import CircuitFileWarning as CircuitFileWarning
    from taizhang.errors import InputError as InputError
    from taizhang.errors import LimitError as LimitError
    from taizhang.errors import LoopWarning as LoopWarning
    from taizhang.errors import MachineWarning as MachineWarning
    from taizhang.errors import MemoryLimitError as MemoryLimitError
    from taizhang.errors import MissingPackageError as MissingPackageError
    from taizhang.errors import NetworkError as NetworkError
    from taizhang.errors import NotBuiltError as NotBuiltError
    from taizhang.errors import NumericalError as NumericalError
    from taizhang.errors import PlanError as PlanError
    from taizhang.errors import ProblemError as ProblemError
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
    from taizhang.execute.profile import Profile as Profile
    from taizhang.network.amplitude_network import AmplitudeNetwork as AmplitudeNetwork
    from taizhang.network.inspection import inspect as inspect
    from taizhang.network.network import NetworkShape as NetworkShape
    from taizhang.network.network import TensorNetwork as TensorNetwork
    from taizhang.network.network_file import read_network as read_network
    from taizhang.network.network_file import write_network as write_network
    from taizhang.network.simplify import simplify as simplify
    from taizhang.plan.plan import Plan as Plan
    from taizhang.plan.search import SearchInterrupted as SearchInterrupted
    from taizhang.plan.tree import ContractionTree as ContractionTree
    from taizhang.plots.cross_entropy import plot_xeb as plot_xeb
    from taizhang.plots.plan import plot_plan as plot_plan
    from taizhang.plots.profile import plot_profile as plot_profile
    from taizhang.problems.constructors import independent_set as independent_set
    from taizhang.problems.constructors import ising as ising
    from taizhang.problems.constructors import max_sat as max_sat
    from taizhang.problems.constructors import maxcut as maxcut
    from taizhang.problems.constructors import qubo as qubo
    from taizhang.problems.detector_model import DetectorError as DetectorError
    from taizhang.problems.detector_model import DetectorModel as DetectorModel
    from taizhang.problems.detector_model import read_detector_model as read_detector_model
    from taizhang.problems.problem_file import read_problem as read_problem
    from taizhang.problems.problem_file import write_problem as write_problem
    from taizhang.problems.qaoa import qaoa_circuit as qaoa_circuit
    from taizhang.problems.stabilizer_code import StabilizerCode as StabilizerCode
    from taizhang.problems.stabilizer_code import rotated_surface_code as rotated_surface_code
    from taizhang.problems.wcsp import Wcsp as Wcsp
    from taizhang.progress.switch import set_progress as set_progress
    from taizhang.runs.report.status import RunStatus as RunStatus
    from taizhang.runs.run import Workforce as Workforce
    from taizhang.runs.verify import Verification as Verification
    from taizhang.sampling.choice import SampleRun as SampleRun
    from taizhang.sampling.frugal import FrugalOptions as FrugalOptions
    from taizhang.tasks.trajectories import TrajectoryValues as TrajectoryValues
    from taizhang.tasks.xeb import Xeb as Xeb

    __version__: str

_EXPORTS: dict[str, tuple[str, ...]] = {
    "taizhang._native": ("__version__",),
    "taizhang.adapters.cirq": (
        "from_cirq",
        "to_cirq",
    ),
    "taizhang.adapters.pennylane": ("from_pennylane",),
    "taizhang.adapters.quimb": (
        "from_quimb",
        "to_quimb",
    ),
    "taizhang.adapters.qiskit": (
        "from_qiskit",
        "to_qiskit",
    ),
    "taizhang.adapters.cirq_observable": (
        "observable_from_cirq",
        "observable_to_cirq",
    ),
    "taizhang.adapters.openfermion_observable": (
        "observable_from_openfermion",
        "observable_to_openfermion",
    ),
    "taizhang.adapters.pennylane_observable": (
        "observable_from_pennylane",
        "observable_to_pennylane",
    ),
    "taizhang.adapters.qiskit_observable": (
        "observable_from_qiskit",
        "observable_to_qiskit",
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
    "taizhang.circuit.observable": (
        "I",
        "Observable",
        "X",
        "Y",
        "Z",
    ),
    "taizhang.circuit.observable_file": ("read_observables",),
    "taizhang.circuit.parameter": (
        "Parameter",
        "ParameterExpression",
    ),
    "taizhang.circuit.channel": ("Channel",),
    "taizhang.circuit.channels": ("channels",),
    "taizhang.circuit.classical": ("readout",),
    "taizhang.circuit.noise_model": ("NoiseModel",),
    "taizhang.circuit.noise_model_file": (
        "read_noise_model",
        "write_noise_model",
    ),
    "taizhang.circuit.parametric_gate": ("ParametricGate",),
    "taizhang.circuit.random_circuits": (
        "grid_circuit",
        "random_grid",
        "random_sycamore",
        "sycamore_circuit",
    ),
    "taizhang.circuit.formats.read": (
        "read_circuit",
        "write_circuit",
    ),
    "taizhang.api.amplitudes": (
        "amplitude",
        "amplitude_batch",
        "amplitudes",
        "choose_open_qubits",
        "contract",
        "plan",
        "profile",
        "state_vector",
    ),
    "taizhang.api.contractions": (
        "Contraction",
        "einsum",
        "inner",
    ),
    "taizhang.api.decoding": (
        "Decoded",
        "Decoder",
    ),
    "taizhang.api.density": (
        "density_matrix",
        "estimate_expectation",
        "fidelity",
        "probabilities",
        "probability",
        "purity",
    ),
    "taizhang.api.energies": (
        "Energy",
        "covariance",
        "expectation",
        "variance",
    ),
    "taizhang.api.gradients": ("contract_gradient",),
    "taizhang.api.qaoa": (
        "Qaoa",
        "QaoaOptimum",
        "QaoaSamples",
        "qaoa",
    ),
    "taizhang.errors": (
        "CircuitError",
        "CircuitFileError",
        "CircuitFileWarning",
        "InputError",
        "LimitError",
        "LoopWarning",
        "MachineWarning",
        "MemoryLimitError",
        "MissingPackageError",
        "NetworkError",
        "NotBuiltError",
        "NumericalError",
        "PlanError",
        "ProblemError",
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
    "taizhang.adapters.contraction_paths": (
        "from_cotengra",
        "from_linear_path",
        "to_cotengra",
        "to_linear_path",
    ),
    "taizhang.adapters.acqdp": (
        "Order",
        "read_order",
        "write_order",
    ),
    "taizhang.plan.plan": ("Plan",),
    "taizhang.plan.search": ("SearchInterrupted",),
    "taizhang.plan.tree": ("ContractionTree",),
    "taizhang.adapters.planner": ("Planner",),
    "taizhang.plots.cross_entropy": ("plot_xeb",),
    "taizhang.plots.plan": ("plot_plan",),
    "taizhang.plots.profile": ("plot_profile",),
    "taizhang.progress.switch": ("set_progress",),
    "taizhang.network.inspection": ("inspect",),
    "taizhang.problems.constructors": (
        "independent_set",
        "ising",
        "max_sat",
        "maxcut",
        "qubo",
    ),
    "taizhang.api.logical": (
        "LogicalChannels",
        "LogicalQubit",
        "LogicalChannel",
        "logical_channel",
    ),
    "taizhang.problems.stabilizer_code": (
        "StabilizerCode",
        "rotated_surface_code",
    ),
    "taizhang.api.unitaries": (
        "equivalence",
        "unitary",
    ),
    "taizhang.problems.detector_model": (
        "DetectorError",
        "DetectorModel",
        "read_detector_model",
    ),
    "taizhang.problems.problem_file": (
        "read_problem",
        "write_problem",
    ),
    "taizhang.problems.qaoa": ("qaoa_circuit",),
    "taizhang.problems.wcsp": ("Wcsp",),
    "taizhang.api.doctor": (
        "MachineReport",
        "doctor",
    ),
    "taizhang.execute.profile": ("Profile",),
    "taizhang.circuit.formats.sample_file": (
        "CountedBitstrings",
        "read_samples",
    ),
    "taizhang.tasks.trajectories": ("TrajectoryValues",),
    "taizhang.tasks.xeb": ("Xeb",),
    "taizhang.api.runs": (
        "report",
        "resume",
        "run",
        "status",
        "verify",
        "work",
    ),
    "taizhang.runs.run": ("Workforce",),
    "taizhang.runs.report.status": ("RunStatus",),
    "taizhang.runs.verify": ("Verification",),
    "taizhang.api.samples": (
        "marginal_probabilities",
        "reduced_density_matrix",
        "sample",
        "sample_run",
        "xeb",
    ),
    "taizhang.sampling.choice": ("SampleRun",),
    "taizhang.sampling.frugal": ("FrugalOptions",),
}

# Public names that are modules.
_MODULES = ("channels",)
_MODULE_OF = {name: module for module, names in _EXPORTS.items() for name in names}

__all__ = sorted(name for name in _MODULE_OF if not name.startswith("_"))  # noqa: PLE0605


def __getattr__(name: str) -> object:
    """Imports a public name when it is first used."""
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'taizhang' has no attribute '{name}'", name=name, obj=sys.modules[__name__])
    found = importlib.import_module(module)
    value: object = found if name in _MODULES else getattr(found, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__")), "__version__"]


class _Package(ModuleType):
    """The package as a module whose public names are not hidden by submodules.

    When `taizhang.plan.tree` is imported, Python sets the attribute `plan` of this package to the subpackage; here
    `plan` must stay the function.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _MODULE_OF or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
