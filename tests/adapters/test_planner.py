"""Other programs plan with a `Planner`."""

from __future__ import annotations

import pickle
import sys
import warnings

import cotengra
import numpy as np
import opt_einsum
import pytest
from quimb import tensor as quimb

from taizhang.adapters import planner as planner_module
from taizhang.adapters.planner import Planner
from taizhang.errors import MemoryLimitError, MissingPackageError, NetworkError, UsageError

SIDE = 5
SIZES = {(way, row, column): 2 for way in "ud" for row in range(SIDE) for column in range(SIDE)}


def lattice():
    """Indices of a square lattice: one upward and one rightward on each site where there is a neighbour."""
    inputs = []
    for row in range(SIDE):
        for column in range(SIDE):
            around = [("u", row, column), ("u", row - 1, column), ("d", row, column), ("d", row, column - 1)]
            fits = (row < SIDE - 1, row > 0, column < SIDE - 1, column > 0)
            inputs.append(tuple(index for index, there in zip(around, fits, strict=True) if there))
    return inputs


def letters():
    """The lattice with letters for indices, and arrays."""
    letter = {index: chr(ord("a") + k) if k < 26 else chr(ord("A") + k - 26) for k, index in enumerate(SIZES)}
    inputs = ["".join(letter[index] for index in term) for term in lattice()]
    rng = np.random.default_rng(0)
    return inputs, [rng.normal(size=(2,) * len(term)) for term in inputs]


def test_opt_einsum_takes_it_as_an_optimizer():
    inputs, arrays = letters()
    equation = ",".join(inputs) + "->"
    value = opt_einsum.contract(equation, *arrays, optimize=Planner())
    assert value == pytest.approx(opt_einsum.contract(equation, *arrays, optimize="greedy"))
    path, _ = opt_einsum.contract_path(equation, *arrays, optimize=Planner(), memory_limit=2**10)
    assert len(path) == SIDE**2 - 1


def test_cotengra_takes_it_with_its_slices():
    inputs, arrays = letters()
    tree = Planner(width=3, trials=4).search(inputs, "", {index: 2 for term in inputs for index in term})
    assert tree.contraction_width() <= 3
    assert tree.sliced_inds
    value = cotengra.array_contract(arrays, [tuple(term) for term in inputs], (), optimize=Planner(width=3, trials=4))
    assert value == pytest.approx(tree.contract(arrays))
    assert value == pytest.approx(cotengra.array_contract(arrays, [tuple(term) for term in inputs], ()))


def test_quimb_takes_it_for_networks_and_circuits():
    planner = Planner(width=4, trials=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = quimb.TN2D_rand(4, 4, 2, seed=1)
        assert network.contract(optimize=planner) == pytest.approx(network.contract(optimize="greedy"))
        circuit = quimb.Circuit(5)
        for qubit in range(5):
            circuit.h(qubit)
        for qubit in range(4):
            circuit.cz(qubit, qubit + 1)
            circuit.rx(0.3, qubit)
        expected = circuit.amplitude("01101", optimize="greedy")
        assert circuit.amplitude("01101", optimize=planner) == pytest.approx(expected)


def test_a_path_comes_of_any_hashable_indices_in_sequences_or_sets():
    path = Planner(trials=2)(lattice(), (), SIZES)
    assert path == Planner(trials=2)([frozenset(term) for term in lattice()], set(), SIZES)
    assert len(path) == SIDE**2 - 1
    assert all(first < second < SIDE**2 - step for step, (first, second) in enumerate(path))


@pytest.mark.parametrize("limit", [None, -1, float("inf"), 2**12])
def test_a_limit_that_is_no_hindrance_is_obeyed(limit):
    assert len(Planner(trials=1)(lattice(), (), SIZES, memory_limit=limit)) == SIDE**2 - 1


@pytest.mark.parametrize(("given", "limit"), [({}, 8), ({}, "max_input"), ({"width": 2}, None)])
def test_a_limit_that_needs_slices_is_an_error_for_a_path(given, limit):
    with pytest.raises(MemoryLimitError, match="which a path cannot express"):
        Planner(trials=1, **given)(lattice(), (), SIZES, limit)


def test_a_memory_that_the_process_has_passed_already_is_an_error():
    with pytest.raises(MemoryLimitError, match="the program itself needs"):
        Planner(memory="1MB")(lattice(), (), SIZES)


@pytest.mark.parametrize("limit", [0, "max", float("nan")])
def test_a_limit_that_is_none_is_refused(limit):
    with pytest.raises(UsageError, match="memory_limit must be a number"):
        Planner()(lattice(), (), SIZES, limit)


def test_a_network_is_planned_once(monkeypatch):
    searches = []
    original = planner_module.search
    monkeypatch.setattr(planner_module, "search", lambda *a, **k: searches.append(1) or original(*a, **k))
    planner = Planner(trials=1)
    assert planner.plan(lattice(), (), SIZES) is planner.plan(lattice(), (), SIZES)
    assert len(searches) == 1
    planner(lattice(), (), SIZES)
    assert len(searches) == 2  # without slices


def test_small_networks_have_paths():
    assert Planner()([], (), {}) == []
    assert Planner()(["ab"], "a", {"a": 2, "b": 2}) == [(0,)]
    assert Planner()(["ab", "bc"], "ac", {"a": 2, "b": 2, "c": 2}) == [(0, 1)]


def test_a_network_that_is_not_well_formed_is_refused():
    with pytest.raises(NetworkError, match="'b' has no size"):
        Planner()(["ab"], "a", {"a": 2})


def test_options_that_cannot_be_are_refused_at_once():
    with pytest.raises(UsageError, match="give one of them"):
        Planner(plan_time="1s", trials=3)
    with pytest.raises(UsageError, match="width must be a number from 0 to 62"):
        Planner(width=-1)


def test_it_is_shown_and_pickled_as_it_was_made():
    planner = Planner(width=7, seed=3)
    assert repr(planner) == "Planner(width=7, seed=3)"
    assert repr(pickle.loads(pickle.dumps(planner))) == repr(planner)  # noqa: S301


def test_without_cotengra_the_tree_is_not_to_be_had(monkeypatch):
    monkeypatch.setitem(sys.modules, "cotengra", None)
    with pytest.raises(MissingPackageError, match="pip install cotengra"):
        Planner(trials=1).search(lattice(), (), SIZES)
