from __future__ import annotations

import asyncio
import hashlib

import pyotp
import pytest
from sqlalchemy import select, text

from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.people import accounts, own_account, signing_in, tries
from gateway.control.people.sessions import IDLE_SECONDS, LONGEST_SECONDS, who_is_signed_in
from gateway.control.people.tries import BY_ADDRESS
from gateway.control.registry import owners
from gateway.record.attempts import note_attempts
from gateway.record.people_tables import devices, people, sessions

NOW = 1_800_000_000
EMAIL = "alice@example.org"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
GOOD = "correct horse battery"


class Browser:
    """One person's browser, with its cookies."""

    def __init__(self, record, address=HERE):
        self.record = record
        self.address = address
        self.session = None
        self.device = None
        self.now = NOW

    async def sign_in(self, password, email=EMAIL):
        entered = await signing_in.sign_in(
            self.record,
            email,
            password,
            address=self.address,
            device=self.device,
            session=self.session,
            now=self.now,
        )
        return self._keep(entered)

    async def give_code(self, code):
        entered = await signing_in.give_code(
            self.record, await self.who(), code, device=self.device, now=self.now
        )
        return self._keep(entered)

    def _keep(self, entered):
        self.session = entered.session
        self.device = entered.device or self.device
        return entered

    async def who(self):
        return await who_is_signed_in(self.record, self.session, now=self.now)

    async def set_up_totp(self, password=GOOD, code=""):
        secret = await own_account.begin_totp(
            self.record, await self.who(), current=password, code=code, now=self.now
        )
        await own_account.confirm_totp(
            self.record, await self.who(), pyotp.TOTP(secret).at(self.now), now=self.now
        )
        return pyotp.TOTP(secret)


@pytest.fixture
async def alice(record):
    made = await accounts.create_person(
        record, email="Alice@Example.org ", role="operator", owner_id=None, actor="test", now=NOW
    )
    browser = Browser(record)
    await browser.sign_in(made.password)
    await own_account.change_password(
        record, await browser.who(), current=made.password, wanted=GOOD, device=browser.device, now=NOW
    )
    return browser


async def refused(coroutine):
    with pytest.raises(CommandError) as caught:
        await coroutine
    return caught.value


async def test_the_right_password_opens_a_session_and_a_wrong_one_or_an_unknown_address_the_same_no(alice):
    assert (await alice.who()).person.email == EMAIL
    stranger = Browser(alice.record, ELSEWHERE)
    wrong = await refused(stranger.sign_in("wrong horse battery"))
    unknown = await refused(stranger.sign_in(GOOD, email="nobody@example.org"))
    assert (wrong.problem, wrong.pointer) == (unknown.problem, unknown.pointer)
    assert (await stranger.sign_in(GOOD)).person.role == "operator"


async def test_nothing_that_opens_a_door_is_kept_in_clear(alice):
    async with alice.record.read() as transaction:
        row = (await transaction.execute(select(people))).one()
        kept = str((await transaction.execute(select(sessions))).all())
        kept += str((await transaction.execute(select(devices))).all()) + str(row)
    assert row.password_hash.startswith("$argon2id$")
    for secret in (GOOD, alice.session, alice.device):
        assert secret not in kept
    assert hashlib.sha256(alice.session.encode()).hexdigest() in kept


async def test_a_session_ends_by_itself_when_it_is_not_used_and_after_a_working_day(alice):
    alice.now = NOW + IDLE_SECONDS - 1
    assert await alice.who() is not None
    alice.now += IDLE_SECONDS - 1
    assert await alice.who() is not None
    alice.now += IDLE_SECONDS
    assert await alice.who() is None
    alice.now = NOW
    await alice.sign_in(GOOD)
    while alice.now < NOW + LONGEST_SECONDS - 1_000:
        alice.now += 1_000
        assert await alice.who() is not None
    alice.now = NOW + LONGEST_SECONDS
    assert await alice.who() is None
    alice.now = NOW - 1
    assert await alice.who() is None


async def test_another_password_ends_every_other_session_and_signing_out_this_one(alice):
    other = Browser(alice.record, ELSEWHERE)
    await other.sign_in(GOOD)
    await own_account.change_password(
        alice.record,
        await alice.who(),
        current=GOOD,
        wanted="another horse battery",
        device=alice.device,
        now=NOW,
    )
    assert await other.who() is None
    assert await alice.who() is not None
    await signing_in.sign_out(alice.record, await alice.who())
    assert await alice.who() is None


