"""Noise, measurement and control: expectation values, density matrices, samples, histories; and peers.

`python -m benchmarks.noise [--quick] [--peers --peer-python PATH]`. Everything is measured in this process, planning
included; peers (Qiskit Aer, qsim) run beside it, one after another, on the same circuits.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import taizhang as tz
from benchmarks.cases import SHARED
from benchmarks.tables import Result, figure, ratio, run_json, show
from taizhang import channels

COLUMNS = ("work", "seconds", "again", "each", "peer", "peer: each", "ratio")
PEER_SECONDS = 280.0


@dataclass(frozen=True, slots=True)
class Noisy:
    """A circuit of u and cz with depolarizing errors after each.

    Attributes:
        qubits: Number of qubits.
        gates: Names, angles, qubits.
        p1: Chance of an error after u.
        p2: Chance of an error after cz.
    """

    qubits: int
    gates: tuple[tuple[str, tuple[float, ...], tuple[int, ...]], ...]
    p1: float
    p2: float

    @property
    def circuit(self) -> tz.Circuit:
        """Our circuit."""
        made = tz.Circuit(self.qubits)
        for name, angles, qubits in self.gates:
            made = made.append(tz.gate(name, *angles), *qubits)
            noise = channels.depolarizing(self.p1) if len(qubits) == 1 else channels.depolarizing2(self.p2)
            made = made.append(noise, *qubits)
        return made

    def job(self, observable: str) -> dict[str, Any]:
        """The same for peers."""
        letters = [(word[0], word[1:]) for word in observable.split()]
        return {"qubits": self.qubits, "gates": self.gates, "p1": self.p1, "p2": self.p2, "observable": letters}


def layered(qubits: int, layers: int, pairs: Callable[[int], list[tuple[int, int]]], p: float, seed: int = 1) -> Noisy:
    """Random u on all qubits, then cz on the pairs of each layer."""
    rng = np.random.default_rng(seed)
    gates: list[tuple[str, tuple[float, ...], tuple[int, ...]]] = []
    for layer in range(layers):
        gates += [("u", tuple(rng.uniform(0, 6, 3).tolist()), (qubit,)) for qubit in range(qubits)]
        gates += [("cz", (), pair) for pair in pairs(layer)]
    return Noisy(qubits, tuple(gates), p, p)


def brick(qubits: int, layers: int, p: float = 0.01) -> Noisy:
    """A chain: even couplings, then odd ones."""
    return layered(qubits, layers, lambda layer: [(q, q + 1) for q in range(layer % 2, qubits - 1, 2)], p)


def grid(rows: int, columns: int, layers: int, p: float = 0.01) -> Noisy:
    """A grid, whose couplings take turns: two directions, two offsets."""

    def pairs(layer: int) -> list[tuple[int, int]]:
        down, offset = layer % 2, layer // 2 % 2
        found = []
        for row in range(rows):
            for column in range(columns):
                other = (row + 1, column) if down else (row, column + 1)
                here = row if down else column
                if here % 2 == offset and other[0] < rows and other[1] < columns:
                    found.append((row * columns + column, other[0] * columns + other[1]))
        return found

    return layered(rows * columns, layers, pairs, p)


def chain_of_conditions(bits: int, hidden: int = 4) -> str:
    """OpenQASM 2 that asks one register of many bits in each of two conditions a qubit."""
    lines = ["OPENQASM 2.0;", 'include "qelib1.inc";', f"qreg q[{bits}];", f"creg c[{bits}];"]
    last = bits - 1
    lines += [f"h q[{k}];" for k in range(last)] + [f"cx q[{k}],q[{last}];" for k in range(last)]
    lines += [f"measure q[{last}] -> c[{last}];", f"if(c==0) x q[{last}];", f"if(c==0) h q[{last}];"]
    lines += [f"if(c=={2**last}) h q[{k}];" for k in range(last)]
    lines += [f"if(c==0) cx q[{hidden}],q[{last}];"] + [f"if(c==0) h q[{k}];" for k in range(last)]
    return "\n".join(lines + [f"measure q[{k}] -> c[{k}];" for k in range(last)])


def many_resets(count: int) -> tz.Circuit:
    """Ten qubits that meet an eleventh, which is reset each time."""
    rng = np.random.default_rng(0)
    circuit = tz.Circuit(11, bits={"c": 10})
    for qubit in range(10):
        circuit = circuit.h(qubit)
    for number in range(count):
        at = int(rng.integers(10))
        circuit = circuit.cx(at, 10).ry(at, 0.1 * (number % 7)).reset(10)
        circuit = circuit.cx(at, (at + 1) % 10) if number % 9 == 0 else circuit
    return circuit.measure(range(10), "c")


def timed(work: Callable[[], Any], repeats: int = 2) -> list[float]:
    """Seconds of a piece of work, several times."""
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return taken


def run(*, quick: bool, threads: int) -> Result:
    """Measures all cases, without peers."""
    return measure(quick=quick, threads=threads, peer_python=None)


def measure(*, quick: bool, threads: int, peer_python: str | None) -> Result:
    """Measures all cases, and peers beside them."""
    rows: list[tuple[str, ...]] = []

    def add(name: str, taken: list[float], each: int = 1, peer: str = "", of_peer: float | None = None) -> None:
        own = min(taken) / each
        last = taken[-1] if len(taken) > 1 else None
        row = (name, figure(taken[0], ".3f"), figure(last, ".3f"), figure(own, ".3g"))
        rows.append((*row, peer, figure(of_peer, ".3g"), ratio(of_peer, own)))
        print(*rows[-1], sep="  ", file=sys.stderr, flush=True)

    def peers(noisy: Noisy, observable: str, what: str, count: int, names: tuple[str, ...]) -> list[tuple[str, float]]:
        """Seconds of each piece of a peer's work."""
        found = []
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "job.json"
            path.write_text(json.dumps(noisy.job(observable)))
            for name in names if peer_python is not None else ():
                words = [str(Path(__file__).with_name("noise_peers.py")), name, str(path), what, str(count)]
                done = run_json(words, threads=threads, timeout=PEER_SECONDS, python=str(peer_python))
                found.append((name, done["seconds"] / done["count"] if done else PEER_SECONDS))
        return found

    # Stage 1: expectation values, exactly.
    works = [("chain 30, depth 10", brick(30, 10), "Z14"), ("chain 100, depth 12", brick(100, 12), "X49 Y50 Z53")]
    works += [("grid 5 x 6, depth 8", grid(5, 6, 8), "Z14"), ("grid 6 x 6, depth 8", grid(6, 6, 8), "Z14")]
    works += [] if quick else [("grid 6 x 6, depth 12", grid(6, 6, 12), "Z14")]
    for name, noisy, observable in works:
        circuit = noisy.circuit
        taken = timed(
            lambda circuit=circuit, observable=observable: tz.expectation(circuit, observable, threads=threads)
        )
        add(f"value, {name}", taken)
    # Peers compute a trajectory of a light cone of 20 qubits, not a value.
    cone = brick(20, 10)
    for name, seconds in peers(cone, "Z10", "value", 3, ("aer", "qsim")):
        circuit = cone.circuit
        add(
            "value, chain 20, depth 10",
            timed(lambda circuit=circuit: tz.expectation(circuit, "Z10", threads=threads)),
            1,
            f"{name}, a trajectory",
            seconds,
        )

    # Stage 2: density matrices.
    small = brick(10 if quick else 12, 8)
    state = small.circuit
    matrix = timed(lambda: tz.density_matrix(state, threads=threads))
    add(f"density matrix, {small.qubits} qubits", matrix)
    for name, seconds in peers(small, "Z0", "density", 1, ("aer",)):
        add(f"density matrix, {small.qubits} qubits", matrix, 1, name, seconds)

    # Stage 3: samples of a deep circuit.
    deep, shots = brick(12 if quick else 20, 20, 1e-3), 1000 if quick else 10_000
    circuit = deep.circuit
    found = peers(deep, "Z0", "shots", 20, ("aer", "qsim"))
    for method, count in (("auto", shots // 100), ("trajectories", shots)):
        taken = timed(
            lambda method=method, count=count: tz.sample(circuit, count, method=method, seed=1, threads=threads), 1
        )
        name = f"{count} samples, {deep.qubits} qubits, {method}"
        add(name, taken, count)
        for peer, seconds in found:
            add(name, taken, count, peer, seconds)

    # Stage 4: histories.
    for name in ("surface17_rx0.2_r3", "surface17_rx0.2_r3_feedback"):
        path = SHARED / "noise" / f"{name}.qasm"
        if quick or not path.exists():
            continue
        code = tz.read_circuit(path, final_measurements=True)
        add(f"10,000 shots, {name}", timed(lambda code=code: tz.sample(code, 10_000, seed=1, threads=threads)), 10_000)
        drawn = np.unique(tz.sample(code, 10_000, seed=2), axis=0)
        words = ["".join(map(str, row)) for row in drawn.tolist()]
        add(
            f"one history, {name}",
            timed(lambda code=code, words=words: tz.probability(code, words[0], threads=threads)),
        )
        many = [words[number % len(words)] for number in range(10_000)]
        rng = np.random.default_rng(3)
        many = [
            "".join(rng.permutation(list(word))) if number >= len(words) else word for number, word in enumerate(many)
        ]
        add(
            f"10,000 histories, {name}",
            timed(lambda code=code, many=many: tz.probability(code, many, threads=threads), 1),
            10_000,
        )
    bits = 61 if quick else 301
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.qasm"
        path.write_text(chain_of_conditions(bits))
        chain = tz.read_circuit(path, final_measurements=True)
    add(f"{bits} bits under {2 * bits} conditions", timed(lambda: tz.probabilities(chain, threads=threads)))
    resets = many_resets(921 if quick else 9207)
    add(f"{len(resets) // 3} resets", timed(lambda: tz.probabilities(resets, threads=threads)))
    return f"Noise, measurement and control, {threads} threads", COLUMNS, rows


def main() -> None:
    """Reads the options and prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.noise", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", action="store_true", help="also run Qiskit Aer and qsim")
    parser.add_argument("--peer-python", default=sys.executable, metavar="PATH", help="a Python that has them")
    given = parser.parse_args()
    peer_python = given.peer_python if given.peers else None
    show(*measure(quick=given.quick, threads=given.threads, peer_python=peer_python))


if __name__ == "__main__":
    main()
