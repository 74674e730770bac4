"""What operators see of the calls, counted as they come."""
