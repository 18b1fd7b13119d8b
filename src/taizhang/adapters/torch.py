"""Energies as functions that PyTorch differentiates, by a `torch.autograd.Function`.

The contraction runs outside of PyTorch, on the processor; its derivatives are those of the reverse pass, and can be
taken once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from taizhang._checks import describe
from taizhang._optional import optional_module
from taizhang.api.energies import Energy
from taizhang.errors import UsageError


def differentiable(energy: Energy) -> Callable[[Any], Any]:
    """Makes a PyTorch function of an energy.

    Args:
        energy: The energy, whose observables are Hermitian.

    Returns:
        A function of a tensor of shape (parameters,), in the order of `energy.parameters`, that gives a tensor of shape
        (), or for a list of observables (observables,); of the argument's type and on its device.

    Raises:
        MissingPackageError: PyTorch is not installed.
        UsageError: An observable is not Hermitian.
    """
    torch = optional_module("torch", package="torch", what_for="an energy as a function of PyTorch", extra="torch")
    energy.check_gradient()

    class Values(torch.autograd.Function):  # type: ignore[misc, name-defined]
        """The values, with the derivatives where they will be needed."""

        @staticmethod
        def forward(context: Any, point: Any) -> Any:
            numbers = point.detach().cpu().numpy().astype(np.float64)
            if not context.needs_input_grad[0]:
                return point.new_tensor(energy(numbers))
            value, gradient = energy.value_and_gradient(numbers)
            context.save_for_backward(point.new_tensor(gradient))
            return point.new_tensor(value)

        @staticmethod
        @torch.autograd.function.once_differentiable  # type: ignore[untyped-decorator]
        def backward(context: Any, cotangent: Any) -> Any:
            (gradient,) = context.saved_tensors
            return cotangent * gradient if cotangent.ndim == 0 else cotangent @ gradient

    def function(point: Any) -> Any:
        expected = (len(energy.parameters),)
        if not isinstance(point, torch.Tensor) or tuple(point.shape) != expected or not point.is_floating_point():
            is_tensor = isinstance(point, torch.Tensor)
            got = f"{point.dtype} of shape {tuple(point.shape)}" if is_tensor else describe(point)
            raise UsageError(
                f"the energy is a function of {expected[0]} real numbers; give a tensor of floats of shape {expected}, "
                f"got {got}"
            )
        return Values.apply(point)

    return function
