"""Drawings of circuits: nothing overlaps, what is left out is noted, and sizes are bounded."""

from __future__ import annotations

import math
import time
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taizhang.circuit.circuit import Circuit
from taizhang.circuit.gates import gate, unitary_gate
from taizhang.circuit.operation import Operation
from taizhang.circuit.random_circuits import sycamore_circuit
from taizhang.errors import UsageError
from taizhang.plots.circuit_columns import arrange
from taizhang.plots.circuit_drawing import html
from taizhang.plots.circuit_symbols import angle_text, symbols

NO_LIMITS = {"most_qubits": 1000, "most_columns": 1000, "most_operations": 1000}


@st.composite
def circuits(draw: st.DrawFn) -> Circuit:
    num_qubits = draw(st.integers(1, 6))
    circuit = Circuit(num_qubits)
    for _ in range(draw(st.integers(0, 12))):
        size = draw(st.integers(0, min(3, num_qubits)))
        qubits = draw(st.permutations(range(num_qubits)))[:size]
        name, num_angles = [("gphase", 1), ("rz", 1), ("fsim", 2), ("ccx", 0)][size]
        circuit = circuit.append(name, *qubits, *draw(st.tuples(*[st.floats(-4, 4)] * num_angles)))
    return circuit


@given(circuits())
def test_operations_keep_their_order_and_do_not_touch(circuit):
    drawn = arrange(circuit, **NO_LIMITS)
    shown = [operation for column in drawn.columns for operation in column]
    assert sorted(map(repr, shown)) == sorted(repr(step) for step in circuit if step.qubits)
    for qubit in range(circuit.num_qubits):
        on_qubit = [operation for operation in shown if qubit in operation.qubits]
        assert on_qubit == [step for step in circuit if qubit in step.qubits]
    for column in drawn.columns:
        rows = [row for step in column for row in range(min(step.qubits), max(step.qubits) + 1)]
        assert len(rows) == len(set(rows))
    assert drawn.hidden_operations == 0
    assert drawn.phase == pytest.approx(sum(step.gate.parameters[0] for step in circuit if not step.qubits))


@given(circuits(), st.integers(1, 4), st.integers(1, 5), st.integers(1, 8))
def test_what_is_shown_is_a_beginning_of_the_circuit(circuit, qubits, columns, operations):
    drawn = arrange(circuit, most_qubits=qubits, most_columns=columns, most_operations=operations)
    shown = [operation for column in drawn.columns for operation in column]
    for qubit in range(drawn.rows):
        on_qubit = [operation for operation in shown if qubit in operation.qubits]
        assert on_qubit == [step for step in circuit if qubit in step.qubits][: len(on_qubit)]
    phases = len(circuit) - drawn.hidden_operations - len(shown)
    assert 0 <= phases <= sum(not step.qubits for step in circuit)
    assert len(shown) <= operations
    assert drawn.hidden_qubits == max(circuit.num_qubits - qubits, 0)


@given(circuits(), st.integers(20, 90))
def test_text_fits_the_width_and_shows_each_gate(circuit, width):
    text = circuit.draw(width=width)
    assert all(len(line) <= width for line in text.splitlines())
    controls = sum(step.gate.num_controls for step in circuit)
    assert text.count("●") == controls
    assert text.count("X") == sum(step.gate.label == "ccx" for step in circuit)


@given(circuits())
def test_an_svg_is_well_formed_and_names_each_gate(circuit):
    root = ElementTree.fromstring(circuit.draw("svg"))
    titles = [element.text for element in root.iter() if element.tag.endswith("title")]
    assert sorted(titles) == sorted(repr(step) for step in circuit if step.qubits)


def test_symbols_of_gates():
    def shown(name: str, *angles: float) -> tuple[str, ...]:
        chosen = gate(name, *angles)
        return symbols(Operation(chosen, tuple(range(chosen.num_qubits))))

    assert shown("cz") == ("●", "●")
    assert shown("cswap") == ("●", "×", "×")
    assert shown("c3x") == ("●", "●", "●", "⊕")
    assert shown("crz", math.pi / 2) == ("●", "Rz(π/2)")
    assert shown("sdg") == ("S†",)
    assert shown("fsim", 1.5, math.pi / 6) == ("fSim(1.5,π/6)", "fSim")
    assert shown("dcx") == ("DCX:0", "DCX:1")
    assert shown("x") == ("X",)


