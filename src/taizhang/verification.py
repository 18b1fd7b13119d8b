"""How well samples fit a circuit, from computed amplitudes of exactly these bitstrings."""

from __future__ import annotations

from dataclasses import dataclass

from taizhang.circuit.circuit import Circuit
from taizhang.observer import Observer
from taizhang.plan.plan_file import Plan
from taizhang.results.sample_file import CountedBitstrings
from taizhang.results.xeb import Xeb
from taizhang.settings import Settings
from taizhang.simulator import compute_amplitudes


@dataclass(frozen=True, slots=True, kw_only=True)
class XebResult:
    """The figures, and what they took.

    Attributes:
        xeb: The figures.
        plan: The plan that was run.
        predicted_bytes: Most memory that the process was predicted to hold.
        seconds: Wall time of the stages `"build"`, `"plan"` and `"run"`.
    """

    xeb: Xeb
    plan: Plan
    predicted_bytes: int
    seconds: dict[str, float]


def compute_xeb(
    circuit: Circuit, samples: CountedBitstrings, settings: Settings, *, observer: Observer | None = None
) -> XebResult:
    """Computes the amplitudes of samples, and compares them with what the circuit would give.

    Args:
        circuit: The circuit.
        samples: The samples.
        settings: The common options.
        observer: Is told of the progress.

    Raises:
        LimitError: The work does not fit the limits.
    """
    found = compute_amplitudes(circuit, samples.bitstrings, settings, observer=observer)
    return XebResult(
        xeb=Xeb.of_amplitudes(found.values, samples.counts, circuit.num_qubits),
        plan=found.plan,
        predicted_bytes=found.predicted_bytes,
        seconds=found.seconds,
    )
