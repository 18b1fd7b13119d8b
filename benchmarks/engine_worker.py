"""Times slices of one plan, ours and cotengra + numpy in turn; prints medians as JSON. The first of each warms up.

Ours is timed twice: each slice in its own run, then all of them in one run, which computes shared steps once.

The roofline of a step is the longer of its arithmetic at the best rate and of moving operands and output at the rate of
memory. Both rates are measured before and after.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import warnings
from pathlib import Path

import numpy as np

import taizhang as tz
from taizhang.execute import compile_plan, run_program
from taizhang.execute.profile import FLOPS_PER_MULTIPLY_ADD, Roofline
from taizhang.plan.cost import BYTES_PER_ELEMENT, step_costs

REPEATS = 3


def main() -> None:
    """Reads a network, its arrays and a plan, and times them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stem")
    parser.add_argument("--slices", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--dtype", choices=["complex64", "complex128"], default="complex64")
    parser.add_argument("--alone", action="store_true", help="only ours")
    options = parser.parse_args()
    shape, path = (json.loads(Path(f"{options.stem}.{kind}.json").read_text()) for kind in ("network", "path"))
    with np.load(f"{options.stem}.arrays.npz") as archive:
        arrays = [archive[f"arr_{k}"].astype(options.dtype) for k in range(len(shape["inputs"]))]
    network = tz.TensorNetwork(list(zip(arrays, shape["inputs"], strict=True)), shape["output"])
    plan = tz.Plan.from_ssa_path(network, path["ssa_path"], sliced_indices=path["sliced_indices"])
    compiled = compile_plan(plan, dtype=options.dtype)
    peer = None if options.alone else cotengra_tree(shape, path)
    rooflines = [Roofline.measured(options.threads, options.dtype)]
    ours, theirs = [], []
    slices = range(min(options.slices, path["num_slices"]))
    for number in [0, *slices]:
        started = time.perf_counter()
        value = complex(run_program(compiled, arrays, slices=range(number, number + 1), threads=options.threads).value)
        ours.append(time.perf_counter() - started)
        if peer is not None:
            started = time.perf_counter()
            other = complex(peer.contract_core(peer.slice_arrays(arrays, number)))
            theirs.append(time.perf_counter() - started)
            if abs(value - other) > 1e-3 * abs(other):
                raise SystemExit(f"slice {number}: ours is {value}, theirs {other}")
    together = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        run_program(compiled, arrays, slices=slices, threads=options.threads)
        together.append((time.perf_counter() - started) / len(slices))
    rooflines.append(Roofline.measured(options.threads, options.dtype))
    roofline = Roofline(
        flops_per_second=max(one.flops_per_second for one in rooflines),
        bytes_per_second=max(one.bytes_per_second for one in rooflines),
        cached_bytes_per_second=max(one.cached_bytes_per_second for one in rooflines),
    )
    seconds = statistics.median(ours[1:])
    report = {
        "ours": seconds,
        "together": statistics.median(together),
        "peer": statistics.median(theirs[1:]) if theirs else None,
        "gflops": 8e-9 * path["multiply_adds_per_slice"] / seconds,
        "roofline": roofline_seconds(plan, roofline, options.dtype),
        "peak_gflops": 1e-9 * roofline.flops_per_second,
        "bandwidth": 1e-9 * roofline.bytes_per_second,
        "all": ours,
        "all_of_peer": theirs,
    }
    print(json.dumps(report))


def roofline_seconds(plan: tz.Plan, roofline: Roofline, dtype: str) -> float:
    """Seconds that the roofline allows for one slice, step by step."""
    return sum(
        roofline.seconds(
            flops=FLOPS_PER_MULTIPLY_ADD * step.multiply_adds,
            traffic_bytes=BYTES_PER_ELEMENT[dtype] * step.elements_moved,
        )
        for step in step_costs(plan.shape, plan.tree, plan.sliced_indices)
    )


def cotengra_tree(shape: dict, path: dict) -> object:
    """The same tree and slices in cotengra."""
    warnings.simplefilter("ignore")
    import cotengra as ctg

    inputs = [tuple(term) for term in shape["inputs"]]
    tree = ctg.ContractionTree.from_path(inputs, tuple(shape["output"]), shape["size_dict"], ssa_path=path["ssa_path"])
    for index in path["sliced_indices"]:
        tree.remove_ind_(index)
    return tree


if __name__ == "__main__":
    main()
