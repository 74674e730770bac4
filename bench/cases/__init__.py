"""`make bench-cases`: the cases that matter besides plain speed, each bounded in count and time."""
