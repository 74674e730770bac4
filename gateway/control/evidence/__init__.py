"""What is known of numbers: taken in from files, reports and calls, weighed, forgotten, given to Redis."""
