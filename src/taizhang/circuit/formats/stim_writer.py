"""Writing Stim's circuits: Clifford gates by name, others as tags, Pauli channels, measurements, resets, feedback.

Stim reads what is tagged as the instruction without the tag: a rotation about Z is `I[R_Z(theta=0.5)]`, a T gate is
`S[T]`; `read_stim` reads them as they are meant. Global phases are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from taizhang.circuit.channel import Channel
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.classical import Conditional, Measure, Reset
from taizhang.circuit.condition import Compare, Condition, Parity
from taizhang.circuit.formats.matrix_decomposition import angles_of
from taizhang.circuit.formats.rewriting import rewrite
from taizhang.circuit.formats.stim_gates import PAIRS, SINGLE
from taizhang.circuit.gates import Gate, gate, unitary_gate
from taizhang.circuit.operation import Operation
from taizhang.errors import CircuitError

_WORDS: dict[Gate, str] = {
    **{made: word for word, made in reversed(list(SINGLE.items())) if made.entries is None},
    **{steps[0]: word for word, steps in reversed(list(PAIRS.items())) if len(steps) == 1},
    gate("cx"): "CX",
    gate("cy"): "CY",
    gate("cz"): "CZ",
    gate("t"): "S[T]",
    gate("tdg"): "S_DAG[T]",
}
_IS_ONE = (("==", 1), ("!=", 0), (">", 0), (">=", 1))
_CHANNELS = {
    "depolarizing": "DEPOLARIZE1",
    "depolarizing2": "DEPOLARIZE2",
    "bit_flip": "X_ERROR",
    "phase_flip": "Z_ERROR",
}


def write_stim(circuit: Circuit) -> str:
    """Returns a circuit in Stim's format.

    Args:
        circuit: Gates on up to three qubits, Pauli channels, measurements, resets, and Pauli gates under a condition on
            one bit or on the parity of some. The record has the measurements in order of time, whatever the registers.

    Raises:
        CircuitError: Stim has no such channel, condition or readout error, or a gate is on too many qubits.

    Example:
        >>> print(write_stim(Circuit(2, bits=1).h(0).cx(0, 1).rz(1, 0.5).measure(0, "c")), end="")
        H 0
        CX 0 1
        I[R_Z(theta=0.5)] 1
        M 0
    """
    writer = _Writer()
    lines: list[str] = []
    used: set[int] = set()
    for step in circuit.operations:
        written = list(writer.lines(step))
        lines += written
        used.update(step.qubits if written else ())
    idle = [str(qubit) for qubit in range(circuit.num_qubits) if qubit not in used]
    if idle:
        lines.append(f"I {' '.join(idle)}")
    return "".join(f"{line}\n" for line in lines)


class _Writer:
    """Writes one operation after another, and counts the record."""

    def __init__(self) -> None:
        self._count = 0
        # Where in the record the value of each bit is.
        self._written: dict[int, int] = {}

    def lines(self, step: Operation) -> Iterator[str]:
        """The lines of an operation."""
        action, targets = step.action, " ".join(map(str, step.qubits))
        if isinstance(action, Measure):
            readout = action.readout
            if readout is not None and not math.isclose(readout.one_for_zero, readout.zero_for_one, abs_tol=1e-15):
                raise CircuitError("Stim reads 0 and 1 wrongly with the same probability; this readout error has two")
            self._written[action.bit] = self._count
            self._count += 1
            yield f"M{'' if readout is None else f'({readout.one_for_zero!r})'} {targets}"
        elif isinstance(action, Reset):
            yield f"R {targets}"
        elif isinstance(action, Channel):
            yield f"{_channel(action)} {targets}"
        elif isinstance(action, Conditional):
            if not isinstance(action.action, Gate) or action.action.label not in ("x", "y", "z"):
                raise CircuitError(f"Stim has Pauli gates under conditions only, not '{action.action.label}'")
            letter = action.action.label.upper()
            for bit in _bits(action.condition):
                # A bit that was not written is 0.
                if bit in self._written:
                    yield f"C{letter} rec[{self._written[bit] - self._count}] {targets}"
            if isinstance(action.condition, Parity) and action.condition.flipped:
                yield f"{letter} {targets}"
        else:
            yield from _gate_lines(Operation(step.gate, step.qubits))


def _bits(condition: Condition) -> tuple[int, ...]:
    """The bits whose parity a condition is."""
    if isinstance(condition, Parity):
        return condition.bits
    one = isinstance(condition, Compare) and (condition.comparison, condition.value) in _IS_ONE
    if one and len(condition.bits) == 1:
        return condition.bits
    raise CircuitError(f"Stim's conditions are on one bit or the parity of some, and this one is {condition}")


def _channel(channel: Channel) -> str:
    """The word of a channel with its arguments."""
    if channel.name in _CHANNELS:
        return f"{_CHANNELS[channel.name]}({channel.parameters[0]!r})"
    chi = channel.chi
    off = float(np.abs(chi - np.diag(np.diag(chi))).max())
    if off > 1e-12 or channel.num_qubits > 2 or not channel.preserves_trace:
        raise CircuitError(f"Stim has Pauli channels on one or two qubits, and '{channel.label}' is another")
    chances = ",".join(repr(max(0.0, chance)) for chance in np.diag(chi).real[1:].tolist())
    return f"PAULI_CHANNEL_{channel.num_qubits}({chances})"


def _gate_lines(step: Operation) -> Iterator[str]:
    made, targets = step.gate, " ".join(map(str, step.qubits))
    # Stage 1: gates of Stim, and tags.
    if not step.qubits:
        return
    if made in _WORDS:
        yield f"{_WORDS[made]} {targets}"
        return
    if len(step.qubits) == 1:
        if made.entries is None and made.name in ("rx", "ry", "rz"):
            yield f"I[R_{made.name[1].upper()}(theta={made.parameters[0]!r})] {targets}"
        elif made.entries is None and made.name == "p":
            yield f"I[R_Z(theta={made.parameters[0]!r})] {targets}"
        else:
            theta, phi, lam, _ = angles_of(made.unitary())
            for axis, angle in (("Z", lam), ("Y", theta), ("Z", phi)):
                if angle:
                    yield f"I[R_{axis}(theta={angle!r})] {targets}"
        return
    # Stage 2: gates that are made of others.
    parts = rewrite(step)
    if parts != [step]:
        for part in parts:
            yield from _gate_lines(part)
    elif len(step.qubits) == 2:
        yield from _gate_lines(Operation(unitary_gate(made.unitary()), step.qubits))
    elif made == gate("ccx"):
        yield from (f"H {step.qubits[2]}", *_gate_lines(Operation(gate("ccz"), step.qubits)), f"H {step.qubits[2]}")
    elif made == gate("ccz"):
        a, b, c = step.qubits
        yield from (f"S[T] {a} {b} {c}", f"CX {a} {b}", f"S_DAG[T] {b}", f"CX {b} {c}", f"S[T] {c}")
        yield from (f"CX {a} {b}", f"CX {b} {c}", f"S_DAG[T] {c}", f"CX {a} {c}")
        yield from (f"CX {b} {c}", f"S_DAG[T] {c}", f"CX {b} {c}")
    else:
        raise CircuitError(
            f"gate '{made.label}' on {len(step.qubits)} qubits is not written for Stim; rewrite it with smaller ones"
        )
