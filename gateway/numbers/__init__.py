"""Telephone numbers: one canonical form, ranges of it, and what a country's plan says of it.

Way in: `canonical.py` (text to number), `ranges.py` (which range covers it), `plans/` (its kind).
"""
