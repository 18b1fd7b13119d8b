"""Reads and checks the arguments of the public functions; wrong types raise a `UsageError` of one sentence.

Whole numbers may be NumPy's. Bits may be a string, a list or tuple of zeros and ones, or a row of an array; lists of
bitstrings may be arrays such as `sample` returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, SupportsIndex, TypeAlias

import numpy as np
import numpy.typing as npt

from taizhang._checks import describe, read_integer
from taizhang.circuit.bitstring import BitstringLike, read_bitstring
from taizhang.circuit.bitstring_lists import as_strings
from taizhang.circuit.check_circuit import check_circuit as check_circuit
from taizhang.circuit.check_circuit import how_to_make_one, short_path
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.formats.sample_file import CountedBitstrings
from taizhang.errors import UsageError
from taizhang.network.network import NetworkShape, TensorNetwork
from taizhang.plan.plan import Plan

BitstringsLike: TypeAlias = Sequence[BitstringLike] | npt.NDArray[np.integer]
"""Several bitstrings, as `read_bitstrings` accepts them."""

SamplesLike: TypeAlias = BitstringsLike | Mapping[Any, int] | CountedBitstrings
"""Samples, as `read_samples_given` accepts them."""


def check_network(given: object, *, name: str = "network") -> TensorNetwork:
    """Returns the argument if it is a network with arrays.

    Raises:
        UsageError: It is something else.
    """
    if isinstance(given, TensorNetwork):
        return given
    hint = ""
    if isinstance(given, NetworkShape):
        hint = ", which has no arrays; TensorNetwork.from_shape(shape, arrays) gives it some"
    elif isinstance(given, Circuit):
        hint = "; amplitude(circuit, bitstring) computes what a circuit gives"
    elif hasattr(given, "tensors") and hasattr(given, "contract"):
        hint = "; TensorNetwork([(t.data, t.inds) for t in network], output=...) makes one"
    raise UsageError(f"{name} must be a TensorNetwork, got {describe(given)}{hint}")


def check_plannable(given: object) -> Circuit | TensorNetwork | NetworkShape:
    """Returns the argument if a plan can be made for it.

    Raises:
        UsageError: It is something else.
    """
    if isinstance(given, (Circuit, TensorNetwork, NetworkShape)):
        return given
    raise UsageError(
        f"a Circuit, a TensorNetwork or a NetworkShape must be given, got {describe(given)}{how_to_make_one(given)}"
    )


def check_plan(given: object) -> Plan | None:
    """Returns the argument if it is a plan or None.

    Raises:
        UsageError: It is something else.
    """
    if given is None or isinstance(given, Plan):
        return given
    hint = f'; Plan.load("{short_path(given)}") reads one' if isinstance(given, (str, PathLike)) else ""
    raise UsageError(f"plan must be a Plan or None, got {describe(given)}{hint}")


def check_slices(given: object) -> range | None:
    """Returns the argument if it is a range of slice numbers or None.

    Raises:
        UsageError: It is something else.
    """
    if given is None or isinstance(given, range):
        return given
    raise UsageError(f"slices must be a range of slice numbers or None, got {describe(given)}; write range(0, 2)")


def check_directory(given: object) -> str | PathLike[str]:
    """Returns the argument if it is the path of a folder.

    Raises:
        UsageError: It is something else.
    """
    if isinstance(given, (str, PathLike)):
        return given
    raise UsageError(f"directory must be the path of a folder, got {describe(given)}")


def is_one_bitstring(given: object) -> bool:
    """Whether the argument is one bitstring rather than several: text, or a sequence of numbers."""
    if isinstance(given, str):
        return True
    if isinstance(given, np.ndarray):
        return given.ndim == 1 and given.dtype.kind not in "UO"
    return isinstance(given, (list, tuple)) and bool(given) and all(isinstance(bit, (int, np.integer)) for bit in given)


def read_bitstrings(given: Any, *, name: str = "bitstrings") -> list[str]:
    """Reads several bitstrings.

    Args:
        given: A list of bitstrings that `read_bitstring` accepts, or an array with a row for each.
        name: Name of the argument in errors.

    Returns:
        The bitstrings, characters 0 and 1, qubit 0 first; the characters of strings are checked where they are used.

    Raises:
        UsageError: It is something else, or a single bitstring.
        CircuitError: A number is neither 0 nor 1.

    Example:
        >>> read_bitstrings([[0, 1], "11"]), read_bitstrings(np.eye(2, dtype=int))
        (['01', '11'], ['10', '01'])
    """
    if is_one_bitstring(given):
        raise UsageError(f"{name} must be a list of bitstrings, got one bitstring; put it in a list")
    if isinstance(given, np.ndarray) and given.ndim == 2 and given.dtype.kind in "biu":
        if given.size and not 0 <= int(given.min()) <= int(given.max()) <= 1:
            row = int(np.argmax(((given < 0) | (given > 1)).any(axis=1)))
            read_bitstring(given[row], name=f"bitstring {row}")
        return list(as_strings(given))
    if isinstance(given, (bytes, Mapping)) or not isinstance(given, Iterable):
        raise UsageError(
            f"{name} must be a list of bitstrings or an array of zeros and ones with a row for each, "
            f"got {describe(given)}"
        )
    return [
        bits if isinstance(bits, str) else read_bitstring(bits, name=f"bitstring {number}")
        for number, bits in enumerate(given)
    ]


def read_samples_given(given: Any, num_qubits: int) -> CountedBitstrings:
    """Reads samples: bitstrings, counts of bitstrings, rows of bits, or counted samples.

    Raises:
        UsageError: It is something else.
        CircuitError: A sample does not fit the circuit.
    """
    if isinstance(given, np.ndarray) and given.ndim == 2 and given.dtype.kind in "biu":
        return CountedBitstrings.of(given, num_qubits)
    if isinstance(given, CountedBitstrings):
        given = dict(zip(given.bitstrings, given.counts, strict=True))
    if isinstance(given, Mapping):
        counts: dict[str, int] = {}
        for bits, count in given.items():
            bitstring = read_bitstring(bits, name="a bitstring of samples")
            counts[bitstring] = counts[bitstring] + count if bitstring in counts else count
        return CountedBitstrings.of(counts, num_qubits)
    return CountedBitstrings.of(read_bitstrings(given, name="samples"), num_qubits)


def read_qubits(given: Any, *, name: str) -> tuple[int, ...]:
    """Reads a sequence of qubits, whole numbers of Python or NumPy.

    Raises:
        UsageError: It is something else.

    Example:
        >>> read_qubits(np.array([0, 2]), name="open_qubits")
        (0, 2)
    """
    if isinstance(given, (str, bytes, set, frozenset, Mapping)) or not isinstance(given, Iterable):
        raise UsageError(f"{name} must be a sequence of qubit numbers such as [0, 2], got {describe(given)}")
    return tuple(read_integer(qubit, name=f"each of {name}") for qubit in given)


def read_qubits_or_count(given: Any, *, name: str) -> tuple[int, ...] | int:
    """Reads a sequence of qubits, or a number of qubits.

    Raises:
        UsageError: It is something else.
    """
    if isinstance(given, (int, np.integer, bool)):
        return read_integer(given, name=name)
    return read_qubits(given, name=name)


def read_count(given: SupportsIndex, *, name: str) -> int:
    """Reads a whole number; its range is checked where it is used.

    Raises:
        UsageError: It is something else.
    """
    return read_integer(given, name=name)
