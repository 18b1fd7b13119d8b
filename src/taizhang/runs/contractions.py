"""Which contractions of one network give the amplitudes of a list of bitstrings, and where in them each amplitude is.

A list is computed as `taizhang.amplitude_machine` has prepared it: one contraction for each bitstring, one for each
part of the distinct bitstrings (by rows), or one for all values of the qubits at which they differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang._units import human_bytes
from taizhang.errors import SizeLimitError
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.results.bitstrings import as_strings, parsed_bits
from taizhang.results.rows import Bits, DistinctRows
from taizhang.runs.manifest import Manifest

MOST_ARRAY_BYTES = 4 << 30
NO_ROWS: npt.NDArray[np.uint8] = np.empty((0, 0, 0), dtype=np.uint8)
"""The rows of contractions that have none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contractions:
    """What a plan is to be contracted for.

    Attributes:
        arrays: For each contraction those of the network; the same objects where they do not depend on it.
        exponents: For each contraction the power of two that its value is multiplied by.
        rows: Bits at the row qubits, eight to a byte, shape (contractions, rows, bytes); empty where there are no rows.
    """

    arrays: Sequence[tuple[ComplexArray, ...]]
    exponents: Sequence[int]
    rows: npt.NDArray[np.uint8]


def contractions_of(
    network: AmplitudeNetwork, bitstrings: Sequence[str], open_qubits: Sequence[int], row_qubits: Sequence[int]
) -> Contractions:
    """Gives the contractions for a list of bitstrings, of which those that are equal are computed once.

    Args:
        network: The network; its row qubits are `row_qubits`, or these are open after the open ones.
        bitstrings: What is asked for, all of the right length.
        open_qubits: Qubits left open.
        row_qubits: Qubits at which the bitstrings of one contraction may differ; none where each has its own.

    Raises:
        SizeLimitError: The arrays are more than a run keeps.
    """
    bits = parsed_bits(bitstrings, network.num_qubits, open_qubits)
    if not row_qubits:
        return contractions_in_order(network, bits)
    rows = DistinctRows.of(bits, open_qubits)
    if not network.shape.num_rows:
        return contractions_in_order(network, rows.bits[:1])
    return contractions_in_order(network, rows.bits)


def contractions_in_order(network: AmplitudeNetwork, bits: Bits) -> Contractions:
    """Gives the contractions for bitstrings in their order: for each its own, or for each part of them if it has rows.

    Args:
        network: The network.
        bits: Shape (bitstrings, qubits).

    Raises:
        SizeLimitError: The arrays are more than a run keeps.
    """
    count = network.shape.num_rows
    if not count:
        return gathered(map(network.arrays_for, as_strings(bits)), NO_ROWS)
    packed = [np.packbits(part[:, list(network.row_qubits)], axis=1) for part in _parts(bits, count)]
    return gathered(map(network.arrays_for, as_strings(bits[::count])), np.stack(packed))


def _parts(bits: Bits, count: int) -> Iterator[Bits]:
    """The rows of each contraction; in the last one the last row is repeated."""
    for start in range(0, len(bits), count):
        part = bits[start : start + count]
        yield np.pad(part, ((0, count - len(part)), (0, 0)), mode="edge")


def gathered(found: Iterable[tuple[tuple[ComplexArray, ...], int]], rows: npt.NDArray[np.uint8]) -> Contractions:
    """Gathers arrays and exponents of contractions.

    Raises:
        SizeLimitError: They are more than a run keeps.
    """
    arrays: list[tuple[ComplexArray, ...]] = []
    exponents, own_bytes = [], rows.nbytes
    for own, exponent in found:
        arrays.append(own)
        exponents.append(exponent)
        own_bytes += sum(array.nbytes for array, same in zip(own, arrays[0], strict=True) if array is not same)
        if own_bytes > MOST_ARRAY_BYTES:
            raise SizeLimitError(
                f"the arrays of the contractions are more than {human_bytes(MOST_ARRAY_BYTES)}, the most that a run "
                "keeps; make several runs, each of a part"
            )
    return Contractions(arrays=arrays, exponents=exponents, rows=rows)


def values_by_bitstring(manifest: Manifest, bitstrings: Sequence[str], values: ComplexArray) -> ComplexArray:
    """Puts the values of a run's contractions where the bitstrings asked for are.

    Args:
        manifest: The run.
        bitstrings: What was asked for.
        values: Shape (contractions, elements of each).

    Returns:
        Shape (bitstrings, 2**open qubits).
    """
    if not manifest.row_qubits:
        return values
    rows = DistinctRows.of(parsed_bits(bitstrings, manifest.num_qubits, manifest.open_qubits), manifest.open_qubits)
    batch = 1 << len(manifest.open_qubits)
    if manifest.num_rows:
        return np.asarray(values.reshape(-1, batch)[rows.row_of])
    weights = 1 << np.arange(len(manifest.row_qubits) - 1, -1, -1)
    places = rows.bits[:, list(manifest.row_qubits)].astype(np.intp) @ weights
    return np.asarray(values.reshape(batch, -1)[:, places].T[rows.row_of])


def contraction_of_bitstring(manifest: Manifest, bitstrings: Sequence[str]) -> npt.NDArray[np.intp]:
    """For each bitstring asked for the number of the contraction that gives its amplitude, shape (bitstrings,)."""
    if not manifest.row_qubits:
        return np.arange(len(bitstrings), dtype=np.intp)
    if not manifest.num_rows:
        return np.zeros(len(bitstrings), dtype=np.intp)
    rows = DistinctRows.of(parsed_bits(bitstrings, manifest.num_qubits, manifest.open_qubits), manifest.open_qubits)
    return np.asarray(rows.row_of // manifest.num_rows)
