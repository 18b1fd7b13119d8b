"""Circuits from and to Cirq.

Qubits of a Cirq circuit are numbered in Cirq's own order of qubits. Operations are recognised by their class: gates of
the table are kept, sub-circuits and controls are expanded, all others are read by their matrix or their decomposition.
Symbols and sums of their multiples are kept as parameters of the circuit. Measurements at the end are left out of a
circuit that has nothing else than gates; one with channels, other measurements, resets or classical control is read by
`cirq_dynamic`, with a register of bits for each key. Global phases are kept.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from taizhang._checks import describe
from taizhang._lazy import lazy_module
from taizhang._optional import optional_module
from taizhang.adapters import cirq_dynamic
from taizhang.adapters.circuit_algebra import controlled_on
from taizhang.adapters.cirq_symbols import in_cirq_gates, parametric_operations, symbolic_gate
from taizhang.adapters.qubit_history import QubitHistory, collect
from taizhang.circuit.circuit import MAX_OPERATIONS, Circuit, Operation, check_sizes
from taizhang.circuit.formats import DEFAULT_TURNS, check_turns
from taizhang.circuit.gates import MAX_DENSE_QUBITS, Gate, ParametricGate, gate, unitary_gate
from taizhang.errors import CircuitError, SizeLimitError, UsageError

cirq_simulator: Any = lazy_module("taizhang.adapters.cirq_simulator")

# Gates on at most this many qubits are read by their matrix; larger ones only where there is no decomposition.
_SMALL_QUBITS = 2
_MAX_CONTROL_TERMS = 4096
_MAX_DEPTH = 100


def from_cirq(
    circuit: Any,
    *,
    qubit_order: Any = None,
    final_measurements: bool = False,
    max_turns: int = DEFAULT_TURNS,
) -> Circuit:
    """Makes a circuit from a `cirq.Circuit`.

    Args:
        circuit: Unitary operations, channels on at most four qubits, sub-circuits, measurements of qubits in the
            computational basis, resets, and operations under classical control. Waiting is left out. A
            `cirq.NoiseModel` is applied by Cirq itself: `circuit.with_noise(model)`.
        qubit_order: The Cirq qubit of each position, as a list of qubits or a `cirq.QubitOrder`. Cirq's own order by
            default.
        final_measurements: Keep measurements at the end, and with them the classical bits. Otherwise these are left out
            of a circuit that has nothing else than gates.
        max_turns: Turns up to which a sub-circuit with `repeat_until` is written out after its first. What has not left
            it then is reported by a warning wherever values are computed.

    Returns:
        The circuit. Each measurement key is a register, bit 0 that of the first qubit.

    Raises:
        MissingPackageError: Cirq is not installed.
        UsageError: `circuit` is not a Cirq circuit.
        CircuitError: An operation is not supported, an angle with symbols is not a sum of multiples of them, or a qubit
            is not in `qubit_order`.
        SizeLimitError: It has too many qubits or operations.
    """
    cirq = _import()
    if not isinstance(circuit, cirq.AbstractCircuit):
        raise UsageError(f"from_cirq takes a cirq.Circuit, got {describe(circuit)}")
    qubits = _ordered_qubits(cirq, circuit, qubit_order)
    check_sizes(len(qubits))
    places = {qubit: place for place, qubit in enumerate(qubits)}
    if final_measurements or cirq_dynamic.needs_bits(circuit):
        return _with_keys(cirq, circuit, places, max_turns)[0]
    reader = _Reader(cirq, places, QubitHistory())
    return collect(len(qubits), reader.read_all(circuit.all_operations()))


def from_cirq_with_keys(circuit: Any) -> tuple[Circuit, dict[str, list[tuple[int, ...]]]]:
    """Does what `from_cirq` does with `final_measurements`.

    Returns:
        The circuit, and for each measurement key the numbers of the bits of each of its measurements.
    """
    cirq = _import()
    qubits = _ordered_qubits(cirq, circuit, None)
    check_sizes(len(qubits))
    return _with_keys(cirq, circuit, {qubit: place for place, qubit in enumerate(qubits)}, DEFAULT_TURNS)


def _with_keys(
    cirq: Any, circuit: Any, places: dict[Any, int], max_turns: int
) -> tuple[Circuit, dict[str, list[tuple[int, ...]]]]:
    def read_gates(operation: Any, within: str) -> Iterator[Operation]:
        # Each operation by itself: what was measured or reset before does not matter to it.
        return _Reader(cirq, places, QubitHistory()).read_all([operation], within)

    return cirq_dynamic.read_dynamic(circuit, places, read_gates, check_turns(max_turns))


def to_cirq(circuit: Circuit) -> Any:
    """Makes a `cirq.Circuit` from a circuit.

    Args:
        circuit: Any circuit. Parameters without values become symbols.

    Returns:
        Cirq's circuit on `cirq.LineQubit.range(num_qubits)`; qubits without operations have an identity gate.

    Raises:
        MissingPackageError: Cirq is not installed.
    """
    cirq = _import()
    qubits = cirq.LineQubit.range(circuit.num_qubits)
    used = {qubit for step in circuit.operations for qubit in step.qubits}
    converted = cirq.Circuit(cirq.I(qubits[qubit]) for qubit in range(circuit.num_qubits) if qubit not in used)
    for step in chain.from_iterable(map(in_cirq_gates, circuit.operations)):
        chosen = step.table_gate
        made = symbolic_gate(cirq, chosen) if isinstance(chosen, ParametricGate) else _to_cirq_gate(cirq, chosen)
        converted.append(made.on(*(qubits[qubit] for qubit in step.qubits)))
    return converted


def _import() -> Any:
    return optional_module("cirq", package="cirq-core", what_for="exchanging circuits with Cirq", extra="cirq")


def _ordered_qubits(cirq: Any, circuit: Any, qubit_order: Any) -> tuple[Any, ...]:
    """Returns the qubits of a circuit in the order in which they are numbered."""
    present = circuit.all_qubits()
    if isinstance(qubit_order, cirq.QubitOrder):
        try:
            qubits = tuple(qubit_order.order_for(present))
        except ValueError as error:
            raise CircuitError(f"`qubit_order` does not fit the Cirq circuit: {error}") from error
    else:
        qubits = tuple(sorted(present) if qubit_order is None else qubit_order)
    if len(set(qubits)) != len(qubits):
        twice = next(qubit for qubit in qubits if qubits.count(qubit) > 1)
        raise CircuitError(f"qubit {twice} is in `qubit_order` twice; name every qubit once")
    missing = sorted(present.difference(qubits))
    if missing:
        raise CircuitError(f"qubit {missing[0]} of the Cirq circuit is not in `qubit_order`; name every qubit there")
    for qubit in qubits:
        if qubit.dimension != 2:
            raise CircuitError(
                f"qudit {qubit} of the Cirq circuit has dimension {qubit.dimension}; only qubits are allowed"
            )
    return qubits


class _Reader:
    """Reads Cirq operations one after the other.

    Args:
        cirq: The package.
        places: Number of each qubit.
        history: What has happened to the qubits.
    """

    def __init__(self, cirq: Any, places: dict[Any, int], history: QubitHistory) -> None:
        self._cirq = cirq
        self._places = places
        self._history = history

    def read_all(self, operations: Any, within: str = "", depth: int = 0) -> Iterator[Operation]:
        """Yields the operations equal to those of Cirq.

        Args:
            operations: In order of time.
            within: Name of the operation of the user's circuit that contains them.
            depth: Number of operations that they are nested in.
        """
        if depth > _MAX_DEPTH:
            raise CircuitError(f"'{within}' of the Cirq circuit is nested or decomposed more than {_MAX_DEPTH} times")
        for operation in operations:
            yield from self._read(operation, within, depth)

    def _read(self, operation: Any, within: str, depth: int) -> Iterator[Operation]:
        cirq = self._cirq
        label = _describe(cirq, operation)
        name = f"'{label}' in '{within}'" if within else f"'{label}'"
        # Stage 1: classical controls, symbols and qubits.
        if operation.classical_controls:
            raise CircuitError(f"{name} of the Cirq circuit depends on measured values, which is not supported")
        plain = self._without_symbols(operation.untagged, name)
        strangers = [qubit for qubit in plain.qubits if qubit not in self._places]
        if strangers:
            raise CircuitError(f"{name} of the Cirq circuit uses qubit {strangers[0]}, which the circuit does not have")
        qubits = tuple(self._places[qubit] for qubit in plain.qubits)
        # Stage 2: operations that contain others, and operations that are not gates.
        kind = plain.gate
        if isinstance(plain, cirq.CircuitOperation):
            yield from self._read_circuit_operation(plain, name, within or label, depth)
        elif isinstance(plain, cirq.ControlledOperation):
            yield from self._read_controlled(plain.sub_operation, plain.control_values, qubits, name, depth)
        elif type(kind) is cirq.ControlledGate:
            inner = kind.sub_gate.on(*plain.qubits[kind.num_controls() :])
            yield from self._read_controlled(inner, kind.control_values, qubits, name, depth)
        elif isinstance(kind, (cirq.MeasurementGate, cirq.PauliMeasurementGate)):
            self._read_measurement(kind, qubits, name)
        elif type(kind) is cirq.ResetChannel:
            self._history.reset(qubits, name)
        elif type(kind) is cirq.IdentityGate:
            yield from (Operation(gate("id"), (qubit,)) for qubit in qubits)
        elif type(kind) is cirq.WaitGate:
            return
        # Stage 3: gates.
        else:
            yield from self._read_gate(plain, qubits, name, within or label, depth)

    def _without_symbols(self, plain: Any, name: str) -> Any:
        """Returns an operation whose angles are numbers where they have no symbols, even if written with sympy."""
        cirq = self._cirq
        if not cirq.is_parameterized(plain) or cirq.parameter_names(plain):
            return plain
        try:
            # Cirq evaluates nothing unless at least one symbol is given a value.
            return cirq.resolve_parameters(plain, {"unused": 0}, recursive=False)
        except (ArithmeticError, TypeError, ValueError) as error:
            raise CircuitError(f"{name} of the Cirq circuit has an angle that is not a real number: {error}") from error

    def _read_circuit_operation(self, plain: Any, name: str, within: str, depth: int) -> Iterator[Operation]:
        if plain.repeat_until is not None:
            raise CircuitError(
                f"{name} of the Cirq circuit repeats until a measured value is right, which is not supported; remove it"
            )
        if self._cirq.parameter_names(plain.repetitions):
            raise self._free_symbol(plain, name)
        count = int(plain.repetitions)
        once = plain.replace(repetitions=-1 if count < 0 else 1, repetition_ids=None, use_repetition_ids=False)
        body = list(once.mapped_circuit().all_operations())
        total = abs(count) * len(body)
        if total > MAX_OPERATIONS:
            raise SizeLimitError(
                f"{name} of the Cirq circuit has {total} operations; at most {MAX_OPERATIONS} are allowed"
            )
        for _ in range(abs(count) if body else 0):
            yield from self.read_all(body, within, depth + 1)

    def _read_controlled(
        self, inner: Any, control_values: Any, qubits: tuple[int, ...], name: str, depth: int
    ) -> Iterator[Operation]:
        self._history.act(qubits, name)
        reader = _Reader(
            self._cirq, {qubit: place for place, qubit in enumerate(inner.qubits)}, QubitHistory(gates_only=True)
        )
        body = collect(len(inner.qubits), reader.read_all([inner], name.strip("'"), depth + 1))
        terms = list(islice(control_values.expand(), _MAX_CONTROL_TERMS + 1))
        if len(terms) > _MAX_CONTROL_TERMS:
            raise SizeLimitError(
                f"{name} of the Cirq circuit acts on more than {_MAX_CONTROL_TERMS} values of its controls; "
                "write it with fewer"
            )
        # Each term acts where the controls have its values; different terms commute.
        for values in terms:
            term = controlled_on(body, values)
            yield from term.on_qubits(qubits, num_qubits=max(qubits, default=-1) + 1).operations

    def _read_measurement(self, kind: Any, qubits: tuple[int, ...], name: str) -> None:
        cirq = self._cirq
        if isinstance(kind, cirq.PauliMeasurementGate):
            cirq_dynamic.check_basis(cirq, kind, name)
        elif type(kind) is not cirq.MeasurementGate or kind.confusion_map or any(kind.invert_mask):
            raise CircuitError(
                f"{name} of the Cirq circuit changes its outcomes (invert_mask, confusion_map or a subclass), which is "
                "not supported; use plain cirq.measure"
            )
        self._history.measure(qubits, name)

    def _read_gate(
        self, plain: Any, qubits: tuple[int, ...], name: str, within: str, depth: int
    ) -> Iterator[Operation]:
        cirq = self._cirq
        if cirq.is_parameterized(plain):
            yield from self._read_symbolic(plain, qubits, name, within, depth)
            return
        chosen = _table_gate(cirq, plain)
        parts = None
        if chosen is None:
            subject = plain if plain.gate is None else plain.gate
            has_matrix = hasattr(subject, "_unitary_") or hasattr(subject, "_apply_unitary_")
            largest = MAX_DENSE_QUBITS if has_matrix else _SMALL_QUBITS
            chosen = self._matrix_gate(plain, name) if len(qubits) <= largest else None
        if chosen is None:
            parts = _ask_cirq(cirq.decompose_once, plain, name)
            if parts is None or any(qubit not in self._places for part in parts for qubit in part.qubits):
                parts, chosen = None, self._matrix_gate(plain, name)
        if chosen is not None:
            self._history.act(qubits, name)
            yield Operation(chosen, qubits)
        elif parts is not None:
            yield from self.read_all(parts, within, depth + 1)
        else:
            raise CircuitError(
                f"{name} of the Cirq circuit acts on {len(qubits)} qubits and has no decomposition; give it one"
                if cirq.has_unitary(plain)
                else f"{name} of the Cirq circuit is not unitary; channels are not supported, remove it"
            )

    def _read_symbolic(
        self, plain: Any, qubits: tuple[int, ...], name: str, within: str, depth: int
    ) -> Iterator[Operation]:
        """Yields the operations of a gate with symbols."""
        steps = parametric_operations(self._cirq, plain, qubits, name)
        if steps is not None:
            self._history.act(qubits, name)
            yield from steps
            return
        parts = _ask_cirq(self._cirq.decompose_once, plain, name)
        if parts is None or any(qubit not in self._places for part in parts for qubit in part.qubits):
            raise self._free_symbol(plain, name)
        yield from self.read_all(parts, within, depth + 1)

    def _free_symbol(self, plain: Any, name: str) -> CircuitError:
        symbol = min(self._cirq.parameter_names(plain), default="?")
        return CircuitError(
            f"{name} of the Cirq circuit has the free symbol '{symbol}', which is kept in angles of rotations and "
            "powers only; bind its symbols first (cirq.resolve_parameters)"
        )

    def _matrix_gate(self, plain: Any, name: str) -> Gate | None:
        """Returns the gate of an operation's matrix, or None if it has none or is too large."""
        cirq = self._cirq
        if len(plain.qubits) > MAX_DENSE_QUBITS or cirq.is_measurement(plain):
            return None
        matrix = _ask_cirq(cirq.unitary, plain, name)
        if matrix is None:
            return None
        return unitary_gate(matrix, name=type(plain if plain.gate is None else plain.gate).__name__)


