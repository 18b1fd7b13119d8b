"""Statistics of a circuit and of the network of one of its amplitudes."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass, field

from taizhang._html import card
from taizhang._units import counted
from taizhang.circuit.channel import Channel
from taizhang.circuit.check_circuit import check_circuit
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.classical import Conditional
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.network.simplify import NetworkSizes


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CircuitReport:
    """Statistics of a circuit; `str` gives a readable summary.

    Attributes:
        num_qubits: Number of qubits.
        num_gates: Number of gates.
        depth: Number of layers when each gate is placed as early as its qubits allow.
        gate_counts: Number of gates of each kind.
        parameters: Names of the parameters without values; the network is then that for most of their values.
        network_before: The network of one amplitude as built; None for a circuit that has more than gates.
        network_after: The same, simplified.
        channels: Number of channels of each kind, also of those under conditions.
        expected_faults: Expected number of faults: the sum over all channels of the chance that something happens.
        num_bits: Number of classical bits.
        num_conditions: Operations under a condition.
    """

    num_qubits: int
    num_gates: int
    depth: int
    gate_counts: dict[str, int]
    parameters: tuple[str, ...]
    network_before: NetworkSizes | None
    network_after: NetworkSizes | None
    channels: dict[str, int] = field(default_factory=dict)
    expected_faults: float = 0.0
    num_bits: int = 0
    num_conditions: int = 0

    def to_dict(self) -> dict[str, object]:
        """The report as a JSON object; what is beside gates only where there is any."""
        fields = {**asdict(self), "parameters": list(self.parameters)}
        if self.network_before is not None:
            for name in ("channels", "expected_faults", "num_bits", "num_conditions"):
                del fields[name]
        return fields

    def __str__(self) -> str:
        counts = sorted(self.gate_counts.items(), key=lambda item: (-item[1], item[0]))
        width = max((len(name) for name, _ in counts), default=0)
        named = f", {counted(len(self.parameters), 'parameter')} without values" if self.parameters else ""
        what = "gates" if self.network_before is not None else "operations"
        lines = [f"{self.num_qubits} qubits, {self.num_gates} {what}, depth {self.depth}{named}"]
        lines += [f"  {name:<{width}}  {count:>8}" for name, count in counts]
        if self.network_before is None or self.network_after is None:
            lines.append(f"{counted(self.num_bits, 'classical bit')}, {counted(self.num_conditions, 'condition')}")
            lines.append(
                f"{counted(sum(self.channels.values()), 'channel')}, {self.expected_faults:.4g} expected faults"
            )
            return "\n".join(lines)
        rows = (("as built", self.network_before), ("simplified", self.network_after))
        lines.append("network of one amplitude")
        lines.append(f"  {'':<10}  {'tensors':>8} {'indices':>8} {'hyperindices':>13} {'largest rank':>13}")
        for name, sizes in rows:
            figures = f"{sizes.num_tensors:>8} {sizes.num_indices:>8} {sizes.num_hyperindices:>13}"
            lines.append(f"  {name:<10}  {figures} {sizes.largest_rank:>13}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<CircuitReport: {str(self).partition(chr(10))[0]}>"

    def _repr_html_(self) -> str:
        return card(str(self))


def inspect(circuit: Circuit) -> CircuitReport:
    """Counts the gates of a circuit, and the network of one of its amplitudes before and after simplification.

    Example:
        >>> inspect(Circuit(2).append("h", 0).append("cx", 0, 1)).gate_counts
        {'h': 1, 'cx': 1}
    """
    circuit = check_circuit(circuit, parametric=True)
    parameters = circuit.parameters
    if not circuit.is_unitary:
        return _of_more_than_gates(circuit)
    network = AmplitudeNetwork(circuit.bind(_generic_values(len(parameters))))
    return CircuitReport(
        num_qubits=circuit.num_qubits,
        num_gates=len(circuit.operations),
        depth=circuit.depth(),
        gate_counts=circuit.gate_counts(),
        parameters=parameters,
        network_before=network.sizes_before,
        network_after=network.sizes_after,
    )


def _of_more_than_gates(circuit: Circuit) -> CircuitReport:
    """The report about a circuit with channels, measurements, resets or conditions."""
    inner, num_conditions = [], 0
    for step in circuit.operations:
        action = step.action
        num_conditions += isinstance(action, Conditional)
        while isinstance(action, Conditional):
            action = action.action
        inner.append(action)
    channels = [action for action in inner if isinstance(action, Channel)]
    return CircuitReport(
        num_qubits=circuit.num_qubits,
        num_gates=len(circuit.operations),
        depth=circuit.depth(),
        gate_counts=circuit.gate_counts(),
        parameters=circuit.parameters,
        network_before=None,
        network_after=None,
        channels=dict(Counter(channel.label for channel in channels).most_common()),
        expected_faults=sum(channel.chance for channel in channels),
        num_bits=circuit.num_bits,
        num_conditions=num_conditions,
    )


def _generic_values(count: int) -> list[float]:
    """Returns different angles for which gates are as complicated as they can be: no simple fractions of π."""
    golden = (math.sqrt(5) - 1) / 2
    return [0.3 + golden * number % 1 for number in range(1, count + 1)]
