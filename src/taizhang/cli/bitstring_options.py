"""Which bitstrings a command is asked for."""

from __future__ import annotations

import sys

from taizhang.circuit.bitstring_lists import read_bitstrings
from taizhang.circuit.circuit import Circuit
from taizhang.errors import UsageError


def asked_bitstrings(
    circuit: Circuit, bits: tuple[str, ...], bitstring: str | None, bitstrings: str | None, opened: tuple[int, ...]
) -> list[str]:
    """The bitstrings asked for, in whichever of three ways; with open qubits, all others are 0 unless said."""
    asked = [*bits, *([bitstring] if bitstring else [])]
    if bitstrings is not None:
        file = sys.stdin.buffer if bitstrings == "-" else bitstrings
        asked += read_bitstrings(file, circuit.num_qubits, opened)
    if not asked and opened:
        return ["0" * circuit.num_qubits]
    if not asked:
        raise UsageError("no bitstring was given; wanted is BITSTRING..., --bitstrings FILE, or --open Q,Q,...")
    return asked
