"""Exchange with other programs: each module imports its package when one of its functions is called, not before."""
