"""Qiskit's primitives: a sampler and an estimator that stand in for its own.

Bits are turned round here and nowhere else: Qiskit's clbit 0 is the last of a bitstring. Circuits that differ in angles
share their plans.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit.exceptions import QiskitError
from qiskit.primitives import (
    BaseEstimatorV2,
    BaseSamplerV2,
    BitArray,
    DataBin,
    PrimitiveResult,
    PubResult,
    SamplerPubResult,
)
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from taizhang._random import read_seed, stream
from taizhang.adapters.qiskit import from_qiskit
from taizhang.adapters.qiskit_jobs import Job, Stoppable, converted, places_of_bits
from taizhang.api.energies import Energy, expectation
from taizhang.api.samples import sample
from taizhang.circuit.observable import Observable
from taizhang.errors import CircuitError
from taizhang.execute.kept_plans import KeptPlans, keep_plans
from taizhang.settings import Settings

# The letters of Qiskit's observables as sums of Pauli letters.
_LETTERS: Mapping[str, tuple[tuple[str, float], ...]] = {
    "I": (("I", 1.0),),
    "X": (("X", 1.0),),
    "Y": (("Y", 1.0),),
    "Z": (("Z", 1.0),),
    "0": (("I", 0.5), ("Z", 0.5)),
    "1": (("I", 0.5), ("Z", -0.5)),
    "+": (("I", 0.5), ("X", 0.5)),
    "-": (("I", 0.5), ("X", -0.5)),
    "r": (("I", 0.5), ("Y", 0.5)),
    "l": (("I", 0.5), ("Y", -0.5)),
}
_MOST_PRODUCTS = 1 << 16


class _Primitive:
    """What the sampler and the estimator share: options, seed, noise, and plans that are kept."""

    def _set_up(self, seed: int | None, options: Mapping[str, Any] | None, noise_model: Any) -> None:
        self._options = dict(options or {})
        Settings.checked(**{name: value for name, value in self._options.items() if name not in self._own_options})
        self._seed, self._noise = seed, noise_model
        self.kept = KeptPlans()

    # Options beside the common ones.
    _own_options: tuple[str, ...] = ()

    @property
    def seed(self) -> int | None:
        """The seed, or None."""
        return self._seed

    @property
    def options(self) -> dict[str, Any]:
        """The options."""
        return self._options

    def _job(self, pubs: Sequence[Any], of_pub: Callable[[Any, int, int, Stoppable], Any]) -> Job:
        """Starts the work on pubs."""
        seed = read_seed(self._seed)

        def work(observer: Stoppable) -> PrimitiveResult[Any]:
            with keep_plans(self.kept):
                results = [of_pub(pub, number, seed, observer) for number, pub in enumerate(pubs)]
            return PrimitiveResult(results, metadata={"version": 2})

        return Job(work)


class SamplerV2(_Primitive, BaseSamplerV2):  # type: ignore[misc]
    """Samples of circuits with final measurements, measurements in the middle, resets and control flow.

    Args:
        default_shots: Shots where neither a pub nor `run` gives a number.
        seed: Of all samples; None for others each time.
        options: Options of `taizhang.sample`, such as `memory`, `threads`, `method`, by name.
        noise_model: Of Qiskit Aer.

    Raises:
        UsageError: An option is not one.
    """

    _own_options = ("method",)

    def __init__(
        self,
        *,
        default_shots: int = 1024,
        seed: int | None = None,
        options: Mapping[str, Any] | None = None,
        noise_model: Any = None,
    ) -> None:
        self._set_up(seed, options, noise_model)
        self._default_shots = default_shots

    @property
    def default_shots(self) -> int:
        """Shots where no number is given."""
        return self._default_shots

    def run(self, pubs: Iterable[Any], *, shots: int | None = None) -> Job:
        """Draws samples.

        Args:
            pubs: Circuits, or tuples of a circuit, parameter values, and shots.
            shots: Shots of the pubs that have none.

        Returns:
            A job; its result has a `BitArray` for each classical register.
        """
        coerced = [SamplerPub.coerce(pub, self._default_shots if shots is None else shots) for pub in pubs]
        if any(not pub.circuit.cregs for pub in coerced):
            warnings.warn(
                "One of your circuits has no output classical registers and so the result will be empty. Did you mean "
                "to add measurement instructions?",
                UserWarning,
                stacklevel=2,
            )
        for pub in coerced:
            # What cannot be read is refused here, not by the result.
            converted(_first_of(pub), self._noise)
        return self._job(coerced, self._of_pub)

    def _of_pub(self, pub: SamplerPub, number: int, seed: int, observer: Stoppable) -> SamplerPubResult:
        bound = pub.parameter_values.bind_all(pub.circuit)
        registers = pub.circuit.cregs
        arrays = {
            register.name: np.zeros((*bound.shape, pub.shots, -(-len(register) // 8)), dtype=np.uint8)
            for register in registers
        }
        places = places_of_bits(pub.circuit)
        for place, (index, circuit) in enumerate(np.ndenumerate(bound)):
            if not registers:
                break
            drawn_with = int(stream(seed, "pub", number, place).integers(1 << 62))
            read = converted(circuit, self._noise)
            options = {"seed": drawn_with, **{key: value for key, value in self._options.items() if key != "seed"}}
            rows = sample(read, pub.shots, observer=observer, **options)
            for register in registers:
                columns = [rows[:, places[bit]] for bit in register]
                arrays[register.name][index] = _packed(np.stack(columns, axis=1)) if columns else 0
        data = {register.name: BitArray(arrays[register.name], len(register)) for register in registers}
        return SamplerPubResult(
            DataBin(**data, shape=pub.shape),
            metadata={"shots": pub.shots, "circuit_metadata": pub.circuit.metadata},
        )


class EstimatorV2(_Primitive, BaseEstimatorV2):  # type: ignore[misc]
    """Exact expectation values through light cones, of circuits of any width that has them.

    Args:
        default_precision: Standard deviation of normal noise that is added where a pub gives none; 0 for exact values.
        seed: Of that noise.
        options: Options of `taizhang.expectation`, such as `memory`, `threads`, `dtype`, by name.
        noise_model: Of Qiskit Aer.

    Raises:
        UsageError: An option is not one.
    """

    def __init__(
        self,
        *,
        default_precision: float = 0.0,
        seed: int | None = None,
        options: Mapping[str, Any] | None = None,
        noise_model: Any = None,
    ) -> None:
        self._set_up(seed, options, noise_model)
        self._default_precision = default_precision

    @property
    def default_precision(self) -> float:
        """Precision where none is given."""
        return self._default_precision

    def run(self, pubs: Iterable[Any], *, precision: float | None = None) -> Job:
        """Computes expectation values.

        Args:
            pubs: Tuples of a circuit, observables, and perhaps parameter values and a precision.
            precision: That of the pubs that have none.

        Returns:
            A job; its result has arrays `evs` and `stds` for each pub.
        """
        coerced = [
            EstimatorPub.coerce(pub, self._default_precision if precision is None else precision) for pub in pubs
        ]
        for pub in coerced:
            converted(_first_of(pub), self._noise, measured=False)
        return self._job(coerced, self._of_pub)

    def _of_pub(self, pub: EstimatorPub, number: int, seed: int, observer: Stoppable) -> PubResult:
        # Stage 1: the different observables, and for each element of the result a point and an observable.
        points = np.arange(pub.parameter_values.size).reshape(pub.parameter_values.shape)
        asked, placed = _observables(pub)
        at, which = np.broadcast_arrays(points, placed)
        # Stage 2: the values of all observables at all points.
        table = self._table(pub, asked, observer)
        values = table[at.reshape(-1), which.reshape(-1)].reshape(at.shape)
        if pub.precision:
            values = stream(seed, "pub", number).normal(values, pub.precision)
        values = np.asarray(values, dtype=np.float64)
        return PubResult(
            DataBin(evs=values, stds=np.zeros_like(values), shape=values.shape),
            metadata={"target_precision": pub.precision, "circuit_metadata": pub.circuit.metadata},
        )

    def _table(self, pub: EstimatorPub, asked: list[Observable], observer: Stoppable) -> npt.NDArray[np.float64]:
        """The values of observables at all points, shape (points, observables)."""
        parameters = list(pub.circuit.parameters)
        count = pub.parameter_values.size
        found = np.zeros((count, len(asked)))
        if not asked:
            return found
        energy = None
        if parameters and self._noise is None:
            try:
                read = from_qiskit(pub.circuit)
                if len(read.parameters) == len(parameters):
                    energy = Energy(read, list(asked), observer=observer, **self._options)
            except CircuitError:
                # An angle that is no sum of multiples: each point is a circuit of its own.
                energy = None
        if energy is not None:
            values = pub.parameter_values.as_array(parameters).reshape(count, len(parameters))
            place_of = {parameter.name: place for place, parameter in enumerate(parameters)}
            order = [place_of[name] for name in energy.parameters]
            for row in range(count):
                observer.stage("run")
                found[row] = np.asarray(energy(values[row, order].tolist())).real
            return found
        for row, circuit in enumerate(pub.parameter_values.bind_all(pub.circuit).reshape(-1)):
            read = converted(circuit, self._noise, measured=False)
            found[row] = np.asarray(expectation(read, list(asked), observer=observer, **self._options)).real
        return found


def _first_of(pub: Any) -> Any:
    """The circuit of a pub at its first values."""
    bound = pub.parameter_values.bind_all(pub.circuit).reshape(-1)
    return bound[0] if len(bound) else pub.circuit


def _packed(bits: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Bits of a register, shape (shots, bits), as Qiskit packs them: the last bit first, filled up at the left."""
    padding = -bits.shape[1] % 8
    filled = np.concatenate([np.zeros((len(bits), padding), dtype=np.uint8), bits[:, ::-1]], axis=1)
    return np.packbits(filled, axis=1)


