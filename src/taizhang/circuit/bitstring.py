"""Bitstrings: one character for each qubit, qubit 0 first."""

from __future__ import annotations

from collections.abc import Collection

from taizhang.errors import CircuitError


def parse_bitstring(
    bitstring: str | None, num_qubits: int, open_qubits: Collection[int] = (), *, what: str = "the bitstring"
) -> tuple[int, ...]:
    """Reads a bitstring.

    Args:
        bitstring: Characters 0 and 1, qubit 0 first; at open qubits also x, and what is there is ignored. None will
            do where every qubit is open.
        num_qubits: Qubits of the circuit.
        open_qubits: Qubits whose bit is not needed.
        what: What to call it in an error.

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
