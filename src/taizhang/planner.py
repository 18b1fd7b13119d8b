"""A planner for other programs: quimb, cotengra and opt_einsum take it as `optimize=`.

opt_einsum calls such an object with `(inputs, output, size_dict, memory_limit)` and is given a linear path, which
cannot say what is sliced. cotengra, and quimb through it, asks for a whole tree with `search(inputs, output,
size_dict)`, which can. Networks planned lately are remembered: one that is contracted again is not planned again.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import math
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from taizhang.errors import MemoryLimitError, UsageError
from taizhang.network.network import NetworkShape
from taizhang.options import explicit_options
from taizhang.plan.exchange import cotengra_tree, linear_path, shape_of
from taizhang.plan.plan_file import Plan
from taizhang.plan.search import search
from taizhang.progress.display import shown_progress
from taizhang.ready_plan import planning_machine
from taizhang.settings import OPTIONS, SearchOptions, settings_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

MAX_REMEMBERED = 64


@explicit_options(SearchOptions, OPTIONS)
class Planner:
    """Plans contractions for other programs.

    Without a memory limit trees are sliced to fit the default one, and paths, which cannot be sliced, are not limited.

    Args:
        options: See `taizhang.settings.OPTIONS`.

    Raises:
        UsageError: An option has a value that it cannot have.

    Example:
        >>> planner = Planner(seed=1)
        >>> planner([{"a", "b"}, {"b", "c"}, {"c", "d"}], {"a", "d"}, {"a": 2, "b": 64, "c": 64, "d": 64})
        [(0, 1), (0, 1)]
        >>> planner.plan(["ab", "bc"], "ac", {"a": 2, "b": 64, "c": 64}).cost.multiply_adds_naive
        8192
    """

    def __new__(cls, *_: object, **__: object) -> Planner:
        """Makes it a `PathOptimizer` where opt_einsum is installed, since opt_einsum takes no other object."""
        return object.__new__(_class_to_make() if cls is Planner else cls)

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
        """Finds a path without slices.

        Args:
            inputs: Indices of each tensor, any hashable things, in a sequence or a set.
            output: Indices of the result, alike.
            size_dict: Size of each index.
            memory_limit: Most elements of an intermediate; None or -1 for no limit, `"max_input"` for the size of the
                largest of inputs and output.

        Returns:
            The positions contracted in each step, out of a list to whose end the result is put.

        Raises:
            MemoryLimitError: No path without slices was found within the limits.
            NetworkError: The network is not well formed.
        """
        shape, _ = shape_of(inputs, output, size_dict)
        limits = [limit for limit in (self._settings.width, _width_of(memory_limit, shape)) if limit is not None]
        plan = self._planned(
            shape,
            min(limits, default=None),
            self._settings.planning_bytes() if self._settings.memory is not None else None,
        )
        if plan.sliced_indices:
            raise MemoryLimitError(
                f"the best plan found within the limits slices {len(plan.sliced_indices)} indices, which a path cannot "
                "say; allow more memory or width, or take the tree of Planner.search, which is sliced"
            )
        return linear_path(plan.tree)

    def plan(
        self, inputs: Sequence[Iterable[Hashable]], output: Iterable[Hashable], size_dict: Mapping[Any, int]
    ) -> Plan:
        """Finds a plan, sliced where the limits ask for it.

        Args:
            inputs: Indices of each tensor, any hashable things, in a sequence or a set.
            output: Indices of the result, alike.
            size_dict: Size of each index.

        Raises:
            MemoryLimitError: No plan was found within the limits.
            NetworkError: The network is not well formed.
        """
        return self._sliced_plan(shape_of(inputs, output, size_dict)[0])

    def search(
        self, inputs: Sequence[Iterable[Hashable]], output: Iterable[Hashable], size_dict: Mapping[Any, int]
    ) -> Any:
        """Finds a plan and gives it as cotengra's tree.

        Args:
            inputs: Indices of each tensor, any hashable things, in a sequence.
            output: Indices of the result, alike.
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
        return self._planned(shape, self._settings.width, self._settings.planning_bytes())

    def _planned(self, shape: NetworkShape, width: float | None, memory_bytes: int | None) -> Plan:
        settings = self._settings
        key = (shape, width, memory_bytes is None)
        plan = self._remembered.get(key)
        if plan is None or (memory_bytes is not None and plan.cost.peak_bytes > memory_bytes):
            with shown_progress(self._progress) as display:
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
                    machine=planning_machine(settings),
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
def _class_to_make() -> type[Planner]:
    """The class itself, or one that is opt_einsum's `PathOptimizer` as well."""
    with contextlib.suppress(ImportError):
        base = importlib.import_module("opt_einsum.paths").PathOptimizer
        return type("Planner", (Planner, base), {"__module__": Planner.__module__, "__doc__": Planner.__doc__})
    return Planner


def _width_of(memory_limit: float | str | None, shape: NetworkShape) -> float | None:
    """Width that opt_einsum's limit on elements stands for."""
    if memory_limit is None or memory_limit in (-1, math.inf):
        return None
    if memory_limit == "max_input":
        terms = (*shape.inputs, shape.output)
        memory_limit = max(1, *(math.prod(shape.sizes[index] for index in term) for term in terms))
    if isinstance(memory_limit, str) or not memory_limit >= 1:
        raise UsageError(
            f"memory_limit was given as {memory_limit!r}; wanted is a number of elements from 1, 'max_input', or None"
        )
    return math.log2(memory_limit)
