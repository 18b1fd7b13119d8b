"""A method of circuits for each gate of the table; written by `tests/circuit/write_gate_methods.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taizhang.circuit.circuit import Circuit
    from taizhang.circuit.parameter import Angle


class GateMethods:
    """Adds gates by their names: `circuit.h(0).cx(0, 1).rz(1, 0.3)`.

    Each method returns the circuit with one more gate at its end. Qubits come first, controls before targets, then
    angles in radians, numbers or expressions of parameters. The methods have the names of
    `taizhang.circuit.gate_table`; `Circuit.append` also takes gates with any number of controls, such as `c7x`, and
    gates given by their matrices.
    """

    __slots__ = ()

    def _append_named(self, name: str, qubits: Sequence[int], parameters: Sequence[Angle]) -> Circuit:
        raise NotImplementedError

    def gphase(self, angle: Angle) -> Circuit:
        """Appends `gphase`: A phase alone, a gate on no qubit."""
        return self._append_named("gphase", (), (angle,))

    def id(self, qubit: int) -> Circuit:
        """Appends `id`: The identity on one qubit."""
        return self._append_named("id", (qubit,), ())

    def id1(self, qubit: int) -> Circuit:
        """Appends `id1`: another name of `id`."""
        return self._append_named("id1", (qubit,), ())

    def u0(self, qubit: int, duration: Angle) -> Circuit:
        """Appends `u0`: The identity, whatever its duration."""
        return self._append_named("u0", (qubit,), (duration,))

    def id2(self, qubit_1: int, qubit_2: int) -> Circuit:
        """Appends `id2`: The identity on two qubits."""
        return self._append_named("id2", (qubit_1, qubit_2), ())

    def x(self, qubit: int) -> Circuit:
        """Appends `x`: Pauli X."""
        return self._append_named("x", (qubit,), ())

    def cx(self, control: int, target: int) -> Circuit:
        """Appends `cx`: `x` with one control."""
        return self._append_named("cx", (control, target), ())

    def ccx(self, control_1: int, control_2: int, target: int) -> Circuit:
        """Appends `ccx`: `x` with 2 controls."""
        return self._append_named("ccx", (control_1, control_2, target), ())

    def c3x(self, control_1: int, control_2: int, control_3: int, target: int) -> Circuit:
        """Appends `c3x`: `x` with 3 controls."""
        return self._append_named("c3x", (control_1, control_2, control_3, target), ())

    def c4x(self, control_1: int, control_2: int, control_3: int, control_4: int, target: int) -> Circuit:
        """Appends `c4x`: `x` with 4 controls."""
        return self._append_named("c4x", (control_1, control_2, control_3, control_4, target), ())

    def toffoli(self, control_1: int, control_2: int, target: int) -> Circuit:
        """Appends `toffoli`: `x` with 2 controls."""
        return self._append_named("toffoli", (control_1, control_2, target), ())

    def cnot(self, control: int, target: int) -> Circuit:
        """Appends `cnot`: `x` with one control."""
        return self._append_named("cnot", (control, target), ())

    def y(self, qubit: int) -> Circuit:
        """Appends `y`: Pauli Y."""
        return self._append_named("y", (qubit,), ())

    def cy(self, control: int, target: int) -> Circuit:
        """Appends `cy`: `y` with one control."""
        return self._append_named("cy", (control, target), ())

    def z(self, qubit: int) -> Circuit:
        """Appends `z`: Pauli Z."""
        return self._append_named("z", (qubit,), ())

    def cz(self, control: int, target: int) -> Circuit:
        """Appends `cz`: `z` with one control."""
        return self._append_named("cz", (control, target), ())

    def h(self, qubit: int) -> Circuit:
        """Appends `h`: Hadamard."""
        return self._append_named("h", (qubit,), ())

    def ch(self, control: int, target: int) -> Circuit:
        """Appends `ch`: `h` with one control."""
        return self._append_named("ch", (control, target), ())

    def s(self, qubit: int) -> Circuit:
        """Appends `s`: Square root of Z."""
        return self._append_named("s", (qubit,), ())

    def sdg(self, qubit: int) -> Circuit:
        """Appends `sdg`: Inverse of s."""
        return self._append_named("sdg", (qubit,), ())

    def t(self, qubit: int) -> Circuit:
        """Appends `t`: Fourth root of Z."""
        return self._append_named("t", (qubit,), ())

    def tdg(self, qubit: int) -> Circuit:
        """Appends `tdg`: Inverse of t."""
        return self._append_named("tdg", (qubit,), ())

    def sx(self, qubit: int) -> Circuit:
        """Appends `sx`: Principal square root of X; exp(iπ/4) times x_1_2."""
        return self._append_named("sx", (qubit,), ())

    def csx(self, control: int, target: int) -> Circuit:
        """Appends `csx`: `sx` with one control."""
        return self._append_named("csx", (control, target), ())

    def c3sqrtx(self, control_1: int, control_2: int, control_3: int, target: int) -> Circuit:
        """Appends `c3sqrtx`: `sx` with 3 controls."""
        return self._append_named("c3sqrtx", (control_1, control_2, control_3, target), ())

    def v(self, qubit: int) -> Circuit:
        """Appends `v`: another name of `sx`."""
        return self._append_named("v", (qubit,), ())

    def c3sx(self, control_1: int, control_2: int, control_3: int, target: int) -> Circuit:
        """Appends `c3sx`: `sx` with 3 controls."""
        return self._append_named("c3sx", (control_1, control_2, control_3, target), ())

    def sxdg(self, qubit: int) -> Circuit:
        """Appends `sxdg`: Inverse of sx."""
        return self._append_named("sxdg", (qubit,), ())

    def vdg(self, qubit: int) -> Circuit:
        """Appends `vdg`: another name of `sxdg`."""
        return self._append_named("vdg", (qubit,), ())

    def x_1_2(self, qubit: int) -> Circuit:
        """Appends `x_1_2`: exp(-iπX/4)."""
        return self._append_named("x_1_2", (qubit,), ())

    def y_1_2(self, qubit: int) -> Circuit:
        """Appends `y_1_2`: exp(-iπY/4)."""
        return self._append_named("y_1_2", (qubit,), ())

    def hz_1_2(self, qubit: int) -> Circuit:
        """Appends `hz_1_2`: exp(-iπW/4) for W = (X + Y) / √2."""
        return self._append_named("hz_1_2", (qubit,), ())

    def w_1_2(self, qubit: int) -> Circuit:
        """Appends `w_1_2`: another name of `hz_1_2`."""
        return self._append_named("w_1_2", (qubit,), ())

    def rx(self, qubit: int, angle: Angle) -> Circuit:
        """Appends `rx`: exp(-i angle X / 2)."""
        return self._append_named("rx", (qubit,), (angle,))

    def crx(self, control: int, target: int, angle: Angle) -> Circuit:
        """Appends `crx`: `rx` with one control."""
        return self._append_named("crx", (control, target), (angle,))

    def ry(self, qubit: int, angle: Angle) -> Circuit:
        """Appends `ry`: exp(-i angle Y / 2)."""
        return self._append_named("ry", (qubit,), (angle,))

    def cry(self, control: int, target: int, angle: Angle) -> Circuit:
        """Appends `cry`: `ry` with one control."""
        return self._append_named("cry", (control, target), (angle,))

    def rz(self, qubit: int, angle: Angle) -> Circuit:
        """Appends `rz`: exp(-i angle Z / 2)."""
        return self._append_named("rz", (qubit,), (angle,))

    def crz(self, control: int, target: int, angle: Angle) -> Circuit:
        """Appends `crz`: `rz` with one control."""
        return self._append_named("crz", (control, target), (angle,))

    def rxy(self, qubit: int, axis: Angle, angle: Angle) -> Circuit:
        """Appends `rxy`: exp(-i angle (cos(axis) X + sin(axis) Y) / 2)."""
        return self._append_named("rxy", (qubit,), (axis, angle))

    def p(self, qubit: int, angle: Angle) -> Circuit:
        """Appends `p`: Phase on |1>."""
        return self._append_named("p", (qubit,), (angle,))

    def cp(self, control: int, target: int, angle: Angle) -> Circuit:
        """Appends `cp`: `p` with one control."""
        return self._append_named("cp", (control, target), (angle,))

    def u1(self, qubit: int, angle: Angle) -> Circuit:
        """Appends `u1`: another name of `p`."""
        return self._append_named("u1", (qubit,), (angle,))

    def cu1(self, control: int, target: int, angle: Angle) -> Circuit:
        """Appends `cu1`: `p` with one control."""
        return self._append_named("cu1", (control, target), (angle,))

    def phase(self, qubit: int, angle: Angle) -> Circuit:
        """Appends `phase`: another name of `p`."""
        return self._append_named("phase", (qubit,), (angle,))

    def cphase(self, control: int, target: int, angle: Angle) -> Circuit:
        """Appends `cphase`: `p` with one control."""
        return self._append_named("cphase", (control, target), (angle,))

    def mcphase(self, control: int, target: int, angle: Angle) -> Circuit:
        """Appends `mcphase`: `p` with one control."""
        return self._append_named("mcphase", (control, target), (angle,))

    def u2(self, qubit: int, phi: Angle, lam: Angle) -> Circuit:
        """Appends `u2`: u(π/2, phi, lam)."""
        return self._append_named("u2", (qubit,), (phi, lam))

    def u(self, qubit: int, theta: Angle, phi: Angle, lam: Angle) -> Circuit:
        """Appends `u`: Any gate of one qubit up to a phase; the upper left entry is cos(theta / 2)."""
        return self._append_named("u", (qubit,), (theta, phi, lam))

    def cu3(self, control: int, target: int, theta: Angle, phi: Angle, lam: Angle) -> Circuit:
        """Appends `cu3`: `u` with one control."""
        return self._append_named("cu3", (control, target), (theta, phi, lam))

    def u3(self, qubit: int, theta: Angle, phi: Angle, lam: Angle) -> Circuit:
        """Appends `u3`: another name of `u`."""
        return self._append_named("u3", (qubit,), (theta, phi, lam))

    def phased_u(self, qubit: int, theta: Angle, phi: Angle, lam: Angle, gamma: Angle) -> Circuit:
        """Appends `phased_u`: exp(i gamma) u(theta, phi, lam); with one control it is OpenQASM's cu."""
        return self._append_named("phased_u", (qubit,), (theta, phi, lam, gamma))

    def cu(self, control: int, target: int, theta: Angle, phi: Angle, lam: Angle, gamma: Angle) -> Circuit:
        """Appends `cu`: `phased_u` with one control."""
        return self._append_named("cu", (control, target), (theta, phi, lam, gamma))

    def swap(self, qubit_1: int, qubit_2: int) -> Circuit:
        """Appends `swap`: Exchanges two qubits."""
        return self._append_named("swap", (qubit_1, qubit_2), ())

    def cswap(self, control: int, qubit_1: int, qubit_2: int) -> Circuit:
        """Appends `cswap`: `swap` with one control."""
        return self._append_named("cswap", (control, qubit_1, qubit_2), ())

    def fredkin(self, control: int, qubit_1: int, qubit_2: int) -> Circuit:
        """Appends `fredkin`: `swap` with one control."""
        return self._append_named("fredkin", (control, qubit_1, qubit_2), ())

    def sw(self, qubit_1: int, qubit_2: int) -> Circuit:
        """Appends `sw`: another name of `swap`."""
        return self._append_named("sw", (qubit_1, qubit_2), ())

    def iswap(self, qubit_1: int, qubit_2: int) -> Circuit:
        """Appends `iswap`: Exchanges two qubits, with a phase i when they differ."""
        return self._append_named("iswap", (qubit_1, qubit_2), ())

    def iswapdg(self, qubit_1: int, qubit_2: int) -> Circuit:
        """Appends `iswapdg`: Inverse of iswap."""
        return self._append_named("iswapdg", (qubit_1, qubit_2), ())

    def fsim(self, qubit_1: int, qubit_2: int, theta: Angle, phi: Angle) -> Circuit:
        """Appends `fsim`: exp(-i theta (XX + YY) / 2) and a phase exp(-i phi) on |11>."""
        return self._append_named("fsim", (qubit_1, qubit_2), (theta, phi))

    def fs(self, qubit_1: int, qubit_2: int, theta: Angle, phi: Angle) -> Circuit:
        """Appends `fs`: another name of `fsim`."""
        return self._append_named("fs", (qubit_1, qubit_2), (theta, phi))

    def rxx(self, qubit_1: int, qubit_2: int, angle: Angle) -> Circuit:
        """Appends `rxx`: exp(-i angle XX / 2)."""
        return self._append_named("rxx", (qubit_1, qubit_2), (angle,))

    def ryy(self, qubit_1: int, qubit_2: int, angle: Angle) -> Circuit:
        """Appends `ryy`: exp(-i angle YY / 2)."""
        return self._append_named("ryy", (qubit_1, qubit_2), (angle,))

    def rzz(self, qubit_1: int, qubit_2: int, angle: Angle) -> Circuit:
        """Appends `rzz`: exp(-i angle ZZ / 2)."""
        return self._append_named("rzz", (qubit_1, qubit_2), (angle,))

    def rzx(self, qubit_1: int, qubit_2: int, angle: Angle) -> Circuit:
        """Appends `rzx`: exp(-i angle ZX / 2)."""
        return self._append_named("rzx", (qubit_1, qubit_2), (angle,))

    def ecr(self, qubit_1: int, qubit_2: int) -> Circuit:
        """Appends `ecr`: Echoed cross-resonance."""
        return self._append_named("ecr", (qubit_1, qubit_2), ())

    def dcx(self, qubit_1: int, qubit_2: int) -> Circuit:
        """Appends `dcx`: cx(0, 1), then cx(1, 0)."""
        return self._append_named("dcx", (qubit_1, qubit_2), ())

    def dcxdg(self, qubit_1: int, qubit_2: int) -> Circuit:
        """Appends `dcxdg`: Inverse of dcx: cx(1, 0), then cx(0, 1)."""
        return self._append_named("dcxdg", (qubit_1, qubit_2), ())

    def rccx(self, qubit_1: int, qubit_2: int, qubit_3: int) -> Circuit:
        """Appends `rccx`: Toffoli up to phases (Maslov, arXiv."""
        return self._append_named("rccx", (qubit_1, qubit_2, qubit_3), ())

    def rc3x(self, qubit_1: int, qubit_2: int, qubit_3: int, qubit_4: int) -> Circuit:
        """Appends `rc3x`: Triply controlled X up to phases (Maslov, arXiv:1508.03273)."""
        return self._append_named("rc3x", (qubit_1, qubit_2, qubit_3, qubit_4), ())

    def rcccx(self, qubit_1: int, qubit_2: int, qubit_3: int, qubit_4: int) -> Circuit:
        """Appends `rcccx`: another name of `rc3x`."""
        return self._append_named("rcccx", (qubit_1, qubit_2, qubit_3, qubit_4), ())

    def rc3xdg(self, qubit_1: int, qubit_2: int, qubit_3: int, qubit_4: int) -> Circuit:
        """Appends `rc3xdg`: Inverse of rc3x."""
        return self._append_named("rc3xdg", (qubit_1, qubit_2, qubit_3, qubit_4), ())
