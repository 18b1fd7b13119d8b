"""Probabilities of classical bits and qubits, density matrices, fidelities and purities of circuits of any kind.

A distribution over many bits is walked: some bits at a time, for all values so far that are possible, as rows of one
contraction. Values of probability below a threshold are not followed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from taizhang._random import stream
from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.classical import Measure
from taizhang.circuit.observable import Observable
from taizhang.circuit.operation import Operation
from taizhang.errors import CircuitError, NumericalError, SizeLimitError
from taizhang.network.doubled import Question, build_doubled
from taizhang.network.network import TensorNetwork
from taizhang.network.simplify import simplify
from taizhang.observer import Observer, Silent
from taizhang.settings import Settings
from taizhang.tasks.contraction import ContractionTask
from taizhang.tasks.doubled_work import OpenBits, answer_question, real_parts, seconds_of_rows, warn_of_loops
from taizhang.tasks.probability import ProbabilityTask
from taizhang.tasks.solve import solve

Record = Mapping[int, int]
"""Values of some classical bits, by number."""

MAX_OUTCOMES = 1_000_000
LEAST_GIVEN = 1e-300
"""Least probability of values of bits that are given."""

# Most bits that are opened together, and log2 of the most probabilities that are computed together.
_MOST_BITS, _MOST_LOG2 = 12, 20
# From more bits than this on, their network is simplified once if it then has at most so many elements a bit; so many
# bits are then opened together.
_MANY_BITS, _FEW_ELEMENTS, _MOST_BITS_AT_ONCE = 64, 64, 16


def measured(circuit: Circuit, qubits: Sequence[int] | None = None) -> Circuit:
    """A circuit with its qubits, or some, measured at the end into a register of its own, whose bits come last."""
    chosen = range(circuit.num_qubits) if qubits is None else qubits
    names = dict(circuit.registers)
    name = next(name for name in ("outcomes", *(f"outcomes{k}" for k in range(len(names) + 1))) if name not in names)
    if not chosen:
        return circuit
    first = circuit.num_bits
    steps = [Operation(Measure(first + place), (qubit,)) for place, qubit in enumerate(chosen)]
    return Circuit(circuit.num_qubits, (*circuit.operations, *steps), bits={**names, name: len(steps)})


def read_record(circuit: Circuit, given: Any) -> Record:
    """Reads values of bits: text of all of them, or texts by the names of registers.

    Raises:
        CircuitError: They do not fit the circuit.
    """
    if isinstance(given, Mapping):
        record: dict[int, int] = {}
        for name, text in given.items():
            numbers = circuit.registers.read_bits(str(name))
            record |= dict(zip(numbers, _digits(text, len(numbers), f"'{name}'"), strict=True))
        return record
    # Those of the qubits are after all others, as in `measured`.
    after = range(circuit.num_bits, circuit.num_bits + circuit.num_qubits)
    numbers = circuit.registers.result_bits or tuple(after)
    what = "the classical bits" if circuit.registers.results else "the qubits"
    return dict(zip(numbers, _digits(given, len(numbers), what), strict=True))


def _digits(given: Any, count: int, what: str) -> list[int]:
    text = "".join(given.split()) if isinstance(given, str) else "".join(map(str, given))
    if len(text) != count or set(text) - {"0", "1"}:
        raise CircuitError(f"the values of {what} must be {count} zeros and ones, got {str(given)[:64]!r}")
    return [int(digit) for digit in text]


def probabilities_of_records(
    circuit: Circuit, records: Sequence[Record], settings: Settings, observer: Observer | None
) -> npt.NDArray[np.float64]:
    """The probability of each record, shape (records,); those of the same bits are computed together."""
    found: npt.NDArray[np.float64] = solve(probability_task(circuit, records), settings, observer=observer).answer
    return found


def probability_task(circuit: Circuit, records: Sequence[Record]) -> ProbabilityTask:
    """The question for the probabilities of records, as `read_record` reads them."""
    measuring = circuit if circuit.registers.results else measured(circuit)
    return ProbabilityTask(circuit=measuring, records=tuple(tuple(sorted(record.items())) for record in records))


def conditional_values(
    circuit: Circuit,
    observables: Sequence[Observable],
    values: ComplexArray,
    record: Record,
    settings: Settings,
    observer: Observer | None,
) -> ComplexArray:
    """Expectation values of the shots whose bits have some values.

    Args:
        circuit: The circuit.
        observables: The observables.
        values: Their values without normalisation, where constants count in full, shape (observables,).
        record: The values of the bits.
        settings: The common options.
        observer: Receives progress updates.

    Raises:
        NumericalError: The values of the bits have no probability, up to rounding.
    """
    (chance,) = probabilities_of_records(circuit, [record], settings, observer).tolist()
    if chance < LEAST_GIVEN:
        raise NumericalError(
            f"the values given have the probability {chance:.3g}, too little to say anything of the shots that have "
            "them"
        )
    constants = np.array([observable.constant for observable in observables], dtype=np.complex128)
    return np.asarray(constants + (values - constants) / chance, dtype=np.complex128)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """The bits of which a joint distribution is asked for.

    Attributes:
        circuit: The circuit, with the qubits measured where these are asked for.
        bits: Numbers of the bits, in order.
        groups: How many of them are written together; then a space.
    """

    circuit: Circuit
    bits: tuple[int, ...]
    groups: tuple[int, ...]

    @classmethod
    def asked(cls, circuit: Circuit, *, qubits: Sequence[int] | None, bits: str | Sequence[str] | None) -> Distribution:
        """Reads what is asked for.

        Raises:
            CircuitError: A qubit or a bit does not exist, or is given twice.
        """
        if bits is not None:
            names = [bits] if isinstance(bits, str) else list(bits)
            parts = [circuit.registers.read_bits(name) for name in names]
            numbers = tuple(bit for part in parts for bit in part)
            if len(set(numbers)) != len(numbers):
                raise CircuitError("a bit is given twice; give each once")
            return cls(circuit=circuit, bits=numbers, groups=tuple(map(len, parts)))
        results = circuit.registers.results
        if qubits is None and results:
            return cls(circuit=circuit, bits=circuit.registers.result_bits, groups=results.sizes)
        chosen = tuple(range(circuit.num_qubits)) if qubits is None else tuple(qubits)
        for qubit in chosen:
            if not 0 <= qubit < circuit.num_qubits or chosen.count(qubit) > 1:
                raise CircuitError(
                    f"qubit {qubit} is not in the circuit, or given twice; its qubits are 0 to {circuit.num_qubits - 1}"
                )
        extended = measured(circuit, chosen)
        numbers = tuple(range(circuit.num_bits, extended.num_bits))
        return cls(circuit=extended, bits=numbers, groups=(len(chosen),))

    def written(self, row: Sequence[int]) -> str:
        """An outcome as text, with spaces between registers."""
        words, start = [], 0
        for size in self.groups:
            words.append("".join(map(str, row[start : start + size])))
            start += size
        return " ".join(words)


def distribution_of(
    circuit: Circuit, asked: Distribution, least: float, settings: Settings, observer: Observer | None
) -> dict[str, float]:
    """The outcomes of at least this probability, in order.

    Raises:
        SizeLimitError: There are more than a million of them.
    """
    warn_of_loops(asked.circuit, settings, observer or Silent())
    rows, chances = walk(asked, least, settings, observer or Silent())
    order = np.lexsort(rows.T[::-1]) if rows.shape[1] else np.arange(len(rows))
    return {asked.written(rows[place].tolist()): float(chances[place]) for place in order}


def walk(
    asked: Distribution, least: float, settings: Settings, observer: Observer
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    """All outcomes of at least this probability: uint8, shape (outcomes, bits), and their probabilities."""
    rows: npt.NDArray[np.uint8] = np.zeros((1, 0), dtype=np.uint8)
    chances = np.ones(1)
    steps = _Walk(asked, settings, observer)
    while rows.shape[1] < len(asked.bits):
        count, joint = steps.step(rows)
        place, value = np.nonzero(joint >= max(least, 1e-300))
        if len(place) > MAX_OUTCOMES:
            raise SizeLimitError(
                f"there are more than {MAX_OUTCOMES:,} outcomes of at least {least:g}; ask for fewer bits, or raise "
                "least"
            )
        digits = (value[:, np.newaxis] >> np.arange(count)[::-1] & 1).astype(np.uint8)
        rows, chances = np.concatenate([rows[place], digits], axis=1), joint[place, value]
    return rows, chances


def seconds_to_draw(asked: Distribution, shots: int, settings: Settings, observer: Observer) -> float:
    """Predicts the time of `draw_records`: of its last two steps, and of those before as of the first of these."""
    steps, done, rows = [], 0, 1
    while done < len(asked.bits):
        count = _next_count(len(asked.bits) - done, rows, _MOST_BITS)
        steps.append((done, count, rows))
        done, rows = done + count, min(shots, rows << count)
    circuit, bits = asked.circuit, asked.bits
    found = [
        seconds_of_rows(circuit, bits[start : start + count], bits[:start], number, settings, observer)
        for start, count, number in steps[-2:]
    ]
    return sum(found) + max(0, len(steps) - 2) * found[0] if found else 0.0


def _next_count(left: int, rows: int, most: int) -> int:
    """How many bits are opened next, fewer where there are many values so far."""
    return min(most, max(4, _MOST_LOG2 - rows.bit_length()), left)


def draw_records(asked: Distribution, shots: int, settings: Settings, observer: Observer) -> npt.NDArray[np.uint8]:
    """Draws values of the bits: uint8, shape (shots, bits).

    Shots that agree so far share their probabilities. The same seed gives the same records, whatever the threads.
    """
    warn_of_loops(asked.circuit, settings, observer)
    rng = stream(settings.seed, "records")
    rows: npt.NDArray[np.uint8] = np.zeros((1, 0), dtype=np.uint8)
    counts = np.array([shots])
    steps = _Walk(asked, settings, observer)
    while rows.shape[1] < len(asked.bits):
        count, joint = steps.step(rows)
        chances = joint / joint.sum(axis=1, keepdims=True)
        drawn = np.stack([rng.multinomial(count, chance) for count, chance in zip(counts, chances, strict=True)])
        place, value = np.nonzero(drawn)
        digits = (value[:, np.newaxis] >> np.arange(count)[::-1] & 1).astype(np.uint8)
        rows, counts = np.concatenate([rows[place], digits], axis=1), drawn[place, value]
    return rng.permutation(np.repeat(rows, counts, axis=0))


class _Walk:
    """Joint probabilities of the bits, some at a time in their order.

    Where they are many and their network is small once it is simplified, that is done once; otherwise each step has a
    network of what its bits depend on.
    """

    def __init__(self, asked: Distribution, settings: Settings, observer: Observer) -> None:
        self._asked, self._settings, self._observer = asked, settings, observer
        self._whole: OpenBits | None = None
        if len(asked.bits) > _MANY_BITS:
            whole = OpenBits(asked.circuit, asked.bits)
            self._whole = whole if whole.num_elements <= _FEW_ELEMENTS * len(asked.bits) else None

    def step(self, rows: npt.NDArray[np.uint8]) -> tuple[int, npt.NDArray[np.float64]]:
        """How many bits come next, and the probabilities of all their values with each row, shape (rows, 2**bits)."""
        most = _MOST_BITS_AT_ONCE if self._whole is not None else _MOST_BITS
        count = _next_count(len(self._asked.bits) - rows.shape[1], len(rows), most)
        if self._whole is not None:
            values = self._whole.joint(rows, count, self._settings, self._observer)
        else:
            done = rows.shape[1]
            question = Question(bits=self._asked.bits[done : done + count])
            before = self._asked.bits[:done]
            values = answer_question(
                self._asked.circuit, question, self._settings, self._observer, rows=rows, row_bits=before
            )
        joint = values.reshape(len(rows), -1)
        return count, real_parts(joint, self._settings.dtype, "probabilities", positive=True)


def density_matrix_of(
    circuit: Circuit, qubits: Sequence[int], settings: Settings, observer: Observer | None
) -> ComplexArray:
    """The density matrix of some qubits, shape (2**k, 2**k).

    Raises:
        CircuitError: A qubit does not exist, or is given twice.
    """
    Distribution.asked(circuit, qubits=qubits, bits=None)
    warn_of_loops(circuit, settings, observer or Silent())
    found = answer_question(circuit, Question(kets=tuple(qubits)), settings, observer or Silent())
    return found.reshape(2 ** len(qubits), -1).astype(settings.dtype, copy=False)


def fidelity_of(noisy: Circuit, ideal: Circuit, settings: Settings, observer: Observer | None) -> float:
    """⟨ψ|ρ|ψ⟩: the probability of zeros after the ideal circuit was undone."""
    undone = Circuit(noisy.num_qubits, (*noisy.operations, *ideal.inverse().operations), bits=noisy.registers)
    question = Question(fixed_qubits=dict.fromkeys(range(noisy.num_qubits), 0))
    found = answer_question(undone, question, settings, observer or Silent())
    return float(real_parts(found.reshape(1), settings.dtype, "fidelities", positive=True)[0])


def purity_of(circuit: Circuit, settings: Settings, observer: Observer | None) -> float:
    """Tr ρ²: the network twice, the second conjugated, over the same kets and bras."""
    single = build_doubled(circuit, Question(kets=tuple(range(circuit.num_qubits))))
    shape = single.shape
    shared = set(shape.output)
    tensors: list[Any] = []
    for copy in (0, 1):
        for indices, array in zip(shape.inputs, single.arrays, strict=True):
            names = [index if index in shared else (copy, index) for index in indices]
            tensors.append((array.conj() if copy else array, names))
    both = simplify(TensorNetwork(tensors))
    found = solve(ContractionTask(network=both, of_circuit=True), settings, observer=observer).answer
    value = np.asarray(found).reshape(1) * 2.0 ** (2 * single.exponent)
    return float(real_parts(value, settings.dtype, "purities", positive=True)[0])
