"""Files of observables: one sum a line; errors name file, line and column."""

from __future__ import annotations

import io

import pytest

from taizhang.circuit import observable_file
from taizhang.circuit.observable import Observable
from taizhang.circuit.observable_file import read_observables
from taizhang.errors import CircuitFileError, SizeLimitError

TEXT = "# energies\nZ0 Z1  # a pair\n\n   \n0.5 X3 - 2\r\n7"
EXPECTED = (Observable("Z0 Z1"), Observable("0.5 X3 - 2"), Observable(7))


def test_files_and_streams_are_read_alike(tmp_path):
    path = tmp_path / "sums.txt"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert read_observables(path) == read_observables(str(path)) == EXPECTED
    assert read_observables(io.StringIO(TEXT)) == read_observables(io.BytesIO(TEXT.encode())) == EXPECTED
    with path.open("rb") as opened:
        assert read_observables(opened) == EXPECTED


def test_errors_name_file_line_and_column(tmp_path):
    path = tmp_path / "sums.txt"
    path.write_text("Z0\n# no\n  Z0 Q1\n", encoding="utf-8")
    with pytest.raises(CircuitFileError) as raised:
        read_observables(path)
    assert raised.value.sentence == f"{path}, line 3, column 6: the letter must be I, X, Y or Z, got Q"
    assert "Z0 Q1" in raised.value.excerpt
    with pytest.raises(CircuitFileError) as raised:
        read_observables(io.StringIO("Z0\n1e308 + 1e308\n"))
    assert str(raised.value) == "line 2: the coefficient of the identity must be finite, got (inf+0j)"


def test_files_without_sums_are_refused(tmp_path):
    with pytest.raises(CircuitFileError, match="the file holds no observable; give a sum such as Z0 Z1 on each line"):
        read_observables(io.StringIO("# nothing\n\n"))
    with pytest.raises(CircuitFileError, match=r"missing\.txt: the file cannot be read: .*; check its name"):
        read_observables(tmp_path / "missing.txt")
    with pytest.raises(CircuitFileError, match=r"column 1: .*got '\\x00'"):
        read_observables(io.BytesIO(b"\0\xff\n"))


def test_too_large_files_are_refused(monkeypatch):
    monkeypatch.setattr(observable_file, "MAX_OBSERVABLES", 2)
    with pytest.raises(SizeLimitError, match="the file has more than 2 observables; split it into several files"):
        read_observables(io.StringIO("Z0\n" * 3))
    monkeypatch.setattr(observable_file, "MAX_CHARACTERS", 10)
    with pytest.raises(SizeLimitError, match="the file has more than 10 characters in line 2"):
        read_observables(io.StringIO("Z0\n" + "Z0 " * 10))
