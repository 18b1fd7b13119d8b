"""Lines of `time gate qubits parameters`: the grammar that qsim's text and GRCS's text share.

The first line is the number of qubits, each other line one operation. Times must not go down, and no qubit may be used
twice at one time, as in qsim. Input is checked before it is used: the length of the text and of its lines, numbers
before they are converted, the number of qubits before anything of that size is allocated.
"""

from __future__ import annotations

import codecs
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from taizhang._native import excerpt
from taizhang.circuit.circuit import MAX_OPERATIONS, MAX_QUBITS, Circuit, Operation
from taizhang.circuit.formats import MAX_TEXT_BYTES
from taizhang.circuit.gates import Gate
from taizhang.errors import CircuitError, CircuitFileError

MAX_LINE_BYTES = 64 * 2**10
MAX_TIME = 2**31 - 1

_NUMBER = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

_NOT_BLANK = re.compile(rb"\S")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateWord:
    """The gate that a word of the text stands for.

    Attributes:
        make: Makes the gate from the angles as written.
        num_qubits: Qubits that follow the word.
        num_parameters: Angles that follow the qubits.
    """

    make: Callable[..., Gate]
    num_qubits: int
    num_parameters: int


def to_bytes(text: str | bytes, source: str | None) -> bytes:
    """Returns the text as bytes without a byte order mark, its size and its first NUL byte checked.

    Raises:
        CircuitFileError: The text is too long or holds a NUL byte.
    """
    if len(text) > MAX_TEXT_BYTES:
        raise CircuitFileError(
            f"the text has {len(text)} characters; at most {MAX_TEXT_BYTES} are allowed", source=source
        )
    encoded = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    encoded = encoded.removeprefix(codecs.BOM_UTF8)
    null = encoded.find(b"\0")
    if null >= 0:
        line_start = encoded.rfind(b"\n", 0, null) + 1
        raise CircuitFileError(
            "the text holds a NUL byte; give a plain text file",
            line=encoded.count(b"\n", 0, null) + 1,
            column=null - line_start + 1,
            source=source,
        )
    return encoded


