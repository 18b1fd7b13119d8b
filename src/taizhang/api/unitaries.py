"""Unitary matrices of small circuits, and whether two circuits do the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from taizhang._random import stream
from taizhang._types import ComplexArray
from taizhang.api.amplitudes import amplitude, state_vector
from taizhang.api.arguments import check_circuit, read_count
from taizhang.circuit.circuit import Circuit
from taizhang.errors import CircuitError
from taizhang.execute.kept_plans import keep_plans
from taizhang.options import explicit_options
from taizhang.settings import OPTIONS, Options, settings_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


@explicit_options(Options, OPTIONS)
def unitary(circuit: Circuit, **options: Unpack[Options]) -> ComplexArray:
    """Computes the unitary matrix of a circuit: the state of its qubits and as many others, that began as Bell pairs.

    Args:
        circuit: A circuit of gates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        Shape (2**n, 2**n) for n qubits, qubit 0 the slowest bit of rows and columns; complex64 unless `dtype` is given.

    Raises:
        CircuitError: The circuit has more than gates.
        LimitError: The matrix does not fit the memory limit.

    Example:
        >>> unitary(Circuit(2).cx(0, 1)).real.round(6).tolist()[2:]
        [[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]]
    """
    settings_of(unitary, options)
    circuit = _of_gates(circuit)
    count = circuit.num_qubits
    both = _bell_pairs(count).then(circuit.on_qubits(list(range(count)), num_qubits=2 * count))
    state = state_vector(both, **options).reshape(2**count, 2**count)
    return np.asarray(state * np.sqrt(2.0**count)).astype(state.dtype)


@explicit_options(Options, OPTIONS)
def equivalence(first: Circuit, second: Circuit, *, samples: int | None = None, **options: Unpack[Options]) -> float:
    """Computes |Tr U†V| / 2^n of two circuits, which is 1 only if they are equal up to a global phase.

    It is a single amplitude on 2n qubits. Where that is too wide, `samples` takes random product states instead: the
    mean of |⟨ψ|U†V|ψ⟩|.

    Args:
        first: A circuit of gates.
        second: A circuit of gates on as many qubits.
        samples: Number of random product states.
        options: See `taizhang.settings.OPTIONS`.

    Raises:
        CircuitError: The numbers of qubits differ, or a circuit has more than gates.
        LimitError: The work does not fit the limits.

    Example:
        >>> swap = Circuit(2).cx(0, 1).cx(1, 0).cx(0, 1)
        >>> round(equivalence(swap, Circuit(2).swap(0, 1)), 6), round(equivalence(swap, Circuit(2)), 6)
        (1.0, 0.5)
    """
    settings = settings_of(equivalence, options)
    first, second = _of_gates(first), _of_gates(second)
    if first.num_qubits != second.num_qubits:
        raise CircuitError(
            f"circuits on {first.num_qubits} and on {second.num_qubits} qubits cannot do the same; give two of one "
            "width"
        )
    count, changed = first.num_qubits, second.then(first.inverse())
    if samples is not None:
        generator = stream(settings.seed, "equivalence")
        with keep_plans():
            values = [_overlap(changed, generator, options) for _ in range(read_count(samples, name="samples"))]
        return float(np.mean(values)) if values else 1.0
    pairs = _bell_pairs(count)
    both = pairs.then(changed.on_qubits(list(range(count)), num_qubits=2 * count)).then(pairs.inverse())
    return float(abs(amplitude(both, "0" * (2 * count), **options)))


def _bell_pairs(count: int) -> Circuit:
    """Pairs of the first `count` qubits, each with one of the last."""
    pairs = Circuit(2 * count)
    for qubit in range(count):
        pairs = pairs.h(count + qubit).cx(count + qubit, qubit)
    return pairs


def _overlap(changed: Circuit, generator: np.random.Generator, options: Any) -> float:
    """|⟨ψ|changed|ψ⟩| for a random product state ψ."""
    count = changed.num_qubits
    prepared = Circuit(count)
    for qubit in range(count):
        prepared = prepared.ry(qubit, float(np.arccos(generator.uniform(-1, 1))))
        prepared = prepared.rz(qubit, float(generator.uniform(-np.pi, np.pi)))
    return float(abs(amplitude(prepared.then(changed).then(prepared.inverse()), "0" * count, **options)))


def _of_gates(circuit: Circuit) -> Circuit:
    circuit = check_circuit(circuit)
    if not circuit.is_unitary:
        raise CircuitError("a unitary is that of a circuit of gates; this one has channels, measurements or resets")
    return circuit
