"""Contraction of networks again and again, inner products, and Einstein sums in NumPy's notation."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray, DtypeName
from taizhang.api.amplitudes import contract
from taizhang.api.arguments import check_network, check_plan
from taizhang.errors import NetworkError, UsageError
from taizhang.execute.contraction import run_program
from taizhang.execute.precision import are_far_apart
from taizhang.execute.prepare import NOTEWORTHY_BYTES, SMALL_BYTES, prepare_plan, program_within_time
from taizhang.execute.scaled_value import scaled_value
from taizhang.network.einsum_notation import read_einsum
from taizhang.network.network import NetworkShape, TensorNetwork, array_shape
from taizhang.network.spans import element_spans
from taizhang.observer import Observer
from taizhang.options import explicit_options
from taizhang.plan.plan import Plan
from taizhang.settings import OPTIONS, Options, Settings, settings_of
from taizhang.tasks.contraction import ContractionTask
from taizhang.tasks.network_gradient import network_gradient
from taizhang.tasks.solve import solve

if TYPE_CHECKING:
    from typing_extensions import Unpack

# Sums of fewer operands, or of less work, are NumPy's.
_FEW_OPERANDS = 4
# Types of results, and in what they are computed; others are NumPy's.
_DTYPES: dict[np.dtype[Any], DtypeName] = {
    np.dtype("float32"): "complex64",
    np.dtype("complex64"): "complex64",
    np.dtype("float64"): "complex128",
    np.dtype("complex128"): "complex128",
}
# Contractions that einsum keeps.
_MOST_KEPT = 256
_kept: OrderedDict[Hashable, Contraction] = OrderedDict()
_lock = threading.Lock()


@explicit_options(Options, OPTIONS)
class Contraction:
    """A network that is planned and compiled once, and contracted with new arrays again and again.

    Args:
        network: A network, whose arrays are those of a call without any; or the shape of one, whose arrays come later.
        plan: A plan for it; searched if not given.
        observer: Receives progress updates of the search.
        options: See `taizhang.settings.OPTIONS`.

    Attributes:
        shape: The shape of the network.
        plan: The plan.

    Raises:
        PlanError: The plan is for another network.
        MemoryLimitError: No plan fits the memory limit.

    Example:
        >>> network = TensorNetwork([(np.eye(2), "ab"), (np.ones(2), "b")], "a")
        >>> contraction = Contraction(network)
        >>> contraction().real.tolist(), contraction([np.eye(2), np.array([3, 4])]).real.tolist()
        ([1.0, 1.0], [3.0, 4.0])
        >>> value, gradients = contraction.value_and_gradient(cotangent=[1, 0])
        >>> value.real.tolist(), gradients[1].real.tolist()
        ([1.0, 1.0], [1.0, 0.0])
    """

    __slots__ = ("_exponent", "_given", "_ready", "_settings", "plan", "shape")

    shape: NetworkShape
    plan: Plan

    def __init__(
        self,
        network: TensorNetwork | NetworkShape,
        *,
        plan: Plan | None = None,
        observer: Observer | None = None,
        **options: Unpack[Options],
    ) -> None:
        self._prepare(network, settings_of(Contraction, options), plan, observer)

    @classmethod
    def of_settings(cls, network: TensorNetwork | NetworkShape, settings: Settings) -> Contraction:
        """Makes a contraction with options that are read already."""
        contraction = cls.__new__(cls)
        contraction._prepare(network, settings, None, None)
        return contraction

    def _prepare(
        self, network: TensorNetwork | NetworkShape, settings: Settings, plan: Plan | None, observer: Observer | None
    ) -> None:
        self._settings = settings
        if isinstance(network, NetworkShape):
            self.shape, self._given, self._exponent = network, None, 0
        else:
            read = check_network(network)
            self.shape, self._given, self._exponent = read.shape, read.arrays, read.exponent
        self._ready = prepare_plan(self.shape, self._settings, observer, plan=check_plan(plan))
        self.plan = self._ready.plan

    def __call__(self, arrays: Sequence[npt.ArrayLike] | None = None) -> complex | ComplexArray:
        """Contracts the network.

        Args:
            arrays: An array for each tensor; by default those that it was made with.

        Returns:
            What `taizhang.contract` gives.

        Raises:
            NetworkError: An array has another shape.
            NumericalError: A NaN or an infinity appeared.
        """
        network = self._network(arrays)
        return self.value_of(network.arrays, network.exponent)

    def value_of(
        self, arrays: Sequence[npt.NDArray[Any]], exponent: int = 0, *, memory_bytes: int | None = None
    ) -> complex | ComplexArray:
        """Contracts the network with arrays that are known to have its shapes; what it gives is as of a call.

        Args:
            arrays: The arrays.
            exponent: The value is what they give, times 2**exponent.
            memory_bytes: Memory for the run; by default what the options leave at that time.
        """
        dtype: DtypeName = self._settings.dtype
        # Elements that are far apart need the arithmetic of `contract`.
        if self.shape.is_empty or are_far_apart(tuple(element_spans(arrays)), dtype):
            return self._carefully(arrays, exponent)
        program = program_within_time(self._ready, self._ready.plan.predicted_seconds, self._settings)
        # What a small one needs is there; asking takes longer than contracting it.
        if memory_bytes is None:
            small = self.plan.cost.peak_bytes < SMALL_BYTES
            memory_bytes = NOTEWORTHY_BYTES if small else self._settings.free_bytes()
        found = run_program(
            program,
            arrays,
            exponent=exponent,
            threads=self._settings.threads,
            memory_bytes=memory_bytes,
        )
        if found.underflow:
            return self._carefully(arrays, exponent)
        value = scaled_value(found.mantissa, found.exponent, dtype)
        if not self.shape.value_shape:
            return complex(value.reshape(()))
        return value.reshape(array_shape(self.shape.value_shape))

    def value_and_gradient(
        self, arrays: Sequence[npt.ArrayLike] | None = None, *, cotangent: npt.ArrayLike | None = None
    ) -> tuple[complex | ComplexArray, tuple[ComplexArray, ...]]:
        """Contracts the network, and differentiates by all elements of all tensors.

        Args:
            arrays: An array for each tensor; by default those that it was made with.
            cotangent: For a network with open indices: numbers in the shape of the value, as `contract_gradient` takes
                them.

        Returns:
            The value, and an array for each tensor.

        Raises:
            UsageError: The network has open indices and there is no cotangent, or it has another shape.
        """
        network = self._network(arrays)
        shape = array_shape(self.shape.value_shape)
        if cotangent is None and shape:
            raise UsageError(f"the value has shape {shape}; give a cotangent of this shape")
        given = np.asarray(1.0 if cotangent is None else cotangent)
        if given.shape != shape:
            raise UsageError(f"cotangent must have the shape of the value, {shape}, got {given.shape}")
        return self(arrays), network_gradient(network, given, self._settings, plan=self.plan)

    def _carefully(self, arrays: Sequence[npt.NDArray[Any]], exponent: int) -> complex | ComplexArray:
        network = TensorNetwork.from_shape(self.shape, arrays, exponent)
        value = solve(ContractionTask(network=network), self._settings, plan=self.plan).answer
        return complex(value) if np.ndim(value) == 0 else value

    def _network(self, arrays: Sequence[npt.ArrayLike] | None) -> TensorNetwork:
        if arrays is None:
            if self._given is None:
                raise UsageError("the contraction was made of a shape; give arrays")
            return TensorNetwork.from_shape(self.shape, self._given, self._exponent)
        return TensorNetwork.from_shape(self.shape, arrays)

    def __repr__(self) -> str:
        return f"<Contraction of {self.shape!r}: {self.plan.cost.multiply_adds_naive:.3g} multiply-adds>"


@explicit_options(Options, OPTIONS)
def inner(bra: TensorNetwork, ket: TensorNetwork, **options: Unpack[Options]) -> complex:
    """Computes the inner product ⟨bra|ket⟩ of two networks; the first is conjugated.

    Args:
        bra: A network.
        ket: One with the same open indices.
        options: See `taizhang.settings.OPTIONS`.

    Raises:
        NetworkError: The networks have different open indices.

    Example:
        >>> first = TensorNetwork([(np.array([1, 1j]), "a")], "a")
        >>> second = TensorNetwork([(np.array([0, 2]), "a")], "a")
        >>> inner(first, second)
        -2j
    """
    check_network(bra)
    check_network(ket)
    if set(bra.open_indices) != set(ket.open_indices):
        ours, theirs = (", ".join(each.open_indices)[:60] or "none" for each in (bra, ket))
        raise NetworkError(f"an inner product is of networks with the same open indices, got {ours} and {theirs}")
    return complex(contract(bra.conj() | ket, **options))


@explicit_options(Options, OPTIONS)
def einsum(*operands: Any, **options: Unpack[Options]) -> Any:
    """Sums products of arrays as `numpy.einsum` does, with a plan of ours where there are many.

    Args:
        operands: The subscripts, such as "ab,bc->ac", and then the arrays; or arrays each followed by a list of its
            indices, and perhaps a list of those of the result.
        options: See `taizhang.settings.OPTIONS`. Plans are kept for sums of the same form.

    Returns:
        An array, or a number without axes, of the type that NumPy gives: sums of integers are NumPy's own.

    Raises:
        ValueError: The subscripts do not fit the arrays (`UsageError` or `NetworkError`, which are ValueErrors).

    Example:
        >>> a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
        >>> einsum("ij,jk->ik", a, b).tolist() == (a @ b).tolist()
        True
    """
    if options:
        settings_of(einsum, options)
    terms, output, arrays = read_einsum(operands)
    result_type = np.result_type(*arrays)
    if len(arrays) < _FEW_OPERANDS or result_type not in _DTYPES:
        return _by_numpy(terms, output, arrays)
    value = np.asarray(_contraction(terms, output, arrays, result_type, options).value_of(arrays))
    value = (value.real if result_type.kind == "f" else value).astype(result_type, copy=False)
    return value if value.ndim else value[()]


def _contraction(
    terms: Sequence[tuple[Hashable, ...]],
    output: Sequence[Hashable],
    arrays: Sequence[npt.NDArray[Any]],
    result_type: np.dtype[Any],
    options: Any,
) -> Contraction:
    """The contraction of a form, kept."""
    shapes = tuple(array.shape for array in arrays)
    key = tuple(terms), shapes, tuple(output), result_type.char, tuple(sorted(options.items()))
    with _lock:
        found = _kept.pop(key, None)
        if found is not None:
            _kept[key] = found
            return found
    shape = TensorNetwork(list(zip(arrays, terms, strict=True)), output).shape
    found = Contraction(shape, **{"dtype": _DTYPES[result_type], **options})
    with _lock:
        _kept[key] = found
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return found


def _by_numpy(
    terms: Sequence[Sequence[Hashable]], output: Sequence[Hashable], arrays: Sequence[npt.NDArray[Any]]
) -> Any:
    numbers: dict[Hashable, int] = {}
    arguments: list[Any] = []
    for array, names in zip(arrays, terms, strict=True):
        arguments += [array, [numbers.setdefault(name, len(numbers)) for name in names]]
    if len(numbers) > 52:
        raise UsageError(f"sums of few arrays, or of integers, have at most 52 indices, got {len(numbers)}")
    wanted = [numbers[name] for name in output]
    try:
        return np.einsum(*arguments, wanted, optimize=len(arrays) > 2)
    except ValueError as error:
        raise UsageError(f"the arrays do not fit the subscripts: {str(error).splitlines()[0][:200]}") from None
