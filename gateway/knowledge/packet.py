"""The questions of a batch as the arguments of one FCALL, and its reply as their answers.

In a cluster a packet is one partition's part of the batch, and a call whose two numbers lie in two
partitions has a part in both. Replies are read as if written by an enemy: what is not an entry is
dropped and counted, and its number is unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeGuard

import msgspec

from gateway.knowledge import keys
from gateway.knowledge.question import UNKNOWN, Around, Evidence, Known, Passage, Question
from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.block_entry import decode_block, decode_exchange
from gateway.reputation.blocks import BLOCKS, BlockEvidence, has_blocks
from gateway.reputation.entry import EntryError, decode_entry
from gateway.reputation.traffic import Shape, Traffic

_COUNTS: Final = len(Shape.__struct_fields__)
_LARGEST_COUNT: Final = 2**53


@dataclass(slots=True)
class Drops:
    """What was dropped because it could not be read; for metrics."""

    entries: int = 0
    markers: int = 0
    replies: int = 0
    numbers: int = 0


class Draft(msgspec.Struct, eq=False, gc=False):
    """An answer being put together. It begins as unknown, so what no packet fills stays unknown."""

    question: Question
    reputation: dict[TelephoneNumber, Known]
    called_unknown: int
    """Called numbers of which nobody has said yet whether they called for help."""
    distinct_calls: int | None = None
    has_caller_for_help: bool = False
    blocks: dict[TelephoneNumber, Around] = {}
    traffic: Traffic | None = None

    def evidence(self) -> Evidence:
        """Return what was found, and what is missing."""
        degraded: tuple[str, ...] = ("reputation",) if UNKNOWN in self.reputation.values() else ()
        if self.question.replay is not None and self.distinct_calls is None:
            degraded = (*degraded, "replay")
        return Evidence(
            reputation=self.reputation,
            replay_distinct_calls=self.distinct_calls,
            recent_emergency_caller=self.has_caller_for_help or (None if self.called_unknown else False),
            traffic=self.traffic,
            blocks=self.blocks,
            degraded=degraded,
        )


def draft_of(question: Question) -> Draft:
    """Everything unknown yet."""
    return Draft(question, dict.fromkeys(question.tns, UNKNOWN), len(question.called))


@dataclass(slots=True)
class Packet:
    """One FCALL: keys and arguments, and which draft each answer belongs to."""

    markers: dict[int, int] = field(default_factory=dict)
    """Partition -> its place among the markers."""
    lookups: list[tuple[Draft, TelephoneNumber, int]] = field(default_factory=list)
    """Whose number, and the place of its marker."""
    called: list[Draft] = field(default_factory=list)
    claims: list[Draft] = field(default_factory=list)
    traffics: list[Draft] = field(default_factory=list)
    _lookup_keys: list[str] = field(default_factory=list)
    _fields: list[str] = field(default_factory=list)
    _called_keys: list[str] = field(default_factory=list)
    _claim_keys: list[str] = field(default_factory=list)
    _claim_args: list[int] = field(default_factory=list)
    _traffic_keys: list[str] = field(default_factory=list)
    _traffic_args: list[str | int] = field(default_factory=list)
    _window_seconds: int = 1
    _note_keys: list[str] = field(default_factory=list)
    _note_args: list[int] = field(default_factory=list)

    def add_lookup(self, draft: Draft, tn: TelephoneNumber, exchange: str, partition: int) -> None:
        """Ask for one number's entry and its partition's marker."""
        marker = self.markers.setdefault(partition, len(self.markers))
        self.lookups.append((draft, tn, marker))
        self._lookup_keys.append(keys.reputation_key(exchange, partition))
        self._fields.append(keys.field_of(tn))

    def add_called(self, draft: Draft, key: str) -> None:
        """Ask whether one called number called for help."""
        self.called.append(draft)
        self._called_keys.append(key)

    def add_note(self, key: str, keep_seconds: int) -> None:
        """Write down that a number called for help."""
        self._note_keys.append(key)
        self._note_args.append(keep_seconds)

    def add_claim(self, draft: Draft, key: str, member: int, keep_seconds: int) -> None:
        """Claim one PASSporT for one call."""
        self.claims.append(draft)
        self._claim_keys.append(key)
        self._claim_args += (member, keep_seconds)

    def add_passage(self, draft: Draft, passage: Passage, key: str) -> None:
        """Note one call of a number, and ask what the number and its block did lately."""
        called = passage.called
        self.traffics.append(draft)
        self._window_seconds = passage.window_seconds
        self._traffic_keys.append(key)
        self._traffic_args += (
            keys.short_path(passage.path),
            passage.tn,
            called if called is not None and called.isdecimal() else 0,
            int(passage.is_honeypot),
        )

    def arguments(self, *, claiming: bool) -> list[str | int]:
        """Return what follows the function's name in FCALL: number of keys, keys, arguments."""
        all_keys = [*map(keys.marker_key, self.markers), *self._lookup_keys, *self._called_keys]
        claims = len(self.claims) if claiming else 0
        traffics = len(self.traffics) if claiming else 0
        head = [
            len(self.markers), len(self.lookups), len(self.called), claims, traffics, self._window_seconds
        ]  # fmt: skip
        rest: list[str | int] = [*head, *self._fields]
        if claiming:
            all_keys += (*self._claim_keys, *self._traffic_keys, *self._note_keys)
            rest += (*self._claim_args, *self._traffic_args, *self._note_args)
        return [len(all_keys), *all_keys, *rest]

    def read(self, reply: object, drops: Drops, *, claiming: bool, today: int) -> None:
        """Fill the drafts from the server's reply; a reply of another shape fills nothing."""
        looked_up = len(self.markers) + len(self.lookups)
        before = looked_up + len(self.called)
        claimed = before + len(self.claims)
        expected = claimed + len(self.traffics) if claiming else before
        if not _is_list(reply) or len(reply) != expected:
            drops.replies += 1
            return
        whole = [_is_complete(value, drops) for value in reply[: len(self.markers)]]
        for place, (draft, tn, marker) in enumerate(self.lookups, len(self.markers)):
            found = reply[place]
            if not _is_list(found) or not 1 < len(found) <= len(BLOCKS):
                drops.entries += 1
                continue
            known = _entry(found[0], drops, today=today)
            if found[1] is not None and has_blocks(tn):
                _add_blocks(draft, tn, found[1:], drops)
            # An entry that is there counts though others may be missing; absence needs the marker.
            draft.reputation[tn] = known if known is not None or whole[marker] else UNKNOWN
        for draft, found in zip(self.called, reply[looked_up:before], strict=True):
            if found in (0, 1):
                draft.called_unknown -= 1
                draft.has_caller_for_help |= bool(found)
            else:
                drops.replies += 1
        if not claiming:
            return
        for draft, count in zip(self.claims, reply[before:claimed], strict=True):
            if isinstance(count, int) and count > 0:
                draft.distinct_calls = count
            else:
                drops.replies += 1
        for draft, shapes in zip(self.traffics, reply[claimed:], strict=True):
            draft.traffic = _traffic(shapes)
            drops.replies += draft.traffic is None


