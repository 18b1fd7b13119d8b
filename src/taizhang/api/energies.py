"""The public functions for expectation values, and energies as functions of parameters.

Their common keywords are in the table `taizhang.settings.OPTIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from taizhang._lazy import lazy_module
from taizhang.api.arguments import check_circuit
from taizhang.circuit.as_observable import as_observable
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.observable import Observable
from taizhang.circuit.parameter import check_values
from taizhang.errors import CircuitError, UsageError
from taizhang.observer import Observer
from taizhang.options import explicit_options
from taizhang.progress.display import shows_progress
from taizhang.settings import OPTIONS, Options, Settings, settings_of
from taizhang.tasks.cone_plan import ConePlan
from taizhang.tasks.energy import EnergyProgram
from taizhang.tasks.expectation import ExpectationTask
from taizhang.tasks.solve import solve

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from taizhang.tasks import noisy_energy, outcomes
else:
    noisy_energy = lazy_module("taizhang.tasks.noisy_energy")
    outcomes = lazy_module("taizhang.tasks.outcomes")

ObservableLike: TypeAlias = Any
"""An `Observable`, text such as "Z0 Z1", a number, or an operator of Qiskit, Cirq, OpenFermion or PennyLane."""

FloatArray: TypeAlias = npt.NDArray[np.float64]


@shows_progress
@explicit_options(Options, OPTIONS)
def expectation(
    circuit: Circuit,
    observable: ObservableLike | Sequence[ObservableLike],
    *,
    given: str | Mapping[str, str] | None = None,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> Any:
    """Computes ⟨0…0|C† H C|0…0⟩ exactly for sums H of Pauli products, on circuits of any width.

    Only gates in the light cone of a product cost anything, and products whose networks are equal are contracted once.
    Of a circuit with channels, measurements, resets or conditions it is Tr(Hρ).

    Args:
        circuit: The circuit C, whose parameters have values.
        observable: The observable H: an `Observable`, or text such as `"0.5 X3 - 2 Z0 Z7"`; or a list of these.
        given: Values of classical bits, as `probability` takes them: the values are those of the shots that have them.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        A float, or a complex number where the observable is not Hermitian; for a list, an array of shape
        (len(observable),), float64 or complex128.

    Raises:
        CircuitError: An observable acts on a qubit that the circuit does not have, or parameters have no values.
        MemoryLimitError: A light cone does not fit the memory limit.
        NumericalError: The values given have no probability.

    Example:
        >>> bell = Circuit(2).h(0).cx(0, 1)
        >>> round(expectation(bell, "X0 X1 + 0.5 Z0 Z1 - Z0"), 6)
        1.5
    """
    observables, single = read_observable_list(observable)
    circuit, settings = check_circuit(circuit), settings_of(expectation, options)
    record = {} if given is None else outcomes.read_record(circuit, given)
    task = ExpectationTask(circuit=circuit, observables=observables, given=tuple(record.items()))
    solution = solve(task, settings, observer=observer)
    values = solution.answer.values
    if given is not None:
        values = outcomes.conditional_values(circuit, observables, values, record, settings, observer)
        hermitian = all(each.is_hermitian for each in observables)
        plain = values.real.copy() if hermitian else values
        return plain[0].item() if single else plain
    if single:
        return complex(values[0]) if not observables[0].is_hermitian else float(values[0].real)
    return solution.assembly.plain(solution.answer)


@shows_progress
@explicit_options(Options, OPTIONS)
def variance(
    circuit: Circuit, observable: ObservableLike, *, observer: Observer | None = None, **options: Unpack[Options]
) -> float:
    """Computes the variance ⟨H²⟩ - ⟨H⟩² of a Hermitian observable in the state that a circuit makes.

    Args:
        circuit: The circuit, whose parameters have values.
        observable: The observable H, as `expectation` takes it.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Raises:
        CircuitError: The observable acts on a qubit that the circuit does not have.
        SizeLimitError: H² has more than ten million terms.
        UsageError: The observable is not Hermitian.

    Example:
        >>> round(variance(Circuit(1).ry(0, np.pi / 2), "Z0"), 6)
        1.0
    """
    return float(_covariances(variance, circuit, [observable], observer, options)[0, 0])


@shows_progress
@explicit_options(Options, OPTIONS)
def covariance(
    circuit: Circuit,
    observables: Sequence[ObservableLike],
    *,
    observer: Observer | None = None,
    **options: Unpack[Options],
) -> FloatArray:
    """Computes the covariances ⟨AB + BA⟩/2 - ⟨A⟩⟨B⟩ of Hermitian observables in the state that a circuit makes.

    Args:
        circuit: The circuit, whose parameters have values.
        observables: The observables, as `expectation` takes them.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        float64, shape (len(observables), len(observables)).

    Raises:
        CircuitError: An observable acts on a qubit that the circuit does not have.
        SizeLimitError: A product of two observables has more than ten million terms.
        UsageError: An observable is not Hermitian.

    Example:
        >>> covariance(Circuit(2).h(0).cx(0, 1), ["Z0", "Z1"]).round(6).tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """
    return _covariances(covariance, circuit, observables, observer, options)


def _covariances(
    function: Any,
    circuit: Circuit,
    given: Sequence[ObservableLike],
    observer: Observer | None,
    options: Mapping[str, Any],
) -> FloatArray:
    observables, _ = read_observable_list(list(given))
    for observable in observables:
        if not observable.is_hermitian:
            raise UsageError(f"variances are those of Hermitian observables; {observable!r} has complex coefficients")
    pairs = [(first, second) for first in range(len(observables)) for second in range(first + 1)]
    products = [(observables[i] * observables[j] + observables[j] * observables[i]) / 2 for i, j in pairs]
    task = ExpectationTask(circuit=check_circuit(circuit), observables=(*observables, *products))
    values = solve(task, settings_of(function, options), observer=observer).answer.values.real
    means = values[: len(observables)]
    covariances = np.empty((len(observables), len(observables)))
    for (first, second), value in zip(pairs, values[len(observables) :], strict=True):
        covariances[first, second] = covariances[second, first] = value - means[first] * means[second]
    return covariances


@explicit_options(Options, OPTIONS)
class Energy:
    """Expectation values as a function of a circuit's parameters, and their gradient.

    Networks and plans are made once; then it is called again and again: a call changes only the elements of tensors.
    Parameters are the named ones of the circuit, in the order of `circuit.parameters`. A circuit without named ones has
    every rotation angle as one, `theta0`, `theta1`, … in the order of its gates; these have values already, with which
    it may be called without arguments.

    Args:
        circuit: The circuit. One with channels, measurements, resets or conditions is built anew for each point, and
            its gradient takes about the time of a value for each angle.
        observable: A Hermitian observable as `expectation` takes it; or a list of them: then values have one more
            axis, the last, and gradients one before that of the parameters.
        observer: Receives progress updates of the search for plans.
        options: See `taizhang.settings.OPTIONS`.

    Attributes:
        circuit: The circuit.
        observables: The observables.
        parameters: Names of the parameters, in the order in which values are taken and gradients given.
        plan: Light cones, predicted work, time and memory.

    Raises:
        CircuitError: An observable acts on a qubit that the circuit does not have.
        MemoryLimitError: A light cone does not fit the memory limit.

    Example:
        >>> from taizhang.circuit.parameter import Parameter
        >>> theta = Parameter("theta")
        >>> energy = Energy(Circuit(2).ry(0, theta).cx(0, 1), "Z0 + X0 X1", dtype="complex128")
        >>> round(energy(theta=0.0), 6)
        1.0
        >>> value, gradient = energy.value_and_gradient([0.0])
        >>> round(value, 6), gradient.round(6).tolist()
        (1.0, [1.0])
    """

    __slots__ = ("_program", "_single", "circuit", "observables", "plan")

    circuit: Circuit
    observables: tuple[Observable, ...]
    plan: ConePlan

    def __init__(
        self,
        circuit: Circuit,
        observable: ObservableLike | Sequence[ObservableLike],
        *,
        observer: Observer | None = None,
        **options: Unpack[Options],
    ) -> None:
        self._prepare(circuit, observable, settings_of(Energy, options), observer)

    @classmethod
    def of_settings(
        cls,
        circuit: Circuit,
        observable: ObservableLike | Sequence[ObservableLike],
        settings: Settings,
        *,
        observer: Observer | None = None,
    ) -> Energy:
        """Makes an energy with options that are read already."""
        energy = cls.__new__(cls)
        energy._prepare(circuit, observable, settings, observer)
        return energy

    def _prepare(self, circuit: Circuit, observable: Any, settings: Settings, observer: Observer | None) -> None:
        self.circuit = check_circuit(circuit, parametric=True)
        self.observables, self._single = read_observable_list(observable)
        unitary = self.circuit.is_unitary
        maker: Any = EnergyProgram if unitary else noisy_energy.NoisyEnergyProgram
        self._program: EnergyProgram | noisy_energy.NoisyEnergyProgram = maker.prepare(
            self.circuit, self.observables, settings, observer
        )
        self.plan = ConePlan.of(self._program.cones, self._program.build_seconds)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in the order in which values are taken and gradients given."""
        return self._program.names

    @property
    def value_shape(self) -> tuple[int, ...]:
        """Shape of the value at one point: () or, for a list of observables, (observables,)."""
        return () if self._single else (len(self.observables),)

    def check_gradient(self) -> None:
        """Checks that the energy has a gradient.

        Raises:
            UsageError: An observable is not Hermitian.
        """
        wrong = next((each for each in self.observables if not each.is_hermitian), None)
        if wrong is not None:
            raise UsageError(
                f"a gradient needs a Hermitian observable; {wrong!r} has complex coefficients; add its adjoint, or "
                "take its real part"
            )

    def __call__(
        self, values: Sequence[float] | FloatArray | Mapping[str, float] | None = None, /, **named: float
    ) -> Any:
        """Computes the expectation values at one point or several.

        Args:
            values: A number for each parameter, in order or by name; or an array of shape (points, parameters).
            named: Values by name, instead.

        Returns:
            A float; for several points an array of shape (points,), float64. Where the energy has a list of
            observables, with one more axis for them. Complex where an observable is not Hermitian.

        Raises:
            CircuitError: A parameter has no value, there is none of that name, or a value is not finite.
        """
        points, several = self._read_points(values, named)
        found = np.array([self._program.values(point).values for point in points], dtype=np.complex128)
        found = found.reshape(len(points), len(self.observables))
        result = found.real.copy() if all(each.is_hermitian for each in self.observables) else found
        result = result[:, 0] if self._single else result
        return result if several else result[0].item() if self._single else result[0]

    def value_and_gradient(
        self, values: Sequence[float] | FloatArray | Mapping[str, float] | None = None, /, **named: float
    ) -> tuple[Any, FloatArray]:
        """Computes the value and its derivatives by all parameters, for about three times the work of the value.

        It is what `scipy.optimize.minimize(..., jac=True)` takes.

        Args:
            values: A number for each parameter, in order or by name.
            named: Values by name, instead.

        Returns:
            The value, and the gradient, float64, shape (parameters,). Where the energy has a list of observables, the
            values, and a row of the gradient for each.

        Raises:
            CircuitError: A parameter has no value, there is none of that name, or a value is not finite.
            UsageError: An observable is not Hermitian, or several points are given.
        """
        self.check_gradient()
        points, several = self._read_points(values, named)
        if several:
            raise UsageError("a gradient is computed at one point; give an array of shape (parameters,)")
        found, gradients = self._program.values_and_gradients(points[0])
        if self._single:
            return float(found[0].real), np.array(gradients[0].real, dtype=np.float64)
        return found.real.copy(), np.array(gradients.real, dtype=np.float64)

    def gradient(
        self, values: Sequence[float] | FloatArray | Mapping[str, float] | None = None, /, **named: float
    ) -> FloatArray:
        """Computes the derivatives by all parameters; arguments and errors are those of `value_and_gradient`."""
        return self.value_and_gradient(values, **named)[1]

    def _read_points(self, values: Any, named: Mapping[str, float]) -> tuple[FloatArray, bool]:
        """Returns the points, shape (points, parameters), and whether several were asked for."""
        names, present = self._program.names, self._program.angles
        if values is not None and named:
            raise UsageError("values are given in order or by name; give them in one way only")
        if values is None and not named and len(present) == len(names):
            return present[np.newaxis], False
        given: Any = named if values is None else values
        if not isinstance(given, Mapping):
            array = np.asarray(given)
            if array.ndim == 2:
                points = [self._read_point(row.tolist()) for row in array]
                return np.array(points, dtype=np.float64).reshape(len(points), len(names)), True
            given = array.tolist() if isinstance(given, np.ndarray) else given
        elif len(present):
            given = {**dict(zip(names, present.tolist(), strict=True)), **given}
        return self._read_point(given)[np.newaxis], False

    def _read_point(self, given: Mapping[str, float] | Sequence[float]) -> FloatArray:
        names = self._program.names
        read = check_values(given, names)
        missing = next((name for name in names if name not in read), None)
        if missing is not None:
            raise CircuitError(f"the parameter '{missing}' has no value; give a number for it")
        return np.array([read[name] for name in names], dtype=np.float64)

    def __repr__(self) -> str:
        return (
            f"<Energy of {len(self.parameters)} parameters: {self.plan.num_products} Pauli products, "
            f"{self.plan.num_distinct} different light cones>"
        )


def read_observable_list(given: Any) -> tuple[tuple[Observable, ...], bool]:
    """Reads an observable or a list of them; returns them, and whether it was a single one.

    Raises:
        UsageError: It is neither.
    """
    if isinstance(given, (list, tuple)):
        return tuple(map(as_observable, given)), False
    return (as_observable(given),), True
