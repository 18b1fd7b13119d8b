"""Detector error models, in Stim's format: errors that flip detectors and observables, each with a probability.

    error(0.01) D0 D1 L0        an error; `^` between targets only suggests how to take it apart
    detector(1, 2, 0) D0        coordinates
    logical_observable L0       that there is one
    shift_detectors(0, 0, 1) 8  what follows has detectors with numbers higher by 8
    repeat 100 { ... }

Source of the format: Gidney, "Stim: a fast stabilizer circuit simulator", Quantum 5, 497 (2021), and Stim's
documentation of .dem files. Models are untrusted: sizes are limited, and nothing is evaluated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, NamedTuple

from taizhang._optional import optional_module
from taizhang.errors import ProblemError, SizeLimitError
from taizhang.problems.limited_file import read_limited

MAX_FILE_BYTES = 2**28
MAX_ERRORS = 10_000_000
MAX_DETECTORS = 10_000_000
MAX_OBSERVABLES = 16
_MAX_NESTED = 100
_INSTRUCTION = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)(?:\[(?:[^\]\\]|\\.)*\])?(?:\(([^)]*)\))?(?:\s+(.*))?$")


class DetectorError(NamedTuple):
    """An error.

    Attributes:
        probability: From 0 to 1.
        detectors: The detectors that it flips, ascending.
        observables: The observables that it flips, ascending.
    """

    probability: float
    detectors: tuple[int, ...]
    observables: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DetectorModel:
    r"""Independent errors, each with what it flips.

    Attributes:
        num_detectors: Number of detectors.
        num_observables: Number of observables.
        errors: The errors.
        coordinates: Coordinates of detectors that have them.

    Raises:
        ProblemError: A probability is not from 0 to 1, or an error flips something that is not there.

    Example:
        >>> model = DetectorModel.from_text("error(0.1) D0 L0\nerror(0.2) D0 D1")
        >>> model
        <DetectorModel: 2 detectors, 1 observable, 2 errors>
        >>> model.errors[0].detectors, model.errors[0].observables
        ((0,), (0,))
    """

    num_detectors: int
    num_observables: int
    errors: tuple[DetectorError, ...]
    coordinates: Mapping[int, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.num_observables > MAX_OBSERVABLES:
            raise SizeLimitError(
                f"the model has {self.num_observables} observables; at most {MAX_OBSERVABLES} are decoded together"
            )
        for error in self.errors:
            if not 0 <= error.probability <= 1:
                raise ProblemError(f"the probability of an error must be from 0 to 1, got {error.probability}")
            for kind, targets, count in (
                ("detector", error.detectors, self.num_detectors),
                ("observable", error.observables, self.num_observables),
            ):
                if targets and not 0 <= min(targets) <= max(targets) < count:
                    raise ProblemError(f"an error flips a {kind} that is not one of the {count} of the model")

    @classmethod
    def from_text(cls, text: str, *, source: str | None = None) -> DetectorModel:
        """Reads a model in Stim's format.

        Args:
            text: The model.
            source: Name of the file, for messages.

        Raises:
            ProblemError: A line is malformed; the message has its number.
            SizeLimitError: There are more than 10 million errors or detectors once repetitions are written out.
        """
        lines = _blocks(text, source)
        if _length(lines) > 2 * MAX_ERRORS:
            raise SizeLimitError(f"the model has more than {2 * MAX_ERRORS:,} instructions with its repetitions")
        reader = _Reader(source)
        reader.run(lines)
        return cls(
            num_detectors=reader.num_detectors,
            num_observables=reader.num_observables,
            errors=tuple(reader.errors),
            coordinates=reader.coordinates,
        )

    @classmethod
    def of(cls, given: Any) -> DetectorModel:
        """Makes a model of a `DetectorModel`, a path of a file, or a model or a circuit of Stim.

        A file that ends in `.stim`, and a circuit of Stim, go through Stim, which finds the errors of a circuit.

        Raises:
            ProblemError: The file cannot be read, or is malformed.
            MissingPackageError: Stim is needed, and not installed.
        """
        if isinstance(given, DetectorModel):
            return given
        if isinstance(given, (str, PathLike)):
            return read_detector_model(given)
        if hasattr(given, "detector_error_model"):
            given = given.detector_error_model(decompose_errors=False, approximate_disjoint_errors=True)
        if not hasattr(given, "num_detectors") or not hasattr(given, "shortest_graphlike_error"):
            raise ProblemError(
                f"a decoder takes a detector error model, a circuit of Stim or a path of a file, got {given!r:.60}"
            )
        return cls.from_text(str(given))

    def merged(self) -> tuple[DetectorError, ...]:
        r"""Errors that flip the same, merged: exactly one of two happens with p + q - 2pq. Others flip nothing.

        Example:
            >>> model = DetectorModel.from_text("error(0.1) D0\nerror(0.2) D0\nerror(0.3) D0 D0")
            >>> [round(error.probability, 6) for error in model.merged()]
            [0.26]
        """
        found: dict[tuple[tuple[int, ...], tuple[int, ...]], float] = {}
        for probability, detectors, observables in self.errors:
            if probability and (detectors or observables):
                old = found.get((detectors, observables), 0.0)
                found[detectors, observables] = old + probability - 2 * old * probability
        return tuple(DetectorError(probability, *targets) for targets, probability in found.items())

    def __repr__(self) -> str:
        parts = ((self.num_detectors, "detector"), (self.num_observables, "observable"), (len(self.errors), "error"))
        told = (f"{count:,} {name}" if count == 1 else f"{count:,} {name}s" for count, name in parts)
        return f"<DetectorModel: {', '.join(told)}>"


def read_detector_model(path: str | PathLike[str]) -> DetectorModel:
    """Reads a model from a file in Stim's format, or of the circuit in a file that ends in `.stim`.

    Raises:
        ProblemError: The file cannot be read, or is malformed.
        SizeLimitError: It is too large.
        MissingPackageError: It is a circuit, and Stim is not installed.
    """
    source = str(path)
    content = read_limited(path, MAX_FILE_BYTES, "a model")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise ProblemError("the file is not text", source=source) from None
    if not source.endswith(".stim"):
        return DetectorModel.from_text(text, source=source)
    stim = optional_module("stim", package="stim", what_for="decoding a circuit of Stim", extra="stim")
    try:
        return DetectorModel.of(stim.Circuit(text))
    except ValueError as error:
        if isinstance(error, ProblemError):
            raise
        raise ProblemError(
            f"Stim does not take the circuit: {str(error).splitlines()[0][:200]}", source=source
        ) from None


class _Line(NamedTuple):
    """An instruction; of a `repeat` with its count and its lines."""

    number: int
    name: str
    arguments: tuple[float, ...]
    targets: tuple[str, ...]
    block: list[_Line] | None = None
    times: int = 1


def _length(lines: Iterable[_Line]) -> int:
    """Number of instructions with repetitions written out."""
    return sum(1 if line.block is None else line.times * _length(line.block) for line in lines)


def _blocks(text: str, source: str | None) -> list[_Line]:
    """The lines of a model, with those of `repeat` blocks within them."""
    open_blocks: list[list[_Line]] = [[]]
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.split("#", 1)[0].strip()
        if not line:
            continue

        def refuse(why: str, number: int = number) -> ProblemError:
            return ProblemError(why, line=number, source=source)

        if line == "}":
            if len(open_blocks) == 1:
                raise refuse("'}' closes no block")
            open_blocks.pop()
            continue
        opens = line.endswith("{")
        found = _INSTRUCTION.match(line.removesuffix("{").strip())
        if found is None:
            raise refuse(f"'{line[:40]}' is not an instruction of a detector error model")
        name = found[1].lower()
        try:
            arguments = tuple(float(part) for part in (found[2] or "").split(",") if part.strip())
        except ValueError:
            raise refuse(f"the arguments of '{name}' must be numbers, got '{found[2][:40]}'") from None
        if not all(map(math.isfinite, arguments)):
            raise refuse(f"the arguments of '{name}' must be finite")
        targets = tuple((found[3] or "").split())
        if opens != (name == "repeat"):
            raise refuse("'{' belongs to 'repeat'")
        block: list[_Line] | None = [] if opens else None
        times = 1
        if opens:
            if len(targets) != 1 or not re.fullmatch(r"[0-9]{1,18}", targets[0], re.ASCII):
                raise refuse(f"'repeat' takes a whole number, got '{' '.join(targets)[:20]}'")
            times = int(targets[0])
        open_blocks[-1].append(_Line(number, name, arguments, targets, block, times))
        if block is not None:
            open_blocks.append(block)
            if len(open_blocks) > _MAX_NESTED:
                raise refuse(f"blocks are nested more than {_MAX_NESTED} deep")
    if len(open_blocks) > 1:
        raise ProblemError("a 'repeat' block is not closed", source=source)
    return open_blocks[0]


class _Reader:
    """Writes out the instructions of a model."""

    def __init__(self, source: str | None) -> None:
        self.errors: list[DetectorError] = []
        self.coordinates: dict[int, tuple[float, ...]] = {}
        self.num_detectors = 0
        self.num_observables = 0
        self._source = source
        self._first = 0
        self._shift: tuple[float, ...] = ()

    def run(self, lines: Iterable[_Line]) -> None:
        """Takes lines, those of blocks as often as they are repeated."""
        for line in lines:
            if line.block is None:
                self._take(line)
            elif line.block:
                for _ in range(line.times):
                    self.run(line.block)

    def _take(self, line: _Line) -> None:
        if line.name == "error":
            self._error(line)
        elif line.name == "detector":
            for target in line.targets:
                detector = self._detector(line, target)
                if line.arguments:
                    shift = self._shift + (0.0,) * (len(line.arguments) - len(self._shift))
                    self.coordinates[detector] = tuple(a + b for a, b in zip(line.arguments, shift, strict=False))
        elif line.name == "logical_observable":
            for target in line.targets:
                self._observable(line, target)
        elif line.name == "shift_detectors":
            self._first += self._whole(line, line.targets[0]) if line.targets else 0
            longer = max(len(self._shift), len(line.arguments))
            padded = [each + (0.0,) * (longer - len(each)) for each in (self._shift, line.arguments)]
            self._shift = tuple(a + b for a, b in zip(*padded, strict=True))
        else:
            raise self._refuse(line, f"'{line.name[:40]}' is not an instruction of a detector error model")

    def _error(self, line: _Line) -> None:
        if len(line.arguments) != 1 or not 0 <= line.arguments[0] <= 1:
            raise self._refuse(line, f"an error has one probability from 0 to 1, got {line.arguments or 'none'}")
        detectors: set[int] = set()
        observables: set[int] = set()
        for target in line.targets:
            if target == "^":
                continue
            # What is flipped twice is not flipped.
            if target[:1] in ("L", "l"):
                observables ^= {self._observable(line, target)}
            else:
                detectors ^= {self._detector(line, target)}
        if len(self.errors) >= MAX_ERRORS:
            raise SizeLimitError(f"the model has more than {MAX_ERRORS:,} errors")
        self.errors.append(DetectorError(line.arguments[0], tuple(sorted(detectors)), tuple(sorted(observables))))

    def _detector(self, line: _Line, target: str) -> int:
        if target[:1] not in ("D", "d"):
            raise self._refuse(
                line, f"a target must be a detector such as D3 or an observable such as L0, got '{target[:20]}'"
            )
        number = self._first + self._whole(line, target[1:])
        if number >= MAX_DETECTORS:
            raise SizeLimitError(f"the model has more than {MAX_DETECTORS:,} detectors")
        self.num_detectors = max(self.num_detectors, number + 1)
        return number

    def _observable(self, line: _Line, target: str) -> int:
        if target[:1] not in ("L", "l"):
            raise self._refuse(line, f"an observable is written such as L0, got '{target[:20]}'")
        number = self._whole(line, target[1:])
        if number >= MAX_OBSERVABLES:
            raise SizeLimitError(f"the model has observable L{number}; at most {MAX_OBSERVABLES} are decoded together")
        self.num_observables = max(self.num_observables, number + 1)
        return number

    def _whole(self, line: _Line, text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise self._refuse(line, f"a whole number is needed, got '{text[:20]}'")
        return int(text)

    def _refuse(self, line: _Line, why: str) -> ProblemError:
        return ProblemError(why, line=line.number, source=self._source)
