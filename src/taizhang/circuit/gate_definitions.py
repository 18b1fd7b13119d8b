"""Gates of several targets as sequences of simpler ones, for writing to formats that do not have them.

Sources: qelib1.inc of OpenQASM 2 (Cross et al., arXiv:1707.03429); Maslov, arXiv:1508.03273, for rccx and rc3x.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from taizhang.circuit.circuit import Operation
from taizhang.circuit.gates import Angles, gate

Step = tuple[str, tuple[int, ...], Angles]


def simpler_operations(operation: Operation) -> tuple[Operation, ...] | None:
    """Returns operations with simpler gates that do the same, or None where no definition is known.

    Args:
        operation: With any number of controls; all steps get them.

    Returns:
        Operations in order of time.

    Example:
        >>> simpler_operations(Operation(gate("rzz", 0.5), (0, 1)))
        (cx 0 1, rz(0.5) 1, cx 0 1)
    """
    chosen = operation.gate
    definition = DEFINITIONS.get(chosen.name) if chosen.entries is None else None
    if definition is None:
        return None
    controls, targets = operation.qubits[: chosen.num_controls], operation.qubits[chosen.num_controls :]
    return tuple(
        Operation(gate(name, *angles).controlled(len(controls)), controls + tuple(targets[place] for place in places))
        for name, places, angles in definition(chosen.parameters)
    )


def _undone(steps: list[Step]) -> list[Step]:
    inverses = ((gate(name, *angles).inverse(), places) for name, places, angles in reversed(steps))
    return [(inverse.label, places, inverse.parameters) for inverse, places in inverses]


def _rxx(angles: Angles) -> list[Step]:
    turned: list[Step] = [("h", (0,), ()), ("h", (1,), ())]
    return [*turned, *_rzz(angles), *turned]


def _ryy(angles: Angles) -> list[Step]:
    quarter = (math.pi / 2,)
    turned: list[Step] = [("rx", (0,), quarter), ("rx", (1,), quarter)]
    return [*turned, *_rzz(angles), *_undone(turned)]


def _rzz(angles: Angles) -> list[Step]:
    return [("cx", (0, 1), ()), ("rz", (1,), angles), ("cx", (0, 1), ())]


def _rzx(angles: Angles) -> list[Step]:
    return [("h", (1,), ()), *_rzz(angles), ("h", (1,), ())]


def _swap(_: Angles) -> list[Step]:
    return [("cx", (0, 1), ()), ("cx", (1, 0), ()), ("cx", (0, 1), ())]


def _iswap(_: Angles) -> list[Step]:
    phases: list[Step] = [("s", (0,), ()), ("s", (1,), ())]
    return [*phases, ("h", (0,), ()), ("cx", (0, 1), ()), ("cx", (1, 0), ()), ("h", (1,), ())]


def _fsim(angles: Angles) -> list[Step]:
    return [*_rxx(angles[:1]), *_ryy(angles[:1]), ("cp", (0, 1), (-angles[1],))]


def _ecr(_: Angles) -> list[Step]:
    return [*_rzx((math.pi / 4,)), ("x", (0,), ()), *_rzx((-math.pi / 4,))]


def _dcx(_: Angles) -> list[Step]:
    return [("cx", (0, 1), ()), ("cx", (1, 0), ())]


def _rccx(_: Angles) -> list[Step]:
    outer: list[Step] = [("h", (2,), ()), ("t", (2,), ()), ("cx", (1, 2), ()), ("tdg", (2,), ())]
    return [*outer, ("cx", (0, 2), ()), *_undone(outer)]


def _rc3x(_: Angles) -> list[Step]:
    outer: list[Step] = [("h", (3,), ()), ("t", (3,), ()), ("cx", (2, 3), ()), ("tdg", (3,), ()), ("h", (3,), ())]
    first: list[Step] = [("cx", (0, 3), ()), ("t", (3,), ()), ("cx", (1, 3), ()), ("tdg", (3,), ())]
    return [*outer, *first, *first, *_undone(outer)]


DEFINITIONS: dict[str, Callable[[Angles], list[Step]]] = {
    "id2": lambda _: [],
    "swap": _swap,
    "iswap": _iswap,
    "iswapdg": lambda angles: _undone(_iswap(angles)),
    "fsim": _fsim,
    "rxx": _rxx,
    "ryy": _ryy,
    "rzz": _rzz,
    "rzx": _rzx,
    "ecr": _ecr,
    "dcx": _dcx,
    "dcxdg": lambda angles: _undone(_dcx(angles)),
    "rccx": _rccx,
    "rc3x": _rc3x,
    "rc3xdg": lambda angles: _undone(_rc3x(angles)),
}
"""For a gate's name, its angles to steps: name of a simpler gate, places of its qubits, its angles."""
