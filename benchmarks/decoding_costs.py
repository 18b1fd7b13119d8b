"""What the plan for a syndrome costs, by distance and rounds of rotated surface codes, as a table and a picture.

`python -m benchmarks.decoding_costs [--picture FILE.svg]`
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np

from benchmarks.decoding import circuit_of
from taizhang.plots.canvas import save
from taizhang.plots.figure import Dots, Figure, Line, Panel
from taizhang.plots.scale import Scale
from taizhang.plots.style import Colour
from taizhang.problems.detector_model import DetectorModel
from taizhang.settings import Settings
from taizhang.tasks.decoding import DecodingTask

CASES = {3: (1, 2, 3, 5, 10, 25), 5: (1, 2, 3, 5, 10, 25), 7: (1, 2, 3)}
COLOURS: dict[int, Colour] = {3: "blue", 5: "green", 7: "orange"}


def main() -> None:
    """Plans, prints and draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    marks = []
    for distance, all_rounds in CASES.items():
        points = []
        for rounds in all_rounds:
            model = DetectorModel.of(circuit_of(distance, rounds, 0.005))
            started = time.perf_counter()
            task = DecodingTask(model=model, syndromes=np.zeros((1, model.num_detectors), dtype=bool))
            plan = task.prepare(Settings.checked(dtype="complex128")).plans[0].ready.plan
            cost = math.log10(plan.cost.multiply_adds_naive)
            points.append((float(rounds), cost))
            print(
                f"distance {distance}, {rounds} rounds: 10^{cost:.2f} multiply-adds, width {plan.cost.width:.0f}, "
                f"{plan.num_slices} slices, {plan.predicted_seconds:.2g} s predicted, "
                f"planned in {time.perf_counter() - started:.1f} s",
                flush=True,
            )
        colour = COLOURS[distance]
        marks += [
            Line(points=points, colour=colour, name=f"distance {distance}"),
            Dots(points=points, radii=[4.0] * len(points), colour=colour),
        ]
    if options.picture:
        panel = Panel(
            title="Multiply-adds for a syndrome, with every value of the observable",
            x=Scale.linear(0, 26),
            y=Scale.linear(0, 12),
            x_title="rounds",
            y_title="log10",
            height=260,
            marks=marks,
        )
        title = "What a syndrome costs"
        save(Figure(title=title, headline=title, panels=[panel], width=640).picture(), options.picture)


if __name__ == "__main__":
    main()
