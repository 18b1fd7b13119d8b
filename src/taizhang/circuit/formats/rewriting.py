"""Exact rewriting of gates as sequences of simpler ones, global phase included, for formats that lack them.

Each gate of the table that is not in every format has a row below, as does each gate given by a matrix on one or two
qubits. Controls of a gate become controls of the gates of its sequence; gates that only frame the others, and
cancel where the others do nothing, need none. Gates with many controls on one target become Toffoli gates and
controlled phases, without ancilla qubits: idle qubits of the circuit are borrowed, whatever their state.

Source: Barenco et al., arXiv:quant-ph/9503016 (lemmas 7.2 to 7.5).
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from taizhang._lazy import lazy_module
from taizhang.circuit.circuit import Operation
from taizhang.circuit.gates import Gate, ParametricGate, gate
from taizhang.circuit.parameter import Angle
from taizhang.errors import CircuitError

if TYPE_CHECKING:
    from taizhang.circuit.formats import matrix_decomposition as decomposition
else:
    decomposition = lazy_module("taizhang.circuit.formats.matrix_decomposition")

# A gate, the targets it acts on, and whether it only frames the others.
Step = tuple[Gate | ParametricGate, tuple[int, ...], bool]
# Angles of a gate, numbers or expressions of parameters.
AnyAngles = tuple[Angle, ...]

_HALF_PI = math.pi / 2


def _step(name: str, *targets: int, angles: Sequence[Angle] = ()) -> Step:
    return gate(name, *angles), targets, False


def _frame(frame: Iterable[Step], inner: Iterable[Step]) -> list[Step]:
    """Returns the frame, the inner steps, and the inverse of the frame."""
    opening = [(opened, targets, True) for opened, targets, _ in frame]
    closing = [(opened.inverse(), targets, True) for opened, targets, _ in reversed(opening)]
    return [*opening, *inner, *closing]


def _pauli_pair(angle: Angle, *frame: Step) -> list[Step]:
    """Returns exp(-i angle ZZ / 2) with both qubits rotated by a frame."""
    return _frame([*frame, _step("cx", 0, 1)], [_step("rz", 1, angles=[angle])])


def _rxx(angles: AnyAngles) -> list[Step]:
    return _pauli_pair(angles[0], _step("h", 0), _step("h", 1))


def _ryy(angles: AnyAngles) -> list[Step]:
    return _pauli_pair(angles[0], _step("rx", 0, angles=[_HALF_PI]), _step("rx", 1, angles=[_HALF_PI]))


def _rzz(angles: AnyAngles) -> list[Step]:
    return _pauli_pair(angles[0])


def _rzx(angles: AnyAngles) -> list[Step]:
    return _pauli_pair(angles[0], _step("h", 1))


def _rxy(angles: AnyAngles) -> list[Step]:
    axis, angle = angles
    return _frame([_step("rz", 0, angles=[-axis])], [_step("rx", 0, angles=[angle])])


def _fsim(angles: AnyAngles) -> list[Step]:
    theta, phi = angles
    return [*_rxx((theta,)), *_ryy((theta,)), _step("cp", 0, 1, angles=[-phi])]


def _phased_u(angles: AnyAngles) -> list[Step]:
    return [_step("u", 0, angles=angles[:3]), _step("gphase", angles=angles[3:])]


def _swap(_: AnyAngles) -> list[Step]:
    return _frame([_step("cx", 1, 0)], [_step("cx", 0, 1)])


def _words(text: str) -> Callable[[AnyAngles], list[Step]]:
    """Returns the sequence written as `name target target, …`."""
    steps = [_step(name, *map(int, targets)) for name, *targets in (word.split() for word in text.split(","))]
    return lambda _: steps


_RC3X = (
    "h 3, t 3, cx 2 3, tdg 3, h 3, cx 0 3, t 3, cx 1 3, tdg 3, cx 0 3, t 3, cx 1 3, tdg 3, h 3, t 3, cx 2 3, tdg 3, h 3"
)


def _rc3xdg(angles: AnyAngles) -> list[Step]:
    return [(step.inverse(), targets, framing) for step, targets, framing in reversed(_words(_RC3X)(angles))]


SEQUENCES: dict[str, Callable[[AnyAngles], list[Step]]] = {
    "id2": _words("id 0, id 1"),
    "u0": _words("id 0"),
    "x_1_2": lambda _: [_step("rx", 0, angles=[_HALF_PI])],
    "y_1_2": lambda _: [_step("ry", 0, angles=[_HALF_PI])],
    "hz_1_2": lambda _: _rxy((math.pi / 4, _HALF_PI)),
    "rxy": _rxy,
    "u2": lambda angles: [_step("u", 0, angles=[_HALF_PI, *angles])],
    "phased_u": _phased_u,
    "swap": _swap,
    "iswap": _words("s 0, s 1, cz 0 1, swap 0 1"),
    "iswapdg": _words("sdg 0, sdg 1, cz 0 1, swap 0 1"),
    "fsim": _fsim,
    "rxx": _rxx,
    "ryy": _ryy,
    "rzz": _rzz,
    "rzx": _rzx,
    "ecr": lambda _: [*_rzx((math.pi / 4,)), _step("x", 0), *_rzx((-math.pi / 4,))],
    "dcx": _words("cx 0 1, cx 1 0"),
    "dcxdg": _words("cx 1 0, cx 0 1"),
    "rccx": _words("h 2, t 2, cx 1 2, tdg 2, cx 0 2, t 2, cx 1 2, tdg 2, h 2"),
    "rc3x": _words(_RC3X),
    "rc3xdg": _rc3xdg,
}
"""Maps the name of a base gate to the function from its angles to its sequence."""

_PHASES = {"z": math.pi, "s": _HALF_PI, "sdg": -_HALF_PI, "t": math.pi / 4, "tdg": -math.pi / 4}


def rewrite(operation: Operation) -> list[Operation]:
    """Rewrites an operation in simpler base gates; returns the operation itself if it is simple.

    Args:
        operation: Of the table, or given by a matrix on one or two targets; with any controls.

    Returns:
        Operations of the bases x, y, z, h, s, sdg, t, tdg, sx, sxdg, rx, ry, rz, p, u, id, gphase and swap; repeat to
        remove swap. A gate without qubits is a global phase.

    Raises:
        CircuitError: The gate is given by a matrix on more than two targets.

    Example:
        >>> rewrite(Operation(gate("cswap"), (0, 1, 2)))
        [cx 2 1, ccx 0 1 2, cx 2 1]
    """
    composite = operation.any_gate
    controls, targets = operation.qubits[: composite.num_controls], operation.qubits[composite.num_controls :]
    steps = _steps_of(composite)
    if steps is None:
        return [operation]
    operations = []
    for step, places, framing in steps:
        around = () if framing else controls
        operations.append(Operation(step.controlled(len(around)), around + tuple(targets[place] for place in places)))
    return operations


def _steps_of(composite: Gate | ParametricGate) -> Sequence[Step] | None:
    if isinstance(composite, Gate) and composite.entries is not None:
        return _steps_of_matrix(composite)
    if composite.name == "gphase" and composite.num_controls > 0:
        return [_step("gphase", angles=composite.parameters)]
    sequence = SEQUENCES.get(composite.name)
    return None if sequence is None else sequence(composite.parameters)


@lru_cache(maxsize=4096)
def _steps_of_matrix(composite: Gate) -> Sequence[Step]:
    if composite.num_targets == 0:
        return (_step("gphase", angles=[cmath.phase(complex(composite.matrix[0, 0]))]),)
    if composite.num_targets == 1:
        return (_step("phased_u", 0, angles=decomposition.angles_of(composite.matrix)),)
    if composite.num_targets > 2:
        raise CircuitError(
            f"gate '{composite.label}' is given by a matrix on {composite.num_targets} qubits, and only matrices "
            "on one or two can be rewritten in named gates; build it from named gates instead"
        )
    form = decomposition.canonical_form(composite.matrix)
    right = [_step("phased_u", place, angles=decomposition.angles_of(form.right[place])) for place in (0, 1)]
    middle = [
        (gate(name, -2 * strength), (0, 1), False)
        for name, strength in zip(("rxx", "ryy", "rzz"), form.interaction, strict=True)
    ]
    left = [_step("phased_u", place, angles=decomposition.angles_of(form.left[place])) for place in (0, 1)]
    return (*right, *middle, *left, _step("gphase", angles=[form.phase]))


def with_few_controls(operation: Operation, idle: Sequence[int]) -> Iterator[Operation]:
    """Rewrites an operation as operations of one target and at most four controls.

    Args:
        operation: Of one target and at least one control, or a swap with controls.
        idle: Qubits that may be borrowed: any others of the circuit. Their state is restored.

    Yields:
        `x` with up to four controls, `p` with up to one, `phased_u` with one, and gates without controls.
    """
    name, controls = operation.gate.name, operation.qubits[: operation.gate.num_controls]
    target = operation.qubits[-1]
    if name == "x":
        yield from _controlled_x(controls, target, idle)
    elif name == "p" or name in _PHASES:
        angle = _PHASES[name] if name in _PHASES else operation.gate.parameters[0]
        yield from _controlled_phase(angle, operation.qubits, idle)
    elif len(controls) == 1:
        yield Operation(
            gate("phased_u", *decomposition.angles_of(operation.gate.matrix)).controlled(), operation.qubits
        )
    else:
        yield from _controlled_matrix(operation.gate, controls, target, idle)


def _controlled_matrix(
    composite: Gate, controls: tuple[int, ...], target: int, idle: Sequence[int]
) -> Iterator[Operation]:
    """Yields A X B X C with A B C = 1, the two X under the controls, and a phase of the controls."""
    theta, phi, lam, gamma = decomposition.angles_of(composite.matrix)
    flip = tuple(_controlled_x(controls, target, idle))
    yield from _rotations(target, ("rz", (lam - phi) / 2))
    yield from flip
    yield from _rotations(target, ("rz", -(phi + lam) / 2), ("ry", -theta / 2))
    yield from flip
    yield from _rotations(target, ("ry", theta / 2), ("rz", phi))
    phase = gamma + (phi + lam) / 2
    if phase != 0:
        yield from _controlled_phase(phase, controls, (*idle, target))


def _rotations(target: int, *turns: tuple[str, float]) -> Iterator[Operation]:
    for name, angle in turns:
        if angle != 0:
            yield Operation(gate(name, angle), (target,))


def _controlled_phase(angle: float, qubits: tuple[int, ...], idle: Sequence[int]) -> Iterator[Operation]:
    """Yields a phase on |1…1> of any number of qubits."""
    while len(qubits) > 2:
        angle /= 2
        *others, pivot, last = qubits
        flip = tuple(_controlled_x(tuple(others), pivot, (last, *idle)))
        yield Operation(gate("cp", angle), (pivot, last))
        yield from flip
        yield Operation(gate("cp", -angle), (pivot, last))
        yield from flip
        qubits = (*others, last)
        idle = (*idle, pivot)
    yield Operation(gate("p", angle).controlled(len(qubits) - 1), qubits)


def _controlled_x(controls: tuple[int, ...], target: int, idle: Sequence[int]) -> Iterator[Operation]:
    count = len(controls)
    if count <= 4:
        yield Operation(gate("x").controlled(count), (*controls, target))
    elif len(idle) >= count - 2:
        yield from _ladder(controls, target, idle)
    elif idle:
        # Flip a borrowed qubit by half of the controls, the target by the other half and the borrowed one; twice.
        half = (count + 1) // 2
        near, far, borrowed = controls[:half], controls[half:], idle[0]
        for _ in range(2):
            yield from _controlled_x(near, borrowed, (*far, target))
            yield from _controlled_x((*far, borrowed), target, near)
    else:
        yield Operation(gate("h"), (target,))
        yield from _controlled_phase(math.pi, (*controls, target), ())
        yield Operation(gate("h"), (target,))


def _ladder(controls: tuple[int, ...], target: int, idle: Sequence[int]) -> Iterator[Operation]:
    """Yields 4 (n - 2) Toffoli gates for n controls, with n - 2 borrowed qubits."""
    rungs = [*idle[: len(controls) - 2], target]
    down = [(controls[place], rungs[place - 2], rungs[place - 1]) for place in range(len(controls) - 1, 1, -1)]
    top = (controls[0], controls[1], rungs[0])
    for part in (down, down[1:]):
        for qubits in (*part, top, *reversed(part)):
            yield Operation(gate("ccx"), qubits)
