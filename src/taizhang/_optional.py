"""Optional packages, imported when a function that needs them is called."""

from __future__ import annotations

import importlib
from typing import Any

from taizhang.errors import MissingPackageError


def optional_module(module: str, *, package: str, what_for: str, extra: str = "") -> Any:
    """Imports a module of an optional package.

    Args:
        module: The module.
        package: Name of its package for `pip install`.
        what_for: The feature that needs it, as the start of the error message.
        extra: The extra of taizhang that installs it, if there is one.

    Raises:
        MissingPackageError: The package is not installed.

    Example:
        >>> optional_module("json", package="json", what_for="reading JSON").loads("[1]")
        [1]
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        requirement = f"'taizhang[{extra}]'" if extra else package
        raise MissingPackageError(
            f"{what_for} needs the package {package}, which is not installed; run pip install {requirement}"
        ) from error
