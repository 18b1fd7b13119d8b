"""Operations whose action is not a gate: a circuit holds them, and what needs gates refuses them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

import taizhang as tz
from taizhang.circuit.gates import gate
from taizhang.circuit.operation import Operation


@dataclass(frozen=True)
class Dephasing:
    """A channel, as far as a circuit needs to know it."""

    probability: float
    num_qubits: int = 1
    label: str = "dephasing"


NOISY = (*tz.Circuit(2).h(0).cx(0, 1).operations, Operation(Dephasing(0.1), (1,)))


@pytest.fixture
def noisy():
    return tz.Circuit.from_operations(2, NOISY)


def test_a_circuit_counts_moves_and_keeps_every_action(noisy):
    assert noisy.gate_counts() == {"h": 1, "cx": 1, "dephasing": 1}
    assert noisy.depth() == 3
    assert noisy.operations[-1].action == Dephasing(0.1)
    assert repr(noisy.operations[-1]).endswith(" 1")
    assert noisy == tz.Circuit.from_operations(2, NOISY)


def test_the_action_of_a_gate_is_the_gate():
    operation = Operation(gate("rz", 0.5), (0,))
    assert operation.action == operation.gate == gate("rz", 0.5)
    assert operation.inverse() == Operation(gate("rz", -0.5), (0,))


@pytest.mark.parametrize(
    "use",
    [
        lambda circuit: tz.amplitude(circuit, "00"),
        lambda circuit: tz.sample(circuit, 10),
        tz.state_vector,
        lambda circuit: tz.marginal_probabilities(circuit, [1]),
        lambda circuit: tz.xeb(circuit, ["00", "11"]),
        tz.plan,
        tz.to_qiskit,
        tz.to_cirq,
        lambda circuit: circuit.inverse(),
        lambda circuit: circuit.operations[-1].inverse(),
    ],
)
def test_what_needs_gates_refuses_other_actions_in_one_sentence(noisy, use):
    with pytest.raises(tz.CircuitError, match=r"^'dephasing' is not a gate, and this is for .*; probability"):
        use(noisy)


@pytest.mark.parametrize("ending", [".qasm", ".qsim", ".txt"])
def test_files_that_know_gates_alone_are_not_begun(noisy, tmp_path, ending):
    with pytest.raises(tz.CircuitError, match="is not a gate"):
        tz.write_circuit(noisy, tmp_path / f"noisy{ending}")
    assert list(tmp_path.iterdir()) == []


def test_the_wrong_number_of_qubits_is_refused_for_every_action():
    with pytest.raises(tz.CircuitError, match="'dephasing' was given 2 qubits; it acts on 1"):
        Operation(Dephasing(0.1), (0, 1))
