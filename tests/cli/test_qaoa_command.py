"""`taizhang qaoa`: energies, angles, samples, pictures and bad input."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ElementTree

import networkx as nx
import numpy as np
import pytest

import taizhang as tz


@pytest.fixture
def ring(tmp_path):
    """A ring of 8 vertices: without triangles, every vertex with two neighbours."""
    path = tmp_path / "ring.txt"
    path.write_text("# a ring\n" + "".join(f"{v} {(v + 1) % 8}\n" for v in range(8)))
    return path


@pytest.fixture
def cubic(tmp_path):
    path = tmp_path / "cubic.txt"
    path.write_text("".join(f"{u} {v}\n" for u, v in nx.random_regular_graph(3, 12, seed=3).edges))
    return path


def test_one_layer_has_the_energy_of_the_closed_form(run, ring):
    gamma, beta = 0.7, 0.3
    done = run("qaoa", ring, "--gammas", gamma, "--betas", beta, "--json", "--dtype", "complex128")
    assert done.status == 0
    # Wang et al., arXiv:1706.02998, for edges whose ends have one more neighbour each and no common one.
    edge = 0.5 + 0.5 * math.sin(4 * beta) * math.sin(gamma) * math.cos(gamma)
    assert done.json["energy"] == pytest.approx(8 * edge, abs=1e-10)
    assert done.json["gradient"]["beta1"] == pytest.approx(
        16 * math.cos(4 * beta) * math.sin(gamma) * math.cos(gamma), abs=1e-10
    )
    assert (done.json["gammas"], done.json["betas"], done.json["evaluations"]) == ([gamma], [beta], 1)
    assert {"read", "plan", "run"} <= done.json["seconds"].keys()
    assert "best" not in done.json


def test_without_angles_it_takes_those_of_the_python_side(run, cubic):
    done = run("qaoa", cubic, "--depth", 2, "--json", "--dtype", "complex128")
    qaoa = tz.qaoa(tz.read_problem(cubic), 2, dtype="complex128")
    assert done.json["energy"] == pytest.approx(qaoa.energy(*qaoa.start()), abs=1e-9)
    shown = run("qaoa", cubic, "--depth", 2)
    assert "fixed ones for 3-regular graphs, scaled to the problem" in shown.out
    assert f"no cost is beyond {18}" in shown.out


def test_optimised_angles_are_kept_and_taken_up_with_one_more_layer(run, cubic, tmp_path):
    file = tmp_path / "angles.json"
    first = run("qaoa", cubic, "--depth", 1, "--optimize", "-o", file, "--json", "--dtype", "complex128")
    assert first.json["evaluations"] > 1
    assert np.linalg.norm(list(first.json["gradient"].values())) < 1e-3
    kept = json.loads(file.read_text())
    assert kept["gammas"] == first.json["gammas"]
    assert kept["energy"] == first.json["energy"]
    again = run("qaoa", cubic, "--angles", file, "--json", "--dtype", "complex128")
    assert again.json["energy"] == pytest.approx(first.json["energy"], abs=1e-9)
    more = run("qaoa", cubic, "--angles", file, "--depth", 2, "--optimize", "--json")
    assert len(more.json["gammas"]) == 2
    assert more.json["energy"] > first.json["energy"]


def test_problems_that_are_minimised_are(run, tmp_path):
    path = tmp_path / "problem.json"
    clauses = [
        {"variables": [0, 1], "values": [[0, 2], [2, 0]]},
        {"variables": [1, 2, 3], "values": np.ones((2, 2, 2)).tolist()},
    ]
    clauses[1]["values"][1][0][1] = -3.0
    path.write_text(json.dumps({"version": 1, "variables": 4, "clauses": clauses, "maximise": False}))
    start = run("qaoa", path, "--depth", 1, "--json")
    done = run("qaoa", path, "--depth", 1, "--optimize", "--shots", 50, "--json")
    assert done.json["energy"] < start.json["energy"]
    problem = tz.read_problem(path)
    assert problem.cost(done.json["best"]["bitstring"]) == done.json["best"]["cost"] == -3.0
    assert done.json["bound"] == -3.0


def test_samples_have_the_best_cost_of_those_drawn(run, ring):
    done = run("qaoa", ring, "--depth", 1, "--shots", 40, "--seed", 4)
    rows = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    bits, _, _, cost = rows["best"].split()
    assert tz.read_problem(ring).cost(bits) == float(cost)
    assert rows["samples"].startswith("40, of mean cost")


@pytest.mark.parametrize("words", [("--depth", 1), ("--depth", 1, "--optimize"), ("--depth", 2, "--optimize")])
@pytest.mark.parametrize("ending", ["svg", "png"])
def test_pictures(run, ring, tmp_path, words, ending):
    picture = tmp_path / f"picture.{ending}"
    assert run("qaoa", ring, *words, "--plot", picture).status == 0
    if ending == "svg":
        text = "".join(ElementTree.parse(picture).getroot().itertext())
        assert ("Energy over the two angles" in text) == (words[1] == 1)
        assert ("Course of the optimisation" in text) == ("--optimize" in words)
    else:
        assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--depth is needed: the number of layers"),
        (("--depth", 0), "--depth must be from 1 to 10000, got 0"),
        (("--depth", 2, "--gammas", "0.1", "--betas", "0.1"), "gammas must be 2 angles, one for each layer, got 1"),
        (("--gammas", "0.1,0.2", "--betas", "0.1"), "betas must be 2 angles, one for each layer, got 1"),
        (("--gammas", "0.1"), "give both --gammas and --betas"),
        (("--gammas", "a", "--betas", "0.1"), "--gammas must be numbers with commas between, such as 0.4,0.8, got 'a'"),
        (("--gammas", "nan", "--betas", "0.1"), "'gamma1' must be a finite number"),
        (("--depth", 1, "--shots", 0), "--shots must be"),
        (("--depth", 1, "-o", "/nonexistent/angles.json"), "-o"),
        (("--depth", 1, "--plot", "picture.gif"), "must end in .png, .svg or .pdf"),
    ],
)
def test_bad_words_are_told_before_any_work(run, ring, words, said):
    done = run("qaoa", ring, *words)
    assert (done.status, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 0\n", "line 1"),
        ("0 1\n1 0\n", "line 2"),
        ("0 1 nan\n", "weight"),
        ("0 -1\n", "a vertex must be a whole number from 0"),
        ("", "the file holds no problem"),
        ('{"version": 1, "variables": 2, "clauses": [{"variables": [0, 1], "values": [1, 2]}]}', "clauses[0]"),
    ],
)
def test_bad_problems(run, tmp_path, text, said):
    path = tmp_path / "problem"
    path.write_text(text)
    done = run("qaoa", path, "--depth", 1)
    assert done.status == 2
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_angles_are_given_in_one_way(run, ring, tmp_path):
    file = tmp_path / "angles.json"
    file.write_text('{"version": 1, "gammas": [0.1], "betas": [0.2]}')
    done = run("qaoa", ring, "--angles", file, "--gammas", "0.1", "--betas", "0.1")
    assert "give them in one way only" in done.err
    file.write_text('{"version": 1, "gammas": [0.1]}')
    assert "the file of angles must be an object" in run("qaoa", ring, "--angles", file).err