def _observables(pub: EstimatorPub) -> tuple[list[Observable], npt.NDArray[np.intp]]:
    """The different observables of a pub, and which of them each element is."""
    numbers: dict[tuple[tuple[str, float], ...], int] = {}
    placed = np.zeros(pub.observables.shape, dtype=np.intp)
    for index in np.ndindex(*pub.observables.shape):
        terms = pub.observables[index]
        key = tuple(sorted((str(label), float(np.real(value))) for label, value in terms.items()))
        placed[index] = numbers.setdefault(key, len(numbers))
    return [_observable(key) for key in numbers], placed


def _observable(terms: Iterable[tuple[str, float]]) -> Observable:
    """An observable of Qiskit's labels, whose last letter is that of qubit 0."""
    found: dict[tuple[tuple[int, str], ...], float] = {}
    for label, value in terms:
        parts: list[tuple[tuple[tuple[int, str], ...], float]] = [((), value)]
        for qubit, letter in enumerate(reversed(label)):
            parts = [
                (product if ours == "I" else (*product, (qubit, ours)), weight * factor)
                for product, weight in parts
                for ours, factor in _LETTERS[letter]
            ]
            if len(parts) > _MOST_PRODUCTS:
                raise QiskitError(
                    f"the observable {label[:40]} has projectors that are more than {_MOST_PRODUCTS} Pauli products; "
                    "use fewer projectors"
                )
        for product, weight in parts:
            found[product] = found.get(product, 0.0) + weight
    return Observable.from_terms(list(found.items()))
