"""Reads samples: bitstrings on lines, with or without a count, or counts as JSON.

Processors' measurement files have one bitstring on a line; other programs give counts, as lines `0101 12` or as an
object `{"0101": 12}`. What a file holds is told by its first character that is no space.
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
from taizhang.errors import CircuitError, CircuitFileError, SizeLimitError
from taizhang.results.bitstrings import as_strings

MAX_DISTINCT = 10_000_000
MAX_FILE_BYTES = 4 << 30
MAX_JSON_BYTES = 1 << 30
MAX_COUNT = 10**15
_COUNT = re.compile(rb"[0-9]{1,16}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CountedBitstrings:
    """Samples, each different one once.

    Attributes:
        bitstrings: Different bitstrings, qubit 0 first, in order of first appearance.
        counts: How often each came, ≥ 1.

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
        """All samples, those that came again included."""
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
                    f"samples were given as an array of shape {samples.shape}; wanted are zeros and ones, of shape "
                    f"(shots, {num_qubits})"
                )
            samples = as_strings(samples)
        found: Counter[str] = Counter()
        if isinstance(samples, Mapping):
            for bitstring, count in samples.items():
                parse_bitstring(bitstring, num_qubits, what=f"the bitstring {bitstring[:64]!r}")
                found[bitstring] += _checked_count(count, bitstring)
        else:
            for bitstring, count in Counter(samples).items():
                parse_bitstring(bitstring, num_qubits, what=f"the bitstring {bitstring[:64]!r}")
                found[bitstring] += count
        return cls._of_counter(found, None)

    @classmethod
    def _of_counter(cls, found: Mapping[str, int], source: str | None) -> CountedBitstrings:
        present = {bitstring: count for bitstring, count in found.items() if count}
        if not present:
            raise CircuitFileError("there is no sample; give at least one bitstring", source=source)
        return cls(bitstrings=tuple(present), counts=tuple(present.values()))


def read_samples(file: str | PathLike[str] | BinaryIO, num_qubits: int) -> CountedBitstrings:
    r"""Reads a file of samples.

    Args:
        file: Its path, or a binary file that is open for reading.
        num_qubits: Length that each bitstring must have.

    Returns:
        The different bitstrings, and how often each came.

    Raises:
        CircuitFileError: A line is not understood, or there is no sample; names the line.
        SizeLimitError: More than ten million different bitstrings, or 4 GiB (1 GiB of JSON).

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
    # No line is read further than an honest one is long.
    longest = num_qubits + 128
    found: dict[str, int] = {}
    number = taken = 0
    while line := file.readline(longest):
        if number == 0:
            line = line.removeprefix(codecs.BOM_UTF8)
        number += 1
        taken += len(line)
        words = line.split()
        if not words:
            continue
        if not found and words[0].startswith(b"{"):
            return _read_json(line + file.read(MAX_JSON_BYTES + 1), number, num_qubits, source)
        bitstring = words[0].decode("ascii", errors="replace")
        count = 1
        try:
            parse_bitstring(bitstring, num_qubits)
            if len(words) > 1:
                count = _parsed_count(words[1:])
        except CircuitError as error:
            reason = str(error)
            if not found and bitstring.strip("01"):  # not samples at all, such as a circuit
                reason += '; a file of samples holds one bitstring a line, qubit 0 first, or JSON such as {"0101": 12}'
            raise CircuitFileError(reason, line=number, source=source) from None
        found[bitstring] = found.get(bitstring, 0) + count
        if len(found) > MAX_DISTINCT or taken > MAX_FILE_BYTES:
            raise SizeLimitError(
                f"{source or 'the file'} has more than {MAX_DISTINCT:,} different bitstrings or "
                f"{MAX_FILE_BYTES >> 30} GiB; split it into several files"
            )
    return CountedBitstrings._of_counter(found, source)


def _parsed_count(words: list[bytes]) -> int:
    if len(words) > 1 or not _COUNT.fullmatch(words[0]) or int(words[0]) > MAX_COUNT:
        told = b" ".join(words)[:64].decode("ascii", errors="replace")
        raise CircuitError(f"behind the bitstring is {told!r}; give a count up to 10^15 there, or nothing")
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
    found: dict[str, int] = {}
    for bitstring, count in content:
        try:
            parse_bitstring(bitstring, num_qubits, what=f"the bitstring {bitstring[:64]!r}")
            found[bitstring] = found.get(bitstring, 0) + _checked_count(count, bitstring)
        except CircuitError as error:
            line = first_line + text[: max(text.find(json.dumps(bitstring).encode()), 0)].count(b"\n")
            raise CircuitFileError(str(error), line=line, source=source) from None
        if len(found) > MAX_DISTINCT:
            raise SizeLimitError(f"{source or 'the file'} has more than {MAX_DISTINCT:,} different bitstrings")
    return CountedBitstrings._of_counter(found, source)


def _checked_count(count: object, bitstring: str) -> int:
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or not 0 <= count <= MAX_COUNT:
        raise CircuitError(
            f"the count of {bitstring[:64]!r} was given as {str(count)[:32]!r}; wanted is a whole number up to 10^15"
        )
    return int(count)
