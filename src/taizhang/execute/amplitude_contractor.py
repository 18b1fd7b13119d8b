"""Amplitudes of many bitstrings of one circuit: planned and compiled once, in as few contractions as is worthwhile.

There are three ways; the one of least predicted time is taken:

- *sparse-state*: one contraction for many bitstrings, the rows. The qubits at which they differ are left open, and
  every tensor keeps only those values of its open indices that some bitstring needs: the sparse state of Pan, Chen &
  Zhang (arXiv:2111.03011) and the multi-amplitude contraction of Kalachev, Panteleev, Zhou & Yung (arXiv:2108.05665).
  What depends on none or few of the bits is computed once for all. A long list may be split into parts, each of which
  is one contraction: with fewer rows the tensors are smaller and less has to be sliced.
- *dense*: where the bitstrings are nearly all values of a few qubits, all of these values are computed.
- *one by one*: a contraction for each bitstring.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

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

# Most rows of one contraction.
MOST_ROWS = 1 << 20
# The best number of rows is searched among the length of the list divided by powers of this factor, with this many
# search trials for each.
PARTS_FACTOR = 10
TRIALS_FOR_PARTS = 8
# Rows are used only if they are predicted to be this many times faster than one by one: their tensors are larger, and
# where little is shared a single amplitude takes less time than predicted.
MIN_GAIN = 1.5
# More than modest memory is used, where no limit was given, if all are predicted to take this many times less time.
MIN_MEMORY_GAIN = 2.0
# Work predicted to take no longer than this is not compared with the other ways.
QUICK_SECONDS = 0.5
# Planning takes this share of the predicted time of all contractions, at most this many seconds.
PLANNING_SHARE = 0.05
MOST_PLANNING_SECONDS = 60.0
# Share of a given planning time that is spent on choosing the number of bitstrings per contraction.
BRIEF_SHARE = 0.3
# Amplitudes of circuits of more qubits may be smaller than single precision can represent.
MOST_QUBITS_IN_SINGLE = 200


class ManyAmplitudes(NamedTuple):
    """Amplitudes of a list of bitstrings.

    Attributes:
        values: Shape (number, 2, 2, …) with one axis of length 2 for each open qubit.
        runs: The contractions, in order.
    """

    values: ComplexArray
    runs: tuple[Contraction, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AmplitudeContractor:
    """Computes amplitudes of lists of bitstrings of one circuit; immutable and reusable.

    Attributes:
        network: The network that is contracted.
        ready: Its plan, compiled.
        settings: The common options.
        open_qubits: Qubits left open, in the order of the axes of the values.
        row_qubits: Qubits at which bitstrings of a list may differ; none where they are taken one by one.
        build_seconds: Time spent building the network.
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
        """Number of contractions for a list of `num_bitstrings` distinct bitstrings."""
        return -(-num_bitstrings // self.rows_per_run)

    def predicted_seconds(self, num_bitstrings: int) -> float:
        """Expected time for a list of `num_bitstrings` distinct bitstrings."""
        plan, runs = self.ready.plan, self.num_runs(num_bitstrings)
        rates = rates_here(self.settings)
        return seconds_of_runs(plan.predicted_seconds, runs, rates, peak_bytes=plan.cost.peak_bytes)

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
            bits: Zeros and ones, shape (number, num_qubits); bits at open qubits are ignored. Bitstrings may be
                repeated.
            slices: Add only these slices of the plan.
            observer: Receives progress updates.
            profile: Measure every step.
            dtype: Type of the values; by default what `type_of_values` says.

        Raises:
            NumericalError: All amplitudes of a contraction are below what the type of the values can hold.
            UsageError: Bitstrings differ at a qubit that is not a row qubit.
            TimeLimitError: The work is predicted to take longer than the limit.
        """
        # Stage 1: remove repetitions, and check that the bitstrings fit the network.
        rows = bits if isinstance(bits, DistinctRows) else DistinctRows.of(bits, self.open_qubits)
        watch = observer or Silent()
        if self.row_qubits and not set(rows.varying) <= set(self.row_qubits):
            qubit = min(set(rows.varying) - set(self.row_qubits))
            raise UsageError(
                f"bitstrings may differ only at the row qubits, got some that differ at qubit {qubit}; prepare again "
                "with it among row_qubits"
            )
        value_dtype = dtype or type_of_values(self.settings.dtype, self.network.num_qubits, self.open_qubits)
        distinct = np.empty((len(rows), *(2,) * len(self.open_qubits)), dtype=value_dtype)
        runs: tuple[Contraction, ...] = ()

        # Stage 2: contract, and store the values of each contraction where its bitstrings are.
        if len(rows):
            expected = self.predicted_seconds(len(rows))
            if slices is not None:
                expected *= len(slices) / self.ready.plan.num_slices
            each = self.rows_per_run

            def take(number: int, contraction: Contraction) -> None:
                part = slice(number * each, min((number + 1) * each, len(rows)))
                self._store(contraction, rows.bits[part], distinct[part])

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

        # Stage 3: restore the order and the repetitions of the list.
        values = distinct if rows.in_order else distinct[rows.row_of]
        return ManyAmplitudes(values=values, runs=runs)

    def _store(self, contraction: Contraction, bits: Bits, target: ComplexArray) -> None:
        """Stores the values of one contraction, for the bitstrings `bits`, in `target`."""
        if self.network.shape.num_rows:
            mantissa = contraction.mantissa[: len(bits)]
        elif self.row_qubits:
            # The row qubits are open as well, and come last.
            by_row = contraction.mantissa.reshape(*(2,) * len(self.open_qubits), -1)
            weights = 1 << np.arange(len(self.row_qubits) - 1, -1, -1)
            mantissa = np.moveaxis(by_row[..., bits[:, list(self.row_qubits)].astype(np.intp) @ weights], -1, 0)
        else:
            mantissa = contraction.mantissa[np.newaxis]
        scale_into(target.reshape(-1), mantissa.reshape(-1), contraction.exponent)


def type_of_values(dtype: DtypeName, num_qubits: int, open_qubits: Sequence[int]) -> DtypeName:
    """Type of amplitudes: complex128, or for batches of circuits of moderate width the type they are computed in."""
    return dtype if open_qubits and num_qubits <= MOST_QUBITS_IN_SINGLE else "complex128"


class AmplitudeMembers:
    """The networks whose values are the amplitudes of a list of distinct bitstrings.

    Args:
        network: The network that all of them share.
        bits: The bitstrings, zeros and ones, shape (number, num_qubits).
        all_values: For a network without rows: one contraction gives all values of the qubits at which the
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
        """The bits at the row qubits; the last contraction repeats its last row to fill up its number of rows."""
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
    """Plans and compiles a contractor for the amplitudes of lists of bitstrings.

    Args:
        circuit: The circuit, started in |0…0⟩.
        settings: The common options.
        num_bitstrings: Expected number of distinct bitstrings of a list; other numbers cost more per bitstring.
        open_qubits: Qubits left open: all amplitudes over these are computed for each bitstring.
        row_qubits: Qubits at which the bitstrings of a list may differ; all but the open ones by default.
        plan: An existing plan, for single amplitudes or sparse-state.
        observer: Receives progress updates.

    Raises:
        CircuitError: A qubit is not in the circuit, or twice.
        PlanError: The plan is for another network.
        MemoryLimitError: No plan fits the limit.

    Example:
        >>> bell = Circuit(2).append("h", 0).append("cx", 0, 1)
        >>> contractor = prepare_amplitudes(bell, Settings.checked(trials=1), num_bitstrings=3)
        >>> values = contractor.run(np.array([[0, 0], [0, 1], [1, 1]], dtype=np.uint8)).values
        >>> (abs(values) ** 2).round(6).tolist()
        [0.5, 0.0, 0.5]
    """
    opened = check_open_qubits(open_qubits, circuit.num_qubits)
    closed = tuple(qubit for qubit in range(circuit.num_qubits) if qubit not in opened)
    varying = closed if row_qubits is None else tuple(row_qubits)
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

    def contractor_of(network: AmplitudeNetwork, ready: CompiledPlan, chosen: tuple[int, ...]) -> AmplitudeContractor:
        return AmplitudeContractor(
            network=network,
            ready=ready,
            settings=settings,
            open_qubits=opened,
            row_qubits=chosen,
            build_seconds=spent,
        )

    # Stage 1: a given plan fixes the network: with rows, or one bitstring at a time.
    if plan is not None:
        if plan.shape.row_indices:
            chosen = varying if len(varying) == len(plan.shape.row_indices) else closed
            count = _clamp_rows(plan.shape.num_rows, chosen)
            network = timed(lambda: AmplitudeNetwork(circuit, open_qubits=opened, row_qubits=chosen, num_rows=count))
        else:
            chosen = ()
            network = timed(lambda: AmplitudeNetwork(circuit, open_qubits=opened))
        return contractor_of(network, prepare_plan(network.shape, settings, watch, plan=plan), chosen)

    # Stage 2: dense, where the list is long enough to hold all values of the varying qubits.
    if num_bitstrings > 1 and varying and 2 ** len(varying) <= num_bitstrings:
        network = timed(lambda: AmplitudeNetwork(circuit, open_qubits=(*opened, *varying)))
        return contractor_of(network, prepare_plan(network.shape, settings, watch, machine=rates), varying)

    # Stage 3: choose the number of rows by brief searches, which use a share of a given planning time.
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

    # Stage 4: plan. Without an explicit budget of trials or time a brief plan shows how long the work takes, and a
    # second search, as long as is worthwhile for that, replaces it where the work is not quick.
    if not many or settings.trials is not None or settings.plan_seconds is not None:
        return contractor_of(network, prepare_plan(network.shape, settings, watch, machine=rates), chosen)
    first = contractor_of(network, prepare_plan(network.shape, _brief(settings), watch, machine=rates), chosen)
    seconds = first.predicted_seconds(num_bitstrings)
    if seconds < QUICK_SECONDS:
        return first
    longer = replace(settings, plan_seconds=min(PLANNING_SHARE * seconds, MOST_PLANNING_SECONDS))
    return contractor_of(network, prepare_plan(network.shape, longer, watch, machine=rates), chosen)


def _network(circuit: Circuit, opened: tuple[int, ...], varying: tuple[int, ...], num_rows: int) -> AmplitudeNetwork:
    """The network for `num_rows` bitstrings at once."""
    if num_rows == 1:
        return AmplitudeNetwork(circuit, open_qubits=opened)
    return AmplitudeNetwork(circuit, open_qubits=opened, row_qubits=varying, num_rows=num_rows)


def _clamp_rows(num_rows: int, row_qubits: Sequence[int]) -> int:
    """The rows of a plan, fewer than the values of these qubits, so that a plan that does not fit is a `PlanError`."""
    return min(num_rows, max((1 << len(row_qubits)) - 1, 0))


def _rows_and_memory(
    circuit: Circuit,
    opened: tuple[int, ...],
    varying: tuple[int, ...],
    num_bitstrings: int,
    settings: Settings,
    rates: MachineRates,
) -> tuple[int, Settings]:
    """Chooses how many bitstrings to contract at once, and whether to use more than modest memory for that."""
    modest = settings.modest()
    if modest.memory_bytes == settings.memory_bytes:
        return _choose_num_rows(circuit, opened, varying, num_bitstrings, settings, rates)[0], settings
    try:
        count, seconds = _choose_num_rows(circuit, opened, varying, num_bitstrings, modest, rates)
    except LimitError:
        return _choose_num_rows(circuit, opened, varying, num_bitstrings, settings, rates)[0], settings
    if seconds < QUICK_SECONDS:
        return count, modest
    faster, seconds_of_all = _choose_num_rows(circuit, opened, varying, num_bitstrings, settings, rates)
    return (faster, settings) if MIN_MEMORY_GAIN * seconds_of_all < seconds else (count, modest)


def _choose_num_rows(
    circuit: Circuit,
    opened: tuple[int, ...],
    varying: tuple[int, ...],
    num_bitstrings: int,
    settings: Settings,
    rates: MachineRates,
) -> tuple[int, float]:
    """Chooses how many bitstrings one contraction computes; gives that and the predicted seconds for all.

    A brief search for each candidate number predicts the time for the whole list; among the numbers whose time is close
    to the least (within `SPARING_FACTOR`) the one that needs least memory is chosen.
    """
    counts = [min(num_bitstrings, MOST_ROWS)]
    while counts[-1] > 1:
        counts.append(-(-counts[-1] // PARTS_FACTOR))
    brief = _brief(settings, num_searches=len(counts))
    candidates: list[tuple[float, int, int]] = []  # seconds for the list, peak bytes, number of rows
    refused: LimitError | None = None
    for count in counts:
        shape = _network(circuit, opened, varying, count).shape
        try:
            plan = search_plan(shape, settings.planning_bytes(), brief, Silent(), rates)
        except LimitError as error:
            refused = error
            continue
        peak_bytes = plan.cost.peak_bytes
        seconds = seconds_of_runs(plan.predicted_seconds, -(-num_bitstrings // count), rates, peak_bytes=peak_bytes)
        candidates.append((seconds, peak_bytes, count))
        if seconds < QUICK_SECONDS:
            break
    if not candidates:
        raise refused or MemoryLimitError("no plan was found within the memory limit; allow more memory")
    one_by_one = [seconds for seconds, _, count in candidates if count == 1]
    several = [entry for entry in candidates if entry[2] > 1]
    least = min((seconds for seconds, _, _ in several), default=math.inf)
    if one_by_one and one_by_one[0] < MIN_GAIN * least:
        return 1, one_by_one[0]
    within = (entry for entry in several if entry[0] <= SPARING_FACTOR * least)
    seconds, _, count = min(within, key=lambda entry: (entry[1], entry[0]))
    return count, seconds


def _brief(settings: Settings, *, num_searches: int = 1) -> Settings:
    """Settings of a brief search, one of several; uses a share of the planning time where one was given."""
    if settings.trials is None and settings.plan_seconds is not None:
        return replace(settings, plan_seconds=BRIEF_SHARE * settings.plan_seconds / num_searches)
    return replace(settings, plan_seconds=None, trials=min(TRIALS_FOR_PARTS, settings.trials or TRIALS_FOR_PARTS))


def all_amplitudes(circuit: Circuit, settings: Settings, observer: Observer | None = None) -> ComplexArray:
    """Computes all amplitudes of a circuit by contraction with every qubit open.

    Returns:
        Shape (2**num_qubits,), qubit 0 the slowest bit, in the dtype of the settings.

    Raises:
        LimitError: The amplitudes do not fit the memory limit.
    """
    held = BYTES_PER_ELEMENT[settings.dtype] << circuit.num_qubits
    settings = settings.setting_aside(
        held, f"the state vector of {circuit.num_qubits} qubits", "use a method that does not need it"
    )
    every = range(circuit.num_qubits)
    contractor = prepare_amplitudes(circuit, settings, num_bitstrings=1, open_qubits=every, observer=observer)
    zeros = np.zeros((1, circuit.num_qubits), dtype=np.uint8)
    return contractor.run(zeros, observer=observer).values.reshape(-1)
