"""Progress of calls from Python: an observer that shows progress once the work takes some time."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from taizhang._checks import describe
from taizhang._lazy import lazy_module
from taizhang._units import human_seconds
from taizhang.errors import UsageError
from taizhang.observer import Observer, RunProgress, Silent
from taizhang.plan.search import SearchProgress
from taizhang.progress.line import ProgressState
from taizhang.progress.switch import Place, is_shown, place

if TYPE_CHECKING:
    from typing_extensions import Self

    from taizhang.progress import views
else:
    views = lazy_module("taizhang.progress.views")

QUIET_SECONDS = 2.0
"""Work that ends within this time shows nothing, unless progress was asked for."""

_DOING = {
    "build": "Building the network",
    "plan": "Searching for a plan",
    "rates": "Measuring this machine, once",
    "measure": "Measuring the rate",
    "run": "Contracting",
    "verify": "Verifying",
    "work": "Working",
}

_METHODS = ("stage", "searching", "predicted", "contracting", "running")
"""Of `Observer`."""

_shown = ContextVar("_shown", default=False)
Function = TypeVar("Function", bound=Callable[..., Any])


class ProgressDisplay:
    """An observer of work and of runs that shows progress; a context manager, which may be entered again.

    Args:
        where: Where to show it.
        delay: Seconds to wait before anything is shown.
        observer: Another observer that receives the same updates.
    """

    def __init__(self, where: Place, *, delay: float, observer: Observer | None = None) -> None:
        self._where: Place = where
        self._delay = delay
        self._observer = observer or Silent()
        self._view: views.View | None = None
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._active = False
        self._entered = self._started = time.monotonic()
        self._doing, self._remark = "Preparing", ""
        self._fraction: float | None = None
        self._end: float | None = None
        self._predicted: float | None = None

    def __enter__(self) -> Self:
        self._active = True
        self._entered = self._started = time.monotonic()
        if self._delay <= 0:
            self._show()
        elif self._where == "terminal":
            # A terminal is drawn by a thread anyway; so work that reports nothing for long is seen as well.
            self._timer = threading.Timer(self._delay, self._show)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._active = False
            if self._view is not None:
                self._view.stop()
                self._view = None

    def _show(self) -> None:
        with self._lock:
            if self._active and self._view is None:
                self._view = views.view_of(self._where, self.state)
                self._view.start()

    def _refresh(self) -> None:
        if self._view is not None:
            self._view.update()
        elif self._where != "terminal" and time.monotonic() - self._entered >= self._delay:
            self._show()

    def state(self) -> ProgressState:
        """The current state."""
        now = time.monotonic()
        return ProgressState(
            doing=self._doing,
            seconds=now - self._started,
            seconds_left=None if self._end is None else max(self._end - now, 0.0),
            fraction=self._fraction,
            remark=self._remark,
        )

    def _set(self, *, left: float | None, fraction: float | None, remark: str) -> None:
        self._end = None if left is None else time.monotonic() + left
        self._fraction, self._remark = fraction, remark
        self._refresh()

    def stage(self, name: str) -> None:
        """Shows that a stage begins."""
        self._observer.stage(name)
        self._doing, self._started, self._predicted = _DOING.get(name, name.capitalize()), time.monotonic(), None
        self._set(left=None, fraction=None, remark="")

    def searching(self, progress: SearchProgress) -> None:
        """Shows the best plan so far."""
        self._observer.searching(progress)
        left, passed = progress.seconds_left, progress.seconds
        remark = ""
        if progress.log10_multiply_adds is not None:
            remark = f"best plan 10^{progress.log10_multiply_adds:.2f} multiply-adds"
        self._set(left=left, fraction=None if left is None else passed / max(passed + left, 1e-9), remark=remark)

    def predicted(self, seconds: float) -> None:
        """Keeps the predicted time, for use before the first slice is done."""
        self._observer.predicted(seconds)
        self._predicted = seconds
        self._set(left=seconds, fraction=0.0, remark=f"predicted {human_seconds(seconds)}")

    def contracting(self, slices_done: int, num_slices: int) -> None:
        """Shows the part done; the time left follows from the rate, before the first slice is done from the plan."""
        self._observer.contracting(slices_done, num_slices)
        passed = time.monotonic() - self._started
        left = None if self._predicted is None else max(self._predicted - passed, 0.0)
        if slices_done and passed > 1.0:
            left = passed / slices_done * (num_slices - slices_done)
        fraction = slices_done / max(num_slices, 1)
        if num_slices == 1 and left is not None:
            fraction = passed / max(passed + left, 1e-9)
        remark = f"{slices_done:,} of {num_slices:,} slices" if num_slices > 1 else ""
        self._set(left=left, fraction=fraction, remark=remark)

    def running(self, progress: RunProgress) -> None:
        """Shows the progress of a long run."""
        self._observer.running(progress)
        if self._doing != "Running":
            self._doing, self._started = "Running", time.monotonic()
        remark = f"{progress.done:,} of {progress.total:,} pieces"
        self._set(left=progress.estimate.seconds_left, fraction=progress.done / max(progress.total, 1), remark=remark)


@contextmanager
def show_progress(requested: bool | None, *, observer: Observer | None = None) -> Iterator[ProgressDisplay | None]:
    """Shows the progress of the work inside the context, if progress is shown.

    An observer given by the caller replaces the display, unless `progress=True` asks for both. Nested
    contexts show nothing.

    Args:
        requested: The option `progress` of a call.
        observer: The observer given by the caller.

    Yields:
        The display, or None if nothing is shown.
    """
    replaced = requested is None and observer is not None
    if replaced or _shown.get() or not is_shown(requested):
        yield None
        return
    display = ProgressDisplay(place(), delay=0.0 if requested else QUIET_SECONDS, observer=observer)
    token = _shown.set(True)
    try:
        with display:
            yield display
    finally:
        _shown.reset(token)


def shows_progress(function: Function) -> Function:
    """Decorates a public function with the option `progress`, so that it shows its progress.

    While progress is shown, the display is passed to the function as `observer`, if it takes one.
    """
    takes_observer = "observer" in function.__annotations__

    @functools.wraps(function)
    def show(*arguments: Any, **options: Any) -> Any:
        requested = options.get("progress")
        observer = options.get("observer")
        if observer is not None and not all(callable(getattr(observer, name, None)) for name in _METHODS):
            raise UsageError(f"observer must have the methods {', '.join(_METHODS)}, got {describe(observer)}")
        if requested is not None and not isinstance(requested, bool):
            return function(*arguments, **options)  # it raises the error
        with show_progress(requested, observer=options.get("observer") if takes_observer else None) as display:
            if display is None:
                return function(*arguments, **options)
            if not takes_observer:
                display.stage(function.__name__)
                return function(*arguments, **options)
            return function(*arguments, **{**options, "observer": display})

    return cast("Function", show)
