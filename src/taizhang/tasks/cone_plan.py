"""What is known of expectation values before they are computed: light cones, work, memory, time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from taizhang._units import counted, human_bytes, human_seconds

if TYPE_CHECKING:
    from taizhang.tasks.cone_work import ConeWork
    from taizhang.tasks.doubled_work import DoubledWork
    from taizhang.tasks.energy import EnergyProgram


@dataclass(frozen=True, slots=True, kw_only=True)
class ConeFigures:
    """Figures of one shape of light cones.

    Attributes:
        num_cones: Different cones of this shape.
        num_products: Products whose cones these are.
        num_qubits: Qubits in a cone.
        multiply_adds: Complex multiply-adds of one cone.
        width: log2 of the elements of the largest intermediate.
        predicted_seconds: For one cone.
    """

    num_cones: int
    num_products: int
    num_qubits: int
    multiply_adds: int
    width: float
    predicted_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ConePlan:
    """The plan of expectation values. Printing it gives a summary.

    Attributes:
        num_products: Different Pauli products, without the identity.
        num_known: Of these, products whose value is 0, 1 or -1 whatever the parameters.
        shapes: Figures of each shape, those with most work first.
        predicted_seconds: Predicted time of all contractions, in seconds.
        predicted_bytes: Predicted peak memory of the process.
        planning_seconds: Time spent on networks and plans.
    """

    num_products: int
    num_known: int
    shapes: tuple[ConeFigures, ...]
    predicted_seconds: float
    predicted_bytes: int
    planning_seconds: float

    @classmethod
    def with_gradient(cls, program: EnergyProgram, planning_seconds: float) -> ConePlan:
        """Collects the figures of prepared work; time and memory are those of values with derivatives."""
        return replace(
            cls.of(program.cones, planning_seconds),
            predicted_seconds=program.gradient_seconds,
            predicted_bytes=program.gradient_bytes(),
        )

    @classmethod
    def of(cls, cones: ConeWork | DoubledWork, planning_seconds: float) -> ConePlan:
        """Collects the figures of prepared work."""
        networks = cones.networks
        figures = []
        for numbers, planned in zip(networks.cones_of_shape, cones.work.plans, strict=False):
            plan = planned.ready.plan
            figures.append(
                ConeFigures(
                    num_cones=len(numbers),
                    num_products=sum(networks.cones[number].num_products for number in numbers),
                    num_qubits=max(networks.cones[number].num_qubits for number in numbers),
                    multiply_adds=plan.cost.multiply_adds_executed,
                    width=plan.cost.width,
                    predicted_seconds=plan.predicted_seconds,
                )
            )
        return cls(
            num_products=len(networks.cone_of),
            num_known=int((networks.cone_of < 0).sum()),
            shapes=tuple(sorted(figures, key=lambda shape: -shape.num_cones * shape.multiply_adds)),
            predicted_seconds=cones.work.predicted_seconds,
            predicted_bytes=cones.work.predicted_bytes,
            planning_seconds=planning_seconds,
        )

    @property
    def num_distinct(self) -> int:
        """Number of different networks."""
        return sum(shape.num_cones for shape in self.shapes)

    @property
    def num_qubits(self) -> int:
        """Qubits of the largest light cone."""
        return max((shape.num_qubits for shape in self.shapes), default=0)

    @property
    def width(self) -> float:
        """log2 of the elements of the largest intermediate."""
        return max((shape.width for shape in self.shapes), default=0.0)

    @property
    def log10_multiply_adds(self) -> float:
        """log10 of the complex multiply-adds of all different networks; 0 where there is no work."""
        return math.log10(max(1, sum(shape.num_cones * shape.multiply_adds for shape in self.shapes)))

    def to_dict(self) -> dict[str, object]:
        """The figures as keys of `--json`."""
        return {
            "log10_multiply_adds": self.log10_multiply_adds,
            "width": self.width,
            "peak_bytes": self.predicted_bytes,
            "predicted_seconds": self.predicted_seconds,
            "planning_seconds": self.planning_seconds,
            "cones": self.num_products,
            "distinct_cones": self.num_distinct,
            "shapes": len(self.shapes),
            "cone_qubits": self.num_qubits,
        }

    def __str__(self) -> str:
        lines = [
            f"Plan for {counted(self.num_products, 'Pauli product')}",
            f"  cones     {self.num_distinct} different, of {counted(len(self.shapes), 'shape')}, "
            f"up to {counted(self.num_qubits, 'qubit')}",
            f"  known     {counted(self.num_known, 'product')} without any work",
            f"  work      10^{self.log10_multiply_adds:.2f} multiply-adds, "
            f"the largest intermediate 2^{self.width:g} elements",
            f"  memory    {human_bytes(self.predicted_bytes)} at its peak",
            f"  run time  {human_seconds(self.predicted_seconds)} predicted",
            f"  planned   in {human_seconds(self.planning_seconds)}",
        ]
        if not self.num_known:
            del lines[2]
        return "\n".join(lines)
