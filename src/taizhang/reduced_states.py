"""States and probabilities of a few qubits of a circuit, the others traced out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit
from taizhang.network.density import reduced_network
from taizhang.observer import Observer, Silent
from taizhang.settings import Settings
from taizhang.simulator import compute_contraction


def compute_marginals(
    circuit: Circuit, qubits: Sequence[int], settings: Settings, *, observer: Observer | None = None
) -> npt.NDArray[np.float64]:
    """Computes the probabilities of all outcomes of some qubits; shape (2,) * len(qubits)."""
    found = _contracted(circuit, qubits, settings, observer, probabilities=True)
    return np.maximum(found.real.astype(np.float64), 0.0)


def compute_reduced_state(
    circuit: Circuit, qubits: Sequence[int], settings: Settings, *, observer: Observer | None = None
) -> ComplexArray:
    """Computes the density matrix of some qubits; shape (2**len(qubits), 2**len(qubits))."""
    found = _contracted(circuit, qubits, settings, observer, probabilities=False)
    size = 2 ** len(qubits)
    return found.reshape(size, size)


def _contracted(
    circuit: Circuit, qubits: Sequence[int], settings: Settings, observer: Observer | None, *, probabilities: bool
) -> ComplexArray:
    watch = observer or Silent()
    watch.stage("build")
    network = reduced_network(circuit, qubits, probabilities=probabilities)
    return np.asarray(compute_contraction(network, settings, observer=watch, of_circuit=True).contraction.value)
