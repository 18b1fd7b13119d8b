"""How many random circuits each framework's tests take: few in every run, many with `./dev test-adapters`."""

from __future__ import annotations

import os

RANDOM_CIRCUITS = int(os.environ.get("TAIZHANG_ADAPTER_CIRCUITS", "20"))
