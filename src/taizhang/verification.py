"""How well samples fit a circuit, from computed amplitudes of exactly these bitstrings.

The amplitudes are computed in portions, in the order in which the samples came, so that the figures of those done so
far are an estimate at any time, and what was computed counts if the work is interrupted.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from taizhang._random import stream
from taizhang._types import ComplexArray
from taizhang.amplitude_machine import AmplitudeMachine, prepare_amplitudes
from taizhang.circuit.circuit import Circuit
from taizhang.observer import Observer, Silent
from taizhang.plan.plan_file import Plan
from taizhang.plan.search import SearchProgress
from taizhang.ready_plan import begun
from taizhang.results.bitstrings import parsed_bits
from taizhang.results.rows import Bits, DistinctRows
from taizhang.results.sample_file import CountedBitstrings
from taizhang.results.xeb import DOUBTFUL_P_VALUE, Xeb
from taizhang.settings import Settings

# A portion is predicted to take about so long.
_PORTION_SECONDS = 2.0
_BYTES_EACH = 16

_NUMBERS_AT_RANDOM = (200, 100, 50, 20)
"""Amplitudes at random bitstrings that say whether a circuit is chaotic: as many as take little time, ..."""

_LITTLE_SECONDS, _LITTLE_SHARE = 5.0, 0.1
"""... which is the greater of so many seconds and this part of the time of the samples. With the least it is clear only
for circuits that are far from chaotic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class XebResult:
    """The figures, and what they took.

    Attributes:
        xeb: The figures, of what was computed.
        num_computed: Different bitstrings whose amplitudes were computed: all, or the first so many if it was
            interrupted.
        num_wanted: Different bitstrings that there are.
        plan: The plan that was run.
        predicted_bytes: Most memory that the process was predicted to hold.
        seconds: Wall time of the stages `"build"`, `"plan"` and `"run"`.
    """

    xeb: Xeb
    num_computed: int
    num_wanted: int
    plan: Plan
    predicted_bytes: int
    seconds: dict[str, float]


def compute_xeb(
    circuit: Circuit,
    samples: CountedBitstrings,
    settings: Settings,
    *,
    observer: Observer | None = None,
    estimated: Callable[[Xeb, int], None] | None = None,
    keep_what_is_done: bool = False,
) -> XebResult:
    """Computes the amplitudes of samples, and compares them with what the circuit would give.

    Args:
        circuit: The circuit.
        samples: The samples.
        settings: The common options.
        observer: Is told of the progress.
        estimated: Is told after each portion but the last the figures so far, and of how many different bitstrings.
        keep_what_is_done: Interrupted (`KeyboardInterrupt`), give the figures of what was computed, if anything was.

    Raises:
        LimitError: The work does not fit the limits.
    """
    watch = observer or Silent()
    wanted = len(samples.bitstrings)
    watch.stage("build")
    started = time.perf_counter()
    bits = parsed_bits(samples.bitstrings, circuit.num_qubits)
    settings = replace(settings, memory_bytes=settings.memory_bytes - wanted * _BYTES_EACH)
    built = time.perf_counter()
    machine = prepare_amplitudes(
        circuit, settings, num_bitstrings=wanted, row_qubits=DistinctRows.of(bits).varying, observer=watch
    )
    predicted = machine.predicted_bytes(wanted) + wanted * _BYTES_EACH
    planned = time.perf_counter()
    expected = machine.predicted_seconds(wanted)
    begun(machine.ready, expected, settings, watch)
    values: ComplexArray = np.empty(wanted, dtype=np.complex128)
    size = _portion(machine, wanted)
    done = 0

    def figures() -> Xeb:
        return Xeb.of_amplitudes(values[:done], samples.counts[:done], circuit.num_qubits)

    try:
        while done < wanted:
            end = min(done + size, wanted)
            share = _Share(watch, done / wanted, (end - done) / wanted, wanted)
            values[done:end] = machine.run(bits[done:end], observer=share, dtype="complex128").values
            done = end
            if estimated is not None and done < wanted:
                estimated(figures(), done)
    except KeyboardInterrupt:
        if not (keep_what_is_done and done):
            raise
    xeb = figures()
    if done == wanted and xeb.p_value < DOUBTFUL_P_VALUE:
        try:
            at_random = _amplitudes_at_random(machine, bits, settings.seed)
        except KeyboardInterrupt:
            if not keep_what_is_done:
                raise
        else:
            xeb = Xeb.of_amplitudes(values, samples.counts, circuit.num_qubits, at_random=at_random)
    return XebResult(
        xeb=xeb,
        num_computed=done,
        num_wanted=wanted,
        plan=machine.ready.plan,
        predicted_bytes=predicted,
        seconds={
            "build": built - started + machine.build_seconds,
            "plan": planned - built - machine.build_seconds,
            "run": time.perf_counter() - planned,
        },
    )


def _portion(machine: AmplitudeMachine, wanted: int) -> int:
    """How many bitstrings to compute at once: whole runs of the machine, some seconds of them."""
    each = max(machine.ready.plan.predicted_seconds, 1e-9)
    return min(machine.rows_per_run * max(math.ceil(_PORTION_SECONDS / each), 1), wanted)


def _amplitudes_at_random(machine: AmplitudeMachine, bits: Bits, seed: int) -> ComplexArray | None:
    """Amplitudes of distinct random bitstrings, whatever the samples are: what tells whether the circuit is chaotic.

    They differ at the qubits at which the samples do, as the machine was made for these. Over such a part of the
    bitstrings of a chaotic circuit the Porter-Thomas law holds as well.

    Returns:
        complex128; None where there are too few bitstrings, or their amplitudes would take long.
    """
    varying = list(DistinctRows.of(bits).varying)
    allowed = max(_LITTLE_SECONDS, _LITTLE_SHARE * machine.predicted_seconds(len(bits)))
    number = next((count for count in _NUMBERS_AT_RANDOM if machine.predicted_seconds(count) <= allowed), 0)
    if not number or 2 ** len(varying) < _NUMBERS_AT_RANDOM[-1]:
        return None
    random = stream(seed, "chaotic")
    chosen = np.repeat(bits[:1], number, axis=0)
    chosen[:, varying] = random.integers(0, 2, size=(number, len(varying)), dtype=np.uint8)
    chosen = np.unique(chosen, axis=0)
    return machine.run(chosen, dtype="complex128").values


class _Share:
    """Tells an observer the progress of a portion as that of the whole list; one slice stands for one bitstring."""

    def __init__(self, observer: Observer, start: float, share: float, whole: int) -> None:
        self._observer, self._start, self._share, self._whole = observer, start, share, whole

    def stage(self, name: str) -> None:
        """Does nothing: the stage was begun for all portions."""

    def searching(self, progress: SearchProgress) -> None:
        """Does nothing."""

    def predicted(self, seconds: float) -> None:
        """Does nothing: the time of all portions was told."""

    def contracting(self, slices_done: int, num_slices: int) -> None:
        """Tells how many bitstrings are done."""
        done = self._start + self._share * slices_done / max(num_slices, 1)
        self._observer.contracting(int(done * self._whole + 1e-6), self._whole)