async def test_a_stranger_at_one_address_is_stopped_and_locks_nobody_out(alice):
    stranger = Browser(alice.record, ELSEWHERE)
    problems = [await refused(stranger.sign_in(f"guess number {each}")) for each in range(15)]
    assert [each.trouble for each in problems] == [Trouble.INVALID] * 10 + [Trouble.TOO_OFTEN] * 5
    # Not even the right one now: else the limit would only slow guessing down.
    assert (await refused(stranger.sign_in(GOOD))).trouble is Trouble.TOO_OFTEN
    assert await Browser(alice.record, "203.0.113.9").sign_in(GOOD)
    # The victim, behind the very same address, by the browser it has used before.
    alice.address = ELSEWHERE
    assert await alice.sign_in(GOOD)
    stranger.now += 901
    assert await stranger.sign_in(GOOD)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1", "", None])
async def test_a_proxy_on_this_machine_has_no_tries_that_anybody_could_use_up_for_everybody(alice, address):
    async with alice.record.write() as transaction:
        pairs = tries.by_address("nobody@example.org", address)
        for _ in range(BY_ADDRESS.most + 1):
            await note_attempts(transaction, [(each.purpose, each.subject) for each in pairs], now=NOW)
    assert await Browser(alice.record, address).sign_in(GOOD)
    stranger = Browser(alice.record, address)
    problems = [await refused(stranger.sign_in(f"guess number {each}")) for each in range(11)]
    assert problems[-1].trouble is Trouble.TOO_OFTEN


async def test_an_address_elsewhere_has_so_many_tries_for_all_accounts(alice):
    async with alice.record.write() as transaction:
        pairs = tries.by_address("nobody@example.org", ELSEWHERE)
        for _ in range(BY_ADDRESS.most):
            await note_attempts(transaction, [(each.purpose, each.subject) for each in pairs], now=NOW)
    assert (await refused(Browser(alice.record, ELSEWHERE).sign_in(GOOD))).trouble is Trouble.TOO_OFTEN


async def test_many_guesses_at_once_are_not_more_guesses(alice):
    stranger = Browser(alice.record, "2001:db8::1")
    neighbour = Browser(alice.record, "2001:db8::ffff")
    guesses = [each.sign_in(f"guess number {n}") for n in range(15) for each in (stranger, neighbour)]
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(answer.trouble is Trouble.INVALID for answer in answers) == 10
    async with alice.record.read() as transaction:
        told = (await transaction.execute(text("SELECT action FROM audit"))).scalars().all()
    assert told.count("person.refuse") == 1


async def test_a_code_is_asked_after_the_password_and_is_worth_nothing_twice(alice):
    codes = await alice.set_up_totp()
    other = Browser(alice.record, ELSEWHERE)
    other.now = NOW + 60
    assert (await other.sign_in(GOOD)).waits_for_code
    half = other.session
    assert (await other.who()).waits_for_code
    code = codes.at(other.now)
    assert not (await other.give_code(f"{code[:3]} {code[3:]}")).waits_for_code
    assert other.session != half
    third = Browser(alice.record, ELSEWHERE)
    third.now = other.now
    await third.sign_in(GOOD)
    assert (await refused(third.give_code(code))).pointer == "/code"
    # Nor the one before: a code that was looked over a shoulder must not outlive a newer one.
    assert (await refused(third.give_code(codes.at(third.now - 30)))).pointer == "/code"
    third.now += 30
    assert await third.give_code(codes.at(third.now))


async def test_five_wrong_codes_and_the_password_is_asked_again(alice):
    codes = await alice.set_up_totp()
    other = Browser(alice.record, ELSEWHERE)
    other.now = NOW + 60
    await other.sign_in(GOOD)
    wrong = f"{(int(codes.at(other.now)) + 1) % 1_000_000:06d}"
    answers = await asyncio.gather(*(refused_code(other, wrong) for _ in range(20)))
    assert answers.count("/code") == 5
    assert await other.who() is None


async def test_the_session_that_a_browser_had_ends_when_somebody_signs_in_with_it(alice):
    for has_second_step in (False, True):
        if has_second_step:
            await alice.set_up_totp()
        earlier = alice.session
        assert (await alice.sign_in(GOOD)).waits_for_code == has_second_step
        assert await who_is_signed_in(alice.record, earlier, now=alice.now) is None
        assert await alice.who() is not None


async def test_a_session_that_ended_meanwhile_takes_no_code(alice):
    codes = await alice.set_up_totp()
    other = Browser(alice.record, ELSEWHERE)
    other.now = NOW + 60
    await other.sign_in(GOOD)
    waiting = await other.who()
    await signing_in.sign_out(alice.record, waiting)
    code = codes.at(other.now)
    problem = await refused(
        signing_in.give_code(alice.record, waiting, code, device=other.device, now=other.now)
    )
    assert problem.trouble is Trouble.GONE


