"""Random circuits have the structure of the published ones."""

from __future__ import annotations

from collections import defaultdict

import pytest
from tests.shared_data import needs_shared_data, shared_path

from taizhang.circuit.formats.qsim_text import read_qsim, write_qsim
from taizhang.circuit.formats.read import read_circuit
from taizhang.circuit.random_circuits import grid_circuit, random_grid, random_sycamore, sycamore_circuit
from taizhang.circuit.sycamore_layout import pairs_of, sites_of
from taizhang.errors import SizeLimitError, UsageError

GRIDS = [
    ("grcs_cz_4x4_20_0.txt", 4, 4, 20, "cz"),
    ("grcs_cz_5x5_30_0.txt", 5, 5, 30, "cz"),
    ("grcs_cz_6x6_32_0.txt", 6, 6, 32, "cz"),
    ("grcs_cz_7x7_40_0.txt", 7, 7, 40, "cz"),
    ("grcs_cz_8x8_40_0.txt", 8, 8, 40, "cz"),
    ("grcs_is_4x4_16_0.txt", 4, 4, 16, "is"),
    ("grcs_is_5x5_20_0.txt", 5, 5, 20, "is"),
]
SYCAMORES = [
    ("sycamore_n12_m14_efgh.qsim", 12, 14, "EFGH"),
    ("sycamore_n18_m14_efgh.qsim", 18, 14, "EFGH"),
    ("sycamore_n20_m14_efgh.qsim", 20, 14, "EFGH"),
    ("sycamore_n24_m14_efgh.qsim", 24, 14, "EFGH"),
    ("sycamore_n53_m10.qsim", 53, 10, "ABCDCDAB"),
    ("sycamore_n53_m12.qsim", 53, 12, "ABCDCDAB"),
    ("sycamore_n53_m20.qsim", 53, 20, "ABCDCDAB"),
]
ROOTS = ("x_1_2", "y_1_2", "hz_1_2")


def timeline(circuit, same_kind):
    """For each qubit the gates in order, with the qubits they couple; gates in `same_kind` are one kind."""
    gates_of = defaultdict(list)
    for step in circuit.operations:
        name = "root" if step.gate.name in same_kind else step.gate.label
        for qubit in step.qubits:
            gates_of[qubit].append((name, tuple(sorted(step.qubits))))
    return dict(gates_of)


@needs_shared_data
@pytest.mark.parametrize(("name", "rows", "columns", "depth", "two_qubit"), GRIDS)
def test_grid_circuits_differ_from_published_ones_only_in_the_roots_chosen(name, rows, columns, depth, two_qubit):
    published = read_circuit(shared_path("circuits", name))
    circuit = grid_circuit(rows, columns, depth, seed=3, two_qubit=two_qubit)
    assert circuit.num_qubits == published.num_qubits
    assert timeline(circuit, ROOTS) == timeline(published, ROOTS)


@needs_shared_data
@pytest.mark.parametrize(("name", "num_qubits", "cycles", "pattern"), SYCAMORES)
def test_sycamore_circuits_differ_from_published_ones_only_in_roots_and_angles(name, num_qubits, cycles, pattern):
    published = read_circuit(shared_path("circuits", name))
    circuit = sycamore_circuit(num_qubits, cycles=cycles, seed=3, pattern=pattern)
    assert circuit.num_qubits == published.num_qubits
    assert timeline(circuit, ROOTS) == timeline(published, ROOTS)


def test_the_same_seed_makes_the_same_circuit():
    assert sycamore_circuit(20, cycles=5, seed=1) == sycamore_circuit(20, cycles=5, seed=1)
    assert sycamore_circuit(20, cycles=5, seed=1) != sycamore_circuit(20, cycles=5, seed=2)
    assert grid_circuit(3, 4, 9, seed=1) == grid_circuit(3, 4, 9, seed=1)
    assert grid_circuit(3, 4, 9, seed=1) != grid_circuit(3, 4, 9, seed=2)


def test_no_root_follows_itself_on_a_sycamore_qubit():
    last = {}
    for step in sycamore_circuit(30, cycles=14, seed=5, pattern="EFGH").operations:
        if step.gate.name in ROOTS:
            assert last.get(step.qubits) != step.gate.name
            last[step.qubits] = step.gate.name


