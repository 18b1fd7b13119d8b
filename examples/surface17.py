"""Surface-17 with realistic noise: the logical channel for all 2^24 syndromes, and what decoders make of it.

`python examples/surface17.py [--rounds 2] [--crosstalk 0.12] [--scales 0.5,1,2] [--picture FILE.svg]`

Eight ancillas check the generators of the rotated surface code on nine data qubits, in rounds. Qubits relax and dephase
while they wait, gates depolarise, reading errs, and a photon left in the resonator dephases an ancilla after its
measurement. With crosstalk, every pair of neighbours that is idle while others interact turns by an angle around ZZ,
which no Pauli model contains. In the end the generators are measured without error.

For every syndrome the exact channel of the logical qubit is computed. The best correction for each is decoding by
maximum likelihood; matching (PyMatching, given the same circuit with its noise twirled) chooses others, and the exact
channels say what they cost. Schedule and numbers are those of the demonstration in Alibaba's ACQDP (2020).
"""

from __future__ import annotations

import argparse
import itertools
import math
import time
from collections.abc import Iterator

import matplotlib
import numpy as np
import pymatching
import stim

import taizhang as tz

# Times in nanoseconds.
T1, T_PHI = 30_000.0, 60_000.0
HADAMARD, CZ, MEASUREMENT, DEPLETION = 20.0, 40.0, 300.0, 300.0
# Depolarisation after a Hadamard gate along its axis and in the plane across it, and errors of reading.
P_AXIS, P_PLANE, READOUT = 1e-4, 5e-4, 0.01
# Photons left in the resonator, their rate of decay, and the dispersive shift (per nanosecond).
PHOTONS, KAPPA, SHIFT = 4.0, 1 / 250, 1.3e-3

DATA = [(2 * row, 2 * column) for row in range(3) for column in range(3)]
X_ANCILLAS = [(1, 1), (3, 3), (-1, 3), (5, 1)]
Z_ANCILLAS = [(1, 3), (3, 1), (1, -1), (3, 5)]
PLACES = [*DATA, *X_ANCILLAS, *Z_ANCILLAS]
NUMBER = {place: number for number, place in enumerate(PLACES)}
# Data qubits by their place modulo 4; in which order each kind of ancilla, also by its place modulo 4, meets them.
D1, D2, D3, D4 = (0, 0), (0, 2), (2, 0), (2, 2)
X1, X2, Z1, Z2 = (1, 1), (3, 3), (1, 3), (3, 1)
X_STEPS = [((D2, X1), (X2, D3)), ((D1, X1), (X2, D4)), ((D1, X2), (X1, D4)), ((D2, X2), (X1, D3))]
Z_STEPS = [((D1, Z1), (Z2, D4)), ((D2, Z2), (Z1, D3)), ((D2, Z1), (Z2, D3)), ((D1, Z2), (Z1, D4))]

Event = tuple[float, str, tuple[int, ...]]


def pairs(step: tuple[tuple[tuple[int, int], ...], ...]) -> Iterator[tuple[int, int]]:
    """The neighbours that meet in a step."""
    for first, second in step:
        for a in PLACES:
            for b in PLACES:
                near = abs(a[0] - b[0]) == abs(a[1] - b[1]) == 1
                if near and (a[0] % 4, a[1] % 4) == first and (b[0] % 4, b[1] % 4) == second:
                    yield NUMBER[a], NUMBER[b]


def schedule(rounds: int) -> list[Event]:
    """What happens at which time, on which qubits, in order of time."""
    events: list[Event] = []
    start = 0.0
    for _ in range(rounds):
        end_of_x = 0.0
        for steps, others, turned in ((X_STEPS, Z_STEPS, [*DATA, *X_ANCILLAS]), (Z_STEPS, X_STEPS, Z_ANCILLAS)):
            first = start if steps is X_STEPS else end_of_x - HADAMARD
            events += [(first + HADAMARD / 2, "h", (NUMBER[place],)) for place in turned]
            now = first + HADAMARD
            for step in steps:
                events += [(now + CZ / 2, "cz", pair) for pair in pairs(step)]
                now += CZ
            events += [(now, "crosstalk", pair) for step in others for pair in pairs(step)]
            events += [(now + HADAMARD / 2, "h", (NUMBER[place],)) for place in turned]
            now += HADAMARD
            measured = X_ANCILLAS if steps is X_STEPS else Z_ANCILLAS
            events += [(now + MEASUREMENT / 2, "measure", (NUMBER[place],)) for place in measured]
            end_of_x = now if steps is X_STEPS else end_of_x
        start = end_of_x + MEASUREMENT + DEPLETION
    return sorted(events, key=lambda event: event[0])


