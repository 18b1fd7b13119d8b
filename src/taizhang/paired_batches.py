"""Batches of amplitudes for all pairs of left and right sides of bitstrings, each side computed once.

Of bitstrings that are given, hardly two share a side of a wide circuit, so little can be shared between them. Where the
bitstrings are free to choose, as the bases of batches to sample from, they can be all pairs of A left and B right
sides: then A·B batches cost A times a left side, B times a right side, and A·B times what joins them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit
from taizhang.errors import UsageError
from taizhang.execute.contraction import run_program
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.network.paired_network import Bits, PairedNetwork
from taizhang.observer import Observer, Silent
from taizhang.ready_plan import ReadyPlan, begun, ready_plan
from taizhang.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedMachine:
    """Computes batches for pairs of sides; immutable.

    Attributes:
        network: The network of all pairs.
        ready: Its plan, compiled.
        settings: The common options.
        sides: The qubits of the left side and those of the right, open ones left out.
        counts: Numbers of left and of right sides.
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
            UsageError: The numbers of sides are not those prepared for.
            TimeLimitError: The work is predicted to take longer than the limit.
        """
        if (len(left_bits), len(right_bits)) != self.counts:
            raise UsageError(
                f"{len(left_bits)} left and {len(right_bits)} right sides were given; this was prepared for "
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
    left: Sequence[int],
    counts: tuple[int, int],
    open_qubits: Sequence[int] = (),
    observer: Observer | None = None,
) -> PairedMachine:
    """Plans and compiles what computes batches for all pairs of sides.

    Args:
        circuit: The circuit, started in |0…0⟩.
        settings: The common options.
        left: Qubits of the left side; those that are neither left nor open are of the right side.
        counts: Numbers of left and of right sides, each at least 1.
        open_qubits: Qubits left open: all their values are computed for each pair.
        observer: Is told of the search.

    Raises:
        UsageError: A number is below 1.
        CircuitError: An open qubit is not in the circuit.
        MemoryLimitError: No plan fits the limit.

    Example:
        >>> import numpy as np
        >>> chain = Circuit(3).append("h", 0).append("cx", 0, 1).append("cx", 1, 2)
        >>> machine = prepare_pairs(chain, Settings.checked(trials=1), left=[0], counts=(2, 2))
        >>> sides = np.array([[0, 0, 0], [1, 1, 1]], dtype=np.uint8)
        >>> (abs(machine.run(sides, sides)) ** 2).round(6).tolist()
        [[0.5, 0.0], [0.0, 0.5]]
    """
    if min(counts) < 1:
        raise UsageError(f"{counts[0]} left and {counts[1]} right sides were asked for; wanted is at least 1 of each")
    single = AmplitudeNetwork(circuit, open_qubits=open_qubits)
    chosen = frozenset(left) - frozenset(single.open_qubits)
    network = PairedNetwork(single, sorted(chosen), counts)
    others = frozenset(range(circuit.num_qubits)) - chosen - frozenset(single.open_qubits)
    return PairedMachine(
        network=network,
        ready=ready_plan(network.shape, settings, observer),
        settings=settings,
        sides=(tuple(sorted(chosen)), tuple(sorted(others))),
        counts=counts,
    )
