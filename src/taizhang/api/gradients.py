"""The public function for derivatives of tensor networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.api.arguments import check_network, check_plan
from taizhang.errors import UsageError
from taizhang.network.network import TensorNetwork, array_shape
from taizhang.observer import Observer
from taizhang.options import explicit_options
from taizhang.plan.plan import Plan
from taizhang.progress.display import shows_progress
from taizhang.settings import OPTIONS, Options, settings_of
from taizhang.tasks.network_gradient import network_gradient

if TYPE_CHECKING:
    from typing_extensions import Unpack


@shows_progress
@explicit_options(Options, OPTIONS)
def contract_gradient(
    network: TensorNetwork,
    *,
    cotangent: npt.ArrayLike | None = None,
    plan: Plan | None = None,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> tuple[ComplexArray, ...]:
    """Computes the derivatives of a network's value by every element of every tensor, by one pass backwards.

    Forwards and backwards together take about three times as long as the value. The value is a polynomial of the
    elements, and derivatives are those of a polynomial: nothing is conjugated (`jax.grad(..., holomorphic=True)` gives
    the same numbers, PyTorch's `grad` their conjugates).

    Args:
        network: The network; hyperindices, repeated indices and disconnected parts are allowed.
        cotangent: For a network with open indices: the numbers by which the elements of its value are multiplied and
            then summed, in the shape of the value. The derivatives are those of the sum.
        plan: A plan for the network; searched if not given.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        An array for each tensor, of its shape: complex64 unless `dtype` is given; complex128 where its elements, or the
        ratio of elements of one tensor, are outside the range of complex64.

    Raises:
        PlanError: The plan is for another network.
        MemoryLimitError: The derivatives do not fit in the memory.
        NumericalError: A NaN or an infinity appeared, or a derivative is outside the range of complex128.
        UsageError: The network has open indices and there is no cotangent, or its shape is wrong.

    Example:
        >>> network = TensorNetwork([(np.array([1.0, 2.0]), "a"), (np.array([3.0, 4.0]), "a")])
        >>> [gradient.real.tolist() for gradient in contract_gradient(network)]
        [[3.0, 4.0], [1.0, 2.0]]
    """
    settings = settings_of(contract_gradient, options)
    network, plan = check_network(network), check_plan(plan)
    if network.shape.row_indices:
        raise UsageError("derivatives are of networks without rows; leave the row indices open")
    shape = array_shape(network.shape.value_shape)
    if cotangent is None:
        if network.shape.output:
            raise UsageError(
                f"the value of the network has shape {shape}; give a cotangent of this shape, by which its elements "
                "are multiplied before they are summed"
            )
        cotangent = np.ones(())
    given = np.asarray(cotangent)
    if given.shape != shape or not (np.issubdtype(given.dtype, np.number) or given.dtype == np.bool_):
        raise UsageError(
            f"cotangent must hold numbers in the shape of the value, {shape}, got {given.dtype} in {given.shape}"
        )
    return network_gradient(network, given, settings, plan=plan, observer=observer)
