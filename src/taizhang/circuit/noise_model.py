"""Noise models: rules that put channels into a circuit. What is simulated is the circuit that they make.

Errors attach to gates by their names, after any conversion of the circuit: a model of `cx` does nothing to a circuit of
`cz`, and one none of whose gates occur is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from taizhang.circuit.channel import Channel
from taizhang.circuit.channels import coherent
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.classical import Conditional, Measure, Readout, Reset
from taizhang.circuit.gates import Gate
from taizhang.circuit.operation import Action, Operation
from taizhang.errors import CircuitError

Place: TypeAlias = Literal["after", "before", "before_measurement", "after_reset", "crosstalk"]
Qubits: TypeAlias = "tuple[int, ...] | None"

ANY = "*"
"""The name that stands for every gate."""

_MOST_NAMES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A channel at operations of a kind.

    Attributes:
        place: Where it is put: after or before gates, before measurements, after resets; or crosstalk, after gates.
        gate: Name of the gates; "*" for all, empty for measurements and resets.
        channel: The channel: on as many qubits as the gate, or on one, and then on each of its qubits.
        qubits: Only at operations all of whose qubits are among these; None for all.
    """

    place: Place
    gate: str
    channel: Channel
    qubits: Qubits = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadoutRule:
    """Errors of reading.

    Attributes:
        readout: The errors.
        qubits: Only of these qubits; None for all.
    """

    readout: Readout
    qubits: Qubits = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleRule:
    """A channel where a qubit waits.

    Attributes:
        name: Name of the function of `taizhang.channels` that makes it.
        make: That function, of a probability.
        rate: The probability after a time t is 1 - exp(-rate t).
        durations: How long gates take, by name; others take no time.
    """

    name: str
    make: Callable[[float], Channel]
    rate: float
    durations: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class NoiseModel:
    """Rules that put channels into circuits; immutable: each method returns a model with one more rule.

    Attributes:
        rules: Channels at gates, measurements and resets, in the order in which they are put.
        readouts: Errors of reading; of several for a qubit the last counts.
        idles: Channels where qubits wait.

    Example:
        >>> from taizhang.circuit import channels
        >>> model = NoiseModel().after("cx", channels.depolarizing2(0.01))
        >>> model = model.after("h", channels.bit_flip(0.1), qubits=[0])
        >>> model.apply(Circuit(2).h(0).h(1).cx(0, 1)).gate_counts()
        {'h': 2, 'bit_flip': 1, 'cx': 1, 'depolarizing2': 1}
    """

    rules: tuple[Rule, ...] = ()
    readouts: tuple[ReadoutRule, ...] = ()
    idles: tuple[IdleRule, ...] = ()

    def after(self, gate: str, channel: Channel, *, qubits: Iterable[int] | None = None) -> NoiseModel:
        """A channel after each gate of a name.

        Args:
            gate: Name of the gates, such as "cx"; "*" for all gates.
            channel: On as many qubits as the gate; or on one, and then on each of its qubits.
            qubits: Only at gates all of whose qubits are among these.
        """
        return self._with(Rule(place="after", gate=gate, channel=channel, qubits=_read_qubits(qubits)))

    def before(self, gate: str, channel: Channel, *, qubits: Iterable[int] | None = None) -> NoiseModel:
        """A channel before each gate of a name; arguments as for `after`."""
        return self._with(Rule(place="before", gate=gate, channel=channel, qubits=_read_qubits(qubits)))

    def before_measurement(self, channel: Channel, *, qubits: Iterable[int] | None = None) -> NoiseModel:
        """A channel on one qubit before each measurement."""
        return self._with(Rule(place="before_measurement", gate="", channel=channel, qubits=_read_qubits(qubits)))

    def after_reset(self, channel: Channel, *, qubits: Iterable[int] | None = None) -> NoiseModel:
        """A channel on one qubit after each reset."""
        return self._with(Rule(place="after_reset", gate="", channel=channel, qubits=_read_qubits(qubits)))

    def crosstalk(self, gate: str, other: Gate, *, qubits: Iterable[int] | None = None) -> NoiseModel:
        """Another gate after each gate of a name, on the same qubits, such as an over-rotation `rzz`."""
        rule = Rule(place="crosstalk", gate=gate, channel=coherent(other), qubits=_read_qubits(qubits))
        return self._with(rule)

    def readout(self, p01: float, p10: float, *, qubits: Iterable[int] | None = None) -> NoiseModel:
        """Errors of reading: 1 for 0 with probability p01, 0 for 1 with probability p10."""
        rule = ReadoutRule(readout=Readout(float(p01), float(p10)), qubits=_read_qubits(qubits))
        return replace(self, readouts=(*self.readouts, rule))

    def idle(self, channel: Callable[[float], Channel], *, rate: float, durations: Mapping[str, float]) -> NoiseModel:
        """A channel where a qubit waits for the next operation, of the probability 1 - exp(-rate t) after a time t.

        Args:
            channel: A function of `taizhang.channels` of one probability, such as `phase_damping`.
            rate: Per unit of time.
            durations: How long gates take, by name, in that unit; others take no time. Each begins as early as its
                qubits allow.

        Raises:
            CircuitError: The rate or a duration is negative or not finite.
        """
        for what, number in (
            ("rate", rate),
            *((f"the duration of '{name}'", time) for name, time in durations.items()),
        ):
            if not (isinstance(number, (int, float)) and 0 <= number < math.inf):
                raise CircuitError(f"{what} must be a finite number from 0, got {number!r:.40}")
        rule = IdleRule(
            name=getattr(channel, "__name__", "channel"),
            make=channel,
            rate=float(rate),
            durations=tuple((name, float(time)) for name, time in durations.items()),
        )
        return replace(self, idles=(*self.idles, rule))

    def apply(self, circuit: Circuit) -> Circuit:
        """Puts the channels into a circuit, into what is under a condition as well.

        Args:
            circuit: Any circuit.

        Returns:
            A circuit with channels.

        Raises:
            CircuitError: The model changes nothing, since none of its gates occurs, or a channel does not fit a gate.
        """
        clocks = [_Clock(idle, circuit.num_qubits) for idle in self.idles]
        made: list[Operation] = []
        for step in circuit.operations:
            for clock in clocks:
                made += clock.before(step)
            made += self._around(step)
        if made == list(circuit.operations) and (self.rules or self.readouts or self.idles):
            raise self._nothing_done(circuit)
        return Circuit(circuit.num_qubits, made, bits=circuit.registers)

    def _with(self, rule: Rule) -> NoiseModel:
        if rule.place in ("before_measurement", "after_reset") and rule.channel.num_qubits != 1:
            raise CircuitError(
                f"'{rule.channel.label}' acts on {rule.channel.num_qubits} qubits; at a measurement or a reset give a "
                "channel on one"
            )
        return replace(self, rules=(*self.rules, rule))

    def _nothing_done(self, circuit: Circuit) -> CircuitError:
        """The error of a model that changes nothing: the commonest silent mistake."""
        wanted = {rule.gate for rule in self.rules if rule.gate}
        wanted |= {rule.place.partition("_")[2] + "s" for rule in self.rules if not rule.gate}
        wanted |= {"measurements"} if self.readouts else set()
        wanted |= {name for idle in self.idles for name, _ in idle.durations}
        present = {_innermost(step.action).label for step in circuit.operations}
        return CircuitError(
            f"the noise model is about {_listed(wanted)}, but nothing of that occurs in the circuit, on the qubits it "
            f"names; the circuit has {_listed(present) or 'no gates'}; name the gates as the circuit has them"
        )

    def _around(self, step: Operation) -> Iterator[Operation]:
        """An operation with the channels before and after it."""
        action = _innermost(step.action)
        kinds: tuple[tuple[Place, ...], tuple[Place, ...]] = (("before",), ("after", "crosstalk"))
        if isinstance(action, Measure):
            kinds = (("before_measurement",), ())
        elif isinstance(action, Reset):
            kinds = ((), ("after_reset",))
        for side, places in enumerate(kinds):
            if side == 1:
                yield self._with_readout(step, action)
            for rule in self.rules:
                fits = rule.place in places and rule.gate in ("", ANY, action.label)
                if fits and (rule.qubits is None or set(step.qubits) <= set(rule.qubits)):
                    yield from _placed(rule.channel, step)

    def _with_readout(self, step: Operation, action: Action) -> Operation:
        found = [rule for rule in self.readouts if rule.qubits is None or set(step.qubits) <= set(rule.qubits)]
        if not found or not isinstance(action, Measure):
            return step
        read = replace(action, readout=found[-1].readout)
        if isinstance(step.action, Conditional):
            return Operation(_under(step.action, read), step.qubits)
        return Operation(read, step.qubits)


