"""The command line: the same doors as in Python, from a shell."""

from __future__ import annotations

from taizhang.cli.main import main

__all__ = ["main"]
