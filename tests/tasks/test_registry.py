"""A question is restored from its JSON form, and malformed ones are refused in one sentence."""

from __future__ import annotations

import json

import numpy as np
import pytest

import taizhang as tz
from taizhang.errors import InputError
from taizhang.runs.run import Workforce, complete_run
from taizhang.runs.start import start_run
from taizhang.settings import Settings
from taizhang.tasks.amplitudes import AmplitudesTask
from taizhang.tasks.contraction import ContractionTask
from taizhang.tasks.cross_entropy import CrossEntropyTask
from taizhang.tasks.decoding import DecodingTask
from taizhang.tasks.expectation import ExpectationTask
from taizhang.tasks.probability import ProbabilityTask
from taizhang.tasks.reduced_state import ReducedStateTask
from taizhang.tasks.registry import ASSEMBLIES, assembly_from_bytes, assembly_to_bytes
from taizhang.tasks.samples import SamplesTask
from taizhang.tasks.solve import solve

CIRCUIT = tz.grid_circuit(3, 3, 12, seed=5)
SAMPLES = tz.sample(CIRCUIT, 40, seed=1, method="state-vector")
NOISY = tz.Circuit(2, bits=2).h(0).append(tz.channels.depolarizing(0.1), 0).cx(0, 1).measure([0, 1], "c")
CODE = tz.DetectorModel.from_text("error(0.1) D0 L0\nerror(0.2) D0 D1\nerror(0.1) D1 L0")
RNG = np.random.default_rng(0)


def chain(output):
    arrays = [RNG.normal(size=(3, 4)), RNG.normal(size=(4, 3)) + 1j]
    return tz.TensorNetwork(list(zip(arrays, ["ab", "bc"], strict=True)), output=output)


TASKS = {
    "amplitudes": AmplitudesTask(circuit=CIRCUIT, bitstrings=("0" * 9, "101010101", "0" * 9)),
    "batches": AmplitudesTask(circuit=CIRCUIT, bitstrings=("x00x00000",), open_qubits=(3, 0)),
    "xeb": CrossEntropyTask(circuit=CIRCUIT, samples=tz.CountedBitstrings.of(SAMPLES, 9)),
    "samples": SamplesTask(circuit=tz.grid_circuit(4, 4, 24, seed=3), shots=30),
    "contraction": ContractionTask(network=chain("ac")),
    "number": ContractionTask(network=chain("")),
    "decoding": DecodingTask(model=CODE, syndromes=np.array([[0, 1], [1, 1], [1, 0]], dtype=bool)),
    "reduced-state": ReducedStateTask(circuit=CIRCUIT, qubits=(4, 2)),
    "expectation": ExpectationTask(circuit=CIRCUIT, observables=(tz.Observable("Z0 Z4 - 2 X3 + 1"), tz.Z(8))),
    "probability": ProbabilityTask(circuit=NOISY, records=(((0, 1), (1, 0)), ((0, 0), (1, 0)), ((1, 1),))),
    "all values": ProbabilityTask(circuit=NOISY, records=tuple(((0, k >> 1), (1, k & 1)) for k in (2, 0, 1, 3))),
    "probabilities": ReducedStateTask(circuit=CIRCUIT, qubits=(4, 2), probabilities=True),
}


def settings():
    return Settings.checked(trials=2, threads=1, memory="4GiB", seed=3)


def numbers(assembly, answer):
    plain = assembly.plain(answer)
    return plain.to_dict() if hasattr(plain, "to_dict") else np.asarray(plain)


def test_every_kind_is_tried_here():
    kinds = {task.prepare(settings()).assembly.kind for task in TASKS.values()}
    assert kinds == set(ASSEMBLIES)


@pytest.mark.parametrize("name", TASKS)
def test_an_assembly_comes_back_from_its_bytes(name):
    assembly = TASKS[name].prepare(settings()).assembly
    again = assembly_from_bytes(assembly_to_bytes(assembly))
    assert again == assembly
    assert assembly.description()


@pytest.mark.parametrize("name", TASKS)
def test_an_answer_is_the_same_here_and_in_a_folder(name, tmp_path):
    task = TASKS[name]
    here = solve(task, settings())
    folder = start_run(tmp_path / "run", task, settings(), piece_seconds=1e-3)
    assembly = folder.assembly()
    before = tz.status(folder.path)
    assert before.state == "waiting"
    str(before), json.dumps(before.to_dict())
    there = complete_run(folder, Workforce(threads=2, memory_bytes=4 << 30))
    one, other = numbers(assembly, here.answer), numbers(assembly, there)
    if isinstance(one, dict):
        assert other == {key: value if value is None else pytest.approx(value, rel=1e-5) for key, value in one.items()}
    else:
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-7)
    after = tz.status(folder.path)
    assert after.state == "complete"
    str(after), json.dumps(after.to_dict())
    verified = tz.verify(folder.path, threads=1)
    assert verified.same_bits
    json.dumps(verified.record)
    assert len(tz.report(folder.path).read_text()) > 1000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[]", "JSON object with a kind"),
        (b"\xff", "JSON object with a kind"),
        (b'{"kind": "riddle"}', "must be one of amplitudes"),
        (b'{"kind": "amplitudes"}', "is damaged"),
        (b'{"kind": "xeb", "num_qubits": "many"}', "is damaged"),
    ],
)
def test_what_is_no_question_is_refused_in_one_sentence(content, message):
    with pytest.raises(InputError, match=message) as error:
        assembly_from_bytes(content)
    assert "\n" not in str(error.value)
