import pytest


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_missing_semicolon_is_shown_where_it_is_missing(run, tmp_path, options):
    path = tmp_path / "bell.qasm"
    path.write_text('OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\nh q[0]\ncx q[0],q[1];\n')
    outcome = run("amplitude", path, "00", *options)
    assert outcome.status == 2
    assert outcome.out == ""
    sentence, shown, caret = outcome.err.splitlines()
    assert sentence.startswith(f"taizhang: {path}, line 4, column 7: expected ',' or ';'")
    assert (shown, caret) == ("  h q[0]", "        ^")


def test_an_error_without_a_line_is_one_sentence(run, tmp_path):
    outcome = run("amplitude", tmp_path / "missing.qasm", "00")
    assert outcome.status == 2
    assert len(outcome.err.splitlines()) == 1


def test_a_warning_is_a_line_on_standard_error(run, tmp_path):
    path = tmp_path / "root.qasm"
    path.write_text('OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[1] q;\nsxdg q[0];\n')
    for _ in range(2):
        outcome = run("amplitude", path, "0")
        assert outcome.status == 0
        lines = [line for line in outcome.err.splitlines() if "warning" in line]
        assert len(lines) == 1
        assert lines[0].startswith(f"taizhang: warning: {path}, line 4, column 1: the gate 'sxdg' is not part of")
