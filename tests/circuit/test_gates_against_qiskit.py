"""Every gate that Qiskit has too has the same matrix there; Qiskit's first qubit is the fastest bit."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import quantum_info
from qiskit.circuit import library

from taizhang.circuit.gates import gate

ANGLES = (0.7, -1.3, 2.1, 0.4)
SAME = {
    "gphase": "GlobalPhaseGate", "id": "IGate", "x": "XGate", "y": "YGate", "z": "ZGate", "h": "HGate", "s": "SGate",
    "sdg": "SdgGate", "t": "TGate", "tdg": "TdgGate", "sx": "SXGate", "sxdg": "SXdgGate", "rx": "RXGate",
    "ry": "RYGate", "rz": "RZGate", "p": "PhaseGate", "u1": "U1Gate", "u2": "U2Gate", "u3": "U3Gate", "u": "UGate",
    "U": "UGate", "cx": "CXGate", "CX": "CXGate", "cy": "CYGate", "cz": "CZGate", "ch": "CHGate", "ccx": "CCXGate",
    "ccz": "CCZGate", "c3x": "C3XGate", "c4x": "C4XGate", "c3sqrtx": "C3SXGate", "csx": "CSXGate", "cs": "CSGate",
    "csdg": "CSdgGate", "swap": "SwapGate", "cswap": "CSwapGate", "crx": "CRXGate", "cry": "CRYGate", "crz": "CRZGate",
    "cp": "CPhaseGate", "cu1": "CU1Gate", "cu3": "CU3Gate", "cu": "CUGate", "rxx": "RXXGate", "ryy": "RYYGate",
    "rzz": "RZZGate", "rzx": "RZXGate", "rccx": "RCCXGate", "rc3x": "RC3XGate", "iswap": "iSwapGate", "ecr": "ECRGate",
    "dcx": "DCXGate",
}  # fmt: skip


def first_qubit_slowest(matrix):
    """Qiskit's matrix with its bits reversed."""
    num_qubits = len(matrix).bit_length() - 1
    order = list(reversed(range(num_qubits)))
    tensor = matrix.reshape((2,) * (2 * num_qubits))
    return tensor.transpose(order + [num_qubits + axis for axis in order]).reshape(matrix.shape)


@pytest.mark.parametrize(("ours", "theirs"), SAME.items())
def test_matrix_is_that_of_qiskit(ours, theirs):
    kind = getattr(library, theirs)
    for count in range(5):
        try:
            other = kind(*ANGLES[:count])
        except TypeError:
            continue
        break
    expected = first_qubit_slowest(quantum_info.Operator(other).data)
    np.testing.assert_allclose(gate(ours, *ANGLES[:count]).unitary(), expected, atol=1e-14)


def test_rxy_is_r_of_qiskit_with_the_angles_exchanged():
    expected = quantum_info.Operator(library.RGate(0.7, -1.3)).data
    np.testing.assert_allclose(gate("rxy", -1.3, 0.7).unitary(), expected, atol=1e-14)


def test_names_cover_qelib1_and_stdgates():
    for name in [
        "u3",
        "u2",
        "u1",
        "u0",
        "u",
        "p",
        "cx",
        "id",
        "x",
        "y",
        "z",
        "h",
        "s",
        "sdg",
        "t",
        "tdg",
        "rx",
        "ry",
        "rz",
        "sx",
        "sxdg",
        "cz",
        "cy",
        "swap",
        "ch",
        "ccx",
        "cswap",
        "crx",
        "cry",
        "crz",
        "cu1",
        "cp",
        "cu3",
        "csx",
        "cu",
        "rxx",
        "rzz",
        "rccx",
        "rc3x",
        "c3x",
        "c3sqrtx",
        "c4x",
        "U",
        "gphase",
        "CX",
        "phase",
        "cphase",
    ]:
        assert gate(name, *ANGLES[: arity(name)]).num_qubits >= 0


def arity(name):
    return {"u3": 3, "u2": 2, "u": 3, "U": 3, "cu3": 3, "cu": 4}.get(
        name,
        int(
            name
            in [
                "u1",
                "u0",
                "p",
                "rx",
                "ry",
                "rz",
                "crx",
                "cry",
                "crz",
                "cu1",
                "cp",
                "rxx",
                "rzz",
                "gphase",
                "phase",
                "cphase",
            ]
        ),
    )
