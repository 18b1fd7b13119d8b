"""Simplification of a network without changing its value, and the sizes before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, islice

import numpy as np

from taizhang._checks import check_type
from taizhang._types import ComplexArray
from taizhang.network.build import renumber
from taizhang.network.network import NetworkShape, TensorNetwork
from taizhang.network.recipe import ScaledProduct
from taizhang.network.reduce import reduce
from taizhang.network.spans import element_spans
from taizhang.network.split import split_hidden
from taizhang.network.workspace import Node, Workspace

# Arrays up to this size are converted to double precision before computing with them.
_MAX_CONVERTED = 1 << 20
# Networks with a tensor whose elements differ by more than 2 to this power are left alone.
_MOST_BITS_APART = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSizes:
    """Sizes of a network.

    Attributes:
        num_tensors: Number of tensors.
        num_indices: Number of indices on some tensor.
        num_hyperindices: Indices on three or more tensors.
        largest_rank: Most axes of one tensor.

    Example:
        >>> network_sizes(NetworkShape(inputs=((0, 1), (1,), (1,)), output=(0,), sizes=(2, 2)))
        NetworkSizes(num_tensors=3, num_indices=2, num_hyperindices=1, largest_rank=2)
    """

    num_tensors: int
    num_indices: int
    num_hyperindices: int
    largest_rank: int


def network_sizes(shape: NetworkShape) -> NetworkSizes:
    """Counts the tensors and indices of a network."""
    degrees = Counter(index for indices in shape.inputs for index in set(indices))
    return NetworkSizes(
        num_tensors=shape.num_tensors,
        num_indices=len(degrees),
        num_hyperindices=sum(degree > 2 for degree in degrees.values()),
        largest_rank=max(map(len, shape.inputs), default=0),
    )


def simplify(network: TensorNetwork, *, by_values: bool = True) -> TensorNetwork:
    """Returns a smaller network of the same value.

    No tensor larger than those of the network is made, so this takes little time and memory.

    Args:
        network: Any network.
        by_values: Whether zeros in the arrays may be used (numbers below 2**-48 of the largest of their array count as
            zeros). If not, the result's shape depends on the shape of the network only.

    Returns:
        A network with the same output, over indices of the same names; scalar factors are in its `exponent` and, if not
        a power of two, in one of its arrays. The network itself where an index has size 0, or where
        elements of a tensor differ by a factor of more than 2**128, which floating-point computation cannot preserve.

    Example:
        >>> chain = TensorNetwork(tensors=[(np.eye(2), "ab"), (np.ones((2, 2)), "bc"), (np.ones(2), "c")], output="a")
        >>> small = simplify(chain)
        >>> small.shape.inputs, small.arrays[0] * 2.0**small.exponent
        (((0,),), array([2.+0.j, 2.+0.j]))
    """
    shape = check_type(network, TensorNetwork, name="network").shape
    if shape.is_empty or max(element_spans(network.arrays), default=0) > _MOST_BITS_APART:
        return network
    nodes = [Node(indices, _as_numbers(array)) for indices, array in zip(shape.inputs, network.arrays, strict=True)]
    work = Workspace(nodes, shape.output, shape.sizes, ScaledProduct(1.0, network.exponent))
    reduce(work, by_values=by_values)
    if by_values:
        split_hidden(work)
    nodes = list(work.nodes.values())
    if work.vanished:
        nodes = [Node((index,), np.ones(shape.sizes[index], dtype=np.complex128)) for index in shape.output]
    inputs = [node.axes for node in nodes]
    arrays = [node.array for node in nodes if node.array is not None]
    put_factor(inputs, arrays, 0 if work.vanished else work.scalar.mantissa)
    names = names_with_hidden(shape.index_names, len(work.sizes))
    return renumber(inputs, shape.output, arrays, names, work.scalar.exponent)


def names_with_hidden(names: Sequence[str], num_names: int) -> list[str]:
    """Returns `num_names` names: the given ones, then h0, h1, … without those taken."""
    taken = set(names) if num_names > len(names) else set()
    hidden = (f"h{number}" for number in count())
    return [*names, *islice((name for name in hidden if name not in taken), num_names - len(names))]


def put_factor(inputs: list[tuple[int, ...]], arrays: list[ComplexArray], factor: complex) -> None:
    """Multiplies the smallest array by a number; adds a scalar tensor if there is no array."""
    if not arrays:
        inputs.append(())
        arrays.append(np.array(factor, dtype=np.complex128))
    elif factor != 1:
        smallest = smallest_of(arrays)
        arrays[smallest] = arrays[smallest] * factor


def smallest_of(arrays: Sequence[ComplexArray]) -> int:
    """Returns the number of the smallest array, the first of several."""
    return min(range(len(arrays)), key=lambda number: arrays[number].size)


def _as_numbers(array: ComplexArray) -> ComplexArray:
    """Converts an array to double precision; a large floating-point array is left alone."""
    if array.size > _MAX_CONVERTED and np.issubdtype(array.dtype, np.inexact):
        return array
    return array.astype(np.complex128, copy=False)
