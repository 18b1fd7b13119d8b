"""Law 14: an expectation value is that of the state vector, whatever the gates and the sum of products."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.pauli_values import value_by_state_vector
from tests.strategies import circuits, mixed_circuits, observables

import taizhang as tz
from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.gates import Gate, gate, unitary_gate
from taizhang.circuit.observable import Observable
from taizhang.circuit.pauli_product import products_commute

CLIFFORD = ["h", "s", "sdg", "x", "y", "z", "sx", "sxdg", "cx", "cy", "cz", "swap", "iswap", "dcx", "ecr"]


def values(circuit, *sums):
    """The values in double precision, on one thread."""
    return tz.expectation(circuit, list(sums), dtype="complex128", threads=1, seed=0)


def check(circuit, *sums):
    found = values(circuit, *sums)
    for value, observable in zip(found, sums, strict=True):
        assert abs(value - value_by_state_vector(circuit, observable)) <= 1e-10 * max(1.0, observable.norm1)


@st.composite
def clifford_circuits(draw, max_qubits=7, max_operations=40):
    """Clifford gates, by name and by angle, with a few others between them."""
    num_qubits = draw(st.integers(2, max_qubits))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    operations = []
    for _ in range(draw(st.integers(0, max_operations))):
        kind = rng.random()
        if kind < 0.75:
            chosen = gate(rng.choice(CLIFFORD))
        elif kind < 0.9:
            chosen = gate(rng.choice(["rx", "ry", "rz", "rzz", "rxx", "p"]), float(rng.integers(-3, 4)) * math.pi / 2)
        else:
            chosen = [gate("t"), gate("ccx"), gate("ry", 0.3), gate("rzz", 0.7)][rng.integers(4)]
        if chosen.num_qubits <= num_qubits:
            operations.append(Operation(chosen, tuple(map(int, rng.permutation(num_qubits)[: chosen.num_qubits]))))
    return Circuit.from_operations(num_qubits, operations)


@st.composite
def circuits_of_few_gates(draw, max_qubits=8, max_operations=30):
    """Circuits whose gates are few different ones at many places, so that light cones are often equal."""
    num_qubits = draw(st.integers(3, max_qubits))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    names = rng.choice(["t", "h", "cx", "cz", "ccx", "ccz", "swap", "iswap", "cswap", "ecr", "rccx", "csx"], size=2)
    pool = [gate(name) for name in names]
    pool += [gate("ry", 0.4), gate("rzz", 0.3), gate("cu", 0.0, 0.4, 0.3, float(rng.choice([0.0, 0.7])))]
    pool.append(gate("cu3", float(rng.choice([0.0, 2 * math.pi, 1.0])), 0.4, 0.3))
    operations = [Operation(gate("ry", 0.9), (qubit,)) for qubit in range(num_qubits)]
    for _ in range(draw(st.integers(0, max_operations))):
        chosen = pool[rng.integers(len(pool))]
        operations.append(Operation(chosen, tuple(map(int, rng.permutation(num_qubits)[: chosen.num_qubits]))))
    return Circuit.from_operations(num_qubits, operations)


def some_products(data, num_qubits):
    """The same one or two letters on each qubit, or each and the next one, as observables."""
    letters = data.draw(st.sampled_from(["X", "Y", "Z", "XX", "YZ", "ZZ", "XY"]))
    places = [[(qubit + step) % num_qubits for step in range(len(letters))] for qubit in range(num_qubits)]
    return [Observable.from_terms([(tuple(zip(place, letters, strict=True)), 1.0)]) for place in places]


@settings(max_examples=25)
@given(data=st.data(), circuit=mixed_circuits(max_qubits=9, max_operations=30))
def test_any_gates_and_sums_give_the_value_of_the_state_vector(data, circuit):
    sums = [data.draw(observables(circuit.num_qubits)) for _ in range(3)]
    check(circuit, *sums)


@settings(max_examples=25)
@given(circuit=clifford_circuits(), data=st.data())
def test_clifford_gates_are_moved_with_the_right_sign(circuit, data):
    check(circuit, *some_products(data, circuit.num_qubits), data.draw(observables(circuit.num_qubits)))


@settings(max_examples=25)
@given(circuit=circuits_of_few_gates(), data=st.data())
def test_equal_cones_are_merged_and_no_others(circuit, data):
    check(circuit, *some_products(data, circuit.num_qubits))


@settings(max_examples=20)
@given(seed=st.integers(0, 1 << 32), controls=st.integers(1, 6), data=st.data())
def test_gates_of_many_controls(seed, controls, data):
    rng = np.random.default_rng(seed)
    num_qubits = 8
    circuit = Circuit(num_qubits)
    for qubit in range(num_qubits):
        circuit = circuit.ry(qubit, float(rng.uniform(1, 3)))
    for name in data.draw(st.lists(st.sampled_from(["x", "ry", "rzz", "swap", "p", "gphase", "iswap"]), max_size=3)):
        base = gate(name, 0.6) if name in ("ry", "rzz", "p", "gphase") else gate(name)
        chosen = base.controlled(controls)
        qubits = rng.permutation(num_qubits)[: chosen.num_qubits]
        circuit = circuit.append(chosen, *map(int, qubits)).rx(int(rng.integers(num_qubits)), 0.8)
    check(circuit, *[data.draw(observables(num_qubits)) for _ in range(4)])


@settings(max_examples=20)
@given(seed=st.integers(0, 1 << 32), data=st.data())
def test_gates_given_by_matrices(seed, data):
    rng = np.random.default_rng(seed)
    num_qubits = 5
    circuit = Circuit(num_qubits)
    for kind in data.draw(st.lists(st.sampled_from(["any", "diagonal", "permutation"]), max_size=8)):
        size = 2 ** int(rng.integers(1, 4))
        phases = np.diag(np.exp(1j * rng.uniform(-3, 3, size)))
        if kind == "any":
            matrix = np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))[0]
        else:
            matrix = phases[rng.permutation(size)] if kind == "permutation" else phases
        chosen = unitary_gate(matrix).controlled(int(rng.integers(0, 2)))
        circuit = circuit.append(chosen, *map(int, rng.permutation(num_qubits)[: chosen.num_qubits]))
        circuit = circuit.h(int(rng.integers(num_qubits)))
    check(circuit, *[data.draw(observables(num_qubits)) for _ in range(3)])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Gate("phased_u", (0.0, 0.4, 0.3, 0.0), 1), Gate("phased_u", (0.0, 0.4, 0.3, 0.7), 1)),
        (Gate("u", (0.0, 0.4, 0.3), 1), Gate("u", (2 * math.pi, 0.4, 0.3), 1)),
        (Gate("fsim", (0.0, 0.4), 1), Gate("fsim", (math.pi, 0.4), 1)),
    ],
)
def test_gates_of_one_name_differ_in_which_legs_are_alike(first, second):
    for one, other in ((first, second), (second, first)):
        size = one.num_qubits
        circuit = Circuit(3 * size)
        for qubit in range(3 * size):
            circuit = circuit.ry(qubit, 0.5 + 0.3 * (qubit % size))
        circuit = circuit.append(one, *range(2 * size, 3 * size))
        # The same gate on two groups of qubits, in another order of its legs.
        circuit = circuit.append(other, *range(size)).append(other, *np.roll(range(size, 2 * size), 1).tolist())
        for qubit in range(3 * size):
            circuit = circuit.rx(qubit, 0.3 + 0.2 * (qubit % size))
        groups = [range(start, start + size) for start in (0, size, 2 * size)]
        check(circuit, *(Observable(" ".join(f"Z{qubit}" for qubit in group)) for group in groups))


@given(circuit=circuits(max_qubits=5, max_operations=10), extra=st.integers(1, 3), data=st.data())
@settings(max_examples=20)
def test_qubits_without_gates_are_zero(circuit, extra, data):
    num_qubits = circuit.num_qubits + extra
    wider = circuit.on_qubits(
        data.draw(st.permutations(range(num_qubits)))[: circuit.num_qubits], num_qubits=num_qubits
    )
    check(wider, data.draw(observables(num_qubits)), data.draw(observables(num_qubits)))


@settings(max_examples=30)
@given(num_qubits=st.integers(1, 4), data=st.data())
def test_without_gates_letters_z_are_one_and_the_others_zero(num_qubits, data):
    observable = data.draw(observables(num_qubits))
    wanted = sum(c for product, c in observable if all(letter == "Z" for _, letter in product))
    assert values(Circuit(num_qubits), observable)[0] == pytest.approx(wanted, abs=1e-12 * max(1, observable.norm1))


@settings(max_examples=20)
@given(circuit=circuits(max_qubits=5, max_operations=15), data=st.data())
def test_values_are_linear_in_the_observable(circuit, data):
    first, second = (data.draw(observables(circuit.num_qubits, real=True)) for _ in range(2))
    factor = data.draw(st.sampled_from([2.0, -0.5, 1j, 0.25 - 3j]))
    one, other, both, scaled = values(circuit, first, second, first + second, factor * first)
    size = 1e-11 * (1 + first.norm1 + second.norm1)
    assert abs(both - one - other) <= size
    assert abs(scaled - factor * one) <= abs(factor) * size


@settings(max_examples=20)
@given(circuit=mixed_circuits(max_qubits=6, max_operations=20), data=st.data())
def test_products_are_between_minus_one_and_one_and_the_identity_is_one(circuit, data):
    found = values(circuit, Observable(1), *some_products(data, circuit.num_qubits))
    assert found[0] == 1
    assert np.all(np.abs(found) <= 1 + 1e-12)


@settings(max_examples=20)
@given(circuit=circuits(min_qubits=2, max_qubits=5, max_operations=12), data=st.data())
def test_a_tail_that_commutes_changes_nothing(circuit, data):
    letters = st.dictionaries(st.integers(0, circuit.num_qubits - 1), st.sampled_from("XYZ"), min_size=1)
    product, other = data.draw(letters), data.draw(letters)
    if not products_commute(tuple(sorted(product.items())), tuple(sorted(other.items()))):
        # Change on one qubit whether the letters commute there.
        qubit, letter = next(iter(product.items()))
        other[qubit] = letter if other.get(qubit, letter) != letter else {"X": "Y", "Y": "Z", "Z": "X"}[letter]
    observable = Observable.from_terms([(tuple(product.items()), 1.0)])
    tail = quarter_turn(tuple(sorted(other.items())), circuit.num_qubits)
    before, after = (values(each, observable)[0] for each in (circuit, circuit + tail))
    assert after == pytest.approx(before, abs=1e-12)


def quarter_turn(product, num_qubits):
    """A circuit for exp(-i pi/4 Q)."""
    into, ladder = Circuit(num_qubits), Circuit(num_qubits)
    for qubit, letter in product:
        into = {"X": into.h(qubit), "Y": into.sdg(qubit).h(qubit), "Z": into}[letter]
    last = product[-1][0]
    for qubit, _ in product[:-1]:
        ladder = ladder.cx(qubit, last)
    turned = into + ladder
    return turned.rz(last, math.pi / 2) + turned.inverse()


@settings(max_examples=12)
@given(
    circuit=circuits(max_qubits=4, max_operations=12), more=circuits(max_qubits=3, max_operations=10), data=st.data()
)
def test_gates_outside_the_light_cone_do_not_change_a_bit(circuit, more, data):
    num_qubits = circuit.num_qubits + more.num_qubits
    observable = data.draw(observables(circuit.num_qubits))
    inside = circuit.on_qubits(range(circuit.num_qubits), num_qubits=num_qubits)
    outside = more.on_qubits(range(circuit.num_qubits, num_qubits), num_qubits=num_qubits)
    alone = values(inside, observable)
    assert values(inside + outside, observable).tobytes() == alone.tobytes()
    assert values(outside + inside, observable).tobytes() == alone.tobytes()


@settings(max_examples=15)
@given(circuit=mixed_circuits(max_qubits=7, max_operations=25), data=st.data())
@example(circuit=Circuit(2).t(0).h(0).cx(0, 1), data=None)
def test_a_variance_is_that_of_the_state_vector(circuit, data):
    observable = Observable("Z0 + X1") if data is None else data.draw(observables(circuit.num_qubits, 3, real=True))
    mean = value_by_state_vector(circuit, observable)
    wanted = value_by_state_vector(circuit, observable * observable) - mean**2
    found = tz.variance(circuit, observable, dtype="complex128", threads=1)
    assert found == pytest.approx(wanted.real, abs=1e-10 * max(1.0, observable.norm1**2))
