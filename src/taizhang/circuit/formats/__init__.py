"""Files that circuits and samples are read from and written to."""

MAX_TEXT_BYTES = 64 * 2**20
"""Most bytes of a circuit file."""
