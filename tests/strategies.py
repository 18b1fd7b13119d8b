"""Hypothesis strategies shared by the tests: whatever broke the code once belongs in here."""

from __future__ import annotations

import math
import string
from dataclasses import replace

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.gates import RECORDS, Gate, gate, unitary_gate
from taizhang.circuit.observable import Observable
from taizhang.circuit.parameter import ParameterExpression
from taizhang.circuit.parametric_gate import ParametricGate
from taizhang.network.network import NetworkShape, TensorNetwork
from taizhang.plan.plan import Plan
from taizhang.plan.tree import ContractionTree

# Gates and circuits

angles = st.one_of(
    st.sampled_from([0.0, math.pi / 4, math.pi / 2, math.pi, -math.pi / 2, 2 * math.pi]),
    st.floats(-10, 10, allow_nan=False),
)

table_gates = st.sampled_from(sorted(RECORDS)).flatmap(
    lambda name: st.builds(Gate, st.just(name), st.tuples(*[angles] * RECORDS[name].num_parameters))
)
"""Any gate of the table, without controls."""


@st.composite
def matrix_gates(draw, max_qubits: int = 2) -> Gate:
    """A gate given by a random unitary matrix."""
    num_qubits = draw(st.integers(1, max_qubits))
    generator = np.random.Generator(np.random.PCG64(draw(st.integers(0, 2**32 - 1))))
    shape = (2**num_qubits, 2**num_qubits)
    unitary, _ = np.linalg.qr(generator.normal(size=shape) + 1j * generator.normal(size=shape))
    return unitary_gate(unitary)


@st.composite
def gates(draw, max_qubits: int = 5, matrices: bool = True) -> Gate:
    """A gate of the table or of a matrix, with up to two controls, on at most `max_qubits` qubits."""
    base = draw(st.one_of(table_gates, matrix_gates(min(2, max_qubits))) if matrices and max_qubits else table_gates)
    if base.num_qubits > max_qubits:
        base = draw(
            st.sampled_from([Gate("x"), Gate("h"), Gate("t")]) if max_qubits else st.just(Gate("gphase", (1.0,)))
        )
    return base.controlled(draw(st.integers(0, min(2, max_qubits - base.num_qubits))))


@st.composite
def circuits(
    draw, min_qubits: int = 1, max_qubits: int = 6, max_operations: int = 20, matrices: bool = True
) -> Circuit:
    """A circuit of any gates."""
    num_qubits = draw(st.integers(min_qubits, max_qubits))
    operations = []
    for _ in range(draw(st.integers(0, max_operations))):
        chosen = draw(gates(max_qubits=num_qubits, matrices=matrices))
        qubits = draw(st.permutations(range(num_qubits)))[: chosen.num_qubits]
        operations.append(Operation(chosen, tuple(qubits)))
    return Circuit.from_operations(num_qubits, operations)


@st.composite
def grcs_circuits(draw, max_qubits: int = 6, max_operations: int = 20) -> Circuit:
    """A circuit of the gates of GRCS text."""
    names = st.sampled_from(["h", "t", "x_1_2", "y_1_2", "cz", "iswap"])
    num_qubits = draw(st.integers(2, max_qubits))
    circuit = Circuit(num_qubits)
    for name in draw(st.lists(names, max_size=max_operations)):
        first, second = draw(st.permutations(range(num_qubits)))[:2]
        circuit = circuit.append(name, *((first, second) if name in ("cz", "iswap") else (first,)))
    return circuit


parameter_names = st.sampled_from(["alpha", "beta", "gamma", "theta[0]", "theta[10]"])

_coefficients = st.one_of(st.sampled_from([1.0, -1.0, 2.0, 0.5]), st.floats(-10, 10).filter(lambda x: abs(x) > 1e-6))


@st.composite
def expressions(draw) -> ParameterExpression:
    """An expression of one to three parameters."""
    terms = draw(st.dictionaries(parameter_names, _coefficients, min_size=1, max_size=3))
    return ParameterExpression(tuple(sorted(terms.items())), draw(angles))


@st.composite
def parametric_gates(draw, max_qubits: int = 5) -> ParametricGate:
    """A gate of the table with at least one expression among its angles, and up to two controls."""
    names = [name for name, row in RECORDS.items() if row.num_parameters and row.num_targets <= max_qubits]
    record = RECORDS[draw(st.sampled_from(names))]
    given = [draw(st.one_of(angles, expressions())) for _ in range(record.num_parameters)]
    given[draw(st.integers(0, len(given) - 1))] = draw(expressions())
    plain = ParametricGate(record.name, tuple(given))
    return plain.controlled(draw(st.integers(0, min(2, max_qubits - plain.num_qubits))))


