"""Circuits: gates, operations, and the files that hold them."""
