"""Plans: how to contract a network and at what cost, and their files.

A plan file is JSON and holds no code. It is complete: the network's shape under its index names, the path, the sliced
indices, the cost, the seed and the time spent, and a sha256 of the shape. All input is checked, and the cost
is computed again rather than trusted.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from taizhang._checks import check_path, describe
from taizhang._files import write_file
from taizhang._html import card
from taizhang._lazy import lazy_module
from taizhang._types import DtypeName
from taizhang._units import counted, human_bytes, human_seconds
from taizhang.errors import NetworkError, PlanError, UsageError
from taizhang.network.network import NetworkShape, TensorNetwork
from taizhang.plan.cost import Cost, cost_of
from taizhang.plan.tree import ContractionTree

plan_plots: Any = lazy_module("taizhang.plots.plan")

FILE_VERSION = 1
ROWS_VERSION = 2  # files of networks with row indices, which readers of version 1 cannot run
MAX_FILE_BYTES = 1 << 28
MAX_SIZE = 1 << 48


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Plan:
    """How to contract one network: a tree, what to slice, and what that costs.

    Attributes:
        shape: The network the plan is for.
        tree: The contraction order; steps run in the order of its path.
        sliced_indices: The sliced indices. The slice number counts through them, the last fastest.
        cost: Work and memory, as `cost_of` counts them.
        dtype: The data type that the bytes in `cost` are for.
        predicted_seconds: Predicted time of running all slices on the machine planned for; 0 if none was predicted.
        planning_seconds: Time spent on searching.
        seed: Seed of the search.
        trials: Number of trials of the search; None if it had a time limit instead.
        trial: The trial that won: the same seed and at least `trial + 1` trials find this plan again.
        history: The search's progress: pairs of seconds since its start and log10 of the multiply-adds of the best plan
            so far, every step counted in every slice.

    Raises:
        PlanError: Tree or sliced indices do not fit the shape.
    """

    shape: NetworkShape
    tree: ContractionTree
    sliced_indices: tuple[int, ...]
    cost: Cost
    dtype: DtypeName = "complex64"
    predicted_seconds: float = 0.0
    planning_seconds: float = 0.0
    seed: int = 0
    trials: int | None = None
    trial: int | None = None
    history: tuple[tuple[float, float], ...] = ()

    @property
    def num_slices(self) -> int:
        """Number of slices."""
        return self.cost.num_slices

    @property
    def sliced_names(self) -> tuple[str, ...]:
        """Names of the sliced indices, in order."""
        return tuple(self.shape.index_names[index] for index in self.sliced_indices)

    @classmethod
    def from_ssa_path(
        cls,
        network: TensorNetwork | NetworkShape,
        ssa_path: Iterable[Iterable[int]],
        sliced_indices: Sequence[Hashable] = (),
        *,
        dtype: DtypeName = "complex64",
    ) -> Plan:
        """Makes a plan from a contraction path of any origin.

        Args:
            network: The network, or its shape.
            ssa_path: Pairs of tensor numbers; step k makes number `num_tensors + k`.
            sliced_indices: Names of the indices to slice, the last to count fastest.
            dtype: The data type to count bytes for.

        Raises:
            PlanError: The path is not complete, or a sliced index is not in the network.

        Example:
            >>> shape = NetworkShape.from_names([("a", "b"), ("b", "c")], ("a", "c"), {"a": 2, "b": 2, "c": 2})
            >>> Plan.from_ssa_path(shape, [(0, 1)], sliced_indices=("b",)).num_slices
            2
        """
        shape = _shape_of(network)
        tree = ContractionTree.from_pairs(shape.num_tensors, ssa_path)
        number = {name: index for index, name in enumerate(shape.index_names)}
        if isinstance(sliced_indices, str) or not isinstance(sliced_indices, Iterable):
            raise UsageError(f"sliced_indices must be a sequence of index names, got {describe(sliced_indices)}")
        try:
            sliced = tuple(number[str(name)] for name in sliced_indices)
        except KeyError as missing:
            raise PlanError(f"sliced index {missing.args[0]!r} is not in the network") from None
        return cls(
            shape=shape, tree=tree, sliced_indices=sliced, cost=cost_of(shape, tree, sliced, dtype=dtype), dtype=dtype
        )

    def for_network(self, network: TensorNetwork | NetworkShape) -> Plan:
        """Returns the plan over the indices of `network`, which may have other numbers or names.

        Raises:
            PlanError: The plan is for another network.
        """
        shape = _shape_of(network)
        if shape == self.shape:
            return self
        here, there = _canonical(self.shape), _canonical(shape)
        if here.key != there.key:
            raise PlanError(
                f"the plan is for a network of {_size_text(self.shape)}, not for this one of {_size_text(shape)}; "
                "plan this network again"
            )
        sliced = tuple(there.index_at[here.place_of[index]] for index in self.sliced_indices)
        return replace(self, shape=shape, sliced_indices=sliced)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the plan as a JSON file, replacing an existing file atomically.

        Raises:
            OSError: The file cannot be written.
        """
        write_file(check_path(path), self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str], network: TensorNetwork | NetworkShape | None = None) -> Plan:
        """Reads a plan file.

        Args:
            path: The file.
            network: If given, the network that the plan must be for.

        Raises:
            PlanError: The file is not a plan, is damaged or too large, or is for another network.
            OSError: The file cannot be read.
        """
        source = Path(check_path(path))
        if source.stat().st_size > MAX_FILE_BYTES:
            raise PlanError(f"plan file '{source}' is larger than {MAX_FILE_BYTES >> 20} MiB; it cannot be a plan")
        try:
            content = json.loads(source.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise PlanError(
                f"'{source}' is not a plan file: it does not hold JSON ({error}); search the plan again"
            ) from None
        try:
            plan = cls.from_dict(content)
        except PlanError as error:
            raise PlanError(f"plan file '{source}': {error}") from None
        return plan if network is None else plan.for_network(network)

    def to_bytes(self) -> bytes:
        """Returns the content of the plan's file."""
        return (json.dumps(self.to_dict(), separators=(",", ":")) + "\n").encode()

    def to_dict(self) -> dict[str, Any]:
        """Returns the plan as the JSON object of a plan file."""
        names, cost = self.shape.index_names, self.cost
        return {
            "format": "taizhang-plan",
            "version": ROWS_VERSION if self.shape.row_indices else FILE_VERSION,
            "inputs": [[names[index] for index in term] for term in self.shape.inputs],
            "output": [names[index] for index in self.shape.output],
            "size_dict": dict(zip(names, self.shape.sizes, strict=True)),
            **self._rows_to_dict(),
            "ssa_path": [list(pair) for pair in self.tree.ssa_path],
            "sliced_indices": list(self.sliced_names),
            "network_sha256": self.shape.sha256(),
            "dtype": self.dtype,
            "log10_multiply_adds": cost.log10_multiply_adds_executed,
            "log10_multiply_adds_naive": cost.log10_multiply_adds_naive,
            "width": cost.width,
            "num_slices": cost.num_slices,
            "peak_bytes": cost.peak_bytes,
            "predicted_seconds": self.predicted_seconds,
            "planning_seconds": self.planning_seconds,
            "seed": self.seed,
            "trials": self.trials,
            "trial": self.trial,
            "history": [list(point) for point in self.history],
        }

    def _rows_to_dict(self) -> dict[str, Any]:
        shape = self.shape
        if not shape.row_indices:
            return {}
        return {"row_indices": [shape.index_names[index] for index in shape.row_indices], "num_rows": shape.num_rows}

    @classmethod
    def from_dict(cls, content: object) -> Plan:
        """Makes a plan from the JSON object of a plan file; the cost is computed again.

        Raises:
            PlanError: A key is missing or has a wrong value; the message names it.
        """
        if not isinstance(content, dict):
            raise PlanError(f"a plan must be a JSON object, got {describe(content)}")
        version = content.get("version", FILE_VERSION)
        if version not in (FILE_VERSION, ROWS_VERSION):
            raise PlanError(f"its version must be {FILE_VERSION} or {ROWS_VERSION}, got {version!r}")
        shape = _read_shape(content)
        recorded = content.get("network_sha256")
        if recorded is not None and recorded != shape.sha256():
            raise PlanError("network_sha256 does not agree with inputs, output and size_dict; the file is damaged")
        path = content.get("ssa_path")
        if not isinstance(path, list) or not all(isinstance(pair, list) for pair in path):
            raise PlanError("'ssa_path' must be a list of pairs of tensor numbers")
        dtype = content.get("dtype", "complex64")
        if dtype not in ("complex64", "complex128"):
            raise PlanError(f"'dtype' must be complex64 or complex128, got {dtype!r}")
        sliced = _read_names(content, "sliced_indices")
        plan = cls.from_ssa_path(shape, path, sliced, dtype=dtype)
        return replace(
            plan,
            predicted_seconds=_read_seconds(content, "predicted_seconds"),
            planning_seconds=_read_seconds(content, "planning_seconds"),
            seed=_read_count(content, "seed") or 0,
            trials=_read_count(content, "trials"),
            trial=_read_count(content, "trial"),
            history=_read_history(content),
        )

    def __str__(self) -> str:
        cost = self.cost
        count = len(self.sliced_indices)
        sliced = counted(count, "sliced index", "sliced indices") if count else "nothing sliced"
        indices = counted(self.shape.num_indices, "index", "indices")
        lines = [
            f"Plan for {counted(self.shape.num_tensors, 'tensor')}, {indices}",
            f"  work      10^{cost.log10_multiply_adds_executed:.2f} multiply-adds "
            f"(10^{cost.log10_multiply_adds_naive:.2f} if slices shared no steps)",
            f"  slices    {_count(cost.num_slices)} ({sliced})",
            f"  memory    {human_bytes(cost.peak_bytes)} at its peak, "
            f"the largest intermediate 2^{cost.width:g} elements",
        ]
        if self.predicted_seconds:
            lines.append(f"  run time  {human_seconds(self.predicted_seconds)} predicted")
        if self.planning_seconds:
            lines.append(f"  planned   in {human_seconds(self.planning_seconds)}, seed {self.seed}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        cost = self.cost
        parts = [f"10^{cost.log10_multiply_adds_executed:.2f} multiply-adds"]
        if cost.num_slices > 1:
            parts.append(f"{_count(cost.num_slices)} slices")
        parts.append(human_bytes(cost.peak_bytes))
        if self.predicted_seconds:
            parts.append(f"{human_seconds(self.predicted_seconds)} predicted")
        return f"<Plan: {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        return card(str(self), plan_plots.plan_svg(self))


def _shape_of(network: object) -> NetworkShape:
    if isinstance(network, NetworkShape):
        return network
    if not isinstance(network, TensorNetwork):
        raise UsageError(f"network must be a TensorNetwork or a NetworkShape, got {describe(network)}")
    return network.shape


def _count(number: int) -> str:
    """Returns a whole number as text; a very large one as a power of ten."""
    return f"{number:,}" if number < 10**12 else f"10^{math.log10(number):.1f}"


class _Canonical(NamedTuple):
    """A shape whose indices are numbered in order of appearance, whatever their names and numbers were."""

    key: tuple[object, ...]
    place_of: dict[int, int]
    index_at: list[int]


def _size_text(shape: NetworkShape) -> str:
    tensors, indices = counted(shape.num_tensors, "tensor"), counted(shape.num_indices, "index", "indices")
    return f"{tensors} and {indices} (sha256 {shape.sha256()[:12]})"


def _canonical(shape: NetworkShape) -> _Canonical:
    place_of: dict[int, int] = {}
    for term in shape.inputs:
        for index in term:
            place_of.setdefault(index, len(place_of))
    for index in sorted(range(shape.num_indices), key=lambda index: shape.sizes[index]):
        place_of.setdefault(index, len(place_of))  # on no tensor: affects nothing
    index_at = sorted(place_of, key=place_of.__getitem__)
    key = (
        tuple(tuple(place_of[index] for index in term) for term in shape.inputs),
        tuple(place_of[index] for index in shape.output),
        tuple(place_of[index] for index in shape.row_indices),
        shape.num_rows,
        tuple(shape.sizes[index] for index in index_at),
    )
    return _Canonical(key, place_of, index_at)


def _read_shape(content: Mapping[str, object]) -> NetworkShape:
    terms = content.get("inputs")
    if not isinstance(terms, list):
        raise PlanError("'inputs' must be a list of lists of index names")
    inputs = [_names(term, f"inputs[{number}]") for number, term in enumerate(terms)]
    size_dict = content.get("size_dict")
    if not isinstance(size_dict, dict):
        raise PlanError("'size_dict' must be an object that gives every index name its size")
    for name, size in size_dict.items():
        if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= MAX_SIZE:
            raise PlanError(
                f"the size of index '{name}' in 'size_dict' must be a whole number from 0 to 2^48, got {size!r}"
            )
    try:
        return NetworkShape.from_names(
            inputs,
            _read_names(content, "output"),
            size_dict,
            row_indices=_read_names(content, "row_indices"),
            num_rows=_read_count(content, "num_rows") or 0,
        )
    except NetworkError as error:
        raise PlanError(str(error)) from None


def _read_names(content: Mapping[str, object], key: str) -> list[str]:
    return _names(content.get(key, [] if key in ("sliced_indices", "row_indices") else None), key)


def _names(value: object, key: str) -> list[str]:
    if not isinstance(value, list) or any(isinstance(name, bool) or not isinstance(name, str | int) for name in value):
        raise PlanError(f"'{key}' must be a list of index names")
    return [str(name) for name in value]


def _read_seconds(content: Mapping[str, object], key: str) -> float:
    value = content.get(key, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and value >= 0):
        raise PlanError(f"'{key}' must be a number of seconds, got {value!r}")
    return float(value)


def _read_count(content: Mapping[str, object], key: str) -> int | None:
    value = content.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise PlanError(f"'{key}' must be a whole number, got {value!r}")
    return value


def _read_history(content: Mapping[str, object]) -> tuple[tuple[float, float], ...]:
    points = content.get("history", [])
    if not isinstance(points, list):
        raise PlanError("'history' must be a list of pairs of numbers")
    read = []
    for point in points:
        is_pair = isinstance(point, list) and len(point) == 2
        if not is_pair or any(isinstance(value, bool) or not isinstance(value, int | float) for value in point):
            raise PlanError("'history' must be a list of pairs of numbers")
        read.append((float(point[0]), float(point[1])))
    return tuple(read)
