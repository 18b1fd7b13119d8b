"""Quantum circuit simulation by tensor-network contraction."""

from __future__ import annotations

__version__ = "0.1.0"