def _describe(cirq: Any, operation: Any) -> str:
    """Returns a one-line description of an operation."""
    plain = operation.untagged
    if isinstance(plain, cirq.CircuitOperation):
        text = f"CircuitOperation({', '.join(map(str, plain.qubits))})"
    else:
        text = " ".join(str(operation).split())
    return text if len(text) <= 80 else text[:79] + "…"


def _ask_cirq(protocol: Callable[[Any, None], Any], plain: Any, name: str) -> Any:
    """Returns the result of one of Cirq's protocols for an operation, or None where it has none."""
    try:
        return protocol(plain, None)
    except (ArithmeticError, RecursionError, TypeError, ValueError) as error:
        raise CircuitError(f"{name} of the Cirq circuit cannot be evaluated by Cirq: {error}") from error


def _table_gate(cirq: Any, plain: Any) -> Gate | None:
    """Returns the gate of the table equal to a Cirq operation, or None."""
    kind = plain.gate
    constants, classes = _constants()
    # Subclasses of Cirq's gates may have other matrices and still compare equal to them.
    if type(kind) in classes:
        for theirs, ours in constants:
            if kind == theirs:
                return ours
    elif type(kind) is cirq.FSimGate:
        return gate("fsim", float(kind.theta), float(kind.phi))
    elif type(kind) is cirq.GlobalPhaseGate:
        phase = unitary_gate([[complex(kind.coefficient)]], name="GlobalPhaseGate")  # Cirq allows any tolerance
        return gate("gphase", cmath.phase(complex(phase.matrix[0, 0])))
    for name, rotation in (("rx", cirq.Rx), ("ry", cirq.Ry), ("rz", cirq.Rz)):
        if type(kind) is rotation:
            return gate(name, float(kind._rads))
    return None


