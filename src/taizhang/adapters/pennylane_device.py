"""The PennyLane device "taizhang.qubit".

Expectation values go through light cones and gradients through our own reverse mode, so that neither needs the state of
the whole circuit. Circuits that differ in angles share their plans.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pennylane as qml
from pennylane.devices import Device, ExecutionConfig
from pennylane.devices.modifiers import simulator_tracking, single_tape_support
from pennylane.devices.preprocess import (
    decompose,
    no_sampling,
    validate_adjoint_trainable_params,
    validate_device_wires,
    validate_measurements,
)
from pennylane.exceptions import DeviceError
from pennylane.measurements import (
    ClassicalShadowMP,
    DensityMatrixMP,
    ExpectationMP,
    MeasurementProcess,
    MeasurementTransform,
    ProbabilityMP,
    SampleMeasurement,
    ShadowExpvalMP,
    StateMeasurement,
    StateMP,
    VarianceMP,
)
from pennylane.ops import Prod, Projector, SparseHamiltonian, SProd, Sum
from pennylane.tape import QuantumScript
from pennylane.transforms import broadcast_expand, defer_measurements, split_non_commuting
from pennylane.transforms.core import CompilePipeline

from taizhang._random import read_seed, stream
from taizhang.adapters.pennylane import gates_of_table, operations_of
from taizhang.adapters.pennylane_observable import observable_from_pennylane
from taizhang.api.amplitudes import state_vector
from taizhang.api.density import density_matrix
from taizhang.api.energies import Energy, expectation
from taizhang.api.samples import marginal_probabilities, sample
from taizhang.circuit.channel import MAX_CHANNEL_QUBITS
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.gates import MAX_DENSE_QUBITS
from taizhang.circuit.light_cone import light_cone
from taizhang.circuit.observable import Observable
from taizhang.circuit.parameter import Parameter
from taizhang.errors import TaizhangError
from taizhang.execute.kept_plans import KeptPlans, keep_plans
from taizhang.settings import Settings

_GRADIENTS = ("device", "adjoint", "best")
# Observables without Pauli products are written as such up to these many wires; above, values need density matrices.
_MOST_EXPANDED = 3
_MOST_PROJECTED = 10
_MOST_DENSITY = 12
# Energies that are kept, one for each structure of a circuit; the one used longest ago is forgotten first.
_MOST_ENERGIES = 64


@simulator_tracking
@single_tape_support
class TaizhangDevice(Device):  # type: ignore[misc]
    """The device `qml.device("taizhang.qubit")`: expectation values and gradients of circuits of any width.

    Args:
        wires: As other devices take them; by default those of each circuit.
        shots: The default number of shots; None for exact values.
        seed: Of samples; None for others each time.
        options: Options of `taizhang.expectation` and `sample`, such as `memory`, `threads`, `method`, `dtype`
            ("complex128" by default).

    Raises:
        UsageError: An option is not one.

    Example:
        >>> import pennylane as qml
        >>> @qml.qnode(qml.device("taizhang.qubit", wires=100))
        ... def energy(angle):
        ...     for wire in range(100):
        ...         qml.RY(angle, wire)
        ...     return qml.expval(qml.Z(0) @ qml.Z(99))
        >>> round(float(energy(0.3)), 6)
        0.912668
    """

    name = "taizhang.qubit"
    config_filepath = str(Path(__file__).with_name("device.toml"))

    def __init__(self, wires: Any = None, shots: Any = None, seed: Any = None, **options: Any) -> None:
        super().__init__(wires=wires, shots=shots)
        self._method = options.pop("method", "auto")
        self._options = {"dtype": "complex128", **options}
        Settings.checked(**self._options)
        self._seed = read_seed(None if seed == "global" else seed)
        self._drawn = 0
        self._energies: OrderedDict[Any, Energy] = OrderedDict()
        self.kept = KeptPlans()

    # What a circuit goes through before it is executed

    def setup_execution_config(
        self, config: ExecutionConfig | None = None, circuit: QuantumScript | None = None
    ) -> ExecutionConfig:
        """Completes what PennyLane asks for: gradients of the device, measurements deferred."""
        config = ExecutionConfig() if config is None else config
        unknown = next(iter(config.device_options), None)
        if unknown is not None:
            raise DeviceError(f"{self.name} has no option '{unknown}' of a call; give options to qml.device")
        method = config.mcm_config.mcm_method
        if method not in (None, "deferred"):
            raise DeviceError(f"{self.name} takes mid-circuit measurements with mcm_method='deferred', got '{method}'")
        config = replace(config, mcm_config=replace(config.mcm_config, mcm_method="deferred"))
        if config.gradient_method in _GRADIENTS and self.supports_derivatives(config, circuit):
            keep = config.grad_on_execution
            config = replace(
                config,
                gradient_method="device",
                use_device_gradient=True,
                grad_on_execution=True if keep is None else keep,
            )
        return config

    def preprocess_transforms(self, execution_config: ExecutionConfig | None = None) -> CompilePipeline:
        """The transforms that make of any circuit one that `execute` takes."""
        config = ExecutionConfig() if execution_config is None else execution_config
        differentiates = config.gradient_method == "device"
        pipeline = CompilePipeline()
        pipeline.add_transform(validate_device_wires, self.wires, name=self.name)
        pipeline.add_transform(defer_measurements, allow_postselect=False)
        if differentiates:
            pipeline.add_transform(no_sampling, name=f"device gradients of {self.name}")
        pipeline.add_transform(
            decompose,
            stopping_condition=_differentiable if differentiates else _readable,
            skip_initial_state_prep=True,
            name=self.name,
        )
        pipeline.add_transform(
            validate_measurements, analytic_measurements=_analytic, sample_measurements=_sampled, name=self.name
        )
        pipeline.add_transform(broadcast_expand)
        if differentiates:
            pipeline.add_transform(validate_adjoint_trainable_params)
        return pipeline

    def supports_derivatives(
        self, execution_config: ExecutionConfig | None = None, circuit: QuantumScript | None = None
    ) -> bool:
        """Whether the device has the gradient: of exact expectation values and variances of Pauli products and sums."""
        if execution_config is not None and (
            execution_config.gradient_method not in _GRADIENTS or execution_config.derivative_order != 1
        ):
            return False
        if circuit is None:
            return True
        return not circuit.shots and all(map(_has_gradient, circuit.measurements))

    # Execution

    def execute(self, circuits: Any, execution_config: ExecutionConfig | None = None) -> Any:
        """Executes circuits.

        Args:
            circuits: Tapes; of each, exact values or samples, as it has shots or not.
            execution_config: Not needed.

        Returns:
            A tuple with the result of each: one value, or a tuple of them, one for each measurement.

        Raises:
            DeviceError: Something is not supported, or does not fit.
        """
        with self._refusals(), keep_plans(self.kept):
            return tuple(self._result(tape) for tape in circuits)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except TaizhangError as error:
            raise DeviceError(str(error)) from error

    def _result(self, tape: QuantumScript) -> Any:
        if tape.shots:
            return self._sampled_result(tape)
        placed = _Placed(tape, self.wires)
        values = self._exact_values(placed)
        return values[0] if len(values) == 1 else tuple(values)

    def _sampled_result(self, tape: QuantumScript) -> Any:
        # Stage 1: measurements that run circuits of their own, such as classical shadows.
        own = [isinstance(measured, MeasurementTransform) for measured in tape.measurements]
        alone = [
            self._transformed(tape.copy(measurements=[measured]))
            for measured, is_own in zip(tape.measurements, own, strict=True)
            if is_own
        ]
        rest = [measured for measured, is_own in zip(tape.measurements, own, strict=True) if not is_own]
        if not rest:
            return alone[0] if len(alone) == 1 else tuple(alone)
        # Stage 2: the others, in as many bases as they need.
        batch, combine = split_non_commuting(tape.copy(measurements=rest) if alone else tape)
        found = combine(tuple(self._samples_of(part) for part in batch))
        if not alone:
            return found
        if tape.shots.has_partitioned_shots:
            raise DeviceError(f"{self.name} takes several numbers of shots without classical shadows beside others")
        others = iter(found if len(rest) > 1 else [found])
        first = iter(alone)
        return tuple(next(first) if is_own else next(others) for is_own in own)

    def _transformed(self, tape: QuantumScript) -> Any:
        """The value of a classical shadow, or of somebody's own measurement that runs circuits."""
        measured = tape.measurements[0]
        if not isinstance(measured, (ClassicalShadowMP, ShadowExpvalMP)):
            return measured.process(tape=tape, device=self)
        placed = _Placed(tape, self.wires)
        state = state_vector(placed.circuit(), **{"seed": 0, **self._options})
        self._drawn += 1
        seed = stream(self._seed, "pennylane", self._drawn)
        moved, order = qml.map_wires(measured, placed.places), qml.wires.Wires(range(len(placed.order)))
        shaped = state.reshape((2,) * len(placed.order))
        found = [moved.process_state_with_shots(shaped, order, high - low, rng=seed) for low, high in tape.shots.bins()]
        return tuple(found) if tape.shots.has_partitioned_shots else found[0]

    # Exact values

    def _exact_values(self, placed: _Placed) -> list[Any]:
        """The values of all measurements."""
        found: list[Any] = []
        asked: list[Observable] = []
        later: list[tuple[int, Callable[[Any], Any]]] = []
        circuit = placed.circuit()
        for number, measured in enumerate(placed.tape.measurements):
            reading = _reading(measured, placed)
            found.append(None)
            if reading is None:
                found[number] = self._other_value(circuit, measured, placed)
            else:
                later.append((number, _shifted(reading.value, len(asked), len(reading.observables))))
                asked += reading.observables
        if later:
            values = np.asarray(expectation(circuit, asked, seed=0, **self._options)).real
            for number, value in later:
                found[number] = value(values)
        return found

    def _other_value(self, circuit: Circuit, measured: MeasurementProcess, placed: _Placed) -> Any:
        """The value of a measurement that is not of Pauli products."""
        options = {"seed": 0, **self._options}
        wires = list(measured.wires) or placed.order
        qubits = [placed.places[wire] for wire in wires]
        if isinstance(measured, ProbabilityMP):
            turned = circuit.then(Circuit(circuit.num_qubits, placed.read(measured.diagonalizing_gates())))
            if not turned.is_unitary:
                return np.diagonal(density_matrix(turned, qubits, **options)).real.copy()
            return marginal_probabilities(turned, qubits, **options).reshape(-1)
        if isinstance(measured, DensityMatrixMP):
            return density_matrix(circuit, qubits, **options)
        if isinstance(measured, (ExpectationMP, VarianceMP)) and measured.obs is not None:
            if len(wires) > _MOST_DENSITY:
                raise DeviceError(
                    f"{measured.obs.name} on {len(wires)} wires is not supported on {self.name}; at most "
                    f"{_MOST_DENSITY} are, except of Pauli products and sums"
                )
            state, matrix = density_matrix(circuit, qubits, **options), _matrix(measured.obs, wires)
            value = np.trace(matrix @ state).real
            if isinstance(measured, ExpectationMP):
                return value
            return np.trace(matrix @ (matrix @ state)).real - value**2
        # PennyLane takes wires as places in the state: of the measured wires, or of all.
        if measured.wires and len(wires) <= _MOST_DENSITY and not _is_of_states(measured):
            state = density_matrix(circuit, qubits, **options)
            moved = qml.map_wires(measured, {wire: place for place, wire in enumerate(wires)})
            return moved.process_density_matrix(state, wire_order=qml.wires.Wires(range(len(wires))))
        moved = qml.map_wires(measured, placed.places)
        return moved.process_state(
            state_vector(circuit, **options), wire_order=qml.wires.Wires(range(len(placed.order)))
        )

    # Samples

    def _samples_of(self, tape: QuantumScript) -> Any:
        """The values of measurements in one basis, from samples; for several numbers of shots a tuple of them."""
        # Stage 1: the samples of the wires that are measured.
        placed = _Placed(tape, self.wires)
        everything = any(not measured.wires for measured in tape.measurements)
        wires = placed.order if everything else list(qml.wires.Wires.all_wires([m.wires for m in tape.measurements]))
        circuit = placed.circuit(tape.diagonalizing_gates)
        rows = self._draw(circuit, [placed.places[wire] for wire in wires], tape.shots.total_shots)
        # Stage 2: the values of each number of shots.
        order = qml.wires.Wires(wires)
        results = []
        for low, high in tape.shots.bins():
            values = tuple(_value_of_samples(measured, rows[low:high], order) for measured in tape.measurements)
            results.append(values[0] if len(values) == 1 else values)
        return tuple(results) if tape.shots.has_partitioned_shots else results[0]

    def _draw(self, circuit: Circuit, qubits: Sequence[int], shots: int) -> npt.NDArray[np.int64]:
        """Samples of some qubits, shape (shots, qubits)."""
        cone, kept = light_cone(circuit, qubits, probabilities=circuit.is_unitary)
        self._drawn += 1
        seed = int(stream(self._seed, "pennylane", self._drawn).integers(1 << 62))
        rows = sample(cone, shots, method=self._method, **{"seed": seed, **self._options})
        return rows[:, [kept.index(qubit) for qubit in qubits]].astype(np.int64)

    # Gradients

    def compute_derivatives(self, circuits: Any, execution_config: ExecutionConfig | None = None) -> Any:
        """Derivatives of expectation values by the trainable parameters.

        Returns:
            For each circuit an array, or a tuple of them, one for each parameter; of several measurements a tuple of
            these.

        Raises:
            DeviceError: A gate or measurement has no derivative here.
        """
        return self.execute_and_compute_derivatives(circuits, execution_config)[1]

    def execute_and_compute_derivatives(self, circuits: Any, execution_config: ExecutionConfig | None = None) -> Any:
        """Values and derivatives at once, as `execute` and `compute_derivatives` give them."""
        with self._refusals():
            pairs = [self._value_and_derivatives(tape) for tape in circuits]
        return tuple(value for value, _ in pairs), tuple(rows for _, rows in pairs)

    def _value_and_derivatives(self, tape: QuantumScript) -> tuple[Any, Any]:
        # Stage 1: the circuit with parameters, and the observables.
        placed = _Placed(tape, self.wires)
        free = _trainable(tape, self.name)
        names = {place: Parameter(f"t{number}") for number, place in enumerate(free)}
        circuit = placed.circuit(angle=lambda operation, parameter: names.get((operation, parameter)))
        readings = [_reading(measured, placed) for measured in tape.measurements]
        missing = next((m for m, reading in zip(tape.measurements, readings, strict=True) if reading is None), None)
        if missing is not None or tape.shots:
            raise DeviceError(
                f"{self.name} has no gradient of {missing or 'samples'}; use diff_method='parameter-shift'"
            )
        asked = [observable for reading in readings if reading is not None for observable in reading.observables]
        if not free:
            values = self._exact_values(placed)
            return (values[0] if len(values) == 1 else tuple(values)), ()
        # Stage 2: values and gradients of the observables.
        energy = self._energy(circuit, asked)
        given = {f"t{number}": float(tape.operations[op].parameters[place]) for number, (op, place) in enumerate(free)}
        found, rows = energy.value_and_gradient(given)
        columns = [energy.parameters.index(name) if name in energy.parameters else None for name in given]
        gradients = np.stack([rows[:, c] if c is not None else np.zeros(len(asked)) for c in columns], axis=1)
        # Stage 3: those of the measurements.
        first, values, derivatives = 0, [], []
        for reading in readings:
            assert reading is not None
            part = slice(first, first + len(reading.observables))
            first = part.stop
            values.append(reading.value(found[part]))
            row = reading.gradient(found[part], gradients[part])
            derivatives.append(row[0] if len(row) == 1 else tuple(row))
        return (values[0], derivatives[0]) if len(values) == 1 else (tuple(values), tuple(derivatives))

    def _energy(self, circuit: Circuit, observables: Sequence[Observable]) -> Energy:
        """The energy of a circuit with parameters, which is made once for each structure."""
        key = circuit, tuple(map(tuple, observables))
        energy = self._energies.pop(key, None)
        if energy is None:
            energy = Energy(circuit, list(observables), **{"seed": 0, **self._options})
            if len(self._energies) >= _MOST_ENERGIES:
                self._energies.popitem(last=False)
        self._energies[key] = energy
        return energy