def photon_dephasing(start: float, end: float, waited: float) -> float:
    """How much coherence photons left by a measurement leave to an ancilla, from `start` to `end` after its gate."""

    def integral(time: float) -> float:
        wave = KAPPA * math.sin(2 * SHIFT * time) + 2 * SHIFT * math.cos(2 * SHIFT * time)
        return -math.exp(-KAPPA * time) / (4 * SHIFT**2 + KAPPA**2) * wave

    return math.exp(-2 * SHIFT * PHOTONS * math.exp(-KAPPA * waited) * (integral(end) - integral(start)))


def noisy_events(rounds: int) -> Iterator[tuple[str, tuple[int, ...], float, float]]:
    """The events, and before each the waiting of its qubits: ("idle", qubit, duration, coherence kept by photons)."""
    last: dict[int, float] = {}
    measured: dict[int, float] = {}
    turned: dict[int, float] = {}
    for now, kind, qubits in schedule(rounds):
        for qubit in qubits:
            if kind == "measure":
                measured[qubit] = now
            before = last.get(qubit, now)
            if now > before:
                kept = 1.0
                if qubit in turned:
                    begun = turned[qubit]
                    kept = photon_dephasing(before - begun, now - begun, begun - measured[qubit])
                yield "idle", (qubit,), now - before, kept
            last[qubit] = now
            if kind == "h" and qubit in measured:
                if qubit in turned:
                    del turned[qubit], measured[qubit]
                else:
                    turned[qubit] = now
        yield kind, qubits, 0.0, 1.0


def surface17(rounds: int = 2, *, crosstalk: float = 0.0, scale: float = 1.0) -> tz.Circuit:
    """The circuit; a scale multiplies all rates and probabilities of errors but the crosstalk."""
    circuit = tz.Circuit(17, bits={"c": 8 * rounds})
    depolarized = tz.channels.pauli(*(scale * p for p in (P_AXIS / 4, P_PLANE / 2 - P_AXIS / 4, P_AXIS / 4)))
    t2 = 1 / (1 / (2 * T1) + 1 / (2 * T_PHI))
    bit = 0
    for kind, qubits, duration, kept in noisy_events(rounds):
        if kind == "idle":
            circuit = circuit.append(tz.channels.thermal_relaxation(scale * duration, T1, t2), *qubits)
            if kept < 1:
                circuit = circuit.append(tz.channels.phase_damping(1 - kept**scale), *qubits)
        elif kind == "h":
            circuit = circuit.h(*qubits).append(depolarized, *qubits)
        elif kind == "cz":
            circuit = circuit.cz(*qubits)
        elif kind == "measure":
            circuit = circuit.measure(qubits[0], f"c[{bit}]", readout=tz.readout(scale * READOUT, scale * READOUT))
            bit += 1
        elif crosstalk:
            circuit = circuit.cp(*qubits, crosstalk)
    return circuit


def code() -> tz.StabilizerCode:
    """The code, its generators in the order in which ancillas are measured."""

    def generator(ancilla: tuple[int, int], letter: str) -> str:
        near = [abs(a - ancilla[0]) == abs(b - ancilla[1]) == 1 for a, b in DATA]
        return "".join(letter if each else "I" for each in near)

    generators = [*(generator(each, "X") for each in X_ANCILLAS), *(generator(each, "Z") for each in Z_ANCILLAS)]
    # X down the first column, Z along the first row.
    return tz.StabilizerCode(tuple(generators), "XIIXIIXII", "ZZZIIIIII")


def twirled(rounds: int, observable: str, scale: float = 1.0) -> stim.Circuit:
    """The circuit for Stim, without crosstalk and with Pauli noise in place of relaxation; for the decoder."""
    generators, ancillas = code().stabilizers, [NUMBER[place] for place in (*X_ANCILLAS, *Z_ANCILLAS)]
    products = ["*".join(f"{letter}{q}" for q, letter in enumerate(each) if letter != "I") for each in generators]
    letters = getattr(code(), f"logical_{observable.lower()}")
    logical = "*".join(f"{letter}{q}" for q, letter in enumerate(letters) if letter != "I")
    circuit = stim.Circuit("R " + " ".join(map(str, ancillas)) + "\nMPP " + " ".join([*products, logical]))
    records: dict[int, list[int]] = {ancilla: [] for ancilla in ancillas}
    count = 9
    for kind, qubits, duration, kept in noisy_events(rounds):
        if kind == "idle":
            relaxed = math.exp(-scale * duration / T1)
            coherent = math.exp(-scale * duration * (1 / (2 * T1) + 1 / (2 * T_PHI))) * math.sqrt(kept**scale)
            flip, phase = (1 - relaxed) / 4, (1 - coherent) / 2
            circuit.append("PAULI_CHANNEL_1", qubits, [flip, flip, max(phase - flip, 0)])
        elif kind == "h":
            circuit.append("H", qubits)
            errors = (P_AXIS / 4, P_PLANE / 2 - P_AXIS / 4, P_AXIS / 4)
            circuit.append("PAULI_CHANNEL_1", qubits, [scale * p for p in errors])
        elif kind == "cz":
            circuit.append("CZ", qubits)
        elif kind == "measure":
            circuit.append("M", qubits, scale * READOUT)
            records[qubits[0]].append(count)
            count += 1
    circuit += stim.Circuit("MPP " + " ".join([*products, logical]))
    end = count + 9
    # An ancilla is not reset: its outcome is the one before, turned by the syndrome.
    for number, ancilla in enumerate(ancillas):
        outcomes = records[ancilla]
        syndromes = [{number}, *({now} ^ set(outcomes[turn - 1 : turn]) for turn, now in enumerate(outcomes))]
        syndromes.append({count + number})
        for earlier, later in itertools.pairwise(syndromes):
            circuit.append("DETECTOR", [stim.target_rec(each - end) for each in sorted(earlier ^ later)])
    circuit.append("OBSERVABLE_INCLUDE", [stim.target_rec(8 - end), stim.target_rec(-1)], 0)
    return circuit


