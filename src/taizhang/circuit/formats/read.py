"""Reading and writing circuit files of any format, recognised by file extension and content."""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, TypeAlias, cast

from taizhang._checks import check_path
from taizhang._lazy import lazy_module
from taizhang.circuit.check_circuit import check_circuit
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.formats import DEFAULT_TURNS, MAX_TEXT_BYTES
from taizhang.errors import CircuitFileError, UsageError

if TYPE_CHECKING:
    from taizhang.circuit.formats import grcs_text, openqasm, openqasm_writer, qsim_text, stim_text, stim_writer
else:
    grcs_text = lazy_module("taizhang.circuit.formats.grcs_text")
    openqasm = lazy_module("taizhang.circuit.formats.openqasm")
    openqasm_writer = lazy_module("taizhang.circuit.formats.openqasm_writer")
    qsim_text = lazy_module("taizhang.circuit.formats.qsim_text")
    stim_text = lazy_module("taizhang.circuit.formats.stim_text")
    stim_writer = lazy_module("taizhang.circuit.formats.stim_writer")

CircuitFormat: TypeAlias = Literal["qsim", "grcs", "qasm", "qasm2", "qasm3", "stim"]
PathOrFile: TypeAlias = "str | os.PathLike[str] | IO[str] | IO[bytes]"

_FORMAT_OF_ENDING = {".qsim": "qsim", ".txt": "grcs", ".grcs": "grcs", ".qasm": "qasm", ".stim": "stim"}
_CHUNK_BYTES = 2**20
_OPENQASM_START = re.compile(
    rb"\s*(?://|/\*|@|#?pragma\b|(?:OPENQASM|include|qreg|creg|qubit|bit|gate|opaque|const|input|stretch|def|defcal|"
    rb"defcalgrammar|extern|let|int|uint|float|angle|bool|duration|barrier|reset|ctrl|gphase|U)\b)"
)

# Functions that name readers and writers, so that only the module of the format in hand is imported.
_READERS: dict[str, Callable[[], Callable[..., Circuit]]] = {
    "qsim": lambda: qsim_text.read_qsim,
    "grcs": lambda: grcs_text.read_grcs,
    "stim": lambda: stim_text.read_stim,
}
_WRITERS: dict[str, Callable[[], Callable[[Circuit], str]]] = {
    "qsim": lambda: qsim_text.write_qsim,
    "grcs": lambda: grcs_text.write_grcs,
    "qasm2": lambda: openqasm_writer.write_openqasm2,
    "qasm3": lambda: openqasm_writer.write_openqasm3,
    "stim": lambda: stim_writer.write_stim,
}


def read_circuit(
    path: PathOrFile,
    format: CircuitFormat | None = None,
    *,
    final_measurements: bool = False,
    max_turns: int = DEFAULT_TURNS,
) -> Circuit:
    """Reads a circuit file.

    Args:
        path: Path, open file, or "-" for standard input.
        format: `qsim`, `grcs`, `stim` or `qasm` (OpenQASM 2 and 3, by the file's own header; `qasm2` and `qasm3` mean
            the same). None to recognise it by content, then by file extension.
        final_measurements: Keep measurements at the end of an OpenQASM circuit, and with them its classical bits.
        max_turns: Turns up to which loops of OpenQASM 3 that depend on measured bits are written out.

    Returns:
        The circuit, its qubits in the order of the file. Measurements at the end are left out, unless they are asked
        for or the circuit has others, resets or conditions.

    Raises:
        CircuitFileError: The file cannot be read, or something is wrong with it, at the line and column given.
        UsageError: The format is unknown.
    """
    if not hasattr(path, "read"):
        path = check_path(path)
    name = _name_of(path)
    content = _content_of(path, name)
    chosen = _check_format(format) if format is not None else _recognise(content, name)
    if chosen.startswith("qasm"):
        return openqasm.read_openqasm(content, source=name, final_measurements=final_measurements, max_turns=max_turns)
    return _READERS[chosen]()(content, source=name)


