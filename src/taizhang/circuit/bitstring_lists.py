"""Lists of bitstrings: as files, as arrays, and as the expansion of open qubits.

A file of bitstrings is text with one bitstring on a line, qubit 0 first; empty lines are skipped.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from taizhang.circuit.bitstring import parse_bitstring
from taizhang.errors import CircuitError, CircuitFileError, SizeLimitError

MAX_BITSTRINGS = 10_000_000
MAX_FILE_BYTES = 4 << 30


def read_bitstrings(
    file: str | PathLike[str] | BinaryIO, num_qubits: int, open_qubits: Sequence[int] = ()
) -> tuple[str, ...]:
    r"""Reads a file of bitstrings.

    Args:
        file: Its path, or a binary file that is open for reading.
        num_qubits: Length that each must have.
        open_qubits: Qubits at which a bitstring may have an x.

    Returns:
        The bitstrings, in the order of the file.

    Raises:
        CircuitFileError: A line is not a bitstring of that length (the message names it), or the file has none.
        SizeLimitError: More than ten million bitstrings, or 4 GiB.

    Example:
        >>> import io
        >>> read_bitstrings(io.BytesIO(b"010\n111\n"), 3)
        ('010', '111')
    """
    if not isinstance(file, (str, PathLike)):
        return _read(file, num_qubits, open_qubits, getattr(file, "name", None))
    with Path(file).open("rb") as opened:
        return _read(opened, num_qubits, open_qubits, str(file))


def _read(file: BinaryIO, num_qubits: int, open_qubits: Sequence[int], name: object) -> tuple[str, ...]:
    source = name if isinstance(name, str) else None
    bitstrings: list[str] = []
    number = num_bytes = 0
    # No more of a line is read than a valid one can need (blanks included), so a huge line takes no memory.
    longest = num_qubits + 64
    while line := file.readline(longest):
        if number == 0:
            line = line.removeprefix(codecs.BOM_UTF8)
        num_bytes += len(line)
        number += 1
        text = line.strip().decode("ascii", errors="replace")
        if not text:
            continue
        try:
            parse_bitstring(text, num_qubits, open_qubits)
        except CircuitError as error:
            raise CircuitFileError(str(error), line=number, source=source) from None
        bitstrings.append(text)
        if len(bitstrings) > MAX_BITSTRINGS or num_bytes > MAX_FILE_BYTES:
            raise SizeLimitError(
                f"{source or 'the file'} has more than {MAX_BITSTRINGS:,} bitstrings or {MAX_FILE_BYTES >> 30} GiB; "
                "split it into several files"
            )
    if not bitstrings:
        raise CircuitFileError("the file holds no bitstring; give one on each line", source=source)
    return tuple(bitstrings)


def as_array(bitstrings: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Returns bitstrings of one length as an array of 0 and 1, shape (number, qubits).

    Raises:
        CircuitError: The lengths differ, or a character is not 0 or 1.

    Example:
        >>> as_array(["01", "11"]).tolist()
        [[0, 1], [1, 1]]
    """
    length = len(bitstrings[0]) if bitstrings else 0
    for number, bitstring in enumerate(bitstrings):
        parse_bitstring(bitstring, length, what=f"bitstring {number}")
    characters = np.frombuffer("".join(bitstrings).encode("ascii"), dtype=np.uint8)
    return (characters - ord("0")).reshape(len(bitstrings), length)


def parse_bits(bitstrings: Sequence[str], num_qubits: int, open_qubits: Sequence[int] = ()) -> npt.NDArray[np.uint8]:
    """Returns bitstrings of a circuit as an array of 0 and 1, shape (number, num_qubits); 0 at open qubits.

    Args:
        bitstrings: Each of length `num_qubits`, qubit 0 first.
        num_qubits: Qubits of the circuit.
        open_qubits: Qubits at which a bitstring may have an x.

    Raises:
        CircuitError: A bitstring does not fit the circuit; the message names it.

    Example:
        >>> parse_bits(["01x", "110"], 3, open_qubits=[2]).tolist()
        [[0, 1, 0], [1, 1, 0]]
    """
    text = "".join(bitstrings)
    fits = all(len(bitstring) == num_qubits for bitstring in bitstrings) and text.isascii()
    bits = np.zeros((len(bitstrings), num_qubits), dtype=np.uint8)
    if fits:
        bits[...] = np.frombuffer(text.encode("ascii"), dtype=np.uint8).reshape(bits.shape)
        opened = bits[:, list(open_qubits)]
        bits[:, list(open_qubits)] = np.where(opened == ord("x"), ord("0"), opened)
        bits -= ord("0")
    if not fits or np.any(bits > 1):
        for number, bitstring in enumerate(bitstrings):
            what = "the bitstring" if len(bitstrings) == 1 else f"bitstring number {number + 1}"
            parse_bitstring(bitstring, num_qubits, open_qubits, what=what)
    bits[:, list(open_qubits)] = 0
    return bits


def as_strings(bits: npt.NDArray[np.integer]) -> tuple[str, ...]:
    """Returns the rows of an array of 0 and 1 as bitstrings.

    Args:
        bits: Shape (number, qubits).

    Example:
        >>> as_strings(np.array([[0, 1], [1, 1]]))
        ('01', '11')
    """
    characters = (np.asarray(bits, dtype=np.uint8) + ord("0")).tobytes().decode("ascii")
    length = bits.shape[1]
    return tuple(characters[start * length : (start + 1) * length] for start in range(len(bits)))


def expand_open_qubits(bitstring: str, open_qubits: Sequence[int]) -> Iterator[str]:
    """Yields the bitstrings of a batch of amplitudes, in the order of its elements.

    Args:
        bitstring: Bits of all qubits; characters at open qubits are ignored.
        open_qubits: The open qubits, the first the slowest.

    Example:
        >>> list(expand_open_qubits("x1x", [2, 0]))
        ['010', '110', '011', '111']
    """
    characters = list(bitstring)
    for number in range(2 ** len(open_qubits)):
        for place, qubit in enumerate(reversed(open_qubits)):
            characters[qubit] = "1" if number >> place & 1 else "0"
        yield "".join(characters)
