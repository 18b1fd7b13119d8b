"""Exchange with other packages; each module imports its package when one of its functions is first called."""
