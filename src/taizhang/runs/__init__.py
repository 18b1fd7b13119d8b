"""Long runs: work cut into pieces, a ledger that loses nothing, and any number of workers."""
