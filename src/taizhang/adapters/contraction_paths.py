"""Conversion of plans from and to the linear paths of opt_einsum and the trees of cotengra.

A contraction tree is written in two ways. In an *ssa path* (static single assignment, what a
`Plan` holds) a result gets the next free number. In a *linear path* (opt_einsum, NumPy) the tensors form a list:
each step removes its two tensors from it and appends the result, so that positions are reused.

Sources: Smith & Gray, opt_einsum, JOSS 3, 753 (2018); Gray & Kourtis, cotengra, arXiv:2002.01935.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from taizhang._checks import check_type, describe
from taizhang._optional import optional_module
from taizhang.errors import NetworkError, PlanError
from taizhang.network.network import NetworkShape, TensorNetwork
from taizhang.plan.plan import MAX_SIZE, Plan
from taizhang.plan.tree import ContractionTree


def to_linear_path(plan: Plan) -> list[tuple[int, ...]]:
    """Converts the tree of a plan to a linear path, as opt_einsum and NumPy take it.

    A linear path has no sliced indices; they are in `plan.sliced_names`.

    Returns:
        One pair of positions for each step, the smaller first; `[(0,)]` for a network of one tensor.

    Example:
        >>> shape = NetworkShape.from_names(["ab", "bc", "cd"], "ad", dict.fromkeys("abcd", 2))
        >>> to_linear_path(Plan.from_ssa_path(shape, [(1, 2), (0, 3)]))
        [(1, 2), (0, 1)]
    """
    return linear_path(check_type(plan, Plan, name="plan").tree)


def linear_path(tree: ContractionTree) -> list[tuple[int, ...]]:
    """Converts a tree to a linear path."""
    if tree.num_tensors == 1:
        return [(0,)]
    alive = list(range(tree.num_tensors))  # the numbers in the list, always ascending
    path: list[tuple[int, ...]] = []
    for step, pair in enumerate(tree.ssa_path):
        first, second = sorted(bisect_left(alive, number) for number in pair)
        del alive[second], alive[first]
        alive.append(tree.num_tensors + step)
        path.append((first, second))
    return path


def from_linear_path(
    network: TensorNetwork | NetworkShape, path: Iterable[Any], sliced_indices: Sequence[Hashable] = ()
) -> Plan:
    """Makes a plan from a linear path, as opt_einsum, cotengra and `numpy.einsum_path` give it.

    Args:
        network: The network, or its shape.
        path: Steps, each the positions of the tensors contracted; NumPy's leading `"einsum_path"` is ignored. A
            step over more than two tensors contracts the first two, then the result with the next one, and so on.
        sliced_indices: Names of the indices to slice, the last to count fastest.

    Raises:
        PlanError: A step names a position that does not exist or one twice, or the path leaves more than one tensor.

    Example:
        >>> shape = NetworkShape.from_names(["ab", "bc", "cd"], "ad", dict.fromkeys("abcd", 2))
        >>> from_linear_path(shape, [(1, 2), (0, 1)]).tree.ssa_path
        ((1, 2), (0, 3))
    """
    shape = network.shape if isinstance(network, TensorNetwork) else network
    alive = list(range(shape.num_tensors))
    steps = list(islice(path, 2 * shape.num_tensors + 3))
    if steps and isinstance(steps[0], str) and steps[0] == "einsum_path":
        del steps[0]
    pairs: list[tuple[int, int]] = []
    for number, step in enumerate(steps):
        operands = [alive[position] for position in _positions(step, number, len(alive))]
        removed = set(operands)
        alive = [tensor for tensor in alive if tensor not in removed]
        result = operands[0]
        for tensor in operands[1:]:
            pairs.append((result, tensor))
            result = shape.num_tensors + len(pairs) - 1
        alive.append(result)
    if len(alive) > 1:
        raise PlanError(f"the path must end in one tensor, but leaves {len(alive)} of {shape.num_tensors} tensors")
    return Plan.from_ssa_path(shape, pairs, sliced_indices)


def _positions(step: Any, number: int, count: int) -> list[int]:
    try:
        positions = list(step)
    except TypeError:
        positions = []
    if not positions or any(isinstance(place, bool) or not hasattr(place, "__index__") for place in positions):
        raise PlanError(f"step {number} of the path must be positions in the list of tensors, got {str(step)[:64]!r}")
    places = [int(place) for place in positions]
    if any(not 0 <= place < count for place in places):
        raise PlanError(f"step {number} of the path names positions {places}, but only {count} tensors are left")
    if len(set(places)) != len(places):
        raise PlanError(f"step {number} of the path names a position twice: {places}")
    return places


def to_cotengra(plan: Plan) -> Any:
    """Makes a `cotengra.ContractionTree` from a plan, with the same indices sliced.

    cotengra chooses the order of the steps within the tree and of the slices itself.

    Raises:
        MissingPackageError: cotengra is not installed.
    """
    shape = check_type(plan, Plan, name="plan").shape
    names = shape.index_names
    return cotengra_tree(
        [[names[index] for index in term] for term in shape.inputs],
        [names[index] for index in shape.output],
        dict(zip(names, shape.sizes, strict=True)),
        plan.tree,
        plan.sliced_names,
    )


def cotengra_tree(
    inputs: Iterable[Iterable[Hashable]],
    output: Iterable[Hashable],
    size_dict: dict[Any, int],
    tree: ContractionTree,
    sliced: Iterable[Hashable],
) -> Any:
    """Makes a `cotengra.ContractionTree` over indices as cotengra names them.

    Raises:
        MissingPackageError: cotengra is not installed.
    """
    cotengra = optional_module("cotengra", package="cotengra", what_for="making a cotengra tree")
    converted = cotengra.ContractionTree.from_path(
        [tuple(term) for term in inputs], tuple(output), size_dict, ssa_path=tree.ssa_path
    )
    for index in sliced:
        converted.remove_ind_(index)
    return converted


def from_cotengra(tree: Any, network: TensorNetwork | NetworkShape | None = None) -> Plan:
    """Makes a plan from a `cotengra.ContractionTree`, with its sliced indices.

    Args:
        tree: A complete tree.
        network: The network to make the plan for, with its index names, since cotengra often renames indices. Without
            it the plan is for the network of the tree.

    Raises:
        PlanError: The tree is not complete, fixes an index to one value, or is for another network.
    """
    try:
        inputs, output, sizes = tuple(tree.inputs), tuple(tree.output), dict(tree.size_dict)
        path, sliced = tree.get_ssa_path(), tuple(tree.sliced_inds.values())
    except (AttributeError, TypeError, KeyError) as error:
        raise PlanError(f"tree must be a complete cotengra.ContractionTree, got {describe(tree)}") from error
    fixed = [slicing.ind for slicing in sliced if slicing.project is not None]
    if fixed:
        raise PlanError(f"the tree fixes index {fixed[0]!r} to one value; a plan sums over all values of an index")
    shape, number = shape_of(inputs, output, sizes)
    plan = Plan.from_ssa_path(shape, path, [shape.index_names[number[slicing.ind]] for slicing in sliced])
    return plan if network is None else plan.for_network(network)


def shape_of(
    inputs: Sequence[Iterable[Hashable]], output: Iterable[Hashable], size_dict: Any
) -> tuple[NetworkShape, dict[Hashable, int]]:
    """Reads a network in the form of opt_einsum and cotengra.

    Args:
        inputs: Indices of each tensor, any hashable things, in a sequence or a set.
        output: Indices of the result, likewise.
        size_dict: Size of each index.

    Returns:
        The shape, and the number of each index in it. Indices are numbered in the order of `size_dict`, and
        those of a set, which has no order, are sorted by number.

    Raises:
        NetworkError: An index has no size, or its size is not a whole number from 0.
    """
    if not isinstance(size_dict, Mapping):
        raise NetworkError(f"size_dict must map every index to its size, got {describe(size_dict)}")
    # Stage 1: read the terms and check the sizes.
    terms = [*_read_terms(inputs), *_read_terms([output])]
    for name, size in size_dict.items():
        if not hasattr(size, "__index__") or not 0 <= int(size) <= MAX_SIZE:
            raise NetworkError(f"the size of index {name!r} must be a whole number from 0, got {size!r}")
    for name in chain.from_iterable(terms):
        if name not in size_dict:
            raise NetworkError(f"index {name!r} has no size in size_dict")
    # Stage 2: number the indices.
    number: dict[Hashable, int] = {name: place for place, name in enumerate(size_dict)}
    numbered = [
        tuple(sorted(number[name] for name in term))
        if isinstance(term, set | frozenset)
        else tuple(number[name] for name in term)
        for term in terms
    ]
    # Different indices may have the same text, such as 1 and "1"; then the shape has no names.
    names = tuple(str(name) for name in number)
    shape = NetworkShape(
        inputs=tuple(numbered[:-1]),
        output=numbered[-1],
        sizes=tuple(int(size) for size in size_dict.values()),
        index_names=names if len(set(names)) == len(names) else (),
    )
    return shape, number


def _read_terms(terms: Any) -> list[Iterable[Hashable]]:
    given = list(terms) if isinstance(terms, Iterable) else [terms]
    if not isinstance(terms, Iterable) or not all(isinstance(term, Iterable) for term in given):
        raise NetworkError("inputs must be a sequence with the indices of each tensor, and output those of the result")
    return given
