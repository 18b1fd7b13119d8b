"""The doors to samples and probabilities: drawing them, judging them, marginals and reduced states.

They take the same keywords as those of `taizhang.doors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from taizhang._arguments import SamplesLike, check_circuit, check_directory, read_count, read_qubits, read_samples_given
from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit
from taizhang.doors import Options
from taizhang.long_runs import completed, own_workforce, prepare_xeb_run, xeb_of
from taizhang.observer import Observer
from taizhang.reduced_states import compute_marginals, compute_reduced_state
from taizhang.results.xeb import Xeb
from taizhang.runs.sample_task import all_samples
from taizhang.sample_runs import prepare_sample_run
from taizhang.samplers.choice import SampleRun, prepare_samples
from taizhang.samplers.frugal import FrugalOptions
from taizhang.settings import Settings
from taizhang.verification import compute_xeb

if TYPE_CHECKING:
    from typing_extensions import Unpack


def sample(
    circuit: Circuit,
    shots: int,
    *,
    method: str = "auto",
    fidelity: float = 1.0,
    batch_qubits: int | None = None,
    per_batch: int = 1,
    top: int | None = None,
    pair_sides: bool = False,
    directory: str | PathLike[str] | None = None,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> npt.NDArray[np.uint8]:
    """Draws bitstrings from what a circuit gives when all qubits are measured.

    Args:
        circuit: The circuit.
        shots: How many.
        method: `"state-vector"`, `"marginals"` (over light cones), `"gate-by-gate"`, `"frugal"` (rejection from
            batches, for chaotic circuits), or `"auto"` for the one of least predicted time.
        fidelity: Of the state that is sampled; below 1 only such a part of the slices is added up (frugal).
        batch_qubits: Qubits left open in each batch (frugal).
        per_batch: Samples drawn from each batch; those of one batch share the bits that are not open (frugal).
        top: Instead of drawing, take the so many most probable of each batch, which raises the cross entropy and gives
            up the distribution (frugal).
        pair_sides: Batches are all pairs of some left and some right sides of the bits not open: many times cheaper
            for wide circuits; each sample has a batch of its own, but those of a grid share bits of a side (frugal).
        directory: Make it a long run that is kept in this folder; whatever ends it, `resume` goes on (frugal).
        observer: Is told of the progress.
        options: See `taizhang.settings`. The same `seed` gives the same samples on any number of threads.

    Returns:
        Bits, uint8, shape (shots, num_qubits), qubit 0 first.

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
    settings = Settings.checked(**options)
    how = FrugalOptions(
        fidelity=fidelity, batch_qubits=batch_qubits, per_batch=per_batch, top=top, pair_sides=pair_sides
    )
    if directory is not None:
        folder = prepare_sample_run(
            check_directory(directory), circuit, shots, settings, method=method, options=how, observer=observer
        )
        return all_samples(folder.manifest, completed(folder, own_workforce(settings)))
    run = prepare_samples(circuit, shots, settings, method=method, options=how, observer=observer)
    return np.concatenate(list(run))


def sample_run(
    circuit: Circuit,
    shots: int,
    *,
    method: str = "auto",
    fidelity: float = 1.0,
    batch_qubits: int | None = None,
    per_batch: int = 1,
    top: int | None = None,
    pair_sides: bool = False,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> SampleRun:
    """Prepares what `sample` draws, to be drawn in portions; takes the same arguments.

    Returns:
        Iterating over it draws the samples; its `method` and `reason` tell how and why, its `report()` what is known of
        them.

    Example:
        >>> run = sample_run(Circuit(2).append("h", 0), shots=10)
        >>> [portion.shape for portion in run]
        [(10, 2)]
    """
    return prepare_samples(
        check_circuit(circuit),
        read_count(shots, name="shots"),
        Settings.checked(**options),
        method=method,
        options=FrugalOptions(
            fidelity=fidelity, batch_qubits=batch_qubits, per_batch=per_batch, top=top, pair_sides=pair_sides
        ),
        observer=observer,
    )


def xeb(
    circuit: Circuit,
    samples: SamplesLike,
    *,
    directory: str | PathLike[str] | None = None,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> Xeb:
    """Tells how well samples fit a circuit, from the amplitudes of exactly these bitstrings.

    Args:
        circuit: The circuit.
        samples: Bitstrings, counts of them, or rows of bits as `sample` gives them.
        directory: Make it a long run that is kept in this folder; whatever ends it, `resume` goes on.
        observer: Is told of the progress.
        options: See `taizhang.settings`.

    Returns:
        Linear and logarithmic cross entropy with standard errors, and a comparison with the law of Porter and Thomas.

    Raises:
        CircuitError: A sample does not fit the circuit.
        LimitError: The work does not fit the limits.

    Example:
        >>> round(xeb(Circuit(2).append("h", 0), {"00": 50, "10": 50}).linear_xeb, 3)
        1.0
    """
    circuit = check_circuit(circuit)
    counted = read_samples_given(samples, circuit.num_qubits)
    settings = Settings.checked(**options)
    if directory is None:
        return compute_xeb(circuit, counted, settings, observer=observer).xeb
    folder = prepare_xeb_run(check_directory(directory), circuit, counted, settings, observer=observer)
    return xeb_of(folder, completed(folder, own_workforce(settings)))


def marginal_probabilities(
    circuit: Circuit, qubits: Sequence[int], *, observer: Observer | None = None, **options: Unpack[Options]
) -> npt.NDArray[np.float64]:
    """Computes the probabilities of all outcomes of some qubits, whatever the others give.

    Args:
        circuit: The circuit; only gates in the light cone of these qubits cost anything.
        qubits: The qubits, in the order of the axes of the result.
        observer: Is told of the progress.
        options: See `taizhang.settings`.

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
    circuit, qubits = check_circuit(circuit), read_qubits(qubits, name="qubits")
    return compute_marginals(circuit, qubits, Settings.checked(**options), observer=observer)


def reduced_density_matrix(
    circuit: Circuit, qubits: Sequence[int], *, observer: Observer | None = None, **options: Unpack[Options]
) -> ComplexArray:
    """Computes the state of some qubits, the others traced out.

    Args:
        circuit: The circuit; only gates in the light cone of these qubits cost anything.
        qubits: The qubits, the first the slowest bit of rows and columns.
        observer: Is told of the progress.
        options: See `taizhang.settings`.

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
    circuit, qubits = check_circuit(circuit), read_qubits(qubits, name="qubits")
    return compute_reduced_state(circuit, qubits, Settings.checked(**options), observer=observer)
