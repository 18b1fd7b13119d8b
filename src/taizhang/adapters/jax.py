"""Energies and contractions as functions that JAX differentiates.

The contraction runs outside of JAX, through `jax.pure_callback`; its derivatives are those of the reverse pass, not
JAX's own. So the functions work under `jax.jit`, `jax.grad` and `jax.vmap`, and derivatives can be taken once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from taizhang._optional import optional_module
from taizhang.api.energies import Energy
from taizhang.errors import UsageError


def differentiable(energy: Energy) -> Callable[[Any], Any]:
    """Makes a JAX function of an energy.

    Args:
        energy: The energy, whose observables are Hermitian.

    Returns:
        A function of an array of shape (parameters,), in the order of `energy.parameters`, that gives a scalar, or for
        a list of observables an array of shape (observables,). The result has the type of the argument: float32 unless
        JAX's `jax_enable_x64` is set.

    Raises:
        MissingPackageError: JAX is not installed.
        UsageError: An observable is not Hermitian.

    Example:
        >>> import jax
        >>> from taizhang.circuit.circuit import Circuit
        >>> from taizhang.circuit.parameter import Parameter
        >>> energy = Energy(Circuit(1).ry(0, Parameter("theta")), "Z0")
        >>> slope = jax.jit(jax.grad(differentiable(energy)))
        >>> round(float(slope(jax.numpy.array([0.5]))[0]), 5)
        -0.47943
    """
    jax = optional_module("jax", package="jax", what_for="an energy as a function of JAX", extra="jax")
    energy.check_gradient()
    single = energy.value_shape == ()

    def like(point: Any, shape: tuple[int, ...]) -> Any:
        return jax.ShapeDtypeStruct(shape, point.dtype)

    def value_here(point: Any) -> Any:
        return np.asarray(energy(np.asarray(point, dtype=np.float64)), dtype=point.dtype)

    def both_here(point: Any) -> Any:
        value, gradient = energy.value_and_gradient(np.asarray(point, dtype=np.float64))
        return np.asarray(value, dtype=point.dtype), gradient.astype(point.dtype)

    @jax.custom_vjp  # type: ignore[untyped-decorator]
    def values(point: Any) -> Any:
        return jax.pure_callback(value_here, like(point, energy.value_shape), point, vmap_method="sequential")

    def forwards(point: Any) -> tuple[Any, Any]:
        shapes = like(point, energy.value_shape), like(point, (*energy.value_shape, len(energy.parameters)))
        value, gradient = jax.pure_callback(both_here, shapes, point, vmap_method="sequential")
        return value, gradient

    def backwards(gradient: Any, cotangent: Any) -> tuple[Any]:
        return (cotangent * gradient if single else cotangent @ gradient,)

    values.defvjp(forwards, backwards)

    def function(point: Any) -> Any:
        point = jax.numpy.asarray(point)
        expected = (len(energy.parameters),)
        if point.shape != expected or not jax.numpy.issubdtype(point.dtype, jax.numpy.floating):
            raise UsageError(
                f"the energy is a function of {expected[0]} real numbers; give an array of floats of shape {expected}, "
                f"got {point.dtype} of shape {point.shape}"
            )
        return values(point)

    return function
