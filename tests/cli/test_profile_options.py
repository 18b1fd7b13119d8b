import pytest

import taizhang as tz
from taizhang.execute.profile import Roofline
from taizhang.network.network_file import write_arrays


@pytest.fixture(autouse=True)
def _no_measuring(monkeypatch):
    """Replaces the measurement, which takes a second and has its own tests."""
    roofline = Roofline(flops_per_second=1e11, bytes_per_second=1e10, cached_bytes_per_second=5e10)
    monkeypatch.setattr(Roofline, "measured", lambda threads, dtype: roofline)


@pytest.fixture
def network_files(tmp_path):
    network = tz.AmplitudeNetwork(tz.grid_circuit(3, 3, 8, seed=1))
    arrays, _ = network.arrays_for("0" * 9)
    tz.write_network(network.shape, tmp_path / "n.json")
    write_arrays(tz.TensorNetwork.from_shape(network.shape, arrays), tmp_path / "n.npz")
    return tmp_path / "n.json", tmp_path / "n.npz"


def test_a_profile_follows_the_value(run, network_files):
    done = run("contract", *network_files, "--profile", "--top", 3)
    assert done.status == 0
    value, _, heading = done.out.splitlines()[:3]
    assert value.endswith("i")
    assert "steps, 1 slice" in heading
    tables = done.out.split("\n\n")
    assert len(tables[-1].splitlines()) == 4


def test_a_profile_is_reported_as_json(run, network_files, circuit_file):
    for words in (["contract", *network_files], ["amplitude", circuit_file, "0" * 9, "1" * 9]):
        report = run(*words, "--profile", "--json").json["profile"]
        assert report["total"]["flops"] == sum(step["flops"] for step in report["steps"])
        assert {"roofline", "kinds", "shapes", "seconds"} <= report.keys()
    assert report["slices"] == 1  # both bitstrings in one contraction
    assert "profile" not in run("contract", *network_files, "--json").json


def test_a_profile_is_drawn(run, circuit_file, tmp_path):
    picture = tmp_path / "roofline.png"
    done = run("amplitude", circuit_file, "0" * 9, "--profile", "--plot", picture)
    assert done.status == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--plot", "roofline.png"], "--profile"),
        (["--profile", "--plot", "roofline.docx"], ".png, .svg or .pdf"),
        (["--profile", "--top", "0"], "--top"),
    ],
)
def test_what_cannot_be_drawn_is_reported_before_the_work(run, circuit_file, words, sentence):
    done = run("amplitude", circuit_file, "0" * 9, *words)
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert sentence in done.err
