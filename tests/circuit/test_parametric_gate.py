"""Gates and circuits with parameters: what does not need values works, and the rest is refused before any work."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.strategies import parametric_circuits, parametric_gates, values_for

import taizhang as tz
from taizhang.circuit.gates import RECORDS, Gate, gate
from taizhang.circuit.light_cone import light_cone
from taizhang.circuit.operation import Operation
from taizhang.circuit.parameter import Parameter
from taizhang.circuit.parametric_gate import ParametricGate

GAMMA, BETA = Parameter("gamma"), Parameter("beta")


@pytest.fixture
def ansatz():
    return tz.Circuit(2).h(0).append("rzz", 0, 1, parameters=[2 * GAMMA]).rx(0, 2 * BETA).rx(1, BETA - 0.5)


def same(left, right):
    """Whether two circuits are equal up to the rounding of their angles."""
    return left.num_qubits == right.num_qubits and all(
        (a.qubits, a.gate.name, a.gate.num_controls) == (b.qubits, b.gate.name, b.gate.num_controls)
        and np.allclose(a.gate.parameters, b.gate.parameters, rtol=1e-12, atol=1e-12)
        for a, b in zip(left.operations, right.operations, strict=True)
    )


@given(parametric_circuits(), st.data())
def test_the_inverse_of_a_bound_circuit_is_the_inverse_bound(circuit, data):
    values = data.draw(values_for(circuit.parameters))
    assert same(circuit.inverse().bind(values), circuit.bind(values).inverse())


@given(parametric_circuits(max_qubits=3), st.data())
def test_the_controlled_bound_circuit_is_the_controlled_circuit_bound(circuit, data):
    values = data.draw(values_for(circuit.parameters))
    assert circuit.controlled(2).bind(values) == circuit.bind(values).controlled(2)


@given(parametric_gates(), st.integers(-3, 4), st.data())
def test_the_power_of_a_bound_gate_is_the_power_bound(parametric, exponent, data):
    record = RECORDS[parametric.name]
    assume(record.additive or exponent in (1, -1))
    values = data.draw(values_for(parametric.parameter_names))
    raised = parametric.power(exponent)
    bound = raised.bind(values) if isinstance(raised, ParametricGate) else raised
    np.testing.assert_allclose(bound.matrix, parametric.bind(values).power(exponent).matrix, atol=1e-9)


@given(parametric_circuits(), st.data())
def test_binding_in_parts_or_in_order_is_binding_at_once(circuit, data):
    values = data.draw(values_for(circuit.parameters))
    at_once = circuit.bind(values)
    assert at_once.parameters == ()
    assert circuit.bind([values[name] for name in circuit.parameters]) == at_once
    first = data.draw(st.sets(st.sampled_from(circuit.parameters))) if circuit.parameters else set()
    some = circuit.bind({name: values[name] for name in first})
    assert set(some.parameters) <= set(circuit.parameters) - first
    assert same(some.bind({name: values[name] for name in some.parameters}), at_once)


@given(parametric_circuits())
def test_circuits_with_parameters_are_values(circuit):
    again = pickle.loads(pickle.dumps(circuit))  # noqa: S301
    assert again == circuit == tz.Circuit(circuit.num_qubits, circuit.operations)
    assert hash(again) == hash(circuit)
    assert circuit[1:].operations == circuit.operations[1:]
    assert circuit.depth() == circuit.bind(dict.fromkeys(circuit.parameters, 0.5)).depth()
    assert copy.deepcopy(circuit) == circuit
    assert circuit.inverse().inverse().parameters == circuit.parameters


def test_what_counts_and_draws_needs_no_values(ansatz):
    assert ansatz.parameters == ("gamma", "beta")
    assert ansatz.gate_counts() == {"rx": 2, "h": 1, "rzz": 1}
    assert "Rzz(2*gamma)" in ansatz.draw()
    assert "Rx(beta - 0.5)" in str(ansatz)
    assert "2*gamma" in ansatz.draw("svg")
    assert "global phase 2*gamma" in str(tz.Circuit(1).gphase(2 * GAMMA))
    assert repr(ansatz.operations[1]) == "rzz(2*gamma) 0 1"
    moved = ansatz.on_qubits([2, 0], num_qubits=3)
    assert moved.operations[1] == Operation(gate("rzz", 2 * GAMMA), (2, 0))
    assert (ansatz + ansatz).parameters == ansatz.parameters
    assert light_cone(ansatz, [1])[0].parameters == ("gamma", "beta")
    report = tz.inspect(ansatz)
    assert report.to_dict()["parameters"] == ["gamma", "beta"]
    assert "2 parameters without values" in str(report)
    assert report.network_after == tz.inspect(ansatz.bind([0.9, 0.7])).network_after


def test_long_expressions_are_shortened_in_drawings():
    long = sum((Parameter(f"a_long_name_{k}") for k in range(5)), 0.25 * GAMMA)
    assert "…" in tz.Circuit(1).rz(0, long).draw(width=120)


def test_a_gate_whose_angles_are_numbers_is_a_plain_gate():
    assert gate("rz", GAMMA - GAMMA + 0.5) == gate("rz", 0.5)
    assert isinstance(gate("rz", GAMMA - GAMMA), Gate)
    assert gate("cu", 1, GAMMA, 2, 3).parameters == (1.0, GAMMA, 2.0, 3.0)
    assert gate("crz", GAMMA) == gate("rz", GAMMA).controlled()
    assert gate("gphase", GAMMA).controlled() == gate("p", GAMMA)
    assert gate("rx", GAMMA).power(0) == gate("rx", 0.0)
    assert gate("rzz", GAMMA).diagonal
    assert not gate("rx", GAMMA).diagonal
    assert gate("c3rzz", GAMMA).label == "c3rzz"


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda c: c.bind({"delta": 1}), "'delta' is not a parameter without a value; those are gamma, beta"),
        (lambda c: c.bind([0.5]), "values must be 2 numbers, one for each parameter .* got 1 values"),
        (lambda c: c.bind(np.ones(3)), "got 3 values"),
        (lambda c: c.bind("ab"), "values must be numbers in order"),
        (lambda c: c.bind(0.5), "values must be numbers in order"),
        (lambda c: c.bind([0.5, math.nan]), "the value of the parameter 'beta' must be a finite number, got nan"),
        (lambda c: c.bind({"beta": "1"}), "the value of the parameter 'beta' must be a finite number, got '1'"),
        (lambda c: c.bind([1, 1]).bind([1]), "values must be 0 numbers"),
        (lambda _: gate("rz", GAMMA).bind({}), "the parameter 'gamma' has no value"),
        (
            lambda _: gate("rz", GAMMA).power(0.5),
            r"rz\(gamma\) cannot be raised to the power 0.5 before its parameters",
        ),
        (lambda _: gate("u", GAMMA, 0, 0).power(2), "cannot be raised to the power 2"),
        (lambda _: gate("rz", GAMMA, GAMMA), "gate 'rz' was given 2 parameters; it takes 1"),
        (lambda _: gate("fsim", GAMMA, "a"), "the angles of gate 'fsim' must be numbers, got 'a'"),
        (lambda _: gate("fsim", GAMMA, math.inf), "give finite numbers"),
        (lambda _: ParametricGate("rz", (0.5,)), "gate 'rz' was given no parameter"),
        (lambda _: ParametricGate("crz", (GAMMA,)), "'crz' is a name with controls or an alias"),
        (lambda c: c.append(gate("rz", GAMMA), 0, parameters=[1]), "already has its parameters"),
        (lambda c: c.append("rz", GAMMA, 0), "the qubits of gate 'rz' must be integers"),
        (lambda c: c.rz(5, GAMMA), "gate 'rz' was given qubit 5"),
    ],
)
def test_wrong_values_and_parameters_are_refused_in_one_sentence(ansatz, use, message):
    with pytest.raises(tz.CircuitError, match=message) as refused:
        use(ansatz)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "use",
    [
        lambda circuit: tz.amplitude(circuit, "00"),
        lambda circuit: tz.amplitudes(circuit, ["00", "11"]),
        lambda circuit: tz.amplitude_batch(circuit, "00", open_qubits=[0]),
        lambda circuit: tz.sample(circuit, 10),
        lambda circuit: tz.sample_run(circuit, 10),
        tz.state_vector,
        lambda circuit: tz.marginal_probabilities(circuit, [1]),
        lambda circuit: tz.reduced_density_matrix(circuit, [1]),
        lambda circuit: tz.xeb(circuit, ["00", "11"]),
        tz.plan,
        tz.AmplitudeNetwork,
        lambda circuit: tz.run(circuit, ["00"], directory="never-made"),
    ],
)
def test_what_needs_numbers_names_all_parameters_without_values(ansatz, use):
    with pytest.raises(tz.CircuitError) as refused:
        use(ansatz)
    assert str(refused.value) == (
        "the circuit has the parameters gamma and beta without values; give them with circuit.bind, or --parameter "
        "NAME=VALUE"
    )


def test_one_parameter_and_many_are_named_in_words():
    with pytest.raises(tz.CircuitError, match=r"^the circuit has the parameter gamma without a value; give it with"):
        tz.amplitude(tz.Circuit(1).rx(0, GAMMA), "0")
    many = tz.Circuit(1)
    for k in range(50):
        many = many.rx(0, Parameter(f"t{k}"))
    with pytest.raises(tz.CircuitError, match=r"parameters t0, t1, t2, t3, t4 and 45 more without values"):
        tz.amplitude(many, "0")


@pytest.mark.parametrize("ending", [".qasm", ".qsim", ".txt"])
def test_files_without_parameters_are_not_begun(ansatz, tmp_path, ending):
    with pytest.raises(tz.CircuitError, match="gamma and beta without values"):
        tz.write_circuit(ansatz, tmp_path / f"ansatz{ending}")
    assert list(tmp_path.iterdir()) == []


def test_a_bound_circuit_computes(ansatz):
    plain = tz.Circuit(2).h(0).rzz(0, 1, 0.6).rx(0, 0.4).rx(1, 0.2 - 0.5)
    np.testing.assert_allclose(tz.state_vector(ansatz.bind([0.3, 0.2])), tz.state_vector(plain))
