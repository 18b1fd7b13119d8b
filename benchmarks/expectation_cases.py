"""Circuits and observables of the benchmark of expectation values, with exact values where they are known.

Graphs and values come from the shared folder where it is there; the rest is generated, by the same rules.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import networkx as nx
import numpy as np

import taizhang as tz
from benchmarks.cases import SHARED

Edges = list[tuple[int, int]]

# Fixed angles for 3-regular graphs: Wurtz and Lykov, arXiv:2107.00677.
FIXED_ANGLES = {
    1: ([0.616], [0.393]),
    2: ([0.488, 0.898], [0.555, 0.293]),
    3: ([0.422, 0.798, 0.937], [0.609, 0.459, 0.235]),
    4: ([0.409, 0.781, 0.988, 1.156], [0.600, 0.434, 0.297, 0.159]),
}
# Products of Kim et al., Nature 618, 500 (2023).
WEIGHT_10 = "X13 X29 X31 Y9 Y30 Z8 Z12 Z17 Z28 Z32"
WEIGHT_17 = "X37 X41 X52 X56 X57 X58 X62 X79 Y75 Z38 Z40 Z42 Z63 Z72 Z80 Z90 Z91"
WEIGHT_17_RX = "X37 X41 X52 X56 X57 X58 X62 X79 Y38 Y40 Y42 Y63 Y72 Y80 Y90 Y91 Z75"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An expectation value to measure.

    Attributes:
        name: Name in the table.
        circuit: The circuit, perhaps with parameters.
        observable: The observable.
        point: Values of the circuit's named parameters.
        gradient: Whether the derivatives are measured as well.
        reference: Name of the exact value in the shared folder, or empty.
        peer: Who else computes it: `quimb`, `lightning`, `qtensor` or nobody.
        qaoa: For QAOA the edges and angles, for peers that take these.
    """

    name: str
    circuit: tz.Circuit
    observable: tz.Observable
    point: dict[str, float]
    gradient: bool = False
    reference: str = ""
    peer: str = ""
    qaoa: dict[str, Any] | None = None


def cases(*, quick: bool) -> list[Case]:
    """All cases, or the small ones."""
    few = [qaoa(100, 1), kicked_ising("Z62", "Z62", math.pi / 4, reference="z62_theta0.7854", peer="quimb")]
    if quick:
        return few
    return [
        *few,
        qaoa(100, 3, peer="qtensor"),
        qaoa(1000, 3),
        qaoa(1000, 4),
        qaoa(54, 4, gradient=False),
        weighted_qaoa(),
        kicked_ising("weight 10", WEIGHT_10, math.pi / 4, reference="weight10_theta0.7854"),
        kicked_ising("weight 17", WEIGHT_17, math.pi / 4, reference="weight17_theta0.7854"),
        kicked_ising("weight 17 + rx", WEIGHT_17_RX, 1.0, last_layer=True, reference="weight17_rx_theta1.0000"),
        kicked_ising("magnetisation", " + ".join(f"{1 / 127:.17g} Z{qubit}" for qubit in range(127)), math.pi / 4),
        brickwork(),
        grid(),
        hardware_efficient(20, 4, reference="hea_ising_n20_l4", peer="lightning"),
        hardware_efficient(1000, 2),
    ]


def reference_value(case: Case) -> float | None:
    """The exact value of a case, where it is known."""
    path = SHARED / "reference" / "observables.json"
    if not case.reference or not path.exists():
        return None
    known = {entry["name"]: entry for entry in json.loads(path.read_text(encoding="utf-8"))["cases"]}
    return known[case.reference]["value"] if case.reference in known else None


def qaoa(nodes: int, depth: int, *, gradient: bool = True, peer: str = "") -> Case:
    """QAOA for MaxCut on a random 3-regular graph."""
    file = SHARED / "observables" / f"qaoa_n{nodes}_p{depth}.json"
    if file.exists():
        edges = [tuple(edge) for edge in json.loads(file.read_text(encoding="utf-8"))["edges"]]
    else:
        edges = sorted(map(sorted, nx.random_regular_graph(3, nodes, seed=666 if nodes == 54 else 1).edges))
    gammas, betas = FIXED_ANGLES[depth]
    name = f"QAOA N={nodes} p={depth}"
    case = _qaoa_case(name, tz.maxcut(edges), gammas, betas, f"qaoa_n{nodes}_p{depth}", gradient=gradient)
    return replace(case, peer=peer, qaoa={"edges": edges, "gammas": gammas, "betas": betas})


def weighted_qaoa() -> Case:
    """QAOA for MaxCut with normal weights: every light cone is another."""
    graph = nx.random_regular_graph(3, 100, seed=2)
    rng = np.random.default_rng(2)
    edges = [(u, v, round(float(rng.normal()), 6)) for u, v in sorted(map(sorted, graph.edges))]
    return _qaoa_case(
        "weighted N=100 p=2", tz.maxcut(edges), [0.4, 0.7], [0.52, 0.27], "qaoa_weighted_n100_p2", gradient=True
    )


def _qaoa_case(
    name: str, problem: tz.Wcsp, gammas: Sequence[float], betas: Sequence[float], reference: str, *, gradient: bool
) -> Case:
    point = {f"gamma{layer}": value for layer, value in enumerate(gammas, 1)}
    point |= {f"beta{layer}": value for layer, value in enumerate(betas, 1)}
    circuit = tz.qaoa_circuit(problem, len(gammas))
    return Case(
        name=name,
        circuit=circuit,
        observable=problem.observable(),
        point=point,
        gradient=gradient,
        reference=reference,
    )


