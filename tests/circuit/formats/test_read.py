"""Circuit files of any format: recognised, read, written."""

from __future__ import annotations

import codecs
import io
import sys

import pytest
from tests.shared_data import needs_shared_data, shared_path

from taizhang.circuit.circuit import Circuit
from taizhang.circuit.formats.read import read_circuit, write_circuit
from taizhang.errors import CircuitError, CircuitFileError, UsageError

BELL = Circuit(2).append("h", 0).append("cx", 0, 1)
QSIM = "2\n0 h 0\n1 cnot 0 1\n"
REAL = {
    "grcs_bristlecone70_24_0.txt": (70, 1133),
    "grcs_bristlecone70_32_0.txt": (70, 1463),
    "grcs_cz_8x8_40_0.txt": (64, 1641),
    "grcs_is_5x5_20_0.txt": (25, 331),
    "sycamore_n53_m20.qsim": (53, 3263),
    "zuchongzhi_n56_m20.qsim": (56, 1646),
    "qasm/ghz_n127.qasm": (127, 127),
    "qasm/QV_n32.qasm": (32, 5632),
    "qasm/qft_n18.qasm": (18, 783),
}


@needs_shared_data
@pytest.mark.parametrize("name", REAL)
def test_real_files_are_read(name):
    circuit = read_circuit(shared_path("circuits", name))
    assert (circuit.num_qubits, len(circuit.operations)) == REAL[name]


@needs_shared_data
def test_every_real_file_is_read_or_refused_with_its_place():
    for path in sorted(shared_path("circuits").glob("**/*.*")):
        if path.name == "vqe_uccsd_n6.qasm":  # it measures a register that it does not declare
            with pytest.raises(CircuitFileError, match="line 2286, column 9: the register 'q' is not known"):
                read_circuit(path)
        else:
            assert read_circuit(path).num_qubits >= 2


@pytest.mark.parametrize(
    "text",
    [
        'include "stdgates.inc"; qubit[2] q; h q;',
        'include "qelib1.inc"; qreg q[2]; h q;',
        "creg c[1]; qreg q[2];",
        "const int n = 2; qubit[n] q;",
        "#pragma note\nqubit[2] q;",
        "@note\nqubit[2] q;",
    ],
)
@pytest.mark.filterwarnings("ignore::taizhang.CircuitFileWarning")
def test_openqasm_without_a_version_is_recognised_by_its_content(text):
    assert read_circuit(io.StringIO(text)).num_qubits == 2


@pytest.mark.parametrize("text", [QSIM, "OPENQASM 3; include 'stdgates.inc'; qubit[2] q; h q[0]; cx q[0], q[1];"])
def test_a_byte_order_mark_is_not_part_of_the_text(text, tmp_path):
    for name in ("bell", "bell.qsim", "bell.txt", "bell.qasm"):
        if ("OPENQASM" in text) == name.endswith("qasm") or name == "bell":
            (tmp_path / name).write_bytes(codecs.BOM_UTF8 + text.encode())
            assert read_circuit(tmp_path / name) == BELL
    assert read_circuit(io.StringIO("\N{BOM}" + text)) == BELL


@pytest.mark.parametrize("text", ["OPENQASM 2.0;", "OPENQASM 3.0;", "// first a comment\nOPENQASM 2.0;"])
def test_openqasm_is_recognised_by_its_content(text):
    register = "qubit[2] q; U(0, 0, 0) q[0];" if "3.0" in text else "qreg q[2]; U(0,0,0) q[0];"
    assert read_circuit(io.StringIO(text + register)).num_qubits == 2


def test_a_circuit_is_written_and_read_by_its_ending(tmp_path):
    for name in ("bell.qsim", "bell.txt", "bell.qasm"):
        write_circuit(BELL, tmp_path / name)
        assert read_circuit(tmp_path / name) == BELL
        assert read_circuit(str(tmp_path / name)) == BELL


def test_standard_input_and_output_are_a_dash(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(QSIM.encode())))
    assert read_circuit("-") == BELL
    write_circuit(BELL, "-", format="qsim")
    assert capsys.readouterr().out == QSIM


def test_open_files_of_text_and_bytes_are_read_and_written():
    assert read_circuit(io.StringIO(QSIM)) == BELL
    assert read_circuit(io.BytesIO(QSIM.encode())) == BELL
    for stream in (io.StringIO(), io.BytesIO()):
        write_circuit(BELL, stream, format="qsim")
        written = stream.getvalue()
        assert written in (QSIM, QSIM.encode())


def test_missing_file_is_reported():
    with pytest.raises(CircuitFileError, match=r"nowhere\.qsim: the file cannot be read: No such file"):
        read_circuit("nowhere.qsim")
    with pytest.raises(CircuitFileError, match="cannot be written"):
        write_circuit(BELL, "/nowhere/bell.qsim")


def test_unknown_content_is_reported():
    with pytest.raises(CircuitFileError, match="format is not recognised"):
        read_circuit(io.BytesIO(b"%PDF-1.7 ..."))
    with pytest.raises(CircuitFileError, match="not text"):
        read_circuit(io.TextIOWrapper(io.BytesIO(b"\xff\xfe2\n"), encoding="utf-8"))


def test_unknown_format_is_reported(tmp_path):
    with pytest.raises(UsageError, match="'quil' is not a format of circuits; choose one of qsim, grcs"):
        read_circuit(io.StringIO(QSIM), format="quil")
    with pytest.raises(UsageError, match=r"the format of .*bell\.xyz is not known; name one of"):
        write_circuit(BELL, tmp_path / "bell.xyz")


def test_a_gate_that_the_format_lacks_is_reported(tmp_path):
    with pytest.raises(CircuitError, match="gate 'rz' cannot be written in GRCS text"):
        write_circuit(Circuit(1).append("rz", 0, parameters=[0.5]), tmp_path / "rz.txt")


def test_endless_input_is_cut_off():
    class Endless(io.RawIOBase):
        def readable(self):
            return True

        def read(self, size=-1):
            return b"1" * size

    with pytest.raises(CircuitFileError, match="longer than"):
        read_circuit(Endless(), format="qsim")
