"""Network files: the JSON form that planners exchange, and archives of arrays for it.

`{"inputs": [["a","b"],["b","c"]], "output": ["a","c"], "size_dict": {"a":2,"b":2,"c":2}}` is a network without arrays;
`ARRAYS.npz` holds `arr_0`, `arr_1`, … in the order of `inputs`. Both are untrusted: input is checked against
hard limits before memory is allocated, and pickled objects are refused.
"""

from __future__ import annotations

import json
import math
import zipfile
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from taizhang._checks import check_path, check_type
from taizhang._units import human_bytes
from taizhang.errors import NetworkError, NumericalError
from taizhang.network.network import NetworkShape, TensorNetwork, array_shape

MAX_FILE_BYTES = 256 * 2**20
MAX_SIZE = 2**40


def read_network(path: str | PathLike[str]) -> NetworkShape:
    """Reads a network without arrays.

    Args:
        path: A JSON file with `inputs`, `output` and `size_dict`; other keys are ignored.

    Raises:
        NetworkError: The file does not hold a network; the message says why.
        OSError: The file cannot be read.
    """
    if (size := Path(check_path(path)).stat().st_size) > MAX_FILE_BYTES:
        raise NetworkError(
            f"'{path}' has {human_bytes(size)}; a network file has at most {human_bytes(MAX_FILE_BYTES)}"
        )
    try:
        content = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise NetworkError(
            f"'{path}' is not JSON ({error}); it must be an object with the keys inputs, output and size_dict"
        ) from None
    try:
        return _shape_of(content)
    except NetworkError as error:
        raise NetworkError(f"'{path}': {error}") from None


def _shape_of(content: Any) -> NetworkShape:
    if not isinstance(content, dict) or not {"inputs", "output", "size_dict"} <= content.keys():
        raise NetworkError("the file must hold an object with the keys inputs, output and size_dict")
    inputs, output, size_dict = content["inputs"], content["output"], content["size_dict"]
    if not isinstance(size_dict, dict):
        raise NetworkError("size_dict must be an object that gives every index name its size")
    for name, size in size_dict.items():
        if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= MAX_SIZE:
            raise NetworkError(
                f"the size of index '{name[:64]}' must be a whole number from 0 to 2^40, got {str(size)[:32]}"
            )
    if not isinstance(inputs, list):
        raise NetworkError("inputs must be a list with an entry for each tensor")
    for what, term in (*((f"inputs[{number}]", term) for number, term in enumerate(inputs)), ("output", output)):
        if not isinstance(term, list) or not all(isinstance(name, str) for name in term):
            raise NetworkError(f"{what} must be a list of index names")
    return NetworkShape.from_names(inputs, output, size_dict)


def write_network(shape: NetworkShape, path: str | PathLike[str]) -> None:
    """Writes a network without arrays, as `read_network` reads it.

    Args:
        shape: The shape of a network.
        path: The file.

    Raises:
        UsageError: `shape` is not a NetworkShape.
        OSError: The file cannot be written.
    """
    hint = "; give its shape" if isinstance(shape, TensorNetwork) else ""
    check_type(shape, NetworkShape, name="shape", hint=hint)
    names = shape.index_names
    content = {
        "inputs": [[names[index] for index in term] for term in shape.inputs],
        "output": [names[index] for index in shape.output],
        "size_dict": dict(zip(names, shape.sizes, strict=True)),
    }
    Path(path).write_text(json.dumps(content), encoding="utf-8")


def read_arrays(shape: NetworkShape, path: str | PathLike[str]) -> TensorNetwork:
    """Reads the arrays of a network and combines them with its shape.

    The size and type that each array claims are compared with `shape` before memory is allocated for it.

    Args:
        shape: The network.
        path: An `.npz` archive with `arr_0`, `arr_1`, … in the order of the network's tensors.

    Raises:
        NetworkError: The file is not such an archive, or an array is missing or does not fit.
        OSError: The file cannot be read.
    """
    arrays = []
    try:
        with zipfile.ZipFile(path) as archive:
            for number, term in enumerate(shape.inputs):
                expected = array_shape([shape.sizes[index] for index in term])
                arrays.append(_read_array(archive, f"arr_{number}", expected))
    except zipfile.BadZipFile:
        raise NetworkError(f"'{path}' is not an .npz archive, or it is damaged; write one with numpy.savez") from None
    except NetworkError as error:
        raise NetworkError(f"'{path}': {error}") from None
    return TensorNetwork.from_shape(shape, arrays)


def _read_array(archive: zipfile.ZipFile, name: str, expected: tuple[int, ...]) -> np.ndarray[Any, Any]:
    try:
        member = archive.open(f"{name}.npy")
    except KeyError:
        raise NetworkError(f"{name} is missing; give one array for each tensor, arr_0 first") from None
    with member:
        try:
            version = np.lib.format.read_magic(member)
            read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            shape, fortran_order, dtype = read_header[version](member)
        except (ValueError, KeyError) as error:
            raise NetworkError(f"{name} is not a .npy array ({error})") from None
        if shape != expected:
            raise NetworkError(f"{name} has shape {shape}, but the indices of its tensor have sizes {expected}")
        if dtype.kind not in "biufc":
            raise NetworkError(f"{name} must hold numbers, got dtype {dtype}")
        content = member.read(math.prod(shape) * dtype.itemsize)
        if len(content) != math.prod(shape) * dtype.itemsize:
            raise NetworkError(f"{name} ends too early; the file is damaged")
    if not content:
        return np.empty(shape, dtype=dtype)
    return np.frombuffer(content, dtype=dtype).reshape(shape, order="F" if fortran_order else "C")


def write_arrays(network: TensorNetwork, path: str | PathLike[str]) -> None:
    """Writes the arrays of a network, as `read_arrays` reads them, multiplied by 2**exponent.

    Raises:
        NumericalError: The exponent is larger than the arrays can absorb.
    """
    arrays = [np.asarray(array) for array in network.arrays]
    left = network.exponent
    for number, array in enumerate(arrays):
        if left:
            arrays[number], left = _absorb(array, left)
    if left:
        raise NumericalError(
            f"the exponent {network.exponent} of the network is larger than its {len(arrays)} arrays can absorb; "
            "write the arrays and store the exponent separately"
        )
    np.savez(path, *arrays)


def _absorb(array: np.ndarray[Any, Any], exponent: int) -> tuple[np.ndarray[Any, Any], int]:
    """Multiplies an array by as much of 2**exponent as keeps its elements normal; returns the rest too."""
    numbers = np.asarray(array, dtype=np.complex128)
    parts = np.abs(np.concatenate([numbers.real, numbers.imag], axis=None))
    powers = np.frexp(parts[(parts > 0) & np.isfinite(parts)])[1]
    if powers.size == 0:
        return array, 0 if array.size and not np.any(parts) else exponent  # the value is 0 whatever the exponent
    taken = min(max(exponent, -1020 - int(powers.min())), 1023 - int(powers.max()))
    if taken * exponent <= 0:
        return array, exponent
    return np.ldexp(numbers.real, taken) + 1j * np.ldexp(numbers.imag, taken), exponent - taken