def heavy_hexagons() -> Edges:
    """The 144 couplings of the 127 qubits of Eagle: seven rows, four bridges between neighbouring rows."""
    first, length = [0, 18, 37, 56, 75, 94, 113], [14, 15, 15, 15, 15, 15, 14]
    edges = [
        (qubit, qubit + 1)
        for start, count in zip(first, length, strict=True)
        for qubit in range(start, start + count - 1)
    ]
    for row in range(6):
        for place in range(4):
            bridge, column = first[row + 1] - 4 + place, 4 * place + 2 * (row % 2)
            below = column - 1 if row == 5 else column  # the last row begins one column later
            edges += [(first[row] + column, bridge), (bridge, first[row + 1] + below)]
    return edges


def kicked_ising(
    name: str, observable: str, angle: float, *, last_layer: bool = False, reference: str = "", peer: str = ""
) -> Case:
    """Five steps of rx on all qubits and rzz(-π/2) on all couplings, perhaps with one more layer of rx."""
    theta = tz.Parameter("theta")
    gates: list[tuple[str, Any, tuple[int, ...]]] = []
    for step in range(5 + last_layer):
        gates += [("rx", theta, (qubit,)) for qubit in range(127)]
        gates += [("rzz", -math.pi / 2, pair) for pair in heavy_hexagons() if step < 5]
    return Case(
        name=f"kicked Ising {name}",
        circuit=circuit_of(127, gates),
        observable=tz.Observable(observable),
        point={"theta": angle},
        reference=f"kicked_ising_{reference}" if reference else "",
        peer=peer,
    )


def hardware_efficient(qubits: int, layers: int, *, reference: str = "", peer: str = "") -> Case:
    """Layers of ry, rz and cz on a chain, and the Ising model in a transverse field."""
    rng = np.random.default_rng(1)
    gates: list[tuple[str, Any, tuple[int, ...]]] = []
    for layer in range(layers + 1):
        gates += rotations(qubits, ("ry", "rz"), rng)
        if layer < layers:
            gates += [("cz", None, (qubit, qubit + 1)) for start in (0, 1) for qubit in range(start, qubits - 1, 2)]
    terms = [f"- Z{qubit} Z{qubit + 1}" for qubit in range(qubits - 1)] + [f"- X{qubit}" for qubit in range(qubits)]
    return Case(
        name=f"HEA N={qubits}",
        circuit=circuit_of(qubits, gates),
        observable=tz.Observable(" ".join(terms)),
        point={},
        gradient=True,
        reference=reference,
        peer=peer,
    )


def brickwork() -> Case:
    """Ten random layers on a chain of 1,000 qubits."""
    classes = [[(qubit, qubit + 1) for qubit in range(start, 999, 2)] for start in (0, 1)]
    circuit = random_layers(1000, classes, 10)
    return Case(
        name="1000 qubits, chain",
        circuit=circuit,
        observable=tz.Observable("Z499 Z500"),
        point={},
        reference="brickwork_n1000_l10",
    )


def grid(rows: int = 25, columns: int = 40) -> Case:
    """Eight random layers on a grid of 25 times 40 qubits."""
    across = [
        [
            (row * columns + column, row * columns + column + 1)
            for row in range(rows)
            for column in range(start, columns - 1, 2)
        ]
        for start in (0, 1)
    ]
    down = [
        [
            (row * columns + column, (row + 1) * columns + column)
            for column in range(columns)
            for row in range(start, rows - 1, 2)
        ]
        for start in (0, 1)
    ]
    circuit = random_layers(rows * columns, [across[0], down[0], across[1], down[1]], 8)
    middle = (rows // 2) * columns + columns // 2
    return Case(
        name="1000 qubits, grid",
        circuit=circuit,
        observable=tz.Observable(f"Z{middle} Z{middle + 1}"),
        point={},
        reference="grid_25x40_l8",
    )


def random_layers(qubits: int, classes: Sequence[Edges], layers: int) -> tz.Circuit:
    """Random rx, ry, rz on every qubit, then a random rzz on the pairs of one class, in each layer."""
    rng = np.random.default_rng(1)
    gates: list[tuple[str, Any, tuple[int, ...]]] = []
    for layer in range(layers):
        gates += rotations(qubits, ("rx", "ry", "rz"), rng)
        gates += [("rzz", float(rng.normal()), pair) for pair in classes[layer % len(classes)]]
    return circuit_of(qubits, gates)


def rotations(
    qubits: int, names: Sequence[str], rng: np.random.Generator
) -> Iterator[tuple[str, float, tuple[int, ...]]]:
    """Rotations of every qubit by normal angles."""
    for qubit in range(qubits):
        for name in names:
            yield name, float(rng.normal()), (qubit,)


def circuit_of(qubits: int, gates: Sequence[tuple[str, Any, tuple[int, ...]]]) -> tz.Circuit:
    """A circuit of named gates, with an angle or without."""
    circuit = tz.Circuit(qubits)
    for name, angle, where in gates:
        circuit = circuit.append(name, *where, parameters=[] if angle is None else [angle])
    return circuit
