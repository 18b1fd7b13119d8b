"""Overhead of a run besides arithmetic: networks of many tiny tensors, and slices of almost no work."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np

import taizhang as tz
from benchmarks.tables import Result
from taizhang.execute import NativeProgram, compile_plan, run_program
from taizhang.execute.schedule import Schedule

NUM_TENSORS = 800


def run(*, quick: bool, threads: int) -> Result:
    """Measures on one thread, regardless of `threads`: the work is too small for a second one."""
    repeats = 30 if quick else 200
    rows = []
    cases = {"chain": (chain(), ()), "tree": (tree(), ()), "strip": (strip(), ()), "pairs, all sliced": pairs(12)}
    for name, (network, sliced) in cases.items():
        path = tz.plan(network, trials=1, threads=1).tree.ssa_path
        plan = tz.Plan.from_ssa_path(network, path, sliced_indices=sliced)
        compiled = compile_plan(plan)
        native = best(repeats, native_run(compiled, network))
        whole = best(repeats, partial(run_program, compiled, network.arrays, threads=1))
        lowered = best(3, partial(compile_plan, plan))
        executed = sum(step.runs for step in run_program(compiled, network.arrays, threads=1, profile=True).profile)
        largest = max(array.size for array in network.arrays)
        row = (f"{len(network.arrays)}", f"{largest}", f"{plan.num_slices}", f"{executed}", microseconds(native))
        per = (microseconds(native / plan.num_slices), microseconds(native / executed))
        rows.append((name, *row, *per, microseconds(whole), microseconds(lowered)))
    columns = (
        "network",
        "tensors",
        "largest",
        "slices",
        "steps run",
        "native, µs",
        "a slice, µs",
        "a step, µs",
        "from Python, µs",
        "compiling, µs",
    )
    return "Overheads: tensors of at most 64 elements, one thread, complex64, best of many", columns, rows


def chain() -> tz.TensorNetwork:
    """Matrices of 8 by 8 in a row, a vector at both ends."""
    terms = [(0,), *((k, k + 1) for k in range(NUM_TENSORS - 2)), (NUM_TENSORS - 2,)]
    return network_of(terms, 8)


def tree() -> tz.TensorNetwork:
    """A binary tree: each tensor but the first has an index to the one above it, and two of size 4 to those below."""
    terms = []
    for number in range(NUM_TENSORS):
        below = [index for index in (2 * number + 1, 2 * number + 2) if index < NUM_TENSORS]
        terms.append((number, *below) if number else tuple(below))
    return network_of(terms, 4)


def strip() -> tz.TensorNetwork:
    """A strip of 4 by 200 tensors with an index of size 2 to each neighbour, as of a shallow circuit."""
    width = 4
    edges = [(place, place + width) for place in range(NUM_TENSORS - width)]
    edges += [(place, place + 1) for place in range(NUM_TENSORS) if place % width != width - 1]
    terms: list[list[int]] = [[] for _ in range(NUM_TENSORS)]
    for index, (one, other) in enumerate(edges):
        terms[one].append(index)
        terms[other].append(index)
    return network_of([tuple(term) for term in terms], 2)


def pairs(count: int) -> tuple[tz.TensorNetwork, tuple[str, ...]]:
    """Vectors of two elements in pairs, and the indices of all pairs to slice: slices of almost no work."""
    network = network_of([(k // 2,) for k in range(2 * count)], 2)
    return network, network.shape.index_names


def network_of(terms: list[tuple[int, ...]], size: int) -> tz.TensorNetwork:
    """A network of random tensors over numbered indices of one size."""
    random = np.random.default_rng(1)
    tensors = []
    for term in terms:
        shape = (size,) * len(term)
        array = random.normal(size=shape) + 1j * random.normal(size=shape)
        tensors.append((array.astype(np.complex64), tuple(f"i{index}" for index in term)))
    return tz.TensorNetwork(tensors, ())


def native_run(compiled: NativeProgram, network: tz.TensorNetwork) -> Callable[[], object]:
    """The native call alone, on the calling thread, its inputs loaded."""
    slices = range(compiled.program.num_slices)
    schedule = Schedule(workers=1, threads=1, block_log2=len(slices).bit_length(), sequential=False, inline=True)
    inputs = compiled.loader.load(network.arrays)
    return lambda: compiled.run(inputs, slices, schedule)


def best(repeats: int, work: Callable[[], object]) -> float:
    """The least seconds of several runs."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def microseconds(seconds: float) -> str:
    """As text, with three digits."""
    return f"{1e6 * seconds:.3g}" if seconds < 1e-3 else f"{1e6 * seconds:.0f}"