def test_a_smaller_patch_has_the_same_gates_on_the_qubits_it_keeps():
    large, small = (sycamore_circuit(n, cycles=6, seed=2) for n in (53, 30))
    number = {qubit: sites_of(30).index(site) for qubit, site in enumerate(sites_of(53)) if site in sites_of(30)}
    kept = [
        (step.gate, tuple(number[qubit] for qubit in step.qubits))
        for step in large.operations
        if step.gate.name in (*ROOTS, "fsim") and all(qubit in number for qubit in step.qubits)
    ]
    assert kept == [(step.gate, step.qubits) for step in small.operations if step.gate.name != "rz"]


@pytest.mark.parametrize("num_qubits", range(12, 54))
def test_every_patch_is_connected_and_no_layer_uses_a_qubit_twice(num_qubits):
    sites = sites_of(num_qubits)
    assert len(set(sites)) == num_qubits
    reached, frontier = {0}, [0]
    pairs = [pair for letter in "ABCD" for pair in pairs_of(sites, letter)]
    while frontier:
        at = frontier.pop()
        for pair in pairs:
            if at in pair:
                new = set(pair) - reached
                reached |= new
                frontier += new
    assert len(reached) == num_qubits
    for letter in "ABCDEFGH":
        used = [qubit for pair in pairs_of(sites, letter) for qubit in pair]
        assert len(used) == len(set(used))
    assert sorted(pairs) == sorted(pair for letter in "EFGH" for pair in pairs_of(sites, letter))


def test_a_written_sycamore_circuit_reads_back_with_the_same_gates():
    circuit = sycamore_circuit(12, cycles=3, seed=1)
    assert timeline(read_qsim(write_qsim(circuit)), ()) == timeline(circuit, ())


def test_sizes_that_do_not_exist_are_refused():
    with pytest.raises(UsageError, match="12 to 53"):
        sycamore_circuit(54, cycles=1, seed=0)
    with pytest.raises(UsageError, match="letters ABCDEFGH"):
        sycamore_circuit(12, cycles=1, seed=0, pattern="AZ")
    with pytest.raises(UsageError, match="at least 1"):
        grid_circuit(0, 4, 5, seed=0)
    with pytest.raises(UsageError, match="choose cz or is"):
        grid_circuit(2, 2, 5, seed=0, two_qubit="cx")
    with pytest.raises(SizeLimitError, match="100000 qubits"):
        grid_circuit(10**6, 10**6, 5, seed=0)
    with pytest.raises(SizeLimitError, match="operations"):
        sycamore_circuit(53, cycles=10**9, seed=0)


def test_commands_and_functions_have_the_same_words():
    assert random_grid(2, 3, 5, gate="is", seed=4) == grid_circuit(2, 3, 5, seed=4, two_qubit="is")
    assert random_sycamore(12, cycles=3, pattern="EFGH", seed=4) == sycamore_circuit(
        12, cycles=3, seed=4, pattern="EFGH"
    )
    assert random_grid(2, 3, 5) == random_grid(2, 3, 5, seed=0)


def test_no_seed_gives_another_circuit_each_time():
    assert random_grid(4, 4, 20, seed=None) != random_grid(4, 4, 20, seed=None)
    assert random_sycamore(12, cycles=4, seed=None) != random_sycamore(12, cycles=4, seed=None)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: random_grid("2", 2, 4), "rows must be a whole number, got '2'"),
        (lambda: random_grid(2, 2.5, 4), r"columns must be a whole number, got 2\.5"),
        (lambda: random_grid(2, 2, None), "depth must be a whole number, got None"),
        (lambda: random_sycamore(12, cycles="4"), "cycles must be a whole number, got '4'"),
        (lambda: random_sycamore(12, cycles=4, seed=1.5), r"seed must be a whole number, got 1\.5"),
        (lambda: random_grid(2, 2, 4, gate="cx"), "'cx' is not a two-qubit gate of grid circuits"),
    ],
)
def test_wrong_types_are_reported(make, message):
    with pytest.raises(UsageError, match=message):
        make()
