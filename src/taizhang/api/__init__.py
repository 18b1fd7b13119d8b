"""The public functions; they mirror the command line."""
