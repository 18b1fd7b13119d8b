"""Qiskit's circuits with measurements anywhere, resets and control flow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from taizhang._optional import optional_module
from taizhang.adapters.qiskit_noise import QiskitNoise, channel_of_error
from taizhang.circuit.blocks import END, OTHERWISE, Begin, Step, Unfinished, circuit_of_blocks, negation
from taizhang.circuit.channel import Channel
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.classical import Assign, Measure, Reset
from taizhang.circuit.condition import TURNED, AllOf, Compare, Comparison, Condition, Parity
from taizhang.circuit.operation import Operation
from taizhang.errors import CircuitError

# Reads an instruction that is neither classical nor a block: itself, its qubits, the name of what contains it.
ReadGates = Callable[[Any, tuple[int, ...], str], Iterator[Operation]]

_COMPARISONS: Mapping[str, Comparison] = {
    "EQUAL": "==",
    "NOT_EQUAL": "!=",
    "LESS": "<",
    "LESS_EQUAL": "<=",
    "GREATER": ">",
    "GREATER_EQUAL": ">=",
}


def needs_bits(circuit: Any) -> bool:
    """Whether a circuit has more than gates and measurements at the end."""
    module = _import("qiskit.circuit")
    measured: set[Any] = set()
    touched: set[Any] = set()
    for instruction in circuit.data:
        kind = instruction.operation
        if isinstance(kind, (module.IfElseOp, module.SwitchCaseOp, module.WhileLoopOp)):
            return True
        if kind.name in ("kraus", "superop", "quantum_channel") and not hasattr(kind, "to_matrix"):
            return True
        if isinstance(kind, module.Measure):
            measured.update(instruction.qubits)
        elif isinstance(kind, module.Reset):
            if touched.intersection(instruction.qubits):
                return True
        elif not isinstance(kind, (module.Barrier, module.Delay)):
            if measured.intersection(instruction.qubits):
                return True
            blocks = getattr(kind, "blocks", ())
            if any(needs_bits(block) or _has_measurement(block) for block in blocks):
                return True
            touched.update(instruction.qubits)
    return False


def _has_measurement(circuit: Any) -> bool:
    module = _import("qiskit.circuit")
    return any(isinstance(instruction.operation, (module.Measure, module.Reset)) for instruction in circuit.data)


def read_dynamic(
    circuit: Any,
    read_gates: ReadGates,
    phase_of: Callable[[Any], Iterator[Operation]],
    max_turns: int,
    noise: QiskitNoise | None = None,
) -> Circuit:
    """Reads a circuit with classical bits.

    Args:
        circuit: A `QuantumCircuit`.
        read_gates: Reads an instruction of gates.
        phase_of: The operation of the global phase of a circuit, if it has one.
        max_turns: Turns up to which loops that depend on outcomes are written out.
        noise: The errors of a noise model.

    Returns:
        The circuit. Its registers are those of Qiskit, in order; bits outside of registers are in one more.

    Raises:
        CircuitError: It has conditions that are not supported.
    """
    # Stage 1: the bits; one that is in several registers belongs to the first.
    sizes: dict[str, int] = {}
    numbers: dict[Any, int] = {}
    for place, register in enumerate(circuit.cregs):
        new = [bit for bit in register if bit not in numbers]
        if new:
            name = register.name if register.name.isidentifier() and register.name not in sizes else f"register{place}"
            sizes[name] = len(new)
            for bit in new:
                numbers[bit] = len(numbers)
    loose = [bit for bit in circuit.clbits if bit not in numbers]
    if loose:
        names = ("bits", *(f"bits{k}" for k in range(len(sizes) + 1)))
        sizes[next(name for name in names if name not in sizes)] = len(loose)
        for bit in loose:
            numbers[bit] = len(numbers)
    # Stage 2: the operations.
    reader = _Reader(read_gates, phase_of, max_turns, noise)
    qubits = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    return circuit_of_blocks(circuit.num_qubits, reader.block(circuit, qubits, numbers, ""), sizes)


class _Reader:
    """Reads blocks, one within the other."""

    def __init__(
        self,
        read_gates: ReadGates,
        phase_of: Callable[[Any], Iterator[Operation]],
        max_turns: int,
        noise: QiskitNoise | None,
    ) -> None:
        self._read_gates, self._phase_of, self._max_turns, self._noise = read_gates, phase_of, max_turns, noise
        self._module = _import("qiskit.circuit")
        # Not in every version of Qiskit.
        self._box = getattr(self._module, "BoxOp", ())

    def block(self, circuit: Any, qubits: Mapping[Any, int], bits: Mapping[Any, int], within: str) -> Iterator[Step]:
        """Yields the operations of a circuit whose qubits and bits have these numbers."""
        module = self._module
        for instruction in circuit.data:
            kind = instruction.operation
            places = tuple(qubits[qubit] for qubit in instruction.qubits)
            name = f"'{kind.name}' in '{within}'" if within else f"'{kind.name}'"
            errors = () if self._noise is None else self._noise.channels(kind.name, places)
            if isinstance(kind, module.Measure):
                yield from (Operation(error, places) for error in errors)
                readout = None if self._noise is None else self._noise.readout(places[0])
                yield Operation(Measure(bits[instruction.clbits[0]], readout), places)
                continue
            if isinstance(kind, module.Reset):
                yield Operation(Reset(), places)
            elif isinstance(kind, module.IfElseOp):
                yield Begin(self._condition(kind.condition, bits, name))
                for number, body in enumerate(kind.blocks):
                    if number:
                        yield OTHERWISE
                    yield from self._body(body, instruction, qubits, bits, within or kind.name)
                yield END
            elif isinstance(kind, module.WhileLoopOp):
                condition = self._condition(kind.condition, bits, name)
                for _ in range(self._max_turns):
                    yield Begin(condition)
                    yield from self._body(kind.blocks[0], instruction, qubits, bits, within or kind.name)
                yield Unfinished(condition)
                yield from [END] * self._max_turns
            elif isinstance(kind, module.SwitchCaseOp):
                yield from self._switch(kind, instruction, qubits, bits, within or kind.name)
            elif isinstance(kind, module.ForLoopOp):
                yield from self._loop(kind, instruction, qubits, bits, name, within or kind.name)
            elif isinstance(kind, self._box):
                box: Any = kind
                inner = self._inside(box.body, instruction, qubits, bits)
                yield from self.block(box.body, *inner, within or box.name)
            elif isinstance(kind, getattr(module, "Store", ())):
                store: Any = kind
                (bit,) = self._bits_of(store.lvalue, bits, name, 1)
                yield Operation(Assign(bit, self._expression(store.rvalue, bits, name)), ())
            elif isinstance(kind, module.ControlFlowOp):
                raise CircuitError(
                    f"{name} depends on outcomes in a way that is not supported; if, switch, while and loops over "
                    "numbers are"
                )
            elif kind.name in ("kraus", "superop", "quantum_channel") and not hasattr(kind, "to_matrix"):
                yield Operation(_channel_of(kind, name), places)
            else:
                yield from self._read_gates(kind, places, within)
            yield from (Operation(error, places) for error in errors)
        yield from self._phase_of(circuit)

    @staticmethod
    def _inside(
        body: Any, instruction: Any, qubits: Mapping[Any, int], bits: Mapping[Any, int]
    ) -> tuple[dict[Any, int], dict[Any, int]]:
        """The numbers of a block's qubits and bits."""
        return (
            {inner: qubits[outer] for inner, outer in zip(body.qubits, instruction.qubits, strict=True)},
            {**bits, **{inner: bits[outer] for inner, outer in zip(body.clbits, instruction.clbits, strict=True)}},
        )

    def _body(
        self, body: Any, instruction: Any, qubits: Mapping[Any, int], bits: Mapping[Any, int], within: str
    ) -> Iterator[Step]:
        yield from self.block(body, *self._inside(body, instruction, qubits, bits), within)

    def _switch(
        self, kind: Any, instruction: Any, qubits: Mapping[Any, int], bits: Mapping[Any, int], within: str
    ) -> Iterator[Step]:
        target = self._bits_of(kind.target, bits, f"'{kind.name}'")
        depth = 0
        for values, body in kind.cases_specifier():
            numbers = [int(value) for value in values if value is not self._module.CASE_DEFAULT]
            if len(numbers) < len(tuple(values)):
                # The default comes last, whatever else it is written with.
                yield from self._body(body, instruction, qubits, bits, within)
                break
            others: tuple[Condition, ...] = tuple(Compare(target, "!=", number) for number in numbers)
            yield Begin(AllOf(others, True))
            yield from self._body(body, instruction, qubits, bits, within)
            yield OTHERWISE
            depth += 1
        yield from [END] * depth

    def _loop(
        self,
        kind: Any,
        instruction: Any,
        qubits: Mapping[Any, int],
        bits: Mapping[Any, int],
        name: str,
        within: str,
    ) -> Iterator[Step]:
        values, parameter, body = kind.params
        known = isinstance(values, (range, tuple, list))
        if not known or not (parameter is None or isinstance(parameter, self._module.Parameter)):
            raise CircuitError(f"{name} depends on classical values, which is not supported; remove it")
        for value in values:
            once = body if parameter is None else body.assign_parameters({parameter: value}, strict=False)
            yield from self.block(once, *self._inside(once, instruction, qubits, bits), within)

    # Conditions

    def _bits_of(self, target: Any, bits: Mapping[Any, int], name: str, count: int | None = None) -> tuple[int, ...]:
        """The numbers of a bit, a register, or a variable that stands for one; `count` of them, if that is given."""
        module = self._module
        target = getattr(target, "var", target)
        if isinstance(target, module.Clbit):
            return (bits[target],)
        if isinstance(target, module.ClassicalRegister) and count in (None, len(target)):
            return tuple(bits[bit] for bit in target)
        raise CircuitError(f"the condition of {name} is not about classical bits or registers; write it with these")

    def _condition(self, given: Any, bits: Mapping[Any, int], name: str) -> Condition:
        if isinstance(given, tuple):
            return Compare(self._bits_of(given[0], bits, name), "==", int(given[1]))
        return self._expression(given, bits, name)

    def _expression(self, node: Any, bits: Mapping[Any, int], name: str) -> Condition:
        expressions = _import("qiskit.circuit.classical.expr")
        if isinstance(node, expressions.Cast):
            return self._expression(node.operand, bits, name)
        if isinstance(node, expressions.Value):
            return AllOf((), not node.value)
        if isinstance(node, getattr(expressions, "Index", ())):
            # A bit of a register, at a known place.
            place: Any = node
            bits_there = self._bits_of(place.target, bits, name)
            if isinstance(place.index, expressions.Value) and int(place.index.value) < len(bits_there):
                return Compare((bits_there[int(place.index.value)],), "!=", 0)
        if isinstance(node, expressions.Var):
            return Compare(self._bits_of(node, bits, name), "!=", 0)
        if isinstance(node, expressions.Unary) and node.op.name in ("LOGIC_NOT", "BIT_NOT"):
            return negation(self._expression(node.operand, bits, name))
        if isinstance(node, expressions.Binary):
            operation, left, right = node.op.name, node.left, node.right
            if operation in ("LOGIC_AND", "LOGIC_OR"):
                parts = tuple(self._expression(side, bits, name) for side in (left, right))
                if operation == "LOGIC_AND":
                    return AllOf(parts)
                return AllOf(tuple(map(negation, parts)), True)
            if operation in ("BIT_XOR", "BIT_AND", "BIT_OR"):
                return self._bitwise(operation, left, right, bits, name)
            if operation in _COMPARISONS:
                return self._comparison(_COMPARISONS[operation], left, right, bits, name)
        raise CircuitError(f"the condition of {name} is not supported; compare registers or bits with numbers")

    def _bitwise(self, operation: str, left: Any, right: Any, bits: Mapping[Any, int], name: str) -> Condition:
        """Two single bits, or truths, joined."""
        sides = tuple(self._expression(side, bits, name) for side in (left, right))
        if any(isinstance(side, Compare) and len(side.bits) > 1 and side.comparison == "!=" for side in sides):
            raise CircuitError(f"the condition of {name} joins registers bit by bit; write it with single bits")
        both, neither = AllOf(sides), AllOf(tuple(map(negation, sides)))
        if operation == "BIT_AND":
            return both
        if operation == "BIT_OR":
            return negation(neither)
        singles = [side for side in sides if isinstance(side, Compare) and side.comparison == "!=" and not side.value]
        if len(singles) == len(sides):
            return Parity(tuple(bit for side in singles for bit in side.bits))
        return AllOf((negation(both), negation(neither)))

    def _comparison(
        self, comparison: Comparison, left: Any, right: Any, bits: Mapping[Any, int], name: str
    ) -> Condition:
        expressions = _import("qiskit.circuit.classical.expr")
        sides: Sequence[Any] = [getattr(side, "operand", side) for side in (left, right)]
        if isinstance(sides[0], expressions.Value):
            sides, comparison = sides[::-1], TURNED[comparison]
        if isinstance(sides[0], expressions.Var) and isinstance(sides[1], expressions.Value):
            return Compare(self._bits_of(sides[0], bits, name), comparison, int(sides[1].value))
        raise CircuitError(f"the condition of {name} is not supported; compare registers or bits with numbers")


def without_final_measurements(circuit: Circuit) -> Circuit:
    """A circuit without its measurements, which are all at its end, and without bits."""
    kept = (step for step in circuit.operations if not isinstance(step.action, Measure))
    return Circuit(circuit.num_qubits, kept)


def _channel_of(kind: Any, name: str) -> Channel:
    """The channel of an instruction that Qiskit or Qiskit Aer makes of one."""
    parameters = kind.params
    if kind.name == "kraus":
        part = {"name": "kraus", "qubits": list(range(kind.num_qubits)), "params": parameters}
        return channel_of_error({"instructions": [[part]], "probabilities": [1.0]}, "kraus")
    error = parameters[0] if parameters else getattr(kind, "_quantum_error", None)
    if kind.name == "quantum_channel" and hasattr(error, "to_dict"):
        return channel_of_error(error, "quantum_error")
    raise CircuitError(f"{name} is a channel of a kind that is not supported; give it as Kraus operators")


def _import(module: str) -> Any:
    return optional_module(module, package="qiskit", what_for="exchanging circuits with Qiskit", extra="qiskit")