def all_bits(count: int, start: int, stop: int) -> np.ndarray:
    """The bits of the numbers from `start` to `stop`, the first the slowest, shape (stop - start, count)."""
    return (np.arange(start, stop)[:, np.newaxis] >> np.arange(count - 1, -1, -1) & 1).astype(bool)


def detectors_of(bits: np.ndarray, rounds: int) -> np.ndarray:
    """What the detectors of `twirled` see for syndromes of the circuit, in their order."""
    outcomes = [bits[:, 8 * turn : 8 * turn + 8] for turn in range(rounds)]
    final, none = bits[:, 8 * rounds :], np.zeros_like(bits[:, :8])
    syndromes = [none, *(now ^ earlier for earlier, now in zip([none, *outcomes[:-1]], outcomes, strict=True)), final]
    seen = [earlier ^ later for earlier, later in itertools.pairwise(syndromes)]
    return np.stack(seen, axis=2).reshape(len(bits), -1)


def matched(rounds: int, scale: float) -> np.ndarray:
    """The logical operator that matching applies for each syndrome, by its place in I, X, Y, Z."""
    matchings = [
        pymatching.Matching(twirled(rounds, each, scale).detector_error_model(decompose_errors=True)) for each in "XZ"
    ]
    count, found = 8 * rounds + 8, []
    for start in range(0, 2**count, 2**18):
        seen = detectors_of(all_bits(count, start, min(start + 2**18, 2**count)), rounds)
        x_flipped, z_flipped = (each.decode_batch(seen)[:, 0].astype(bool) for each in matchings)
        found.append(np.select([x_flipped & z_flipped, z_flipped, x_flipped], [2, 1, 3], 0).astype(np.int8))
    return np.concatenate(found)


def main() -> None:
    """Computes and draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--crosstalk", type=float, default=0.0, help="angle around ZZ")
    parser.add_argument("--scales", default="0.5,1,2", help="factors on all errors but the crosstalk")
    parser.add_argument("--picture", help="file to draw to")
    arguments = parser.parse_args()
    scales = [float(each) for each in arguments.scales.split(",")]
    signs = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])
    exact, matching = [], []
    for scale in scales:
        started = time.perf_counter()
        circuit = surface17(arguments.rounds, crosstalk=arguments.crosstalk, scale=scale)
        channels = tz.LogicalQubit(code(), circuit).channels()
        seconds = time.perf_counter() - started
        # The same channels with the corrections of matching in place of the best ones.
        diagonals = np.diagonal(channels.pauli_transfers, axis1=1, axis2=2) * signs[channels.corrections]
        others = matched(arguments.rounds, scale)
        exact.append(channels.error)
        matching.append(float(1 - np.einsum("si,si->", signs[others], diagonals) / 4))
        print(
            f"scale {scale:g}: {len(channels.probabilities):,} syndromes in {seconds:.1f} s; "
            f"logical error {exact[-1]:.6f} with the best corrections, {matching[-1]:.6f} with those of matching"
        )
    if arguments.picture:
        matplotlib.use("svg")
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(figsize=(6, 3.8))
        axes.loglog(scales, matching, "s--", label="matching")
        axes.loglog(scales, exact, "o-", label="exact")
        axes.set(xlabel="physical errors, relative to the experiment", ylabel="logical error")
        axes.grid(visible=True, which="both", alpha=0.3)
        axes.legend()
        figure.tight_layout()
        figure.savefig(arguments.picture)


if __name__ == "__main__":
    main()
