"""Order files: contraction orders in ACQDP's JSON format.

    {"contractions": [[[LEFT, RIGHT], RESULT], ...],   pairs in the order in which they are contracted
     "slices": [EDGE, ...],                            sliced edges
     "cost": [OPERATIONS, ELEMENTS, NUMBER]}           not read: one slice, largest intermediate, edges sliced

LEFT, RIGHT, RESULT and EDGE are names: a whole number, a string, or a list of names, such as `[42, [0, 1]]` or
`[43, [0], "TC"]`. A result is called `["#", NUMBER]`, the last one `"#"`; every other name is that of a tensor of the
network. The names are those of the program that wrote the file; the caller maps them to tensors
and indices of the network. Nothing in a file is evaluated, and its size and depth are limited.

Source: Huang et al., arXiv:2005.06787, whose orders for the Sycamore circuits were released in this form.
"""

from __future__ import annotations

import json
import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, Union

from taizhang.errors import PlanError
from taizhang.network.network import MAX_TENSORS, NetworkShape, TensorNetwork
from taizhang.plan.plan import MAX_FILE_BYTES, Plan

MAX_NAME_DEPTH = 8
MAX_NAME_PARTS = 64

Name: TypeAlias = Union[int, str, tuple["Name", ...]]  # noqa: UP007  (| takes no forward reference here)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Order:
    """A contraction order under the names of another program; lists in its names are tuples here.

    Attributes:
        tensor_names: Names of the tensors contracted, in the order of their first use.
        ssa_path: Pairs of positions in `tensor_names`; step k makes number `len(tensor_names) + k`.
        sliced_names: Names of the sliced edges.
    """

    tensor_names: tuple[Name, ...]
    ssa_path: tuple[tuple[int, int], ...]
    sliced_names: tuple[Name, ...] = ()

    def __repr__(self) -> str:
        return f"<Order: {len(self.tensor_names):,} tensors, {len(self.sliced_names):,} sliced edges>"

    def plan_for(
        self,
        network: TensorNetwork | NetworkShape,
        *,
        tensors: Mapping[Any, int] | None = None,
        indices: Mapping[Any, Hashable] | None = None,
    ) -> Plan:
        """Makes a plan for a network.

        Args:
            network: The network, or its shape.
            tensors: For each name in `tensor_names` the number of the tensor in the network. Without it the names must
                be these numbers.
            indices: For each name in `sliced_names` the name of the index in the network. Without it the names must be
                these.

        Raises:
            PlanError: A name matches no tensor or index of the network, or not every tensor is contracted once.

        Example:
            >>> shape = NetworkShape.from_names(["ab", "bc", "ca"], "", {"a": 2, "b": 2, "c": 2})
            >>> order = Order(tensor_names=((7, "x"), (7, "y"), "z"), ssa_path=((0, 1), (3, 2)), sliced_names=("b",))
            >>> order.plan_for(shape, tensors={(7, "x"): 2, (7, "y"): 1, "z": 0}).tree.ssa_path
            ((2, 1), (3, 0))
        """
        shape = network.shape if isinstance(network, TensorNetwork) else network
        count = shape.num_tensors
        numbers = [_tensor_number(name, tensors, count) for name in self.tensor_names]
        if not self.ssa_path and count == 1:
            numbers = [0]
        if sorted(numbers) != list(range(count)):
            left_out = sorted(set(range(count)) - set(numbers))
            problem = f"tensor {left_out[0]} is not contracted" if left_out else "a tensor has two names"
            raise PlanError(f"the order has {len(numbers)} tensors and the network {count}; {problem}")
        numbers += range(count, count + len(self.ssa_path))
        sliced = [_index_name(name, indices) for name in self.sliced_names]
        return Plan.from_ssa_path(shape, [(numbers[left], numbers[right]) for left, right in self.ssa_path], sliced)