def compose(
    drafts: list[Draft], drops: Drops, *, clustered: bool, notes: Mapping[TelephoneNumber, int]
) -> dict[int, Packet]:
    """Return the packets that answer these drafts, by partition: on one server all in one, by 0.

    `notes` go along: who called for help, and for how many seconds more that counts.
    """
    packets: defaultdict[int, Packet] = defaultdict(Packet)
    for tn, keep_seconds in notes.items():
        try:
            key, partition = keys.emergency_key(tn)
        except ValueError:
            drops.numbers += 1
            continue
        packets[partition if clustered else 0].add_note(key, keep_seconds)
    for draft in drafts:
        for tn in draft.question.called:
            try:
                key, partition = keys.emergency_key(tn)
            except ValueError:
                drops.numbers += 1
                continue
            packets[partition if clustered else 0].add_called(draft, key)
        for tn in draft.question.tns:
            try:
                exchange = keys.exchange_of(tn)
            except ValueError:
                drops.numbers += 1
                continue
            partition = keys.partition_of(exchange)
            packets[partition if clustered else 0].add_lookup(draft, tn, exchange, partition)
        passage = draft.question.passage
        if passage is not None:
            partition = keys.partition_of(passage.tn[:-4])
            key = keys.traffic_key(partition)
            packets[partition if clustered else 0].add_passage(draft, passage, key)
        claim = draft.question.replay
        if claim is not None:
            # orig may be anything the signer wrote: it is hashed, never part of a key.
            partition = keys.partition_of(claim.orig[:-4])
            key = keys.replay_key(partition, (claim.orig, *claim.dest, str(claim.iat), claim.origid))
            packets[partition if clustered else 0].add_claim(
                draft, key, keys.call_member(draft.question.call_id), claim.keep_seconds
            )
    return packets


def _traffic(shapes: object) -> Traffic | None:
    if not _is_list(shapes) or len(shapes) != 2 * _COUNTS:
        return None
    counts = [each for each in shapes if type(each) is int and 0 <= each < _LARGEST_COUNT]
    if len(counts) != len(shapes):
        return None
    return Traffic(number=Shape(*counts[:_COUNTS]), block=Shape(*counts[_COUNTS:]))


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def _is_complete(value: object, drops: Drops) -> bool:
    if isinstance(value, bytes) and value.startswith(b"complete:"):
        return True
    if value is not None and not (isinstance(value, bytes) and value.startswith(b"building:")):
        drops.markers += 1
    return False


def _entry(value: object, drops: Drops, *, today: int) -> Known:
    if value is None:
        return None
    if isinstance(value, bytes):
        try:
            entry = decode_entry(value)
        except EntryError:
            pass
        else:
            return entry if entry.expires_day >= today else None
    drops.entries += 1
    return UNKNOWN


def _add_blocks(draft: Draft, tn: TelephoneNumber, values: list[object], drops: Drops) -> None:
    """Exchange with area, thousand, hundred, ten: as far as they were asked for.

    What a poisoned value says is nothing, of its block and of those within: blocks only ever add.
    """
    around: list[BlockEvidence | None] = []
    for place, value in enumerate(values):
        try:
            if not isinstance(value, bytes):
                raise EntryError("no bytes")
            if place:
                around.append(decode_block(value))
            else:
                around += decode_exchange(value)
        except EntryError:
            drops.entries += 1
            break
    draft.blocks[tn] = (*around, *(None,) * (len(BLOCKS) - len(around)))
