"""The command `taizhang`, also as `python -m taizhang`.

Signal handlers are set before anything large is imported, so that Ctrl-C during start-up ends the program cleanly.
"""

from __future__ import annotations

import importlib
import os
import signal
from typing import Any, NoReturn

BLAS_PATIENCE = "20"
"""log2 of the clock ticks for which an idle thread of OpenBLAS waits for work before it sleeps: half a millisecond."""


def end_at_once(*_: object) -> NoReturn:
    """Ends the process; the signal handler while modules are imported, when there is nothing to clean up."""
    os.write(2, b"taizhang: interrupted; nothing was left behind\n")
    os._exit(130)


def handle_signals(handler: Any, interrupt: Any) -> None:
    """Sets the handlers of SIGTERM and SIGINT; SIGINT stays ignored if the parent process set it so."""
    signal.signal(signal.SIGTERM, handler)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, interrupt)


def main() -> NoReturn:
    """Runs the command line and exits."""
    handle_signals(end_at_once, end_at_once)
    # By default the threads that NumPy's OpenBLAS starts keep all cores busy for a tenth of a second, doing nothing.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", BLAS_PATIENCE)
    importlib.import_module("taizhang.cli.main").main()
    raise SystemExit(0)


if __name__ == "__main__":
    main()
