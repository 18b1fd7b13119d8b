"""Exact maximum-likelihood decoding of detector error models."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from taizhang._checks import describe
from taizhang.api.answers import answer_of
from taizhang.errors import LimitError, UsageError
from taizhang.execute.kept_plans import KeptPlans, keep_plans
from taizhang.observer import Observer, Silent
from taizhang.options import explicit_options
from taizhang.problems.detector_model import DetectorError, DetectorModel
from taizhang.settings import OPTIONS, DoubleOptions, Settings, settings_of
from taizhang.tasks.decoding import DecodingTask, best_values, distinct_syndromes
from taizhang.tasks.detector_sweep import DetectorSweep
from taizhang.tasks.solve import solve

if TYPE_CHECKING:
    from typing_extensions import Unpack

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

# The network's error is at most a unit of rounding of its largest value; mostly it is a hundredth of that.
_ROUNDING = 2.0**-52
# Relative error up to which a probability of the network is taken: for decisions, and for probabilities asked for.
_TO_DECIDE = 1e-3
_TO_KNOW = 1e-10
# For decisions, sweeps may take this long, or as many times the time of the network.
_SWEEP_SECONDS = 10.0
_SWEEP_SHARE = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decoded:
    """Syndromes, decoded.

    Attributes:
        predictions: The most probable values of the observables, bool, shape (shots, observables).
        posteriors: Their probability, given the syndrome, shape (shots,); 0 for a syndrome that cannot occur.
        probabilities: Probability of each syndrome, shape (shots,).
        swept: How many distinct syndromes were too improbable for the network, and went through a sweep.
        unsure: Syndromes whose probability may be wrong by more than a part in a thousand, since a sweep would take too
            long, bool, shape (shots,).
    """

    predictions: BoolArray
    posteriors: FloatArray
    probabilities: FloatArray
    swept: int
    unsure: BoolArray

    @property
    def mean_posterior_error(self) -> float:
        """Mean of 1 - posterior: the expected rate of failures, with less variance than counted ones."""
        return float(np.mean(1 - self.posteriors)) if len(self.posteriors) else 0.0


@explicit_options(DoubleOptions, OPTIONS)
class Decoder:
    r"""Decodes syndromes of a detector error model exactly: for each the most probable values of the observables.

    The probability of a syndrome together with each value of the observables is a tensor network, which is contracted
    with a plan that all syndromes share. Its error is 10^-16 of the probability of no error at all; less probable
    syndromes go through a sweep over the detectors, whose terms are all positive. Of values that are equally probable
    the first is taken. Computation is in double precision.

    Args:
        model: A model in Stim's format: a path, a `DetectorModel`, or a model or circuit of Stim. Errors that Stim's
            circuits have beside these, such as detectors that are random, are not looked at.
        method: `"network"`, `"sweep"`, or `"auto"` for the network, and for syndromes that are too improbable for it
            the sweep. Where sweeps would take much longer than the network, `decode_with_posteriors` says which
            syndromes are unsure.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Attributes:
        model: The model.

    Raises:
        ProblemError: The model cannot be read, or is malformed.
        MissingPackageError: The model is a circuit in a file, and Stim is not installed.

    Example:
        >>> chain = DetectorModel.from_text("error(0.1) D0 L0\nerror(0.1) D0 D1\nerror(0.1) D1")
        >>> decoder = Decoder(chain)
        >>> decoder.decode(np.array([[0, 0], [1, 0], [0, 1]], dtype=bool)).tolist()
        [[False], [True], [False]]
        >>> decoder.probabilities([1, 0]).round(4).tolist()
        [0.009, 0.081]
    """

    __slots__ = ("_flipped", "_method", "_model", "_observer", "_settings", "_sweep", "kept", "model")

    model: DetectorModel

    def __init__(
        self,
        model: Any,
        *,
        method: Literal["auto", "network", "sweep"] = "auto",
        observer: Observer | None = None,
        **options: Unpack[DoubleOptions],
    ) -> None:
        self._prepare(model, settings_of(Decoder, options), method, observer)

    @classmethod
    def of_settings(
        cls,
        model: Any,
        settings: Settings,
        *,
        method: Literal["auto", "network", "sweep"] = "auto",
        observer: Observer | None = None,
    ) -> Decoder:
        """Makes a decoder with options that are read already."""
        decoder = cls.__new__(cls)
        decoder._prepare(model, settings, method, observer)
        return decoder

    def _prepare(self, model: Any, settings: Settings, method: Any, observer: Observer | None) -> None:
        if method not in ("auto", "network", "sweep"):
            raise UsageError(f"method must be auto, network or sweep, got {method!r:.20}")
        self._settings = replace(settings, dtype="complex128")
        self.model = DetectorModel.of(model)
        self._method, self._observer = method, observer or Silent()
        # Errors of more than one half are turned round, before they are merged, where 1 - p would lose digits: then the
        # most probable syndrome is the one without errors.
        errors = self.model.errors
        self._flipped = np.zeros(self.model.num_detectors + self.model.num_observables, dtype=bool)
        for error in errors:
            if error.probability > 0.5:
                places = [*error.detectors, *(self.model.num_detectors + each for each in error.observables)]
                self._flipped[places] ^= True
        turned = (DetectorError(min(each.probability, 1 - each.probability), *each[1:]) for each in errors)
        self._model = replace(self.model, errors=tuple(turned))
        self._sweep: DetectorSweep | None = None
        self.kept = KeptPlans()

    @property
    def num_detectors(self) -> int:
        """Number of detectors, the length of a syndrome."""
        return self.model.num_detectors

    @property
    def num_observables(self) -> int:
        """Number of observables."""
        return self.model.num_observables

    def decode(self, syndromes: npt.ArrayLike) -> BoolArray:
        """Decodes syndromes.

        Args:
            syndromes: Zeros and ones, shape (shots, detectors); or one of shape (detectors,).

        Returns:
            The most probable values of the observables, bool, shape (shots, observables); or (observables,).

        Raises:
            UsageError: The syndromes have another shape, or other values.
            LimitError: The work does not fit the limits.
        """
        read = self._read(syndromes)
        found = self.decode_with_posteriors(read).predictions
        return found[0] if np.ndim(syndromes) == 1 else found

    def decode_with_posteriors(self, syndromes: npt.ArrayLike) -> Decoded:
        """Decodes syndromes, and tells how sure it is; arguments and errors are those of `decode`."""
        distinct, place = distinct_syndromes(self._read(syndromes))
        if not len(place):
            none = np.zeros(0)
            empty = np.zeros((0, self.num_observables), dtype=bool)
            return Decoded(predictions=empty, posteriors=none, probabilities=none, swept=0, unsure=none > 0)
        table, swept, unsure = self._table(distinct, to_decide=True)
        chosen = best_values(table)
        total = table.sum(axis=1)
        highest = table[np.arange(len(table)), chosen]
        posteriors = np.divide(highest, total, out=np.zeros_like(total), where=total > 0)
        weights = 1 << np.arange(self.num_observables - 1, -1, -1)
        predictions = (chosen[:, np.newaxis] & weights) > 0
        return Decoded(
            predictions=predictions[place],
            posteriors=posteriors[place],
            probabilities=total[place],
            swept=swept,
            unsure=unsure[place],
        )

    def probabilities(self, syndrome: npt.ArrayLike) -> FloatArray:
        """Computes the probability of a syndrome together with every value of the observables.

        To ten digits, unless sweeps take more than ten seconds and than three times as long as the network: then the
        error is 10^-16 of the probability of no error. The method "sweep" takes the time that it needs.

        Args:
            syndrome: Zeros and ones, shape (detectors,); or several, shape (shots, detectors).

        Returns:
            float64, shape (2,) * observables, observable 0 the first axis; of several syndromes with an axis of them
            before.

        Raises:
            UsageError: The syndrome has another shape, or other values.
            LimitError: The work does not fit the limits.
        """
        distinct, place = distinct_syndromes(self._read(syndrome))
        if not len(place):
            return np.zeros((0, *(2,) * self.num_observables))
        table, _, _ = self._table(distinct, to_decide=False)
        found = table[place].reshape(-1, *(2,) * self.num_observables)
        return found[0] if np.ndim(syndrome) == 1 else found

    def run(self, syndromes: npt.ArrayLike, directory: str | PathLike[str]) -> FloatArray:
        """Contracts the network as a resumable run in a folder; after any interruption, `taizhang.resume` continues it.

        Args:
            syndromes: Zeros and ones, shape (shots, detectors), all different.
            directory: The folder, which must not exist.

        Returns:
            float64, shape (shots, 2**observables), observable 0 the slowest bit.

        Raises:
            UsageError: The syndromes have another shape, or two are equal.
            RunError: The folder cannot be made.
        """
        read = self._read(syndromes)
        if len(distinct_syndromes(read)[0]) < len(read) or not len(read):
            raise UsageError("a run decodes syndromes that are all different, at least one; leave out repetitions")
        task = DecodingTask(model=self.model, syndromes=read)
        found: FloatArray = answer_of(task, self._settings, directory, self._observer)
        return found

    def _task(self, syndromes: BoolArray) -> DecodingTask:
        return DecodingTask(model=self._model, syndromes=syndromes ^ self._flipped[: self.num_detectors])

    def _swept(self, syndromes: BoolArray) -> FloatArray:
        sweep = self._sweep_of_model()
        sweep.check(len(syndromes), self._settings)
        return self._turned(sweep.run(syndromes ^ self._flipped[: self.num_detectors], self._observer))

    def _sweep_of_model(self) -> DetectorSweep:
        if self._sweep is None:
            self._observer.stage("plan")
            self._sweep = DetectorSweep.of(self._model)
        self._observer.stage("run")
        return self._sweep

    def _turned(self, table: FloatArray) -> FloatArray:
        """Values for the observables of the model, from those where errors were turned round."""
        flips = self._flipped[self.num_detectors :]
        axes = tuple(int(axis) + 1 for axis in np.flatnonzero(flips))
        shaped = table.reshape(-1, *(2,) * self.num_observables)
        return np.flip(shaped, axis=axes).reshape(table.shape) if axes else table

    def _table(self, syndromes: BoolArray, *, to_decide: bool) -> tuple[FloatArray, int, BoolArray]:
        """Probabilities of distinct syndromes, how many were swept, and which are less certain than was wanted."""
        unsure = np.zeros(len(syndromes), dtype=bool)
        if self._method == "sweep":
            return self._swept(syndromes), len(syndromes), unsure
        # Stage 1: the network, also of the syndrome of no error, which is the most probable.
        started = time.perf_counter()
        nothing = self._flipped[np.newaxis, : self.num_detectors]
        asked, place = distinct_syndromes(np.concatenate([nothing, syndromes]))
        with keep_plans(self.kept):
            answer = solve(self._task(asked), self._settings, observer=self._observer).answer
        table = np.maximum(self._turned(answer), 0)[place]
        scale, table = float(table[0].sum()), table[1:]
        # Stage 2: sweeps, where the network's error is too large: beside the greatest value, or beside any.
        least = table.max(axis=1) * _TO_DECIDE if to_decide else table.min(axis=1) * _TO_KNOW
        doubtful = np.flatnonzero(least < scale * _ROUNDING)
        unsure[doubtful] = True
        if self._method == "network" or not len(doubtful):
            return table, 0, unsure
        longest = max(_SWEEP_SECONDS, _SWEEP_SHARE * (time.perf_counter() - started))
        try:
            if self._sweep_of_model().predicted_seconds(len(doubtful)) > longest:
                return table, 0, unsure
            table[doubtful] = self._swept(syndromes[doubtful])
        except LimitError:
            return table, 0, unsure
        return table, len(doubtful), np.zeros_like(unsure)

    def _read(self, given: npt.ArrayLike | Sequence[Any]) -> BoolArray:
        """Reads syndromes, shape (shots, detectors).

        Raises:
            UsageError: They have another shape, or other values than 0 and 1.
        """
        array = np.asarray(given)
        if array.dtype.kind not in "biuf" and array.size:
            raise UsageError(f"syndromes are arrays of zeros and ones, got {describe(given)}")
        if array.ndim == 1:
            array = array[np.newaxis]
        if array.ndim != 2 or array.shape[1] != self.num_detectors:
            raise UsageError(
                f"syndromes have a bit for each of the {self.num_detectors} detectors, shape (shots, "
                f"{self.num_detectors}), got shape {np.shape(given)}"
            )
        if array.dtype != np.bool_ and not np.isin(array, (0, 1)).all():
            raise UsageError("syndromes are arrays of zeros and ones, got other values")
        return np.ascontiguousarray(array, dtype=bool)

    def __repr__(self) -> str:
        return f"<Decoder of {self.model!r}>"
