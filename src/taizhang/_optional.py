"""Packages that only some functions need: imported when such a function is called."""

from __future__ import annotations

import importlib
from typing import Any

from taizhang.errors import MissingPackageError


def optional_module(module: str, *, package: str, what_for: str, extra: str = "") -> Any:
    """Imports a module of a package that need not be installed.

    Args:
        module: The module.
        package: What `pip install` calls its package.
        what_for: What it is needed for, to begin a sentence with.
        extra: The extra of taizhang that brings it, if there is one.

    Raises:
        MissingPackageError: The package is not installed.

    Example:
        >>> optional_module("json", package="json", what_for="reading JSON").loads("[1]")
        [1]
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        wanted = f"'taizhang[{extra}]'" if extra else package
        raise MissingPackageError(
            f"{what_for} needs the package {package}, which is not installed; run pip install {wanted}"
        ) from error
