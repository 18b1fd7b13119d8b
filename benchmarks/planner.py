"""Plans of equal search time: ours and cotengra's, with costs recomputed by one function."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from benchmarks.cases import networks
from benchmarks.tables import Result, figure, run_json
from taizhang.network.network import NetworkShape
from taizhang.plan.cost import cost_of
from taizhang.plan.tree import ContractionTree

WORKER = str(Path(__file__).with_name("cotengra_plan.py"))


def run(*, quick: bool, threads: int) -> Result:
    """Searches each network for the same time with both."""
    seconds, width = (5 if quick else 60), 28
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, path in networks(Path(folder), quick=quick).items():
            plan = Path(folder) / "plan.json"
            words = ["-m", "taizhang", "plan", "--network", str(path), "--width", str(width)]
            words += ["--objective", "multiply-adds", "--plan-time", f"{seconds}s"]
            words += ["--threads", str(threads), "--json", "-o", str(plan)]
            ours = recount(path, plan) if run_json(words, threads=threads) else None
            words = [WORKER, str(path), "--seconds", str(seconds), "--width", str(width), "--threads", str(threads)]
            peer = recount(path, plan) if run_json([*words, "-o", str(plan)], threads=1) else None
            gain = None if ours is None or peer is None else 10 ** (peer - ours)
            rows.append((name, figure(ours), figure(peer), f"{figure(gain, '.3g')} ×"))
    columns = ("network", "taizhang, log10 multiply-adds", "cotengra", "less work by")
    return f"Planner: {seconds} s, width {width}, {threads} threads, every step counted in every slice", columns, rows


def recount(network: Path, plan: Path) -> float:
    """log10 of multiply-adds over all slices of a plan from any planner."""
    fields, path = json.loads(network.read_text()), json.loads(plan.read_text())
    shape = NetworkShape.from_names(fields["inputs"], fields["output"], fields["size_dict"])
    number = {name: k for k, name in enumerate(shape.index_names)}
    tree = ContractionTree.from_pairs(shape.num_tensors, path["ssa_path"])
    return cost_of(shape, tree, tuple(number[name] for name in path["sliced_indices"])).log10_multiply_adds_naive
