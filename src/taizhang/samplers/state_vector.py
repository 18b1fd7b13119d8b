"""Samples from the whole state vector."""

from __future__ import annotations

from taizhang.amplitude_machine import all_amplitudes
from taizhang.circuit.circuit import Circuit
from taizhang.observer import Observer
from taizhang.results.sampling.from_vector import VectorSampler, bits_of
from taizhang.results.sampling.uniforms import Uniforms
from taizhang.samplers.sampler import Bits, MethodName, RunningXeb, SampleReport
from taizhang.settings import Settings

MOST_QUBITS = 40


class StateVectorSampler:
    """Computes all amplitudes once, then draws from them.

    Args:
        circuit: A circuit whose state vector fits the memory.
        settings: The common options.
        observer: Is told of the progress.

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
        """Draws some shots."""
        outcomes = self._vector.outcomes(self._uniforms.draw(first, count, "outcome"))
        self._xeb.add(2.0**self._num_qubits * self._vector.probabilities(outcomes))
        return bits_of(outcomes, self._num_qubits)

    def report(self) -> SampleReport:
        """Tells the linear XEB of the shots drawn so far."""
        linear_xeb, standard_error = self._xeb.estimate()
        return SampleReport(linear_xeb=linear_xeb, standard_error=standard_error)
