"""Circuits from and to Qiskit.

Qubit k of a Qiskit circuit is qubit k here; Qiskit prints bitstrings the other way round. Instructions are recognised
by their class, never by their name, which users choose freely: gates of Qiskit's library that are in the table are
kept; all others are read by their definition, or by their matrix without one. Global phases are kept. Parameters and
sums of their multiples are kept as parameters of the circuit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np

from taizhang._checks import describe
from taizhang._lazy import lazy_module
from taizhang._optional import optional_module
from taizhang._types import ComplexArray
from taizhang.adapters.circuit_algebra import controlled_on, matrix_of, power_of
from taizhang.adapters.qiskit_dynamic import needs_bits, read_dynamic, without_final_measurements
from taizhang.adapters.qiskit_noise import QiskitNoise, turned_round
from taizhang.adapters.qiskit_parameters import angle_of, number_of, to_qiskit_angle
from taizhang.adapters.qubit_history import QubitHistory, collect
from taizhang.circuit.circuit import Circuit, Operation, check_sizes
from taizhang.circuit.classical import Reset
from taizhang.circuit.formats import DEFAULT_TURNS, check_turns
from taizhang.circuit.formats.rewriting import rewrite
from taizhang.circuit.gates import MAX_DENSE_QUBITS, Gate, ParametricGate, gate, unitary_gate
from taizhang.circuit.parameter import Angle
from taizhang.errors import CircuitError, UsageError

# Classes of qiskit.circuit.library for gates of the table, for reading and writing.
_CLASSES = {
    "gphase": "GlobalPhaseGate",
    "id": "IGate",
    "x": "XGate",
    "y": "YGate",
    "z": "ZGate",
    "h": "HGate",
    "s": "SGate",
    "sdg": "SdgGate",
    "t": "TGate",
    "tdg": "TdgGate",
    "sx": "SXGate",
    "sxdg": "SXdgGate",
    "rx": "RXGate",
    "ry": "RYGate",
    "rz": "RZGate",
    "p": "PhaseGate",
    "u2": "U2Gate",
    "u": "UGate",
    "swap": "SwapGate",
    "iswap": "iSwapGate",
    "rxx": "RXXGate",
    "ryy": "RYYGate",
    "rzz": "RZZGate",
    "rzx": "RZXGate",
    "ecr": "ECRGate",
    "dcx": "DCXGate",
    "rccx": "RCCXGate",
    "rc3x": "RC3XGate",
}
# Further classes, for reading only.
_OTHER_CLASSES = {"U1Gate": "p", "U3Gate": "u", "CUGate": "cu"}
# Classes that are their base gate with controls, as long as they have no further qubits.
_CONTROLLED_CLASSES = (
    *("CXGate", "CYGate", "CZGate", "CHGate", "CSGate", "CSdgGate", "CSXGate", "CSwapGate", "CCXGate", "CCZGate"),
    *("CPhaseGate", "CU1Gate", "CU3Gate", "CRXGate", "CRYGate", "CRZGate", "C3SXGate", "C3XGate", "C4XGate"),
    *("MCXGate", "MCXGrayCode", "MCPhaseGate", "MCU1Gate"),
)
# Attributes by which a subclass gives a gate another meaning than that of its base class.
_MEANING = frozenset(("_define", "definition", "__array__", "to_matrix"))
# Qiskit recognises these gates by name when it adds controls, even if the gate is of another class.
_CONTROLLED_BY_NAME = frozenset(("p", "u", "x", "z", "y", "h", "sx", "sxdg", "rx", "ry", "rz", "cx", "cz"))
qiskit_backend: Any = lazy_module("taizhang.adapters.qiskit_backend")
qiskit_primitives: Any = lazy_module("taizhang.adapters.qiskit_primitives")

# Definition and matrix of a gate are compared up to this many qubits.
_MAX_COMPARED_QUBITS = 6


def from_qiskit(
    circuit: Any,
    *,
    noise_model: Any = None,
    final_measurements: bool = False,
    max_turns: int = DEFAULT_TURNS,
) -> Circuit:
    """Makes a circuit from a `qiskit.QuantumCircuit`.

    Args:
        circuit: Gates, barriers, delays, `box` blocks, `for` loops over numbers, measurements, `reset`, `initialize`,
            `if_test`, `switch`, `while_loop`, and assignments of bits. Barriers and delays are left out. A
            `PauliEvolutionGate` is read by its definition, the product formula of its synthesis. Channels as
            instructions, too.
        noise_model: A `qiskit_aer.noise.NoiseModel`, whose errors go by the names of instructions as they are in the
            circuit, also within blocks.
        final_measurements: Keep measurements at the end, and with them the classical bits. Otherwise these are left out
            of a circuit that has nothing else than gates.
        max_turns: Turns up to which a `while_loop` is written out. What has not left it then is reported by a warning
            wherever values are computed.

    Returns:
        The circuit; qubit k is `circuit.qubits[k]`. Its registers of bits are those of Qiskit in their order, bit 0
        first, where Qiskit prints them the other way round.

    Raises:
        MissingPackageError: Qiskit is not installed.
        UsageError: `circuit` is not a `QuantumCircuit`.
        CircuitError: Something in the circuit is not supported, no instruction has an error in the noise model, or an
            angle with parameters is not a sum of multiples of them.
        SizeLimitError: It has too many qubits or operations.
    """
    qiskit = _import("qiskit")
    if not isinstance(circuit, qiskit.QuantumCircuit):
        raise UsageError(f"from_qiskit takes a qiskit.QuantumCircuit, got {describe(circuit)}")
    check_sizes(circuit.num_qubits)
    try:
        if noise_model is not None or final_measurements or needs_bits(circuit):
            noise = None if noise_model is None else QiskitNoise(noise_model)
            read = _with_bits(circuit, check_turns(max_turns), noise)
            plain = noise is not None and not final_measurements and not noise.reads_wrong and not needs_bits(circuit)
            return without_final_measurements(read) if plain else read
        reader = _Reader(QubitHistory())
        return collect(circuit.num_qubits, reader.read_circuit(circuit, range(circuit.num_qubits)))
    except qiskit.exceptions.QiskitError as error:
        raise CircuitError(f"Qiskit cannot build the circuit: {' '.join(str(error).split())}") from error


def _with_bits(circuit: Any, max_turns: int, noise: QiskitNoise | None) -> Circuit:
    """Reads a circuit with its classical bits."""

    def read_gates(kind: Any, qubits: tuple[int, ...], within: str) -> Iterator[Operation]:
        # Each instruction by itself: what was measured or reset before does not matter to it.
        return _Reader(QubitHistory(), dynamic=True).read(kind, qubits, within)

    def phase_of(block: Any) -> Iterator[Operation]:
        phase = angle_of(block.global_phase, f"the global phase of '{block.name}'")
        return iter([Operation(gate("gphase", phase), ())] if phase else [])

    try:
        read = read_dynamic(circuit, read_gates, phase_of, max_turns, noise)
    except RecursionError as error:
        raise CircuitError("the blocks of the circuit are nested too deeply; decompose some first") from error
    if noise is not None:
        noise.check_used()
    return read


def to_qiskit(circuit: Circuit) -> Any:
    """Makes a `qiskit.QuantumCircuit` from a circuit.

    Args:
        circuit: Any circuit. Parameters without values become parameters of Qiskit.

    Returns:
        Qiskit's circuit on the same qubits: qubit k is qubit k.

    Raises:
        MissingPackageError: Qiskit is not installed.
        SizeLimitError: A gate that Qiskit lacks has too large a matrix.
    """
    qiskit = _import("qiskit")
    library = _import("qiskit.circuit.library")
    parameter_class = _import("qiskit.circuit").Parameter
    converted = qiskit.QuantumCircuit(circuit.num_qubits)
    known: dict[str, Any] = {}
    for step in chain.from_iterable(map(_in_qiskit_gates, circuit.operations)):
        if isinstance(step.action, ParametricGate):
            angles = [to_qiskit_angle(angle, parameter_class, known) for angle in step.action.parameters]
            if step.qubits:
                converted.append(_to_qiskit_parametric(library, step.action, angles), list(step.qubits))
            else:
                converted.global_phase += angles[0]
        elif step.gate.num_qubits == 0:
            converted.global_phase += float(np.angle(step.gate.matrix[0, 0]))
        else:
            chosen, qubits = _to_qiskit_gate(library, step)
            converted.append(chosen, qubits)
    return converted


def _import(module: str) -> Any:
    return optional_module(module, package="qiskit", what_for="exchanging circuits with Qiskit", extra="qiskit")


class _Reader:
    """Reads Qiskit instructions one after the other."""

    def __init__(self, history: QubitHistory, *, dynamic: bool = False) -> None:
        self._history = history
        # Whether resets are kept, and measurements belong to bits.
        self._dynamic = dynamic
        self._circuit = _import("qiskit.circuit")
        self._library = _import("qiskit.circuit.library")
        self._errors = (_import("qiskit.exceptions").QiskitError, ArithmeticError, LookupError, TypeError, ValueError)
        # Not in every version of Qiskit: BoxOp and Store.
        self._box = getattr(self._circuit, "BoxOp", ())
        self._classical = (self._circuit.ControlFlowOp, getattr(self._circuit, "Store", ()))
        self._not_gates = tuple(getattr(self._circuit, name) for name in ("Barrier", "Delay", "Measure", "Reset"))
        self._clifford = _import("qiskit.quantum_info").Clifford
        self._named, self._controlled = _library_classes()

    def read_circuit(self, circuit: Any, qubits: Sequence[int], within: str = "") -> Iterator[Operation]:
        """Yields the operations of a circuit, with its global phase.

        Args:
            circuit: A `QuantumCircuit`.
            qubits: The qubit of each of its qubits here.
            within: Name of the instruction of the user's circuit that contains it.
        """
        places = dict(zip(circuit.qubits, qubits, strict=True))
        for instruction in circuit.data:
            yield from self.read(instruction.operation, tuple(places[qubit] for qubit in instruction.qubits), within)
        phase = angle_of(circuit.global_phase, f"the global phase of '{circuit.name}'")
        if phase:
            yield Operation(gate("gphase", phase), ())

    def read(self, kind: Any, qubits: tuple[int, ...], within: str) -> Iterator[Operation]:
        """Yields the operations of an instruction.

        Args:
            kind: A `qiskit.circuit.Operation`.
            qubits: Its qubits.
            within: Name of the instruction of the user's circuit that contains it.
        """
        circuit = self._circuit
        name = f"'{kind.name}' in '{within}'" if within else f"'{kind.name}'"
        # Stage 1: instructions that are not gates.
        if isinstance(kind, self._box):
            yield from self.read_circuit(kind.body, qubits, within or kind.name)
            return
        if isinstance(kind, circuit.ForLoopOp):
            yield from self._read_loop(kind, qubits, name, within or kind.name)
            return
        if isinstance(kind, self._classical) or getattr(kind, "condition", None) is not None:
            raise CircuitError(f"{name} depends on classical values, which is not supported; remove it")
        # A user's subclass of one of these may be a gate; then it has a definition.
        if isinstance(kind, self._not_gates) and kind.definition is None:
            if self._dynamic and isinstance(kind, circuit.Measure):
                raise CircuitError(f"{name} is a measurement within an instruction; decompose that first")
            if self._dynamic and isinstance(kind, circuit.Reset):
                yield Operation(Reset(), qubits)
            elif isinstance(kind, circuit.Measure):
                self._history.measure(qubits, name)
            elif isinstance(kind, circuit.Reset):
                self._history.reset(qubits, name)
            return
        # Stage 2: gates of the table.
        chosen = self._gate(kind)
        if chosen is not None:
            if chosen.name != "id":
                self._history.act(qubits, name)
            yield Operation(chosen, qubits)
            return
        # Stage 3: gates composed of others.
        if isinstance(kind, circuit.AnnotatedOperation):
            self._history.act(qubits, name)
            modified = self._apply_modifiers(kind, name, within or kind.name)
            yield from modified.on_qubits(qubits, num_qubits=max(qubits, default=-1) + 1).operations
        elif isinstance(kind, self._clifford):
            yield from self.read_circuit(kind.to_circuit(), qubits, within or kind.name)
        else:
            yield from self._read_definition(kind, qubits, name, within or kind.name)

    def _read_loop(self, kind: Any, qubits: tuple[int, ...], name: str, within: str) -> Iterator[Operation]:
        """Yields the operations of a loop over known numbers."""
        values, parameter, body = kind.params
        known = isinstance(values, (range, tuple, list))
        if not known or not (parameter is None or isinstance(parameter, self._circuit.Parameter)):
            raise CircuitError(f"{name} depends on classical values, which is not supported; remove it")
        for value in values:
            once = body if parameter is None else body.assign_parameters({parameter: value}, strict=False)
            yield from self.read_circuit(once, qubits, within)

    def _gate(self, kind: Any) -> Gate | ParametricGate | None:
        """Returns the gate of the table equal to an instruction of Qiskit's library, or None."""
        known = self._known_class(kind)
        if known is self._library.UnitaryGate:
            fits = kind.num_qubits <= MAX_DENSE_QUBITS
            return unitary_gate(turned_round(np.asarray(kind.to_matrix()))) if fits else None
        if known is self._library.RGate:
            angle, axis = _parameters(kind)
            return gate("rxy", axis, angle)
        if not isinstance(kind, self._circuit.ControlledGate):
            return None if known is None else self._named_gate(known, kind)
        base, num_controls = kind.base_gate, kind.num_ctrl_qubits
        # Open controls are read by the definition; some gates have more targets than their base, or ancillas.
        if kind.ctrl_state != 2**num_controls - 1 or base is None or kind.num_qubits != num_controls + base.num_qubits:
            return None
        if known in self._named:
            return self._named_gate(known, kind)
        inner = self._gate(base)
        if inner is None or (known is None and not self._is_plain_control(kind, base, num_controls)):
            return None
        return inner.controlled(num_controls)

    def _named_gate(self, known: type, kind: Any) -> Gate | ParametricGate | None:
        parameters = _parameters(kind)
        # The base of a `cu` under more controls is a `u` with the phase of `cu` as a fourth parameter.
        return None if known is self._library.UGate and len(parameters) != 3 else gate(self._named[known], *parameters)

    def _known_class(self, kind: Any) -> type | None:
        """Returns the class of Qiskit's library whose meaning an instruction has, or None."""
        written = _class_of(kind)
        for ancestor in written.__mro__:
            if ancestor in self._named or ancestor in self._controlled:
                # A subclass of a gate may set another definition in its constructor.
                changed = ancestor is not written and getattr(kind, "_definition", None) is not None
                return None if changed else ancestor
            if not _MEANING.isdisjoint(vars(ancestor)):
                return None
        return None

    def _is_plain_control(self, kind: Any, base: Any, num_controls: int) -> bool:
        """Whether a plain `ControlledGate` equals what Qiskit makes by adding controls to its base gate."""
        return _class_of(kind) is self._circuit.ControlledGate and bool(
            kind == base.control(num_controls, annotated=False)
        )

    def _apply_modifiers(self, kind: Any, name: str, within: str) -> Circuit:
        """Returns the circuit of an annotated operation, on its own qubits."""
        base = kind.base_op
        reader = _Reader(QubitHistory(gates_only=True))
        modified = collect(base.num_qubits, reader.read(base, tuple(range(base.num_qubits)), within))
        for modifier in kind.modifiers:
            if isinstance(modifier, self._circuit.InverseModifier):
                modified = modified.inverse()
            elif isinstance(modifier, self._circuit.ControlModifier):
                count, state = modifier.num_ctrl_qubits, modifier.ctrl_state
                state = 2**count - 1 if state is None else state
                modified = controlled_on(modified, _bits(state, count))
            elif isinstance(modifier, self._circuit.PowerModifier):
                modified = power_of(modified, number_of(modifier.power, f"a power of {name}"), name)
            else:
                raise CircuitError(f"{name} has the modifier {modifier}, which is unknown; decompose it first")
        return modified

    def _read_definition(self, kind: Any, qubits: tuple[int, ...], name: str, within: str) -> Iterator[Operation]:
        """Yields the operations by which an instruction is defined, or its matrix where it has no definition."""
        try:
            definition = getattr(kind, "definition", None)
        except self._errors as error:
            raise CircuitError(f"{name} cannot be built by Qiskit: {' '.join(str(error).split())}") from error
        if definition is None:
            matrix = self._matrix(kind)
            if matrix is None:
                raise CircuitError(f"{name} of the Qiskit circuit is not a gate; remove it, or decompose the circuit")
            self._history.act(qubits, name)
            yield Operation(unitary_gate(matrix, name=kind.name), qubits)
            return
        if definition.num_qubits != kind.num_qubits:
            raise CircuitError(
                f"{name} acts on {kind.num_qubits} qubits, but its definition on {definition.num_qubits}; correct it"
            )
        self._check_definition(kind, definition, name, within)
        yield from self.read_circuit(definition, qubits, within)

    def _matrix(self, kind: Any) -> ComplexArray | None:
        """Returns the matrix that an instruction defines, first qubit slowest, or None."""
        if kind.num_qubits > MAX_DENSE_QUBITS or not hasattr(kind, "__array__"):
            return None
        try:
            return turned_round(np.asarray(kind.__array__(), dtype=np.complex128))
        except self._errors:
            return None

    def _check_definition(self, kind: Any, definition: Any, name: str, within: str) -> None:
        """Raises if an instruction has a second description that differs from its definition.

        The second description is the matrix of a user's class, or the base gate of a controlled gate where Qiskit
        mistakes a user's block for its own gate of that name.
        """
        written: type = _class_of(kind)
        base: Any = getattr(kind, "base_gate", None)
        compared = kind.num_qubits <= _MAX_COMPARED_QUBITS
        reader = _Reader(QubitHistory(gates_only=True))
        expected: ComplexArray | None = None
        if written is self._circuit.ControlledGate and base is not None and self._is_misnamed(base):
            if not compared:
                raise CircuitError(
                    f"{name} controls a block that is or contains one named like a gate of Qiskit's, which Qiskit "
                    "mistakes for that gate; rename the block"
                )
            inner = collect(base.num_qubits, reader.read(base, tuple(range(base.num_qubits)), within))
            inner = inner.bind(_any_values(inner.parameters))
            expected = matrix_of(controlled_on(inner, _bits(kind.ctrl_state, kind.num_ctrl_qubits)))
        elif compared and not written.__module__.startswith("qiskit."):
            expected = self._matrix(kind)
        if expected is not None:
            defined = collect(kind.num_qubits, reader.read_circuit(definition, range(kind.num_qubits), within))
            defined = defined.bind(_any_values(defined.parameters))
            if not np.allclose(matrix_of(defined), expected, rtol=0, atol=1e-7):
                raise CircuitError(
                    f"{name} has a definition that differs from its matrix or base gate; make them agree, or rename "
                    "blocks that are named like a gate of Qiskit's"
                )

    def _is_misnamed(self, kind: Any) -> bool:
        """Whether Qiskit, adding controls by name, mistakes an instruction or a part of it for its own gate."""
        if self._known_class(kind) is not None:
            return False
        if kind.name in _CONTROLLED_BY_NAME:
            return True
        definition = getattr(kind, "definition", None)
        return definition is not None and any(self._is_misnamed(step.operation) for step in definition.data)


