"""The public functions, in the words of the command line."""
