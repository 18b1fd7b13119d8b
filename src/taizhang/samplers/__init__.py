"""Samplers: the ways of drawing bitstrings, composed of what the results and the simulator give."""