class _Placed:
    """A tape whose wires have places: those of the device in their order, then those of deferred measurements.

    Attributes:
        tape: The tape.
        order: Its wires.
        places: The qubit of each wire.
    """

    def __init__(self, tape: QuantumScript, device_wires: Any) -> None:
        self.tape = tape.map_to_standard_wires() if device_wires is None else tape
        known = list(range(len(self.tape.wires))) if device_wires is None else list(device_wires)
        self.order = list(dict.fromkeys([*known, *self.tape.wires]))
        self.places = {wire: place for place, wire in enumerate(self.order)}

    def read(self, operations: Any, angle: Any = None) -> Iterator[Any]:
        """Operations of the circuit."""
        return operations_of(operations, self.places, angle)

    def circuit(self, then: Sequence[Any] = (), angle: Any = None) -> Circuit:
        """The circuit, with further operations at its end."""
        return Circuit(len(self.order), self.read([*self.tape.operations, *then], angle))


class _Reading:
    """A measurement as a function of expectation values.

    Attributes:
        observables: The observables.
    """

    def __init__(self, observable: Observable, *, variance: bool) -> None:
        self.observables = [observable, observable * observable] if variance else [observable]

    def value(self, values: Any) -> Any:
        """The measurement's value for those of the observables."""
        return values[0] if len(values) == 1 else values[1] - values[0] ** 2

    def gradient(self, values: Any, rows: Any) -> Any:
        """Its gradient, shape (parameters,), for their values and gradients."""
        return rows[0] if len(values) == 1 else rows[1] - 2 * values[0] * rows[0]


