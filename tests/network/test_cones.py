"""Light cones: which are equal, by value and by shape, and that no others are merged."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pauli_values import value_by_state_vector
from tests.strategies import mixed_circuits, observables

import taizhang as tz
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.observable import Observable
from taizhang.network.cones import cone_networks, fixed_gates, parametric_gates
from taizhang.tasks.cone_work import products_of

GAMMAS, BETAS = (0.488, 0.898), (0.555, 0.293)
# A graph on which hashes of neighbourhoods merge cones that differ.
FOURTEEN = (
    "0-1 0-7 0-8 1-4 1-11 2-5 2-9 2-13 3-5 3-6 3-13 4-10 4-13 5-8 6-10 6-11 7-11 7-12 8-9 9-12 10-12",
    14,
    16.0417,
)


def edges_of(text):
    return [tuple(map(int, edge.split("-"))) for edge in text.split()]


def regular_graph(num_nodes, seed, degree=3):
    """A random regular graph by pairing ends of edges, again until no pair repeats."""
    rng = np.random.default_rng(seed)
    while True:
        ends = rng.permutation(np.repeat(np.arange(num_nodes), degree)).reshape(-1, 2)
        edges = {(int(min(pair)), int(max(pair))) for pair in ends}
        if len(edges) == len(ends) and all(one != other for one, other in edges):
            return sorted(edges)


def bipartite_graph(num_nodes, seed):
    """A random 3-regular graph without odd cycles, so without triangles."""
    rng, half = np.random.default_rng(seed), num_nodes // 2
    edges = set()
    while len(edges) < 3 * half:
        matchings = [rng.permutation(half) for _ in range(3)]
        edges = {(node, half + int(matching[node])) for matching in matchings for node in range(half)}
    return sorted(edges)


def qaoa(num_nodes, edges, gammas, betas, weights=None):
    weights = [1.0] * len(edges) if weights is None else weights
    circuit = Circuit(num_nodes)
    for qubit in range(num_nodes):
        circuit = circuit.h(qubit)
    for gamma, beta in zip(gammas, betas, strict=True):
        for (one, other), weight in zip(edges, weights, strict=True):
            circuit = circuit.append("rzz", one, other, parameters=[-gamma * weight])
        for qubit in range(num_nodes):
            circuit = circuit.rx(qubit, 2 * beta)
    return circuit


def cut(edges, weights=None):
    weights = [1.0] * len(edges) if weights is None else weights
    pairs = zip(edges, weights, strict=True)
    terms = [(((one, "Z"), (other, "Z")), -weight / 2) for (one, other), weight in pairs]
    return Observable.from_terms([((), sum(weights) / 2), *terms])


def networks_of(circuit, observable, **options):
    return cone_networks(circuit.num_qubits, fixed_gates(circuit), list(products_of([observable])), **options)


# Sharing


def test_a_large_graph_without_triangles_has_one_cone_at_depth_one():
    edges = bipartite_graph(1000, seed=1)
    networks = networks_of(qaoa(1000, edges, [0.616], [0.393]), cut(edges))
    assert len(networks.cones) == 1
    assert networks.cones[0].num_products == 1500
    assert networks.cones[0].num_qubits == 6
    gamma, beta = 0.616, 0.393
    value = tz.expectation(qaoa(1000, edges, [gamma], [beta]), cut(edges), dtype="complex128")
    closed_form = 0.5 + 0.5 * np.sin(4 * beta) * np.sin(gamma) * np.cos(gamma) ** 2
    assert value == pytest.approx(1500 * closed_form, abs=1e-8)


def test_cones_with_named_parameters_are_shared_as_well():
    edges = bipartite_graph(200, seed=2)
    gammas, betas = ([tz.Parameter(f"{name}{k}") for k in range(2)] for name in ("gamma", "beta"))
    gates, names, _ = parametric_gates(qaoa(200, edges, gammas, betas))
    products = list(products_of([cut(edges)]))
    named = cone_networks(200, gates, products, num_parameters=len(names))
    fixed = networks_of(qaoa(200, edges, GAMMAS, BETAS), cut(edges))
    np.testing.assert_array_equal(named.cone_of, fixed.cone_of)
    assert named.shapes == fixed.shapes


def test_cones_that_look_alike_from_every_node_are_not_merged():
    text, num_nodes, value = FOURTEEN
    edges = edges_of(text)
    circuit = qaoa(num_nodes, edges, GAMMAS, BETAS)
    found = tz.expectation(circuit, cut(edges), dtype="complex128")
    assert found == pytest.approx(value, abs=5e-5)
    assert found == pytest.approx(value_by_state_vector(circuit, cut(edges)).real, abs=1e-10)


def test_weighted_graphs_have_few_shapes():
    edges = regular_graph(100, seed=2)
    weights = np.random.default_rng(2).normal(size=150).tolist()
    networks = networks_of(qaoa(100, edges, GAMMAS, BETAS, weights), cut(edges, weights))
    assert len(networks.cones) == 150
    without = networks_of(qaoa(100, edges, GAMMAS, BETAS), cut(edges))
    assert len(networks.shapes) <= len(without.cones) <= 20


@pytest.mark.parametrize("letters", ["X", "Y", "Z", "ZZ", "XY"])
def test_cones_of_a_ring_are_all_equal(letters):
    ring = [(qubit, (qubit + 1) % 30) for qubit in range(30)]
    places = [[(qubit + step) % 30 for step in range(len(letters))] for qubit in range(30)]
    observable = Observable.from_terms((tuple(zip(place, letters, strict=True)), 1.0) for place in places)
    assert len(networks_of(qaoa(30, ring, GAMMAS, BETAS), observable).cones) == 1


def test_gates_whose_legs_may_be_exchanged():
    # The same gate on three qubits, in all orders of these.
    circuit = Circuit(18)
    for qubit in range(18):
        circuit = circuit.ry(qubit, 0.3 + 0.2 * (qubit % 3))
    for group, order in enumerate(itertools.permutations(range(3))):
        circuit = circuit.append("ccz", *(3 * group + place for place in order))
    for qubit in range(18):
        circuit = circuit.rx(qubit, 0.7)
    observable = sum((tz.Z(3 * group) * tz.Z(3 * group + 1) for group in range(6)), Observable(0))
    networks = networks_of(circuit, observable)
    assert len(networks.cones) == 1
    assert tz.expectation(circuit, observable, dtype="complex128") == pytest.approx(
        value_by_state_vector(circuit, observable).real, abs=1e-10
    )


# Nothing else is merged


def coupled(num_nodes, edges):
    """A circuit with a coupling on each edge, so that a product over all nodes has the graph as its cone."""
    circuit = Circuit(num_nodes)
    for qubit in range(num_nodes):
        circuit = circuit.ry(qubit, 0.9)
    for one, other in edges:
        circuit = circuit.append("rzz", one, other, parameters=[0.6])
    for qubit in range(num_nodes):
        circuit = circuit.rx(qubit, 0.5)
    return circuit


def side_by_side(first, second, num_nodes):
    """Two graphs of `num_nodes` nodes in one circuit, and the products over each."""
    circuit = coupled(2 * num_nodes, [*first, *((a + num_nodes, b + num_nodes) for a, b in second)])
    groups = [range(num_nodes), range(num_nodes, 2 * num_nodes)]
    return circuit, [Observable(" ".join(f"Z{qubit}" for qubit in group)) for group in groups]


def are_isomorphic(first, second, num_nodes):
    """Whether two graphs are the same up to the numbers of their nodes, by trying all ways to match them."""
    one, other = ({frozenset(edge) for edge in edges} for edges in (first, second))

    def extend(images):
        node = len(images)
        if node == num_nodes:
            return True
        fits = (
            image
            for image in range(num_nodes)
            if image not in images
            and all((frozenset((node, k)) in one) == (frozenset((image, images[k])) in other) for k in range(node))
        )
        return any(extend([*images, image]) for image in fits)

    return extend([])


HEXAGON = [(node, (node + 1) % 6) for node in range(6)]
TRIANGLES = [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)]
PRISM = [*TRIANGLES, (0, 3), (1, 4), (2, 5)]
UTILITIES = [(one, other) for one in range(3) for other in range(3, 6)]


@pytest.mark.parametrize(("first", "second"), [(HEXAGON, TRIANGLES), (PRISM, UTILITIES)])
def test_regular_graphs_of_one_degree_are_told_apart(first, second):
    circuit, sums = side_by_side(first, second, 6)
    networks = cone_networks(12, fixed_gates(circuit), list(products_of(sums)))
    assert len(networks.cones) == 2
    found = tz.expectation(circuit, sums, dtype="complex128")
    np.testing.assert_allclose(found, [value_by_state_vector(circuit, each).real for each in sums], atol=1e-11)
    assert abs(found[0] - found[1]) > 1e-4


@settings(max_examples=25)
@given(seeds=st.tuples(st.integers(0, 1 << 32), st.integers(0, 1 << 32)), degree=st.sampled_from([3, 4]))
def test_only_isomorphic_graphs_are_merged(seeds, degree):
    first, second = (regular_graph(8, seed, degree) for seed in seeds)
    circuit, sums = side_by_side(first, second, 8)
    networks = cone_networks(16, fixed_gates(circuit), list(products_of(sums)))
    if networks.cone_of[0] == networks.cone_of[1]:
        assert are_isomorphic(first, second, 8)


# The labelling gives up where many nodes look alike, and equal graphs may then stay apart: the same examples each time.
@settings(max_examples=15, derandomize=True)
@given(seed=st.integers(0, 1 << 32), data=st.data())
def test_a_graph_with_other_numbers_of_its_nodes_is_the_same(seed, data):
    first = regular_graph(14, seed)
    order = data.draw(st.permutations(range(14)))
    circuit, (one, other) = side_by_side(first, [(order[a], order[b]) for a, b in first], 14)
    # One node is marked by another letter.
    sums = [tz.Z(0) * tz.X(0) * one, tz.Z(14 + order[0]) * tz.X(14 + order[0]) * other]
    networks = cone_networks(28, fixed_gates(circuit), list(products_of(sums)))
    assert len(networks.cones) == 1


def test_strongly_regular_graphs_are_told_apart():
    cells = list(itertools.product(range(4), repeat=2))
    steps = {(0, 1), (1, 0), (1, 1), (0, 3), (3, 0), (3, 3)}
    pairs = list(itertools.combinations(cells, 2))
    shrikhande = [(a, b) for a, b in pairs if ((b[0] - a[0]) % 4, (b[1] - a[1]) % 4) in steps]
    rook = [(a, b) for a, b in pairs if (a[0] == b[0]) != (a[1] == b[1])]
    first, second = ([(4 * a[0] + a[1], 4 * b[0] + b[1]) for a, b in edges] for edges in (shrikhande, rook))
    assert len(first) == len(second) == 48
    circuit, sums = side_by_side(first, second, 16)
    networks = cone_networks(32, fixed_gates(circuit), list(products_of(sums)))
    assert len(networks.cones) == 2


# What is told of a cone


@settings(max_examples=25)
@given(circuit=mixed_circuits(max_qubits=7, max_operations=25), data=st.data())
def test_the_circuit_of_a_cone_has_its_value(circuit, data):
    observable = data.draw(observables(circuit.num_qubits, max_terms=5))
    products = list(products_of([observable]))
    networks = cone_networks(circuit.num_qubits, fixed_gates(circuit), products)
    for number, cone in enumerate(networks.cones):
        member = int(np.flatnonzero(networks.cone_of == number)[0])
        letters, gates = networks.circuit_of_cone(number)
        part = Circuit(circuit.num_qubits, [circuit.operations[gate] for gate in sorted(gates)])
        product = Observable.from_terms([(tuple((q, "IXYZ"[letter]) for q, letter in letters), 1.0)])
        whole = Observable.from_terms([(products[member], 1.0)])
        found = networks.signs[member] * value_by_state_vector(part, product)
        assert found == pytest.approx(value_by_state_vector(circuit, whole), abs=1e-11)
        assert cone.num_qubits == len({qubit for step in part for qubit in step.qubits} | {q for q, k in letters if k})


@settings(max_examples=25)
@given(circuit=mixed_circuits(max_qubits=7, max_operations=25), data=st.data())
def test_shapes_fit_the_elements_of_their_cones(circuit, data):
    observable = data.draw(observables(circuit.num_qubits, max_terms=5))
    networks = networks_of(circuit, observable)
    lengths = np.diff(networks.tensors.starts)
    assert len(networks.tensors.table(np.zeros(0))) == networks.tensors.starts[-1]
    for cone in networks.cones:
        shape = networks.shapes[cone.shape]
        assert [2 ** len(term) for term in shape.inputs] == lengths[cone.sources].tolist()
        assert set(shape.sizes) <= {2}
        assert {index for term in shape.inputs for index in term} == set(range(shape.num_indices))
    flat = sorted(itertools.chain.from_iterable(networks.cones_of_shape))
    assert flat == list(range(len(networks.cones)))
