"""What the compiled core offers to Python; `tests/test_native_stub.py` holds this file against the binary."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

__version__: str

# Plan: the search

def search_plan(
    inputs: Sequence[Sequence[int]],
    output: Sequence[int],
    sizes: Sequence[int],
    *,
    row_indices: Sequence[int],
    num_rows: int,
    width: float,
    memory_elements: float,
    seconds: float | None,
    trials: int | None,
    seed: int,
    threads: int,
    log2_per_element: float,
    charge_per_second: float,
    seconds_per_element: float,
    look: Callable[[tuple[float, float, int, bool] | None, int], bool] | None,
) -> (
    tuple[
        list[tuple[int, int]],
        list[int],
        bool,
        tuple[float, float, float, float],
        int | None,
        list[tuple[float, float]],
    ]
    | None
): ...

# Engine: running compiled programs

class Engine:
    def __new__(
        cls,
        dtype: str,
        simd_level: str | None,
        num_inputs: int,
        tensors: npt.NDArray[np.int64],
        steps: npt.NDArray[np.int64],
        modes: npt.NDArray[np.int64],
        slice_sizes: list[int],
        slice_strides: list[list[tuple[int, int]]],
        output_slice_strides: list[int],
        output_axes: list[tuple[int, int]],
        lengths: tuple[int, int, int, int, int],
        rows: tuple[
            int, list[int], list[tuple[int, list[tuple[int | None, int]], list[tuple[int | None, int]], int, int]]
        ],
    ) -> Engine: ...
    def workspace_len(self, threads: int) -> int: ...
    def run(
        self,
        inputs: npt.NDArray[np.complexfloating],
        exponents: list[int],
        digits: npt.NDArray[np.uint8],
        *,
        first: int,
        last: int,
        workers: int,
        threads: int,
        block_log2: int,
        sequential: bool,
        inline: bool,
        profiled: bool,
        tick: Callable[[int], bool] | None,
    ) -> tuple[npt.NDArray[np.complex128], int | None, list[int], tuple[list[int], list[int]] | None]: ...
    @staticmethod
    def sum_bytes(first: int, last: int, workers: int, sequential: bool, output_len: int) -> int: ...

class EngineStopped(Exception): ...  # noqa: N818
class EngineNotFinite(Exception): ...  # noqa: N818
class EngineBroken(Exception): ...  # noqa: N818

# Probes: what the machine can do

def time_contraction(m: int, n: int, k: int, dtype: str, threads: int, repeats: int) -> float: ...
def time_copy(bytes: int, threads: int) -> float: ...
def simd_level() -> str: ...
def kept_bytes() -> int: ...

# OpenQASM: text to numbered gates

def read_openqasm(
    text: bytes, source: str | None = None
) -> tuple[
    int,
    list[tuple[str | int, tuple[float, ...], tuple[float, ...], int]],
    tuple[list[int], list[tuple[int, ...]], float],
    list[tuple[str, int, tuple[list[int], list[tuple[int, ...]], float]]],
]: ...
