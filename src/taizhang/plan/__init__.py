"""Plans: the order in which a network is contracted, and what is sliced. Sees shapes only, never arrays."""
