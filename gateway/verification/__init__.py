"""STI-VS: what a call's Identity headers prove (RFC 8224 section 6.2, ATIS-1000082 error cases).

`examine` says all that needs no certificate, of each header and of how diversions join; `judge` says the
rest of each PASSporT; between them the caller of this room obtains the certificate chains. `conclude` puts
it together: number, diversion, priority, name. All are pure and return values: a failed verification is an
answer.
"""
