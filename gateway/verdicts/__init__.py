"""What should be done with a call: rules in a fixed order, the first that speaks decides.

Who calls this room: a worker, once for each call, with everything already looked up. Order of evidence:
calls for help, the operator's decisions, numbers that never call out, numbers that cannot call,
numbers that cannot come from where they came, impersonated brands, reputation, false signatures, replay.
A rule that applies but whose effect the policy set to `none` is listed and decides nothing.

`verstat` and `attest` come from the Identity headers alone: no rule changes them, and a passed
verification by itself never means allow, it only leaves the call to the rules.
"""
