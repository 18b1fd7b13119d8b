"""Tensor networks, with and without arrays.

A network is a list of tensors, each axis of which carries an index. An index may be on one, two or more tensors (a
hyperindex), twice on one tensor (a diagonal), and in the output. The value of a network is the product of all tensors,
summed over every index that is not in the output.

`NetworkShape` is the network without arrays, which is all that planning sees. Internally, indices are integers;
names are kept for users and files.

For some indices of the result, the *row indices*, only a list of joint values may be computed, the *rows*: for example
the amplitudes of a list of bitstrings. The network holds the number of rows; the rows themselves are given when it is
contracted. Then no intermediate needs more joint values of the row indices than there are rows (the sparse state of
Pan, Chen & Zhang, arXiv:2111.03011).
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from taizhang._checks import describe, read_integer
from taizhang._lazy import lazy_module
from taizhang._types import ComplexArray
from taizhang.errors import NetworkError, UsageError
from taizhang.network.algebra import NetworkAlgebra

if TYPE_CHECKING:
    import hashlib
else:
    hashlib = lazy_module("hashlib")

MAX_TENSORS = 1_000_000
MAX_RANK = 512
MAX_ROW_SIZE = 256
MAX_AXES = 64 if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else 32
"""Largest number of axes of a NumPy array."""


def array_shape(sizes: Sequence[int]) -> tuple[int, ...]:
    """Returns the shape of the NumPy array that holds a tensor with axes of these sizes.

    A tensor of more axes than NumPy allows is held without its axes of size 1. If it still has too many, it has no
    elements that fit any memory, or none at all, and is held flat.

    Example:
        >>> array_shape((2, 1, 3)), array_shape((2, *(1,) * 98, 3)), array_shape((2,) * 99 + (0,))
        ((2, 1, 3), (2, 3), (0,))
    """
    if len(sizes) <= MAX_AXES:
        return tuple(sizes)
    longer = tuple(size for size in sizes if size != 1)
    return longer if len(longer) <= MAX_AXES else (math.prod(longer),)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NetworkShape:
    """A tensor network without its arrays.

    Attributes:
        inputs: For each tensor the indices of its axes, in order. Integers in `range(num_indices)`.
        output: Indices of the result's axes, in order; each at most once, each on some tensor.
        sizes: Size of each index, all ≥ 0. A sum over an index of size 0 has no terms and is 0.
        index_names: Name of each index for users and files, all different.
        row_indices: Indices of the result of which only some joint values are computed, each on some tensor and none
            in `output`.
        num_rows: Number of joint values of the row indices that are computed: at least 1 and fewer than all; 0 if there
            are no row indices. The value then has an axis of this length before those of `output`.

    Raises:
        NetworkError: An index is out of range, a size below 0, an output index repeated or on no tensor, or there
            are too many rows.

    Example:
        >>> shape = NetworkShape(inputs=((0, 1), (1, 2)), output=(0, 2), sizes=(2, 3, 2))
        >>> shape.num_tensors, shape.num_indices
        (2, 3)
    """

    inputs: tuple[tuple[int, ...], ...]
    output: tuple[int, ...]
    sizes: tuple[int, ...]
    index_names: tuple[str, ...] = field(default=())
    row_indices: tuple[int, ...] = ()
    num_rows: int = 0

    def __post_init__(self) -> None:
        # NumPy's integers become Python's, which JSON takes.
        try:
            for name in ("output", "sizes", "row_indices"):
                object.__setattr__(self, name, tuple(map(operator.index, getattr(self, name))))
            object.__setattr__(self, "inputs", tuple(tuple(map(operator.index, term)) for term in self.inputs))
        except TypeError as error:
            raise NetworkError(f"indices and sizes must be whole numbers in sequences ({error})") from None
        if not self.index_names:
            object.__setattr__(self, "index_names", tuple(f"i{k}" for k in range(len(self.sizes))))
        if len(self.inputs) > MAX_TENSORS:
            raise NetworkError(f"the network has {len(self.inputs)} tensors; at most {MAX_TENSORS} are allowed")
        if len(self.index_names) != len(self.sizes) or len(set(self.index_names)) != len(self.sizes):
            raise NetworkError("index_names must give every index a different name")
        for size, name in zip(self.sizes, self.index_names, strict=True):
            if size < 0:
                raise NetworkError(f"index '{name}' has size {size}; sizes are at least 0")
        seen: set[int] = set()
        for number, indices in enumerate(self.inputs):
            if len(indices) > MAX_RANK:
                raise NetworkError(f"tensor {number} has {len(indices)} axes; at most {MAX_RANK} are allowed")
            seen.update(indices)
        if any(not 0 <= index < len(self.sizes) for index in seen):
            raise NetworkError(f"the inputs name an index outside range({len(self.sizes)}), the indices with a size")
        result = (*self.output, *self.row_indices)
        if len(set(result)) != len(result):
            raise NetworkError("an index is repeated in the output; each may be there once")
        for index in result:
            if index not in seen:
                name = self.index_names[index] if 0 <= index < len(self.sizes) else str(index)
                raise NetworkError(f"output index '{name}' is on no tensor")
        self._check_rows()

    def _check_rows(self) -> None:
        values = math.prod(self.sizes[index] for index in self.row_indices)
        if (self.num_rows != 0) != bool(self.row_indices) or (self.num_rows and not 1 <= self.num_rows < values):
            raise NetworkError(
                f"num_rows must be at least 1 and less than the {values} values of the {len(self.row_indices)} row "
                f"indices, or 0 without row indices, got {self.num_rows}"
            )
        if any(self.sizes[index] > MAX_ROW_SIZE for index in self.row_indices):
            raise NetworkError(f"a row index has more than {MAX_ROW_SIZE} values")

    def num_elements(self, indices: Collection[int]) -> int:
        """Number of elements of an intermediate over `indices`, each given once; row indices count as the rows."""
        if not self.row_indices:
            return math.prod([self.sizes[index] for index in indices])
        rows = frozenset(self.row_indices)
        kept = math.prod([self.sizes[index] for index in indices if index not in rows])
        return kept * min(math.prod([self.sizes[index] for index in indices if index in rows]), self.num_rows)

    def has_rows(self, indices: Collection[int]) -> bool:
        """Whether an intermediate over `indices` is stored by row: there are fewer rows than joint values."""
        rows = frozenset(self.row_indices)
        return bool(rows) and math.prod([self.sizes[i] for i in indices if i in rows]) > self.num_rows

    @property
    def is_empty(self) -> bool:
        """Whether a tensor has no elements, because an index has size 0: then the value is 0, or has no elements."""
        return 0 in self.sizes and any(self.sizes[index] == 0 for term in self.inputs for index in term)

    @property
    def value_shape(self) -> tuple[int, ...]:
        """Shape of the value."""
        leading = (self.num_rows,) if self.row_indices else ()
        return (*leading, *(self.sizes[index] for index in self.output))

    @property
    def num_tensors(self) -> int:
        """Number of tensors."""
        return len(self.inputs)

    @property
    def num_indices(self) -> int:
        """Number of indices that have a size."""
        return len(self.sizes)

    @classmethod
    def from_names(
        cls,
        inputs: Sequence[Sequence[Hashable]],
        output: Sequence[Hashable],
        size_dict: Mapping[Hashable, int],
        *,
        row_indices: Sequence[Hashable] = (),
        num_rows: int = 0,
    ) -> NetworkShape:
        """Builds the shape of a network whose indices have names.

        Args:
            inputs: For each tensor the names of its axes.
            output: Names of the result's axes.
            size_dict: Size of each name used.
            row_indices: Names of the row indices.
            num_rows: Number of rows.

        Raises:
            NetworkError: A name has no size, or the network is not well formed.
        """
        number = {name: k for k, name in enumerate(size_dict)}
        try:
            return cls(
                inputs=tuple(tuple(number[name] for name in term) for term in inputs),
                output=tuple(number[name] for name in output),
                sizes=tuple(
                    read_integer(size, name=f"the size of index {name!r}", error=NetworkError)
                    for name, size in size_dict.items()
                ),
                index_names=tuple(str(name) for name in size_dict),
                row_indices=tuple(number[name] for name in row_indices),
                num_rows=num_rows,
            )
        except KeyError as missing:
            raise NetworkError(f"index {missing.args[0]!r} has no size in size_dict") from None

    def sha256(self) -> str:
        """Hash of inputs, output, sizes and rows, the same for the same shape whatever the names of its indices."""
        parts: list[object] = [self.inputs, self.output, self.sizes]
        if self.row_indices:
            parts += [self.row_indices, self.num_rows]
        canonical = json.dumps(parts, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def __repr__(self) -> str:
        rows = f", {self.num_rows:,} rows" if self.row_indices else ""
        return f"<NetworkShape: {_size_text(self)}, {len(self.output)} of them in the output{rows}>"


class TensorNetwork(NetworkAlgebra):
    """A tensor network with its arrays; immutable.

    Args:
        tensors: Pairs of an array and the names of its axes; or of a network and names for its open indices, whose
            tensors are taken.
        output: Names of the result's axes, in order.

    Attributes:
        shape: The network without its arrays.
        arrays: One array for each tensor, shape as `shape` says.
        exponent: The value of the network is the contraction of the arrays, times 2**exponent.

    Raises:
        NetworkError: An array's axes do not fit the names or sizes given, or an array is not numeric.
        UsageError: A tensor is not a pair of an array and names.

    Example:
        >>> import numpy as np
        >>> network = TensorNetwork(tensors=[(np.eye(2), ("a", "b")), (np.ones(2), ("b",))], output=("a",))
        >>> network.shape.inputs
        ((0, 1), (1,))
    """

    __slots__ = ("arrays", "exponent", "shape")

    shape: NetworkShape
    arrays: tuple[ComplexArray, ...]
    exponent: int

    def __init__(
        self, tensors: Sequence[tuple[np.typing.ArrayLike, Sequence[Hashable]]], output: Sequence[Hashable] = ()
    ) -> None:
        sizes: dict[Hashable, int] = {}
        arrays = []
        flat, exponent = _flattened(_read_sequence(tensors, "tensors"))
        pairs = [_read_tensor(given, number) for number, given in enumerate(flat)]
        output = _read_names(output, "output")
        for number, (array, names) in enumerate(pairs):
            if array.ndim != len(names):
                raise NetworkError(f"tensor {number} has {array.ndim} axes, but {len(names)} indices are named for it")
            for name, size in zip(names, array.shape, strict=True):
                if sizes.setdefault(name, size) != size:
                    raise NetworkError(f"index {name!r} has size {sizes[name]} and, on tensor {number}, size {size}")
            arrays.append(array)
        for name in output:
            if name not in sizes:
                raise NetworkError(f"output index {name!r} is on no tensor")
        self._set(NetworkShape.from_names([names for _, names in pairs], output, sizes), arrays, exponent)

    @classmethod
    def from_shape(cls, shape: NetworkShape, arrays: Sequence[np.typing.ArrayLike], exponent: int = 0) -> TensorNetwork:
        """Builds a network from a shape and arrays.

        Raises:
            NetworkError: The number of arrays, or an array's shape, is not as `shape` says.
        """
        if not isinstance(shape, NetworkShape):
            raise UsageError(f"shape must be a NetworkShape, got {describe(shape)}")
        network = cls.__new__(cls)
        network._set(shape, [_as_array(a, k) for k, a in enumerate(_read_sequence(arrays, "arrays"))], exponent)
        return network

    def _set(self, shape: NetworkShape, arrays: Sequence[np.typing.NDArray[np.generic]], exponent: int) -> None:
        if len(arrays) != shape.num_tensors:
            raise NetworkError(f"arrays must be {shape.num_tensors} arrays, one for each tensor, got {len(arrays)}")
        for number, (array, indices) in enumerate(zip(arrays, shape.inputs, strict=True)):
            expected = array_shape([shape.sizes[index] for index in indices])
            if array.shape != expected:
                raise NetworkError(f"array {number} has shape {array.shape}, but its indices have sizes {expected}")
            if not (np.issubdtype(array.dtype, np.number) or array.dtype == np.bool_):
                raise NetworkError(f"array {number} must hold numbers, got dtype {array.dtype}")
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "arrays", tuple(arrays))
        object.__setattr__(self, "exponent", read_integer(exponent, name="exponent"))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a TensorNetwork cannot be changed (tried to set '{name}'); make a new one")

    def __eq__(self, other: object) -> bool:
        """Whether shapes, exponents and all elements are equal."""
        if not isinstance(other, TensorNetwork):
            return NotImplemented
        return (
            self.shape == other.shape
            and self.exponent == other.exponent
            and all(map(np.array_equal, self.arrays, other.arrays))
        )

    __hash__ = None  # type: ignore[assignment]  # like arrays, whose elements may change

    def __reduce__(self) -> tuple[object, ...]:
        return _remake, (self.shape, self.arrays, self.exponent)

    def __repr__(self) -> str:
        return f"<TensorNetwork: {_size_text(self.shape)}>"


def _remake(shape: NetworkShape, arrays: Sequence[np.typing.ArrayLike], exponent: int) -> TensorNetwork:
    """Restores a network for pickle and copy."""
    return TensorNetwork.from_shape(shape, arrays, exponent)


def _flattened(tensors: Sequence[Any]) -> tuple[list[Any], int]:
    """The tensors, with those of networks among them, and the power of two to multiply all by.

    Raises:
        NetworkError: A network is given another number of names than it has open indices.
    """
    flat: list[Any] = []
    exponent = 0
    for number, given in enumerate(tensors):
        nested = given[0] if isinstance(given, (tuple, list)) and len(given) == 2 else None
        if not isinstance(nested, TensorNetwork):
            flat.append(given)
            continue
        names = _read_names(given[1], f"the names of network {number}")
        if len(names) != len(nested.open_indices) or nested.shape.row_indices:
            raise NetworkError(
                f"network {number} has {len(nested.open_indices)} open indices, but {len(names)} are named for it"
            )
        outer = dict(zip(nested.open_indices, names, strict=True))
        flat += [(array, tuple(outer.get(name, (number, name)) for name in own)) for array, own in nested.tensors]
        exponent += nested.exponent
    return flat, exponent


def _read_tensor(given: Any, number: int) -> tuple[np.typing.NDArray[np.generic], tuple[Hashable, ...]]:
    """Returns the array of a tensor and the names of its axes."""
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        what = f"{describe(given)} of length {len(given)}" if isinstance(given, (tuple, list)) else describe(given)
        raise UsageError(f"tensor {number} must be a pair of an array and the names of its axes, got {what}")
    return _as_array(given[0], number), _read_names(given[1], f"the names of tensor {number}")


def _as_array(given: np.typing.ArrayLike, number: int) -> np.typing.NDArray[np.generic]:
    try:
        return np.asarray(given)
    except ValueError:
        raise NetworkError(
            f"array {number} is {describe(given)} that is not an array: its rows differ in length"
        ) from None


def _read_names(given: Any, what: str) -> tuple[Hashable, ...]:
    """Returns names of indices: any hashable values, or the characters of a string."""
    names = tuple(name.item() if isinstance(name, np.generic) else name for name in _read_sequence(given, what))
    for name in names:
        if not isinstance(name, Hashable):
            raise UsageError(f"{what} must be hashable, such as strings or numbers, got {describe(name)}")
    return names


def _read_sequence(given: Any, what: str) -> Sequence[Any]:
    if isinstance(given, (set, frozenset, Mapping)) or not isinstance(given, Iterable):
        raise UsageError(f"{what} must be a sequence, got {describe(given)}")
    return list(given)


def _size_text(shape: NetworkShape) -> str:
    """Returns the numbers of tensors and indices as text."""
    tensors, indices = shape.num_tensors, shape.num_indices
    return f"{tensors:,} tensor{'' if tensors == 1 else 's'}, {indices:,} {'index' if indices == 1 else 'indices'}"
