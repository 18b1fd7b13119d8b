"""Batches of amplitudes for all pairs of left and right halves of bitstrings, each half computed once.

Of bitstrings that are given, hardly two share a side of a wide circuit, so little can be shared between them. Where the
bitstrings are free to choose, as the bases of batches to sample from, they can be all pairs of A left and B right
halves: then A·B batches cost A times a left half, B times a right half, and A·B times what joins them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit
from taizhang.errors import LimitError, UsageError
from taizhang.execute.contraction import run_program
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.network.paired_network import Bits, PairedNetwork, side_order
from taizhang.observer import Observer, Silent
from taizhang.ready_plan import ReadyPlan, begun, ready_plan, searched
from taizhang.settings import Settings

# Where to part the circuit, as shares of its qubits, and how long to search for a plan of each.
SHARES = (0.4, 0.5, 0.6)
TRIALS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedMachine:
    """Computes batches for pairs of halves; immutable.

    Attributes:
        network: The network of all pairs.
        ready: Its plan, compiled.
        settings: The common options.
        sides: The qubits of the left side and those of the right, open ones left out.
        counts: Numbers of left and of right halves.
    """

    network: PairedNetwork
    ready: ReadyPlan
    settings: Settings
    sides: tuple[tuple[int, ...], tuple[int, ...]]
    counts: tuple[int, int]

    @property
    def predicted_seconds(self) -> float:
        """Expected time for all pairs."""
        return self.ready.plan.predicted_seconds

    def run(self, left_bits: Bits, right_bits: Bits, *, observer: Observer | None = None) -> ComplexArray:
        """Computes the batches of all pairs.

        Args:
            left_bits: Zeros and ones, shape (A, num_qubits), of which those at `sides[0]` count.
            right_bits: Shape (B, num_qubits), of which those at `sides[1]` count.
            observer: Is told of the progress.

        Returns:
            Shape (A, B, 2, 2, …) with one axis for each open qubit, in the type computed in.

        Raises:
            UsageError: The numbers of halves are not those prepared for.
            TimeLimitError: The work is predicted to take longer than the limit.
        """
        if (len(left_bits), len(right_bits)) != self.counts:
            raise UsageError(
                f"{len(left_bits)} left and {len(right_bits)} right halves were given; this was prepared for "
                f"{self.counts[0]} and {self.counts[1]}"
            )
        watch = observer or Silent()
        program = begun(self.ready, self.predicted_seconds, self.settings, watch)
        arrays, exponent = self.network.arrays_for(left_bits, right_bits)
        return run_program(
            program,
            arrays,
            exponent=exponent,
            threads=self.settings.threads,
            memory_bytes=self.settings.free_bytes(),
            progress=watch.contracting,
        ).value


def prepare_pairs(
    circuit: Circuit,
    settings: Settings,
    *,
    counts: tuple[int, int],
    open_qubits: Sequence[int] = (),
    observer: Observer | None = None,
) -> PairedMachine:
    """Parts the circuit, plans and compiles what computes batches for all pairs of halves.

    Args:
        circuit: The circuit, started in |0…0⟩.
        settings: The common options.
        counts: Numbers of left and of right halves, each at least 1.
        open_qubits: Qubits left open: all their values are computed for each pair.
        observer: Is told of the search.

    Raises:
        UsageError: A number is below 1.
        CircuitError: An open qubit is not in the circuit.
        MemoryLimitError: No plan fits the limit.

    Example:
        >>> import numpy as np
        >>> chain = Circuit(3).append("h", 0).append("cx", 0, 1).append("cx", 1, 2)
        >>> machine = prepare_pairs(chain, Settings.checked(trials=1), counts=(2, 2))
        >>> halves = np.array([[0, 0, 0], [1, 1, 1]], dtype=np.uint8)
        >>> (abs(machine.run(halves, halves)) ** 2).round(6).tolist()
        [[0.5, 0.0], [0.0, 0.5]]
    """
    if min(counts) < 1:
        raise UsageError(f"{counts[0]} left and {counts[1]} right halves were asked for; wanted is at least 1 of each")
    watch = observer or Silent()
    single = AmplitudeNetwork(circuit, open_qubits=open_qubits)
    order = [qubit for qubit in side_order(circuit) if qubit not in single.open_qubits]
    best, least = PairedNetwork(single, order[: len(order) // 2], counts), math.inf
    left = order[: len(order) // 2]
    brief = replace(settings, plan_seconds=None, trials=min(TRIALS, settings.trials or TRIALS))
    watch.stage("plan")
    for share in SHARES:
        part = order[: round(share * len(order))]
        network = PairedNetwork(single, part, counts)
        try:
            seconds = searched(network.shape, settings.free_bytes(), brief, Silent()).predicted_seconds
        except LimitError:
            continue
        if seconds < least:
            best, least, left = network, seconds, part
    return PairedMachine(
        network=best,
        ready=ready_plan(best.shape, settings, watch),
        settings=settings,
        sides=(tuple(sorted(left)), tuple(sorted(set(order) - set(left)))),
        counts=counts,
    )
