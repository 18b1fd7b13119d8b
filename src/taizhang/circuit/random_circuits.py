"""Random circuits of the standard benchmark families.

`grid_circuit` makes circuits on a rectangle as in Google's GRCS, version 2 (Boixo et al., arXiv:1608.00263; Markov et
al., arXiv:1807.10749); `sycamore_circuit` makes circuits as run on Sycamore and its patches (Arute et al., Nature 574,
505, 2019). Structure, numbering and difficulty are those of the published circuits; the random choices are our own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import numpy as np

from taizhang._checks import read_integer
from taizhang._random import read_seed, stream
from taizhang.circuit.circuit import MAX_OPERATIONS, MAX_QUBITS, Circuit, Operation
from taizhang.circuit.gates import Gate, gate
from taizhang.circuit.sycamore_layout import pairs_of, sites_of
from taizhang.errors import SizeLimitError, UsageError

Pair = tuple[int, int]
Turns = tuple[Gate, Gate]

# Where each of the eight layers of the grid starts: direction, and the place modulo 4 of a pair's first qubit along its
# line, on even lines; on odd lines it is 2 further.
_GRID_LAYERS = (
    ("row", 0),
    ("column", 1),
    ("row", 1),
    ("column", 0),
    ("row", 2),
    ("column", 3),
    ("row", 3),
    ("column", 2),
)


def random_grid(
    rows: int, columns: int, depth: int, *, gate: Literal["cz", "is"] = "cz", seed: int | None = 0
) -> Circuit:
    """Makes a random circuit on a grid, with the arguments of `taizhang random grid`; see `grid_circuit`.

    Args:
        rows: Number of rows, at least 1.
        columns: Number of columns, at least 1.
        depth: Layers of two-qubit gates and one, at least 1; the number in the name of a GRCS file.
        gate: The two-qubit gate, `cz`, or `is` for iSWAP.
        seed: Of the random choices; None for a new one each time.

    Returns:
        A circuit of rows × columns qubits, numbered row by row.

    Raises:
        UsageError: A size is too small, or the two-qubit gate is unknown.
        SizeLimitError: The circuit is larger than allowed.

    Example:
        >>> random_grid(4, 4, 20) == grid_circuit(4, 4, 20, seed=0)
        True
    """
    return grid_circuit(rows, columns, depth, seed=seed, two_qubit=gate)


def random_sycamore(qubits: int = 53, *, cycles: int, pattern: str = "ABCDCDAB", seed: int | None = 0) -> Circuit:
    """Makes a random circuit as run on Sycamore, with the arguments of `taizhang random sycamore`.

    See `sycamore_circuit` for what it consists of.

    Args:
        qubits: 53, or 12 to 52 for the patches.
        cycles: Number of two-qubit layers, at least 0.
        pattern: Layers in turn: `ABCDCDAB`, `EFGH`, or any other sequence of the letters A to H.
        seed: Of the random choices; None for a new one each time.

    Returns:
        A circuit in gates of qsim's text.

    Raises:
        UsageError: There is no patch of this size, or the pattern is not one.
        SizeLimitError: The circuit is larger than allowed.

    Example:
        >>> random_sycamore(12, cycles=4) == sycamore_circuit(12, cycles=4, seed=0)
        True
    """
    return sycamore_circuit(qubits, cycles=cycles, seed=seed, pattern=pattern)


def grid_circuit(
    rows: int, columns: int, depth: int, *, seed: int | None, two_qubit: Literal["cz", "is"] = "cz"
) -> Circuit:
    """Makes a random circuit on a grid, as GRCS's cz_v2 and is_v1.

    Cycle 0 is a Hadamard on every qubit, and so is cycle `depth`. In cycles 1 to `depth` - 1 eight layers of two-qubit
    gates take turns. A qubit idle in a cycle gets √X or √Y at random if it had a two-qubit gate in the cycle before, T
    if it had √X, √Y or the first Hadamard in the cycle before, and nothing otherwise.

    Args:
        rows: Number of rows, at least 1.
        columns: Number of columns, at least 1.
        depth: Cycle of the last Hadamards, at least 1; the number in the name of a GRCS file.
        seed: Of the random choices; None makes a new circuit each time.
        two_qubit: `cz`, or `is` for iSWAP.

    Returns:
        A circuit of rows × columns qubits, numbered row by row, in gates of GRCS text.

    Raises:
        UsageError: A size is too small, or the two-qubit gate is unknown.
        SizeLimitError: The circuit is larger than allowed.

    Example:
        >>> grid_circuit(4, 4, 20, seed=0).gate_counts()["cz"]
        56
    """
    rows, columns, depth = (
        read_integer(given, name=name) for name, given in (("rows", rows), ("columns", columns), ("depth", depth))
    )
    seed = read_seed(seed)
    if rows < 1 or columns < 1 or depth < 1:
        raise UsageError(f"rows, columns and depth must be at least 1, got {rows}, {columns} and {depth}")
    if two_qubit not in ("cz", "is"):
        raise UsageError(f"'{two_qubit}' is not a two-qubit gate of grid circuits; choose cz or is")
    _check_size(rows * columns, depth)
    return Circuit.from_operations(rows * columns, _grid_operations(rows, columns, depth, seed, gate(two_qubit)))


def sycamore_circuit(num_qubits: int = 53, *, cycles: int, seed: int | None, pattern: str = "ABCDCDAB") -> Circuit:
    """Makes a random circuit as run on Sycamore.

    Each cycle is one random gate of √X, √Y, √W on every qubit, never the one it had before, then fSim on the pairs of
    one layer, between rotations about Z. After the last cycle comes one more layer of single-qubit gates. The angles of
    fSim belong to the pair and are near (π/2, π/6). Smaller patches have the same gates on the qubits they keep.

    Args:
        num_qubits: 53, or 12 to 52 for the patches.
        cycles: Number of two-qubit layers, at least 0.
        seed: Of the random choices; None makes a new circuit each time.
        pattern: Layers in turn: `ABCDCDAB` as for the hard circuits, `EFGH` as for those that were checked, or any
            other sequence of the letters A to H.

    Returns:
        A circuit in gates of qsim's text.

    Raises:
        UsageError: There is no patch of this size, or the pattern is not one.
        SizeLimitError: The circuit is larger than allowed.

    Example:
        >>> sycamore_circuit(53, cycles=10, seed=0).gate_counts()["fsim"]
        215
    """
    num_qubits, cycles = read_integer(num_qubits, name="num_qubits"), read_integer(cycles, name="cycles")
    seed = read_seed(seed)
    sites = sites_of(num_qubits)
    if cycles < 0 or not pattern:
        raise UsageError(f"cycles must be at least 0 and the pattern not empty, got {cycles} and '{pattern}'")
    _check_size(num_qubits, 4 * (cycles + 1))
    layers = {letter: pairs_of(sites, letter) for letter in dict.fromkeys(pattern)}
    return Circuit.from_operations(num_qubits, _sycamore_operations(num_qubits, cycles, seed, pattern, layers))


def _check_size(num_qubits: int, num_layers: int) -> None:
    """Refuses a circuit that would be too large before any of it is made."""
    if num_qubits > MAX_QUBITS or num_qubits * num_layers > MAX_OPERATIONS:
        raise SizeLimitError(
            f"a random circuit may have at most {MAX_QUBITS} qubits and {MAX_OPERATIONS} operations, got {num_qubits} "
            f"qubits with {num_layers} layers; choose a smaller one"
        )


def _grid_pairs(rows: int, columns: int, cycle: int) -> tuple[Pair, ...]:
    """Returns the pairs coupled in a cycle, counted from 1, line by line."""
    direction, start = _GRID_LAYERS[(cycle - 1) % 8]
    lines, length = (rows, columns) if direction == "row" else (columns, rows)
    along, across = (1, columns) if direction == "row" else (columns, 1)
    return tuple(
        (line * across + place * along, line * across + (place + 1) * along)
        for line in range(lines)
        for place in range((start + 2 * line) % 4, length - 1, 4)
    )


def _grid_operations(rows: int, columns: int, depth: int, seed: int, coupling: Gate) -> Iterator[Operation]:
    num_qubits = rows * columns
    hadamard, tee, roots = gate("h"), gate("t"), (gate("x_1_2"), gate("y_1_2"))
    choices = stream(seed, "grid circuit", rows, columns)
    previous: list[Gate | None] = [hadamard] * num_qubits
    yield from (Operation(hadamard, (qubit,)) for qubit in range(num_qubits))
    for cycle in range(1, depth):
        pairs = _grid_pairs(rows, columns, cycle)
        coupled = {qubit for pair in pairs for qubit in pair}
        yield from (Operation(coupling, pair) for pair in pairs)
        for qubit in range(num_qubits):
            before = previous[qubit]
            chosen: Gate | None = None
            if qubit in coupled:
                chosen = coupling
            elif before is coupling:
                chosen = roots[int(choices.integers(2))]
            elif before is not None and before is not tee:
                chosen = tee
            if chosen is not None and chosen is not coupling:
                yield Operation(chosen, (qubit,))
            previous[qubit] = chosen
    yield from (Operation(hadamard, (qubit,)) for qubit in range(num_qubits))


def _sycamore_operations(
    num_qubits: int, cycles: int, seed: int, pattern: str, layers: dict[str, tuple[Pair, ...]]
) -> Iterator[Operation]:
    sites = sites_of(num_qubits)
    roots = [_root_choices(seed, site, cycles + 1) for site in sites]
    for cycle in range(cycles):
        yield from (Operation(roots[qubit][cycle], (qubit,)) for qubit in range(num_qubits))
        pairs = layers[pattern[cycle % len(pattern)]]
        couplings = [_coupling(seed, cycle, *sites[first], *sites[second]) for first, second in pairs]
        for pair, (before, _, _) in zip(pairs, couplings, strict=True):
            yield from (Operation(turn, (qubit,)) for turn, qubit in zip(before, pair, strict=True))
        for pair, (_, middle, _) in zip(pairs, couplings, strict=True):
            yield Operation(middle, pair)
        for pair, (_, _, after) in zip(pairs, couplings, strict=True):
            yield from (Operation(turn, (qubit,)) for turn, qubit in zip(after, pair, strict=True))
    yield from (Operation(roots[qubit][cycles], (qubit,)) for qubit in range(num_qubits))


def _root_choices(seed: int, site: Pair, count: int) -> list[Gate]:
    """Returns the single-qubit gates of the qubit at a site, no two consecutive ones equal."""
    choices = stream(seed, "sycamore roots", *site)
    roots = (gate("x_1_2"), gate("y_1_2"), gate("hz_1_2"))
    steps = [int(choices.integers(3)), *(1 + int(step) for step in choices.integers(2, size=count - 1))]
    return [roots[place] for place in np.cumsum(steps) % 3]


def _coupling(seed: int, cycle: int, *place: int) -> tuple[Turns, Gate, Turns]:
    """Returns the turns about Z before, the fSim, and the turns after, for the pair at a place.

    Angles of fSim, the sum of all turns of each qubit and of both turns on each side belong to the pair, as measured
    for Sycamore; how they are shared between before and after changes with the cycle, as qubits of different
    frequencies drift apart.
    """
    of_pair = stream(seed, "sycamore pair", *place)
    theta = math.pi / 2 + 0.05 * float(np.clip(of_pair.standard_normal(), -3, 3))
    phi = math.pi / 6 + 0.05 * float(np.clip(of_pair.standard_normal(), -3, 3))
    one_side, one_qubit = (float(angle) for angle in of_pair.uniform(-math.pi, math.pi, size=2))
    drift = float(stream(seed, "sycamore drift", cycle, *place).uniform(-math.pi, math.pi))
    before = (gate("rz", drift), gate("rz", one_side - drift))
    after = (gate("rz", one_qubit - drift), gate("rz", one_side - one_qubit + drift))
    return before, gate("fsim", theta, phi), after
