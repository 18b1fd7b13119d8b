"""Draws the cross entropy of samples: the histogram of 2^n p beside the Porter–Thomas distribution.

Over all bitstrings of a chaotic circuit z = 2^n p has the density e^-z, and so it has over uniform samples. Samples of
the circuit itself contain a bitstring with probability p, so their density is z e^-z; samples of a fidelity between 0
and 1 lie between. If a circuit is not chaotic these curves are no reference, and the picture says so.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np

from taizhang.plots.canvas import check_drawable, save
from taizhang.plots.figure import Bars, Figure, Label, Line, Mark, Panel
from taizhang.plots.picture import Point
from taizhang.plots.scale import Scale
from taizhang.tasks.xeb import DOUBTFUL_P_VALUE, Floats, Xeb

_LEAST_BINS, _MOST_BINS = 8, 60
_SAMPLES_OF_A_BIN = 25
"""Mean number of samples in a bin: the relative standard error of its height is then 20 %."""

_CURVE_POINTS = 240


def plot_xeb(xeb: Xeb, path: str | os.PathLike[str]) -> None:
    """Draws a cross entropy to a file.

    Args:
        xeb: The cross entropy, from `xeb`.
        path: The file; its ending, .svg, .png or .pdf, gives the format.

    Raises:
        UsageError: The ending is another one.
        MissingPackageError: matplotlib is not installed, and the ending is not .svg.
        OSError: The file cannot be written.
    """
    target = Path(path)
    check_drawable(target)
    save(xeb_figure(xeb).picture(), target)


def xeb_figure(xeb: Xeb) -> Figure:
    """The histogram of 2^n p over the samples, with the reference densities."""
    end = max(8.0, min(float(np.max(xeb.scaled_probabilities)) * 1.02, 20.0))
    bins = int(np.clip(xeb.num_samples / _SAMPLES_OF_A_BIN, _LEAST_BINS, _MOST_BINS))
    lowest = 0.3 / xeb.num_samples * bins / end
    headline = f"Linear XEB {xeb.linear_xeb:.3f} ± {xeb.standard_error:.3f}"
    if math.isfinite(xeb.log_xeb):
        headline += f", logarithmic XEB {xeb.log_xeb:.3f} ± {xeb.log_standard_error:.3f}"
    panel = Panel(
        title=_warning(xeb),
        remark=f"Kolmogorov-Smirnov test of the samples against the Porter–Thomas distribution: p = {xeb.p_value:.2g}",
        x=Scale.linear(0, end, most=10),
        y=Scale.logarithmic(lowest, 2.0, most=8),
        x_title="z = 2^n p of a sample",
        y_title="density",
        height=360,
        marks=[*_histogram(xeb, end, bins, lowest), *_reference_densities(xeb, end), *_beyond_axis(xeb, end)],
    )
    return Figure(title=headline, headline=headline, panels=[panel], width=860)


def _warning(xeb: Xeb) -> str:
    """A warning if the Porter–Thomas distribution is no reference; else empty."""
    if xeb.chaotic is False:
        return (
            "This circuit is not chaotic: its amplitudes at random bitstrings do not follow the Porter–Thomas "
            f"distribution (p = {xeb.circuit_p_value:.2g}). The curves are no reference, and the XEB is not a "
            "fidelity."
        )
    if xeb.p_value >= DOUBTFUL_P_VALUE:
        return ""
    if xeb.chaotic is None:
        return (
            "These samples do not follow the Porter–Thomas distribution at any fidelity: the circuit is not chaotic, "
            "or the samples are neither samples of it nor uniform."
        )
    return "The circuit is chaotic, but these samples are not a mixture of samples of it and uniform ones."


def _histogram(xeb: Xeb, end: float, bins: int, lowest: float) -> list[Mark]:
    """A bar for each bin, with a line for its standard error."""
    edges = np.linspace(0.0, end, bins + 1)
    width = float(edges[1] - edges[0])
    counts, _ = np.histogram(xeb.scaled_probabilities, edges, weights=xeb.counts)
    unit = 1 / (xeb.num_samples * width)
    bars, errors = [], []
    for left, count in zip(edges[:-1].tolist(), counts.tolist(), strict=True):
        if count <= 0:
            continue
        bars.append((left + 0.03 * width, left + 0.97 * width, lowest, count * unit))
        middle, error = left + width / 2, math.sqrt(count)  # the standard error of a Poisson count
        errors.append((middle - end / 900, middle + end / 900, max(count - error, 0.0) * unit, (count + error) * unit))
    return [
        Bars(boxes=bars, colour="blue", opacity=0.35, name=f"{xeb.num_samples:,} samples, with standard errors"),
        Bars(boxes=errors, colour="blue"),
    ]


def _reference_densities(xeb: Xeb, end: float) -> list[Mark]:
    """The density at the fidelity of the samples; over it, dashed, those of uniform samples and of the circuit."""
    fidelity = min(max(xeb.linear_xeb, 0.0), 1.0)
    name = f"samples of fidelity F = {fidelity:.3f}: (1 + F (z - 1)) e^-z"
    z = np.concatenate([np.geomspace(1e-4, 0.1, 60), np.linspace(0.1, end, _CURVE_POINTS)[1:]])
    of = "of a chaotic circuit" if _warning(xeb) else "of the circuit itself"
    references: list[Mark] = [
        Line(points=_density(z, 0.0), colour="orange", width=2.2, dash=(7, 5), name="uniform samples: e^-z"),
        Line(points=_density(z, 1.0), colour="green", width=2.2, dash=(7, 5), name=f"samples {of}: z e^-z"),
    ]
    if _warning(xeb):  # no fidelity fits
        return references
    return [Line(points=_density(z, fidelity), colour="ink", width=5, name=name), *references]


def _density(z: Floats, fidelity: float) -> list[Point]:
    return [(at, (1 + fidelity * (at - 1)) * math.exp(-at)) for at in z.tolist()]


def _beyond_axis(xeb: Xeb, end: float) -> list[Mark]:
    """A label with the number of samples beyond the axis, if there are any."""
    beyond = int(xeb.counts[xeb.scaled_probabilities > end].sum())
    if not beyond:
        return []
    words = (
        f"{beyond:,} of {xeb.num_samples:,} samples lie beyond the axis, up to z = {xeb.scaled_probabilities.max():.3g}"
    )
    return [Label(at=(end, 2.0), text=words, shift=(-6, 14), anchor="end")]
