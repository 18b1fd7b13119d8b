"""Reports about plans, as keys of `--json` and as lines of text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from taizhang._lazy import lazy_module
from taizhang._units import human_bytes, human_seconds
from taizhang.cli.options import ProfileRequest
from taizhang.cli.saving import Saved, save
from taizhang.execute.contraction import Contraction
from taizhang.plan.plan import Plan

if TYPE_CHECKING:
    from taizhang.execute import profile as profiles
    from taizhang.plots import profile as profile_plots
else:
    profile_plots = lazy_module("taizhang.plots.profile")
    profiles = lazy_module("taizhang.execute.profile")

QUICK_SECONDS = 1.0
"""Commands show the plan of work that took longer than this."""


def plan_report(plan: Plan, peak_bytes: int) -> dict[str, object]:
    """The JSON keys of a plan.

    Args:
        plan: The plan.
        peak_bytes: Predicted peak memory of the process while it runs the plan.
    """
    return {
        "log10_multiply_adds": plan.cost.log10_multiply_adds_executed,
        "log10_multiply_adds_naive": plan.cost.log10_multiply_adds_naive,
        "width": plan.cost.width,
        "num_slices": plan.num_slices,
        "peak_bytes": peak_bytes,
        "predicted_seconds": plan.predicted_seconds,
        "planning_seconds": plan.planning_seconds,
        "num_tensors": plan.shape.num_tensors,
        "num_indices": plan.shape.num_indices,
    }


def work_report(plans: Sequence[Plan], contractions: Sequence[int]) -> dict[str, object]:
    """The JSON keys of several plans: work and time of all contractions, width and memory of the largest.

    Args:
        plans: The plans.
        contractions: For each the number of networks that it contracts.
    """
    counts = list(zip(plans, contractions, strict=True))
    return {
        "log10_multiply_adds": math.log10(max(1, sum(plan.cost.multiply_adds_executed * n for plan, n in counts))),
        "width": max(plan.cost.width for plan in plans),
        "peak_bytes": max(plan.cost.peak_bytes for plan in plans),
        "predicted_seconds": sum(plan.predicted_seconds * n for plan, n in counts),
        "planning_seconds": sum(plan.planning_seconds for plan in plans),
        "shapes": len(plans),
    }


def side_by_side(rows: list[tuple[str, str, str]]) -> str:
    """Formats a table of predicted and actual values."""
    lines = [("", "predicted", "actual"), *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    return "\n".join(f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}".rstrip() for a, b, c in lines)


def predicted_and_actual(plan: Plan, runs: float, predicted_bytes: int, run_seconds: float, peak_bytes: int) -> str:
    """Formats predicted and actual time and memory of running a plan `runs` times."""
    return side_by_side(
        [
            ("run time", human_seconds(plan.predicted_seconds * runs), human_seconds(run_seconds)),
            ("peak memory", human_bytes(predicted_bytes), human_bytes(peak_bytes)),
        ]
    )


def measured_profile(runs: Sequence[Contraction], request: ProfileRequest) -> tuple[profiles.Profile | None, Saved]:
    """Makes the profile of runs, None without `--profile`, and draws it if `--plot` was given."""
    if not request.enabled:
        return None, Saved(path=None)
    profile = profiles.profile_of(runs)
    return profile, save(request.plot, lambda path: profile_plots.plot_profile(profile, path))
