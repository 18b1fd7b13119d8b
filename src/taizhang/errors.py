"""Every exception that taizhang raises.

    TaizhangError
    ├── InputError                an input is not usable (exit status 2); also a ValueError
    │   ├── CircuitError          a gate, qubit, parameter or bitstring does not fit the circuit
    │   │   └── CircuitFileError  a circuit file or the text of an observable is wrong; knows line and column
    │   ├── NetworkError          a tensor network is not well formed
    │   ├── PlanError             a plan is not well formed, or is for another network
    │   ├── ProblemError          a problem of optimisation, or a file of one, is not well formed; knows the line
    │   └── UsageError            an option has an invalid value
    ├── LimitError                the work does not fit (exit status 1)
    │   ├── MemoryLimitError      no plan found within the memory limit
    │   ├── SizeLimitError        a result or an input is larger than allowed
    │   └── TimeLimitError        the work is predicted to take longer than allowed
    ├── NumericalError            a NaN or an infinity, or a value outside the range of floats (exit status 1)
    ├── RunError                  a run cannot be started, found or continued (exit status 1)
    │   ├── RunFolderError        a folder has no run, or is not empty (exit status 2); also an InputError
    │   ├── RunDamagedError       a file of its folder was changed after it was written
    │   ├── RunBusyError          another process coordinates it
    │   └── RunStorageError       its folder cannot be written: full, read-only or removed
    ├── StoppedError              the caller stopped the work before its end
    │   └── RunStoppedError       a run was stopped; finished pieces are kept (exit status 130)
    ├── MissingPackageError       an optional package is needed and not installed (exit status 2); also an ImportError
    └── NotBuiltError             the compiled core is missing or of another version; also an ImportError

A message says what is wrong, what was given and what to do. Warnings are of the classes `CircuitFileWarning`,
`LoopWarning` and `MachineWarning`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class TaizhangError(Exception):
    """Base class of all errors of taizhang."""


class InputError(TaizhangError, ValueError):
    """An input is not usable."""


class CircuitError(InputError):
    """A gate, qubit, parameter or bitstring does not fit the circuit."""


class CircuitFileError(CircuitError):
    """A circuit file, or the text of an observable, is invalid at a known position.

    Attributes:
        reason: What is wrong, without the position.
        line: Line, counted from 1; 0 if no line applies.
        column: Column, counted from 1; 0 if no column applies.
        source: Name of the file, or None.
        sentence: The position and what is wrong, on one line.
        excerpt: The line of the file and, on a second line, a caret under the position; short and printable, and "" if
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
    """A circuit file was read, but may mean something unexpected.

    Attributes:
        reason: What may be unexpected, without the position.
        line: Line, counted from 1.
        column: Column, counted from 1.
        source: Name of the file, or None.
        sentence: The position and the reason, on one line.
        excerpt: The line of the file and a caret under the position, as in `CircuitFileError`.
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


class LoopWarning(UserWarning):
    """A part of the probability has not left a loop after the turns that were written out."""


class NetworkError(InputError):
    """A tensor network is not well formed."""


class PlanError(InputError):
    """A plan is not well formed, or is for another network."""


class ProblemError(InputError):
    """A problem of optimisation, or a file of one, is not well formed.

    Attributes:
        reason: What is wrong, without the position.
        line: Line of the file, counted from 1; 0 if no line applies.
        source: Name of the file, or None.
    """

    def __init__(self, reason: str, *, line: int = 0, source: str | None = None) -> None:
        self.reason = reason
        self.line = line
        self.source = source
        super().__init__(_place_and_reason(reason, line, 0, source))


class UsageError(InputError):
    """An option has an invalid value."""


class LimitError(TaizhangError):
    """The work does not fit."""


class MemoryLimitError(LimitError):
    """No plan was found within the memory limit, or a given one does not fit it.

    Attributes:
        needed_bytes: The least memory that would suffice, or None if unknown.
    """

    def __init__(self, message: str, *, needed_bytes: int | None = None) -> None:
        self.needed_bytes = needed_bytes
        super().__init__(message)


class SizeLimitError(LimitError):
    """A result or an input is larger than allowed."""


class TimeLimitError(LimitError):
    """The work is predicted to take longer than allowed."""


class NumericalError(TaizhangError, ArithmeticError):
    """A NaN or an infinity appeared, or a value is outside the range of floats.

    Attributes:
        slice_number: The slice in which it appeared, or None.
        mantissa: If a value was computed but is outside the range of complex128: an array of complex128, in the shape
            of the value, which is `mantissa * 2**exponent`; otherwise None.
        exponent: See `mantissa`. One for all elements, or an array with one for each if they are far apart.
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
    """A run cannot be started, found or continued."""


class RunFolderError(RunError, InputError):
    """A folder has no run where one is expected, or is not empty where a new one is to be started."""


class RunDamagedError(RunError):
    """A file of a run's folder was changed after it was written."""


class RunBusyError(RunError):
    """Another process coordinates the run."""


class RunStorageError(RunError):
    """The folder of a run cannot be written: full, read-only or removed."""


class StoppedError(TaizhangError):
    """The caller stopped the work before its end."""


class RunStoppedError(StoppedError):
    """A run was stopped before its end; finished pieces are kept."""


class MissingPackageError(TaizhangError, ImportError):
    """An optional package is needed and not installed."""


class NotBuiltError(TaizhangError, ImportError):
    """The compiled core is missing or of another version."""


class MachineWarning(UserWarning):
    """The machine may give unexpected results: its rates were measured while it was busy, or memory is short."""
