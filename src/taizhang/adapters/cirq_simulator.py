"""A simulator for Cirq: samples, amplitudes, final states and expectation values.

It has the interfaces that `qsimcirq.QSimSimulator` has, so that one line of a program changes. Circuits that differ in
angles share their plans.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import cirq
import numpy as np
import numpy.typing as npt

from taizhang._random import read_seed, stream
from taizhang.adapters.cirq import from_cirq, from_cirq_with_keys
from taizhang.adapters.cirq_observable import observable_from_cirq
from taizhang.api.amplitudes import amplitudes, state_vector
from taizhang.api.energies import expectation
from taizhang.api.samples import sample
from taizhang.circuit.circuit import Circuit
from taizhang.execute.kept_plans import KeptPlans, keep_plans
from taizhang.settings import Settings


class Simulator(
    cirq.SimulatesSamples,
    cirq.SimulatesAmplitudes,
    cirq.SimulatesFinalState[cirq.StateVectorTrialResult],
    cirq.SimulatesExpectationValues,
):
    """Simulates circuits of Cirq by tensor-network contraction.

    Args:
        seed: Of samples, as Cirq's simulators take it; None for others each time.
        options: Options of `taizhang.sample`, `amplitudes` and so on, such as `memory`, `threads`, `dtype`.

    Raises:
        UsageError: An option is not one.

    Example:
        >>> import cirq
        >>> a, b = cirq.LineQubit.range(2)
        >>> bell = cirq.Circuit(cirq.H(a), cirq.CNOT(a, b))
        >>> np.round(Simulator().compute_amplitudes(bell, [0b00, 0b01, 0b11]), 4).real.tolist()
        [0.7071, 0.0, 0.7071]
    """

    def __init__(self, *, seed: Any = None, **options: Any) -> None:
        Settings.checked(**{name: value for name, value in options.items() if name != "method"})
        self._options = {name: value for name, value in options.items() if name != "method"}
        self._method = options.get("method", "auto")
        # Cirq's random states give a new seed each time, and the same ones for the same state.
        self._random = None if seed is None else cirq.value.parse_random_state(seed)
        self.kept = KeptPlans()

    def _new_seed(self) -> int:
        return read_seed(None) if self._random is None else int(self._random.randint(1 << 31))

    # Samples

    def _run(
        self, circuit: cirq.AbstractCircuit, param_resolver: cirq.ParamResolver, repetitions: int
    ) -> dict[str, npt.NDArray[np.uint8]]:
        read, keys = from_cirq_with_keys(cirq.resolve_parameters(circuit, param_resolver))
        with keep_plans(self.kept):
            rows = sample(read, repetitions, method=self._method, seed=self._new_seed(), **self._options)
        # Registers are in the order of the bits.
        return {key: np.stack([rows[:, list(bits)] for bits in instances], axis=1) for key, instances in keys.items()}

    def sample_from_amplitudes(
        self,
        circuit: cirq.AbstractCircuit,
        param_resolver: Any,
        seed: Any,
        repetitions: int = 1,
        qubit_order: Any = cirq.QubitOrder.DEFAULT,
    ) -> dict[int, int]:
        """Samples outcomes of all qubits, as whole numbers with the first qubit the highest bit, with their counts.

        Raises:
            ValueError: The circuit has elements that are not unitary.
        """
        solved = cirq.resolve_parameters(circuit, param_resolver)
        if cirq.is_measurement(solved) or not cirq.has_unitary(solved):
            raise ValueError("sample_from_amplitudes does not support measurements and non-unitary behavior.")
        drawn_with = int(cirq.value.parse_random_state(seed).randint(1 << 31))
        with keep_plans(self.kept):
            rows = sample(self._read(solved, qubit_order), repetitions, seed=drawn_with, **self._options)
        return dict(Counter(int("".join(map(str, row)), 2) for row in rows.tolist()))

    # Amplitudes and states

    def _read(self, circuit: Any, qubit_order: Any, initial_state: Any = None) -> Circuit:
        order = cirq.QubitOrder.as_qubit_order(qubit_order).order_for(circuit.all_qubits())
        read = from_cirq(circuit, qubit_order=order)
        if initial_state is None or (isinstance(initial_state, (int, np.integer)) and initial_state == 0):
            return read
        if isinstance(initial_state, (int, np.integer)):
            if not 0 <= initial_state < 2 ** len(order):
                raise ValueError(f"initial_state must be from 0 to 2^{len(order)} - 1, got {initial_state}")
            bits = format(int(initial_state), f"0{len(order)}b")
            return Circuit(len(order), read.operations, bits=read.registers, initial=bits)
        state = np.asarray(initial_state).reshape(-1)
        if len(state) != 2 ** len(order):
            raise ValueError(
                f"initial_state must be a whole number or have 2^{len(order)} amplitudes, got {len(state)}"
            )
        return Circuit(len(order), read.operations, bits=read.registers, initial={tuple(range(len(order))): state})

    def compute_amplitudes_sweep_iter(
        self,
        program: cirq.AbstractCircuit,
        bitstrings: Sequence[int],
        params: Any,
        qubit_order: Any = cirq.QubitOrder.DEFAULT,
    ) -> Iterator[Sequence[complex]]:
        """Yields amplitudes of bitstrings, whole numbers with the first qubit the highest bit, for each resolver."""
        for resolver in cirq.to_resolvers(params):
            read = self._read(cirq.resolve_parameters(program, resolver), qubit_order)
            words = [format(int(number), f"0{read.num_qubits}b") for number in bitstrings]
            with keep_plans(self.kept):
                found = amplitudes(read, words, seed=0, **self._options) if words else np.zeros(0)
            yield [complex(value) for value in found]

    def simulate_sweep_iter(
        self,
        program: cirq.AbstractCircuit,
        params: Any,
        qubit_order: Any = cirq.QubitOrder.DEFAULT,
        initial_state: Any = None,
    ) -> Iterator[cirq.StateVectorTrialResult]:
        """Yields the final state for each resolver; measured qubits have collapsed.

        Raises:
            ValueError: A qubit is used after its measurement, or the circuit has channels.
        """
        order = cirq.QubitOrder.as_qubit_order(qubit_order).order_for(program.all_qubits())
        for resolver in cirq.to_resolvers(params):
            solved = cirq.resolve_parameters(program, resolver)
            read = self._read(solved, order, initial_state)
            if not read.is_unitary:
                raise ValueError("final states are of circuits without channels that measure at the end; use run")
            with keep_plans(self.kept):
                state = state_vector(read, seed=0, **self._options)
            measurements = self._collapse(solved, order, state)
            final = cirq.StateVectorSimulationState(
                qubits=order, initial_state=state, dtype=state.dtype, prng=np.random.RandomState(0)
            )
            yield cirq.StateVectorTrialResult(params=resolver, measurements=measurements, final_simulator_state=final)

    def _collapse(
        self, circuit: Any, order: Sequence[Any], state: npt.NDArray[np.complexfloating]
    ) -> dict[str, npt.NDArray[np.uint8]]:
        """Draws the outcomes of the measurements, and projects the state on them, in place."""
        places = {qubit: place for place, qubit in enumerate(order)}
        found = [operation for _, operation, _ in circuit.findall_operations_with_gate_type(cirq.MeasurementGate)]
        if not found:
            return {}
        chances = np.abs(state) ** 2
        drawn = int(stream(self._new_seed(), "collapse").choice(len(state), p=chances / chances.sum()))
        bits = np.array([int(bit) for bit in format(drawn, f"0{len(order)}b")], dtype=np.uint8)
        tensor = state.reshape((2,) * len(order))
        measurements = {}
        for operation in found:
            qubits = [places[qubit] for qubit in operation.qubits]
            for place in qubits:
                other: list[Any] = [slice(None)] * len(order)
                other[place] = 1 - bits[place]
                tensor[tuple(other)] = 0
            flips = np.array(operation.gate.full_invert_mask(), dtype=np.uint8)
            measurements[cirq.measurement_key_name(operation)] = bits[qubits] ^ flips
        state /= np.linalg.norm(state)
        return measurements

    # Expectation values

    def simulate_expectation_values_sweep_iter(
        self,
        program: cirq.AbstractCircuit,
        observables: Any,
        params: Any,
        qubit_order: Any = cirq.QubitOrder.DEFAULT,
        initial_state: Any = None,
        permit_terminal_measurements: bool = False,
    ) -> Iterator[list[float]]:
        """Yields the values of observables for each resolver, through light cones.

        Raises:
            ValueError: The circuit has measurements at its end, and these are not permitted.
        """
        if not permit_terminal_measurements and program.are_any_measurements_terminal():
            raise ValueError(
                "Provided circuit has terminal measurements, which may skew expectation values. If this is "
                "intentional, set permit_terminal_measurements=True."
            )
        order = cirq.QubitOrder.as_qubit_order(qubit_order).order_for(program.all_qubits())
        given = observables if isinstance(observables, list) else [observables]
        asked = [observable_from_cirq(cirq.PauliSum.wrap(each), qubits=order) for each in given]
        for resolver in cirq.to_resolvers(params):
            read = self._read(cirq.resolve_parameters(program, resolver), order, initial_state)
            with keep_plans(self.kept):
                found = np.asarray(expectation(read, asked, seed=0, **self._options))
            values: list[Any] = [complex(value) for value in found]
            yield values
