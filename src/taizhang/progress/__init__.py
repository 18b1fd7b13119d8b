"""Progress of calls from Python, shown in terminals and notebooks."""
