"""What this process may use of the machine: cores and memory."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from taizhang import _native
from taizhang._lazy import lazy_module

if TYPE_CHECKING:
    import psutil
else:
    psutil = lazy_module("psutil")

DEFAULT_MEMORY_FRACTION = 0.8


def usable_cores() -> int:
    """Number of cores this process may run on.

    Example:
        >>> usable_cores() >= 1
        True
    """
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def available_memory() -> int:
    """Bytes that can still be taken without swapping, within the limit of the control group the process is in."""
    free = _system_memory()
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        try:
            left = int(Path(limit).read_text()) - int(Path(used).read_text())
        except (OSError, ValueError):  # no such control group, or "max": unlimited
            continue
        free = min(free, max(left, 0))
    return free


def _system_memory() -> int:
    """Bytes that the system can still give without swapping.

    Linux is asked directly: importing psutil takes longer than everything else that a small amplitude needs.
    """
    try:
        figures = Path("/proc/meminfo").read_text(encoding="ascii")
        return int(figures.split("MemAvailable:")[1].split()[0]) * 1024
    except (OSError, IndexError, ValueError):  # no Linux, or one before 3.14
        return int(psutil.virtual_memory().available)


def default_memory() -> int:
    """The memory limit where none is given, in bytes: a fixed part of what is available, this process included."""
    return int(DEFAULT_MEMORY_FRACTION * available_memory()) + resident_bytes()


def resident_bytes() -> int:
    """Bytes of memory this process holds now."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):  # no Linux
        return int(psutil.Process().memory_info().rss)


def needed_bytes() -> int:
    """Bytes of memory this process holds now and cannot do without: arenas kept for the next run are not among them."""
    return max(resident_bytes() - _native.kept_bytes(), 0)


def peak_resident_bytes() -> int:
    """Most bytes of memory this process has held at once."""
    try:
        # What getrusage tells counts the program that started this one, too, from before the new one was loaded.
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    except (OSError, IndexError, ValueError):  # no Linux
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024
