"""Batches of amplitudes for many sets of fixed bits: planned and compiled once, and run for each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from taizhang._types import ComplexArray
from taizhang._units import human_seconds
from taizhang.circuit.circuit import Circuit
from taizhang.errors import TimeLimitError, UsageError
from taizhang.execute.contraction import run_program
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.observer import Observer
from taizhang.plan.plan_file import Plan
from taizhang.plan.search import search
from taizhang.ready_plan import ready_plan
from taizhang.results.bitstrings import as_strings
from taizhang.samplers.sampler import Bits
from taizhang.settings import Settings

# A fidelity is met to this part of itself, so the plan has at least so many slices for it.
_SLICES_PER_FIDELITY = 8
_PLAN_ATTEMPTS = 4
_STARTS, _TRIALS = 10, 4


class BatchMachine:
    """Computes batches of one circuit.

    Args:
        circuit: The circuit.
        open_qubits: The qubits left open.
        settings: The common options.
        fidelity: Part of the slices that is added up.
        observer: Is told of the search.

    Attributes:
        open_qubits: The qubits left open.
        plan: What is run for each batch.
        slices: Which of its slices are added up.
        fidelity: The part of the slices that these are.
        predicted_seconds: Of one batch.
    """

    def __init__(
        self,
        circuit: Circuit,
        open_qubits: tuple[int, ...],
        settings: Settings,
        *,
        fidelity: float = 1.0,
        observer: Observer | None = None,
    ) -> None:
        self.open_qubits = open_qubits
        self._settings = settings
        self._network = AmplitudeNetwork(circuit, open_qubits=open_qubits)
        ready = ready_plan(self._network.shape, settings, observer)
        wanted = math.ceil(_SLICES_PER_FIDELITY / fidelity) if fidelity < 1 else 1
        for _ in range(_PLAN_ATTEMPTS):
            missing = wanted / ready.plan.num_slices
            if missing <= 1 or ready.plan.cost.width < 2:
                break
            width = max(ready.plan.cost.width - math.ceil(math.log2(missing)), 1.0)
            ready = ready_plan(self._network.shape, replace(settings, width=width), observer)
        if fidelity < 1 and ready.plan.num_slices == 1:
            raise UsageError(
                f"fidelity was given as {fidelity:g}, but the work is too small to be sliced; sample without it"
            )
        self.plan: Plan = ready.plan
        self.slices = range(max(round(fidelity * self.plan.num_slices), 1))
        self.fidelity = len(self.slices) / self.plan.num_slices
        self.predicted_seconds = self.plan.predicted_seconds * self.fidelity
        if ready.program is None:
            raise TimeLimitError(
                f"a single batch is predicted to take {human_seconds(self.predicted_seconds)}; allow more memory, or "
                "plan longer (plan_time)"
            )
        self._program = ready.program

    def run(self, bits: Bits, told: Callable[[int, int], None] | None = None) -> ComplexArray:
        """Computes a batch for each row of bits.

        Args:
            bits: Shape (batches, num_qubits); what is at open qubits is ignored.
            told: Called with the number of batches done and of all.

        Returns:
            Shape (batches, 2**open qubits).
        """
        values = np.empty((len(bits), 2 ** len(self.open_qubits)), dtype=np.complex128)
        for number, bitstring in enumerate(as_strings(bits)):
            arrays, exponent = self._network.arrays_for(bitstring)
            found = run_program(
                self._program,
                arrays,
                exponent=exponent,
                slices=self.slices,
                threads=self._settings.threads,
                memory_bytes=self._settings.free_bytes(),
            )
            values[number] = found.value.reshape(-1)
            if told is not None:
                told(number + 1, len(bits))
        return values


def choose_batch_qubits(circuit: Circuit, count: int, settings: Settings) -> tuple[int, ...]:
    """Chooses qubits to leave open that add little work: neighbours, for they share the end of the circuit.

    The choice depends on the circuit and the seed alone.

    Args:
        circuit: The circuit.
        count: How many.
        settings: The common options.
    """
    if count >= circuit.num_qubits:
        return tuple(range(circuit.num_qubits))
    starts = range(0, circuit.num_qubits, max(circuit.num_qubits // _STARTS, 1))
    candidates = dict.fromkeys(_neighbourhood(circuit, start, count) for start in starts)

    def work(opened: tuple[int, ...]) -> float:
        shape = AmplitudeNetwork(circuit, open_qubits=opened).shape
        plan = search(shape, trials=_TRIALS, seed=settings.seed, threads=settings.threads, objective="multiply_adds")
        return plan.cost.log10_multiply_adds_executed

    return min(candidates, key=work)


def _neighbourhood(circuit: Circuit, start: int, count: int) -> tuple[int, ...]:
    """Gives a qubit and those that gates late in the circuit tie to it, nearest first."""
    found = dict.fromkeys([start])
    while len(found) < count:
        before = len(found)
        for operation in reversed(circuit.operations):
            if len(operation.qubits) > 1 and any(qubit in found for qubit in operation.qubits):
                found.update(dict.fromkeys(operation.qubits))
                if len(found) >= count:
                    break
        if len(found) == before:
            found[next(qubit for qubit in range(circuit.num_qubits) if qubit not in found)] = None
    return tuple(sorted(list(found)[:count]))
