"""Predicted seconds against multiply-adds as the search objective: plans of equal search time, run by our engine.

Long runs are measured by their first slices. The same table shows predicted beside actual time.
"""

from __future__ import annotations

import math
import statistics
import tempfile
from pathlib import Path
from typing import get_args

import numpy as np

import taizhang as tz
from benchmarks.cases import networks_named
from benchmarks.tables import Result, figure
from taizhang._units import human_seconds
from taizhang.execute.contraction import contract_network
from taizhang.network.network_file import read_network
from taizhang.plan.objective import Objective
from taizhang.plan.rates import measured_rates
from taizhang.plan.search import search

NAMES = ("syc_m10", "syc_m12", "grcs_8x8_d40", "qaoa_n120_p4")
MEASURED_SECONDS = 10.0
MEMORY = 6 << 30


def run(*, quick: bool, threads: int) -> Result:
    """Plans each network for both objectives with several seeds, and runs the plans in turn."""
    rows = []
    names = (NAMES[0], NAMES[-1]) if quick else NAMES
    seeds, plan_seconds = (range(1), 2.0) if quick else (range(3), 10.0)
    with tempfile.TemporaryDirectory() as folder:
        for name, path in networks_named(names, Path(folder)).items():
            network = filled(read_network(path))
            actual: dict[str, list[float]] = {objective: [] for objective in get_args(Objective)}
            over: list[float] = []
            for seed in seeds:
                for objective in get_args(Objective):
                    plan = search(
                        network.shape,
                        memory_bytes=MEMORY,
                        seconds=plan_seconds,
                        seed=seed,
                        threads=threads,
                        machine=measured_rates(threads),
                        objective=objective,
                    )
                    actual[objective].append(seconds_of(network, plan, threads))
                    over.append(actual[objective][-1] / plan.predicted_seconds)
            by_seconds, by_work = (statistics.median(actual[kind]) for kind in ("seconds", "multiply_adds"))
            ratios = ", ".join(figure(value) for value in over)
            gain = f"{by_work / by_seconds:.2f} ×"
            rows.append((name, human_seconds(by_seconds), human_seconds(by_work), gain, ratios))
    columns = ("network", "by seconds", "by multiply-adds", "faster", "actual over predicted, by seconds and by work")
    return f"Objectives: {plan_seconds:g} s of search, {threads} threads, medians of {len(seeds)} seeds", columns, rows


def filled(shape: tz.NetworkShape) -> tz.TensorNetwork:
    """A network of this shape with random numbers, whose products stay within range."""
    random = np.random.default_rng(0)
    arrays = []
    for term in shape.inputs:
        size = [shape.sizes[index] for index in term]
        array = random.normal(size=size) + 1j * random.normal(size=size)
        arrays.append(array / math.sqrt(2 * math.prod(size) ** 0.5))
    return tz.TensorNetwork.from_shape(shape, arrays)


def seconds_of(network: tz.TensorNetwork, plan: tz.Plan, threads: int) -> float:
    """Time to run a plan, of a long one by its first slices."""
    part = plan.num_slices
    while part > 1 and plan.predicted_seconds * part / plan.num_slices > MEASURED_SECONDS:
        part //= 2
    repeats = 1 if plan.predicted_seconds > 1 else 5
    contract_network(network, plan, slices=range(1), threads=threads, memory_bytes=2 * MEMORY)
    times = [
        contract_network(network, plan, slices=range(part), threads=threads, memory_bytes=2 * MEMORY).seconds
        for _ in range(repeats)
    ]
    return statistics.median(times) * plan.num_slices / part
