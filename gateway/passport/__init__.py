"""PASSporTs: what an Identity header holds, read strictly, signed and checked (RFC 8224, 8225).

`strict` reads JSON and base64url and nothing looser; `identity` takes the header value apart;
`passport` decodes the token; `ppt` knows the types, and `claims` (base and `shaken`), `diversion` (`div`,
`div-o`), `rich_call_data` (`rcd`) and `priority` (`rph`) give their payloads types; `integrity` holds the
digests of rich call data against it; `canonical_json` writes what is to be signed; `signature` signs, and
turns an unverified PASSporT into a verified one.

This room does not fetch, does not know the time and does not say whether a call is genuine: that is
`gateway.verification`, with a certificate from `gateway.certificates`.
"""
