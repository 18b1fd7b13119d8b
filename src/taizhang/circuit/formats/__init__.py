"""Files that circuits and samples are read from and written to."""