@lru_cache(maxsize=1)
def _library_classes() -> tuple[dict[type, str], frozenset[type]]:
    """Returns the gates of the table by their classes in Qiskit, and the classes that add controls to a gate."""
    library = _import("qiskit.circuit.library")
    named = {getattr(library, theirs): name for name, theirs in _CLASSES.items()}
    named |= {getattr(library, theirs): name for theirs, name in _OTHER_CLASSES.items()}
    named |= {library.UnitaryGate: "", library.RGate: ""}  # they need more than a name
    return named, frozenset(getattr(library, theirs) for theirs in _CONTROLLED_CLASSES if hasattr(library, theirs))


def _class_of(kind: Any) -> type:
    """Returns the class that the user wrote; Qiskit makes singleton subclasses of gates without parameters."""
    written: type = getattr(kind, "base_class", type(kind))
    return written


def _parameters(kind: Any) -> list[Angle]:
    return [angle_of(value, f"a parameter of '{kind.name}'") for value in kind.params]


def _any_values(names: Sequence[str]) -> dict[str, float]:
    """Returns different values for parameters, the same for the same names whatever their order."""
    return {name: 0.1 + 0.37 * number for number, name in enumerate(sorted(names))}


def _bits(state: int, count: int) -> list[int]:
    """Returns the values of controls from Qiskit's number for them, in which the first control is the lowest bit."""
    return [state >> place & 1 for place in range(count)]