def write_circuit(circuit: Circuit, path: PathOrFile, format: CircuitFormat | None = None) -> None:
    """Writes a circuit file.

    Args:
        circuit: Any circuit whose gates the format has; only OpenQASM 3 has parameters without values.
        path: Path, open file, or "-" for standard output.
        format: `qsim`, `grcs`, `qasm2`, `qasm3`, `stim`, or `qasm` for OpenQASM 2. None to choose by the file
            extension.

    Raises:
        CircuitError: The format cannot express a gate of the circuit, or its parameters without values.
        CircuitFileError: The file cannot be written.
        UsageError: The format is unknown, or neither given nor implied by the file extension.
    """
    name = _name_of(path)
    chosen = _check_format(format) if format is not None else _FORMAT_OF_ENDING.get(Path(name or "").suffix.lower())
    if chosen is None:
        raise UsageError(f"the format of {name or 'the output'} is not known; name one of {_formats()}")
    write = _WRITERS["qasm2" if chosen == "qasm" else chosen]()
    _put(write(check_circuit(circuit, parametric=chosen == "qasm3")), path, name)


def _formats() -> str:
    return "qsim, grcs, qasm, qasm2, qasm3, stim"


def _check_format(format: str) -> str:
    if format not in ("qsim", "grcs", "qasm", "qasm2", "qasm3", "stim"):
        raise UsageError(f"'{format}' is not a format of circuits; choose one of {_formats()}")
    return format


def _name_of(path: PathOrFile) -> str | None:
    if path == "-":
        return None
    if isinstance(path, (str, os.PathLike)):
        return os.fspath(path)
    name = getattr(path, "name", None)
    return name if isinstance(name, str) else None


def _recognise(content: bytes, name: str | None) -> str:
    """Returns the format: OpenQASM by its first word; the others start with a number, so the extension decides."""
    ending = _FORMAT_OF_ENDING.get(Path(name or "").suffix.lower())
    if ending == "stim":
        return ending
    head = content[:4096].removeprefix(codecs.BOM_UTF8)
    if _OPENQASM_START.match(head):
        return "qasm"
    if re.match(rb"\s*[0-9]+\s", head + b"\n"):
        return ending if ending in ("qsim", "grcs") else "qsim"
    if ending is not None:
        return ending
    raise CircuitFileError(
        f"the format is not recognised; a circuit file starts with a number of qubits (qsim, GRCS) or with OPENQASM; "
        f"name the format, one of {_formats()}",
        line=1,
        column=1,
        source=name,
    )


def _content_of(path: PathOrFile, name: str | None) -> bytes:
    try:
        if path == "-":
            return _read_limited(sys.stdin.buffer, name)
        if isinstance(path, (str, os.PathLike)):
            with open(path, "rb") as stream:
                return _read_limited(stream, name)
        return _read_limited(path, name)
    except OSError as error:
        advice = "; check its name" if isinstance(error, FileNotFoundError) else ""
        advice = "; name a file in it" if isinstance(error, IsADirectoryError) else advice
        raise CircuitFileError(f"the file cannot be read: {error.strerror}{advice}", source=name) from error
    except UnicodeDecodeError as error:
        raise CircuitFileError("the file is not text; open it in binary mode", source=name) from error


def _read_limited(stream: IO[str] | IO[bytes], name: str | None) -> bytes:
    """Returns all of a stream, or raises as soon as it is longer than allowed."""
    content = bytearray()
    while chunk := cast("IO[Any]", stream).read(_CHUNK_BYTES):
        content += chunk.encode("utf-8", "surrogateescape") if isinstance(chunk, str) else chunk
        if len(content) > MAX_TEXT_BYTES:
            raise CircuitFileError(f"the file is longer than {MAX_TEXT_BYTES} bytes, the most allowed", source=name)
    return bytes(content)


def _put(text: str, path: PathOrFile, name: str | None) -> None:
    try:
        if path == "-":
            sys.stdout.write(text)
        elif isinstance(path, (str, os.PathLike)):
            Path(path).write_text(text, encoding="utf-8", newline="\n")
        elif hasattr(path, "mode") and "b" in str(path.mode):
            cast("IO[bytes]", path).write(text.encode())
        else:
            _write_either(cast("IO[Any]", path), text)
    except OSError as error:
        raise CircuitFileError(f"the file cannot be written: {error.strerror}", source=name) from error


def _write_either(stream: IO[Any], text: str) -> None:
    """Writes text to a text or binary stream."""
    try:
        stream.write(text)
    except TypeError:
        stream.write(text.encode())
