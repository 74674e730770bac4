"""Coverage-guided fuzzing of everything that reads what a stranger sends: `make fuzz` (see REPORT.md)."""
