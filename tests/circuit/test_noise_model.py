"""Noise models, and circuits with measurements, resets and conditions."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

import taizhang as tz
from taizhang import channels
from taizhang.circuit.classical import Conditional, Measure
from taizhang.circuit.condition import AllOf, Compare, Parity
from taizhang.circuit.noise_model_file import content_of, noise_model_of

MODEL = (
    tz.NoiseModel()
    .after("cx", channels.depolarizing2(0.01))
    .before("cx", channels.bit_flip(0.02), qubits=[0, 1])
    .after("h", channels.thermal_relaxation(20e-9, 30e-6, 20e-6), qubits=[0, 3])
    .before_measurement(channels.bit_flip(0.01))
    .after_reset(channels.bit_flip(0.03))
    .readout(0.01, 0.02, qubits=[0])
    .idle(channels.phase_damping, rate=1 / 60e-6, durations={"cx": 40e-9})
    .crosstalk("cz", tz.gate("rzz", 0.12))
    .after("x", channels.kraus([np.eye(2) * 0.8, np.diag([0.6, -0.6])]))
)


def names(circuit):
    return [(step.action.label, step.qubits) for step in circuit.operations]


def test_channels_are_put_where_the_rules_say():
    circuit = tz.Circuit(3, bits=2).h(0).h(1).cx(0, 1).cx(1, 2).cz(0, 1).reset(2).measure([0, 1], "c")
    noisy = MODEL.apply(circuit)
    assert noisy.registers == circuit.registers
    assert names(noisy) == [
        ("h", (0,)),
        ("thermal_relaxation", (0,)),
        ("h", (1,)),
        ("bit_flip", (0,)),
        ("bit_flip", (1,)),
        ("cx", (0, 1)),
        ("depolarizing2", (0, 1)),
        ("phase_damping", (2,)),
        ("cx", (1, 2)),
        ("depolarizing2", (1, 2)),
        ("phase_damping", (0,)),
        ("cz", (0, 1)),
        ("coherent_rzz", (0, 1)),
        ("reset", (2,)),
        ("bit_flip", (2,)),
        ("bit_flip", (0,)),
        ("measure", (0,)),
        ("bit_flip", (1,)),
        ("measure", (1,)),
    ]
    measurements = [step.action for step in noisy.operations if isinstance(step.action, Measure)]
    assert measurements[0].readout == tz.readout(0.01, 0.02)
    assert measurements[1].readout is None
    waited = next(step.action for step in noisy.operations if step.action.label == "phase_damping")
    assert waited.parameters[0] == pytest.approx(1 - np.exp(-40e-9 / 60e-6))


def test_it_walks_into_conditions():
    circuit = tz.Circuit(2, bits=1).measure(0, "c").append("cx", 0, 1, when="c").measure(1, "c", when="c")
    noisy = tz.NoiseModel().after("cx", channels.depolarizing2(0.1)).readout(0.1, 0.1).apply(circuit)
    assert all(isinstance(step.action, Conditional) for step in noisy.operations[1:])
    assert noisy.operations[2].action.action == channels.depolarizing2(0.1)
    assert noisy.operations[3].action.action.readout is not None


@pytest.mark.parametrize(
    ("model", "circuit", "said"),
    [
        (
            tz.NoiseModel().after("cx", channels.bit_flip(0.1)),
            tz.Circuit(2).cz(0, 1),
            "the noise model is about cx, but nothing of that occurs in the circuit.*the circuit has cz; name",
        ),
        (tz.NoiseModel().readout(0.1, 0.1), tz.Circuit(1).h(0), "about measurements, but nothing of that occurs"),
        (
            tz.NoiseModel().after("h", channels.depolarizing2(0.1)),
            tz.Circuit(1).h(0),
            "'depolarizing2' acts on 2 qubits, but 'h' on 1; give a channel on as many, or on one",
        ),
    ],
)
def test_models_that_do_not_fit_are_refused(model, circuit, said):
    with pytest.raises(tz.CircuitError, match=said):
        model.apply(circuit)


def test_a_file_holds_the_same_model(tmp_path):
    path = tmp_path / "model.json"
    tz.write_noise_model(MODEL, path)
    read = tz.read_noise_model(path)
    assert read.readouts == MODEL.readouts
    assert read.idles == MODEL.idles
    assert sorted(map(repr, read.rules)) == sorted(map(repr, MODEL.rules))
    assert content_of(read) == content_of(MODEL) == json.loads(path.read_text())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, 'it must be an object with "version": 1'),
        ({"version": 2}, '"version": 1'),
        ({"version": 1, "while": []}, "unknown key 'while'"),
        ({"version": 1, "after": {}}, "'after' must be a list of objects"),
        ({"version": 1, "after": [{"gate": "x", "channel": ["no_such", 0.1]}]}, "there is no channel 'no_such'"),
        ({"version": 1, "after": [{"gate": "x", "channel": ["bit_flip", 2]}]}, "must be a probability"),
        ({"version": 1, "after": [{"gate": "x", "channel": ["bit_flip", 0.1, 0.1, 0.2]}]}, "does not take 3 numbers"),
        ({"version": 1, "after": [{"gate": "x", "channel": ["bit_flip", "0.1"]}]}, "a list of a name and numbers"),
        ({"version": 1, "after": [{"gate": 3, "channel": ["bit_flip", 0.1]}]}, "'gate' must be the name of a gate"),
        ({"version": 1, "after": [{"gate": "x", "channel": ["kraus", [[1, 0]]]}]}, "matrices of pairs"),
        ({"version": 1, "after": [{"gate": "x", "qubits": 3, "channel": ["bit_flip", 0.1]}]}, "qubits must be a list"),
        ({"version": 1, "readout": [{"p01": 0.1}]}, "'p10' must be a number"),
    ],
)
def test_wrong_files_are_told_in_a_sentence(content, said, tmp_path):
    with pytest.raises(tz.CircuitError, match=said):
        noise_model_of(content)
    path = tmp_path / "model.json"
    path.write_text(json.dumps(content))
    with pytest.raises(tz.CircuitError, match=r"the noise model '.*model\.json': "):
        tz.read_noise_model(path)


def test_bits_and_conditions_are_read_from_text():
    circuit = tz.Circuit(1, bits={"a": 2, "b": 3})
    read = circuit.registers.read_condition
    assert read("b[1]") == Compare((3,), "!=", 0)
    assert read("!a[0]") == Compare((0,), "==", 0)
    assert read("b == 5") == read(("b", 5)) == Compare((2, 3, 4), "==", 5)
    assert read("b >= 2") == Compare((2, 3, 4), ">=", 2)
    assert read("a[0] ^ b[0]") == Parity((0, 2))
    assert read("a[0] and b < 3") == AllOf((Compare((0,), "!=", 0), Compare((2, 3, 4), "<", 3)))
    either = read("a[0] or b[2]")
    assert [either.holds(record) for record in ((0, 0, 0, 0, 0), (1, 0, 0, 0, 0), (0, 0, 0, 0, 1))] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: tz.Circuit(1).measure(0, "c"), "has no register 'c'; its registers are none"),
        (lambda: tz.Circuit(1, bits=2).measure(0, "c[2]"), "register 'c' has 2 bits, numbered from 0; there is no c"),
        (lambda: tz.Circuit(2, bits=2).measure(0, "c"), "1 qubit cannot be measured into 2 bits; give as many"),
        (lambda: tz.Circuit(1, bits=1).measure(3, "c"), "was given qubit 3"),
        (lambda: tz.Circuit(1, bits=1).append("x", 0, when="d"), "has no register 'd'"),
        (lambda: tz.Circuit(1, bits=1).append("x", 0, when=("c", -1)), "compared with a whole number from 0"),
        (lambda: tz.Circuit(1, bits=1).append("x", 0, when=3.5), "a condition is text such as"),
        (lambda: tz.Circuit(1, bits={"c": 0}), "must have a whole number of bits from 1"),
        (lambda: tz.Circuit(1, bits={"2c": 1}), "the name of a register must be a word"),
        (lambda: tz.Circuit(1, bits="c"), "bits must be names of registers with their sizes"),
        (lambda: tz.Circuit(1, bits={"c": 10**7}), "at most 1000000 are allowed"),
        (lambda: tz.Circuit(1, [tz.Operation(Measure(0), (0,))]), "uses bit 0; the circuit has 0 bits"),
        (lambda: tz.Circuit(1, bits=1).measure(0, "c").inverse(), "'measure' is not a gate"),
        (lambda: tz.amplitude(tz.Circuit(1).reset(0), "0"), "'reset' is not a gate.*probability and expectation"),
    ],
)
def test_what_does_not_fit_is_refused(build, said):
    with pytest.raises((tz.CircuitError, tz.SizeLimitError), match=said):
        build()


def test_circuits_with_bits_are_joined_moved_and_kept():
    first = tz.Circuit(2, bits={"a": 1, "b": 2}).measure(0, "b[1]")
    second = tz.Circuit(2, bits={"c": 1, "b": 2}).append("x", 1, when="b[1]").measure(1, "c")
    both = first + second
    assert list(both.registers) == [("a", 1), ("b", 2), ("c", 1)]
    assert both.operations[1].action.condition.bits == (2,)
    assert both.operations[2].action.bit == 3
    assert pickle.loads(pickle.dumps(both)) == both  # noqa: S301
    assert both != tz.Circuit(2, both.operations, bits=4)
    assert both[1:].registers == both.registers
    with pytest.raises(tz.CircuitError, match="register 'b' has 2 bits in one circuit and 3 in the other"):
        first + tz.Circuit(2, bits={"b": 3}).measure(0, "b[0]")
    moved = first.on_qubits([2, 0], num_qubits=3)
    assert moved.operations[0].qubits == (2,)
    assert "M→bit 2" in str(first)
    assert "X if bit 2 != 0" in str(both)
    assert "if bit 2" in both.draw("svg")


def test_inspection_tells_what_is_beside_gates():
    report = tz.inspect(MODEL.apply(tz.Circuit(2, bits=1).h(0).cx(0, 1).measure(0, "c")))
    assert report.channels["depolarizing2"] == 1
    assert report.num_bits == 1
    assert report.expected_faults == pytest.approx(0.01 + 2 * 0.02 + 0.01, abs=2e-3)
    assert "0.06067 expected faults" in str(report)
    assert "channels" in report.to_dict()
    assert "channels" not in tz.inspect(tz.Circuit(1).h(0)).to_dict()
