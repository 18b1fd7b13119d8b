"""Cores and memory that this process may use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from taizhang import _native
from taizhang._lazy import lazy_module
from taizhang._system import page_size, peak_bytes_told

if TYPE_CHECKING:
    import psutil
else:
    psutil = lazy_module("psutil")

DEFAULT_MEMORY_FRACTION = 0.8
"""Share of the available memory that is used by default."""


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
    """Bytes that can be allocated without swapping, within the limit of the control group of the process."""
    free = _system_memory()
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        try:
            remaining = int(Path(limit).read_text()) - int(Path(used).read_text())
        except (OSError, ValueError):  # no such control group, or "max": unlimited
            continue
        free = min(free, max(remaining, 0))
    return free


def _system_memory() -> int:
    """Bytes that the system can provide without swapping.

    On Linux this is read directly: importing psutil takes longer than computing a small amplitude.
    """
    try:
        figures = Path("/proc/meminfo").read_text(encoding="ascii")
        return int(figures.split("MemAvailable:")[1].split()[0]) * 1024
    except (OSError, IndexError, ValueError):  # not Linux, or a kernel before 3.14
        return int(psutil.virtual_memory().available)


def default_memory() -> int:
    """The default memory limit in bytes: a share of the available memory, plus what this process holds."""
    return int(DEFAULT_MEMORY_FRACTION * available_memory()) + resident_bytes()


def resident_bytes() -> int:
    """Bytes of memory that this process holds now."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * page_size()
    except (OSError, IndexError, ValueError):  # not Linux
        return int(psutil.Process().memory_info().rss)


def needed_bytes() -> int:
    """Bytes of memory that this process holds and needs now, without arenas kept for the next run."""
    return max(resident_bytes() - _native.kept_bytes(), 0)


def peak_resident_bytes() -> int:
    """Peak memory of this process so far, in bytes."""
    try:
        # getrusage would include the memory of the parent program, from between fork and exec.
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    except (OSError, IndexError, ValueError):  # not Linux
        return peak_bytes_told()
