"""`python -m taizhang` is the command `taizhang`."""

from __future__ import annotations

from taizhang.cli import main

main()
