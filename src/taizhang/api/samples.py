"""The public functions for samples, cross entropy, marginal probabilities and reduced states.

They accept the same keywords as those of `taizhang.api.amplitudes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from taizhang._lazy import lazy_module
from taizhang._types import ComplexArray
from taizhang.api.answers import answer_of
from taizhang.api.arguments import (
    SamplesLike,
    check_circuit,
    read_count,
    read_qubits,
    read_samples_given,
)
from taizhang.circuit.circuit import Circuit
from taizhang.errors import UsageError
from taizhang.observer import Observer, Silent
from taizhang.options import explicit_options
from taizhang.progress.display import ProgressDisplay, shows_progress
from taizhang.sampling.choice import SampleRun, prepare_samples
from taizhang.sampling.frugal import FRUGAL, FrugalKeywords, FrugalOptions, method_of
from taizhang.sampling.sampler import MethodName
from taizhang.settings import OPTIONS, Options, settings_of
from taizhang.tasks.cross_entropy import CrossEntropyTask, compute_xeb
from taizhang.tasks.reduced_state import ReducedStateTask
from taizhang.tasks.samples import SamplesTask
from taizhang.tasks.xeb import Xeb

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from taizhang.tasks import noisy_samples
else:
    noisy_samples = lazy_module("taizhang.tasks.noisy_samples")


class SampleKeywords(Options, FrugalKeywords, total=False):
    """Keywords of `sample` and `sample_run`."""


@shows_progress
@explicit_options(SampleKeywords, OPTIONS, FRUGAL)
def sample(
    circuit: Circuit,
    shots: int,
    *,
    method: MethodName | Literal["exact", "trajectories"] | FrugalOptions = "auto",
    directory: str | PathLike[str] | None = None,
    observer: Observer | None = None,
    **options: Unpack[SampleKeywords],
) -> npt.NDArray[np.uint8]:
    """Draws bitstrings from the output distribution of a circuit, all qubits measured.

    Of a circuit with channels, measurements, resets or conditions it draws the classical bits, register by register; of
    one without classical bits, all qubits. With the method "exact" from their probabilities, bit by bit, which shots
    that agree so far share. With "trajectories" each channel is one of its operators, drawn with its probability, and
    shots that drew the same share a state.

    Args:
        circuit: The circuit.
        shots: Number of samples.
        method: `"state-vector"`, `"marginals"` (over light cones), `"gate-by-gate"`, `"frugal"` (rejection from
            batches, for chaotic circuits), or `"auto"` for the one of least predicted time. Or `FrugalOptions(...)` for
            frugal rejection with these options, instead of keywords. Of circuits with more than gates and measurements
            at the end: `"auto"`, `"exact"` or `"trajectories"`.
        directory: Make it a resumable run in this folder; after any interruption, `resume` continues it (frugal).
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS` and `taizhang.sampling.frugal.FRUGAL`.

    Returns:
        Bits, uint8, shape (shots, num_qubits), qubit 0 first; or (shots, num_bits).

    Raises:
        UsageError: An option has a value that it cannot have.
        LimitError: The work does not fit the limits.
        NumericalError: Frugal rejection found that the circuit is not chaotic.

    Example:
        >>> bell = Circuit(2).append("h", 0).append("cx", 0, 1)
        >>> sorted(set(map(tuple, sample(bell, shots=100, seed=1).tolist())))
        [(0, 0), (1, 1)]
    """
    circuit, shots = check_circuit(circuit), read_count(shots, name="shots")
    settings = settings_of(sample, options)
    if method in ("exact", "trajectories"):
        if directory is not None:
            raise UsageError(f"samples by method '{method}' are drawn without a directory; leave it out")
        return noisy_samples.draw_noisy(circuit, shots, method, settings, observer or Silent()).bits
    name, how = method_of(method, options)
    if not circuit.is_unitary:
        if directory is not None:
            raise UsageError(
                "a circuit with channels, measurements, resets or conditions is sampled without a directory; leave it "
                "out"
            )
        return noisy_samples.draw_noisy(circuit, shots, name, settings, observer or Silent(), how).bits
    if directory is not None:
        task = SamplesTask(circuit=circuit, shots=shots, method=name, options=how)
        bits: npt.NDArray[np.uint8] = answer_of(task, settings, directory, observer)
        return bits
    run = prepare_samples(circuit, shots, settings, method=name, options=how, observer=observer)
    return np.concatenate(list(run))


@shows_progress
@explicit_options(SampleKeywords, OPTIONS, FRUGAL)
def sample_run(
    circuit: Circuit,
    shots: int,
    *,
    method: MethodName | FrugalOptions = "auto",
    observer: Observer | None = None,
    **options: Unpack[SampleKeywords],
) -> SampleRun:
    """Prepares sampling in portions; accepts the arguments of `sample`.

    Args:
        circuit: The circuit.
        shots: Number of samples.
        method: As for `sample`.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS` and `taizhang.sampling.frugal.FRUGAL`.

    Returns:
        Iterating over it draws the samples; it has the `method`, the `reason` for it, and `report()` with statistics.

    Example:
        >>> run = sample_run(Circuit(2).append("h", 0), shots=10)
        >>> [portion.shape for portion in run]
        [(10, 2)]
    """
    circuit, shots = check_circuit(circuit), read_count(shots, name="shots")
    settings = settings_of(sample_run, options)
    name, how = method_of(method, options)
    run = prepare_samples(circuit, shots, settings, method=name, options=how, observer=observer)
    return run.shown_by(observer) if isinstance(observer, ProgressDisplay) else run


@shows_progress
@explicit_options(Options, OPTIONS)
def xeb(
    circuit: Circuit,
    samples: SamplesLike,
    *,
    directory: str | PathLike[str] | None = None,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> Xeb:
    """Computes the cross entropy (XEB) of samples with a circuit, from the amplitudes of their bitstrings.

    Args:
        circuit: The circuit.
        samples: Bitstrings, counts of bitstrings, or rows of bits such as `sample` returns.
        directory: Make it a resumable run in this folder; after any interruption, `resume` continues it.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        Linear and logarithmic cross entropy with standard errors, and a comparison with the Porter–Thomas distribution.

    Raises:
        CircuitError: A sample does not fit the circuit.
        LimitError: The work does not fit the limits.

    Example:
        >>> round(xeb(Circuit(2).append("h", 0), {"00": 50, "10": 50}).linear_xeb, 3)
        1.0
    """
    circuit = check_circuit(circuit)
    counted = read_samples_given(samples, circuit.num_qubits)
    settings = settings_of(xeb, options)
    if directory is None:
        return compute_xeb(circuit, counted, settings, observer=observer).xeb
    task = CrossEntropyTask(circuit=circuit, samples=counted)
    figures: Xeb = answer_of(task, settings, directory, observer)
    return figures


@shows_progress
@explicit_options(Options, OPTIONS)
def marginal_probabilities(
    circuit: Circuit,
    qubits: Sequence[int],
    *,
    directory: str | PathLike[str] | None = None,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> npt.NDArray[np.float64]:
    """Computes the probabilities of all outcomes of some qubits, summed over the others.

    Args:
        circuit: The circuit; only gates in the light cone of these qubits cost anything.
        qubits: The qubits, in the order of the axes of the result.
        directory: Make it a resumable run in this folder; after any interruption, `resume` continues it.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        float64, with one axis of length 2 for each qubit.

    Raises:
        CircuitError: A qubit is not in the circuit, or given twice.
        LimitError: The work does not fit the limits.

    Example:
        >>> bell = Circuit(2).append("h", 0).append("cx", 0, 1)
        >>> marginal_probabilities(bell, [1]).round(6).tolist()
        [0.5, 0.5]
    """
    circuit, selected = check_circuit(circuit), read_qubits(qubits, name="qubits")
    task = ReducedStateTask(circuit=circuit, qubits=selected, probabilities=True)
    settings = settings_of(marginal_probabilities, options)
    probabilities: npt.NDArray[np.float64] = answer_of(task, settings, directory, observer)
    return probabilities


@shows_progress
@explicit_options(Options, OPTIONS)
def reduced_density_matrix(
    circuit: Circuit,
    qubits: Sequence[int],
    *,
    directory: str | PathLike[str] | None = None,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> ComplexArray:
    """Computes the reduced density matrix of some qubits, the others traced out.

    Args:
        circuit: The circuit; only gates in the light cone of these qubits cost anything.
        qubits: The qubits, the first the slowest bit of rows and columns.
        directory: Make it a resumable run in this folder; after any interruption, `resume` continues it.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        The density matrix, complex, shape (2**len(qubits), 2**len(qubits)).

    Raises:
        CircuitError: A qubit is not in the circuit, or given twice.
        LimitError: The work does not fit the limits.

    Example:
        >>> bell = Circuit(2).append("h", 0).append("cx", 0, 1)
        >>> reduced_density_matrix(bell, [0]).real.round(6).tolist()
        [[0.5, 0.0], [0.0, 0.5]]
    """
    circuit, selected = check_circuit(circuit), read_qubits(qubits, name="qubits")
    task = ReducedStateTask(circuit=circuit, qubits=selected)
    settings = settings_of(reduced_density_matrix, options)
    matrix: ComplexArray = answer_of(task, settings, directory, observer)
    return matrix
