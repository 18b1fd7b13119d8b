"""The Pauli transfer matrices of a logical qubit for all syndromes at once."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from taizhang.api.contractions import Contraction
from taizhang.execute.side_by_side import ShouldStop, side_by_side
from taizhang.network.network import TensorNetwork
from taizhang.plan.plan import Plan
from taizhang.settings import Settings

FloatArray = npt.NDArray[np.float64]

# Bits of the syndrome that are open at once.
_MOST_OPEN = 24
# Bits whose last matrices are multiplied out together.
_BITS_TOGETHER = 6
# Elements whose contractions run side by side at most; intermediates of this width fit a second-level cache.
_MOST_AT_ONCE = 4
_WIDTH = 16.0
# With at least _MANY_BITS bits, the paired bit is chosen by comparing plans: searches of _BRIEF_SECONDS each, in total
# at most _TRYING_SHARE of the predicted run time; then searches of at most _PLAN_SECONDS for _BITS_SEARCHED bits.
_MANY_BITS = 18
_BRIEF_SECONDS = 0.5
_TRYING_SHARE = 0.1
_BITS_SEARCHED = 3
_PLAN_SECONDS = 4.0
_NUM_ELEMENTS = 16
_GOLDEN = (math.sqrt(5) - 1) / 2
# Adding an element of a slice where it belongs, which is seldom in a cache.
_ADDING_SECONDS = 8e-9
# Determinants below this are of matrices that lose what they are given.
_SINGULAR = 1e-6


class AllSyndromes:
    """Elements of Pauli transfer matrices for all syndromes, with one plan for all elements.

    What stands between a bit and the rest of the network is often a matrix, of a readout or of a Fourier sum. The
    network is contracted without it, so that slices over such an index sum nothing, and it is applied to the result.

    Args:
        network: The network of `logical_circuit_network`, with every bit open.
        num_bits: Number of bits, at least 1.
        settings: The options; memory for the results has been set aside.
    """

    def __init__(self, network: TensorNetwork, num_bits: int, settings: Settings) -> None:
        bare, self._names, self._matrices = _without_last_matrices(network, [f"s{bit}" for bit in range(num_bits)])
        self._num_bits = num_bits
        self._num_fixed = max(num_bits - _MOST_OPEN, 0)
        self._at_once = min(settings.threads, _MOST_AT_ONCE)
        share = self._share(settings)
        self._memory_bytes = share.free_bytes()
        # The elements are real: for two values of a bit, they are the real and the imaginary part of one.
        self._pair, self._network, self._contraction = self._best_pair(bare, share)

    def _best_pair(self, bare: TensorNetwork, share: Settings) -> tuple[int, TensorNetwork, Contraction]:
        """The bit whose values are paired, which decides how much work is left, and the network and plan for it.

        Bits are tried with brief searches, as long as a share of the work; the best few are then searched longer.
        """
        if self._num_bits < _MANY_BITS or share.trials is not None:
            return (self._num_bits - 1, *self._planned(bare, self._num_bits - 1, share))
        given, rounds = share.plan_seconds or math.inf, -(-_NUM_ELEMENTS // self._at_once)
        brief = replace(share, plan_seconds=min(_BRIEF_SECONDS, given))
        started = time.perf_counter()
        tried: list[tuple[float, int]] = []
        # In an order that is spread over all bits, however early it ends.
        free = range(self._num_fixed, self._num_bits)
        for place in sorted(range(len(free)), key=lambda place: place * _GOLDEN % 1):
            _, contraction = self._planned(bare, free[place], brief)
            tried.append((_seconds_of(contraction.plan), free[place]))
            if time.perf_counter() - started > min(_TRYING_SHARE * rounds * min(tried)[0], given):
                break
        longer = replace(
            share, plan_seconds=min(max(_TRYING_SHARE * min(tried)[0], _BRIEF_SECONDS), _PLAN_SECONDS, given)
        )
        best: tuple[float, int, TensorNetwork, Contraction] | None = None
        for _, bit in sorted(tried)[:_BITS_SEARCHED]:
            network, contraction = self._planned(bare, bit, longer)
            seconds = _seconds_of(contraction.plan)
            if best is None or seconds < best[0]:
                best = seconds, bit, network, contraction
        assert best is not None
        return best[1:]

    def each(self, elements: Sequence[tuple[int, int]], take: Callable[[int, int, FloatArray], None]) -> None:
        """Computes elements of the matrices, in any order.

        Args:
            elements: Rows and columns, I, X, Y, Z.
            take: Called with each row, column, and the element for all syndromes, in ascending order, which
                is overwritten afterwards; perhaps on several threads at once.
        """
        # Memory that was never touched is slow: each job that runs has two tables, which the next one takes over.
        free: deque[tuple[FloatArray, FloatArray]] = deque()

        def job(number: int, should_stop: ShouldStop) -> None:
            out, before = elements[number]
            size = 2**self._num_bits
            table, spare = free.popleft() if free else (np.empty(size), np.empty(size))
            for part, row in enumerate(table.reshape(2**self._num_fixed, -1)):
                if should_stop():
                    return
                network = self._fixed(self._network, part, out, before)
                value = self._contraction.value_of(network.arrays, network.exponent, memory_bytes=self._memory_bytes)
                split = np.asarray(value).reshape(2 ** (self._pair - self._num_fixed), 1, -1)
                shaped = row.reshape(len(split), 2, -1)
                shaped[:, :1], shaped[:, 1:] = split.real, split.imag
            take(out, before, _with_matrices(table, spare, self._matrices))
            free.append((table, spare))

        side_by_side(job, len(elements), self._at_once)

    def _planned(self, bare: TensorNetwork, bit: int, settings: Settings) -> tuple[TensorNetwork, Contraction]:
        """The network whose value is that for 0 of a bit, plus i times that for 1; and a plan for it."""
        name = self._names[bit]
        network = bare | TensorNetwork([(np.array([1, 1j]), (name,))], (name,))
        return network, Contraction.of_settings(self._fixed(network, 0, 0, 0).shape, settings)

    def _fixed(self, network: TensorNetwork, part: int, out: int, before: int) -> TensorNetwork:
        first = self._names[: self._num_fixed]
        values = {name: part >> (self._num_fixed - 1 - bit) & 1 for bit, name in enumerate(first)}
        return network.fix({**values, "out": out, "in": before})

    def _share(self, settings: Settings) -> Settings:
        """The options of one of the contractions that run side by side."""
        held = 24 * 2**self._num_bits * self._at_once
        settings = settings.setting_aside(held, f"work with all 2^{self._num_bits} syndromes", "ask for some of them")
        free = settings.free_bytes()
        settings = replace(
            settings,
            threads=max(settings.threads // self._at_once, 1),
            memory_bytes=settings.memory_bytes - free + free // self._at_once,
        )
        if self._num_bits < _MANY_BITS:
            return settings
        return settings if settings.width is not None else replace(settings, width=_WIDTH)


def _seconds_of(plan: Plan) -> float:
    """Predicted seconds, with those for adding the parts of slices where they belong in a large value."""
    shape = plan.shape
    summed = [index for index in plan.sliced_indices if index not in shape.output]
    added = math.prod(shape.sizes[index] for index in (*summed, *shape.output))
    return plan.predicted_seconds + _ADDING_SECONDS * added


def _without_last_matrices(
    network: TensorNetwork, bits: Sequence[str]
) -> tuple[TensorNetwork, list[str], list[FloatArray | None]]:
    """A network without the real matrices between open indices and the rest.

    Returns:
        The network, its open indices in place of the bits, and for each bit the matrix, shape (2, 2), or None.
    """
    tensors, names = list(network.tensors), list(bits)
    matrices: list[FloatArray | None] = [None] * len(bits)
    for bit, name in enumerate(bits):
        places = [place for place, (_, axes) in enumerate(tensors) if name in axes]
        array, axes = tensors[places[0]]
        if len(places) > 1 or array.shape != (2, 2):
            continue
        inner = axes[1 - axes.index(name)]
        matrix = np.asarray(array if axes[0] == name else array.T)
        small = 1e-14 * np.abs(matrix).max()
        if inner in (*names, *network.open_indices) or np.abs(matrix.imag).max() > small:
            continue
        if abs(np.linalg.det(matrix)) < _SINGULAR * np.abs(matrix).max() ** 2:
            continue
        del tensors[places[0]]
        names[bit], matrices[bit] = inner, np.ascontiguousarray(matrix.real)
    output = [*names, *(name for name in network.open_indices if name not in bits)]
    factor = (np.array(2.0**network.exponent), ())
    return TensorNetwork([*tensors, factor], output), names, matrices


def _with_matrices(table: FloatArray, spare: FloatArray, matrices: Sequence[FloatArray | None]) -> FloatArray:
    """Applies a matrix to each axis of a table of shape (2,) * bits, held flat; the result is in it or in `spare`."""
    for start in range(0, len(matrices), _BITS_TOGETHER):
        group = matrices[start : start + _BITS_TOGETHER]
        if all(matrix is None for matrix in group):
            continue
        product: FloatArray = np.eye(1)
        for matrix in group:
            product = np.asarray(np.kron(product, np.eye(2) if matrix is None else matrix), dtype=np.float64)
        shaped = table.reshape(2**start, len(product), -1)
        if shaped.shape[2] == 1:
            np.matmul(shaped[:, :, 0], product.T, out=spare.reshape(shaped.shape[:2]))
        else:
            np.matmul(product, shaped, out=spare.reshape(shaped.shape))
        table, spare = spare, table
    return table
