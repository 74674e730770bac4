"""What strangers' servers are asked for, and how little they may do to the gateway in return.

`chains.py` is what a call uses; `fetcher.py` is one bounded download; `hosts.py` decides whose turn it
is; `connections.py` decides which addresses may be connected to at all.
"""
