"""The bitstrings given to a command."""

from __future__ import annotations

import sys

from taizhang.circuit.bitstring_lists import read_bitstrings
from taizhang.circuit.circuit import Circuit
from taizhang.errors import UsageError


def collect_bitstrings(
    circuit: Circuit, bits: tuple[str, ...], bitstring: str | None, bitstrings: str | None, opened: tuple[int, ...]
) -> list[str]:
    """Collects the bitstrings given as arguments, by `--bitstring` or in a file; with open qubits alone, all zeros."""
    requested = [*bits, *([bitstring] if bitstring else [])]
    if bitstrings is not None:
        file = sys.stdin.buffer if bitstrings == "-" else bitstrings
        requested += read_bitstrings(file, circuit.num_qubits, opened)
    if not requested and opened:
        return ["0" * circuit.num_qubits]
    if not requested:
        raise UsageError("no bitstring was given; give BITSTRING..., --bitstrings FILE, or --open Q,Q,...")
    return requested
