import json
import zipfile

import numpy as np
import pytest

from taizhang.errors import NetworkError
from taizhang.network.network import NetworkShape, TensorNetwork
from taizhang.network.network_file import read_arrays, read_network, write_arrays, write_network

NETWORK = TensorNetwork(
    [(np.arange(6).reshape(2, 3), ("a", "b")), (np.asfortranarray(np.ones((3, 2)) * 1j), ("b", "c")), (2.5, ())],
    ("a", "c"),
)


def test_network_and_arrays_come_back_as_written(tmp_path):
    write_network(NETWORK.shape, tmp_path / "n.json")
    write_arrays(NETWORK, tmp_path / "n.npz")
    shape = read_network(tmp_path / "n.json")
    assert shape == NETWORK.shape
    for read, written in zip(read_arrays(shape, tmp_path / "n.npz").arrays, NETWORK.arrays, strict=True):
        np.testing.assert_array_equal(read, written)


def test_a_network_of_nothing_comes_back_as_written(tmp_path):
    nothing = NetworkShape(inputs=(), output=(), sizes=())
    write_network(nothing, tmp_path / "n.json")
    assert read_network(tmp_path / "n.json") == nothing


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "keys inputs, output and size_dict"),
        ({"inputs": [], "output": []}, "keys inputs, output and size_dict"),
        ({"inputs": {}, "output": [], "size_dict": {}}, "inputs has to be a list"),
        ({"inputs": [["a", 3]], "output": [], "size_dict": {"a": 2}}, r"inputs\[0\] has to be a list of index names"),
        ({"inputs": [], "output": "a", "size_dict": {"a": 2}}, "output has to be a list"),
        ({"inputs": [["a"]], "output": [], "size_dict": {"a": 0}}, "'a' the size 0"),
        ({"inputs": [["a"]], "output": [], "size_dict": {"a": True}}, "'a' the size True"),
        ({"inputs": [["a"]], "output": [], "size_dict": {"a": 10**30}}, r"wanted is 1 to 2\^40"),
        ({"inputs": [["b"]], "output": [], "size_dict": {"a": 2}}, "'b' has no size"),
        ({"inputs": [["a"]], "output": ["a", "a"], "size_dict": {"a": 2}}, "repeated in the output"),
    ],
)
def test_a_file_that_is_no_network_is_refused_with_a_reason(tmp_path, told, sentence):
    path = tmp_path / "n.json"
    path.write_text(told if isinstance(told, str) else json.dumps(told))
    with pytest.raises(NetworkError, match=sentence):
        read_network(path)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ([np.ones((2, 3)), np.ones((3, 2))], "arr_2 is missing"),
        ([np.ones((2, 3)), np.ones((2, 3)), 1.0], "arr_1 has shape"),
        ([np.ones((2, 3)), np.full((3, 2), "x"), 1.0], "arr_1 holds <U1"),
        ([np.ones((2, 3)), np.full((3, 2), None), 1.0], "arr_1 holds object"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_before_they_are_read(tmp_path, arrays, sentence):
    np.savez(tmp_path / "n.npz", *arrays)
    with pytest.raises(NetworkError, match=sentence):
        read_arrays(NETWORK.shape, tmp_path / "n.npz")


def test_an_archive_that_is_none_is_refused(tmp_path):
    (tmp_path / "n.npz").write_bytes(b"not a zip archive")
    with pytest.raises(NetworkError, match=r"not an \.npz archive"):
        read_arrays(NETWORK.shape, tmp_path / "n.npz")


def test_a_header_that_lies_about_its_size_costs_no_memory(tmp_path):
    with zipfile.ZipFile(tmp_path / "n.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "arr_0.npy",
            b"\x93NUMPY\x01\x00v\x00"
            + b"{'descr': '<c16', 'fortran_order': False, 'shape': (2, 3), }".ljust(117)
            + b"\n",
        )
    with pytest.raises(NetworkError, match="arr_0 ends too early"):
        read_arrays(NETWORK.shape, tmp_path / "n.npz")
