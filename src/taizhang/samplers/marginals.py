"""Samples by conditional marginals over light cones."""

from __future__ import annotations

from taizhang.circuit.circuit import Circuit
from taizhang.errors import SizeLimitError
from taizhang.results.sampling.actions import Action, actions_of
from taizhang.results.sampling.early_measurement import sample_by_marginals
from taizhang.results.sampling.measurement_order import MAX_WINDOW, MeasurementPlan, plan_measurements
from taizhang.results.sampling.uniforms import Uniforms
from taizhang.samplers.sampler import Bits, MethodName, SampleReport
from taizhang.settings import Settings

# Bytes for each element of the largest component: it, a copy with a gate applied, and one that is reordered.
_BYTES_PER_ELEMENT = 56
_MOST_SHOTS = 1 << 17
ELEMENTS_PER_SECOND = 1.5e8
"""Rough rate at which NumPy reads or writes elements, for choosing a method only."""


class MarginalsSampler:
    """Measures each qubit as soon as its light cone is done.

    Args:
        circuit: A circuit of which few qubits are entangled at any time.
        settings: The common options.
        shots: How many shots will be drawn.

    Attributes:
        plan: In which order qubits are measured, for the portion of shots that fits the memory.

    Raises:
        SizeLimitError: Too many qubits are entangled at once.
    """

    method: MethodName = "marginals"

    def __init__(self, circuit: Circuit, settings: Settings, shots: int) -> None:
        self._num_qubits = circuit.num_qubits
        self._actions: tuple[Action, ...] = actions_of(circuit)
        self._uniforms = Uniforms(settings.seed, self.method)
        self.portion = min(shots, max(_MOST_SHOTS // max(circuit.num_qubits // 64, 1), 1))
        self.plan = self._planned(settings)
        self.predicted_seconds = self.plan.elements_touched / ELEMENTS_PER_SECOND * max(shots / self.portion, 1.0)

    def _planned(self, settings: Settings) -> MeasurementPlan:
        allowed = settings.free_bytes()
        while True:
            plan = plan_measurements(self._actions, self._num_qubits, self.portion)
            if plan is None:
                raise SizeLimitError(
                    f"sampling by marginals would entangle more than {MAX_WINDOW} qubits at once, which is too many; "
                    "use method gate-by-gate or frugal"
                )
            if 2.0**plan.log2_elements * _BYTES_PER_ELEMENT <= allowed:
                return plan
            if self.portion == 1:
                raise SizeLimitError(
                    f"sampling by marginals entangles {plan.window} qubits at once, whose state does not fit the memory"
                    " limit; allow more memory, or use method gate-by-gate or frugal"
                )
            self.portion = max(self.portion // 4, 1)

    def draw(self, first: int, count: int) -> Bits:
        """Draws some shots."""
        return sample_by_marginals(self._actions, self._num_qubits, self.plan, first, count, self._uniforms)

    def report(self) -> SampleReport:
        """The samples are exact; their probabilities are not computed."""
        return SampleReport()
