"""Progress of long work, shown in terminals and notebooks by whoever calls from Python."""
