"""Sampling: one file for each method, and the code that they share."""