@lru_cache(maxsize=1)
def _constants() -> tuple[list[tuple[Any, Gate]], frozenset[type]]:
    """Returns pairs of equal gates without angles, Cirq's and the table's, and the classes of Cirq's gates."""
    cirq = _import()
    pairs = [
        (cirq.I, gate("id")),
        (cirq.X, gate("x")),
        (cirq.Y, gate("y")),
        (cirq.Z, gate("z")),
        (cirq.H, gate("h")),
        (cirq.S, gate("s")),
        (cirq.T, gate("t")),
        (cirq.S**-1, gate("sdg")),
        (cirq.T**-1, gate("tdg")),
        (cirq.X**0.5, gate("sx")),
        (cirq.X**-0.5, gate("sxdg")),
        (cirq.CNOT, gate("cx")),
        (cirq.CZ, gate("cz")),
        (cirq.SWAP, gate("swap")),
        (cirq.ISWAP, gate("iswap")),
        (cirq.ISWAP**-1, gate("iswapdg")),
        (cirq.CCX, gate("ccx")),
        (cirq.CCZ, gate("ccz")),
        (cirq.CSWAP, gate("cswap")),
    ]
    return pairs, frozenset(type(theirs) for theirs, _ in pairs) - {cirq.IdentityGate} | {cirq.XPowGate, cirq.YPowGate}


