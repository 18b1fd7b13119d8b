"""Who computes the pieces of a run."""
