"""The questions that can be answered, one file each."""
