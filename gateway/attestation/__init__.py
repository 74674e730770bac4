"""STI-AS: which attestation a call may carry. The carrier's records decide it, not the caller's wish.

Way in: `decide.py` (the decision), `inventory.py` (which trunk a number is assigned to).
"""
