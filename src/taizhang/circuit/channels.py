"""The channels that come with it, as functions: `taizhang.channels`.

In all of them p is the chance that something happens, as in Stim, Cirq and PennyLane. Qiskit's parameter of a
depolarizing error is 4p/3 on one qubit and 16p/15 on two, since it counts the identity among the errors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from taizhang.circuit.channel import (
    PAULIS,
    Channel,
    channel_from_chi,
    channel_from_choi,
    channel_from_superoperator,
    make_channel,
    pauli_basis,
)
from taizhang.errors import CircuitError

if TYPE_CHECKING:
    from taizhang.circuit.gates import Gate

__all__ = [
    "amplitude_damping",
    "bit_flip",
    "chi",
    "choi",
    "coherent",
    "depolarizing",
    "depolarizing2",
    "generalized_amplitude_damping",
    "kraus",
    "pauli",
    "phase_damping",
    "phase_flip",
    "reset_error",
    "superoperator",
    "thermal_relaxation",
]


def depolarizing(p: float) -> Channel:
    """Depolarizing: X, Y or Z, each with probability p/3.

    Args:
        p: The chance that one of them happens, from 0 to 1; 3/4 leaves nothing of the state. That of Stim, Cirq and
            PennyLane; Qiskit's parameter is 4p/3.

    Raises:
        CircuitError: p is not a probability.

    Example:
        >>> depolarizing(0.03).mixture.probabilities.round(3).tolist()
        [0.97, 0.01, 0.01, 0.01]
    """
    chance = _probability(p, "p", "depolarizing")
    return _paulis("depolarizing", (chance,), [1 - chance, chance / 3, chance / 3, chance / 3])


def depolarizing2(p: float) -> Channel:
    """Depolarizing of two qubits: one of the 15 Pauli products beside the identity, each with probability p/15.

    Args:
        p: The chance that one of them happens, from 0 to 1. That of Stim and Cirq; Qiskit's parameter is 16p/15.

    Raises:
        CircuitError: p is not a probability.
    """
    chance = _probability(p, "p", "depolarizing2")
    return _paulis("depolarizing2", (chance,), [1 - chance, *[chance / 15] * 15])


def pauli(px: float, py: float, pz: float) -> Channel:
    """X, Y and Z with probabilities px, py and pz.

    Raises:
        CircuitError: One is not a probability, or they add up to more than 1.
    """
    chances = [_probability(p, name, "pauli") for p, name in ((px, "px"), (py, "py"), (pz, "pz"))]
    if sum(chances) > 1 + 1e-12:
        raise CircuitError(f"the probabilities of 'pauli' add up to {sum(chances):.6g}; at most 1 is possible")
    return _paulis("pauli", chances, [max(0.0, 1 - sum(chances)), *chances])


def bit_flip(p: float) -> Channel:
    """X with probability p.

    Raises:
        CircuitError: p is not a probability.
    """
    chance = _probability(p, "p", "bit_flip")
    return _paulis("bit_flip", (chance,), [1 - chance, chance, 0, 0])


def phase_flip(p: float) -> Channel:
    """Z with probability p: coherences are multiplied by 1 - 2p.

    Raises:
        CircuitError: p is not a probability.
    """
    chance = _probability(p, "p", "phase_flip")
    return _paulis("phase_flip", (chance,), [1 - chance, 0, 0, chance])


def amplitude_damping(gamma: float) -> Channel:
    """Decay of |1⟩ to |0⟩ with probability gamma.

    Raises:
        CircuitError: gamma is not a probability.

    Example:
        >>> amplitude_damping(0.2).kraus[1].real.round(4).tolist()
        [[0.0, 0.4472], [0.0, 0.0]]
    """
    chance = _probability(gamma, "gamma", "amplitude_damping")
    return make_channel(_damping(chance), name="amplitude_damping", parameters=(chance,))


def phase_damping(lam: float) -> Channel:
    """Loss of phase: coherences are multiplied by sqrt(1 - lam).

    Args:
        lam: From 0 to 1; a phase flip of p is one of lam = 1 - (1 - 2p)².

    Raises:
        CircuitError: lam is not a probability.
    """
    chance = _probability(lam, "lam", "phase_damping")
    operators = [np.diag([1, math.sqrt(1 - chance)]), np.diag([0, math.sqrt(chance)])]
    return make_channel(operators, name="phase_damping", parameters=(chance,))


def generalized_amplitude_damping(gamma: float, excited: float) -> Channel:
    """Relaxation, by the part gamma, to a mixture that has |1⟩ with probability `excited`.

    Raises:
        CircuitError: An argument is not a probability.
    """
    chance = _probability(gamma, "gamma", "generalized_amplitude_damping")
    warm = _probability(excited, "excited", "generalized_amplitude_damping")
    down = [math.sqrt(1 - warm) * operator for operator in _damping(chance)]
    up = [math.sqrt(warm) * operator[::-1, ::-1] for operator in _damping(chance)]
    return make_channel([*down, *up], name="generalized_amplitude_damping", parameters=(chance, warm))


def thermal_relaxation(t: float, t1: float, t2: float, excited: float = 0.0) -> Channel:
    """Relaxation during a time: populations by exp(-t/t1), coherences by exp(-t/t2).

    Args:
        t: The time, in the unit of t1 and t2.
        t1: Relaxation time of populations.
        t2: Relaxation time of coherences, at most 2 t1.
        excited: Probability of |1⟩ in the end.

    Raises:
        CircuitError: A time is negative or not a number, or t2 > 2 t1.
    """
    for name, time in (("t", t), ("t1", t1), ("t2", t2)):
        if not time >= 0 or math.isinf(t) or (name != "t" and time == 0):
            raise CircuitError(f"{name} of 'thermal_relaxation' must be a positive time, got {time!r:.40}")
    if t2 > 2 * t1 * (1 + 1e-12):
        raise CircuitError(
            f"'thermal_relaxation' has t1 = {t1:.6g} and t2 = {t2:.6g}; no relaxation has t2 above 2 t1 = {2 * t1:.6g}"
        )
    warm = _probability(excited, "excited", "thermal_relaxation")
    kept, coherent_part = math.exp(-t / t1), math.exp(-t / t2)
    matrix = np.zeros((4, 4))
    matrix[0, 0], matrix[0, 3] = 1 - (1 - kept) * warm, (1 - kept) * (1 - warm)
    matrix[3, 0], matrix[3, 3] = (1 - kept) * warm, 1 - (1 - kept) * (1 - warm)
    matrix[1, 1] = matrix[2, 2] = coherent_part
    made = channel_from_superoperator(matrix, name="thermal_relaxation")
    return Channel("thermal_relaxation", (float(t), float(t1), float(t2), warm), made.entries, 1)


def reset_error(p: float, excited: float = 0.0) -> Channel:
    """With probability p the qubit is replaced by |0⟩, or by |1⟩ with the part `excited`.

    Raises:
        CircuitError: An argument is not a probability.
    """
    chance, warm = _probability(p, "p", "reset_error"), _probability(excited, "excited", "reset_error")
    operators = [math.sqrt(1 - chance) * PAULIS["I"]]
    for target, part in ((0, 1 - warm), (1, warm)):
        for source in (0, 1):
            operator = np.zeros((2, 2))
            operator[target, source] = math.sqrt(chance * part)
            operators.append(operator)
    return make_channel(operators, name="reset_error", parameters=(chance, warm))


def coherent(gate: Gate) -> Channel:
    """A gate as a channel: an error that is always the same unitary.

    Raises:
        SizeLimitError: It is on more than four qubits.
    """
    made = make_channel([gate.unitary()], name=f"coherent_{gate.label}")
    return Channel(made.name, gate.parameters, made.entries, made.num_qubits)


def kraus(
    operators: Sequence[npt.ArrayLike] | npt.ArrayLike, *, name: str = "kraus", trace_decreasing: bool = False
) -> Channel:
    """A channel of Kraus operators.

    Args:
        operators: Shape (operators, 2**n, 2**n) for n of 1 to 4; the first qubit is the slowest bit.
        name: Its name.
        trace_decreasing: Allow Σ K†K < 1, a post-selection.

    Raises:
        CircuitError: Σ K†K differs from 1 by more than 1e-8 in operator norm, or 1e-5 for numbers in single precision.
        SizeLimitError: It is on more than four qubits.

    Example:
        >>> kraus([[[1, 0], [0, 0.8]], [[0, 0], [0, 0.6]]]).chance
        0.09999999999999998
    """
    return make_channel(operators, name=name, trace_decreasing=trace_decreasing)


def superoperator(matrix: npt.ArrayLike, *, name: str = "superoperator", trace_decreasing: bool = False) -> Channel:
    """A channel of its superoperator, with one index 2 * ket + bra of size 4 a qubit, the first qubit slowest.

    Raises:
        CircuitError: The map is not completely positive, or does not preserve the trace.
    """
    return channel_from_superoperator(matrix, name=name, trace_decreasing=trace_decreasing)


def choi(matrix: npt.ArrayLike, *, name: str = "choi", trace_decreasing: bool = False) -> Channel:
    """A channel of its Choi matrix Σ |K⟩⟩⟨⟨K|, rows of K one after another.

    Raises:
        CircuitError: The map is not completely positive, or does not preserve the trace.
    """
    return channel_from_choi(matrix, name=name, trace_decreasing=trace_decreasing)


def chi(matrix: npt.ArrayLike, *, name: str = "chi", trace_decreasing: bool = False) -> Channel:
    """A channel of its chi matrix: ρ ↦ Σ chi[a, b] P_a ρ P_b†, Pauli products in the order I, X, Y, Z.

    Raises:
        CircuitError: The map is not completely positive, or does not preserve the trace.
    """
    return channel_from_chi(matrix, name=name, trace_decreasing=trace_decreasing)


def _paulis(name: str, parameters: Sequence[float], chances: Sequence[float]) -> Channel:
    """A mixture of Pauli products."""
    basis = pauli_basis(len(chances).bit_length() // 2)
    operators = [math.sqrt(chance) * product for chance, product in zip(chances, basis, strict=True) if chance > 0]
    return make_channel(operators, name=name, parameters=parameters)


def _damping(gamma: float) -> list[npt.NDArray[np.float64]]:
    return [np.diag([1.0, math.sqrt(1 - gamma)]), np.array([[0.0, math.sqrt(gamma)], [0.0, 0.0]])]


def _probability(given: float, name: str, channel: str) -> float:
    try:
        number = float(given)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number <= 1:
        raise CircuitError(f"{name} of '{channel}' must be a probability from 0 to 1, got {given!r:.40}")
    return number
