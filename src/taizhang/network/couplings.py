"""Couplings that are written as two CX gates around a rotation, made diagonal gates again.

CX(a, b) · Rz(θ) on b · CX(a, b) is Rzz(θ), a diagonal gate, whose qubits a light cone enters by one variable each; the
three gates on their own mix the target, and cost many times the work. Programs and files of limited gate sets, such as
OpenQASM 3 without further gates, write couplings in this way. Phases on |1> differ from rotations by a global phase,
which no expectation value depends on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from taizhang.network.cone_tensors import Angle, GateRecipe

Gates = list[tuple[GateRecipe, tuple[int, ...]]]

_FIXED = {"z": math.pi, "s": math.pi / 2, "sdg": -math.pi / 2, "t": math.pi / 4, "tdg": -math.pi / 4}
# Diagonal gates on the control, between the two CX, that are looked through.
_MOST_BETWEEN = 8
_DIAGONAL = {"rz", "p", "rzz", *_FIXED}


def merge_couplings(gates: Sequence[tuple[GateRecipe, tuple[int, ...]]]) -> Gates:
    """Returns a circuit with the same expectation values, in which couplings are diagonal gates.

    Args:
        gates: The gates in order of time, each with its qubits.

    Example:
        >>> cx, rz = GateRecipe("x", 1), GateRecipe("rz", 0, (Angle(0.5),))
        >>> [(recipe.name, qubits) for recipe, qubits in merge_couplings([(cx, (0, 1)), (rz, (1,)), (cx, (0, 1))])]
        [('rzz', (0, 1))]
    """
    kept: list[tuple[GateRecipe, tuple[int, ...]] | None] = []
    on: dict[int, list[int]] = {}
    for recipe, qubits in gates:
        merged = _coupling(kept, on, qubits) if recipe.name == "x" and recipe.num_controls == 1 else None
        if merged is None:
            for qubit in qubits:
                on.setdefault(qubit, []).append(len(kept))
            kept.append((recipe, qubits))
            continue
        # The rotation becomes the coupling; the CX before it goes, this one is not added.
        opening, rotation, coupling = merged
        kept[opening], kept[rotation] = None, (coupling, qubits)
        control, target = qubits
        places = on[control]
        place = next(place for place in reversed(range(len(places))) if places[place] == opening)
        places[place] = rotation
        del on[target][-2]
    return [gate for gate in kept if gate is not None]


def _coupling(
    kept: Sequence[tuple[GateRecipe, tuple[int, ...]] | None], on: dict[int, list[int]], qubits: tuple[int, ...]
) -> tuple[int, int, GateRecipe] | None:
    """Where a CX closes a coupling: the numbers of the CX that opens it and of the rotation, and the coupling."""
    # Stage 1: the two gates before on the target.
    control, target = qubits
    if len(on.get(target, ())) < 2:
        return None
    opening, rotation = on[target][-2:]
    first, middle = kept[opening], kept[rotation]
    if first is None or middle is None or first[1] != qubits or first[0].name != "x" or first[0].num_controls != 1:
        return None
    # Stage 2: the rotation, and on the control nothing but diagonal gates since.
    angle = _z_angle(middle[0])
    latest = on[control][-1 - _MOST_BETWEEN :]
    if angle is None or opening not in latest:
        return None
    gates = [kept[number] for number in latest[latest.index(opening) + 1 :]]
    if any(gate is None or gate[0].name not in _DIAGONAL for gate in gates):
        return None
    return opening, rotation, GateRecipe("rzz", 0, (angle,))


def _z_angle(recipe: GateRecipe) -> Angle | None:
    """The angle of a gate that is a rotation about z up to a phase; None for other gates."""
    if recipe.num_controls or recipe.entries is not None:
        return None
    if recipe.name in ("rz", "p"):
        return recipe.angles[0]
    return Angle(_FIXED[recipe.name]) if recipe.name in _FIXED else None
