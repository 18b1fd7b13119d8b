"""Cirq's circuits with channels, measurements anywhere, resets and classical control."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from taizhang._optional import optional_module
from taizhang.circuit.blocks import END, Begin, Step, Unfinished, circuit_of_blocks, negation
from taizhang.circuit.channel import MAX_CHANNEL_QUBITS, make_channel
from taizhang.circuit.circuit import MAX_OPERATIONS, Circuit
from taizhang.circuit.classical import Measure, Readout, Reset, bits_read, bits_written, with_bits
from taizhang.circuit.condition import TURNED, AllOf, Compare, Comparison, Condition, Parity
from taizhang.circuit.operation import Operation
from taizhang.errors import CircuitError, SizeLimitError

# Reads an operation of gates: itself, and the name of what contains it.
ReadGates = Callable[[Any, str], Iterator[Operation]]

_MAX_DEPTH = 100
_RELATIONS: Mapping[str, Comparison] = {
    "Equality": "==",
    "Unequality": "!=",
    "StrictLessThan": "<",
    "LessThan": "<=",
    "StrictGreaterThan": ">",
    "GreaterThan": ">=",
}


def needs_bits(circuit: Any) -> bool:
    """Whether a circuit has more than gates and plain measurements at the end."""
    cirq = _import()
    measured: set[Any] = set()
    touched: set[Any] = set()
    for operation in _flat(cirq, circuit):
        plain, kind = operation.untagged, operation.untagged.gate
        if operation.classical_controls or getattr(plain, "repeat_until", None) is not None:
            return True
        if isinstance(kind, cirq.MeasurementGate):
            if any(kind.invert_mask) or kind.confusion_map:
                return True
            measured.update(plain.qubits)
            continue
        if isinstance(kind, cirq.PauliMeasurementGate):
            measured.update(plain.qubits)
            continue
        if isinstance(kind, cirq.ResetChannel):
            if touched.intersection(plain.qubits):
                return True
        elif isinstance(kind, (cirq.IdentityGate, cirq.WaitGate)):
            continue
        elif _is_channel(cirq, plain):
            return True
        if measured.intersection(plain.qubits):
            return True
        touched.update(plain.qubits)
    return False


def _flat(cirq: Any, circuit: Any, depth: int = 0) -> Iterator[Any]:
    """The operations of a circuit and of its sub-circuits; what is repeated comes twice, which is enough here."""
    for operation in circuit.all_operations():
        plain = operation.untagged
        repetitions: Any = getattr(plain, "repetitions", None)
        simple = isinstance(repetitions, (int, np.integer)) and not operation.classical_controls
        if isinstance(plain, cirq.CircuitOperation) and plain.repeat_until is None and simple and depth < _MAX_DEPTH:
            sign = -1 if repetitions < 0 else 1
            once = plain.replace(repetitions=sign, repetition_ids=None, use_repetition_ids=False).mapped_circuit()
            for _ in range(min(2, abs(repetitions))):
                yield from _flat(cirq, once, depth + 1)
        else:
            yield operation


def _is_channel(cirq: Any, plain: Any) -> bool:
    if len(plain.qubits) > MAX_CHANNEL_QUBITS or cirq.is_parameterized(plain) or cirq.is_measurement(plain):
        return False
    try:
        return not cirq.has_unitary(plain) and cirq.kraus(plain, None) is not None
    except (ArithmeticError, RecursionError, TypeError, ValueError):
        # What reads gates tells what is wrong.
        return False


def check_basis(cirq: Any, kind: Any, name: str) -> None:
    """Checks that a measurement of a Pauli product is one of Z on one qubit.

    Raises:
        CircuitError: It is another.
    """
    observable = kind.observable()
    if len(observable) > 1 or observable.coefficient != 1 or observable[0] != cirq.Z:
        raise CircuitError(
            f"{name} of the Cirq circuit does not measure in the computational basis; turn the basis with "
            "gates and use cirq.measure"
        )


def read_dynamic(
    circuit: Any, places: Mapping[Any, int], read_gates: ReadGates, max_turns: int
) -> tuple[Circuit, dict[str, list[tuple[int, ...]]]]:
    """Reads a circuit with classical bits.

    Args:
        circuit: A `cirq.AbstractCircuit`.
        places: Number of each qubit.
        read_gates: Reads an operation of gates.
        max_turns: Turns up to which loops that depend on outcomes are written out.

    Returns:
        The circuit, and for each measurement key the bits of each of its measurements. A key is a register, in order of
        appearance, its first qubit bit 0; a key that is measured again has a register with a number after its name each
        time.

    Raises:
        CircuitError: Something is not supported.
    """
    reader = _Reader(places, read_gates, max_turns)
    steps = list(reader.read_all(circuit.all_operations(), ""))
    return circuit_of_blocks(len(places), steps, reader.registers), reader.records


class _Reader:
    """Reads operations one after the other; its registers grow as keys are measured."""

    def __init__(self, places: Mapping[Any, int], read_gates: ReadGates, max_turns: int) -> None:
        self._cirq = _import()
        self._places, self._read_gates, self._max_turns = places, read_gates, max_turns
        self.registers: dict[str, int] = {}
        # The bits of each measurement of a key, the latest last.
        self.records: dict[str, list[tuple[int, ...]]] = {}

    def read_all(self, operations: Iterable[Any], within: str) -> Iterator[Step]:
        """Yields the steps of operations, in order of time."""
        for operation in operations:
            yield from self._read(operation, within)

    def _read(self, operation: Any, within: str) -> Iterator[Step]:
        cirq = self._cirq
        name = f"'{operation}' in '{within}'" if within else f"'{operation}'"
        name = " ".join(name.split())[:100]
        # Stage 1: what classical controls surround.
        if operation.classical_controls:
            conditions = tuple(self._condition(each, name) for each in operation.classical_controls)
            yield Begin(conditions[0] if len(conditions) == 1 else AllOf(conditions))
            yield from self._read(operation.without_classical_controls(), within)
            yield END
            return
        plain = operation.untagged
        kind = plain.gate
        # Stage 2: sub-circuits, measurements, resets, channels.
        if isinstance(plain, cirq.CircuitOperation):
            yield from self._read_circuit_operation(plain, name, within or type(plain).__name__)
            return
        if isinstance(kind, cirq.MeasurementGate):
            yield from self._measure(kind, self._qubits(plain, name), name)
            return
        if isinstance(kind, cirq.PauliMeasurementGate):
            check_basis(cirq, kind, name)
            yield Operation(Measure(self._new_bits(kind.key, 1)[0]), self._qubits(plain, name))
            return
        if isinstance(kind, cirq.ResetChannel):
            yield from (Operation(Reset(), (qubit,)) for qubit in self._qubits(plain, name))
            return
        if not isinstance(kind, (cirq.IdentityGate, cirq.WaitGate)) and _is_channel(cirq, plain):
            operators = np.array(cirq.kraus(plain))
            label = type(kind if kind is not None else plain).__name__
            yield Operation(make_channel(operators, name=label), self._qubits(plain, name))
            return
        # Stage 3: gates.
        yield from self._read_gates(operation, within)

    def _qubits(self, plain: Any, name: str) -> tuple[int, ...]:
        strangers = [qubit for qubit in plain.qubits if qubit not in self._places]
        if strangers:
            raise CircuitError(f"{name} of the Cirq circuit uses qubit {strangers[0]}, which the circuit does not have")
        return tuple(self._places[qubit] for qubit in plain.qubits)

    def _new_bits(self, key: str, count: int) -> tuple[int, ...]:
        """The bits of a measurement, in a new register."""
        word = "".join(sign if sign.isalnum() else "_" for sign in key).lstrip("_")
        base = word if word and not word[0].isdigit() else f"m{word}"
        name, number = base, 2
        while name in self.registers:
            name, number = f"{base}_{number}", number + 1
        first = sum(self.registers.values())
        self.registers[name] = count
        bits = tuple(range(first, first + count))
        self.records.setdefault(key, []).append(bits)
        return bits

    def _measure(self, kind: Any, qubits: tuple[int, ...], name: str) -> Iterator[Step]:
        if any(size != 2 for size in self._cirq.qid_shape(kind)):
            raise CircuitError(f"{name} of the Cirq circuit measures qudits; only qubits are supported")
        # Stage 1: errors of reading, of one qubit each.
        readouts: dict[int, Readout] = {}
        for targets, matrix in kind.confusion_map.items():
            if len(targets) != 1:
                raise CircuitError(
                    f"{name} of the Cirq circuit has a confusion map of {len(targets)} qubits together; give each "
                    "qubit its own"
                )
            readouts[targets[0]] = Readout(float(matrix[0][1]), float(matrix[1][0]))
        # Stage 2: Cirq inverts the outcome that was read.
        bits = self._new_bits(kind.key, len(qubits))
        for place, (qubit, bit, inverted) in enumerate(zip(qubits, bits, kind.full_invert_mask(), strict=True)):
            errors = readouts.get(place)
            if inverted:
                # The map is of what is reported: errors of the inverted outcome.
                wrong = errors or Readout(0.0, 0.0)
                errors = Readout(1 - wrong.zero_for_one, 1 - wrong.one_for_zero)
            yield Operation(Measure(bit, errors), (qubit,))

    def _read_circuit_operation(self, plain: Any, name: str, within: str) -> Iterator[Step]:
        cirq = self._cirq
        if cirq.parameter_names(plain.repetitions):
            raise CircuitError(f"{name} of the Cirq circuit has a number of repetitions without a value; bind it first")
        # Stage 1: repetitions that are known.
        if plain.repeat_until is None:
            body = list(plain.mapped_circuit().all_operations())
            if len(body) > MAX_OPERATIONS:
                raise SizeLimitError(f"{name} of the Cirq circuit has {len(body)} operations; write it with fewer")
            yield from self.read_all(body, within)
            return
        # Stage 2: once, and again until the condition holds.
        body = list(plain.replace(repeat_until=None).mapped_circuit().all_operations())
        until = cirq.with_measurement_key_mapping(plain.repeat_until, dict(plain.measurement_key_map))
        yield from self.read_all(body, within)
        first = {key: records[-1] for key, records in self.records.items()}
        for _ in range(self._max_turns):
            yield Begin(negation(self._condition(until, name)))
            yield from self._again(body, within, first)
        yield Unfinished(negation(self._condition(until, name)))
        yield from [END] * self._max_turns

    def _again(self, body: Iterable[Any], within: str, first: Mapping[str, tuple[int, ...]]) -> Iterator[Step]:
        """Reads the body of a loop once more, its measurements into the bits of the first turn."""
        before = dict(self.registers), {key: list(records) for key, records in self.records.items()}
        count = sum(self.registers.values())
        moved: dict[int, int] = {}
        for step in list(self.read_all(body, within)):
            for key, records in self.records.items():
                for bits in records[len(before[1].get(key, [])) :]:
                    moved |= dict(zip(bits, first[key], strict=True))
            yield _on_bits(step, moved) if count else step
        self.registers, self.records = before

    # Conditions

    def _condition(self, given: Any, name: str) -> Condition:
        cirq = self._cirq
        if isinstance(given, cirq.KeyCondition):
            return Compare(self._bits(str(given.key), given.index, name), "!=", 0)
        if isinstance(given, getattr(cirq, "BitMaskKeyCondition", ())):
            mask: Any = given
            bits = self._bits(str(mask.key), mask.index, name)
            chosen = [bit for place, bit in enumerate(bits) if mask.bitmask is None or mask.bitmask >> place & 1]
            wanted = mask.target_value
            if mask.bitmask is not None:
                if wanted & ~mask.bitmask:
                    return AllOf((), mask.equal_target)
                places = [place for place in range(len(bits)) if mask.bitmask >> place & 1]
                wanted = sum((wanted >> place & 1) << at for at, place in enumerate(places))
            return Compare(tuple(chosen), "==" if mask.equal_target else "!=", int(wanted))
        if isinstance(given, cirq.SympyCondition):
            return self._expression(given.expr, name)
        raise CircuitError(f"the condition of {name} of the Cirq circuit is of a kind that is not supported: {given}")

    def _bits(self, key: str, index: int, name: str) -> tuple[int, ...]:
        """The bits of a measurement as those of a number, the least significant one first; Cirq's last qubit."""
        records = self.records.get(key, [])
        if not -len(records) <= index < len(records):
            raise CircuitError(
                f"the condition of {name} of the Cirq circuit is about '{key}', which is not measured before it"
            )
        return records[index][::-1]

    def _expression(self, node: Any, name: str) -> Condition:
        """A condition of sympy: comparisons of keys with numbers, joined by and, or, xor, not."""
        kind = type(node).__name__
        if getattr(node, "is_Symbol", False):
            return Compare(self._bits(str(node), -1, name), "!=", 0)
        if kind in ("BooleanTrue", "BooleanFalse"):
            return AllOf((), kind == "BooleanFalse")
        if kind in ("And", "Or"):
            parts = tuple(self._expression(part, name) for part in node.args)
            return AllOf(parts) if kind == "And" else AllOf(tuple(map(negation, parts)), True)
        if kind == "Not":
            return negation(self._expression(node.args[0], name))
        if kind == "Xor":
            first, *others = (self._expression(part, name) for part in node.args)
            for other in others:
                both, neither = AllOf((first, other)), AllOf((negation(first), negation(other)))
                first = AllOf((negation(both), negation(neither)))
            return first
        if kind in _RELATIONS:
            left, right = node.args
            comparison = _RELATIONS[kind]
            if left.is_number:
                left, right, comparison = right, left, TURNED[comparison]
            if left.is_Symbol and right.is_Integer:
                bits, value = self._bits(str(left), -1, name), int(right)
                if value < 0:
                    return AllOf((), comparison in ("==", "<", "<="))
                return Compare(bits, comparison, value)
            if left.is_Symbol and right.is_Symbol and comparison in ("==", "!="):
                pairs = zip(self._bits(str(left), -1, name), self._bits(str(right), -1, name), strict=True)
                same = AllOf(tuple(Parity(pair, 1) for pair in pairs))
                return same if comparison == "==" else negation(same)
        raise CircuitError(
            f"the condition {node} of {name} of the Cirq circuit is not supported; compare keys with whole numbers"
        )


def _on_bits(step: Step, to: Mapping[int, int]) -> Step:
    """A step with other bits where these are named."""
    if isinstance(step, Operation):
        used = (*bits_read(step.action), *bits_written(step.action))
        return Operation(with_bits(step.action, {bit: to.get(bit, bit) for bit in used}), step.qubits) if used else step
    if isinstance(step, Begin):
        return Begin(step.condition.moved({bit: to.get(bit, bit) for bit in step.condition.bits}))
    if isinstance(step, Unfinished):
        return Unfinished(step.condition.moved({bit: to.get(bit, bit) for bit in step.condition.bits}))
    return step


def _import() -> Any:
    return optional_module("cirq", package="cirq-core", what_for="exchanging circuits with Cirq", extra="cirq")
