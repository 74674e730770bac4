"""Tracing a call back: found in the journal, put together with its proofs, signed for another party.

`search.py` finds, `bundle.py` puts together, `evidence_key.py` signs, `traceback_csv.py` writes the short
form. Whoever receives a bundle checks it with `gateway/cli/bundle_check.py`, offline.
"""
