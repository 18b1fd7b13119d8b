import json
import zipfile

import numpy as np
import pytest

from taizhang.errors import NetworkError, NumericalError
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
    ("content", "sentence"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "keys inputs, output and size_dict"),
        ({"inputs": [], "output": []}, "keys inputs, output and size_dict"),
        ({"inputs": {}, "output": [], "size_dict": {}}, "inputs must be a list"),
        ({"inputs": [["a", 3]], "output": [], "size_dict": {"a": 2}}, r"inputs\[0\] must be a list of index names"),
        ({"inputs": [], "output": "a", "size_dict": {"a": 2}}, "output must be a list"),
        ({"inputs": [["a"]], "output": [], "size_dict": {"a": -1}}, "size of index 'a' must be .* got -1"),
        ({"inputs": [["a"]], "output": [], "size_dict": {"a": True}}, "size of index 'a' must be .* got True"),
        ({"inputs": [["a"]], "output": [], "size_dict": {"a": 10**30}}, r"from 0 to 2\^40"),
        ({"inputs": [["b"]], "output": [], "size_dict": {"a": 2}}, "'b' has no size"),
        ({"inputs": [["a"]], "output": ["a", "a"], "size_dict": {"a": 2}}, "repeated in the output"),
    ],
)
def test_a_file_that_is_no_network_is_refused_with_a_reason(tmp_path, content, sentence):
    path = tmp_path / "n.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(NetworkError, match=sentence):
        read_network(path)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ([np.ones((2, 3)), np.ones((3, 2))], "arr_2 is missing"),
        ([np.ones((2, 3)), np.ones((2, 3)), 1.0], "arr_1 has shape"),
        ([np.ones((2, 3)), np.full((3, 2), "x"), 1.0], "arr_1 must hold numbers, got dtype <U1"),
        ([np.ones((2, 3)), np.full((3, 2), None), 1.0], "arr_1 must hold numbers, got dtype object"),
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


@pytest.mark.parametrize("exponent", [700, -700, 1500, -1500])
def test_a_large_exponent_is_shared_among_the_arrays_written(tmp_path, exponent):
    shape = NetworkShape.from_names(["a", "ab"], "b", {"a": 2, "b": 2})
    network = TensorNetwork.from_shape(shape, [np.array([1.0, 2.0]), np.eye(2)], exponent)
    write_arrays(network, tmp_path / "arrays.npz")
    again = read_arrays(shape, tmp_path / "arrays.npz")
    assert all(np.isfinite(array).all() for array in again.arrays)
    ratio = np.array([np.frexp(abs(array).max())[1] for array in again.arrays]).sum() - 3
    assert ratio == exponent


def test_an_exponent_that_arrays_cannot_absorb_is_refused(tmp_path):
    network = TensorNetwork.from_shape(NetworkShape.from_names(["a"], "a", {"a": 2}), [np.ones(2)], 5000)
    with pytest.raises(NumericalError, match="exponent 5000"):
        write_arrays(network, tmp_path / "arrays.npz")