def _in_qiskit_gates(step: Operation) -> Iterator[Operation]:
    """Yields an operation, or simpler ones where it has parameters and Qiskit lacks its gate."""
    chosen = step.action
    if not isinstance(chosen, ParametricGate) or chosen.name in (*_CLASSES, "rxy") or chosen.label == "cu":
        yield step
    else:
        yield from chain.from_iterable(map(_in_qiskit_gates, rewrite(step)))


def _to_qiskit_parametric(library: Any, chosen: ParametricGate, angles: list[Any]) -> Any:
    """Returns the gate of Qiskit with these angles, numbers or expressions of Qiskit."""
    if chosen.label == "cu":
        return library.CUGate(*angles)
    if chosen.name == "rxy":
        base = library.RGate(*reversed(angles))
    else:
        base = getattr(library, _CLASSES[chosen.name])(*angles)
    return base.control(chosen.num_controls, annotated=False) if chosen.num_controls else base


def _to_qiskit_gate(library: Any, step: Operation) -> tuple[Any, list[int]]:
    chosen = step.gate
    if chosen.num_targets == 0:
        # A phase under controls is a phase gate on the last of them.
        phase = gate("p", float(np.angle(chosen.matrix[0, 0]))).controlled(chosen.num_controls - 1)
        return _to_qiskit_gate(library, Operation(phase, step.qubits))
    name = _CLASSES.get(chosen.name) if chosen.entries is None else None
    if chosen.entries is None and chosen.name == "phased_u" and chosen.num_controls == 1:
        return library.CUGate(*chosen.parameters), list(step.qubits)
    if chosen.entries is None and chosen.name == "rxy":
        base = library.RGate(*reversed(chosen.parameters))
    elif name is None:
        base = library.UnitaryGate(turned_round(chosen.matrix), label=chosen.name)
    else:
        base = getattr(library, name)(*chosen.parameters)
    if chosen.num_controls:
        base = base.control(chosen.num_controls, annotated=False)
    return base, list(step.qubits)


def __getattr__(name: str) -> Any:
    # Their classes are subclasses of Qiskit's, which is imported only for them.
    if name in ("SamplerV2", "EstimatorV2"):
        _import("qiskit.primitives")
        return getattr(qiskit_primitives, name)
    if name == "BackendV2":
        _import("qiskit.providers")
        return qiskit_backend.BackendV2
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
