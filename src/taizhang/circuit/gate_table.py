"""The table of gates.

One row per base gate, without controls; the names in OpenQASM 2 (qelib1), OpenQASM 3 (stdgates) and qsim are columns,
indexed by the number of controls. A test checks the columns against each other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from taizhang._lazy import lazy_module
from taizhang._types import ComplexArray
from taizhang.circuit import gate_matrices as matrices
from taizhang.errors import CircuitError

if TYPE_CHECKING:
    import difflib
else:
    difflib = lazy_module("difflib")

Angles = tuple[float, ...]


def _negate(angles: Angles) -> Angles:
    return tuple(-angle for angle in angles)


class GateRecord(NamedTuple):
    """A row of the table.

    Attributes:
        name: Name of the base, without controls.
        matrix: Angles to matrix, complex128, shape (2**num_targets, 2**num_targets).
        inverse: Name of the base that is the inverse.
        num_targets: Qubits that the matrix acts on.
        num_parameters: Angles that the gate takes, in radians.
        diagonal: Whether the matrix is diagonal for all angles.
        inverse_angles: Angles of the inverse from those of the gate; also of expressions, so by sums and factors alone.
        additive: Whether multiplying all angles by an integer k gives the k-th power.
        qasm2: Names in qelib1.inc with 0, 1, 2, … controls; "" where there is none.
        qasm3: Names in stdgates.inc or built in, likewise.
        qsim: Names in qsim's text, likewise.
        qsim_sign: Factor that converts the angles of `qsim` to ours.
        aliases: Further names, with their number of controls.
    """

    name: str
    matrix: Callable[..., ComplexArray]
    inverse: str
    num_targets: int = 1
    num_parameters: int = 0
    diagonal: bool = False
    inverse_angles: Callable[[Angles], Angles] = _negate
    additive: bool = False
    qasm2: tuple[str, ...] = ()
    qasm3: tuple[str, ...] = ()
    qsim: tuple[str, ...] = ()
    qsim_sign: float = 1.0
    aliases: tuple[tuple[str, int], ...] = ()

    def label(self, num_controls: int) -> str:
        """The name with controls, such as `cx`, `ccx`, `c3x`, `c5rz`."""
        if num_controls == 0:
            return self.name
        if num_controls < len(self.qasm2) and self.qasm2[num_controls]:
            return self.qasm2[num_controls]
        return control_prefix(num_controls) + self.name


def control_prefix(num_controls: int) -> str:
    """The letters that stand for controls in front of a name: `c`, `cc`, `c3`."""
    return "c" * num_controls if num_controls <= 2 else f"c{num_controls}"


def _invert_u(angles: Angles) -> Angles:
    theta, phi, lam, *gamma = angles
    return (-theta, -lam, -phi, *(-g for g in gamma))


def _one(name: str, matrix: Callable[..., ComplexArray], inverse: str, **columns: object) -> GateRecord:
    return GateRecord(name=name, matrix=matrix, inverse=inverse, **columns)  # type: ignore[arg-type]


def _rotation(name: str, matrix: Callable[..., ComplexArray], **columns: object) -> GateRecord:
    return _one(name, matrix, name, num_parameters=1, additive=True, **columns)


_ROWS: tuple[GateRecord, ...] = (
    _rotation("gphase", matrices.global_phase, num_targets=0, diagonal=True, qasm3=("gphase",), qsim=("p",)),
    _one("id", matrices.identity, "id", diagonal=True, qasm2=("id",), qasm3=("id",), qsim=("id1",)),
    _one("u0", matrices.idle, "u0", num_parameters=1, diagonal=True, qasm2=("u0",)),
    _one("id2", matrices.identity_2, "id2", num_targets=2, diagonal=True, qsim=("id2",)),
    _one(
        "x",
        matrices.x,
        "x",
        qasm2=("x", "cx", "ccx", "c3x", "c4x"),
        qasm3=("x", "cx", "ccx"),
        qsim=("x", "cnot"),
        aliases=(("CX", 1), ("toffoli", 2)),
    ),
    _one("y", matrices.y, "y", qasm2=("y", "cy"), qasm3=("y", "cy"), qsim=("y",)),
    _one("z", matrices.z, "z", diagonal=True, qasm2=("z", "cz"), qasm3=("z", "cz"), qsim=("z", "cz")),
    _one("h", matrices.h, "h", qasm2=("h", "ch"), qasm3=("h", "ch"), qsim=("h",)),
    _one("s", matrices.s, "sdg", diagonal=True, qasm2=("s",), qasm3=("s",), qsim=("s",)),
    _one("sdg", matrices.sdg, "s", diagonal=True, qasm2=("sdg",), qasm3=("sdg",)),
    _one("t", matrices.t, "tdg", diagonal=True, qasm2=("t",), qasm3=("t",), qsim=("t",)),
    _one("tdg", matrices.tdg, "t", diagonal=True, qasm2=("tdg",), qasm3=("tdg",)),
    _one("sx", matrices.sx, "sxdg", qasm2=("sx", "csx", "", "c3sqrtx"), qasm3=("sx",), aliases=(("v", 0), ("c3sx", 3))),
    _one("sxdg", matrices.sxdg, "sx", qasm2=("sxdg",), aliases=(("vdg", 0),)),
    _one("x_1_2", matrices.x_1_2, "rx", inverse_angles=lambda _: (-math.pi / 2,), qsim=("x_1_2",)),
    _one("y_1_2", matrices.y_1_2, "ry", inverse_angles=lambda _: (-math.pi / 2,), qsim=("y_1_2",)),
    _one(
        "hz_1_2",
        matrices.hz_1_2,
        "rxy",
        inverse_angles=lambda _: (math.pi / 4, -math.pi / 2),
        qsim=("hz_1_2",),
        aliases=(("w_1_2", 0),),
    ),
    _rotation("rx", matrices.rx, qasm2=("rx", "crx"), qasm3=("rx", "crx"), qsim=("rx",)),
    _rotation("ry", matrices.ry, qasm2=("ry", "cry"), qasm3=("ry", "cry"), qsim=("ry",)),
    _rotation("rz", matrices.rz, diagonal=True, qasm2=("rz", "crz"), qasm3=("rz", "crz"), qsim=("rz",)),
    _one(
        "rxy",
        matrices.rxy,
        "rxy",
        num_parameters=2,
        inverse_angles=lambda angles: (angles[0], -angles[1]),
        qsim=("rxy",),
    ),
    _rotation(
        "p",
        matrices.p,
        diagonal=True,
        qasm2=("p", "cp"),
        qasm3=("p", "cp"),
        qsim=("", "cp"),
        qsim_sign=-1.0,
        aliases=(("u1", 0), ("cu1", 1), ("phase", 0), ("cphase", 1), ("mcphase", 1)),
    ),
    _one(
        "u2",
        matrices.u2,
        "u2",
        num_parameters=2,
        inverse_angles=lambda angles: (-angles[1] - math.pi, -angles[0] + math.pi),
        qasm2=("u2",),
        qasm3=("u2",),
    ),
    _one(
        "u",
        matrices.u,
        "u",
        num_parameters=3,
        inverse_angles=_invert_u,
        qasm2=("u", "cu3"),
        qasm3=("U",),
        aliases=(("u3", 0),),
    ),
    _one(
        "phased_u",
        matrices.phased_u,
        "phased_u",
        num_parameters=4,
        inverse_angles=_invert_u,
        qasm2=("", "cu"),
        qasm3=("", "cu"),
    ),
    _one(
        "swap",
        matrices.swap,
        "swap",
        num_targets=2,
        qasm2=("swap", "cswap"),
        qasm3=("swap", "cswap"),
        qsim=("sw",),
        aliases=(("fredkin", 1),),
    ),
    _one("iswap", matrices.iswap, "iswapdg", num_targets=2, qsim=("is",)),
    _one("iswapdg", matrices.iswapdg, "iswap", num_targets=2),
    _one("fsim", matrices.fsim, "fsim", num_targets=2, num_parameters=2, additive=True, qsim=("fs",)),
    _rotation("rxx", matrices.rxx, num_targets=2, qasm2=("rxx",)),
    _rotation("ryy", matrices.ryy, num_targets=2),
    _rotation("rzz", matrices.rzz, num_targets=2, diagonal=True, qasm2=("rzz",)),
    _rotation("rzx", matrices.rzx, num_targets=2),
    _one("ecr", matrices.ecr, "ecr", num_targets=2),
    _one("dcx", matrices.dcx, "dcxdg", num_targets=2),
    _one("dcxdg", matrices.dcxdg, "dcx", num_targets=2),
    _one("rccx", matrices.rccx, "rccx", num_targets=3, qasm2=("rccx",)),
    _one("rc3x", matrices.rc3x, "rc3xdg", num_targets=4, qasm2=("rc3x",), aliases=(("rcccx", 0),)),
    _one("rc3xdg", matrices.rc3xdg, "rc3x", num_targets=4),
)

RECORDS: dict[str, GateRecord] = {record.name: record for record in _ROWS}


def _names_of(record: GateRecord) -> Iterator[tuple[str, int]]:
    yield record.name, 0
    for names in (record.qasm2, record.qasm3):
        yield from ((name, controls) for controls, name in enumerate(names) if name)
    yield from record.aliases


def _collect_names() -> dict[str, tuple[str, int]]:
    names = {name: (row.name, controls) for row in _ROWS for name, controls in _names_of(row)}
    for row in _ROWS:
        # qsim's p (a global phase) and cp (opposite sign) differ from OpenQASM's, whose meaning we use.
        for controls, name in enumerate(row.qsim):
            if name:
                names.setdefault(name, (row.name, controls))
    return names


NAMES: dict[str, tuple[str, int]] = _collect_names()
"""Maps every gate name to the name of its record and its number of controls."""


def find_name(name: str) -> tuple[str, int]:
    """Returns the name of the record and the number of controls that a name stands for.

    Raises:
        CircuitError: No gate has this name.
    """
    known = NAMES.get(name)
    if known is not None:
        return known
    prefixed = re.fullmatch(r"c(\d{1,6})(\w{1,20})", name) or re.fullmatch(r"(c{1,64})(\w{1,20}?)", name)
    if prefixed:
        count, rest = prefixed.groups()
        controls = int(count) if count.isdigit() else len(count)
        if rest in NAMES:
            base, more = NAMES[rest]
            return base, controls + more
    shown = name if len(name) <= 40 else name[:40] + "…"
    close = difflib.get_close_matches(shown, NAMES, n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else "see taizhang.circuit.gate_table.NAMES for all names"
    raise CircuitError(f"there is no gate '{shown}'; {hint}")
