"""Samples: one file for each way to draw them, and what the ways have in common."""
