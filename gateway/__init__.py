"""Callmark tells whether a number is who it says it is, and what should be done with the call.

Start reading in `gateway/calls/` (the road of a call), `gateway/verification/` (what an Identity
header proves) and `gateway/reasons.py` (every code the gateway can answer with).
"""

__version__ = "0.1.0"