class _Clock:
    """When each qubit is free, for one rule about waiting."""

    def __init__(self, rule: IdleRule, num_qubits: int) -> None:
        self._rule, self._durations = rule, dict(rule.durations)
        self._free = [0.0] * num_qubits

    def before(self, step: Operation) -> Iterator[Operation]:
        """The channels of the qubits that wait for an operation."""
        if not step.qubits:
            return
        start = max(self._free[qubit] for qubit in step.qubits)
        for qubit in step.qubits:
            waited = start - self._free[qubit]
            if waited > 0:
                yield Operation(self._rule.make(-math.expm1(-self._rule.rate * waited)), (qubit,))
            self._free[qubit] = start + self._durations.get(_innermost(step.action).label, 0.0)


def _placed(channel: Channel, step: Operation) -> Iterator[Operation]:
    """A channel on the qubits of an operation, under the conditions of the operation."""
    if channel.num_qubits == len(step.qubits):
        yield Operation(_under(step.action, channel), step.qubits)
    elif channel.num_qubits == 1:
        for qubit in step.qubits:
            yield Operation(_under(step.action, channel), (qubit,))
    else:
        raise CircuitError(
            f"'{channel.label}' acts on {channel.num_qubits} qubits, but '{step.action.label}' on {len(step.qubits)}; "
            "give a channel on as many, or on one"
        )


def _under(action: Action, inner: Action) -> Action:
    """An action under the conditions of another one."""
    if isinstance(action, Conditional):
        return Conditional(action.condition, _under(action.action, inner))
    return inner


def _innermost(action: Action) -> Action:
    return _innermost(action.action) if isinstance(action, Conditional) else action


def _read_qubits(given: Iterable[int] | None) -> Qubits:
    if given is None:
        return None
    qubits = tuple(given)
    if not all(isinstance(qubit, int) and not isinstance(qubit, bool) and qubit >= 0 for qubit in qubits):
        raise CircuitError(f"qubits of a noise model must be whole numbers from 0, got {list(qubits)!r:.64}")
    return qubits


def _listed(names: Iterable[str]) -> str:
    ordered: Sequence[str] = sorted(names)
    return ", ".join(ordered[:_MOST_NAMES]) + (", …" if len(ordered) > _MOST_NAMES else "")