def _to_cirq_gate(cirq: Any, chosen: Gate) -> Any:
    if chosen.num_targets == 0 and chosen.num_controls == 0:
        return cirq.GlobalPhaseGate(complex(chosen.matrix[0, 0]))
    if chosen.num_targets == 0:
        # A phase under controls is a phase on the last of them.
        return _to_cirq_gate(
            cirq, gate("p", cmath.phase(complex(chosen.matrix[0, 0]))).controlled(chosen.num_controls - 1)
        )
    base = Gate(chosen.name, chosen.parameters, 0, chosen.entries)
    for theirs, ours in _constants()[0]:
        if chosen == ours:
            return theirs
        if base == ours:
            return theirs.controlled(chosen.num_controls)
    makers = {"rx": cirq.rx, "ry": cirq.ry, "rz": cirq.rz, "fsim": cirq.FSimGate}
    if chosen.entries is None and chosen.name in makers:
        converted = makers[chosen.name](*chosen.parameters)
    else:
        converted = cirq.MatrixGate(chosen.matrix, name=repr(base))
    return converted.controlled(chosen.num_controls) if chosen.num_controls else converted


def __getattr__(name: str) -> Any:
    # Its class is a subclass of Cirq's, which is imported only for it.
    if name == "Simulator":
        _import()
        return cirq_simulator.Simulator
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
