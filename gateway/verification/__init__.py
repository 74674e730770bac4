"""STI-VS: what an Identity header proves (RFC 8224 section 6.2, ATIS-1000082 error cases).

`examine` says all that needs no certificate, `judge` the rest; between them the caller of this room
obtains the certificate chain. Both are pure and return values: a failed verification is an answer.
"""