@pytest.mark.parametrize("numerator", [-7, -2, -1, 1, 3, 5])
@pytest.mark.parametrize("denominator", [1, 2, 3, 4, 8, 16])
def test_fractions_of_pi_are_recognised(numerator, denominator):
    text = angle_text(math.pi * numerator / denominator)
    top, _, bottom = text.partition("/")
    value = {"π": 1, "-π": -1}.get(top) or int(top.removesuffix("π"))
    assert value / int(bottom or 1) == pytest.approx(numerator / denominator)
    assert "π" not in angle_text(math.pi * numerator / denominator + 1e-3)


def test_controls_and_crossings_are_drawn():
    circuit = Circuit(4).h(0).ccx(0, 3, 1).swap(2, 3).cz(0, 1)
    assert circuit.draw(width=40).splitlines() == [
        "0: ─H─●─●─",
        "      │ │",
        "1: ───X─●─",
        "      │",
        "2: ───┼─×─",
        "      │ │",
        "3: ───●─×─",
    ]


def test_large_circuits_say_what_is_left_out():
    circuit = sycamore_circuit(53, cycles=20, seed=1)
    text = str(circuit)
    assert len(text.splitlines()) < 300
    drawn = arrange(circuit, most_qubits=20, most_columns=40, most_operations=1_000)
    assert text.splitlines()[-1] == f"… {drawn.hidden_operations:,} more operations, 33 more qubits"
    svg = circuit.draw("svg")
    assert svg.count("<title>") == len(circuit)
    assert "more" not in svg
    assert len(svg) < 1_000_000


def test_drawings_are_bounded():
    steps = [Operation(gate("cx"), (k % 299, (k % 299) + 1)) for k in range(100_000)]
    circuit = Circuit(300, steps)
    for draw in (str, lambda circuit: circuit.draw("svg"), lambda circuit: circuit.draw(), html):
        started = time.process_time()
        drawing = draw(circuit)
        assert len(drawing) < 4_000_000
        assert "more operations" in drawing
        assert time.process_time() - started < 5


def test_names_cannot_become_markup():
    evil = unitary_gate([[0, 1], [1, 0]], name='<script>\n&\x00"')
    circuit = Circuit(2).append(evil, 0).append(evil.controlled(), 0, 1)
    for drawing in (circuit.draw("svg"), circuit._repr_html_()):
        assert "<script" not in drawing
        ElementTree.fromstring(drawing)
    assert len(str(circuit).splitlines()) == 3


def test_empty_circuits_are_drawn():
    assert str(Circuit(0)) == "(no qubits)"
    assert str(Circuit(0).gphase(0.5)) == "(no qubits)\nglobal phase 0.5"
    assert str(Circuit(1)) == "0: ─"
    for circuit in (Circuit(0), Circuit(2), Circuit(0).gphase(1)):
        ElementTree.fromstring(circuit.draw("svg"))


def test_a_drawing_shows_itself():
    circuit = Circuit(1).h(0)
    assert repr(circuit.draw()) == "0: ─H─"
    svg = circuit.draw("svg")
    assert svg._repr_svg_() == svg
    assert repr(svg).startswith("<SVG of")
    assert f"{circuit}" == "0: ─H─"


def test_the_width_is_that_of_the_terminal(monkeypatch):
    circuit = Circuit(1)
    for _ in range(60):
        circuit = circuit.h(0)
    monkeypatch.setenv("COLUMNS", "50")
    assert max(map(len, circuit.draw().splitlines())) <= 50
    monkeypatch.setenv("COLUMNS", "200")
    assert len(circuit.draw().splitlines()) == 1


def test_wrong_arguments_are_reported():
    with pytest.raises(UsageError, match="kind must be 'text' or 'svg', got 'png'"):
        Circuit(1).draw("png")
    with pytest.raises(UsageError, match="width must be at least 20, got 3"):
        Circuit(1).draw(width=3)
