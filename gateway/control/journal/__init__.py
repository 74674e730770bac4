"""The journal's readers: the last calls in memory, and each call's line in the log."""
