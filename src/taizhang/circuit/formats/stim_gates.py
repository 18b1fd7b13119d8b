"""Stim's gates and channels: what each instruction does to its qubits, as gates of the table and channels.

Source: the gate reference of Stim, github.com/quantumlib/Stim; Gidney, arXiv:2103.02202.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from taizhang._types import ComplexArray
from taizhang.circuit import channels
from taizhang.circuit.channel import Channel, make_channel, pauli_basis
from taizhang.circuit.gates import Gate, gate, unitary_gate

_HALF = math.pi / 2
H_XY = unitary_gate(np.array([[0, 1 - 1j], [1 + 1j, 0]]) / math.sqrt(2), name="H_XY")
H_YZ = unitary_gate(np.array([[1, -1j], [1j, -1]]) / math.sqrt(2), name="H_YZ")
C_XYZ = unitary_gate(np.array([[1 - 1j, -1 - 1j], [1 - 1j, 1 + 1j]]) / 2, name="C_XYZ")

SINGLE: Mapping[str, Gate] = {
    "I": gate("id"),
    "X": gate("x"),
    "Y": gate("y"),
    "Z": gate("z"),
    "H": gate("h"),
    "H_XZ": gate("h"),
    "H_XY": H_XY,
    "H_YZ": H_YZ,
    "S": gate("s"),
    "SQRT_Z": gate("s"),
    "S_DAG": gate("sdg"),
    "SQRT_Z_DAG": gate("sdg"),
    "SQRT_X": gate("sx"),
    "SQRT_X_DAG": gate("sxdg"),
    "SQRT_Y": gate("ry", _HALF),
    "SQRT_Y_DAG": gate("ry", -_HALF),
    "C_XYZ": C_XYZ,
    "C_ZYX": C_XYZ.inverse(),
}
"""Gates on one qubit, up to global phases."""

BASIS_CHANGE: Mapping[str, Gate | None] = {"X": gate("h"), "Y": H_YZ, "Z": None}
"""What maps each letter to Z, and back."""

# Words of two-qubit gates that are controlled: the letter of the control's basis, and of the target's gate.
CONTROLLED: Mapping[str, tuple[str, str]] = {
    "CX": ("Z", "X"),
    "CNOT": ("Z", "X"),
    "ZCX": ("Z", "X"),
    "CY": ("Z", "Y"),
    "ZCY": ("Z", "Y"),
    "CZ": ("Z", "Z"),
    "ZCZ": ("Z", "Z"),
    **{f"{control}C{target}": (control, target) for control in "XY" for target in "XYZ"},
}

PAIRS: Mapping[str, tuple[Gate, ...]] = {
    "II": (),
    "SWAP": (gate("swap"),),
    "ISWAP": (gate("iswap"),),
    "ISWAP_DAG": (gate("iswapdg"),),
    "CXSWAP": (gate("cx"), gate("swap")),
    "SWAPCX": (gate("swap"), gate("cx")),
    "CZSWAP": (gate("cz"), gate("swap")),
    "SWAPCZ": (gate("cz"), gate("swap")),
    "SQRT_XX": (gate("rxx", _HALF),),
    "SQRT_XX_DAG": (gate("rxx", -_HALF),),
    "SQRT_YY": (gate("ryy", _HALF),),
    "SQRT_YY_DAG": (gate("ryy", -_HALF),),
    "SQRT_ZZ": (gate("rzz", _HALF),),
    "SQRT_ZZ_DAG": (gate("rzz", -_HALF),),
}
"""Other gates on two qubits: gates one after another."""


def pauli_channel_1(px: float, py: float, pz: float) -> Channel:
    """Stim's PAULI_CHANNEL_1."""
    return channels.pauli(px, py, pz)


def pauli_channel_2(*chances: float) -> Channel:
    """Stim's PAULI_CHANNEL_2: the 15 products IX, IY, IZ, XI, … ZZ."""
    return correlated(pauli_basis(2)[1:], chances, "pauli_channel_2")


def correlated(products: Sequence[ComplexArray] | ComplexArray, chances: Sequence[float], name: str) -> Channel:
    """Some products, each with a probability; else nothing happens."""
    rest = max(0.0, 1.0 - sum(chances))
    size = len(products[0])
    operators = [
        math.sqrt(rest) * np.eye(size),
        *(math.sqrt(p) * one for p, one in zip(chances, products, strict=True)),
    ]
    return make_channel(operators, name=name, parameters=chances)


NOISE: Mapping[str, tuple[int, int, Callable[..., Channel]]] = {
    "DEPOLARIZE1": (1, 1, channels.depolarizing),
    "DEPOLARIZE2": (2, 1, channels.depolarizing2),
    "X_ERROR": (1, 1, channels.bit_flip),
    "Y_ERROR": (1, 1, lambda p: channels.pauli(0.0, p, 0.0)),
    "Z_ERROR": (1, 1, channels.phase_flip),
    "PAULI_CHANNEL_1": (1, 3, pauli_channel_1),
    "PAULI_CHANNEL_2": (2, 15, pauli_channel_2),
}
"""Channels: numbers of qubits and of arguments, and what makes them."""
