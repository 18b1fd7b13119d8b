"""Amplitudes of many bitstrings of one circuit: planned and compiled once, computed in as few contractions as pay.

Three ways, of which the cheapest is taken by what is predicted:

- *by rows*: one contraction for many bitstrings at once. The qubits at which they differ are left open, and every
  tensor keeps, of the values of its open indices, only those that some bitstring needs: the sparse state of Pan, Chen &
  Zhang (arXiv:2111.03011) and the multi-amplitude contraction of Kalachev, Panteleev, Zhou & Yung (arXiv:2108.05665).
  What does not depend on the bits, or on few of them, is computed once for all. A long list may be cut into parts, each
  of which is a contraction: with fewer rows the tensors are smaller and less has to be sliced.
- *dense*: where the bitstrings are nearly all values of a few qubits, all of these are computed.
- *one by one*: a contraction for each bitstring.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from taizhang._resources import needed_bytes
from taizhang._types import ComplexArray, DtypeName
from taizhang.circuit.bitstring_lists import as_strings
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.distinct_bitstrings import Bits, DistinctRows
from taizhang.errors import LimitError, MemoryLimitError, UsageError
from taizhang.execute.contraction import Contraction, peak_bytes_of_run
from taizhang.execute.members import Arrays, concurrent_runs, run_members
from taizhang.execute.prepare import CompiledPlan, begin, planning_rates, prepare_plan, rates_here, search_plan
from taizhang.execute.scaled_value import scale_into
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.network.build import check_open_qubits
from taizhang.observer import Observer, Silent
from taizhang.plan.cost import BYTES_PER_ELEMENT
from taizhang.plan.objective import seconds_of_runs
from taizhang.plan.plan import Plan
from taizhang.plan.rates import MachineRates
from taizhang.plan.search import SPARING_FACTOR
from taizhang.settings import Settings

# Rows of one contraction, at most.
MOST_ROWS = 1 << 20
# Lists are cut into so many times fewer rows when looking for the best number, and a search is made this long for each.
PARTS_FACTOR = 10
TRIALS_FOR_PARTS = 8
# Rows are taken only if they are predicted to be so many times faster than one by one: their tensors are larger, and
# where little is shared a single amplitude is sooner done than predicted.
GAIN_WANTED = 1.5
# More than modest memory is used, where no limit was given, if all are predicted to take this many times less time.
MEMORY_GAIN_WANTED = 2.0
# Work that is predicted to take no longer than this is not compared with other ways.
QUICK_SECONDS = 0.5
# Share of the predicted time of all runs that is spent on planning one of them, and the most of it.
PLANNING_SHARE = 0.05
MOST_PLANNING_SECONDS = 60.0
# Share of a planning time that was given for finding out how many bitstrings to take at once.
BRIEF_SHARE = 0.3
# Amplitudes of circuits of more qubits may lie below what single precision can hold.
MOST_QUBITS_IN_SINGLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyAmplitudes:
    """Amplitudes of a list of bitstrings.

    Attributes:
        values: Shape (number, 2, 2, …) with one axis of length 2 for each open qubit.
        runs: What was run, in order.
    """

    values: ComplexArray
    runs: tuple[Contraction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AmplitudeContractor:
    """Computes amplitudes of lists of bitstrings of one circuit; immutable, any number of times.

    Attributes:
        network: The network that is contracted.
        ready: Its plan, compiled.
        settings: The common options.
        open_qubits: Qubits left open, in the order of the axes of the values.
        row_qubits: Qubits at which bitstrings of a list may differ; none where they are taken one by one.
        build_seconds: Time that building the network took.
    """

    network: AmplitudeNetwork
    ready: CompiledPlan
    settings: Settings
    open_qubits: tuple[int, ...]
    row_qubits: tuple[int, ...]
    build_seconds: float

    @property
    def rows_per_run(self) -> int:
        """Distinct bitstrings of one contraction."""
        if self.network.shape.num_rows:
            return self.network.shape.num_rows
        return 1 << len(self.row_qubits)

    def num_runs(self, num_bitstrings: int) -> int:
        """Contractions that a list of so many distinct bitstrings takes."""
        return -(-num_bitstrings // self.rows_per_run)

    def predicted_seconds(self, num_bitstrings: int) -> float:
        """Expected time for a list of so many distinct bitstrings."""
        plan, runs = self.ready.plan, self.num_runs(num_bitstrings)
        machine = rates_here(self.settings)
        return seconds_of_runs(plan.predicted_seconds, runs, machine, peak_bytes=plan.cost.peak_bytes)

    def predicted_bytes(self, num_bitstrings: int) -> int:
        """Most memory that the process will hold while it computes a list of this many distinct bitstrings."""
        program, threads = self.ready.program, self.settings.threads
        if program is None:
            return self.ready.predicted_bytes
        free = self.settings.free_bytes()
        runs = concurrent_runs(program, self.num_runs(num_bitstrings), threads=threads, free_bytes=free)
        if runs == 1:
            return self.ready.predicted_bytes
        each = peak_bytes_of_run(program, threads=threads // runs, memory_bytes=free)
        return max(self.ready.predicted_bytes, needed_bytes() + runs * each)

    def members(self, bits: Bits) -> AmplitudeMembers:
        """The networks for distinct bitstrings, shape (number, num_qubits), in their order."""
        return AmplitudeMembers(self.network, bits, all_values=bool(self.row_qubits))

    def run(
        self,
        bits: Bits | DistinctRows,
        *,
        slices: range | None = None,
        observer: Observer | None = None,
        profile: bool = False,
        dtype: DtypeName | None = None,
    ) -> ManyAmplitudes:
        """Computes the amplitudes of a list.

        Args:
            bits: Zeros and ones, shape (number, num_qubits); what stands at open qubits is not looked at. Each may be
                there several times.
            slices: Add only these slices of the plan.
            observer: Is told of the progress.
            profile: Measure every step.
            dtype: Type of the values; by default what `type_of_values` says.

        Raises:
            NumericalError: All amplitudes of a contraction are below what the type of the values can hold.
            UsageError: Bitstrings differ at a qubit that is no row qubit.
            TimeLimitError: The work is predicted to take longer than the limit.
        """
        rows = bits if isinstance(bits, DistinctRows) else DistinctRows.of(bits, self.open_qubits)
        watch = observer or Silent()
        if self.row_qubits and not set(rows.varying) <= set(self.row_qubits):
            qubit = min(set(rows.varying) - set(self.row_qubits))
            raise UsageError(f"bitstrings differ at qubit {qubit}, which was not among those that may; prepare anew")
        held_in = dtype or type_of_values(self.settings.dtype, self.network.num_qubits, self.open_qubits)
        distinct = np.empty((len(rows), *(2,) * len(self.open_qubits)), dtype=held_in)
        runs: tuple[Contraction, ...] = ()
        if len(rows):
            expected = self.predicted_seconds(len(rows))
            if slices is not None:
                expected *= len(slices) / self.ready.plan.num_slices
            each = self.rows_per_run

            def take(number: int, contraction: Contraction) -> None:
                part = slice(number * each, min((number + 1) * each, len(rows)))
                self._put(contraction, rows.bits[part], distinct[part])

            runs = run_members(
                begin(self.ready, expected, self.settings, watch),
                self.members(rows.bits),
                take,
                slices=slices,
                threads=self.settings.threads,
                free_bytes=self.settings.free_bytes,
                progress=watch.contracting,
                profile=profile,
            )
        values = distinct if rows.in_order else distinct[rows.row_of]
        return ManyAmplitudes(values=values, runs=runs)

    def _put(self, contraction: Contraction, bits: Bits, target: ComplexArray) -> None:
        """Puts what one contraction gave where it belongs."""
        if self.network.shape.num_rows:
            mantissa = contraction.mantissa[: len(bits)]
        elif self.row_qubits:
            # The row qubits are open, too, and come last.
            by_row = contraction.mantissa.reshape(*(2,) * len(self.open_qubits), -1)
            weights = 1 << np.arange(len(self.row_qubits) - 1, -1, -1)
            mantissa = np.moveaxis(by_row[..., bits[:, list(self.row_qubits)].astype(np.intp) @ weights], -1, 0)
        else:
            mantissa = contraction.mantissa[np.newaxis]
        scale_into(target.reshape(-1), mantissa.reshape(-1), contraction.exponent)


def type_of_values(dtype: DtypeName, num_qubits: int, open_qubits: Sequence[int]) -> DtypeName:
    """Type of amplitudes: complex128, or for batches of circuits not too wide the type they are computed in."""
    return dtype if open_qubits and num_qubits <= MOST_QUBITS_IN_SINGLE else "complex128"


class AmplitudeMembers:
    """The networks whose values are the amplitudes of a list of distinct bitstrings.

    Args:
        network: The network of all of them.
        bits: The bitstrings, zeros and ones, shape (number, num_qubits).
        all_values: Where the network has no rows: one contraction gives all values of the qubits at which the
            bitstrings differ.
    """

    def __init__(self, network: AmplitudeNetwork, bits: Bits, *, all_values: bool) -> None:
        self._network = network
        self._bits = bits[:1] if all_values and not network.shape.num_rows else bits
        self._rows_each = max(network.shape.num_rows, 1)

    def __len__(self) -> int:
        return math.ceil(len(self._bits) / self._rows_each)

    def arrays_of(self, number: int) -> tuple[Arrays, int]:
        """The arrays of a contraction, and the power of two that its value is multiplied by."""
        first = number * self._rows_each
        return self._network.arrays_for(as_strings(self._bits[first : first + 1])[0])

    def rows_of(self, number: int) -> Bits | None:
        """The bits at the row qubits; of the last contraction the last row is repeated where there are too few."""
        if not self._network.shape.num_rows:
            return None
        part = self._bits[number * self._rows_each : (number + 1) * self._rows_each]
        digits = part[:, list(self._network.row_qubits)]
        return np.pad(digits, ((0, self._rows_each - len(part)), (0, 0)), mode="edge")


def prepare_amplitudes(
    circuit: Circuit,
    settings: Settings,
    *,
    num_bitstrings: int,
    open_qubits: Sequence[int] = (),
    row_qubits: Sequence[int] | None = None,
    plan: Plan | None = None,
    observer: Observer | None = None,
) -> AmplitudeContractor:
    """Plans and compiles what computes amplitudes of lists of bitstrings.

    Args:
        circuit: The circuit, started in |0…0⟩.
        settings: The common options.
        num_bitstrings: How many distinct ones a list will have; more or fewer are done, too, at a higher price.
        open_qubits: Qubits left open: of each bitstring all amplitudes over these are computed.
        row_qubits: Qubits at which the bitstrings of a list may differ; all but the open ones by default.
        plan: A plan made before, for single amplitudes or by rows.
        observer: Is told of the progress.

    Raises:
        CircuitError: A qubit is not in the circuit, or twice.
        PlanError: The plan is for another network.
        MemoryLimitError: No plan fits the limit.

    Example:
        >>> bell = Circuit(2).append("h", 0).append("cx", 0, 1)
        >>> machine = prepare_amplitudes(bell, Settings.checked(trials=1), num_bitstrings=3)
        >>> values = machine.run(np.array([[0, 0], [0, 1], [1, 1]], dtype=np.uint8)).values
        >>> (abs(values) ** 2).round(6).tolist()
        [0.5, 0.0, 0.5]
    """
    opened = check_open_qubits(open_qubits, circuit.num_qubits)
    others = tuple(qubit for qubit in range(circuit.num_qubits) if qubit not in opened)
    varying = others if row_qubits is None else tuple(row_qubits)
    watch = observer or Silent()
    rates = planning_rates(settings, watch)
    spent = 0.0

    def timed(build: Callable[[], AmplitudeNetwork]) -> AmplitudeNetwork:
        nonlocal spent
        watch.stage("build")
        started = time.perf_counter()
        network = build()
        spent = time.perf_counter() - started
        return network

    def machine(network: AmplitudeNetwork, ready: CompiledPlan, chosen: tuple[int, ...]) -> AmplitudeContractor:
        return AmplitudeContractor(
            network=network,
            ready=ready,
            settings=settings,
            open_qubits=opened,
            row_qubits=chosen,
            build_seconds=spent,
        )

    if plan is not None:
        if plan.shape.row_indices:
            chosen = varying if len(varying) == len(plan.shape.row_indices) else others
            count = _fitting(plan.shape.num_rows, chosen)
            network = timed(lambda: AmplitudeNetwork(circuit, open_qubits=opened, row_qubits=chosen, num_rows=count))
        else:
            chosen = ()
            network = timed(lambda: AmplitudeNetwork(circuit, open_qubits=opened))
        return machine(network, prepare_plan(network.shape, settings, watch, plan=plan), chosen)
    if num_bitstrings > 1 and varying and 2 ** len(varying) <= num_bitstrings:
        network = timed(lambda: AmplitudeNetwork(circuit, open_qubits=(*opened, *varying)))
        return machine(network, prepare_plan(network.shape, settings, watch, machine=rates), varying)
    many = num_bitstrings > 1 and bool(varying)
    if many:
        watch.stage("plan")
    count = 1
    if many:
        count, settings = _rows_and_memory(circuit, opened, varying, num_bitstrings, settings, rates)
    network = timed(lambda: _network(circuit, opened, varying, count))
    chosen = varying if count > 1 else ()
    if many and settings.plan_seconds is not None:
        settings = replace(settings, plan_seconds=(1 - BRIEF_SHARE) * settings.plan_seconds)
    if not many or settings.trials is not None or settings.plan_seconds is not None:
        return machine(network, prepare_plan(network.shape, settings, watch, machine=rates), chosen)
    first = machine(network, prepare_plan(network.shape, _brief(settings), watch, machine=rates), chosen)
    seconds = first.predicted_seconds(num_bitstrings)
    if seconds < QUICK_SECONDS:
        return first
    longer = replace(settings, plan_seconds=min(PLANNING_SHARE * seconds, MOST_PLANNING_SECONDS))
    return machine(network, prepare_plan(network.shape, longer, watch, machine=rates), chosen)


def _network(circuit: Circuit, opened: tuple[int, ...], varying: tuple[int, ...], num_rows: int) -> AmplitudeNetwork:
    """The network for so many bitstrings at once."""
    if num_rows == 1:
        return AmplitudeNetwork(circuit, open_qubits=opened)
    return AmplitudeNetwork(circuit, open_qubits=opened, row_qubits=varying, num_rows=num_rows)


def _fitting(num_rows: int, row_qubits: Sequence[int]) -> int:
    """As many rows as a plan has, or what makes its network differ from that of these qubits in an orderly way."""
    return min(num_rows, max((1 << len(row_qubits)) - 1, 0))


def _rows_and_memory(
    circuit: Circuit,
    opened: tuple[int, ...],
    varying: tuple[int, ...],
    wanted: int,
    settings: Settings,
    rates: MachineRates,
) -> tuple[int, Settings]:
    """Chooses how many bitstrings to contract at once, and whether to use more than modest memory for that."""
    modest = settings.modest()
    if modest.memory_bytes == settings.memory_bytes:
        return _rows_that_pay(circuit, opened, varying, wanted, settings, rates)[0], settings
    try:
        count, seconds = _rows_that_pay(circuit, opened, varying, wanted, modest, rates)
    except LimitError:
        return _rows_that_pay(circuit, opened, varying, wanted, settings, rates)[0], settings
    if seconds < QUICK_SECONDS:
        return count, modest
    faster, seconds_of_all = _rows_that_pay(circuit, opened, varying, wanted, settings, rates)
    return (faster, settings) if MEMORY_GAIN_WANTED * seconds_of_all < seconds else (count, modest)


def _rows_that_pay(
    circuit: Circuit,
    opened: tuple[int, ...],
    varying: tuple[int, ...],
    wanted: int,
    settings: Settings,
    rates: MachineRates,
) -> tuple[int, float]:
    """Chooses how many bitstrings to contract at once; gives that and the predicted seconds for all of them.

    A short search for each number predicts the time for all; of the numbers whose time is within a tenth of the least
    the one that needs least memory is taken.
    """
    counts = [min(wanted, MOST_ROWS)]
    while counts[-1] > 1:
        counts.append(-(-counts[-1] // PARTS_FACTOR))
    brief = _brief(settings, num_searches=len(counts))
    found: list[tuple[float, int, int]] = []  # seconds for all, bytes, number at once
    refused: LimitError | None = None
    for count in counts:
        shape = _network(circuit, opened, varying, count).shape
        try:
            plan = search_plan(shape, settings.planning_bytes(), brief, Silent(), rates)
        except LimitError as error:
            refused = error
            continue
        peak_bytes = plan.cost.peak_bytes
        seconds = seconds_of_runs(plan.predicted_seconds, -(-wanted // count), rates, peak_bytes=peak_bytes)
        found.append((seconds, peak_bytes, count))
        if seconds < QUICK_SECONDS:
            break
    if not found:
        raise refused or MemoryLimitError("no plan was found within the memory limit; allow more memory")
    one_by_one = [seconds for seconds, _, count in found if count == 1]
    several = [entry for entry in found if entry[2] > 1]
    least = min((seconds for seconds, _, _ in several), default=math.inf)
    if one_by_one and one_by_one[0] < GAIN_WANTED * least:
        return 1, one_by_one[0]
    within = (entry for entry in several if entry[0] <= SPARING_FACTOR * least)
    seconds, _, count = min(within, key=lambda entry: (entry[1], entry[0]))
    return count, seconds


def _brief(settings: Settings, *, num_searches: int = 1) -> Settings:
    """Settings of a short search, one of several; where a time was given it is a part of that."""
    if settings.trials is None and settings.plan_seconds is not None:
        return replace(settings, plan_seconds=BRIEF_SHARE * settings.plan_seconds / num_searches)
    return replace(settings, plan_seconds=None, trials=min(TRIALS_FOR_PARTS, settings.trials or TRIALS_FOR_PARTS))


def all_amplitudes(circuit: Circuit, settings: Settings, observer: Observer | None = None) -> ComplexArray:
    """Computes all amplitudes of a circuit by contraction with every qubit open.

    Returns:
        Shape (2**num_qubits,), qubit 0 the slowest bit, in the type computed in.

    Raises:
        LimitError: They do not fit the memory limit.
    """
    held = BYTES_PER_ELEMENT[settings.dtype] << circuit.num_qubits
    settings = settings.setting_aside(
        held, f"the state vector of {circuit.num_qubits} qubits", "use a method that does not need it"
    )
    every = range(circuit.num_qubits)
    machine = prepare_amplitudes(circuit, settings, num_bitstrings=1, open_qubits=every, observer=observer)
    zeros = np.zeros((1, circuit.num_qubits), dtype=np.uint8)
    return machine.run(zeros, observer=observer).values.reshape(-1)
