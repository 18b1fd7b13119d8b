"""Bitstrings: one character for each qubit, qubit 0 first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from taizhang._checks import describe
from taizhang.errors import CircuitError, UsageError

BitstringLike: TypeAlias = str | Sequence[int] | npt.NDArray[np.integer]
"""What `read_bitstring` accepts as a bitstring."""


def read_bitstring(given: Any, *, name: str = "bitstring") -> str:
    """Converts a bitstring in any accepted form to text.

    Args:
        given: Text, which is returned unchanged; or a list, a tuple or an array of whole numbers 0 and 1, or of True
            and False, qubit 0 first.
        name: What error messages call it.

    Raises:
        UsageError: It has another type.
        CircuitError: A number is neither 0 nor 1.

    Example:
        >>> read_bitstring((0, 1)), read_bitstring(np.array([1, 1, 0])), read_bitstring("10x")
        ('01', '110', '10x')
    """
    if isinstance(given, str):
        return str(given)
    if isinstance(given, np.ndarray) and given.ndim == 1 and given.dtype.kind in "biu":
        bits = given.tolist()
    elif isinstance(given, (list, tuple)) and all(isinstance(bit, (int, np.integer, np.bool_)) for bit in given):
        bits = [int(bit) for bit in given]
    else:
        raise UsageError(
            f"{name} must be a string such as '0110' or a sequence of whole numbers 0 and 1, got {describe(given)}"
        )
    for qubit, bit in enumerate(bits):
        if bit not in (0, 1):
            raise CircuitError(f"{name} has {bit} at qubit {qubit}; give 0 or 1")
    return "".join("1" if bit else "0" for bit in bits)


def parse_bitstring(
    bitstring: str | None, num_qubits: int, open_qubits: Collection[int] = (), *, what: str = "the bitstring"
) -> tuple[int, ...]:
    """Parses a bitstring.

    Args:
        bitstring: Characters 0 and 1, qubit 0 first; at open qubits also x; characters there are ignored. May
            be None when every qubit is open.
        num_qubits: Qubits of the circuit.
        open_qubits: Qubits whose bits are ignored.
        what: What error messages call it.

    Returns:
        The bits, 0 at open qubits.

    Raises:
        CircuitError: The length is not the number of qubits, or a character is not a bit.

    Example:
        >>> parse_bitstring("01x", 3, open_qubits=[2])
        (0, 1, 0)
    """
    if bitstring is None:
        if len(open_qubits) < num_qubits:
            raise CircuitError(
                f"no bitstring was given, but {num_qubits - len(open_qubits)} of the {num_qubits} qubits are not open; "
                "give one character 0 or 1 for each qubit"
            )
        return (0,) * num_qubits
    if len(bitstring) != num_qubits:
        raise CircuitError(
            f"{what} has {len(bitstring)} characters, but the circuit has {num_qubits} qubits; give one for each qubit"
        )
    # Fast path: no open qubits and only 0 and 1.
    if not open_qubits and not bitstring.strip("01"):
        return tuple(map(int, bitstring))
    ignored = frozenset(open_qubits)
    bits = []
    for qubit, character in enumerate(bitstring):
        if character not in "01" and not (character == "x" and qubit in ignored):
            raise CircuitError(
                f"{what} has {character!r} at qubit {qubit}; give 0 or 1"
                + (" (or x, since it is open)" * (qubit in ignored))
            )
        bits.append(int(character == "1" and qubit not in ignored))
    return tuple(bits)
