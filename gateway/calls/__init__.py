"""The call plane: the road of a call, from a switch's request to the answer in its dialect.

Read `road.py` first: it is the whole of what happens to a call, top to bottom.
"""
