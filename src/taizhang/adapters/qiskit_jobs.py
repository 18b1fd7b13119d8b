"""What Qiskit's primitives and the backend share: jobs that can be stopped, circuits that are read, places of bits."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

from qiskit.exceptions import QiskitError
from qiskit.primitives import BasePrimitiveJob
from qiskit.providers import JobStatus

from taizhang.adapters.qiskit import from_qiskit
from taizhang.circuit.circuit import Circuit
from taizhang.errors import StoppedError, TaizhangError
from taizhang.observer import Silent


class Job(BasePrimitiveJob[Any, JobStatus]):  # type: ignore[misc]
    """Work on a thread of its own; `cancel` stops it within a moment, also in the middle of a contraction.

    Args:
        work: What is done; it is given an observer.
    """

    def __init__(self, work: Callable[[Stoppable], Any]) -> None:
        super().__init__(str(uuid.uuid4()))
        self._observer, self._work = Stoppable(), work
        self._result: Any = None
        self._error: BaseException | None = None
        self._status = JobStatus.RUNNING
        self._thread: threading.Thread | None = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._work(self._observer)
            self._status = JobStatus.DONE
        except StoppedError as error:
            self._error, self._status = error, JobStatus.CANCELLED
        except TaizhangError as error:
            raised = QiskitError(str(error))
            raised.__cause__ = error
            self._error, self._status = raised, JobStatus.ERROR
        except BaseException as error:  # whatever it is, `result` raises it
            self._error, self._status = error, JobStatus.ERROR

    def result(self) -> Any:
        """Waits for the result.

        Raises:
            QiskitError: The work cannot be done.
            StoppedError: It was cancelled.
        """
        if self._thread is not None:
            self._thread.join()
        if self._error is not None:
            raise self._error
        return self._result

    def status(self) -> JobStatus:
        """Where the job stands."""
        return self._status

    def done(self) -> bool:
        """Whether it has a result."""
        return bool(self._status == JobStatus.DONE)

    def running(self) -> bool:
        """Whether it is at work."""
        return bool(self._status == JobStatus.RUNNING)

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return bool(self._status == JobStatus.CANCELLED)

    def in_final_state(self) -> bool:
        """Whether it has ended."""
        return bool(self._status != JobStatus.RUNNING)

    def cancel(self) -> None:
        """Stops the work."""
        self._observer.stopped = True

    def __getstate__(self) -> dict[str, Any]:
        if self._thread is not None:
            self._thread.join()
        return {**self.__dict__, "_thread": None, "_observer": None, "_work": None}


class Stoppable(Silent):
    """An observer that stops the work on request."""

    stopped = False

    def _check(self) -> None:
        if self.stopped:
            raise StoppedError("the job was cancelled")

    def stage(self, name: str) -> None:
        """Ends the work, if it is to stop."""
        self._check()

    def searching(self, progress: Any) -> None:
        """Ends the search, if it is to stop."""
        self._check()

    def contracting(self, slices_done: int, num_slices: int) -> None:
        """Ends the contraction, if it is to stop."""
        self._check()


def converted(circuit: Any, noise: Any, *, measured: bool = True) -> Circuit:
    """Our circuit, with its measurements or without those at the end.

    Raises:
        QiskitError: It has something that is not supported.
    """
    try:
        return from_qiskit(circuit, noise_model=noise, final_measurements=measured)
    except TaizhangError as error:
        raise QiskitError(str(error)) from error


def places_of_bits(circuit: Any) -> dict[Any, int]:
    """The number of each clbit, as `from_qiskit` numbers them: register by register, each once."""
    numbers: dict[Any, int] = {}
    for bit in [*(bit for register in circuit.cregs for bit in register), *circuit.clbits]:
        numbers.setdefault(bit, len(numbers))
    return numbers