def _shifted(value: Callable[[Any], Any], first: int, count: int) -> Callable[[Any], Any]:
    return lambda values: value(values[first : first + count])


def _reading(measured: MeasurementProcess, placed: _Placed) -> _Reading | None:
    """How a measurement follows from expectation values of Pauli products, if it does."""
    if type(measured) not in (ExpectationMP, VarianceMP) or measured.obs is None:
        return None
    observable = _observable(measured.obs, placed.order)
    return None if observable is None else _Reading(observable, variance=isinstance(measured, VarianceMP))


def _observable(operator: Any, order: Sequence[Any]) -> Observable | None:
    """An operator as a sum of Pauli products, if it is one of few."""
    if operator.pauli_rep is not None:
        return observable_from_pennylane(operator, wires=order)
    if isinstance(operator, SparseHamiltonian):
        return None
    if isinstance(operator, SProd):
        base = _observable(operator.base, order)
        return None if base is None else complex(operator.scalar) * base
    if isinstance(operator, (Sum, Prod)):
        parts = [_observable(part, order) for part in operator.operands]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        total = known[0]
        for part in known[1:]:
            total = total + part if isinstance(operator, Sum) else total * part
        return total
    if isinstance(operator, Projector) and len(operator.parameters[0]) == len(operator.wires) <= _MOST_PROJECTED:
        total = Observable.from_terms([((), 1.0)])
        for wire, bit in zip(operator.wires, operator.parameters[0], strict=True):
            sign = -0.5 if bit else 0.5
            total = total * Observable.from_terms([((), 0.5), (((order.index(wire), "Z"),), sign)])
        return total
    if operator.has_matrix and len(operator.wires) <= _MOST_EXPANDED:
        expanded = qml.pauli_decompose(
            qml.matrix(operator), wire_order=operator.wires, pauli=True, check_hermitian=False
        )
        return observable_from_pennylane(expanded, wires=order)
    return None


