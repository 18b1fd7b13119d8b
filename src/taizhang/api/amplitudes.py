"""The public functions for amplitudes, plans and contractions; they mirror the command line.

Their common keywords are in the table `taizhang.settings.OPTIONS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.api.arguments import (
    BitstringsLike,
    check_circuit,
    check_network,
    check_plan,
    check_plannable,
    check_slices,
    read_bitstrings,
    read_count,
    read_qubits,
    read_qubits_or_count,
)
from taizhang.api.energies import ObservableLike, read_observable_list
from taizhang.circuit.bitstring import BitstringLike, read_bitstring
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.state_vector import direct_is_quick
from taizhang.circuit.state_vector import state_vector as direct_state_vector
from taizhang.errors import UsageError
from taizhang.execute.amplitude_contractor import all_amplitudes
from taizhang.execute.profile import Profile, profile_of
from taizhang.network.network import NetworkShape, TensorNetwork
from taizhang.observer import Observer
from taizhang.options import explicit_options
from taizhang.plan.plan import Plan
from taizhang.progress.display import shows_progress
from taizhang.sampling.open_qubits import choose_open_qubits as best_open_qubits
from taizhang.settings import OPTIONS, ChoiceOptions, Options, SearchOptions, settings_of
from taizhang.tasks.amplitudes import AmplitudesTask
from taizhang.tasks.cone_plan import ConePlan
from taizhang.tasks.contraction import ContractionTask
from taizhang.tasks.planning import find_cone_plan, find_plan
from taizhang.tasks.solve import solve

if TYPE_CHECKING:
    from typing_extensions import Unpack


@shows_progress
@explicit_options(Options, OPTIONS)
def amplitude(
    circuit: Circuit,
    bitstring: BitstringLike,
    *,
    plan: Plan | None = None,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> complex:
    """Computes the amplitude ⟨bitstring|circuit|0…0⟩.

    Args:
        circuit: The circuit.
        bitstring: One character `0` or `1` for each qubit, qubit 0 first; or a list, a tuple or an array of 0 and 1.
        plan: An existing plan, from `plan(circuit)`; searched if not given.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        The amplitude, with its phase; computed in complex64 unless `dtype` says otherwise.

    Raises:
        CircuitError: The bitstring does not fit the circuit.
        PlanError: The plan is for another network.
        MemoryLimitError: No plan fits the memory limit.

    Example:
        >>> bell = Circuit(2).append("h", 0).append("cx", 0, 1)
        >>> round(abs(amplitude(bell, "11")) ** 2, 6)
        0.5
    """
    task = AmplitudesTask(circuit=check_circuit(circuit), bitstrings=(read_bitstring(bitstring),))
    return complex(
        solve(task, settings_of(amplitude, options), plan=check_plan(plan), observer=observer).answer.values[0]
    )


@shows_progress
@explicit_options(Options, OPTIONS)
def amplitudes(
    circuit: Circuit,
    bitstrings: BitstringsLike,
    *,
    plan: Plan | None = None,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> ComplexArray:
    """Computes several amplitudes of one circuit, in as few contractions as is worthwhile.

    Args:
        circuit: The circuit.
        bitstrings: Each with one character `0` or `1` for each qubit, qubit 0 first; or an array of 0 and 1 with a row
            for each, such as `sample` returns. Repetitions cost nothing.
        plan: An existing plan, from `plan(circuit, bitstrings=...)` for similar lists, or from `plan(circuit)`, which
            contracts them one by one.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        Array of shape (len(bitstrings),), complex128; computed in complex64 unless `dtype` says otherwise.

    Raises:
        CircuitError: A bitstring does not fit the circuit.
        PlanError: The plan is for another network.
        MemoryLimitError: No plan fits the memory limit.

    Example:
        >>> bell = Circuit(2).append("h", 0).append("cx", 0, 1)
        >>> (abs(amplitudes(bell, ["00", "01"])) ** 2).round(6).tolist()
        [0.5, 0.0]
    """
    strings = tuple(read_bitstrings(bitstrings))
    task = AmplitudesTask(circuit=check_circuit(circuit), bitstrings=strings)
    return solve(task, settings_of(amplitudes, options), plan=check_plan(plan), observer=observer).answer.values


@shows_progress
@explicit_options(Options, OPTIONS)
def amplitude_batch(
    circuit: Circuit,
    bitstring: BitstringLike,
    *,
    open_qubits: Sequence[int] | npt.NDArray[np.integer] | int,
    plan: Plan | None = None,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> ComplexArray:
    """Computes all amplitudes over some open qubits, the others fixed, in one contraction.

    Args:
        circuit: The circuit.
        bitstring: Qubit 0 first; characters at open qubits are ignored.
        open_qubits: The qubits left open, in the order of the axes of the result. Or their number: then
            `choose_open_qubits` chooses qubits that add little work.
        plan: An existing plan, from `plan(circuit, open_qubits=...)`.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        Array with one axis of length 2 for each open qubit, complex64 unless `dtype` says otherwise; complex128 for
        circuits of more than 200 qubits, whose amplitudes may be too small for complex64.

    Raises:
        CircuitError: The bitstring or an open qubit does not fit the circuit.
        PlanError: The plan is for another network.
        LimitError: The result, or every plan, is too large for the memory limit.

    Example:
        >>> bell = Circuit(2).append("h", 0).append("cx", 0, 1)
        >>> (abs(amplitude_batch(bell, "00", open_qubits=[1])) ** 2).round(6).tolist()
        [0.5, 0.0]
    """
    circuit, text = check_circuit(circuit), read_bitstring(bitstring)
    opened = read_qubits_or_count(open_qubits, name="open_qubits")
    settings = settings_of(amplitude_batch, options)
    if isinstance(opened, int):
        opened = best_open_qubits(circuit, opened, settings, observer)
    task = AmplitudesTask(circuit=circuit, bitstrings=(text,), open_qubits=opened)
    batch: ComplexArray = solve(task, settings, plan=check_plan(plan), observer=observer).answer.values[0]
    return batch


@shows_progress
@explicit_options(ChoiceOptions, OPTIONS)
def choose_open_qubits(
    circuit: Circuit, count: int, *, observer: Observer | None = None, **options: Unpack[ChoiceOptions]
) -> tuple[int, ...]:
    """Chooses qubits to leave open such that a batch over them costs little more than one amplitude.

    Args:
        circuit: The circuit.
        count: Number of qubits to choose.
        observer: Receives progress updates of the search.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        The qubits, ascending; the same for the same seed.

    Raises:
        CircuitError: The circuit has fewer qubits.

    Example:
        >>> choose_open_qubits(Circuit(2).append("h", 0), 2)
        (0, 1)
    """
    circuit, count = check_circuit(circuit), read_count(count, name="count")
    return best_open_qubits(circuit, count, settings_of(choose_open_qubits, options), observer)


@shows_progress
@explicit_options(Options, OPTIONS)
def state_vector(circuit: Circuit, *, observer: Observer | None = None, **options: Unpack[Options]) -> ComplexArray:
    """Computes all amplitudes of a circuit, gate by gate if it is small, else by contraction with every qubit open.

    Args:
        circuit: The circuit.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        Array of shape (2**num_qubits,), qubit 0 the slowest axis; complex64 unless `dtype` says otherwise.

    Raises:
        SizeLimitError: The state vector does not fit the memory limit.

    Example:
        >>> (abs(state_vector(Circuit(2).append("h", 0))) ** 2).round(6).tolist()
        [0.5, 0.0, 0.5, 0.0]
    """
    circuit = check_circuit(circuit)
    settings = settings_of(state_vector, options)
    if direct_is_quick(circuit):
        return direct_state_vector(circuit, dtype=settings.dtype)
    return all_amplitudes(circuit, settings, observer)


@overload
def plan(
    what: Circuit | TensorNetwork | NetworkShape,
    *,
    open_qubits: Sequence[int] = ...,
    bitstrings: BitstringsLike | None = ...,
    observables: None = ...,
    observer: Observer | None = ...,
    **options: Unpack[SearchOptions],
) -> Plan: ...
@overload
def plan(
    what: Circuit,
    *,
    observables: ObservableLike | Sequence[ObservableLike],
    observer: Observer | None = ...,
    **options: Unpack[SearchOptions],
) -> ConePlan: ...
@shows_progress
@explicit_options(SearchOptions, OPTIONS)
def plan(
    what: Circuit | TensorNetwork | NetworkShape,
    *,
    open_qubits: Sequence[int] = (),
    bitstrings: BitstringsLike | None = None,
    observables: ObservableLike | Sequence[ObservableLike] | None = None,
    observer: Observer | None = None,
    **options: Unpack[SearchOptions],
) -> Plan | ConePlan:
    """Searches a plan: for amplitudes or expectation values of a circuit, or for any network.

    Args:
        what: A circuit, a network, or the shape of one.
        open_qubits: For a circuit: the qubits left open.
        bitstrings: For a circuit: a list of bitstrings, or a similar one, whose amplitudes will be computed together.
        observables: For a circuit: an observable, or a list of them, as `expectation` takes them.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        The plan; printing it shows work, slices, memory and time. It is valid for all bitstrings of the circuit;
        a plan for lists is valid for lists of any length whose bitstrings differ at the same qubits. With observables
        a `ConePlan`: the figures of their light cones.

    Raises:
        MemoryLimitError: No plan fits the memory limit.

    Example:
        >>> bell_plan = plan(Circuit(2).append("h", 0).append("cx", 0, 1), seed=0)
        >>> bell_plan.num_slices
        1
    """
    what, open_qubits = check_plannable(what), read_qubits(open_qubits, name="open_qubits")
    settings = settings_of(plan, options)
    if observables is not None:
        if not isinstance(what, Circuit) or open_qubits or bitstrings is not None:
            raise UsageError("observables need a circuit, without open_qubits and bitstrings; leave those out")
        return find_cone_plan(check_circuit(what), read_observable_list(observables)[0], settings, observer)
    if isinstance(what, Circuit):
        listed = None if bitstrings is None else read_bitstrings(bitstrings)
        return find_plan(what, settings, observer, open_qubits=open_qubits, bitstrings=listed).plan
    if open_qubits or bitstrings is not None:
        raise UsageError("open_qubits and bitstrings must not be given with a network, which has none; leave them out")
    shape = what.shape if isinstance(what, TensorNetwork) else what
    return find_plan(shape, settings, observer).plan


@shows_progress
@explicit_options(Options, OPTIONS)
def contract(
    network: TensorNetwork,
    *,
    plan: Plan | None = None,
    slices: range | None = None,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> complex | ComplexArray:
    """Contracts a network.

    Args:
        network: Any network; hyperindices, repeated indices and disconnected parts are allowed.
        plan: A plan for it; searched if not given.
        slices: Sum only these slices, by number, consecutive. Slice numbers count through the sliced indices in the
            order given by the plan, the last fastest.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        A complex number if the network has no output indices; otherwise an array with one axis for each of them,
        without those of size 1 if there are more axes than NumPy's 64. It is complex64 unless `dtype` is given, or
        complex128 if its elements, or the ratio of elements of one tensor, are outside the range of complex64.

    Raises:
        PlanError: The plan is for another network.
        MemoryLimitError: The run, or every plan, is too large for the memory limit.
        NumericalError: A NaN or an infinity appeared, or the value is outside the range of complex128; then the error
            has its mantissa and exponent.

    Example:
        >>> network = TensorNetwork([(np.ones((2, 2)), ("a", "b")), (np.ones(2), ("b",))], output=("a",))
        >>> contract(network).real.tolist()
        [2.0, 2.0]
    """
    settings = settings_of(contract, options)
    network, plan, slices = check_network(network), check_plan(plan), check_slices(slices)
    value = solve(ContractionTask(network=network, slices=slices), settings, plan=plan, observer=observer).answer
    return complex(value) if np.ndim(value) == 0 else value


@shows_progress
@explicit_options(Options, OPTIONS)
def profile(
    what: Circuit | TensorNetwork,
    bitstring: BitstringLike | None = None,
    *,
    open_qubits: Sequence[int] = (),
    plan: Plan | None = None,
    slices: range | None = None,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> Profile:
    """Computes an amplitude, or contracts a network, and measures the time of each step.

    Args:
        what: A circuit or a network.
        bitstring: For a circuit: the bitstring, qubit 0 first.
        open_qubits: For a circuit: the qubits left open.
        plan: A plan for it; searched if not given.
        slices: For a network: run only these slices.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        The time of each step compared with what the machine can do; printing it shows tables, `plot_profile` draws it.

    Raises:
        UsageError: A circuit is given without bitstring or with slices, or a network with bitstring or open qubits.

    Example:
        >>> measured = profile(Circuit(2).append("h", 0).append("cx", 0, 1), "11", threads=1)
        >>> measured.slices
        1
    """
    plan, slices = check_plan(plan), check_slices(slices)
    open_qubits = read_qubits(open_qubits, name="open_qubits")
    settings = settings_of(profile, options)
    if isinstance(what, Circuit):
        if bitstring is None or slices is not None:
            raise UsageError("a circuit must be profiled with a bitstring and without slices; give a bitstring only")
        task = AmplitudesTask(circuit=what, bitstrings=(read_bitstring(bitstring),), open_qubits=open_qubits)
        return profile_of(solve(task, settings, plan=plan, observer=observer, profile=True).contractions)
    if bitstring is not None or open_qubits:
        raise UsageError("bitstring and open_qubits must not be given with a network, which has none; leave them out")
    contraction = ContractionTask(network=check_network(what), slices=slices)
    return profile_of(solve(contraction, settings, plan=plan, observer=observer, profile=True).contractions)
