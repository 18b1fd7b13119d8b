"""Files of problems: lines of edges, and JSON; what is wrong with them is said with its place."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from tests.problems.test_wcsp import N, clause_lists

from taizhang.errors import ProblemError, SizeLimitError, UsageError
from taizhang.problems import problem_file
from taizhang.problems.constructors import maxcut
from taizhang.problems.problem_file import read_problem, write_problem
from taizhang.problems.wcsp import Wcsp

EXAMPLE = {
    "version": 1,
    "variables": 3,
    "clauses": [{"variables": [0, 1], "values": [[0, 1], [1, 0]]}],
    "maximise": True,
}


def test_edges_are_read_from_files_and_streams(tmp_path):
    text = "# a graph\n0 1\n\n2 1 0.5  # weighted\r\n3 0 -1e-3"
    expected = maxcut([(0, 1), (1, 2, 0.5), (0, 3, -1e-3)])
    path = tmp_path / "graph.txt"
    path.write_text(text, encoding="utf-8-sig", newline="")
    assert read_problem(path) == read_problem(str(path)) == expected
    assert read_problem(io.StringIO(text)) == read_problem(io.BytesIO(text.encode())) == expected


def test_json_is_recognised_by_its_first_character():
    expected = Wcsp({(0, 1): [[0, 1], [1, 0]]}, num_variables=3)
    assert read_problem(io.StringIO(" \n" + json.dumps(EXAMPLE))) == expected
    shorter = {key: value for key, value in EXAMPLE.items() if key != "maximise"}
    assert read_problem(io.StringIO(json.dumps(shorter))) == expected


@settings(deadline=None, derandomize=True, max_examples=25)
@given(clause_lists())
def test_what_is_written_reads_as_the_same(tmp_path_factory, pairs):
    path = tmp_path_factory.getbasetemp() / "problem.json"
    for maximise in (True, False):
        problem = Wcsp(pairs, num_variables=N, maximise=maximise)
        write_problem(problem, path)
        assert read_problem(path) == problem


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 1\n1 1\n", "line 2: the edge (1, 1) must join two different vertices; remove the self-loop"),
        ("0 1\n# no\n1 0\n", "line 3: the edge (0, 1) is given twice; give each edge once, in one direction"),
        ("0 1 nan\n", "line 1: the weight of edge (0, 1) must be finite, got nan"),
        ("0 1 x\n", "line 1: the weight of an edge must be a number, got 'x'"),
        ("0\n", "line 1: a line must be 'u v' or 'u v weight', got 1 words"),
        ("a b\n", "line 1: a vertex must be a whole number from 0, got 'a'"),
        ("-1 2\n", "line 1: a vertex must be a whole number from 0, got '-1'"),
        ("0 100000\n", "line 1: a vertex must be from 0 to 99999, got 100000"),
        ("0 " + "9" * 9999 + "\n", f"line 1: a vertex must be a whole number from 0, got '{'9' * 39}"),
        ("# nothing\n", "the file holds no problem; give lines 'u v [weight]', or JSON"),
    ],
)
def test_wrong_lines_are_refused_by_their_number(text, message):
    with pytest.raises(ProblemError) as raised:
        read_problem(io.StringIO(text))
    assert str(raised.value) == message


def changed(**keys):
    return json.dumps({**EXAMPLE, **keys})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (changed(version=2), "the version of the file must be 1, got 2"),
        (changed(version=True), "the version of the file must be 1, got True"),
        (changed(variables="3"), "variables must be a whole number, got '3'"),
        (changed(variables=1), "num_variables is 1, but clauses have variable 1; give another number, or leave it out"),
        (changed(maximise=1), "maximise must be true or false, got 1"),
        (changed(maximize=True), "the file has the unknown key 'maximize'; its keys are version, variables, clauses, "),
        (changed(clauses={}), "clauses must be a list of objects with the keys variables and values"),
        (changed(clauses=[3]), "clauses[0] must be an object with the keys variables, values, got 3"),
        (changed(clauses=[{"values": 1}]), "clauses[0] must have the key 'variables'; its keys are variables, values"),
        (
            changed(clauses=[{"variables": [0, 1], "values": [0, 1]}]),
            "clauses[0], of [0, 1], must have an array of shape (2, 2), one axis for each variable, got shape (2,)",
        ),
        (
            changed(clauses=[{"variables": 0, "values": 1}]),
            "the variables of clauses[0] must be a list of numbers, got 0",
        ),
        (changed(clauses=[{"variables": [0], "values": [0, None]}]), "must be real numbers, got an array of object"),
        (changed(clauses=[{"variables": [0], "values": [0, float("nan")]}]), "must be finite, got nan"),
        (changed(clauses=[{"variables": [0], "values": [0, 10**400]}]), "the values of clauses[0], of [0], must be"),
        ('{"version": 1}', "the file must have the key 'variables'; its keys are"),
        ('{"version": 1', "the file is not JSON ("),
        ('{"a":' * 100_000, "the file is not JSON ("),
    ],
)
def test_wrong_json_is_refused(text, message):
    with pytest.raises(ProblemError) as raised:
        read_problem(io.StringIO(text))
    assert message in str(raised.value)
    assert len(str(raised.value)) < 400


def test_files_that_cannot_be_read_are_named(tmp_path, monkeypatch):
    with pytest.raises(ProblemError, match=r"missing\.txt: the file cannot be read: .*; check its name"):
        read_problem(tmp_path / "missing.txt")
    path = tmp_path / "wrong.json"
    path.write_text(changed(version=2), encoding="utf-8")
    with pytest.raises(ProblemError, match=r"wrong\.json: the version of the file must be 1"):
        read_problem(path)
    with pytest.raises(UsageError, match="problem must be a Wcsp, got a list"):
        write_problem([], path)
    monkeypatch.setattr(problem_file, "MAX_FILE_BYTES", 8)
    with pytest.raises(SizeLimitError, match=r"the file is too large; at most 8 B"):
        read_problem(io.StringIO("0 1\n" * 10))
