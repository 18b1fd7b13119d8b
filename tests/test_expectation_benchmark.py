from pathlib import Path

from benchmarks.expectation import command_line, write_files
from benchmarks.expectation_cases import heavy_hexagons, qaoa
from benchmarks.tables import run_json

import taizhang as tz


def test_the_smallest_case_has_the_same_value_in_the_shell_and_in_the_process(tmp_path: Path):
    case = qaoa(100, 1)
    files = write_files(case, tmp_path / "case")
    seconds, report = command_line(case, files, threads=1)
    assert seconds > 0
    assert abs(report["values"][0]["value"] - tz.Energy(case.circuit, case.observable)(case.point)) < 1e-3
    assert list(report["values"][0]["gradient"]) == ["gamma1", "beta1"]


def test_the_worker_measures_values_and_derivatives(tmp_path: Path):
    case = qaoa(100, 1)
    files = write_files(case, tmp_path / "case")
    words = ["-m", "benchmarks.expectation_worker", str(files.circuit), str(files.observable), "--gradient"]
    report = run_json([*words, "--point", '{"gamma1": 0.6, "beta1": 0.4}'], threads=1)
    assert all(report[name] > 0 for name in ("first", "value", "value_predicted", "gradient", "gradient_predicted"))


def test_the_lattice_of_the_kicked_ising_circuit_has_degree_three_at_most():
    edges = heavy_hexagons()
    degrees = [sum(qubit in edge for edge in edges) for qubit in range(127)]
    assert (len(set(edges)), min(degrees), max(degrees)) == (144, 1, 3)
