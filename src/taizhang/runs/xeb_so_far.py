"""What a run over samples tells of their linear cross entropy before it is complete.

The bitstrings whose amplitudes are finished are a sample of all samples, and give an estimate by themselves. While all
bitstrings share a contraction that is not finished, there is another one: the sum over a part f of the slices of a
chaotic circuit is a state of norm² f and of fidelity f with the whole (Markov et al., arXiv:1807.10749), so that the
linear cross entropy with that state, normalised, is f times the one wanted.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from taizhang.results.xeb import Xeb
from taizhang.runs.contractions import contraction_of_bitstring, values_by_bitstring
from taizhang.runs.folder import RunFolder
from taizhang.runs.ledger import Ledger
from taizhang.runs.partial_sum import PartialSum


@dataclass(frozen=True, slots=True, kw_only=True)
class XebSoFar:
    """An estimate of the linear cross entropy.

    Attributes:
        linear_xeb: The estimate; None while nothing is known.
        standard_error: Of it; infinite where there is one sample only.
        num_samples: Samples that it is made from.
        all_samples: Samples asked for.
        part: Part of the slices that were added up for each.
    """

    linear_xeb: float | None
    standard_error: float
    num_samples: int
    all_samples: int
    part: float

    def to_dict(self) -> dict[str, float | int | None]:
        """The keys of `--json`."""
        return {
            "linear_xeb": self.linear_xeb,
            "standard_error": self.standard_error if math.isfinite(self.standard_error) else None,
            "num_samples": self.num_samples,
            "all_samples": self.all_samples,
            "part_of_slices": self.part,
        }

    def __str__(self) -> str:
        if self.linear_xeb is None:
            return "linear XEB    not known before the first amplitudes are finished"
        told = f"linear XEB    {self.linear_xeb:.4f} ± {self.standard_error:.4f}"
        if self.part < 1:
            return (
                f"{told}, of {self.num_samples:,} samples\nits meaning   estimated from {self.part:.2%} of the slices "
                "of each amplitude, if the circuit is chaotic"
            )
        if self.num_samples == self.all_samples:
            return f"{told}, of all {self.all_samples:,} samples"
        return (
            f"{told}, of the {self.num_samples:,} samples of {self.all_samples:,} whose amplitudes are finished\n"
            "its meaning   one standard error, as if those finished had been drawn from all by chance"
        )


def xeb_so_far(folder: RunFolder, ledger: Ledger) -> XebSoFar:
    """Estimates the linear cross entropy from what a ledger holds.

    Raises:
        RunDamagedError: A sum is not what was committed.
    """
    manifest, exponents = folder.manifest, folder.exponents()
    layout, bitstrings, counts = manifest.layout, folder.bitstrings(), folder.counts()
    values = np.zeros((manifest.num_amplitudes, manifest.elements), dtype=np.complex128)
    finished = np.zeros(manifest.num_amplitudes, dtype=bool)
    for node, total in ledger.complete_sums():
        own = layout.amplitudes_of(node.group)
        values[own.start : own.stop] = total.values(exponents[own.start : own.stop])
        finished[own.start : own.stop] = True
    part = 1.0
    if not finished.any() and layout.num_groups == 1:
        waiting = list(ledger.waiting_sums())
        if waiting:
            values[:] = functools.reduce(PartialSum.plus, (total for _, total in waiting)).values(exponents)
            pieces = sum(len(node.parts(layout.parts_per_group)) for node, _ in waiting)
            part, finished[:] = pieces / layout.parts_per_group, True
    known = finished[contraction_of_bitstring(manifest, bitstrings)]
    if not known.any():
        return XebSoFar(
            linear_xeb=None, standard_error=math.inf, num_samples=0, all_samples=int(counts.sum()), part=part
        )
    amplitudes = values_by_bitstring(manifest, bitstrings, values)[known, 0] / math.sqrt(part)
    found = Xeb.of_amplitudes(amplitudes, counts[known].tolist(), manifest.num_qubits)
    return XebSoFar(
        linear_xeb=found.linear_xeb / part,
        standard_error=found.standard_error / part,
        num_samples=found.num_samples,
        all_samples=int(counts.sum()),
        part=part,
    )
