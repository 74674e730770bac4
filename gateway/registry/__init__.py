"""Who may show which number: owners' registrations, their proofs, and what happens when two claim one.

Way in: `states.py` (the states and every transition there is), `proofs.py` (what each kind of proof proves,
and no more), `policy.py` (which proofs verify which kind of number), `review.py` (proofs, rivals and time to
the next step), `codes.py` (the digits that are called out).

A claim is only words: it changes nothing for anybody. A registration has an effect on calls while it is in
force, which needs proofs that policy finds sufficient, in force at that time, and nobody else whose own
registration of the same numbers is in force. Keeping all this, and telling calls, is not done here.
"""
