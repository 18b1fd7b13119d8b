"""Partial sums of a single number, over a part of its slices.

The slices of a chaotic circuit behave like independent complex numbers of equal variance. So the sum over a part f of
them has fidelity f with the complete sum (Markov et al., arXiv:1807.10749), and the expected squared modulus of the
rest is that of the partial sum times (1 - f) / f.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from taizhang.tasks.assembly import PartialValues


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleSoFar:
    """Partial sum of an amplitude, or of the value of a network.

    Attributes:
        name: `amplitude` or `value`.
        value: The number, or the sum over the finished slices.
        part: The part of the slices that is finished; 1 if the number is complete.
    """

    name: str
    value: complex
    part: float

    @classmethod
    def of(cls, known: PartialValues, name: str) -> SingleSoFar | None:
        """Takes the first value of the first contraction; None if nothing is known of it."""
        for _, values in known.finished:
            return cls(name=name, value=complex(values[0, 0]), part=1.0)
        if known.sums is None:
            return None
        return cls(name=name, value=complex(known.sums[0, 0]), part=known.part)

    def _text(self) -> str:
        return amplitude_text(self.value) if self.name == "amplitude" else number_text(self.value)

    @property
    def standard_error(self) -> float:
        """Expected modulus of the difference to the complete number, for a chaotic circuit."""
        return abs(self.value) * math.sqrt((1 - self.part) / self.part)

    def to_dict(self) -> dict[str, object]:
        """The keys of `--json`."""
        return {
            "partial": {"re": self.value.real, "im": self.value.imag},
            "partial_standard_error": self.standard_error,
        }

    def lines(self) -> Sequence[tuple[str, str]]:
        """Lines for display."""
        if self.part == 1:
            return [(self.name, self._text())]
        return [
            ("partial sum", f"{self._text()} ± {self.standard_error:.1e}"),
            ("fidelity", f"{self.part:.4f}, the part of the slices that is finished, if the circuit is chaotic"),
        ]


def number_text(value: complex) -> str:
    """Formats a complex number."""
    return f"{value.real:+.8e} {value.imag:+.8e}i"


def amplitude_text(value: complex) -> str:
    """Formats an amplitude with its probability."""
    return f"{number_text(value)}, probability {abs(value) ** 2:.6e}"