@st.composite
def parametric_circuits(draw, max_qubits: int = 4, max_operations: int = 10) -> Circuit:
    """A circuit of gates of the table, some of them with parameters."""
    num_qubits = draw(st.integers(1, max_qubits))
    operations = []
    for _ in range(draw(st.integers(0, max_operations))):
        kinds = st.one_of(parametric_gates(num_qubits), gates(max_qubits=num_qubits, matrices=False))
        chosen = draw(kinds)
        qubits = draw(st.permutations(range(num_qubits)))[: chosen.num_qubits]
        operations.append(Operation(chosen, tuple(qubits)))
    return Circuit.from_operations(num_qubits, operations)


def values_for(names):
    """Values by name for the parameters of these names."""
    return st.fixed_dictionaries(dict.fromkeys(names, st.floats(-10, 10)))


# Networks and plans


@st.composite
def networks(draw, max_tensors=6, max_indices=7, max_elements=1 << 14):
    """Networks of any form: hyperindices, diagonals, scalars, lone indices, parts without connection, any sizes."""
    sizes = draw(st.lists(st.sampled_from([2, 2, 2, 2, 1, 3, 4]), min_size=1, max_size=max_indices))
    while math.prod(sizes) > max_elements:
        sizes.pop()
    index = st.integers(0, len(sizes) - 1)
    inputs = draw(st.lists(st.lists(index, max_size=5).map(tuple), max_size=max_tensors))
    used = sorted({i for term in inputs for i in term})
    output = draw(st.lists(st.sampled_from(used), unique=True, max_size=3)) if used else []
    shape = NetworkShape(inputs=tuple(inputs), output=tuple(output), sizes=tuple(sizes))
    return filled(shape, draw(st.integers(0, 1 << 32)), exponent=draw(st.integers(-3, 3)))


@st.composite
def qubit_networks(draw, max_indices=18, max_tensors=10):
    """Networks of size-2 indices whose intermediates are large enough for vector kernels and blocks."""
    count = draw(st.integers(14, max_indices))
    index = st.integers(0, count - 1)
    small = st.lists(index, min_size=1, max_size=6, unique=True).map(tuple)
    inputs = draw(st.lists(small, min_size=2, max_size=max_tensors))
    inputs.append(draw(st.lists(index, min_size=10, max_size=14, unique=True).map(tuple)))
    used = sorted({i for term in inputs for i in term})
    output = draw(st.lists(st.sampled_from(used), unique=True, max_size=8))
    shape = NetworkShape(inputs=tuple(inputs), output=tuple(output), sizes=(2,) * count)
    return filled(shape, draw(st.integers(0, 1 << 32)))


def filled(shape, seed, exponent=0):
    """A network of that shape with random complex numbers."""
    rng = np.random.default_rng(seed)
    arrays = []
    for term in shape.inputs:
        wanted = [shape.sizes[index] for index in term]
        arrays.append(rng.normal(size=wanted) + 1j * rng.normal(size=wanted))
    return TensorNetwork.from_shape(shape, arrays, exponent)


@st.composite
def paths(draw, num_tensors):
    """Paths in single-assignment form over `num_tensors` tensors, any tree in any order."""
    alive, path = list(range(num_tensors)), []
    while len(alive) > 1:
        left = alive.pop(draw(st.integers(0, len(alive) - 1)))
        right = alive.pop(draw(st.integers(0, len(alive) - 1)))
        alive.append(num_tensors + len(path))
        path.append((left, right))
    return path


@st.composite
def plans(draw, network, max_sliced=3):
    """Plans for `network`: any tree, any few indices sliced in any order, those of the output too."""
    used = sorted({i for term in network.shape.inputs for i in term})
    sliced = draw(st.lists(st.sampled_from(used), unique=True, max_size=max_sliced)) if used else []
    names = [network.shape.index_names[index] for index in sliced]
    return Plan.from_ssa_path(network, draw(paths(network.shape.num_tensors)), names)


@st.composite
def planned_networks(draw, given=None, max_sliced=3):
    """Pairs of a network and a plan for it."""
    network = draw(networks() if given is None else given)
    return network, draw(plans(network, max_sliced))


