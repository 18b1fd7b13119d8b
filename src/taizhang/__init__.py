"""Quantum circuit simulation by tensor-network contraction.

>>> import taizhang as tz
>>> bell = tz.Circuit(2).append("h", 0).append("cx", 0, 1)
>>> round(abs(tz.amplitude(bell, "00")) ** 2, 6)
0.5
"""

from __future__ import annotations

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
from taizhang.results.inspection import inspect as inspect
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

__version__ = "0.1.0"
