"""Circuits: immutable sequences of operations on qubits.

A circuit has a number of qubits, all initially |0>, and a list of operations: gates, and perhaps channels,
measurements, resets and conditions on classical bits, which are in named registers. Circuits are immutable: composing
them gives new ones. Qubit 0 is the leftmost character of a bitstring and the slowest axis of a state vector.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import FrozenInstanceError
from itertools import chain
from operator import index
from typing import TYPE_CHECKING, Any, Literal, NoReturn, cast, overload

from taizhang._lazy import lazy_module
from taizhang.circuit.gate_methods import GateMethods
from taizhang.circuit.gates import Gate, gate, size_of
from taizhang.circuit.operation import Action
from taizhang.circuit.operation import Operation as Operation
from taizhang.circuit.parameter import Angle, check_values
from taizhang.circuit.parametric_gate import SymbolicGate
from taizhang.circuit.registers import Registers
from taizhang.errors import CircuitError, SizeLimitError

if TYPE_CHECKING:
    from taizhang.circuit import classical, preparation
    from taizhang.circuit.channel import Channel
    from taizhang.circuit.classical import Readout
else:
    classical = lazy_module("taizhang.circuit.classical")
    preparation = lazy_module("taizhang.circuit.preparation")

drawing: Any = lazy_module("taizhang.plots.circuit_drawing")

NO_BITS = Registers()
MAX_QUBITS = 100_000
MAX_OPERATIONS = 10_000_000


class Circuit(GateMethods):
    """Operations on qubits that start in |0…0>.

    A circuit is an immutable, hashable value; building on it gives a new circuit. A new circuit refers to the one it
    was built from and the added operations, and the full tuple of operations is made on first access; so adding an
    operation takes constant time.

    `len(circuit)` is the number of operations, iteration gives them in order of time, `circuit[3]` is one of them and
    `circuit[2:5]` the circuit of a slice of them. Each gate of the table is a method: `circuit.h(0).cx(0, 1)`.
    `print(circuit)` draws it.

    Args:
        num_qubits: Number of qubits.
        operations: In order of time.
        bits: Registers of classical bits: names with sizes, such as `{"c": 2}`, or a number of bits for a register c.
        initial: A start other than |0…0⟩, which gates at the beginning prepare: a sign of 0, 1, +, -, r, l for each
            qubit, such as "01+"; or states of all qubits, shape (num_qubits, 2); or a mapping from qubits or tuples of
            qubits to their states.

    Attributes:
        num_qubits: Number of qubits.
        operations: The operations, in order of time.
        registers: The registers of classical bits.

    Raises:
        CircuitError: An operation acts on a qubit or a bit that the circuit does not have.
        SizeLimitError: More than 100,000 qubits, 10 million operations or a million bits.

    Example:
        >>> bell = Circuit(2).h(0).cx(0, 1)
        >>> bell
        Circuit of 2 qubits, 2 operations
        >>> bell.gate_counts()
        {'h': 1, 'cx': 1}
        >>> (bell + bell.inverse()).depth()
        4
        >>> print(bell)
        0: ─H─●─
              │
        1: ───X─
    """

    __slots__ = ("_added", "_before", "_length", "_operations", "num_qubits", "registers")

    num_qubits: int
    registers: Registers
    # Operations are those of the circuit `_before`, then those of `_added`, until `_operations` holds them all.
    _operations: tuple[Operation, ...] | None
    _before: Circuit | None
    _added: tuple[Operation, ...]
    _length: int

    def __init__(
        self, num_qubits: int, operations: Iterable[Operation] = (), *, bits: Any = (), initial: Any = None
    ) -> None:
        given = tuple(operations)
        num_qubits = _check_integer(num_qubits, "num_qubits")
        if initial is not None:
            given = (*preparation.preparation(num_qubits, initial), *given)
        registers = Registers.read(bits) if bits else NO_BITS
        check_sizes(num_qubits, len(given))
        for operation in given:
            if not isinstance(operation, Operation):
                raise CircuitError(f"operations must be Operation values, got {operation!r:.64}")
            _check_range(operation, num_qubits, registers)
        _fill(self, num_qubits, registers, None, (), len(given), given)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"a circuit is immutable: cannot set '{name}'; build a new one from it")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"a circuit is immutable: cannot delete '{name}'")

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations, in order of time."""
        complete = self._operations
        if complete is None:
            parts: list[tuple[Operation, ...]] = []
            part: Circuit | None = self
            while part is not None:
                # In this order, since another thread may set `_operations` and then clear `_before`.
                before, added, known = part._before, part._added, part._operations
                parts.append(added if known is None else known)
                part = before if known is None else None
            complete = tuple(chain.from_iterable(reversed(parts)))
            object.__setattr__(self, "_operations", complete)
            object.__setattr__(self, "_before", None)
            object.__setattr__(self, "_added", ())
        return complete

    @classmethod
    def from_operations(cls, num_qubits: int, operations: Iterable[Operation]) -> Circuit:
        """Builds a circuit from operations.

        Args:
            num_qubits: Number of qubits.
            operations: In order of time.

        Returns:
            The circuit.

        Raises:
            CircuitError: An operation acts on a qubit that the circuit does not have.
            SizeLimitError: More than 100,000 qubits or 10 million operations.

        Example:
            >>> Circuit.from_operations(3, (Operation(gate("h"), (q,)) for q in range(3)))
            Circuit of 3 qubits, 3 operations
        """
        return cls(num_qubits, operations)

    def append(
        self,
        gate_or_name: Gate | SymbolicGate | Channel | str,
        *qubits: Angle,
        parameters: Sequence[Angle] = (),
        when: Any = None,
    ) -> Circuit:
        """Returns this circuit with one more operation at its end.

        Args:
            gate_or_name: A gate, the name of one, or a channel.
            qubits: Its qubits, controls first; then the angles of a named gate, unless they are in `parameters`.
            parameters: Angles in radians of a named gate, numbers or expressions of parameters.
            when: A condition on classical bits: "c[0]", "!c[0]", "c == 5", ("c", 5), "c[0] ^ c[1]", or several of them
                joined by "and" or by "or". A bit that has not been written is 0.

        Returns:
            A new circuit, in constant time.

        Raises:
            CircuitError: The gate, its parameters or its qubits do not fit.

        Example:
            >>> Circuit(1).append("rx", 0, 0.5) == Circuit(1).append("rx", 0, parameters=[0.5])
            True
        """
        if when is not None:
            return self._append_when(self.append(gate_or_name, *qubits, parameters=parameters).operations[-1], when)
        if not isinstance(gate_or_name, str):
            if not hasattr(gate_or_name, "label") or not hasattr(gate_or_name, "num_qubits"):
                raise CircuitError(f"a gate must be a Gate, a channel or the name of one, got {gate_or_name!r:.64}")
            if parameters:
                raise CircuitError(f"gate '{gate_or_name.label}' already has its parameters; leave `parameters` out")
            return self._append(Operation(gate_or_name, _check_qubits(gate_or_name.label, qubits)))
        angles = tuple(parameters)
        if not angles:
            num_qubits, num_parameters = size_of(gate_or_name)
            if num_parameters and len(qubits) != num_qubits + num_parameters:
                expected = f"{_count(num_qubits, 'qubit')} and then {_count(num_parameters, 'angle')}"
                raise CircuitError(f"gate '{gate_or_name}' takes {expected}, got {_count(len(qubits), 'number')}")
            if num_parameters:
                qubits, angles = qubits[:num_qubits], qubits[num_qubits:]
        return self._append_named(gate_or_name, qubits, angles)

    def _append_named(self, name: str, qubits: Sequence[Angle], parameters: Sequence[Angle]) -> Circuit:
        return self._append(Operation(gate(name, *parameters), _check_qubits(name, qubits)))

    def _append(self, operation: Operation) -> Circuit:
        _check_range(operation, self.num_qubits, self.registers)
        return _extend(self, (operation,))

    def _append_when(self, operation: Operation, when: Any) -> Circuit:
        condition = self.registers.read_condition(when)
        return _extend(self, (Operation(classical.Conditional(condition, operation.action), operation.qubits),))

    def measure(
        self, qubits: int | Sequence[int], bits: Any, *, readout: Readout | None = None, when: Any = None
    ) -> Circuit:
        """Returns this circuit with measurements at its end.

        Args:
            qubits: A qubit, or several.
            bits: Where the outcomes go: a bit "c[0]", a register "c", or numbers of bits; as many as qubits.
            readout: Errors of reading, from `taizhang.readout`.
            when: A condition, as `append` takes it.

        Raises:
            CircuitError: A qubit or a bit does not exist, or their numbers differ.

        Example:
            >>> Circuit(2, bits={"c": 2}).h(0).cx(0, 1).measure([0, 1], "c").operations[-1]
            measure(bit 1) 1
        """
        places: list[Any] = list(qubits) if isinstance(qubits, Iterable) else [qubits]
        targets = self.registers.read_bits(bits)
        if len(places) != len(targets):
            raise CircuitError(
                f"{_count(len(places), 'qubit')} cannot be measured into {_count(len(targets), 'bit')}; give as many"
            )
        circuit = self
        for qubit, bit in zip(_check_qubits("measure", places), targets, strict=True):
            operation = Operation(classical.Measure(bit, readout), (qubit,))
            _check_range(operation, self.num_qubits, self.registers)
            circuit = _extend(circuit, (operation,)) if when is None else circuit._append_when(operation, when)
        return circuit

    def assign(self, bit: Any, value: Any, *, when: Any = None) -> Circuit:
        """Returns this circuit with a bit set at its end.

        Args:
            bit: The bit, "c[0]" or its number.
            value: A condition, as `append` takes it: 1 where it holds; or True, False, 1 or 0.
            when: A condition.

        Raises:
            CircuitError: A bit does not exist, or more than one is named.

        Example:
            >>> Circuit(1, bits={"c": 2, "d": 1}).assign("d", "c[0] ^ c[1]").operations[-1]
            bit 2 = bit 0 ^ bit 1
        """
        targets = self.registers.read_bits(bit)
        if len(targets) != 1:
            raise CircuitError(f"assign sets one bit, and {bit!r:.40} names {len(targets)}")
        operation = Operation(classical.Assign(targets[0], self.registers.read_condition(value)), ())
        return _extend(self, (operation,)) if when is None else self._append_when(operation, when)

    def reset(self, qubit: int, *, when: Any = None) -> Circuit:
        """Returns this circuit with a qubit forgotten and prepared in |0⟩ at its end.

        Args:
            qubit: The qubit.
            when: A condition, as `append` takes it.

        Raises:
            CircuitError: The qubit does not exist.
        """
        operation = Operation(classical.Reset(), _check_qubits("reset", (qubit,)))
        _check_range(operation, self.num_qubits, self.registers)
        return _extend(self, (operation,)) if when is None else self._append_when(operation, when)

    @property
    def num_bits(self) -> int:
        """Number of classical bits."""
        return self.registers.num_bits

    @property
    def is_unitary(self) -> bool:
        """Whether it consists of gates alone, with or without values for their parameters.

        Example:
            >>> Circuit(1).h(0).is_unitary, Circuit(1).reset(0).is_unitary
            (True, False)
        """
        return all(isinstance(step.action, (Gate, SymbolicGate)) for step in self.operations)

    def then(self, other: Circuit) -> Circuit:
        """Returns this circuit followed by another on the same qubits.

        Raises:
            CircuitError: The numbers of qubits differ.
        """
        if other.num_qubits != self.num_qubits:
            raise CircuitError(
                f"a circuit of {other.num_qubits} qubits cannot follow one of {self.num_qubits}; "
                "use `on_qubits` to place it"
            )
        if not other.registers:
            return _extend(self, other.operations)
        merged = _merge_registers(self.registers, other.registers)
        ours, theirs = (_moved(circuit, merged) for circuit in (self, other))
        return Circuit(self.num_qubits, (*ours, *theirs), bits=merged)

    def __add__(self, other: Circuit) -> Circuit:
        if not isinstance(other, Circuit):
            return NotImplemented
        return self.then(other)

    def on_qubits(self, qubits: Sequence[int], *, num_qubits: int) -> Circuit:
        """Returns this circuit on the given qubits of a circuit of `num_qubits`.

        Args:
            qubits: Where each qubit of this circuit goes; all different.
            num_qubits: Number of qubits of the new circuit.

        Returns:
            A new circuit.

        Raises:
            CircuitError: The number of qubits is wrong, one occurs twice or is out of range.

        Example:
            >>> Circuit(2).append("cx", 0, 1).on_qubits([2, 0], num_qubits=3).operations
            (cx 2 0,)
        """
        if len(qubits) != self.num_qubits or len(set(qubits)) != len(qubits):
            raise CircuitError(f"qubits must be {self.num_qubits} qubits, all different, got {list(qubits)!r:.64}")
        moved = (Operation(step.action, tuple(qubits[qubit] for qubit in step.qubits)) for step in self.operations)
        return Circuit(num_qubits, tuple(moved), bits=self.registers)

    def inverse(self) -> Circuit:
        """Returns the circuit that undoes this one."""
        undone = tuple(step.inverse() for step in reversed(self.operations))
        return _fill(object.__new__(Circuit), self.num_qubits, self.registers, None, (), len(undone), undone)

    def controlled(self, num_controls: int = 1) -> Circuit:
        """Returns this circuit with control qubits added, which become the first qubits.

        Example:
            >>> Circuit(1).append("x", 0).controlled(2).operations
            (ccx 0 1 2,)
        """
        controls = tuple(range(num_controls))
        steps = (
            Operation(step.any_gate.controlled(num_controls), controls + tuple(q + num_controls for q in step.qubits))
            for step in self.operations
        )
        return Circuit(self.num_qubits + num_controls, tuple(steps), bits=self.registers)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that have no value yet, in the order of their first appearance.

        Example:
            >>> from taizhang.circuit.parameter import Parameter
            >>> Circuit(2).rz(0, 2 * Parameter("gamma")).rx(1, Parameter("beta")).parameters
            ('gamma', 'beta')
        """
        actions = (step.action for step in self.operations)
        parametric = (action for action in actions if isinstance(action, SymbolicGate))
        return tuple(dict.fromkeys(name for action in parametric for name in action.parameter_names))

    def bind(self, values: Mapping[str, float] | Sequence[float]) -> Circuit:
        """Returns this circuit with values for its parameters.

        Args:
            values: Finite numbers by name, of all parameters or of some; or one number for each parameter, in the order
                of `parameters`.

        Returns:
            A new circuit. Parameters without a value stay what they are.

        Raises:
            CircuitError: A name is not that of a parameter, a sequence has the wrong length, or a number is not finite.

        Example:
            >>> from taizhang.circuit.parameter import Parameter
            >>> Circuit(1).rz(0, 2 * Parameter("gamma")).bind({"gamma": 0.25}).operations
            (rz(0.5) 0,)
        """
        given = check_values(values, self.parameters)
        bound: dict[Action, Action] = {}
        steps = []
        for step in self.operations:
            action = step.action
            if isinstance(action, SymbolicGate):
                new = bound.get(action)
                if new is None:
                    new = bound[action] = action.bind_some(given)
                step = Operation(new, step.qubits)  # noqa: PLW2901
            steps.append(step)
        return _fill(object.__new__(Circuit), self.num_qubits, self.registers, None, (), len(steps), tuple(steps))

    def depth(self) -> int:
        """Returns the number of layers when each operation is placed as early as its qubits allow.

        Example:
            >>> Circuit(3).append("h", 0).append("h", 1).append("cx", 1, 2).depth()
            2
        """
        free_from = [0] * self.num_qubits
        for step in self.operations:
            if step.qubits:
                layer = 1 + max(free_from[qubit] for qubit in step.qubits)
                for qubit in step.qubits:
                    free_from[qubit] = layer
        return max(free_from, default=0)

    def gate_counts(self) -> dict[str, int]:
        """Returns how often each gate occurs, by its name with controls, the most frequent first."""
        counts = Counter(step.action.label for step in self.operations)
        return dict(counts.most_common())

    def draw(self, kind: Literal["text", "svg"] = "text", *, width: int | None = None) -> str:
        """Draws the circuit: qubits are horizontal lines, and gates in one column are simultaneous.

        Args:
            kind: `"text"` for a terminal, or `"svg"` for a picture.
            width: Columns of the text; by default those of the terminal, or 120 without one.

        Returns:
            Text of several lines, or an SVG document. Large circuits are truncated; the drawing states the
            number of operations left out.

        Raises:
            UsageError: The kind is unknown, or the width is too small.

        Example:
            >>> print(Circuit(3).h(0).rx(2, 0.5).ccx(0, 2, 1).draw())
            0: ────H────●─
                        │
            1: ─────────X─
                        │
            2: ─Rx(0.5)─●─
        """
        drawn: str = drawing.draw(self, kind, width=width)
        return drawn

    def __str__(self) -> str:
        return str(drawing.summary(self))

    def _repr_html_(self) -> str:
        return str(drawing.html(self))

    def __len__(self) -> int:
        return self._length

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)

    @overload
    def __getitem__(self, place: int) -> Operation: ...
    @overload
    def __getitem__(self, place: slice) -> Circuit: ...
    def __getitem__(self, place: int | slice) -> Operation | Circuit:
        if not isinstance(place, slice):
            return self.operations[place]
        chosen = self.operations[place]
        return _fill(object.__new__(Circuit), self.num_qubits, self.registers, None, (), len(chosen), chosen)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Circuit):
            return NotImplemented
        ours, theirs = (
            (self.num_qubits, self._length, self.registers),
            (other.num_qubits, other._length, other.registers),
        )
        return ours == theirs and self.operations == other.operations

    def __hash__(self) -> int:
        return hash((self.num_qubits, self.operations, self.registers))

    def __copy__(self) -> Circuit:
        return self

    def __deepcopy__(self, _memo: object) -> Circuit:
        return self

    def __reduce__(self) -> tuple[Any, tuple[int, tuple[Operation, ...], Registers]]:
        return _remake, (self.num_qubits, self.operations, self.registers)

    def __repr__(self) -> str:
        bits = f", {_count(self.num_bits, 'bit')}" if self.registers else ""
        return f"Circuit of {_count(self.num_qubits, 'qubit')}{bits}, {_count(self._length, 'operation')}"


def _remake(num_qubits: int, operations: tuple[Operation, ...], registers: Registers) -> Circuit:
    """Restores a circuit for pickle and copy."""
    return Circuit(num_qubits, operations, bits=registers)


def _merge_registers(first: Registers, second: Registers) -> Registers:
    """The registers of both; those of one name are the same register.

    Raises:
        CircuitError: Two of one name differ in size.
    """
    sizes = dict(first)
    for name, size in second:
        if sizes.setdefault(name, size) != size:
            raise CircuitError(
                f"register '{name}' has {_count(sizes[name], 'bit')} in one circuit and {size} in the other; rename one"
            )
    return Registers.read(sizes)


def _moved(circuit: Circuit, registers: Registers) -> Iterator[Operation]:
    """The operations of a circuit with the bits of other registers that have the same names."""
    to = {
        bit: new
        for name, _ in circuit.registers
        for bit, new in zip(circuit.registers.bits_of(name), registers.bits_of(name), strict=True)
    }
    for step in circuit.operations:
        yield step if isinstance(step.action, Gate) else Operation(classical.with_bits(step.action, to), step.qubits)


def check_sizes(num_qubits: int, num_operations: int = 0) -> None:
    """Checks that a circuit of this size is allowed.

    Raises:
        CircuitError: The number of qubits is negative.
        SizeLimitError: More than 100,000 qubits or 10 million operations.
    """
    if num_qubits < 0:
        raise CircuitError(f"num_qubits must be at least 0, got {num_qubits}")
    if num_qubits > MAX_QUBITS:
        raise SizeLimitError(f"the circuit has {num_qubits} qubits; at most {MAX_QUBITS} are allowed")
    if num_operations > MAX_OPERATIONS:
        raise SizeLimitError(f"the circuit has {num_operations} operations; at most {MAX_OPERATIONS} are allowed")


def _extend(circuit: Circuit, added: tuple[Operation, ...]) -> Circuit:
    """Appends operations that are known to fit; checks the sizes only."""
    length = circuit._length + len(added)
    check_sizes(circuit.num_qubits, length)
    return _fill(object.__new__(Circuit), circuit.num_qubits, circuit.registers, circuit, added, length, None)


def _fill(
    circuit: Circuit,
    num_qubits: int,
    registers: Registers,
    before: Circuit | None,
    added: tuple[Operation, ...],
    length: int,
    operations: tuple[Operation, ...] | None,
) -> Circuit:
    """Sets the attributes of a new circuit and returns it."""
    write = object.__setattr__
    write(circuit, "num_qubits", num_qubits)
    write(circuit, "registers", registers)
    write(circuit, "_before", before)
    write(circuit, "_added", added)
    write(circuit, "_length", length)
    write(circuit, "_operations", operations)
    return circuit


def _check_range(operation: Operation, num_qubits: int, registers: Registers) -> None:
    if not isinstance(operation.action, Gate):
        _check_bits(operation, registers)
    for qubit in operation.qubits:
        if not 0 <= qubit < num_qubits:
            raise CircuitError(
                f"gate '{operation.action.label}' was given qubit {qubit}; "
                f"the circuit has {_count(num_qubits, 'qubit')}, numbered from 0"
            )


def _check_bits(operation: Operation, registers: Registers) -> None:
    used = (*classical.bits_read(operation.action), *classical.bits_written(operation.action))
    wrong = next((bit for bit in used if not 0 <= bit < registers.num_bits), None)
    if wrong is not None:
        raise CircuitError(
            f"'{operation.action.label}' uses bit {wrong}; the circuit has {_count(registers.num_bits, 'bit')}; "
            "declare registers with bits={'c': 2}"
        )


def _check_qubits(label: str, qubits: Sequence[Angle]) -> tuple[int, ...]:
    """Converts qubits to Python integers, NumPy's included."""
    try:
        return tuple(index(cast("int", qubit)) for qubit in qubits)
    except TypeError:
        wrong = next(qubit for qubit in qubits if not hasattr(qubit, "__index__"))
        raise CircuitError(
            f"the qubits of gate '{label}' must be integers and come before its angles, got {wrong!r:.64}"
        ) from None


def _check_integer(number: int, name: str) -> int:
    try:
        return index(number)
    except TypeError:
        raise CircuitError(f"{name} must be an integer, got {number!r:.64}") from None


def _count(number: int, noun: str) -> str:
    """Returns a number with its noun: `1 qubit`, `2 qubits`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
