"""People: owners' staff, operators and auditors who sign in with a browser.

The same functions behind the pages, the admin API and the command line; each takes the open record, its
request as values and the time, and writes the change with its audit row in one transaction. It answers with
frozen values or raises CommandError.

    accounts.py    make, list, remove, reset people
    passwords.py   argon2, off the event loop
    totp.py        codes of authenticator apps (RFC 6238): no code twice
    signing_in.py  password, code, session: what a browser goes through
    tries.py       how often may be tried, so that nobody locks out anybody else
    sessions.py    whose cookie this is, and when it ends
    kept.py        what was typed when a session had ended
    own_account.py what a person changes about itself: password, second step
"""
