"""What the compiled core offers to Python; `tests/test_native_stub.py` holds this file against the binary."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from taizhang.execute.schedule import Schedule
from taizhang.network.gate_kinds import GateKind
from taizhang.network.network import NetworkShape
from taizhang.program.program import Program

__version__: str

# Plan: the search

class FoundPlan:
    ssa_path: list[tuple[int, int]]
    sliced_indices: list[int]
    fits: bool
    log2_multiply_adds: float
    log2_executed: float
    width: float
    peak_elements: float

class SearchOutcome:
    plans: list[FoundPlan]
    trial: int | None
    history: list[tuple[float, float]]

def search_plan(
    shape: NetworkShape,
    *,
    width: float,
    memory_elements: float,
    seconds: float | None,
    trials: int | None,
    seed: int,
    threads: int,
    log2_per_element: float,
    charge_per_second: float,
    seconds_per_element: float,
    look: Callable[[FoundPlan | None, int], bool] | None,
) -> SearchOutcome | None: ...
def slice_plan(
    shape: NetworkShape,
    *,
    ssa_path: Sequence[tuple[int, int]],
    sliced_indices: Sequence[int],
    width: float,
    memory_elements: float,
    log2_per_element: float,
) -> FoundPlan: ...

# Cones: networks of expectation values

class Cones:
    def class_of_product(self) -> npt.NDArray[np.int64]: ...
    def sign_of_product(self) -> npt.NDArray[np.int8]: ...
    def classes(self) -> list[tuple[int, int, int]]: ...
    def sources_of_class(self, number: int) -> npt.NDArray[np.int64]: ...
    def circuit_of_class(self, number: int) -> tuple[list[tuple[int, int]], list[int]]: ...
    def num_shapes(self) -> int: ...
    def shape(self, number: int) -> tuple[list[list[int]], int]: ...
    def sources(self) -> list[tuple[int, int, str]]: ...

def find_cones(
    num_qubits: int,
    kinds: Sequence[GateKind],
    kind_of: npt.NDArray[np.uint32],
    recipe_of: npt.NDArray[np.uint32],
    qubits: npt.NDArray[np.uint32],
    starts: npt.NDArray[np.uint64],
    letters: npt.NDArray[np.uint32],
    product_starts: npt.NDArray[np.uint64],
    *,
    moving: bool,
    sharing: bool,
    threads: int,
) -> Cones: ...

# Engine: running compiled programs

class SliceSum:
    mantissa: npt.NDArray[np.complex128]
    exponent: int | None
    starts_of_level: list[int]
    step_nanoseconds: list[int]
    step_runs: list[int]

class PlanLayout:
    tensors: npt.NDArray[np.uint32]
    places: npt.NDArray[np.uint32]
    num_slices: int
    arena_elements: int
    figures: list[tuple[list[int], int]]

class Engine:
    @staticmethod
    def of_plan(
        inputs: Sequence[Sequence[int]],
        sizes: Sequence[int],
        path: Sequence[tuple[int, int]],
        sliced: Sequence[int],
        wanted: Sequence[int],
        dtype: str,
    ) -> tuple[Engine, PlanLayout]: ...
    def __new__(cls, program: Program, simd_level: str | None) -> Engine: ...
    def workspace_len(self, threads: int) -> int: ...
    def run(
        self,
        inputs: npt.NDArray[np.complexfloating],
        exponents: list[int],
        digits: npt.NDArray[np.uint8],
        *,
        first: int,
        last: int,
        schedule: Schedule,
        profiled: bool,
        tick: Callable[[int], bool] | None,
    ) -> SliceSum: ...
    def run_batch(
        self,
        elements: npt.NDArray[np.complexfloating],
        exponents: list[int],
        *,
        threads: int,
        workers: int,
        inline: bool,
        tick: Callable[[int], bool] | None,
    ) -> tuple[npt.NDArray[np.complex128], npt.NDArray[np.complex128]]: ...
    def batch_bytes(self, len: int) -> int: ...
    def sum_bytes(self, first: int, last: int, schedule: Schedule) -> int: ...

class EngineStopped(Exception): ...  # noqa: N818
class EngineNotFinite(Exception): ...  # noqa: N818
class EngineBroken(Exception): ...  # noqa: N818

# Underflow: whether this thread has rounded numbers too small for their type

def clear_underflow() -> None: ...
def underflow_occurred() -> bool: ...

# Probes: what the machine can do

def time_contraction(m: int, n: int, k: int, dtype: str, threads: int, repeats: int) -> float: ...
def time_copy(bytes: int, threads: int) -> float: ...
def simd_level() -> str: ...
def simd_levels() -> list[str]: ...
def kept_bytes() -> int: ...

# OpenQASM: text to numbered gates

def read_openqasm(
    text: bytes, source: str | None, max_turns: int
) -> tuple[
    int,
    list[tuple[str | int, tuple[float | int, ...], tuple[float, ...], int]],
    tuple[list[int], list[tuple[int, ...]], float],
    list[tuple[str, int, tuple[list[int], list[tuple[int, ...]], float]]],
    tuple[list[str], list[tuple[list[tuple[int, float]], float]], list[tuple[int, float]]],
    tuple[list[tuple[str, int]], list[tuple[int, tuple[Any, ...]]], bool],
    list[tuple[str, int, int, str]],
]: ...
def excerpt(text: bytes, offset: int) -> str: ...
