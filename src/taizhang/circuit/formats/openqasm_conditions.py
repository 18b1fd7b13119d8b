"""Writing measurements, resets and conditions in OpenQASM 2 and 3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from taizhang.circuit.circuit import Circuit
from taizhang.circuit.classical import Assign, Conditional, Measure, Reset
from taizhang.circuit.condition import AllOf, Compare, Condition, Parity
from taizhang.circuit.operation import Operation
from taizhang.circuit.registers import Registers
from taizhang.errors import CircuitError

Version = Literal[2, 3]


def declarations(registers: Registers, version: Version) -> Iterator[str]:
    """The declarations of registers of bits."""
    for name, size in registers:
        yield f"creg {name}[{size}];" if version == 2 else f"bit[{size}] {name};"


def lines_of(
    step: Operation, circuit: Circuit, version: Version, gates: Callable[[Operation], Iterable[str]]
) -> Iterator[str]:
    """The lines of an operation of any kind.

    Args:
        step: The operation.
        circuit: The circuit that it is in.
        version: Of OpenQASM.
        gates: Gives the lines of a gate.

    Raises:
        CircuitError: The version cannot express it.
    """
    action, registers = step.action, circuit.registers
    if isinstance(action, Measure):
        if action.readout is not None:
            raise CircuitError("OpenQASM has no readout errors; write the circuit before its noise model is applied")
        bit, qubit = _bit(action.bit, registers), step.qubits[0]
        yield f"measure q[{qubit}] -> {bit};" if version == 2 else f"{bit} = measure q[{qubit}];"
    elif isinstance(action, Reset):
        yield f"reset q[{step.qubits[0]}];"
    elif isinstance(action, Assign):
        if version == 2:
            raise CircuitError("OpenQASM 2 has no assignments of bits, and the circuit has; write OpenQASM 3")
        yield f"{_bit(action.bit, registers)} = {_written(action.value, registers)};"
    elif isinstance(action, Conditional):
        inner = list(lines_of(Operation(action.action, step.qubits), circuit, version, gates))
        if version == 2:
            head = f"if({_equality(action.condition, registers)}) "
            yield from (head + line for line in inner)
        else:
            yield f"if ({_written(action.condition, registers)}) {{ {' '.join(inner)} }}"
    else:
        yield from gates(step)


def _bit(bit: int, registers: Registers) -> str:
    for name, size in registers:
        if bit < size:
            return f"{name}[{bit}]"
        bit -= size
    raise AssertionError("the circuit has the bit")


def _whole_register(bits: tuple[int, ...], registers: Registers) -> str | None:
    return next((name for name in registers.names if registers.bits_of(name) == bits), None)


def _equality(condition: Condition, registers: Registers) -> str:
    """A condition of OpenQASM 2: a register equals a number.

    Raises:
        CircuitError: It is another one.
    """
    if isinstance(condition, Compare):
        name = _whole_register(condition.bits, registers)
        if name is not None and condition.comparison == "==":
            return f"{name}=={condition.value}"
        if name is not None and len(condition.bits) == 1 and (condition.comparison, condition.value) == ("!=", 0):
            return f"{name}==1"
    raise CircuitError(
        f"OpenQASM 2 compares whole registers with a number by == only, and the condition is {condition}; write "
        "OpenQASM 3"
    )


def _written(condition: Condition, registers: Registers) -> str:
    """A condition of OpenQASM 3."""
    if isinstance(condition, AllOf):
        if not condition.parts:
            return "false" if condition.negated else "true"
        inner = " && ".join(f"({_written(part, registers)})" for part in condition.parts)
        return f"!({inner})" if condition.negated else inner
    if isinstance(condition, Parity):
        inner = " ^ ".join(_bit(bit, registers) for bit in condition.bits)
        return f"!({inner})" if condition.flipped else inner
    name = _whole_register(condition.bits, registers)
    if name is None and len(condition.bits) == 1:
        name = _bit(condition.bits[0], registers)
    if name is not None:
        return f"{name} {condition.comparison} {condition.value}"
    if condition.comparison in ("==", "!=") and not condition.value >> len(condition.bits):
        bits = [f"{_bit(bit, registers)} == {condition.value >> k & 1}" for k, bit in enumerate(condition.bits)]
        inner = " && ".join(bits)
        return inner if condition.comparison == "==" else f"!({inner})"
    raise CircuitError(
        f"OpenQASM compares whole registers by size, and the condition {condition} is about some bits; compare them "
        "with == or declare a register of them"
    )
