"""What owners and operators can do to the registry: the same functions behind the API and the portal.

Each takes the open record, its request as values, who asks (`actor`), the time and the registry's policy, and
writes the change, its event, its audit rows and its outbox row in one transaction. It answers with frozen
values or raises CommandError, saying which part of the request is wrong. Whose rows are touched is decided by
`owner_id` alone: None is an operator; an owner's id finds nothing of anybody else's.

    owners.py        make, show, export, erase owners, and their tokens
    claims.py        claim numbers, change what is said of them, withdraw
    bulk.py          claim many numbers by a file
    codes.py         prove by a code; `sending.py` has it called out
    calls.py         prove by calling, completed by the journal
    certificates.py  prove by a delegate certificate
    letters.py       prove by a letter that operators check
    operating.py     freeze, award, dismiss
    showing.py       registrations with all that belongs to them
    use.py           how numbers are used and forged, by day
    steps.py         proofs and time to transitions: `gateway.registry.review` on the record
"""
