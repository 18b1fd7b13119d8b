"""Planning without contracting: for amplitudes or expectation values of a circuit, or for any network."""

from __future__ import annotations

import time
from collections.abc import Sequence

from taizhang.circuit.circuit import Circuit
from taizhang.circuit.observable import Observable
from taizhang.execute.prepare import CompiledPlan, prepare_plan
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.network.network import NetworkShape
from taizhang.observer import Observer
from taizhang.settings import Settings
from taizhang.tasks.amplitudes import AmplitudesTask
from taizhang.tasks.cone_plan import ConePlan
from taizhang.tasks.energy import EnergyProgram
from taizhang.tasks.expectation import ExpectationTask


def find_plan(
    what: Circuit | NetworkShape,
    settings: Settings,
    observer: Observer | None = None,
    *,
    open_qubits: tuple[int, ...] = (),
    bitstrings: Sequence[str] | None = None,
) -> CompiledPlan:
    """Searches a plan, and compiles it to find the memory it needs.

    Args:
        what: A circuit, or the shape of a network.
        settings: The common options.
        observer: Receives progress updates.
        open_qubits: For a circuit, the qubits left open.
        bitstrings: For a circuit, a list of bitstrings whose amplitudes are computed together.

    Raises:
        MemoryLimitError: No plan fits the memory limit.
    """
    if isinstance(what, NetworkShape):
        return prepare_plan(what, settings, observer, run_here=False)
    if bitstrings is not None:
        task = AmplitudesTask(circuit=what, bitstrings=tuple(bitstrings), open_qubits=open_qubits)
        return task.prepare(settings, observer=observer).plans[0].ready
    return prepare_plan(AmplitudeNetwork(what, open_qubits=open_qubits).shape, settings, observer, run_here=False)


def find_cone_plan(
    circuit: Circuit,
    observables: Sequence[Observable],
    settings: Settings,
    observer: Observer | None = None,
    *,
    gradient: bool = False,
) -> ConePlan:
    """Searches the plans of expectation values.

    Args:
        circuit: The circuit; with `gradient`, its parameters need no values.
        observables: The observables.
        settings: The common options.
        observer: Receives progress updates.
        gradient: Whether derivatives by all parameters are wanted as well.

    Raises:
        CircuitError: An observable acts on a qubit that the circuit does not have.
        MemoryLimitError: A light cone does not fit the memory limit.
    """
    started = time.perf_counter()
    if gradient:
        program = EnergyProgram.prepare(circuit, observables, settings, observer)
        return ConePlan.with_gradient(program, time.perf_counter() - started)
    cones = ExpectationTask(circuit=circuit, observables=tuple(observables)).prepare_cones(settings, observer=observer)
    return ConePlan.of(cones, time.perf_counter() - started)