def _matrix(operator: Any, wires: Sequence[Any]) -> Any:
    """The matrix of an operator, dense or sparse."""
    if operator.has_matrix:
        return qml.matrix(operator, wire_order=wires)
    return operator.sparse_matrix(wire_order=wires)


def _value_of_samples(measured: SampleMeasurement, rows: npt.NDArray[np.int64], order: Any) -> Any:
    """The value of a measurement for samples, in whose basis they are."""
    word = None if measured.obs is None or measured.obs.pauli_rep is None else list(measured.obs.pauli_rep.items())
    if type(measured) not in (ExpectationMP, VarianceMP) or word is None or len(word) != 1:
        return measured.process_samples(rows, wire_order=order)
    # A Pauli product has the sign of its bits' parity; PennyLane would make a table of all outcomes.
    places = [order.index(wire) for wire in word[0][0]]
    signs = 1.0 - 2.0 * (rows[:, places].sum(axis=1) % 2)
    scale = np.real(word[0][1])
    return np.mean(signs) * scale if isinstance(measured, ExpectationMP) else np.var(signs) * scale**2


def _is_of_states(measured: Any) -> bool:
    """Whether a measurement needs a state vector: `qml.state`, or somebody's own that takes nothing else."""
    own = type(measured).process_density_matrix is StateMeasurement.process_density_matrix
    return own or isinstance(measured, StateMP)


