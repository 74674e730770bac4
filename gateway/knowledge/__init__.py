"""Redis: the evidence a call reads, and nothing that cannot be lost.

The way in: `keys` names every key, `functions.lua` runs in the server, `store` holds the connection and
its rest after a failure, `batch` is what a call asks, `shared_chains` what certificate fetching shares
between nodes, `importers` what the control plane writes.
"""
