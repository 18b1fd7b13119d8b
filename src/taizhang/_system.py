"""What operating systems do differently: locks, processes, peak memory. The package imports on all of them.

Modules that an operating system lacks (`fcntl` and `resource` are of Unix) are imported here alone.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from taizhang._lazy import lazy_module

if TYPE_CHECKING:
    import psutil
else:
    psutil = lazy_module("psutil")

try:
    import fcntl
    import resource
except ImportError:  # Windows
    UNIX = False
else:
    UNIX = True


def page_size() -> int:
    """Bytes of a page of memory, where the system tells; else 4096."""
    return resource.getpagesize() if UNIX else 4096


def peak_bytes_told() -> int:
    """Peak memory of this process as the system tells it, in bytes."""
    if not UNIX:
        return int(getattr(psutil.Process().memory_info(), "peak_wset", 0))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024


def try_lock(file: int) -> None:
    """Locks a file for this process, until the file is closed or the process ends.

    Args:
        file: The descriptor of an open file.

    Raises:
        BlockingIOError: Another process holds the lock.
        OSError: The file system has no locks.
    """
    if UNIX:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    import msvcrt  # noqa: PLC0415 - of Windows alone

    os.lseek(file, 0, os.SEEK_SET)
    try:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except PermissionError as error:
        raise BlockingIOError(*error.args) from None


def process_exists(pid: int) -> bool:
    """Whether a process with this number exists on this machine."""
    if not UNIX:
        # os.kill would end it.
        return bool(psutil.pid_exists(pid))
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
