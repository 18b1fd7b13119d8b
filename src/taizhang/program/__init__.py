"""Programs: plans compiled to plain steps."""
