"""Sampling from a state vector: for circuits whose 2**n amplitudes fit into memory.

The probabilities are summed in portions, so that little memory beyond the vector is needed: for each shot a search
finds its portion, then the outcome within it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit
from taizhang.execute.amplitude_contractor import all_amplitudes
from taizhang.observer import Observer
from taizhang.sampling.sampler import Bits, MethodName, RunningXeb, SampleReport
from taizhang.sampling.uniforms import Uniforms
from taizhang.settings import Settings

PORTION_LOG2 = 14
"""log2 of the amplitudes of a portion."""


class VectorSampler:
    """Draws outcomes from a state vector.

    Args:
        state: Amplitudes, shape (2**n,); qubit 0 the slowest axis. It need not be normalised.

    Attributes:
        norm: Sum of all probabilities, 1 up to rounding.

    Example:
        >>> VectorSampler(np.array([0, 0, 1, 0], dtype=np.complex64)).outcomes(np.array([0.2, 0.9])).tolist()
        [2, 2]
    """

    def __init__(self, state: ComplexArray) -> None:
        size = min(len(state), 1 << PORTION_LOG2)
        self._portions = state.reshape(-1, size)
        sums = np.array([_probabilities(portion).sum() for portion in self._portions])
        self._ends = np.cumsum(sums)
        self.norm = float(self._ends[-1])

    def outcomes(self, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Returns the outcome for each number, qubit 0 its highest bit.

        Args:
            numbers: Uniform in [0, 1), shape (count,).
        """
        heights = numbers * self.norm
        last = int(np.flatnonzero(np.diff(self._ends, prepend=0.0))[-1])
        portion = np.minimum(np.searchsorted(self._ends, heights, side="right"), last)
        order = np.argsort(portion, kind="stable")
        starts = np.flatnonzero(np.diff(portion[order], prepend=-1))
        outcomes = np.empty(len(numbers), dtype=np.int64)
        for start, stop in zip(starts, [*starts[1:], len(order)], strict=True):
            shots = order[start:stop]
            number = int(portion[shots[0]])
            ends = np.cumsum(_probabilities(self._portions[number]))
            below = self._ends[number - 1] if number else 0.0
            within = np.searchsorted(ends, heights[shots] - below, side="right")
            # Rounding must not lead to an outcome of probability 0 after the last possible one.
            within = np.minimum(within, np.searchsorted(ends, ends[-1], side="left"))
            outcomes[shots] = (number * self._portions.shape[1]) + within
        return outcomes

    def probabilities(self, outcomes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Returns the probability of each outcome."""
        return _probabilities(self._portions.reshape(-1)[outcomes]) / self.norm


def bits_of(outcomes: npt.NDArray[np.int64], num_qubits: int) -> npt.NDArray[np.uint8]:
    """Converts outcomes to rows of bits, qubit 0 first.

    Example:
        >>> bits_of(np.array([6]), 4).tolist()
        [[0, 1, 1, 0]]
    """
    bits = np.empty((len(outcomes), num_qubits), dtype=np.uint8)
    for qubit in range(num_qubits):
        bits[:, qubit] = outcomes >> (num_qubits - 1 - qubit) & 1
    return bits


def _probabilities(amplitudes: ComplexArray) -> npt.NDArray[np.float64]:
    real, imaginary = amplitudes.real.astype(np.float64), amplitudes.imag.astype(np.float64)
    return np.asarray(real * real + imaginary * imaginary)


MOST_QUBITS = 40
"""Most qubits of a state vector, whatever the memory limit."""


class StateVectorSampler:
    """Computes all amplitudes once, then draws from them.

    Args:
        circuit: A circuit whose state vector fits the memory.
        settings: The common options.
        observer: Receives progress updates.

    Raises:
        LimitError: The state vector does not fit.
    """

    method: MethodName = "state-vector"
    portion = 1 << 17

    def __init__(self, circuit: Circuit, settings: Settings, observer: Observer | None = None) -> None:
        self._num_qubits = circuit.num_qubits
        amplitudes = all_amplitudes(circuit, settings, observer)
        self._vector = VectorSampler(amplitudes)
        self._uniforms = Uniforms(settings.seed, self.method)
        self._xeb = RunningXeb()

    def draw(self, first: int, count: int) -> Bits:
        """Draws the shots `first` to `first + count`; shape (count, num_qubits)."""
        outcomes = self._vector.outcomes(self._uniforms.draw(first, count, "outcome"))
        self._xeb.add(2.0**self._num_qubits * self._vector.probabilities(outcomes))
        return bits_of(outcomes, self._num_qubits)

    def report(self) -> SampleReport:
        """Returns the linear XEB of the shots drawn so far."""
        linear_xeb, standard_error = self._xeb.estimate()
        return SampleReport(linear_xeb=linear_xeb, standard_error=standard_error)
