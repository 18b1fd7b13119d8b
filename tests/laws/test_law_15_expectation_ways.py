"""Law 15: an expectation value does not depend on the way to it: moving, sharing, slices, trees, threads, order."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pauli_values import value_by_state_vector
from tests.strategies import mixed_circuits, observables

import taizhang as tz
from taizhang.circuit.observable import Observable
from taizhang.network.cones import cone_networks, fixed_gates
from taizhang.observer import Silent
from taizhang.settings import Settings
from taizhang.tasks.cone_work import Weights, prepare_cones, products_of
from taizhang.tasks.expectation import ExpectationAssembly
from taizhang.tasks.solve import contract_work


def networks_of(circuit, sums, **options):
    return cone_networks(circuit.num_qubits, fixed_gates(circuit), list(products_of(sums)), **options)


def values_of(networks, sums):
    """The sums in double precision, by way of these networks."""
    weights = Weights.of(sums, products_of(sums), networks)
    cones = prepare_cones(
        networks,
        networks.tensors.table(np.zeros(0)),
        weights,
        Settings.checked(dtype="complex128", threads=1),
        assembly_of=lambda placed: ExpectationAssembly(
            texts=tuple(map(str, sums)), hermitian=(False,) * len(sums), weights=placed, num_products=0
        ),
        circuit=None,
        observer=Silent(),
        build_started=0.0,
    )
    values, _ = contract_work(cones.work, Silent())
    return cones.work.assembly.answer(values).values


def drawn_sums(data, circuit, count=2, max_terms=4):
    return [data.draw(observables(circuit.num_qubits, max_terms)) for _ in range(count)]


def size_of(sums):
    return max(1.0, *(observable.norm1 for observable in sums))


@settings(max_examples=15)
@given(circuit=mixed_circuits(max_qubits=6, max_operations=20), data=st.data())
def test_moving_and_sharing_change_no_value(circuit, data):
    sums = drawn_sums(data, circuit)
    wanted = np.array([value_by_state_vector(circuit, observable) for observable in sums])
    for moving, sharing in itertools.product([True, False], repeat=2):
        networks = networks_of(circuit, sums, moving=moving, sharing=sharing)
        np.testing.assert_allclose(values_of(networks, sums), wanted, atol=1e-10 * size_of(sums), rtol=0)


@settings(max_examples=15)
@given(circuit=mixed_circuits(max_qubits=7, max_operations=25), data=st.data())
def test_without_sharing_every_product_has_a_network_of_its_own(circuit, data):
    sums = drawn_sums(data, circuit, max_terms=8)
    alone, shared = (networks_of(circuit, sums, sharing=sharing) for sharing in (False, True))
    known = alone.cone_of < 0
    assert len(alone.cones) == np.count_nonzero(~known)
    np.testing.assert_array_equal(shared.cone_of[known], alone.cone_of[known])
    np.testing.assert_array_equal(shared.signs, alone.signs)
    assert len(shared.cones) <= len(alone.cones)
    assert sum(cone.num_products for cone in shared.cones) == len(alone.cones)
    assert sorted(set(shared.cone_of[~known].tolist())) == list(range(len(shared.cones)))


@settings(max_examples=15)
@given(circuit=mixed_circuits(max_qubits=7, max_operations=25), data=st.data(), threads=st.integers(2, 4))
def test_networks_are_the_same_on_any_number_of_threads(circuit, data, threads):
    sums = drawn_sums(data, circuit, max_terms=8)
    one, several = (networks_of(circuit, sums, threads=count) for count in (1, threads))
    np.testing.assert_array_equal(one.cone_of, several.cone_of)
    assert one.shapes == several.shapes
    assert [cone.sources.tolist() for cone in one.cones] == [cone.sources.tolist() for cone in several.cones]


@settings(max_examples=12)
@given(circuit=mixed_circuits(max_qubits=7, max_operations=25), data=st.data(), threads=st.integers(2, 3))
def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(circuit, data, threads):
    sums = drawn_sums(data, circuit)
    dtype = data.draw(st.sampled_from(["complex64", "complex128"]))
    one, several = (
        tz.expectation(circuit, sums, threads=count, trials=2, seed=5, dtype=dtype) for count in (1, threads)
    )
    assert one.tobytes() == several.tobytes()


@settings(max_examples=15)
@given(circuit=mixed_circuits(max_qubits=7, max_operations=25), data=st.data())
def test_slices_and_trees_change_no_value(circuit, data):
    sums = drawn_sums(data, circuit)
    wanted = [value_by_state_vector(circuit, observable) for observable in sums]
    for options in (
        {"width": data.draw(st.integers(3, 6)), "plan_time": "50ms"},
        {"seed": 7, "trials": 3},
        {"objective": "multiply_adds"},
    ):
        found = tz.expectation(circuit, sums, dtype="complex128", threads=1, **options)
        np.testing.assert_allclose(found, wanted, atol=1e-10 * size_of(sums), rtol=0)


@settings(max_examples=12)
@given(circuit=mixed_circuits(max_qubits=6, max_operations=20), data=st.data())
def test_the_order_of_terms_and_of_observables_changes_no_value(circuit, data):
    sums = drawn_sums(data, circuit, count=3)
    order = data.draw(st.permutations(range(len(sums))))
    turned = [Observable.from_terms(reversed(sums[number].terms)) for number in order]
    assert turned == [sums[number] for number in order]
    found, others = (tz.expectation(circuit, each, dtype="complex128", threads=1) for each in (sums, turned))
    np.testing.assert_allclose(others, found[list(order)], atol=1e-11 * size_of(sums), rtol=0)


@settings(max_examples=15)
@given(circuit=mixed_circuits(max_qubits=7, max_operations=25), data=st.data())
def test_single_precision_is_close(circuit, data):
    sums = drawn_sums(data, circuit)
    single, double = (tz.expectation(circuit, sums, dtype=dtype, threads=1) for dtype in ("complex64", "complex128"))
    assert single.dtype == double.dtype
    np.testing.assert_allclose(single, double, atol=1e-5 * size_of(sums), rtol=0)


@pytest.mark.parametrize("width", [2, 4, 6])
def test_a_cone_in_many_slices(width):
    circuit = tz.grid_circuit(3, 3, depth=10, seed=3)
    observable = Observable("Z4 + 0.5 X0 Y8 - Z2 Z6")
    found = tz.expectation(circuit, observable, dtype="complex128", width=width, threads=2)
    assert found == pytest.approx(value_by_state_vector(circuit, observable).real, abs=1e-11)
