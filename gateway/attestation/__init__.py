"""STI-AS: what a call may have signed. The carrier's records decide it, not the caller's wish.

Way in: `decide.py` (the attestation of a `shaken` PASSporT), `extensions.py` (`div`, `rcd` and `rph`),
`inventory.py` (which trunk a number is assigned to).
"""