async def test_a_second_step_is_ended_or_moved_by_its_code_and_the_password_of_today(alice):
    codes = await alice.set_up_totp()
    alice.now += 60
    good, who = codes.at(alice.now), await alice.who()
    used = codes.at(NOW)
    for code in ("", used):
        for change in (own_account.end_totp, own_account.begin_totp):
            problem = await refused(change(alice.record, who, current=GOOD, code=code, now=alice.now))
            assert problem.pointer == "/code"
    assert (await alice.who()).person.totp_waiting is None
    await own_account.change_password(
        alice.record, who, current=GOOD, wanted="another horse battery", device=alice.device, now=alice.now
    )
    for change in (own_account.end_totp, own_account.begin_totp):
        problem = await refused(change(alice.record, who, current=GOOD, code=good, now=alice.now))
        assert problem.trouble is Trouble.CONFLICT
    said = {"current": "another horse battery", "now": alice.now}
    await own_account.end_totp(alice.record, await alice.who(), code=good, **said)
    assert (await alice.who()).person.totp_secret is None


async def test_five_wrong_codes_and_the_second_step_is_changed_from_here_no_more(alice):
    codes = await alice.set_up_totp()
    alice.now += 3_700
    await alice.sign_in(GOOD)
    await alice.give_code(codes.at(alice.now))
    alice.now += 60
    wrong = f"{(int(codes.at(alice.now)) + 1) % 1_000_000:06d}"
    for tried, expected in [(wrong, Trouble.INVALID)] * 5 + [(codes.at(alice.now), Trouble.TOO_OFTEN)]:
        change = own_account.end_totp(
            alice.record, await alice.who(), current=GOOD, code=tried, now=alice.now
        )
        assert (await refused(change)).trouble is expected


async def refused_code(browser, code):
    signed_in = await browser.who()
    if signed_in is None:
        return None
    problem = await refused(
        signing_in.give_code(browser.record, signed_in, code, device=browser.device, now=browser.now)
    )
    return problem.pointer or None


async def test_a_reset_ends_the_sessions_and_the_second_step(alice):
    await alice.set_up_totp()
    made = await accounts.reset_person(alice.record, EMAIL, actor="test", now=NOW)
    assert await alice.who() is None
    assert not (await alice.sign_in(made.password)).waits_for_code
    assert (await refused(Browser(alice.record).sign_in(GOOD))).pointer == "/password"


async def test_somebody_who_is_removed_is_out_at_once_and_leaves_nothing_but_the_audit(alice):
    await accounts.remove_person(alice.record, EMAIL, actor="test", now=NOW)
    assert await alice.who() is None
    assert (await refused(alice.sign_in(GOOD))).problem == signing_in.WRONG
    async with alice.record.read() as transaction:
        for table in (people, sessions, devices):
            assert (await transaction.execute(select(table))).all() == []
        audited = (await transaction.execute(text("SELECT actor, action, detail FROM audit"))).all()
    assert "person.remove" in [row.action for row in audited]
    assert EMAIL not in str(audited)


async def test_an_erased_owner_takes_its_people_along(record):
    person = await accounts.sign_up(
        record, organisation="Example Bank", email=EMAIL, password=GOOD, address=HERE, now=NOW
    )
    browser = Browser(record)
    await browser.sign_in(GOOD)
    kept = [piece async for piece in owners.export_owner(record, person.owner_id)]
    assert {"person": {"id": person.id, "email": EMAIL, "created_at": NOW}} in kept
    await owners.erase(record, person.owner_id, policy=None, actor="test", now=NOW)
    assert await browser.who() is None


async def test_an_address_signs_up_once_and_a_password_is_worth_its_name(record):
    async def sign_up(email=EMAIL, password=GOOD, address=HERE):
        return await accounts.sign_up(
            record, organisation="Example", email=email, password=password, address=address, now=NOW
        )

    await sign_up()
    assert (await refused(sign_up())).pointer == "/email"
    for password in ("short", "aaaaaaaaaaaaaaaa", "bobby tables", "x" * 201):
        assert (await refused(sign_up("bobby@example.org", password))).pointer == "/password"
    for email in ("", "bob", "bob@", "@example.org", "a@b@c", "bob@exa mple.org", "b\x00b@example.org"):
        assert (await refused(sign_up(email))).pointer == "/email"
    for each in range(8):
        await sign_up(f"person{each}@example.org", GOOD)
    assert (await refused(sign_up("late@example.org"))).trouble is Trouble.TOO_OFTEN
    assert await sign_up("late@example.org", address=ELSEWHERE)
