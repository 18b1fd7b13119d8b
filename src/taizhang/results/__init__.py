"""Results: what the user asked for."""
