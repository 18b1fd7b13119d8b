"""Draws how samples fit a circuit: the histogram of 2^n p beside the law of Porter and Thomas.

Over all bitstrings of a chaotic circuit 2^n p is exponential, and so it is over uniform samples; samples of the circuit
itself find a bitstring in proportion to p, so theirs is z e^-z. What was measured lies between.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from taizhang.results.drawing import BLUE, FAINT, GREEN, INK, ORANGE, check_drawable, figures
from taizhang.results.xeb import Xeb, porter_thomas

_LEAST_BINS, _MOST_BINS = 8, 60
_SAMPLES_OF_A_BIN = 25


def plot_xeb(xeb: Xeb, path: str | os.PathLike[str]) -> None:
    """Draws the figures into a file.

    Args:
        xeb: What `xeb` gave.
        path: Where to; the ending, .png, .svg or .pdf, says in which format.

    Raises:
        UsageError: The ending is none of these.
        MissingPackageError: matplotlib is not installed.
        OSError: The file cannot be written.
    """
    target = Path(path)
    check_drawable(target)
    z, counts, number = xeb.scaled_probabilities, xeb.counts, xeb.num_samples
    end = max(8.0, min(float(np.max(z)) * 1.02, 20.0))
    bins = int(np.clip(number / _SAMPLES_OF_A_BIN, _LEAST_BINS, _MOST_BINS))
    edges = np.linspace(0.0, end, bins + 1)
    width = edges[1] - edges[0]
    found, _ = np.histogram(z, edges, weights=counts)
    middles = edges[:-1] + width / 2
    figure = figures().Figure(figsize=(9, 5.5), layout="constrained", facecolor="white")
    axes = figure.subplots()
    axes.bar(middles, found / number / width, width * 0.94, color=BLUE, alpha=0.35, label=f"{number:,} samples")
    some = found > 0
    axes.errorbar(
        middles[some],
        (found / number / width)[some],
        yerr=(np.sqrt(found) / number / width)[some],
        fmt="none",
        ecolor=BLUE,
        elinewidth=1,
    )
    fidelity = min(max(xeb.linear_xeb, 0.0), 1.0)
    laws = [(0.0, ORANGE, "--", "uniform bitstrings: $e^{-z}$"), (1.0, GREEN, "--", "the circuit itself: $z\\,e^{-z}$")]
    fitted = f"fidelity {fidelity:.3f}: $(1 + F(z - 1))\\,e^{{-z}}$"
    for law, colour, style, name in [*laws, (fidelity, INK, "-", fitted)]:
        axes.plot(middles, np.diff(porter_thomas(edges, law)) / width, style, color=colour, linewidth=1.6, label=name)
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.3 / number / width, top=2.0)
    axes.set_xlim(0, end)
    axes.set_xlabel("$z = 2^n p$ of a sample")
    axes.set_ylabel("density")
    axes.grid(color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    left_out = int(counts[z > end].sum())
    remark = f"; {left_out} samples lie further right" if left_out else ""
    axes.set_title(
        f"Linear XEB {xeb.linear_xeb:.3f} ± {xeb.standard_error:.3f}, logarithmic {xeb.log_xeb:.3f} ± "
        f"{xeb.log_standard_error:.3f}, Kolmogorov-Smirnov p = {xeb.p_value:.2g}{remark}",
        loc="left",
        fontsize=11,
        color=INK,
        weight="bold",
    )
    figure.savefig(target, dpi=150)
