"""Writes the steps of a plan's program as text, for `cargo bench --bench steps`, which times each of them alone.

`python -m benchmarks.steps TREE > steps.txt`, where TREE.network.json and TREE.path.json hold a network and its path.
A line is a step: its number, how often it runs in a slice, the elements of its operands and its output, its modes.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

import taizhang as tz
from taizhang.network.network import NetworkShape
from taizhang.program.lower import lower
from taizhang.program.program import Program


def main() -> None:
    """Reads a network and a path, and writes the steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stem")
    options = parser.parse_args()
    fields, path = (json.loads(Path(f"{options.stem}.{kind}.json").read_text()) for kind in ("network", "path"))
    shape = NetworkShape.from_names(fields["inputs"], fields["output"], fields["size_dict"])
    plan = tz.Plan.from_ssa_path(shape, path["ssa_path"], sliced_indices=path["sliced_indices"])
    sys.stdout.writelines(f"{line}\n" for line in lines(lower(plan)))


def lines(program: Program) -> list[str]:
    """One line for each step."""
    written = []
    for number, step in enumerate(program.steps):
        runs = math.prod([mode.size for mode in step.loops])
        lengths = [program.places[k].num_elements if k >= 0 else 1 for k in (step.a, step.b, step.out)]
        words = [number, runs, *lengths, *[cell for mode in step.modes for cell in mode]]
        written.append(" ".join(str(word) for word in words))
    return written


if __name__ == "__main__":
    main()
