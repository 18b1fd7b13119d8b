"""Samples gate by gate, from amplitudes computed by contraction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from taizhang._types import ComplexArray
from taizhang.amplitude_machine import all_amplitudes, prepare_amplitudes
from taizhang.circuit.circuit import Circuit
from taizhang.observer import Observer, Silent
from taizhang.results.rows import DistinctRows
from taizhang.results.sampling.actions import actions_of
from taizhang.results.sampling.gate_by_gate import GateByGate
from taizhang.results.sampling.uniforms import Uniforms
from taizhang.samplers.sampler import Bits, MethodName, SampleReport
from taizhang.settings import Settings

DENSE_QUBITS = 18


class GateByGateSampler:
    """Lets shots go through the circuit, gate by gate.

    Args:
        circuit: A circuit whose amplitudes are cheap.
        settings: The common options. Amplitudes are computed in double precision: those of some hundred qubits are
            below what single precision holds.
        observer: Is told of the progress.
        dense_qubits: Up to so many qubits all amplitudes are computed, and those needed looked up.
    """

    method: MethodName = "gate-by-gate"
    portion = 1 << 14

    def __init__(
        self,
        circuit: Circuit,
        settings: Settings,
        observer: Observer | None = None,
        *,
        dense_qubits: int = DENSE_QUBITS,
    ) -> None:
        self._dense_qubits = dense_qubits
        self._settings = replace(settings, dtype="complex128")
        self._watch = observer or Silent()
        uniforms = Uniforms(settings.seed, self.method)
        self._walk = GateByGate(actions_of(circuit), circuit.num_qubits, self._amplitudes, uniforms)

    @property
    def num_draws(self) -> int:
        """How many gates draw bits."""
        return self._walk.num_draws

    def draw(self, first: int, count: int) -> Bits:
        """Draws some shots."""
        self._watch.stage("run")
        return self._walk.draw(first, count, self._watch.contracting)

    def report(self) -> SampleReport:
        """The samples are exact; their probabilities are not computed."""
        return SampleReport()

    def _amplitudes(self, circuit: Circuit, rows: Bits, open_qubits: tuple[int, ...]) -> ComplexArray:
        if circuit.num_qubits <= self._dense_qubits:
            return self._out_of_all(circuit, rows, open_qubits)
        distinct = DistinctRows.of(rows, open_qubits)
        machine = prepare_amplitudes(
            circuit,
            self._settings,
            num_bitstrings=len(distinct),
            open_qubits=open_qubits,
            row_qubits=distinct.varying,
        )
        return np.asarray(machine.run(distinct).values.reshape(len(rows), -1))

    def _out_of_all(self, circuit: Circuit, rows: Bits, open_qubits: tuple[int, ...]) -> ComplexArray:
        """Computes all amplitudes of a small circuit, and looks up those wanted."""
        num_qubits = circuit.num_qubits
        amplitudes = all_amplitudes(circuit, self._settings)
        fixed = rows.astype(np.int64) @ (1 << np.arange(num_qubits, dtype=np.int64)[::-1])
        opened = np.zeros(1, dtype=np.int64)
        for qubit in open_qubits:
            bit = 1 << (num_qubits - 1 - qubit)
            opened = (opened[:, np.newaxis] + np.array([0, bit])).reshape(-1)
        return np.asarray(amplitudes[fixed[:, np.newaxis] + opened])