@st.composite
def gate_chains(draw, max_qubits=13):
    """A tensor of many indices, or an open one, on which small tensors act one after another; and its plan."""
    count = draw(st.integers(8, max_qubits))
    wires, fresh, inputs = list(range(count)), count, [tuple(range(count))]
    for _ in range(draw(st.integers(2, 9))):
        chosen = draw(st.lists(st.integers(0, len(wires) - 1), min_size=1, max_size=3, unique=True))
        term = [wires[k] for k in chosen]
        for position, k in enumerate(chosen):
            kind = draw(st.sampled_from(["gate", "gate", "diagonal", "end"]))
            if kind == "gate" or (kind == "end" and len(wires) - len(chosen) < 6):
                term.append(fresh)
                wires[k] = fresh
                fresh += 1
            elif kind == "end":
                wires[k] = -1
            if position == 0 and draw(st.booleans()):
                term.append(fresh)
                wires.append(fresh)
                fresh += 1
        wires = [wire for wire in wires if wire >= 0]
        inputs.append(tuple(term))
    inputs.append(tuple(wires[: len(wires) // 2]))
    output = draw(st.permutations(wires[len(wires) // 2 :]))
    shape = NetworkShape(inputs=tuple(inputs), output=tuple(output), sizes=(2,) * fresh)
    network = filled(shape, draw(st.integers(0, 1 << 32)))
    path, last = [], 0
    for k in range(1, len(inputs)):
        path.append((last, k) if draw(st.booleans()) else (k, last))
        last = len(inputs) + k - 1
    sliced = draw(st.lists(st.integers(0, fresh - 1), unique=True, max_size=2))
    return network, Plan.from_ssa_path(network, path, [shape.index_names[index] for index in sliced])


def direct_value(network):
    """The value by one einsum over all tensors, and a bound on the size of the terms it sums."""
    letters = string.ascii_letters[: network.shape.num_indices]
    terms = ",".join("".join(letters[index] for index in term) for term in network.shape.inputs)
    output = "".join(letters[index] for index in network.shape.output)
    factor = 2.0**network.exponent
    if not network.arrays:
        return np.array(factor), factor
    bound = math.prod(float(np.abs(array).sum()) for array in network.arrays) * factor
    return np.einsum(f"{terms}->{output}", *network.arrays, optimize="greedy") * factor, bound


# Shapes, for what never sees arrays


@st.composite
def network_shapes(draw, *, min_tensors=0, max_tensors=8, max_size=4):
    """Shapes with hyperindices, repeated indices, sizes from 1, scalars, parts that share nothing, open indices."""
    num_indices = draw(st.integers(1, 10))
    sizes = draw(st.lists(st.integers(1, max_size), min_size=num_indices, max_size=num_indices))
    terms = st.lists(st.integers(0, num_indices - 1), max_size=4).map(tuple)
    inputs = draw(st.lists(terms, min_size=min_tensors, max_size=max_tensors))
    used = sorted({index for term in inputs for index in term})
    output = draw(st.lists(st.sampled_from(used), unique=True, max_size=3)) if used else []
    return NetworkShape(inputs=tuple(inputs), output=tuple(output), sizes=tuple(sizes))


@st.composite
def shapes_of_rows(draw, **options):
    """Shapes of which half have row indices."""
    shape = draw(network_shapes(**options))
    used = sorted({i for term in shape.inputs for i in term if i not in shape.output and shape.sizes[i] > 1})
    chosen = draw(st.lists(st.sampled_from(used), unique=True, max_size=6)) if used else []
    if not chosen or draw(st.booleans()):
        return shape
    num_rows = draw(st.integers(1, math.prod(shape.sizes[index] for index in chosen) - 1))
    return replace(shape, row_indices=tuple(chosen), num_rows=num_rows)


@st.composite
def planned_shapes(draw, *, max_tensors=8):
    """A shape, a tree over it and indices to slice."""
    shape = draw(network_shapes(max_tensors=max_tensors))
    used = sorted({index for term in shape.inputs for index in term})
    sliced = tuple(draw(st.lists(st.sampled_from(used), unique=True, max_size=4))) if used else ()
    return shape, ContractionTree.from_pairs(shape.num_tensors, draw(paths(shape.num_tensors))), sliced


@st.composite
def structured_networks(draw, max_tensors=7, max_indices=7):
    """Networks whose arrays are full of zeros, products and ties, with everything else that `networks` has."""
    network = draw(networks(max_tensors, max_indices))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    arrays = [structured_array(array.shape, rng) for array in network.arrays]
    return TensorNetwork.from_shape(network.shape, arrays, network.exponent)


def structured_array(shape, rng):
    """An array with some structure: sparse, a product, tied axes, one value only, or none of it."""
    array = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    kind = rng.integers(6)
    if kind == 0:
        array *= rng.random(size=shape) < 0.4
    elif kind == 1:
        array = np.ones(shape, dtype=complex)
        for axis, size in enumerate(shape):
            array *= rng.normal(size=size).reshape([-1 if k == axis else 1 for k in range(len(shape))])
    elif kind == 2:
        array *= np.indices(shape).sum(axis=0) % 2 == rng.integers(2) if shape else 1
    elif kind == 3 and len(shape) > 1:
        values = np.indices(shape)
        array *= values[0] == (values[1] if rng.random() < 0.5 else 1 - values[1])
    elif kind == 4:
        array = np.asarray(rng.integers(-1, 2, size=shape) * (1.0 + 0j))
    return array


# Circuits that lead to every kind of network


@st.composite
def mixed_circuits(draw, max_qubits=8, max_operations=40):
    """Circuits of all gates: many that only permute basis states, angles at which others do, up to five controls."""
    num_qubits = draw(st.integers(1, max_qubits))
    num_operations = draw(st.integers(0, max_operations))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    operations = []
    while len(operations) < num_operations:
        chosen = _mixed_gate(rng)
        if chosen.num_qubits <= num_qubits:
            qubits = rng.permutation(num_qubits)[: chosen.num_qubits]
            operations.append(Operation(chosen, tuple(map(int, qubits))))
    return Circuit.from_operations(num_qubits, operations)


def _mixed_gate(rng):
    kind = rng.random()
    if kind < 0.45:
        return gate(rng.choice(["x", "h", "h", "t", "s", "cx", "cx", "cz", "swap", "iswap", "ccx", "cswap"]))
    if kind < 0.5:
        size = 2 ** rng.integers(1, 4)
        return unitary_gate(np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))[0])
    record = RECORDS[rng.choice(sorted(RECORDS))]
    special = [0.0, math.pi / 2, math.pi, -math.pi / 2]
    angles = [rng.choice(special) if rng.random() < 0.4 else rng.uniform(-4, 4) for _ in range(record.num_parameters)]
    chosen = gate(record.name, *map(float, angles))
    return chosen.controlled(int(rng.integers(1, 6))) if rng.random() < 0.3 else chosen


@st.composite
def networks_of_rows(draw, given=None, max_sliced=3):
    """A network with row indices, a plan for it that slices others, the rows, and what all rows are picked from.

    Returns:
        The network; the plan; the rows, shape (num_rows, row indices), repetitions among them; the same network with
        the row indices, then the output, as its output.
    """
    network = draw(networks() if given is None else given)
    shape = network.shape
    used = sorted({i for term in shape.inputs for i in term if i not in shape.output and shape.sizes[i] > 1})
    assume(used)
    chosen = draw(st.lists(st.sampled_from(used), unique=True, min_size=1, max_size=7))
    sizes = [shape.sizes[index] for index in chosen]
    num_rows = draw(st.integers(1, min(math.prod(sizes) - 1, 40)))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    rows = rng.integers(0, sizes, size=(num_rows, len(chosen))).astype(np.uint8)
    by_rows = replace(shape, row_indices=tuple(chosen), num_rows=num_rows)
    whole = replace(shape, output=(*chosen, *shape.output))
    sliceable = sorted({i for term in shape.inputs for i in term if i not in chosen})
    sliced = draw(st.lists(st.sampled_from(sliceable), unique=True, max_size=max_sliced)) if sliceable else []
    path = draw(paths(shape.num_tensors))
    plan = Plan.from_ssa_path(by_rows, path, [shape.index_names[index] for index in sliced])
    return (
        TensorNetwork.from_shape(by_rows, network.arrays, network.exponent),
        plan,
        rows,
        TensorNetwork.from_shape(whole, network.arrays, network.exponent),
    )


# Observables

_pauli_coefficients = st.one_of(
    st.sampled_from([1.0, -1.0, 0.5, 2.0, 1e-3, 1j, -2j, 0.5 + 2j]),
    st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=False),
    st.complex_numbers(max_magnitude=1e6, allow_nan=False, allow_infinity=False),
)


@st.composite
def observables(draw, num_qubits: int = 4, max_terms: int = 6, real: bool = False) -> Observable:
    """A sum of Pauli products on qubits 0 to `num_qubits - 1`."""
    letters = st.dictionaries(st.integers(0, num_qubits - 1), st.sampled_from("XYZ"), max_size=num_qubits)
    numbers = st.floats(-10, 10, allow_nan=False) if real else _pauli_coefficients
    terms = draw(st.lists(st.tuples(letters, numbers), max_size=max_terms))
    return Observable.from_terms((tuple(product.items()), coefficient) for product, coefficient in terms)
