"""The command line: the public functions from a shell."""

from __future__ import annotations

from taizhang.cli.main import main

__all__ = ["main"]
