"""QAOA of a problem: energy, gradient, optimisation and samples. The angles' conventions are those of `qaoa_circuit`.

The common keywords are in the table `taizhang.settings.OPTIONS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from taizhang._checks import check_type, read_integer
from taizhang._optional import optional_module
from taizhang.api.arguments import read_count
from taizhang.api.energies import Energy
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.parameter import check_values
from taizhang.errors import UsageError
from taizhang.observer import Observer
from taizhang.options import explicit_options
from taizhang.problems.qaoa import MAX_DEPTH, qaoa_circuit
from taizhang.problems.qaoa_angles import interpolate_angles, start_angles
from taizhang.problems.wcsp import Wcsp
from taizhang.progress.display import shows_progress
from taizhang.sampling.choice import prepare_samples
from taizhang.sampling.sampler import MethodName
from taizhang.settings import OPTIONS, Options, Settings, settings_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

FloatArray = npt.NDArray[np.float64]
Angles = Sequence[float] | FloatArray

GRADIENT_METHODS = ("L-BFGS-B", "BFGS", "CG", "SLSQP", "TNC")
VALUE_METHODS = ("COBYLA", "Nelder-Mead", "Powell")
"""Methods of `scipy.optimize.minimize` that use the gradient, and those that do not."""

_TOLERANCES = {"complex64": 1e-6, "complex128": 1e-9}


class Assignment(NamedTuple):
    """An assignment of bits to the variables of a problem.

    Attributes:
        bitstring: Its bits, variable 0 first.
        cost: Its cost.
    """

    bitstring: str
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QaoaSamples:
    """Samples of a QAOA circuit.

    Attributes:
        bits: uint8, shape (shots, variables), variable 0 first.
        costs: Their costs, float64, shape (shots,).
        best: The sample of the best cost; of several equal ones the first drawn.
        method: How they were drawn.
    """

    bits: npt.NDArray[np.uint8]
    costs: FloatArray
    best: Assignment
    method: MethodName


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QaoaOptimum:
    """Optimised angles.

    Attributes:
        gammas: Angles of the cost, one for each layer.
        betas: Angles of the mixers, likewise.
        energy: The expected cost at these angles.
        gradient: Its derivatives by gammas, then betas, float64, shape (2 * depth,); None where the method uses none.
        energies: The energy of each evaluation, float64, shape (evaluations,).
        converged: Whether the method says that it converged.
        message: What the method says about its end.
    """

    gammas: tuple[float, ...]
    betas: tuple[float, ...]
    energy: float
    gradient: FloatArray | None
    energies: FloatArray
    converged: bool
    message: str

    @property
    def evaluations(self) -> int:
        """How often the energy was computed."""
        return len(self.energies)

    def __repr__(self) -> str:
        return f"<QaoaOptimum: energy {self.energy:.8g} after {self.evaluations} evaluations>"


@explicit_options(Options, OPTIONS)
class Qaoa:
    """The quantum approximate optimisation algorithm for a problem, with its network planned once.

    Args:
        problem: The problem, from `maxcut`, `Wcsp` or `read_problem`; its clauses have at most ten variables.
        depth: Number of layers.
        observer: Receives progress updates of the search for plans.
        options: See `taizhang.settings.OPTIONS`.

    Attributes:
        problem: The problem.
        depth: Number of layers.
        circuit: The circuit with the parameters gamma1, beta1, gamma2, ….
        energy_function: The expected cost as an `Energy` of this circuit.

    Raises:
        UsageError: `problem` is not a Wcsp, or the depth is not a whole number from 1.
        SizeLimitError: A clause has more than ten variables.
        MemoryLimitError: A light cone does not fit the memory limit.
    """

    __slots__ = ("_settings", "circuit", "depth", "energy_function", "problem")

    problem: Wcsp
    depth: int
    circuit: Circuit
    energy_function: Energy
    _settings: Settings

    def __init__(
        self, problem: Wcsp, depth: int, *, observer: Observer | None = None, **options: Unpack[Options]
    ) -> None:
        self._prepare(problem, depth, settings_of(Qaoa, options), observer)

    @classmethod
    def of_settings(cls, problem: Wcsp, depth: int, settings: Settings, *, observer: Observer | None = None) -> Qaoa:
        """Makes one with options that are read already."""
        made = cls.__new__(cls)
        made._prepare(problem, depth, settings, observer)
        return made

    def _prepare(self, problem: Wcsp, depth: int, settings: Settings, observer: Observer | None) -> None:
        self._settings = settings
        self.problem = check_type(problem, Wcsp, name="problem", hint="; make one by maxcut(graph) or read_problem")
        self.depth = check_depth(depth)
        self.circuit = qaoa_circuit(problem, self.depth)
        self.energy_function = Energy.of_settings(self.circuit, problem.observable(), settings, observer=observer)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the angles, gamma1, gamma2, …, beta1, beta2, …: the order of gradients."""
        layers = range(1, self.depth + 1)
        return (*(f"gamma{layer}" for layer in layers), *(f"beta{layer}" for layer in layers))

    def start(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Returns (gammas, betas) that are good without optimising: for 3-regular graphs the fixed ones, else scaled.

        Source:
            Wurtz and Lykov, arXiv:2107.00677.
        """
        return start_angles(self.problem, self.depth)

    def energy(self, gammas: Angles, betas: Angles) -> float:
        """Computes the expected cost.

        Args:
            gammas: Angles of the cost, one for each layer.
            betas: Angles of the mixers, likewise.

        Raises:
            UsageError: There is not one of each for each layer.
            CircuitError: An angle is not a finite number.
        """
        return float(self.energy_function(self._named(self._read(gammas, betas))))

    def value_and_gradient(self, gammas: Angles, betas: Angles) -> tuple[float, FloatArray]:
        """Computes the expected cost and its derivatives, for about three times the work of the value.

        Returns:
            The expected cost, and the derivatives by the gammas, then the betas, float64, shape (2 * depth,).

        Raises:
            UsageError: There is not one of each for each layer.
            CircuitError: An angle is not a finite number.
        """
        return self._derive(self._read(gammas, betas))

    def _derive(self, point: Sequence[float]) -> tuple[float, FloatArray]:
        value, gradient = self.energy_function.value_and_gradient(self._named(point))
        by_name = dict(zip(self.energy_function.parameters, gradient.tolist(), strict=True))
        return float(value), np.array([by_name.get(name, 0.0) for name in self.parameters])

    def optimize(
        self,
        start: tuple[Angles, Angles] | QaoaOptimum | None = None,
        method: str = "L-BFGS-B",
        *,
        max_iterations: int = 1000,
        tolerance: float | None = None,
    ) -> QaoaOptimum:
        """Optimises the angles: to the largest expected cost, or to the smallest where the problem is to be minimised.

        Args:
            start: (gammas, betas), or the optimum of another `Qaoa`; of fewer layers it is interpolated. By default
                those of `start()`.
            method: L-BFGS-B, BFGS, CG, SLSQP or TNC, which use the gradient; or COBYLA, Nelder-Mead or Powell.
            max_iterations: Most iterations of the method.
            tolerance: Of the energy, relative to the spread of the cost, at which the method ends; by default 1e-6,
                or 1e-9 with complex128.

        Returns:
            The best angles of all evaluations.

        Raises:
            UsageError: The start does not fit the depth, or the method or a number is not allowed.
            MissingPackageError: scipy is not installed.
        """
        # Stage 1: arguments.
        if method not in (*GRADIENT_METHODS, *VALUE_METHODS):
            known = ", ".join((*GRADIENT_METHODS, *VALUE_METHODS))
            raise UsageError(f"method must be one of {known}, got {method!r:.40}")
        iterations = read_count(max_iterations, name="max_iterations")
        tolerance = _TOLERANCES[self._settings.dtype] if tolerance is None else tolerance
        if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)) or not 0 < tolerance < 1:
            raise UsageError(f"tolerance must be a number between 0 and 1, got {tolerance!r:.40}")
        begin = self._read_start(start)
        minimize = optional_module(
            "scipy.optimize", package="scipy", what_for="optimising angles", extra="optimize"
        ).minimize

        # Stage 2: optimise, the energies in units of the spread of the cost.
        sought = _Search(qaoa=self, with_gradient=method in GRADIENT_METHODS, unit=self._unit())
        ended = minimize(
            sought,
            np.array(begin),
            jac=sought.with_gradient,
            method=method,
            tol=tolerance,
            options={"maxiter": iterations},
        )

        # Stage 3: the best of all evaluations.
        angles = tuple(sought.point)
        return QaoaOptimum(
            gammas=angles[: self.depth],
            betas=angles[self.depth :],
            energy=sought.energy,
            gradient=sought.gradient,
            energies=np.array(sought.energies),
            converged=bool(ended.success),
            message=str(ended.message),
        )

    @shows_progress
    def sample(
        self,
        shots: int,
        gammas: Angles,
        betas: Angles,
        *,
        seed: int | None = None,
        method: MethodName = "auto",
        observer: Observer | None = None,
    ) -> QaoaSamples:
        """Draws samples of the circuit at some angles, with their costs.

        Args:
            shots: Number of samples.
            gammas: Angles of the cost, one for each layer.
            betas: Angles of the mixers, likewise.
            seed: Seed of the samples; by default that of the options.
            method: As for `tz.sample`.
            observer: Receives progress updates.

        Raises:
            UsageError: An argument has a value that it cannot have.
            LimitError: No method of sampling fits the limits.
        """
        shots = read_count(shots, name="shots")
        settings = self._settings
        if seed is not None:
            settings = replace(settings, seed=Settings.checked(seed=seed).seed)
        bound = self.circuit.bind(self._named(self._read(gammas, betas)))
        run = prepare_samples(bound, shots, settings, method=method, observer=observer)
        bits = np.concatenate(list(run))
        return QaoaSamples(bits=bits, costs=self.problem.cost(bits), best=self.best(bits), method=run.method)

    def best(self, samples: QaoaSamples | Sequence[str] | npt.NDArray[np.integer]) -> Assignment:
        """Returns the sample of the best cost; of several equal ones the first.

        Args:
            samples: From `sample`; or bitstrings, or an array of bits of shape (shots, variables).

        Raises:
            ProblemError: A sample does not fit the problem.
            UsageError: There are no samples.
        """
        if isinstance(samples, QaoaSamples):
            return samples.best
        if isinstance(samples, str) or not len(samples):
            raise UsageError("samples must be at least one bitstring, as a list or an array of bits; draw some")
        costs = self.problem.cost(samples)
        place = int(np.argmax(costs) if self.problem.maximise else np.argmin(costs))
        chosen = samples[place]
        return Assignment(
            chosen if isinstance(chosen, str) else "".join(map(str, map(int, chosen))), float(costs[place])
        )

    def bound(self) -> float:
        """Returns a bound of all costs: that of an assignment, possibly none, that has each clause at its best."""
        extreme = np.max if self.problem.maximise else np.min
        return self.problem.offset + sum(float(extreme(clause.values)) for clause in self.problem.clauses)

    def _read(self, gammas: Angles, betas: Angles) -> tuple[float, ...]:
        return (*read_angle_list(gammas, "gamma", self.depth), *read_angle_list(betas, "beta", self.depth))

    def _read_start(self, start: Any) -> tuple[float, ...]:
        if start is None:
            return tuple(angle for angles in self.start() for angle in angles)
        if isinstance(start, QaoaOptimum):
            start = start.gammas, start.betas
        if not isinstance(start, (tuple, list, np.ndarray)) or len(start) != 2:
            raise UsageError("start must be a pair of gammas and betas, or an optimum of fewer layers; give such")
        pair: list[Any] = [angles if np.ndim(angles) == 1 else [] for angles in start]
        if len(pair[0]) == len(pair[1]) and 0 < len(pair[0]) < self.depth:
            for _ in range(self.depth - len(pair[0])):
                pair = [interpolate_angles(angles) for angles in pair]
        return self._read(*pair)

    def _named(self, point: Sequence[float]) -> dict[str, float]:
        """The values of the parameters that the circuit has: without clauses, it has no gammas."""
        known = set(self.energy_function.parameters)
        return {name: value for name, value in zip(self.parameters, point, strict=True) if name in known}

    def _unit(self) -> float:
        terms = self.problem.observable().terms
        spread = sum(abs(coefficient) ** 2 for product, coefficient in terms if product) ** 0.5
        sign = -1.0 if self.problem.maximise else 1.0
        return sign * (spread or 1.0)

    def __repr__(self) -> str:
        return f"<Qaoa of {self.depth} layer{'s' * (self.depth != 1)}: {self.problem!r}>"


@dataclass(slots=True, kw_only=True, eq=False)
class _Search:
    """What is minimised, with a record of all evaluations and the best of them.

    Attributes:
        qaoa: Whose energy it is.
        with_gradient: Whether a call returns the gradient, too.
        unit: The energy is divided by this; it is negative where it is to be maximised.
        energies: The energies of all evaluations.
        point: The best angles.
        energy: Their energy.
        gradient: Its derivatives, or None.
    """

    qaoa: Qaoa
    with_gradient: bool
    unit: float
    energies: list[float] = field(default_factory=list)
    point: list[float] = field(default_factory=list)
    energy: float = 0.0
    gradient: FloatArray | None = None

    def __call__(self, point: FloatArray) -> Any:
        angles, gradient = point.tolist(), None
        if self.with_gradient:
            energy, gradient = self.qaoa._derive(angles)
        else:
            energy = float(self.qaoa.energy_function(self.qaoa._named(angles)))
        if not self.energies or energy / self.unit < self.energy / self.unit:
            self.point, self.energy, self.gradient = angles, energy, gradient
        self.energies.append(energy)
        return energy / self.unit if gradient is None else (energy / self.unit, gradient / self.unit)


@shows_progress
@explicit_options(Options, OPTIONS)
def qaoa(problem: Wcsp, depth: int, *, observer: Observer | None = None, **options: Unpack[Options]) -> Qaoa:
    """Prepares QAOA of a problem: its circuit, and the network of its expected cost, planned once.

    Args:
        problem: The problem, from `maxcut`, `Wcsp` or `read_problem`; its clauses have at most ten variables.
        depth: Number of layers.
        observer: Receives progress updates of the search for plans.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        Energy, gradient, optimisation and samples.

    Raises:
        UsageError: `problem` is not a Wcsp, or the depth is not a whole number from 1.
        SizeLimitError: A clause has more than ten variables.
        MemoryLimitError: A light cone does not fit the memory limit.

    Example:
        >>> from taizhang.problems.constructors import maxcut
        >>> ring = qaoa(maxcut([(0, 1), (1, 2), (2, 3), (3, 0)]), depth=1, dtype="complex128")
        >>> round(ring.energy([np.pi / 4], [np.pi / 8]), 6)
        3.0
        >>> ring.best(["0000", "0101", "0011"])
        Assignment(bitstring='0101', cost=4.0)
    """
    settings_of(qaoa, options)
    return Qaoa(problem, depth, observer=observer, **options)


def check_depth(depth: Any, *, called: str = "depth") -> int:
    """Reads a number of layers.

    Raises:
        UsageError: It is not a whole number from 1 to 10,000.
    """
    layers = read_integer(depth, name=called)
    if not 1 <= layers <= MAX_DEPTH:
        raise UsageError(f"{called} must be from 1 to {MAX_DEPTH}, got {layers!s:.40}")
    return layers


def read_angle_list(given: Any, name: str, depth: int) -> tuple[float, ...]:
    """Reads the angles of one kind, `name` being gamma or beta.

    Raises:
        UsageError: There is not one for each layer.
        CircuitError: One is not a finite number.
    """
    array = given.tolist() if isinstance(given, np.ndarray) else given
    if isinstance(array, str) or not isinstance(array, Sequence) or len(array) != depth:
        got = len(array) if isinstance(array, Sequence) and not isinstance(array, str) else repr(given)[:40]
        raise UsageError(f"{name}s must be {depth} angle{'s' * (depth != 1)}, one for each layer, got {got}")
    read = check_values(array, [f"{name}{layer}" for layer in range(1, depth + 1)])
    return tuple(read.values())
