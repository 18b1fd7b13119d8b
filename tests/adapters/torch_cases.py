"""Energies as functions of PyTorch, checked by a program of its own: PyTorch may be that of another interpreter."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import taizhang as tz
from taizhang.adapters.torch import differentiable

POINT = [0.4, -0.9, 1.3]


def ansatz(num_qubits=5):
    a, b, c = (tz.Parameter(name) for name in "abc")
    circuit = tz.Circuit(num_qubits)
    for qubit in range(num_qubits):
        circuit = circuit.ry(qubit, a + 0.1 * qubit).rx(qubit, 2 * b)
    for qubit in range(num_qubits - 1):
        circuit = circuit.cx(qubit, qubit + 1).rz(qubit + 1, c - a)
    return circuit


def check_energy():
    energy = tz.Energy(ansatz(), "Z0 Z1 + 0.5 X2 X3 - Y4", dtype="complex128")
    function = differentiable(energy)
    value, gradient = energy.value_and_gradient(POINT)
    point = torch.tensor(POINT, dtype=torch.float64, requires_grad=True)
    found = function(point)
    assert abs(found.item() - value) < 1e-12
    found.backward()
    np.testing.assert_allclose(point.grad.numpy(), gradient, atol=1e-12)
    assert torch.autograd.gradcheck(lambda x: torch.sin(function(torch.tanh(x))) ** 2, (point,))
    assert abs(function(point.detach()).item() - value) < 1e-12
    assert function(point.detach().float()).dtype == torch.float32


def check_several_observables():
    energy = tz.Energy(ansatz(), ["Z0", "X1 X2", "3"], dtype="complex128")
    value, jacobian = energy.value_and_gradient(POINT)
    function = differentiable(energy)
    point = torch.tensor(POINT, dtype=torch.float64, requires_grad=True)
    np.testing.assert_allclose(function(point).detach().numpy(), value, atol=1e-12)
    np.testing.assert_allclose(torch.autograd.functional.jacobian(function, point).numpy(), jacobian, atol=1e-12)


def check_an_optimiser():
    energy = tz.Energy(ansatz(2), "Z0 Z1", dtype="complex128")
    function = differentiable(energy)
    point = torch.tensor(POINT, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([point], lr=0.05)
    for _ in range(300):
        optimiser.zero_grad()
        loss = function(point)
        loss.backward()
        optimiser.step()
    assert abs(function(point).item() + 1) < 1e-3


def check_networks():
    rng = np.random.default_rng(0)
    shapes = {"ab": (2, 3), "bcd": (3, 2, 4), "da": (4, 2), "bb": (3, 3)}
    arrays = {term: rng.normal(size=shape) + 1j * rng.normal(size=shape) for term, shape in shapes.items()}
    cotangent = rng.normal(size=2) + 1j * rng.normal(size=2)
    network = tz.TensorNetwork([(array, term) for term, array in arrays.items()], output="c")
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays.values()]
    value = (torch.einsum(",".join(shapes) + "->c", *tensors) * torch.tensor(cotangent)).sum()
    # PyTorch's gradient of the real part is the conjugate of the derivative.
    value.real.backward()
    for ours, theirs in zip(
        tz.contract_gradient(network, cotangent=cotangent, dtype="complex128"), tensors, strict=True
    ):
        np.testing.assert_allclose(ours.conj(), theirs.grad.numpy(), atol=1e-12)


def check_wrong_arguments():
    function = differentiable(tz.Energy(ansatz(), "Z0"))
    for wrong in (torch.ones(2), torch.tensor([1, 2, 3]), [0.1, 0.2, 0.3]):
        with pytest.raises(tz.UsageError, match="a function of 3 real numbers; give a tensor of floats"):
            function(wrong)


if __name__ == "__main__":
    cases = [value for name, value in sorted(globals().items()) if name.startswith("check_")]
    for case in cases:
        case()
    print(f"{len(cases)} cases with torch {torch.__version__}")  # noqa: T201
