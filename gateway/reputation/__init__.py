"""Reputation: what sightings of a number say about it. Pure.

The way in: `sighting` is the one fact everything rests on, `formats` reads it from import files,
`score` turns the sightings of a number into an `entry` (the form in which Redis holds it) and an
entry into a score and its evidence. Operators' decisions and do-not-originate lists never come here.
"""
