"""Reading samples: bitstrings on lines, with or without a count, or counts as JSON.

Measurement files have one bitstring on a line; other programs write counts, as lines `0101 12` or as an object
`{"0101": 12}`. The first character that is not a space distinguishes the two.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from taizhang.circuit.bitstring import parse_bitstring
from taizhang.circuit.bitstring_lists import as_strings
from taizhang.errors import CircuitError, CircuitFileError, SizeLimitError

MAX_DISTINCT = 10_000_000
MAX_FILE_BYTES = 4 << 30
MAX_JSON_BYTES = 1 << 30
MAX_COUNT = 10**15
_COUNT = re.compile(rb"[0-9]{1,16}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CountedBitstrings:
    """The distinct bitstrings of samples, with their counts.

    Attributes:
        bitstrings: Distinct bitstrings, qubit 0 first, in order of first appearance.
        counts: How often each occurs, ≥ 1.

    Example:
        >>> samples = CountedBitstrings.of(["01", "11", "01"], 2)
        >>> samples
        <CountedBitstrings: 3 samples, 2 different>
        >>> samples.bitstrings, samples.counts
        (('01', '11'), (2, 1))
    """

    bitstrings: tuple[str, ...]
    counts: tuple[int, ...]

    def __repr__(self) -> str:
        return f"<CountedBitstrings: {self.num_samples:,} samples, {len(self.bitstrings):,} different>"

    @property
    def num_samples(self) -> int:
        """Number of samples, repetitions included."""
        return sum(self.counts)

    @classmethod
    def of(
        cls, samples: Sequence[str] | Mapping[str, int] | npt.NDArray[np.integer], num_qubits: int
    ) -> CountedBitstrings:
        """Counts samples given as strings, as counts, or as rows of bits.

        Raises:
            CircuitError: A sample is not a bitstring of `num_qubits`, a count is negative, or there is none.
        """
        if isinstance(samples, np.ndarray):
            if (
                samples.ndim != 2
                or samples.shape[1] != num_qubits
                or (samples.size and not 0 <= samples.min() <= samples.max() <= 1)
            ):
                raise CircuitError(
                    f"an array of samples must hold zeros and ones and have shape (shots, {num_qubits}), got shape "
                    f"{samples.shape}"
                )
            samples = as_strings(samples)
        counts: Counter[str] = Counter()
        if isinstance(samples, Mapping):
            for bitstring, count in samples.items():
                parse_bitstring(bitstring, num_qubits, what=f"the bitstring {bitstring[:64]!r}")
                counts[bitstring] += _check_count(count, bitstring)
        else:
            for bitstring, count in Counter(samples).items():
                parse_bitstring(bitstring, num_qubits, what=f"the bitstring {bitstring[:64]!r}")
                counts[bitstring] += count
        return cls._of_counter(counts, None)

    @classmethod
    def _of_counter(cls, counts: Mapping[str, int], source: str | None) -> CountedBitstrings:
        present = {bitstring: count for bitstring, count in counts.items() if count}
        if not present:
            raise CircuitFileError("there is no sample; give at least one bitstring", source=source)
        return cls(bitstrings=tuple(present), counts=tuple(present.values()))


def read_samples(file: str | PathLike[str] | BinaryIO, num_qubits: int) -> CountedBitstrings:
    r"""Reads a file of samples.

    Args:
        file: Its path, or a binary file that is open for reading.
        num_qubits: Length that each bitstring must have.

    Returns:
        The distinct bitstrings and their counts.

    Raises:
        CircuitFileError: A line cannot be parsed (the message names it), or there is no sample.
        SizeLimitError: More than ten million distinct bitstrings, or 4 GiB (1 GiB of JSON).

    Example:
        >>> import io
        >>> read_samples(io.BytesIO(b"010 2\n111\n010\n"), 3).counts
        (3, 1)
    """
    if not isinstance(file, (str, PathLike)):
        name = getattr(file, "name", None)
        return _read(file, num_qubits, name if isinstance(name, str) else None)
    with Path(file).open("rb") as opened:
        return _read(opened, num_qubits, str(file))


def _read(file: BinaryIO, num_qubits: int, source: str | None) -> CountedBitstrings:
    # No more of a line is read than a valid one can need (blanks included), so a huge line takes no memory.
    longest = num_qubits + 128
    counts: dict[str, int] = {}
    number = num_bytes = 0
    while line := file.readline(longest):
        if number == 0:
            line = line.removeprefix(codecs.BOM_UTF8)
        number += 1
        num_bytes += len(line)
        words = line.split()
        if not words:
            continue
        if not counts and words[0].startswith(b"{"):
            return _read_json(line + file.read(MAX_JSON_BYTES + 1), number, num_qubits, source)
        bitstring = words[0].decode("ascii", errors="replace")
        count = 1
        try:
            parse_bitstring(bitstring, num_qubits)
            if len(words) > 1:
                count = _parse_count(words[1:])
        except CircuitError as error:
            reason = str(error)
            if not counts and bitstring.strip("01"):  # not samples at all, such as a circuit
                reason += '; a file of samples holds one bitstring a line, qubit 0 first, or JSON such as {"0101": 12}'
            raise CircuitFileError(reason, line=number, source=source) from None
        counts[bitstring] = counts.get(bitstring, 0) + count
        if len(counts) > MAX_DISTINCT or num_bytes > MAX_FILE_BYTES:
            raise SizeLimitError(
                f"{source or 'the file'} has more than {MAX_DISTINCT:,} different bitstrings or "
                f"{MAX_FILE_BYTES >> 30} GiB; split it into several files"
            )
    return CountedBitstrings._of_counter(counts, source)


def _parse_count(words: list[bytes]) -> int:
    if len(words) > 1 or not _COUNT.fullmatch(words[0]) or int(words[0]) > MAX_COUNT:
        text = b" ".join(words)[:64].decode("ascii", errors="replace")
        raise CircuitError(f"after the bitstring must come a count up to 10^15 or nothing, got {text!r}")
    return int(words[0])


def _read_json(text: bytes, first_line: int, num_qubits: int, source: str | None) -> CountedBitstrings:
    if len(text) > MAX_JSON_BYTES:
        raise SizeLimitError(
            f"{source or 'the file'} has more than {MAX_JSON_BYTES >> 30} GiB of JSON; give it as lines"
        )
    try:
        content = json.loads(text, object_pairs_hook=list)
    except json.JSONDecodeError as error:
        raise CircuitFileError(
            f'this is not JSON ({error.msg[:80]}); give counts as {{"0101": 12}}, or bitstrings on lines',
            line=first_line - 1 + error.lineno,
            source=source,
        ) from None
    except (RecursionError, ValueError):
        raise CircuitFileError('this is not a JSON object of counts, such as {"0101": 12}', source=source) from None
    counts: dict[str, int] = {}
    for bitstring, count in content:
        try:
            parse_bitstring(bitstring, num_qubits, what=f"the bitstring {bitstring[:64]!r}")
            counts[bitstring] = counts.get(bitstring, 0) + _check_count(count, bitstring)
        except CircuitError as error:
            line = first_line + text[: max(text.find(json.dumps(bitstring).encode()), 0)].count(b"\n")
            raise CircuitFileError(str(error), line=line, source=source) from None
        if len(counts) > MAX_DISTINCT:
            raise SizeLimitError(f"{source or 'the file'} has more than {MAX_DISTINCT:,} different bitstrings")
    return CountedBitstrings._of_counter(counts, source)


def _check_count(count: object, bitstring: str) -> int:
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or not 0 <= count <= MAX_COUNT:
        raise CircuitError(
            f"the count of {bitstring[:64]!r} must be a whole number from 0 to 10^15, got {str(count)[:32]!r}"
        )
    return int(count)