class TimedTextReader:
    """Reads one text; keeps its position for error messages."""

    def __init__(self, text: str | bytes, words: Mapping[bytes, GateWord], *, kind: str, source: str | None) -> None:
        self._text = to_bytes(text, source)
        self._words = words
        self._kind = kind
        self._source = source
        self._line_number = 0
        self._line = b""
        self._num_qubits = 0
        self._time = 0
        self._time_word = b""
        self._times: list[int] = []
        self._measured: dict[int, int] = {}
        self._known: dict[tuple[bytes, ...], Operation] = {}

    def read(self) -> Circuit:
        """Returns the circuit.

        Raises:
            CircuitFileError: Something is wrong with the text, at the line and column given.
        """
        lines = self._lines()
        self._read_num_qubits(next(lines, None))
        operations: list[Operation] = []
        for tokens in lines:
            operation = self._read_operation(tokens)
            if operation is not None:
                if len(operations) == MAX_OPERATIONS:
                    self._fail(f"there are more than {MAX_OPERATIONS} operations, which is the most allowed")
                operations.append(operation)
        return Circuit(self._num_qubits, tuple(operations))

    def _lines(self) -> Iterator[list[bytes]]:
        """Yields the words of each line that is not blank."""
        stream = io.BytesIO(self._text)
        while line := stream.readline(MAX_LINE_BYTES + 1):
            self._line_number += 1
            self._line = line
            if len(line) > MAX_LINE_BYTES:
                self._fail(f"the line is longer than {MAX_LINE_BYTES} bytes, which is the most allowed")
            tokens = line.split()
            if tokens:
                yield tokens
            else:
                self._skip_blank_lines(stream)

    def _skip_blank_lines(self, stream: io.BytesIO) -> None:
        """Moves to the next line that is not blank in one step, however far it is."""
        start = stream.tell()
        match = _NOT_BLANK.search(self._text, start)
        line_start = self._text.rfind(b"\n", start, match.start()) + 1 if match else len(self._text)
        if line_start > start:
            self._line_number += self._text.count(b"\n", start, line_start)
            stream.seek(line_start)

    def _read_num_qubits(self, tokens: list[bytes] | None) -> None:
        if tokens is None:
            self._fail(f"the text is empty; a {self._kind} text starts with the number of qubits")
        if len(tokens) != 1 or not tokens[0].isdigit():
            self._fail(f"the first line must be the number of qubits, got {_quote(b' '.join(tokens))}", token=0)
        self._num_qubits = self._integer(tokens, 0, "number of qubits", MAX_QUBITS)
        self._times = [-1] * self._num_qubits

    def _read_operation(self, tokens: list[bytes]) -> Operation | None:
        if tokens[0] != self._time_word:
            self._read_time(tokens)
        if len(tokens) == 1:
            self._fail("the line ends after the time; give a gate and its qubits")
        if tokens[1] == b"m":
            self._measure(tokens)
            return None
        # Circuits repeat themselves: the same gate on the same qubits is one object however often it occurs.
        words = tuple(tokens[1:])
        operation = self._known.get(words)
        if operation is None:
            operation = self._make_operation(tokens)
            if not operation.gate.parameters:
                self._known[words] = operation
        self._note_use(operation)
        return operation

    def _read_time(self, tokens: list[bytes]) -> None:
        time = self._integer(tokens, 0, "time", MAX_TIME)
        if time < self._time:
            self._fail(f"time {time} comes after time {self._time}; times must not go down", token=0)
        self._time_word, self._time = tokens[0], time

    def _make_operation(self, tokens: list[bytes]) -> Operation:
        controls: list[int] = []
        at = 1
        if tokens[1] == b"c" and b"c" in self._words:
            at = 2
            while at < len(tokens) and tokens[at].isdigit():
                controls.append(self._integer(tokens, at, "qubit", self._num_qubits - 1))
                at += 1
            if at == len(tokens) or not controls:
                self._fail("'c' must be followed by control qubits and a gate", token=min(at, len(tokens) - 1))
        return self._gate(tokens, at, controls)

    def _gate(self, tokens: list[bytes], at: int, controls: list[int]) -> Operation:
        word = self._words.get(tokens[at])
        if word is None:
            self._fail_at_gate(tokens, at)
        first_angle = at + 1 + word.num_qubits
        if len(tokens) != first_angle + word.num_parameters:
            given = len(tokens) - at - 1
            self._fail(
                f"gate {_quote(tokens[at])} is followed by {given} numbers; it takes {word.num_qubits} "
                f"qubits and {word.num_parameters} parameters",
                token=at,
            )
        highest = self._num_qubits - 1
        targets = [self._integer(tokens, k, "qubit", highest) for k in range(at + 1, first_angle)]
        angles = [self._angle(tokens, k) for k in range(first_angle, len(tokens))]
        try:
            chosen = word.make(*angles)
            if controls:
                chosen = chosen.controlled(len(controls))
            return Operation(chosen, tuple(controls + targets))
        except CircuitError as error:
            self._fail(str(error), token=at)

    def _note_use(self, operation: Operation) -> None:
        """Checks that the qubits are free, and records the time of their use."""
        times = self._times
        for qubit in operation.qubits:
            if times[qubit] == self._time:
                self._fail(f"qubit {qubit} is used twice at time {self._time}; give its second gate a later time")
            if qubit in self._measured:
                self._fail_measured(qubit)
            times[qubit] = self._time

    def _measure(self, tokens: list[bytes]) -> None:
        """Records a measurement, which is accepted if nothing follows on its qubits."""
        qubits = [self._integer(tokens, k, "qubit", self._num_qubits - 1) for k in range(2, len(tokens))]
        if not qubits:
            self._fail("'m' must be followed by the qubits to measure")
        for qubit in qubits:
            if qubit in self._measured:
                self._fail_measured(qubit)
            if self._times[qubit] == self._time:
                self._fail(f"qubit {qubit} is used twice at time {self._time}; measure it at a later time")
            self._times[qubit] = self._time
            self._measured[qubit] = self._line_number

    def _integer(self, tokens: list[bytes], at: int, what: str, highest: int) -> int:
        token = tokens[at]
        if not token.isdigit():
            self._fail(f"a {what} must be an integer from 0, got {_quote(token)}", token=at)
        number = int(token) if len(token) <= 10 else highest + 1
        if number > highest and what == "qubit":
            self._fail(
                f"qubit {_shorten(token)} does not exist; the circuit has {self._num_qubits} qubits, numbered from 0",
                token=at,
            )
        if number > highest:
            self._fail(f"the {what} {_shorten(token)} is too large; at most {highest} is allowed", token=at)
        return number

    def _angle(self, tokens: list[bytes], at: int) -> float:
        token = tokens[at]
        if not _NUMBER.fullmatch(token):
            self._fail(f"a parameter must be a decimal number, got {_quote(token)}", token=at)
        angle = float(token)
        if not math.isfinite(angle):
            self._fail(f"the parameter {_shorten(token)} is too large for a floating-point number", token=at)
        return angle

    def _fail_measured(self, qubit: int) -> NoReturn:
        self._fail(
            f"qubit {qubit} is used after its measurement in line {self._measured[qubit]}; "
            "only measurements at the end of a circuit are supported"
        )

    def _fail_at_gate(self, tokens: list[bytes], at: int) -> NoReturn:
        known = ", ".join(sorted(word.decode() for word in self._words if word not in (b"c", b"m")))
        self._fail(f"{_quote(tokens[at])} is not a gate of {self._kind} text; its gates are {known}", token=at)

    def _fail(self, reason: str, *, token: int | None = None) -> NoReturn:
        column = 1
        if token is not None:
            places = [match.start() for match in re.finditer(rb"\S+", self._line)]
            column = places[token] + 1 if token < len(places) else 1
        shown = excerpt(self._line, column - 1) if token is not None else ""
        raise CircuitFileError(
            reason, line=max(self._line_number, 1), column=column, source=self._source, excerpt=shown
        )


def timed_lines(num_qubits: int, steps: Iterable[tuple[tuple[int, ...], str]]) -> Iterator[str]:
    """Yields the lines of a text; each operation is given the first time at which its qubits are free.

    Args:
        num_qubits: Number of qubits.
        steps: For each operation its qubits, and the rest of its line after the time.

    Yields:
        Lines with their ends, ordered by time.
    """
    free_from = [0] * num_qubits
    latest = 0
    layers: list[list[str]] = []
    for qubits, rest in steps:
        time = max((free_from[qubit] for qubit in qubits), default=latest)
        for qubit in qubits:
            free_from[qubit] = time + 1
        latest = max(latest, time)
        while len(layers) <= time:
            layers.append([])
        layers[time].append(f"{time} {rest}\n")
    yield f"{num_qubits}\n"
    for layer in layers:
        yield from layer


def _shorten(token: bytes) -> str:
    shown = token.decode("utf-8", "replace")
    return shown if len(shown) <= 40 else shown[:40] + "…"


def _quote(token: bytes) -> str:
    return f"'{_shorten(token)}'"
