"""Synthetic traffic through a real gateway: what is caught, and what it costs honest callers."""
