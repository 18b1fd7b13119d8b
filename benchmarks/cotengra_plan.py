"""The plan that cotengra finds for a network in a given time; the better of two of its methods.

Half of the time goes to hyper-optimisation with slicing inside, half to annealing of a greedy tree that is then sliced
and reconfigured. Writes `ssa_path` and `sliced_indices` as JSON.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time

import cotengra as ctg


def main() -> None:
    """Searches, and writes the better plan."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--width", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("-o", "--output", required=True)
    options = parser.parse_args()
    with open(options.network) as file:
        network = json.load(file)
    symbol = {index: ctg.get_symbol(k) for k, index in enumerate(network["size_dict"])}
    name = {s: index for index, s in symbol.items()}
    inputs = [tuple(symbol[i] for i in term) for term in network["inputs"]]
    output = tuple(symbol[i] for i in network["output"])
    sizes = {symbol[i]: size for i, size in network["size_dict"].items()}
    target = {"target_size": 2**options.width}

    started = time.perf_counter()
    hyper = ctg.HyperOptimizer(
        methods=["greedy", *(["kahypar"] if importlib.util.find_spec("kahypar") else [])],
        minimize="flops",
        max_time=options.seconds / 2,
        max_repeats=10**6,
        parallel=options.threads if options.threads > 1 else False,
        progbar=False,
        slicing_reconf_opts=target,
    )
    trees = [hyper.search(inputs, output, sizes)]
    tree = ctg.RandomGreedyOptimizer(max_repeats=64, seed=0).search(inputs, output, sizes)
    sweeps = max(4, int(options.seconds / 2) * 2)
    tree = tree.simulated_anneal(numiter=sweeps, tsteps=sweeps, minimize="flops")
    trees.append(tree.slice_and_reconfigure(minimize="flops", **target))
    best = min(trees, key=lambda tree: tree.total_flops(log=10))
    plan = {"ssa_path": [list(p) for p in best.get_ssa_path()], "sliced_indices": [name[i] for i in best.sliced_inds]}
    with open(options.output, "w") as file:
        json.dump(plan, file)
    print(json.dumps({"seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main()
