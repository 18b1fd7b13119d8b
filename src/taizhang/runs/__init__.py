"""Long runs: work cut into pieces, a crash-safe ledger of their sums, and any number of workers."""
