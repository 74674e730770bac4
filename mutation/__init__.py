"""Mutation testing: do the tests notice a change in the code? `make mutate` (figures: mutation/REPORT.md)."""
