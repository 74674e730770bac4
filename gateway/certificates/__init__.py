"""The credentials of strangers: where one may be fetched from, and whether it may be believed.

Pure: certificates, revocation lists and the time come in as arguments; fetching is `gateway.fetch`.
"""
