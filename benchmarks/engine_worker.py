"""Times slices of one plan, ours and cotengra + numpy in turn; prints medians as JSON. The first of each warms up."""

from __future__ import annotations

import argparse
import json
import statistics
import time
import warnings
from pathlib import Path

import numpy as np

import taizhang as tz


def main() -> None:
    """Reads a network, its arrays and a plan, and times them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stem")
    parser.add_argument("--slices", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--alone", action="store_true", help="only ours")
    options = parser.parse_args()
    told, path = (json.loads(Path(f"{options.stem}.{kind}.json").read_text()) for kind in ("network", "path"))
    with np.load(f"{options.stem}.arrays.npz") as archive:
        arrays = [archive[f"arr_{k}"].astype(np.complex64) for k in range(len(told["inputs"]))]
    network = tz.TensorNetwork(list(zip(arrays, told["inputs"], strict=True)), told["output"])
    plan = tz.Plan.from_ssa_path(network, path["ssa_path"], sliced_indices=path["sliced_indices"])
    peer = None if options.alone else cotengra_tree(told, path)
    ours, theirs = [], []
    for number in [0, *range(min(options.slices, path["num_slices"]))]:
        started = time.perf_counter()
        value = tz.contract(network, plan=plan, slices=range(number, number + 1), threads=options.threads)
        ours.append(time.perf_counter() - started)
        if peer is not None:
            started = time.perf_counter()
            other = complex(peer.contract_core(peer.slice_arrays(arrays, number)))
            theirs.append(time.perf_counter() - started)
            if abs(value - other) > 1e-3 * abs(other):
                raise SystemExit(f"slice {number}: ours is {value}, theirs {other}")
    seconds = statistics.median(ours[1:])
    report = {"ours": seconds, "gflops": 8e-9 * path["multiply_adds_per_slice"] / seconds, "all": ours}
    print(json.dumps({**report, "peer": statistics.median(theirs[1:]) if theirs else None}))


def cotengra_tree(told: dict, path: dict) -> object:
    """The same tree and slices in cotengra."""
    warnings.simplefilter("ignore")
    import cotengra as ctg

    inputs = [tuple(term) for term in told["inputs"]]
    tree = ctg.ContractionTree.from_path(inputs, tuple(told["output"]), told["size_dict"], ssa_path=path["ssa_path"])
    for index in path["sliced_indices"]:
        tree.remove_ind_(index)
    return tree


if __name__ == "__main__":
    main()
