"""What is wrong around a gateway: machine, keys, files, stores and trust, each with what mends it.

Each file here judges one thing from what was seen, without looking itself; what there is to see is gathered
in `looking/`, beside or without a running node. `examination.py` does both for everything.
"""
