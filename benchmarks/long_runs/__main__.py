"""`python -m benchmarks.long_runs`."""

from benchmarks.long_runs import main

main()
