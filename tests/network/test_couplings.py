"""Couplings written as CX, rotation, CX become diagonal gates; expectation values stay the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import taizhang as tz
from taizhang.network.cone_tensors import Angle, GateRecipe
from taizhang.network.cones import cone_networks, fixed_gates
from taizhang.network.couplings import merge_couplings


@st.composite
def circuits_with_couplings(draw):
    """Circuits of CX, rotations about z and gates that break couplings, so that some close and others do not."""
    circuit = tz.Circuit(4)
    for qubit in range(4):
        circuit = circuit.ry(qubit, 0.4 + qubit)
    for _ in range(draw(st.integers(3, 25))):
        name = draw(st.sampled_from(["cx", "cx", "cx", "rz", "rz", "p", "t", "sdg", "h", "rzz", "rx"]))
        first, second = draw(st.permutations(range(4)))[:2]
        if name == "cx":
            circuit = circuit.cx(first, second)
        elif name == "rzz":
            circuit = circuit.append("rzz", first, second, parameters=[0.7])
        elif name in ("rz", "p", "rx"):
            circuit = circuit.append(name, first, parameters=[draw(st.floats(-3, 3))])
        else:
            circuit = circuit.append(name, first)
    return circuit


@settings(max_examples=60)
@given(circuit=circuits_with_couplings(), letters=st.lists(st.sampled_from("IXYZ"), min_size=4, max_size=4))
def test_expectation_values_stay_the_same(circuit, letters):
    product = tuple((qubit, letter) for qubit, letter in enumerate(letters) if letter != "I")
    observable = tz.Observable.from_terms([(product, 1.0)])
    state = tz.state_vector(circuit, dtype="complex128").reshape((2,) * 4)
    matrices = {
        "X": np.array([[0, 1], [1, 0]]), "Y": np.array([[0, -1j], [1j, 0]]), "Z": np.diag([1, -1])
    }  # fmt: skip
    moved = state
    for qubit, letter in product:
        moved = np.moveaxis(np.tensordot(matrices[letter], moved, axes=(1, qubit)), 0, qubit)
    wanted = np.vdot(state, moved).real
    assert tz.expectation(circuit, observable, dtype="complex128") == pytest.approx(wanted, abs=1e-12)


def test_a_coupling_becomes_one_diagonal_gate_and_keeps_its_parameter():
    cx = GateRecipe("x", 1)
    rotation = GateRecipe("rz", 0, (Angle(0.0, ((3, 2.0),)),))
    merged = merge_couplings([(cx, (0, 1)), (rotation, (1,)), (GateRecipe("t", 0), (0,)), (cx, (0, 1))])
    assert merged == [(rotation._replace(name="rzz"), (0, 1)), (GateRecipe("t", 0), (0,))]


@pytest.mark.parametrize(
    "between",
    [
        [("h", (0,))],
        [("h", (1,))],
        [("x", (0,))],
        [("rz", (1,)), ("rz", (1,))],
    ],
)
def test_gates_that_do_not_commute_keep_a_coupling_apart(between):
    cx = (GateRecipe("x", 1), (0, 1))
    gates = [cx, *((GateRecipe(name, 0, (Angle(0.3),) if name == "rz" else ()), where) for name, where in between)]
    gates += [(GateRecipe("rz", 0, (Angle(0.5),)), (1,)), cx]
    assert merge_couplings(gates) == gates


def test_cones_of_couplings_are_those_of_diagonal_gates():
    ring = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)]
    written, diagonal = (tz.Circuit(5) for _ in range(2))
    for qubit in range(5):
        written, diagonal = written.h(qubit), diagonal.h(qubit)
    for first, second in ring:
        written = written.cx(first, second).rz(second, 0.4).cx(first, second)
        diagonal = diagonal.append("rzz", first, second, parameters=[0.4])
    for qubit in range(5):
        written, diagonal = written.rx(qubit, 0.9), diagonal.rx(qubit, 0.9)
    products = [((first, "Z"), (second, "Z")) for first, second in ring]
    shapes = [cone_networks(5, fixed_gates(each), products).shapes for each in (written, diagonal)]
    assert shapes[0] == shapes[1]
