"""Exact decoding, against the whole table of syndromes and observables."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import numpy as np
import pymatching
import pytest
import sinter
import stim
from hypothesis import given
from hypothesis import strategies as st
from tests.shared_data import needs_shared_data, shared_path

import taizhang as tz
from taizhang.adapters.sinter import SinterDecoder, sinter_decoders
from taizhang.tasks.detector_sweep import DetectorSweep


def table(model):
    """P(syndrome, observables), shape (2**detectors, 2**observables), detector 0 the slowest; all terms positive."""
    count = model.num_detectors + model.num_observables
    found = np.zeros(2**count)
    found[0] = 1
    every = np.arange(2**count)
    for probability, detectors, observables in model.errors:
        flips = [*detectors, *(model.num_detectors + each for each in observables)]
        mask = sum(1 << (count - 1 - place) for place in flips)
        found = (1 - probability) * found + probability * found[every ^ mask]
    return found.reshape(2**model.num_detectors, 2**model.num_observables)


def all_syndromes(count):
    return (np.arange(2**count)[:, np.newaxis] >> np.arange(count)[::-1] & 1).astype(bool)


@st.composite
def models(draw):
    detectors, observables = draw(st.integers(0, 6)), draw(st.integers(0, 2))
    count = detectors + observables
    probability = st.one_of(st.sampled_from([0.0, 0.5, 1.0, 1e-9, 0.9]), st.floats(0.001, 0.3))
    errors = draw(
        st.lists(st.tuples(probability, st.sets(st.integers(0, max(count - 1, 0)), max_size=count)), max_size=9)
    )
    return tz.DetectorModel(
        num_detectors=detectors,
        num_observables=observables,
        errors=tuple(
            tz.DetectorError(
                p,
                tuple(sorted(each for each in flips if each < detectors)),
                tuple(sorted(each - detectors for each in flips if detectors <= each < count)),
            )
            for p, flips in errors
        ),
    )


@given(models(), st.sampled_from(["network", "sweep", "auto"]))
def test_probabilities_are_those_of_the_table(model, method):
    decoder = tz.Decoder(model, method=method, threads=1)
    expected = table(model)
    found = decoder.probabilities(all_syndromes(model.num_detectors)).reshape(expected.shape)
    if method == "network":
        np.testing.assert_allclose(found, expected, atol=1e-15)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=0)
    assert found.sum() == pytest.approx(1)


@given(models())
def test_the_most_probable_values_are_chosen(model):
    decoder = tz.Decoder(model, threads=1)
    syndromes, expected = all_syndromes(model.num_detectors), table(model)
    found = decoder.decode_with_posteriors(syndromes)
    weights = 1 << np.arange(model.num_observables - 1, -1, -1)
    chosen = found.predictions @ weights if model.num_observables else np.zeros(len(syndromes), dtype=int)
    highest, total = expected.max(axis=1), expected.sum(axis=1)
    np.testing.assert_allclose(expected[np.arange(len(expected)), chosen], highest, rtol=1e-8)
    possible = total > 0
    np.testing.assert_allclose(found.posteriors[possible], (highest / np.maximum(total, 1e-300))[possible], rtol=2e-3)
    assert (found.posteriors[~possible] == 0).all()
    # Of equal ones the first is taken, so that the choice depends on nothing else.
    first = np.argmax(expected >= expected.max(axis=1, keepdims=True) * (1 - 1e-12), axis=1)
    np.testing.assert_array_equal(chosen[possible], first[possible])


def surface(distance, rounds, p):
    circuit = stim.Circuit.generated(
        "surface_code:rotated_memory_z",
        distance=distance,
        rounds=rounds,
        after_clifford_depolarization=p,
        before_measure_flip_probability=p,
        after_reset_flip_probability=p,
    )
    return circuit, circuit.detector_error_model()


def test_improbable_syndromes_are_exact():
    _, dem = surface(3, 2, 0.0005)
    decoder, expected = tz.Decoder(dem), table(tz.DetectorModel.of(dem))
    rows = np.random.default_rng(1).permutation(len(expected))[:3000]
    rows[0] = np.argmin(np.where(expected.max(axis=1) > 0, expected.max(axis=1), 1))
    syndromes = all_syndromes(dem.num_detectors)[rows]
    assert expected[rows].max(axis=1).min() < 1e-13
    np.testing.assert_allclose(decoder.probabilities(syndromes), expected[rows], rtol=1e-9)
    found = decoder.decode_with_posteriors(syndromes)
    assert found.swept > 0
    assert not found.unsure.any()
    network = tz.Decoder(dem, method="network").decode_with_posteriors(syndromes)
    assert network.unsure.sum() >= found.swept


def test_shots_of_a_surface_code():
    circuit, dem = surface(3, 3, 0.01)
    shots, truth = circuit.compile_detector_sampler(seed=3).sample(4000, separate_observables=True)
    found = tz.Decoder(dem).decode_with_posteriors(shots)
    failures = (found.predictions != truth).mean()
    matching = pymatching.Matching(circuit.detector_error_model(decompose_errors=True))
    assert failures <= (matching.decode_batch(shots) != truth).mean()
    # The mean posterior error is the rate, without the scatter of counting.
    assert failures == pytest.approx(found.mean_posterior_error, abs=4 * np.sqrt(found.mean_posterior_error / 4000))
    swept = tz.Decoder(dem, method="sweep").decode_with_posteriors(shots)
    np.testing.assert_allclose(found.posteriors, swept.posteriors, rtol=1e-3)
    np.testing.assert_array_equal(found.predictions, swept.predictions)


def test_a_second_list_searches_no_plan():
    circuit, dem = surface(3, 2, 0.01)
    shots = circuit.compile_detector_sampler(seed=3).sample(600)
    decoder = tz.Decoder(dem, method="network")
    decoder.decode(shots[:300])
    searches = decoder.kept.searches
    assert searches > 0
    decoder.decode(shots[290:590])
    assert decoder.kept.searches == searches


def test_shapes():
    model = tz.DetectorModel.from_text("error(0.1) D0 L0\nerror(0.2) D1 L1\nerror(0.1) D0 D1")
    decoder = tz.Decoder(model)
    assert decoder.decode([1, 0]).tolist() == [True, False]
    assert decoder.decode(np.zeros((0, 2))).shape == (0, 2)
    assert decoder.decode([[1, 0], [1, 0], [0, 0]]).shape == (3, 2)
    assert decoder.probabilities([1, 0]).shape == (2, 2)
    assert decoder.probabilities([[1, 0], [0, 0], [1, 0]]).shape == (3, 2, 2)
    assert decoder.probabilities(np.zeros((0, 2), dtype=bool)).shape == (0, 2, 2)
    assert repr(decoder) == "<Decoder of <DetectorModel: 2 detectors, 2 observables, 3 errors>>"


@pytest.mark.parametrize("text", ["", "detector D3", "logical_observable L1", "error(0.5) L0\nerror(0.1) D0 L0"])
@pytest.mark.parametrize("method", ["auto", "network", "sweep"])
def test_models_with_next_to_nothing(text, method):
    model = tz.DetectorModel.from_text(text)
    found = tz.Decoder(model, method=method).decode_with_posteriors(all_syndromes(model.num_detectors))
    assert found.predictions.shape == (2**model.num_detectors, model.num_observables)
    assert found.probabilities.sum() == pytest.approx(1)


def test_errors_that_flip_very_much():
    everything = " ".join(f"D{k}" for k in range(40))
    model = tz.DetectorModel.from_text(f"error(0.2) {everything} L0\nerror(0.01) D0 D39\nerror(0.01) D5")
    all_but_one = np.ones(40, dtype=bool)
    all_but_one[5] = False
    np.testing.assert_allclose(tz.Decoder(model).probabilities(all_but_one), [0, 0.2 * 0.99 * 0.01], rtol=1e-12)


def test_what_does_not_fit_is_refused():
    model = tz.DetectorModel.from_text("error(0.1) D0 D1 L0")
    decoder = tz.Decoder(model)
    with pytest.raises(tz.UsageError, match=r"a bit for each of the 2 detectors, shape \(shots, 2\), got shape \(3,\)"):
        decoder.decode([0, 1, 0])
    with pytest.raises(tz.UsageError, match="zeros and ones, got other values"):
        decoder.decode([0, 2])
    with pytest.raises(tz.UsageError, match="arrays of zeros and ones"):
        decoder.decode(["a", "b"])
    with pytest.raises(tz.UsageError, match="method must be auto, network or sweep, got 'fast'"):
        tz.Decoder(model, method="fast")
    with pytest.raises(tz.UsageError, match="dtype"):
        tz.Decoder(model, dtype="complex64")
    with pytest.raises(tz.ProblemError, match="a decoder takes a detector error model"):
        tz.Decoder(3)
    with pytest.raises(tz.ProblemError, match="must be from 0 to 1, got 2"):
        tz.DetectorModel(1, 0, (tz.DetectorError(2, (0,), ()),))
    with pytest.raises(tz.ProblemError, match="flips a detector that is not one of the 1"):
        tz.DetectorModel(1, 0, (tz.DetectorError(0.2, (1,), ()),))


def test_a_sweep_that_is_too_wide_is_refused():
    circuit, dem = surface(5, 5, 0.01)
    model = tz.DetectorModel.of(dem)
    sweep = DetectorSweep.of(model)
    assert 20 <= sweep.order.width <= 30
    shots = circuit.compile_detector_sampler(seed=3).sample(1)
    with pytest.raises(tz.TimeLimitError, match="predicted to take"):
        tz.Decoder(model, method="sweep", time_limit="1s").decode(shots)
    with pytest.raises(tz.MemoryLimitError, match="allow more memory"):
        tz.Decoder(model, method="sweep", memory="400MB").decode(shots)


def test_runs_in_a_folder(tmp_path):
    circuit, dem = surface(3, 2, 0.01)
    syndromes = np.unique(circuit.compile_detector_sampler(seed=3).sample(50), axis=0)
    decoder = tz.Decoder(dem, method="network")
    found = decoder.run(syndromes, tmp_path / "run")
    np.testing.assert_allclose(found, decoder.probabilities(syndromes), atol=1e-15)
    assert tz.verify(tmp_path / "run").same_bits
    with pytest.raises(tz.UsageError, match="all different"):
        decoder.run(syndromes[[0, 0]], tmp_path / "other")


def test_sinter_takes_it(tmp_path):
    circuit, _ = surface(3, 1, 0.01)
    task = sinter.Task(circuit=circuit, json_metadata={"d": 3})
    decoders = sinter_decoders()
    assert isinstance(pickle.loads(pickle.dumps(decoders["taizhang"])), SinterDecoder)  # noqa: S301
    compiled = decoders["taizhang"].compile_decoder_for_dem(dem=circuit.detector_error_model())
    shots, truth = circuit.compile_detector_sampler(seed=1).sample(500, bit_packed=True, separate_observables=True)
    ours = compiled.decode_shots_bit_packed(bit_packed_detection_event_data=shots)
    assert (ours != truth).any(axis=1).mean() < 0.05
    stats = sinter.collect(
        num_workers=1, tasks=[task], decoders=["taizhang"], custom_decoders=decoders, max_shots=300, max_errors=300
    )
    assert stats[0].shots == 300


# The command


@pytest.fixture
def files(tmp_path):
    circuit, dem = surface(3, 2, 0.01)
    shots = circuit.compile_detector_sampler(seed=3).sample(200, append_observables=True)
    (tmp_path / "code.dem").write_text(str(dem))
    (tmp_path / "code.stim").write_text(str(circuit))
    bits = {"num_detectors": dem.num_detectors, "num_observables": 1}
    stim.write_shot_data_file(data=shots, path=str(tmp_path / "both.b8"), format="b8", **bits)
    syndromes = shots[:, :-1]
    stim.write_shot_data_file(
        data=syndromes, path=str(tmp_path / "shots.01"), format="01", num_detectors=dem.num_detectors
    )
    return tmp_path, tz.Decoder(dem).decode_with_posteriors(syndromes), shots[:, -1]


def run(*words):
    return subprocess.run(
        [sys.executable, "-m", "taizhang", *map(str, words)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("model", ["code.dem", "code.stim"])
def test_the_command_decodes(model, files):
    folder, expected, truth = files
    done = run("decode", folder / model, folder / "both.b8", "--observables-appended", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [each["observables"] for each in report["predictions"]] == [
        str(int(each[0])) for each in expected.predictions
    ]
    assert report["failures"] == int((expected.predictions[:, 0] != truth).sum())
    assert report["mean_posterior_error"] == pytest.approx(expected.mean_posterior_error, rel=1e-3)
    assert set(report["predictions"][0]) == {"observables", "probability", "posterior"}


def test_the_command_writes_predictions(files):
    folder, expected, _ = files
    done = run("decode", folder / "code.dem", folder / "shots.01")
    assert done.stdout.splitlines() == [str(int(each[0])) for each in expected.predictions]
    assert "200 shots, mean posterior error" in done.stderr
    run("decode", folder / "code.dem", folder / "shots.01", "-o", folder / "out.b8")
    written = stim.read_shot_data_file(path=str(folder / "out.b8"), format="b8", num_observables=1)
    np.testing.assert_array_equal(written, expected.predictions)


def test_the_command_keeps_a_run(files):
    folder, expected, _ = files
    done = run("decode", folder / "code.dem", folder / "shots.01", "--directory", folder / "run")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    found = {row[0]: sum(map(float, row[1:])) for row in rows if set(row[0]) <= {"0", "1"}}
    shots = (folder / "shots.01").read_text().split()
    assert [found[shot] for shot in shots] == pytest.approx(expected.probabilities.tolist(), rel=1e-3)
    status = run("status", folder / "run", "--json")
    assert json.loads(status.stdout)["state"] == "complete"
    refused = run("decode", folder / "code.dem", folder / "shots.01", "--directory", folder / "run2", "-o", "x.01")
    assert "leave out --method and -o" in refused.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("code.dem", "shots.01", "--observables-appended"), "a shot must be"),
        (("none.dem", "both.b8"), "cannot be read"),
        (("code.dem", "none.01"), "cannot be read"),
        (("code.dem", "shots.01", "-o", "missing/out.01"), "missing"),
    ],
)
def test_the_command_refuses_in_one_sentence(words, message, files):
    folder = files[0]
    done = run("decode", *(folder / word if "." in word else word for word in words))
    assert done.returncode in (1, 2)
    assert len(done.stderr.strip().splitlines()) == 1
    assert any(part in done.stderr for part in message.split("|"))


# The reference


@needs_shared_data
@pytest.mark.parametrize(
    ("name", "failures", "mean"), [("rotated_z_d3_r3_p0.01", 519, 533.0), ("rotated_z_d5_r2_p0.01", 250, 258.5)]
)
def test_counts_on_known_shots(name, failures, mean):
    model = tz.read_detector_model(shared_path("noise", f"{name}.dem"))
    both = stim.read_shot_data_file(
        path=str(shared_path("noise", f"{name}.b8")), format="b8", num_detectors=model.num_detectors, num_observables=1
    )
    found = tz.Decoder(model).decode_with_posteriors(both[:, :-1])
    assert (found.predictions[:, 0] != both[:, -1]).sum() == failures
    assert found.mean_posterior_error * len(both) == pytest.approx(mean, abs=0.1)
    assert not found.unsure.any()
