"""Layer 3, plan: in what order a network is contracted, and what is sliced. Sees shapes only, never arrays."""
