"""Pictures of values: functions that take a plan, a profile or a cross entropy. No value imports them."""
