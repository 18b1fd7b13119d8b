"""Finds the shared data beside the checkout (real circuits, networks, reference amplitudes)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("TAIZHANG_SHARED") or Path(__file__).resolve().parents[2] / "shared")

needs_shared_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared data is not beside the checkout; set TAIZHANG_SHARED to its folder"
)


def shared_path(*parts: str) -> Path:
    """Returns the path of a file of the shared data, whether it exists or not."""
    return SHARED.joinpath(*parts)
