"""Gates of the table for matrices: what other programs name otherwise, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from taizhang._types import ComplexArray
from taizhang.circuit.gates import Gate, gate, unitary_gate
from taizhang.errors import TaizhangError

# The same gates, by the names that quimb and PennyLane give them.
_NAMES: Mapping[str, str] = {
    "h": "h",
    "hadamard": "h",
    "x": "x",
    "paulix": "x",
    "y": "y",
    "pauliy": "y",
    "z": "z",
    "pauliz": "z",
    "s": "s",
    "sdg": "sdg",
    "t": "t",
    "tdg": "tdg",
    "sx": "sx",
    "cx": "cx",
    "cnot": "cx",
    "cy": "cy",
    "cz": "cz",
    "swap": "swap",
    "iswap": "iswap",
    "toffoli": "ccx",
    "ccx": "ccx",
    "ccz": "ccz",
    "cswap": "cswap",
    "rx": "rx",
    "ry": "ry",
    "rz": "rz",
    "phaseshift": "p",
    "phase": "p",
    "u3": "u",
    "crx": "crx",
    "cry": "cry",
    "crz": "crz",
    "rxx": "rxx",
    "isingxx": "rxx",
    "ryy": "ryy",
    "isingyy": "ryy",
    "rzz": "rzz",
    "isingzz": "rzz",
    "fsim": "fsim",
}


def gate_of_matrix(name: str, parameters: Sequence[float], matrix: ComplexArray) -> Gate:
    """The gate of the table of that name and these angles, if it has that matrix; else one given by the matrix.

    Args:
        name: The name that another program gives it.
        parameters: Its numbers.
        matrix: Shape (2**n, 2**n), the first qubit the slowest bit.

    Raises:
        CircuitError: The matrix is not unitary.

    Example:
        >>> import numpy as np
        >>> gate_of_matrix("IsingZZ", [0.3], np.diag(np.exp([-0.15j, 0.15j, 0.15j, -0.15j])))
        rzz(0.3)
    """
    known = _NAMES.get(name.lower())
    if known is not None:
        try:
            found = gate(known, *map(float, parameters))
        except (TaizhangError, TypeError, ValueError):
            found = None
        same = found is not None and found.unitary().shape == matrix.shape
        if found is not None and same and np.allclose(found.unitary(), matrix, rtol=0, atol=1e-9):
            return found
    return unitary_gate(matrix, name=name or "unitary")
