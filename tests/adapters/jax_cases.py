"""Energies as functions of JAX, and derivatives of networks against its own.

Run by a program of its own: what JAX compiles would stay in the memory of the process of all tests.
"""

from __future__ import annotations

import string

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from tests.strategies import filled, network_shapes

import taizhang as tz
from taizhang.adapters.jax import differentiable

jax.config.update("jax_enable_x64", True)


def ansatz(num_qubits=5):
    a, b, c = (tz.Parameter(name) for name in "abc")
    circuit = tz.Circuit(num_qubits)
    for qubit in range(num_qubits):
        circuit = circuit.ry(qubit, a + 0.1 * qubit).rx(qubit, 2 * b)
    for qubit in range(num_qubits - 1):
        circuit = circuit.cx(qubit, qubit + 1).rz(qubit + 1, c - a)
    return circuit


POINT = np.array([0.4, -0.9, 1.3])


def make_energy():
    return tz.Energy(ansatz(), "Z0 Z1 + 0.5 X2 X3 - Y4", dtype="complex128")


def check_value_and_gradient_are_those_of_the_energy():
    energy = make_energy()
    function = differentiable(energy)
    value, gradient = energy.value_and_gradient(POINT)
    assert float(function(POINT)) == pytest.approx(value, abs=1e-12)
    for call in (jax.value_and_grad(function), jax.jit(jax.value_and_grad(function))):
        found, slope = call(jax.numpy.array(POINT))
        assert float(found) == pytest.approx(value, abs=1e-12)
        np.testing.assert_allclose(slope, gradient, atol=1e-12)


def check_it_composes_with_other_functions():
    energy = make_energy()
    function = differentiable(energy)

    def loss(x):
        return jax.numpy.sin(function(jax.numpy.tanh(x))) ** 2

    steps = 1e-5 * np.eye(3)
    differences = [(loss(POINT + step) - loss(POINT - step)) / 2e-5 for step in steps]
    np.testing.assert_allclose(jax.grad(loss)(POINT), differences, atol=1e-8)


def check_many_points():
    energy = make_energy()
    points = np.random.default_rng(0).normal(size=(4, 3))
    function = differentiable(energy)
    np.testing.assert_allclose(jax.vmap(function)(points), energy(points), atol=1e-12)
    slopes = jax.vmap(jax.grad(function))(points)
    np.testing.assert_allclose(slopes, [energy.gradient(point) for point in points], atol=1e-12)


def check_several_observables():
    energy = tz.Energy(ansatz(), ["Z0", "X1 X2", "3"], dtype="complex128")
    value, jacobian = energy.value_and_gradient(POINT)
    function = differentiable(energy)
    np.testing.assert_allclose(function(POINT), value, atol=1e-12)
    np.testing.assert_allclose(jax.jacrev(function)(POINT), jacobian, atol=1e-12)


def check_single_precision():
    energy = make_energy()
    value = differentiable(energy)(jax.numpy.array(POINT, dtype="float32"))
    assert value.dtype == np.float32
    assert float(value) == pytest.approx(energy(POINT), abs=1e-6)


def check_an_optimiser_of_jax_functions_finds_the_minimum_that_scipy_finds():
    energy = tz.Energy(ansatz(2), "Z0 Z1", dtype="complex128")
    step = jax.jit(jax.grad(differentiable(energy)))
    point = jax.numpy.array(POINT)
    for _ in range(300):
        point = point - 0.1 * step(point)
    assert energy(np.asarray(point)) == pytest.approx(
        minimize(energy.value_and_gradient, POINT, jac=True).fun, abs=1e-6
    )


def check_wrong_arguments():
    energy = make_energy()
    with pytest.raises(tz.UsageError, match=r"a function of 3 real numbers; give an array of floats of shape \(3,\)"):
        differentiable(energy)(np.ones(2))
    with pytest.raises(tz.UsageError, match="a function of 3 real numbers"):
        differentiable(energy)(np.arange(3))
    with pytest.raises(tz.UsageError, match="a gradient needs a Hermitian observable"):
        differentiable(tz.Energy(ansatz(), tz.X(0) * tz.Z(0)))


def cotangent_of(network, seed=7):
    rng = np.random.default_rng(seed)
    shape = network.shape.value_shape
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@settings(max_examples=25, deadline=None)
@given(shape=network_shapes(min_tensors=1, max_tensors=6, max_size=3), seed=st.integers(0, 1 << 32))
def check_derivatives_of_networks(shape, seed):
    network = filled(shape, seed)
    letters = ["".join(string.ascii_letters[index] for index in term) for term in (*shape.inputs, shape.output)]
    equation = ",".join(letters[:-1]) + "->" + letters[-1]
    cotangent = cotangent_of(network)
    arrays = [jax.numpy.asarray(array, dtype="complex128") for array in network.arrays]
    numbers = tuple(range(len(arrays)))
    slope = jax.grad(lambda *given: (jax.numpy.einsum(equation, *given) * cotangent).sum(), numbers, holomorphic=True)
    for ours, theirs in zip(
        tz.contract_gradient(network, cotangent=cotangent, dtype="complex128"), slope(*arrays), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10 * max(np.abs(theirs).max(initial=0), 1e-3))


if __name__ == "__main__":
    cases = [value for name, value in sorted(globals().items()) if name.startswith("check_")]
    for case in cases:
        case()
    print(f"{len(cases)} cases with jax {jax.__version__}")  # noqa: T201
