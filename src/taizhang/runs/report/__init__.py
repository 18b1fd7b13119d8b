"""What is known of a run, for people and programs."""