def _trainable(tape: QuantumScript, name: str) -> list[tuple[int, int]]:
    """The operation and its parameter, for each trainable parameter of a tape."""
    found = []
    known = gates_of_table()
    for number in tape.trainable_params:
        info = tape.par_info[number]
        if info["op_idx"] >= len(tape.operations):
            continue
        if type(info["op"]) not in known:
            raise DeviceError(f"{info['op'].name} has no gradient on {name}; use diff_method='parameter-shift'")
        found.append((info["op_idx"], info["p_idx"]))
    return found


def _readable(operation: Any) -> bool:
    """Whether `from_pennylane` reads an operation as it is."""
    if isinstance(operation, qml.operation.Channel):
        return len(operation.wires) <= MAX_CHANNEL_QUBITS
    if operation.name in ("GlobalPhase", "Snapshot", "Barrier", "WireCut"):
        return True
    return bool(operation.has_matrix and len(operation.wires) <= MAX_DENSE_QUBITS)


def _differentiable(operation: Any) -> bool:
    """Whether it is read as it is, with the derivatives by its parameters."""
    return _readable(operation) and (type(operation) in gates_of_table() or not qml.operation.is_trainable(operation))


def _analytic(measured: MeasurementProcess) -> bool:
    return isinstance(measured, StateMeasurement)


def _sampled(measured: MeasurementProcess) -> bool:
    sampled = isinstance(measured, (SampleMeasurement, MeasurementTransform))
    return sampled and not isinstance(measured.obs, SparseHamiltonian)


def _has_gradient(measured: MeasurementProcess) -> bool:
    """Whether a measurement follows from Pauli products."""
    if type(measured) not in (ExpectationMP, VarianceMP) or measured.obs is None:
        return False
    return _observable(measured.obs, list(measured.wires)) is not None
