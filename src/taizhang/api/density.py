"""The public functions for circuits with channels, measurements, resets and conditions; they take plain circuits, too.

Their common keywords are in the table `taizhang.settings.OPTIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.api.answers import answer_of
from taizhang.api.arguments import check_circuit, read_qubits
from taizhang.api.energies import read_observable_list
from taizhang.circuit.circuit import Circuit
from taizhang.errors import CircuitError, UsageError
from taizhang.observer import Observer
from taizhang.options import explicit_options
from taizhang.progress.display import shows_progress
from taizhang.settings import OPTIONS, Options, settings_of
from taizhang.tasks.outcomes import (
    Distribution,
    density_matrix_of,
    distribution_of,
    fidelity_of,
    probability_task,
    purity_of,
    read_record,
)
from taizhang.tasks.trajectories import (
    TrajectoryValues,
    estimate,
    read_exhaustive_to,
    read_target_error,
    read_trajectories,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack

FloatArray = npt.NDArray[np.float64]


@shows_progress
@explicit_options(Options, OPTIONS)
def probability(
    circuit: Circuit,
    bits: str | Mapping[str, str] | Sequence[str] | None = None,
    *,
    directory: str | PathLike[str] | None = None,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> Any:
    """Computes the probability of values of the classical bits, or of the qubits where no bits are declared.

    Args:
        circuit: Any circuit; its parameters have values.
        bits: All bits, register by register in order of declaration, bit 0 first, with or without spaces between
            registers; or some registers by name, `{"c": "01"}`, whatever the others are; or a list of such texts, which
            are computed together. Of a circuit without classical bits: the outcome of each qubit, qubit 0 first.
            Registers may be given as keywords instead: `probability(circuit, c="01")`.
        directory: Make it a resumable run in this folder; after any interruption, `resume` continues it.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        A float; for a list an array of shape (len(bits),).

    Raises:
        CircuitError: The bits do not fit the circuit.
        MemoryLimitError: The network does not fit the memory limit.
        NumericalError: A probability is negative by more than rounding.

    Example:
        >>> noisy = Circuit(2, bits={"c": 2}).h(0).cx(0, 1).measure([0, 1], "c")
        >>> round(probability(noisy, "11"), 6), round(probability(noisy, c="01"), 6)
        (0.5, 0.0)
    """
    circuit = check_circuit(circuit)
    others: Any = {**options}
    common = {option.name for option in OPTIONS}
    named = {name: others.pop(name) for name in circuit.registers.names if name in others and name not in common}
    settings = settings_of(probability, others)
    if named and bits is not None:
        raise UsageError("bits are given as text or by the names of registers; give them in one way only")
    bits = named or bits
    single = isinstance(bits, (str, Mapping))
    if not single and not isinstance(bits, Sequence):
        raise UsageError(f"bits must be text of zeros and ones, registers by name, or a list, got {bits!r:.40}")
    given: list[Any] = [bits] if single else list(bits or ())
    records = [read_record(circuit, each) for each in given]
    found = answer_of(probability_task(circuit, records), settings, directory, observer)
    return float(found[0]) if single else found


@shows_progress
@explicit_options(Options, OPTIONS)
def probabilities(
    circuit: Circuit,
    qubits: Sequence[int] | None = None,
    *,
    bits: str | Sequence[str] | None = None,
    least: float = 1e-12,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> dict[str, float]:
    """Computes the probabilities of all outcomes: of the classical bits, of some of them, or of some qubits.

    Args:
        circuit: Any circuit; its parameters have values.
        qubits: The qubits whose outcomes are asked for, in this order; by default the classical bits are or, where none
            is declared, all qubits.
        bits: Names of registers, "c", or of bits, "c[0]", of which the joint distribution is asked for.
        least: Outcomes of less probability are left out.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        Outcomes with their probabilities, in order of the outcomes; bits register by register, with spaces between.

    Raises:
        CircuitError: A qubit or a bit does not exist.
        SizeLimitError: There are more than a million outcomes.

    Example:
        >>> bell = Circuit(2, bits={"a": 1, "b": 1}).h(0).cx(0, 1).measure(0, "a").measure(1, "b")
        >>> {outcome: round(chance, 6) for outcome, chance in probabilities(bell).items()}
        {'0 0': 0.5, '1 1': 0.5}
    """
    settings = settings_of(probabilities, options)
    circuit = check_circuit(circuit)
    if qubits is not None and bits is not None:
        raise UsageError("qubits and bits were both given; give one of them")
    if isinstance(least, bool) or not isinstance(least, (int, float)) or not 0 <= least <= 1:
        raise UsageError(f"least must be a probability from 0 to 1, got {least!r:.40}")
    wanted = None if qubits is None else read_qubits(qubits, name="qubits")
    asked = Distribution.asked(circuit, qubits=wanted, bits=bits)
    return distribution_of(circuit, asked, float(least), settings, observer)


@shows_progress
@explicit_options(Options, OPTIONS)
def density_matrix(
    circuit: Circuit,
    qubits: Sequence[int] | None = None,
    *,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> ComplexArray:
    """Computes the density matrix of some qubits, or of all.

    Args:
        circuit: Any circuit; its parameters have values.
        qubits: The qubits, in this order; the first is the slowest bit.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        Shape (2**k, 2**k) for k qubits; complex64 unless `dtype` is given.

    Raises:
        CircuitError: A qubit does not exist, or is given twice.
        SizeLimitError: The matrix does not fit the memory limit.

    Example:
        >>> density_matrix(Circuit(2).h(0).cx(0, 1), [1]).real.round(6).tolist()
        [[0.5, 0.0], [0.0, 0.5]]
    """
    settings = settings_of(density_matrix, options)
    circuit = check_circuit(circuit)
    wanted = tuple(range(circuit.num_qubits)) if qubits is None else read_qubits(qubits, name="qubits")
    return density_matrix_of(circuit, wanted, settings, observer)


@shows_progress
@explicit_options(Options, OPTIONS)
def fidelity(noisy: Circuit, ideal: Circuit, *, observer: Observer | None = None, **options: Unpack[Options]) -> float:
    """Computes the fidelity ⟨ψ|ρ|ψ⟩ of the state that a circuit makes with the pure state of another.

    Args:
        noisy: Any circuit; its parameters have values.
        ideal: A circuit that consists of gates, on as many qubits.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Raises:
        CircuitError: The numbers of qubits differ, or `ideal` does not consist of gates alone.

    Example:
        >>> from taizhang.circuit import channels
        >>> ghz = Circuit(3).h(0).cx(0, 1).cx(1, 2)
        >>> round(fidelity(ghz.append(channels.phase_flip(0.1), 2), ghz), 6)
        0.9
    """
    settings = settings_of(fidelity, options)
    noisy, ideal = check_circuit(noisy, name="noisy"), check_circuit(ideal, name="ideal")
    if noisy.num_qubits != ideal.num_qubits:
        raise CircuitError(f"the circuits have {noisy.num_qubits} and {ideal.num_qubits} qubits; give as many")
    return fidelity_of(noisy, ideal, settings, observer)


@shows_progress
@explicit_options(Options, OPTIONS)
def purity(circuit: Circuit, *, observer: Observer | None = None, **options: Unpack[Options]) -> float:
    """Computes the purity Tr ρ² of the state that a circuit makes.

    Args:
        circuit: Any circuit; its parameters have values.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Example:
        >>> from taizhang.circuit import channels
        >>> round(purity(Circuit(1).append(channels.bit_flip(0.5), 0)), 6)
        0.5
    """
    settings = settings_of(purity, options)
    return purity_of(check_circuit(circuit), settings, observer)


@shows_progress
@explicit_options(Options, OPTIONS)
def estimate_expectation(
    circuit: Circuit,
    observable: Any,
    *,
    trajectories: int | None = None,
    target_error: float | None = None,
    exhaustive_to: float | None = None,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> TrajectoryValues:
    """Estimates expectation values from trajectories, where the exact network is too wide.

    In each trajectory every channel is one of its operators, drawn with its probability. The exact network of
    `expectation` is about twice as wide as that of a trajectory; where it fits, it is quicker and has no error. That
    all channels take their likeliest operator counts with its exact probability.

    Args:
        circuit: Gates, and channels; those that are no mixtures of unitaries only where light cones have at most 26
            qubits.
        observable: A Hermitian observable, as `expectation` takes it, or a list of them.
        trajectories: How many; 1,000 by default, or as many as needed where there is a target.
        target_error: Go on until the standard error of each value is at most this.
        exhaustive_to: Draw nothing, but compute the likeliest choices of operators until only this much of the
            probability is left; the result then has `bounds` that hold for certain.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        Values with their standard errors. The same seed gives the same, whatever the threads.

    Raises:
        CircuitError: The circuit has measurements, resets or conditions, or channels that are no mixtures of unitaries
            and wide light cones.
        SizeLimitError: `exhaustive_to` needs more than 100,000 choices.
        UsageError: An observable is not Hermitian, or a number is not allowed.

    Example:
        >>> from taizhang.circuit import channels
        >>> noisy = Circuit(1).append(channels.bit_flip(0.25), 0)
        >>> found = estimate_expectation(noisy, "Z0", trajectories=400, seed=1)
        >>> bool(abs(found.values[0] - 0.5) < 4 * found.standard_errors[0] + 1e-6), found.num_distinct
        (True, 2)
    """
    settings = settings_of(estimate_expectation, options)
    observables, _ = read_observable_list(observable)
    return estimate(
        check_circuit(circuit),
        observables,
        settings,
        observer,
        trajectories=read_trajectories(trajectories, target_error),
        target_error=read_target_error(target_error),
        exhaustive_to=read_exhaustive_to(exhaustive_to, trajectories, target_error),
    )
