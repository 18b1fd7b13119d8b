"""A planner for other packages: quimb, cotengra and opt_einsum take it as `optimize=`.

opt_einsum calls it with `(inputs, output, size_dict, memory_limit)` for a linear path, which has no sliced indices.
cotengra, and quimb through it, call `search(inputs, output, size_dict)` for a tree with sliced indices. Plans of recent
networks are cached.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import math
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from taizhang.adapters.contraction_paths import cotengra_tree, linear_path, shape_of
from taizhang.errors import MemoryLimitError, UsageError
from taizhang.execute.prepare import planning_rates
from taizhang.network.network import NetworkShape
from taizhang.options import explicit_options
from taizhang.plan.plan import Plan
from taizhang.plan.search import search
from taizhang.progress.display import show_progress
from taizhang.settings import OPTIONS, SearchOptions, settings_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

# Most plans in the cache of a planner; the one used least recently is dropped.
MAX_REMEMBERED = 64


@explicit_options(SearchOptions, OPTIONS)
class Planner:
    """Plans contractions for other packages.

    Without a memory limit, trees are sliced to fit the default limit, and paths, which cannot be sliced, have none.

    Args:
        options: See `taizhang.settings.OPTIONS`.

    Raises:
        UsageError: An option has an invalid value.

    Example:
        >>> planner = Planner(seed=1)
        >>> planner([{"a", "b"}, {"b", "c"}, {"c", "d"}], {"a", "d"}, {"a": 2, "b": 64, "c": 64, "d": 64})
        [(0, 1), (0, 1)]
        >>> planner.plan(["ab", "bc"], "ac", {"a": 2, "b": 64, "c": 64}).cost.multiply_adds_naive
        8192
    """

    def __new__(cls, *_: object, **__: object) -> Planner:
        """Makes a `PathOptimizer` where opt_einsum is installed, since opt_einsum accepts nothing else."""
        return object.__new__(_planner_class() if cls is Planner else cls)

    def __init__(self, **options: Unpack[SearchOptions]) -> None:
        self._settings = settings_of(Planner, options)
        self._options = dict(options)
        self._progress: bool | None = options.get("progress")
        self._remembered: OrderedDict[tuple[object, ...], Plan] = OrderedDict()

    def __repr__(self) -> str:
        given = (f"{name}={value!r}" for name, value in self._options.items() if value is not None)
        return f"Planner({', '.join(given)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _remake, (self._options,)

    def __call__(
        self,
        inputs: Sequence[Iterable[Hashable]],
        output: Iterable[Hashable],
        size_dict: Mapping[Any, int],
        memory_limit: float | str | None = None,
    ) -> list[tuple[int, ...]]:
        """Finds a linear path without slices.

        Args:
            inputs: Indices of each tensor, any hashable things, in a sequence or a set.
            output: Indices of the result, likewise.
            size_dict: Size of each index.
            memory_limit: Most elements of an intermediate; None or -1 for no limit, `"max_input"` for the size of the
                largest of inputs and output.

        Returns:
            The positions contracted in each step, in a list of tensors to which each result is appended.

        Raises:
            MemoryLimitError: No path without slices was found within the limits.
            NetworkError: The network is not well formed.
        """
        shape, _ = shape_of(inputs, output, size_dict)
        limits = [limit for limit in (self._settings.width, _width_of(memory_limit, shape)) if limit is not None]
        plan = self._find_plan(
            shape,
            min(limits, default=None),
            self._settings.planning_bytes() if self._settings.memory is not None else None,
        )
        if plan.sliced_indices:
            raise MemoryLimitError(
                f"the best plan found within the limits slices {len(plan.sliced_indices)} indices, which a path cannot "
                "express; allow more memory or width, or use Planner.search, whose tree is sliced"
            )
        return linear_path(plan.tree)

    def plan(
        self, inputs: Sequence[Iterable[Hashable]], output: Iterable[Hashable], size_dict: Mapping[Any, int]
    ) -> Plan:
        """Finds a plan, sliced where the limits require it.

        Args:
            inputs: Indices of each tensor, any hashable things, in a sequence or a set.
            output: Indices of the result, likewise.
            size_dict: Size of each index.

        Raises:
            MemoryLimitError: No plan was found within the limits.
            NetworkError: The network is not well formed.
        """
        return self._sliced_plan(shape_of(inputs, output, size_dict)[0])

    def search(
        self, inputs: Sequence[Iterable[Hashable]], output: Iterable[Hashable], size_dict: Mapping[Any, int]
    ) -> Any:
        """Finds a plan and converts it to a cotengra tree.

        Args:
            inputs: Indices of each tensor, any hashable things, in a sequence.
            output: Indices of the result, likewise.
            size_dict: Size of each index.

        Returns:
            A `cotengra.ContractionTree` with its indices sliced.

        Raises:
            MissingPackageError: cotengra is not installed.
            MemoryLimitError: No plan was found within the limits.
            NetworkError: The network is not well formed.
        """
        shape, number = shape_of(inputs, output, size_dict)
        plan = self._sliced_plan(shape)
        names = list(number)
        sliced = [names[index] for index in plan.sliced_indices]
        return cotengra_tree(inputs, output, dict(size_dict), plan.tree, sliced)

    def _sliced_plan(self, shape: NetworkShape) -> Plan:
        return self._find_plan(shape, self._settings.width, self._settings.planning_bytes())

    def _find_plan(self, shape: NetworkShape, width: float | None, memory_bytes: int | None) -> Plan:
        settings = self._settings
        key = (shape, width, memory_bytes is None)
        plan = self._remembered.get(key)
        if plan is None or (memory_bytes is not None and plan.cost.peak_bytes > memory_bytes):
            with show_progress(self._progress) as display:
                if display is not None:
                    display.stage("plan")
                plan = search(
                    shape,
                    memory_bytes=memory_bytes,
                    width=width,
                    seconds=settings.plan_seconds,
                    trials=settings.trials,
                    seed=settings.seed,
                    threads=settings.threads,
                    machine=planning_rates(settings),
                    dtype=settings.dtype,
                    objective=settings.objective,
                    progress=None if display is None else display.searching,
                )
        self._remembered[key] = plan
        self._remembered.move_to_end(key)
        while len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)
        return plan


def _remake(options: Mapping[str, Any]) -> Planner:
    return Planner(**options)


@functools.cache
def _planner_class() -> type[Planner]:
    """Returns `Planner`, or a subclass that is also opt_einsum's `PathOptimizer`."""
    with contextlib.suppress(ImportError):
        base = importlib.import_module("opt_einsum.paths").PathOptimizer
        return type("Planner", (Planner, base), {"__module__": Planner.__module__, "__doc__": Planner.__doc__})
    return Planner


def _width_of(memory_limit: float | str | None, shape: NetworkShape) -> float | None:
    """Converts opt_einsum's limit on elements to a width."""
    if memory_limit is None or memory_limit in (-1, math.inf):
        return None
    if memory_limit == "max_input":
        terms = (*shape.inputs, shape.output)
        memory_limit = max(1, *(math.prod(shape.sizes[index] for index in term) for term in terms))
    if isinstance(memory_limit, str) or not memory_limit >= 1:
        raise UsageError(
            f"memory_limit must be a number of elements from 1, 'max_input', or None, got {memory_limit!r}"
        )
    return math.log2(memory_limit)