def read_order(path: str | os.PathLike[str]) -> Order:
    """Reads an order file.

    Args:
        path: The file; its format is described in the module docstring.

    Raises:
        PlanError: The file is not an order file, is damaged or too large; the message names the contraction.
        OSError: The file cannot be read.
    """
    source = Path(path)
    if source.stat().st_size > MAX_FILE_BYTES:
        raise PlanError(f"order file '{source}' is larger than {MAX_FILE_BYTES >> 20} MiB; it cannot be an order")
    try:
        content = json.loads(source.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise PlanError(f"'{source}' is not an order file: it does not hold JSON ({error})") from None
    try:
        return _order_of(content)
    except PlanError as error:
        raise PlanError(f"order file '{source}': {error}") from None


def write_order(
    plan: Plan,
    path: str | os.PathLike[str],
    *,
    tensor_names: Sequence[Name] | None = None,
    index_names: Mapping[str, Name] | None = None,
) -> None:
    """Writes a plan as an order file.

    Args:
        plan: The plan.
        path: The file.
        tensor_names: Name of each tensor, in the order of the network; by default its number.
        index_names: Name of each sliced index in the file; by default its name in the plan.

    Raises:
        PlanError: A tensor or sliced index has no name, two have the same, or a name is reserved for results.
        OSError: The file cannot be written.
    """
    names: list[Name] = list(range(plan.tree.num_tensors) if tensor_names is None else tensor_names)
    if len(names) != plan.tree.num_tensors or len(set(names)) != len(names) or any(map(_is_result, names)):
        raise PlanError(
            f"tensor_names must be {plan.tree.num_tensors} different names, none beginning with '#', got "
            f"{len(names)} names"
        )
    unnamed = [name for name in plan.sliced_names if index_names is not None and name not in index_names]
    if unnamed:
        raise PlanError(f"sliced index '{unnamed[0]}' has no name in index_names; add one")
    contractions = []
    for step, (left, right) in enumerate(plan.tree.ssa_path):
        last = step == len(plan.tree.ssa_path) - 1
        result: Name = "#" if last else ("#", step + 1)
        contractions.append([[names[left], names[right]], result])
        names.append(result)
    cost = plan.cost
    content = {
        "contractions": contractions,
        "slices": [name if index_names is None else index_names[name] for name in plan.sliced_names],
        "cost": [cost.multiply_adds_naive // cost.num_slices, round(2**cost.width), len(plan.sliced_indices)],
    }
    Path(path).write_text(json.dumps(content) + "\n", encoding="utf-8")


def _order_of(content: object) -> Order:
    if not isinstance(content, dict):
        raise PlanError("the file must hold a JSON object with 'contractions'")
    contractions, slices = content.get("contractions"), content.get("slices", [])
    if not isinstance(contractions, list) or len(contractions) >= MAX_TENSORS:
        raise PlanError(f"'contractions' must be a list of fewer than {MAX_TENSORS} contractions")
    if not isinstance(slices, list):
        raise PlanError("'slices' must be a list of names of edges")
    steps = [_step(entry, number) for number, entry in enumerate(contractions)]
    return Order(
        **_number_steps(steps),
        sliced_names=tuple(_name(edge, f"slice {number}") for number, edge in enumerate(slices)),
    )


def _step(entry: object, number: int) -> tuple[Name, Name, Name]:
    where = f"contraction {number}"
    if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], list) and len(entry[0]) == 2):
        raise PlanError(f"{where} must be [[left, right], result], got {str(entry)[:64]!r}")
    return _name(entry[0][0], where), _name(entry[0][1], where), _name(entry[1], where)


def _name(value: object, where: str, depth: int = 0) -> Name:
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, list) and depth < MAX_NAME_DEPTH and len(value) <= MAX_NAME_PARTS:
        return tuple(_name(part, where, depth + 1) for part in value)
    raise PlanError(f"a name in {where} must be a whole number, a string, or a list of names, got {str(value)[:64]!r}")


def _is_result(name: Name) -> bool:
    return name == "#" or (isinstance(name, tuple) and name[:1] == ("#",))


def _number_steps(steps: Sequence[tuple[Name, Name, Name]]) -> dict[str, Any]:
    """Converts named steps to `tensor_names` and `ssa_path` of an `Order`.

    A name is a result if an earlier step made it, whether or not it begins with `#`.
    """
    results: dict[Name, int] = {}  # results not yet contracted, by the step that made them
    leaves: dict[Name, int] = {}
    pairs: list[tuple[tuple[bool, int], tuple[bool, int]]] = []

    def take(name: Name, where: str) -> tuple[bool, int]:
        if name in results:
            return True, results.pop(name)
        if _is_result(name):
            raise PlanError(f"{where} contracts result {_shown(name)}, which no earlier contraction makes")
        if name in leaves:
            raise PlanError(f"{where} contracts {_shown(name)}, which was contracted before")
        leaves[name] = len(leaves)
        return False, leaves[name]

    for number, (left, right, result) in enumerate(steps):
        where = f"contraction {number}"
        pairs.append((take(left, where), take(right, where)))
        if result in results or result in leaves:
            raise PlanError(f"{where} makes {_shown(result)}, which exists already")
        results[result] = number
    if len(results) > 1:
        raise PlanError(f"the contractions must end in one tensor, but leave {len(results)}")
    shift = {False: 0, True: len(leaves)}
    return {
        "tensor_names": tuple(leaves),
        "ssa_path": tuple((shift[a] + left, shift[b] + right) for (a, left), (b, right) in pairs),
    }


def _tensor_number(name: Name, tensors: Mapping[Any, int] | None, count: int) -> int:
    number = name if tensors is None else tensors.get(name)
    if not isinstance(number, int) or not 0 <= number < count:
        raise PlanError(
            f"tensor {_shown(name)} of the order is not one of the network's {count}; give the number of each name in "
            "`tensor_names` with `tensors`"
        )
    return number


def _index_name(name: Name, indices: Mapping[Any, Hashable] | None) -> str:
    if indices is not None and name in indices:
        return str(indices[name])
    if indices is None and not isinstance(name, tuple):
        return str(name)
    raise PlanError(
        f"sliced edge {_shown(name)} of the order is not the name of an index; give the index of each name in "
        "`sliced_names` with `indices`"
    )


def _shown(name: Name) -> str:
    return json.dumps(name)[:64]
