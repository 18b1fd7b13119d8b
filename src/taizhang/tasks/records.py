"""What assemblies share when they read and write JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from taizhang._types import ComplexArray, DtypeName

MOST_RECORDED = 1024
"""Results of at most this many elements are shown and recorded."""


def complex_fields(values: ComplexArray) -> Any:
    """Complex numbers as JSON objects, in lists nested as the axes of the array.

    Example:
        >>> import numpy as np
        >>> complex_fields(np.array([1 + 2j]))
        [{'re': 1.0, 'im': 2.0}]
    """
    if values.ndim:
        return [complex_fields(part) for part in values]
    return {"re": float(values.real), "im": float(values.imag)}


def read_dtype(fields: Mapping[str, Any]) -> DtypeName:
    """The type of a computation, as `to_json` of an assembly wrote it."""
    return "complex128" if fields["dtype"] == "complex128" else "complex64"
