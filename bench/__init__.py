"""What `make bench` runs: Callmark beside `openssl speed` and secsipidx, as ratios within one run."""
