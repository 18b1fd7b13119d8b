"""Lazy modules, imported when they are first used, so that programs start quickly.

A module that is needed on a rare path (a report, a plot, another operating system) is declared like this:

    if TYPE_CHECKING:
        import psutil
    else:
        psutil = lazy_module("psutil")
"""

from __future__ import annotations

import importlib
from types import ModuleType


class _LazyModule(ModuleType):
    """Stand-in for a module, which imports it when one of its names is used."""

    def __getattr__(self, name: str) -> object:
        return getattr(importlib.import_module(self.__name__), name)


def lazy_module(name: str) -> ModuleType:
    """Returns a stand-in for a module that is imported at the first use of one of its names.

    Args:
        name: Full name of the module.

    Returns:
        An object with the names of the module.

    Raises:
        ImportError: The module does not exist; raised at its first use.

    Example:
        >>> lazy_module("json").loads("[1]")
        [1]
    """
    return _LazyModule(name)
