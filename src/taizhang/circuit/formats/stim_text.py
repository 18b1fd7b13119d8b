"""Reading Stim's circuits: gates, noise, measurements, resets, feedback and repeated blocks.

The measurement record becomes one register of bits, `rec`, in order. Detectors, observables, coordinates and ticks say
nothing of the state and are left out. Non-Clifford gates are read from tags, as in `I[R_X(theta=0.1)] 0` and `S[T] 0`.

Source: Gidney, arXiv:2103.02202; the file format of Stim, github.com/quantumlib/Stim.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np

from taizhang._native import excerpt
from taizhang.circuit.channel import PAULIS
from taizhang.circuit.circuit import MAX_OPERATIONS, MAX_QUBITS, Circuit
from taizhang.circuit.classical import Conditional, Measure, Readout, Reset
from taizhang.circuit.condition import Compare
from taizhang.circuit.formats.stim_gates import BASIS_CHANGE, CONTROLLED, NOISE, PAIRS, SINGLE, correlated
from taizhang.circuit.gates import Gate, gate
from taizhang.circuit.operation import Action, Operation
from taizhang.circuit.registers import MAX_BITS
from taizhang.errors import CircuitFileError, TaizhangError

MAX_NESTING = 64
IGNORED = frozenset({"DETECTOR", "OBSERVABLE_INCLUDE", "QUBIT_COORDS", "SHIFT_COORDS", "TICK"})
_MEASURED = {
    f"{reset}{letter}": (letter or "Z", bool(reset == "MR")) for reset in ("M", "MR") for letter in ("", "X", "Y", "Z")
}
_RESET = {"R": "Z", "RZ": "Z", "RX": "X", "RY": "Y"}
_EIGHTHS = {"S": "t", "SQRT_Z": "t", "S_DAG": "tdg", "SQRT_Z_DAG": "tdg"}
_PRODUCTS = {"MXX": "X", "MYY": "Y", "MZZ": "Z"}
_INSTRUCTION = re.compile(r"\s*([A-Za-z][\w]*)\s*(?:\[([^\]\r\n]*)\])?\s*(?:\(([^)]*)\))?\s*([^{}]*?)\s*(\{)?\s*$")
_ROTATION = re.compile(r"R_([XYZ])\(theta=([-+.\deE]+)(\*pi)?\)$")
_TARGET = re.compile(r"(!?)(?:([XYZ])?(\d{1,9})|rec\[-(\d{1,9})\])$")


@dataclass(frozen=True, slots=True)
class _Target:
    """A target: a qubit, perhaps with a letter, or a bit of the record, counted back."""

    inverted: bool
    letter: str
    qubit: int | None
    back: int | None


@dataclass(slots=True)
class _Reader:
    """The lines, and what has been read of them."""

    lines: list[str]
    source: str | None
    steps: list[Operation] = field(default_factory=list)
    num_bits: int = 0
    num_qubits: int = 0
    # Qubits with numbers from MAX_QUBITS on stand for the ancilla of products.
    uses_ancilla: bool = False
    line: int = 0

    def fail(self, reason: str) -> NoReturn:
        text = self.lines[self.line].encode("utf-8", "replace")[:1000]
        raise CircuitFileError(reason, line=self.line + 1, column=1, source=self.source, excerpt=excerpt(text, 0))

    def block(self, start: int, depth: int) -> int:
        """Reads instructions up to the end of a block; returns the number of the line after it."""
        self.line = start
        while self.line < len(self.lines):
            text = self.lines[self.line].partition("#")[0].strip()
            if text == "}":
                if depth == 0:
                    self.fail("'}' ends no block; remove it")
                return self.line + 1
            if text:
                self._instruction(text, depth)
            else:
                self.line += 1
        if depth:
            self.line = len(self.lines) - 1
            self.fail("the file ends within a block; close it with '}'")
        return self.line

    def _instruction(self, text: str, depth: int) -> None:
        # Stage 1: name, tag, arguments, targets.
        found = _INSTRUCTION.match(text)
        if found is None:
            self.fail("expected an instruction such as 'CX 0 1', 'DEPOLARIZE1(0.1) 0' or 'REPEAT 3 {'")
        name, tag, written, rest = found[1].upper(), found[2], found[3], found[4].split()
        if name == "REPEAT":
            self._repeat(rest, found[5] is not None, depth)
            return
        if found[5] is not None:
            self.fail("'{' begins a block of 'REPEAT' only; remove it")
        arguments = self._numbers(written)
        # Stage 2: what it does.
        if name in ("MPP", "SPP", "SPP_DAG"):
            if name != "MPP":
                self.fail(f"'{name}' is not supported; write it with gates")
            for word in rest:
                self._product([self._target(part) for part in word.split("*")], arguments)
        elif name not in IGNORED:
            try:
                self._apply(name, tag, arguments, [self._target(word) for word in rest])
            except CircuitFileError:
                raise
            except TaizhangError as error:
                self.fail(str(error))
        if len(self.steps) > MAX_OPERATIONS or self.num_bits > MAX_BITS:
            self.fail(f"the circuit has more than {MAX_OPERATIONS} operations or {MAX_BITS} measurements")
        self.line += 1

    def _repeat(self, words: Sequence[str], opened: bool, depth: int) -> None:
        if len(words) != 1 or not words[0].isdigit() or int(words[0]) == 0 or not opened:
            self.fail("a block is repeated as in 'REPEAT 3 {', a whole number of times from 1")
        if depth >= MAX_NESTING:
            self.fail(f"blocks are nested more than {MAX_NESTING} levels deep; use fewer levels")
        first, before, end = self.line + 1, (len(self.steps), self.num_bits), 0
        times = int(words[0])
        for turn in range(times):
            end = self.block(first, depth + 1)
            if turn == 0:
                if (len(self.steps), self.num_bits) == before:
                    break
                more = (len(self.steps) - before[0]) * (times - 1)
                if len(self.steps) + more > MAX_OPERATIONS:
                    self.fail(f"the block has {more:,} operations in all; at most {MAX_OPERATIONS} are allowed")
        self.line = end

    def _numbers(self, written: str | None) -> list[float]:
        try:
            return [] if written is None else [float(word) for word in written.split(",")]
        except ValueError:
            self.fail(f"the arguments must be numbers with commas between, got '{written}'")

    def _target(self, word: str) -> _Target:
        found = _TARGET.match(word)
        if found is None:
            self.fail(f"'{word[:40]}' is no target; give a qubit, '!3', 'X3' or 'rec[-1]'")
        qubit = None if found[3] is None else int(found[3])
        if qubit is not None:
            if qubit >= MAX_QUBITS - 1:
                self.fail(f"qubit {qubit} is too large; at most {MAX_QUBITS - 1} qubits are allowed")
            self.num_qubits = max(self.num_qubits, qubit + 1)
        back = None if found[4] is None else int(found[4])
        if back is not None and not 1 <= back <= self.num_bits:
            self.fail(f"'{word}' is before the first measurement; there are {self.num_bits} so far")
        return _Target(bool(found[1]), found[2] or "", qubit, back)

    # What instructions do

    def _apply(self, name: str, tag: str | None, arguments: list[float], targets: list[_Target]) -> None:
        if tag and name == "I" and (rotation := _ROTATION.match(tag)):
            angle = float(rotation[2]) * (math.pi if rotation[3] else 1.0)
            self._each(targets, gate(f"r{rotation[1].lower()}", angle))
        elif tag == "T" and name in _EIGHTHS:
            self._each(targets, gate(_EIGHTHS[name]))
        elif name in SINGLE:
            self._no_arguments(name, arguments)
            self._each(targets, SINGLE[name])
        elif name in CONTROLLED:
            self._no_arguments(name, arguments)
            for first, second in self._pairs(name, targets):
                self._controlled(CONTROLLED[name], first, second)
        elif name in PAIRS:
            self._no_arguments(name, arguments)
            for first, second in self._pairs(name, targets):
                for step in PAIRS[name]:
                    self._put(step, self._qubit(first), self._qubit(second))
        elif name in NOISE:
            size, count, make = NOISE[name]
            if len(arguments) != count:
                self.fail(f"'{name}' takes {count} probabilit{'y' if count == 1 else 'ies'}, got {len(arguments)}")
            channel = make(*arguments)
            groups = [(one,) for one in targets] if size == 1 else self._pairs(name, targets)
            for group in groups:
                self._put(channel, *(self._qubit(one) for one in group))
        elif name in ("E", "CORRELATED_ERROR"):
            self._correlated(arguments, targets)
        elif name in _MEASURED:
            for one in targets:
                self._measure(*_MEASURED[name], one, arguments)
        elif name in _PRODUCTS:
            for first, second in self._pairs(name, targets):
                letters = [_Target(one.inverted, _PRODUCTS[name], self._qubit(one), None) for one in (first, second)]
                self._product(letters, arguments)
        elif name in _RESET:
            for one in targets:
                self._put(Reset(), self._qubit(one))
                self._change(_RESET[name], self._qubit(one))
        elif name == "MPAD":
            self.fail("'MPAD' is not supported; leave it out")
        else:
            self.fail(f"the instruction '{name[:40]}' is not known, or not supported; write it with gates and channels")

    def _no_arguments(self, name: str, arguments: Sequence[float]) -> None:
        if arguments:
            self.fail(f"the gate '{name}' takes no arguments, got {len(arguments)}")

    def _qubit(self, target: _Target) -> int:
        if target.qubit is None or target.letter:
            self.fail("a qubit is expected here, as a number")
        return target.qubit

    def _pairs(self, name: str, targets: Sequence[_Target]) -> list[tuple[_Target, _Target]]:
        if len(targets) % 2:
            self.fail(f"'{name}' takes pairs of targets, got {len(targets)} targets")
        return list(zip(targets[::2], targets[1::2], strict=True))

    def _put(self, action: Action, *qubits: int) -> None:
        self.steps.append(Operation(action, qubits))

    def _each(self, targets: Sequence[_Target], one: Gate) -> None:
        for target in targets:
            self._put(one, self._qubit(target))

    def _change(self, letter: str, qubit: int) -> None:
        change = BASIS_CHANGE[letter]
        if change is not None:
            self._put(change, qubit)

    def _controlled(self, letters: tuple[str, str], first: _Target, second: _Target) -> None:
        control, target = letters
        if first.back is None and second.back is not None and target == "Z":
            first, second, control, target = second, first, target, control
        if first.back is not None:
            # A bit of the record controls.
            bit = self.num_bits - first.back
            pauli = gate(target.lower())
            self._put(Conditional(Compare((bit,), "==", 1), pauli), self._qubit(second))
            return
        qubits = self._qubit(first), self._qubit(second)
        self._change(control, qubits[0])
        self._put(gate(f"c{target.lower()}"), *qubits)
        self._change(control, qubits[0])

    def _correlated(self, arguments: Sequence[float], targets: Sequence[_Target]) -> None:
        if len(arguments) != 1 or any(one.qubit is None or not one.letter for one in targets) or not targets:
            self.fail("a correlated error is written as 'E(0.1) X1 Y2'")
        if len(targets) > 4:
            self.fail(f"a correlated error is on at most 4 qubits, got {len(targets)}")
        product = np.ones((1, 1), dtype=np.complex128)
        for one in targets:
            product = np.kron(product, PAULIS[one.letter])
        channel = correlated([product], arguments, "correlated_error")
        self._put(channel, *(one.qubit for one in targets if one.qubit is not None))

    def _new_bit(self, inverted: bool, arguments: Sequence[float]) -> Measure:
        if len(arguments) > 1:
            self.fail(f"a measurement takes one probability of a wrong result, got {len(arguments)}")
        chance = arguments[0] if arguments else 0.0
        chance = 1.0 - chance if inverted else chance
        self.num_bits += 1
        return Measure(self.num_bits - 1, Readout(chance, chance) if chance else None)

    def _measure(self, letter: str, reset: bool, target: _Target, arguments: Sequence[float]) -> None:
        qubit = self._qubit(target)
        self._change(letter, qubit)
        self._put(self._new_bit(target.inverted, arguments), qubit)
        if reset:
            self._put(Reset(), qubit)
        self._change(letter, qubit)

    def _product(self, targets: Sequence[_Target], arguments: Sequence[float]) -> None:
        """Measures a product of letters by an ancilla, the same for all."""
        if any(one.qubit is None or not one.letter for one in targets) or not targets:
            self.fail("a product is written as 'MPP X1*Z2'")
        ancilla, self.uses_ancilla = MAX_QUBITS, True
        inverted = sum(one.inverted for one in targets) % 2 == 1
        self._put(Reset(), ancilla)
        self._put(gate("h"), ancilla)
        for one in targets:
            if one.qubit is not None:
                self._put(gate(f"c{one.letter.lower()}"), ancilla, one.qubit)
        self._put(gate("h"), ancilla)
        self._put(self._new_bit(inverted, arguments), ancilla)


def read_stim(text: str | bytes, *, source: str | None = None) -> Circuit:
    """Returns the circuit of a text in Stim's format.

    Args:
        text: The text.
        source: Name of the file, for errors.

    Returns:
        The circuit; its classical bits are the measurement record, one register `rec`. Products are measured by an
        ancilla, the last qubit, where there are any. Detectors and observables are left out.

    Raises:
        CircuitFileError: An instruction is not known or not supported, or the circuit is too large; with its line.

    Example:
        >>> read_stim("H 0" + chr(10) + "CX 0 1" + chr(10) + "DEPOLARIZE2(0.01) 0 1" + chr(10) + "M 0 1")
        Circuit of 2 qubits, 2 bits, 5 operations
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    reader = _Reader(text.splitlines() or [""], source)
    reader.block(0, 0)
    if reader.num_qubits == 0:
        reader.line = 0
        reader.fail("the circuit has no qubits; give it an instruction with targets")
    count = reader.num_qubits

    def placed() -> Iterator[Operation]:
        for step in reader.steps:
            if MAX_QUBITS in step.qubits:
                qubits = tuple(count if qubit == MAX_QUBITS else qubit for qubit in step.qubits)
                yield Operation(step.action, qubits)
            else:
                yield step

    bits = {"rec": reader.num_bits} if reader.num_bits else ()
    return Circuit(count + reader.uses_ancilla, placed(), bits=bits)
