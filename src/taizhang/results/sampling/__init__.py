"""Samples: bitstrings drawn from what a circuit gives, one file for each way of drawing them."""
