"""Every exception that taizhang raises.

    TaizhangError
    ├── InputError                what was given is not usable (exit status 2); also a ValueError
    │   ├── CircuitError          a gate, qubit, parameter or bitstring does not fit the circuit
    │   │   └── CircuitFileError  a circuit file is wrong; knows line and column
    │   ├── NetworkError          a tensor network is not well formed
    │   ├── PlanError             a plan is not well formed, or is for another network
    │   └── UsageError            an option has a value that it cannot have
    ├── LimitError                the work does not fit (exit status 1)
    │   ├── MemoryLimitError      no plan found within the memory limit
    │   ├── SizeLimitError        a result or an input is larger than what is allowed
    │   └── TimeLimitError        the work is predicted to take longer than is allowed
    ├── NumericalError            a NaN or an infinity appeared, or a value no float holds (exit status 1)
    ├── RunError                  a long run cannot be made, found, or gone on with (exit status 1)
    │   ├── RunFolderError        a folder holds no run, or something else (exit status 2); also an InputError
    │   ├── RunDamagedError       a file of its folder is not what it was when it was written
    │   ├── RunBusyError          another process coordinates it
    │   └── RunStorageError       its folder cannot be written: full, read-only, gone
    ├── StoppedError              the caller stopped the work before its end
    │   └── RunStoppedError       a long run was stopped; what was done is kept (exit status 130)
    ├── MissingPackageError       an optional package is needed and not installed (exit status 2); also an ImportError
    └── NotBuiltError             the compiled core is missing or of another version; also an ImportError

A message says what was given, what was wanted and what to do. Warnings are of the classes `CircuitFileWarning` and
`MachineWarning`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class TaizhangError(Exception):
    """Base of every error raised on purpose."""


class InputError(TaizhangError, ValueError):
    """What was given is not usable."""


class CircuitError(InputError):
    """A gate, qubit, parameter or bitstring does not fit the circuit."""


class CircuitFileError(CircuitError):
    """A circuit file is wrong at a known place.

    Attributes:
        reason: What is wrong, without the place.
        line: Line, counted from 1; 0 where no line applies.
        column: Column, counted from 1; 0 where no column applies.
        source: Name of the file, or None.
        sentence: The place and what is wrong, on one line.
        excerpt: The line of the file and, on a second line, a caret under the place; short and printable, and "" where
            no line applies. The message is the sentence, with the excerpt on the lines below.
    """

    def __init__(
        self, reason: str, *, line: int = 0, column: int = 0, source: str | None = None, excerpt: str = ""
    ) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        self.source = source
        self.excerpt = excerpt
        self.sentence = _place_and_reason(reason, line, column, source)
        super().__init__("\n".join([self.sentence, *(f"  {shown}" for shown in excerpt.splitlines())]))


class CircuitFileWarning(UserWarning):
    """A circuit file is read, but something in it may surprise.

    Attributes:
        reason: What may surprise, without the place.
        line: Line, counted from 1.
        column: Column, counted from 1.
        source: Name of the file, or None.
        sentence: The place and what may surprise, on one line.
        excerpt: The line of the file and a caret under the place, as in `CircuitFileError`.
    """

    def __init__(
        self, reason: str, *, line: int = 0, column: int = 0, source: str | None = None, excerpt: str = ""
    ) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        self.source = source
        self.excerpt = excerpt
        self.sentence = _place_and_reason(reason, line, column, source)
        super().__init__(self.sentence)


def _place_and_reason(reason: str, line: int, column: int, source: str | None) -> str:
    place = [source] if source else []
    place += [f"line {line}"] if line else []
    place += [f"column {column}"] if column else []
    return f"{', '.join(place)}: {reason}" if place else reason


class NetworkError(InputError):
    """A tensor network is not well formed."""


class PlanError(InputError):
    """A plan is not well formed, or is for another network."""


class UsageError(InputError):
    """An option has a value that it cannot have."""


class LimitError(TaizhangError):
    """The work does not fit."""


class MemoryLimitError(LimitError):
    """No plan was found within the memory limit, or one does not fit it.

    Attributes:
        needed_bytes: What would have been needed at the least, or None where that is not known.
    """

    def __init__(self, message: str, *, needed_bytes: int | None = None) -> None:
        self.needed_bytes = needed_bytes
        super().__init__(message)


class SizeLimitError(LimitError):
    """A result or an input is larger than what is allowed."""


class TimeLimitError(LimitError):
    """The work is predicted to take longer than is allowed."""


class NumericalError(TaizhangError, ArithmeticError):
    """A NaN or an infinity appeared in the numbers, or a value is outside the range of every float.

    Attributes:
        slice_number: The slice in which it appeared, or None.
        mantissa: Where a value was computed but is outside the range of complex128: an array of complex128, in the
            shape of the value, which is `mantissa * 2**exponent`; else None.
        exponent: See `mantissa`. One for all elements, or an array of one for each where they are far apart.
    """

    def __init__(
        self,
        message: str,
        *,
        slice_number: int | None = None,
        mantissa: npt.NDArray[np.complexfloating] | None = None,
        exponent: int | npt.NDArray[np.int64] | None = None,
    ) -> None:
        self.slice_number = slice_number
        self.mantissa = mantissa
        self.exponent = exponent
        super().__init__(message)


class RunError(TaizhangError):
    """A long run cannot be made, found, or gone on with."""


class RunFolderError(RunError, InputError):
    """A folder holds no run where one is wanted, or something else where a new one is to be made."""


class RunDamagedError(RunError):
    """A file of a run's folder is not what it was when it was written."""


class RunBusyError(RunError):
    """Another process coordinates the run."""


class RunStorageError(RunError):
    """The folder of a run cannot be written: full, read-only, or gone."""


class StoppedError(TaizhangError):
    """The caller stopped the work before its end."""


class RunStoppedError(StoppedError):
    """A long run was stopped before its end; what was done is kept."""


class MissingPackageError(TaizhangError, ImportError):
    """An optional package is needed and not installed."""


class NotBuiltError(TaizhangError, ImportError):
    """The compiled core is missing or of another version."""


class MachineWarning(UserWarning):
    """Something about the machine may surprise: its rates were measured while it was busy, or memory is short."""
