"""Regulators' files of number blocks, line by line: `ofcom` and `nanpa`.

Any bytes give blocks and line problems in the order of the lines, and nothing else. A file that is not what
it claims to be (another header, cut off in its last line, more than one line in a hundred that cannot be
read) gives a problem of the whole file, with line 0.

`ofcom`: the CSV files S1 to S9 of Ofcom's numbering data: `NMS Number Block: Number Block` (leading digits
after +44, with blanks), `Block Status`, `CP Name`, a column `… Number Length` ("10 digit numbers"); others
are ignored.

`nanpa`: the central office code assignment records, separated by tabs or commas: `NPA-NXX`, `Use` (`AS`
assigned, `UA` unavailable, `PR` protected, `RV` reserved, `VC` available), `Company`; others are ignored. An
area code whose eight N11 codes stand in the file is listed whole, and what it does not list is nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal, get_args

from gateway.generation.feed_lines import LineProblem, RefusedLineError, cells_of, text_of, too_many
from gateway.generation.problem import quote
from gateway.numbers.allocations import Block, BlockStatus, Holding
from gateway.numbers.canonical import NumberError, TelephoneNumber
from gateway.numbers.ranges import NumberRange

AllocationFormat = Literal["ofcom", "nanpa"]
ALLOCATION_FORMATS: Final[tuple[AllocationFormat, ...]] = get_args(AllocationFormat)
LONGEST_HOLDER: Final = 100

_BLOCK: Final = re.compile(r"[1-9][0-9]{2,9}")
_CODE: Final = re.compile(r"([2-9][0-9]{2})-?([2-9][0-9]{2})")
_DIGITS: Final = re.compile(r"[0-9]+")
_OFCOM_STATUS: Final = {
    "allocated": BlockStatus.ALLOCATED,
    "allocated(closedrange)": BlockStatus.ALLOCATED,
    "free": BlockStatus.FREE,
    "freefornationaldiallingonly": BlockStatus.FREE,
    "protected": BlockStatus.PROTECTED,
    "quarantined": BlockStatus.QUARANTINED,
    "reserved": BlockStatus.RESERVED,
    "designated": BlockStatus.DESIGNATED,
}
_NANPA_USE: Final = {
    "as": BlockStatus.ALLOCATED,
    "ua": BlockStatus.UNAVAILABLE,
    "pr": BlockStatus.PROTECTED,
    "rv": BlockStatus.RESERVED,
    "vc": BlockStatus.FREE,
}
_N11: Final = tuple(f"{digit}11" for digit in range(2, 10))


_ReadRow = Callable[[Sequence[str]], list[Block]]


def read_allocations(lines: Iterable[bytes], form: AllocationFormat) -> Iterator[Block | LineProblem]:
    """Blocks and problems of a file given as its lines, with their line ends."""
    read_row: _ReadRow | None = None
    codes: dict[str, set[str]] = {}
    seen: dict[NumberRange, int] = {}
    good = refused = 0
    last = b"\n"
    for number, line in enumerate(lines, 1):
        last = line
        try:
            cells = _cells(line, first=number == 1, form=form)
            if not any(cells):
                continue
            if read_row is None:
                read_row = _ofcom(cells) if form == "ofcom" else _nanpa(cells, codes)
                continue
            for block in read_row(cells):
                before = seen.setdefault(block.numbers, number)
                if before != number:
                    raise RefusedLineError(f"the block stands in line {before} already")
                yield block
            good += 1
        except RefusedLineError as error:
            if read_row is None:
                yield LineProblem(0, f"line {number}: {error}")
                return
            refused += 1
            yield LineProblem(number, str(error))
    if read_row is None:
        yield LineProblem(0, "the file is empty: a header line was expected")
    elif not last.endswith(b"\n"):
        yield LineProblem(0, "the last line has no end: the file was cut off")
    elif not good + refused:
        yield LineProblem(0, "the file has a header and no blocks")
    elif (problem := too_many(refused, good + refused)) is not None:
        yield LineProblem(0, f"{problem}: this is no {form} file")
    else:
        yield from _unlisted(codes)


def _cells(line: bytes, *, first: bool, form: AllocationFormat) -> list[str]:
    text = text_of(line, first=first)
    return cells_of(text, "\t" if form == "nanpa" and "\t" in text else ",")


def _column(header: Sequence[str], *names: str) -> int:
    """Where the column stands whose name is (or ends in) one of these. Raises RefusedLineError."""
    lowered = [cell.casefold() for cell in header]
    for name in names:
        found = [place for place, cell in enumerate(lowered) if cell.endswith(name.casefold())]
        if len(found) == 1:
            return found[0]
    raise RefusedLineError(f"the header has no column {names[0]!r}")


def _cell(cells: Sequence[str], header: Sequence[str], place: int) -> str:
    if len(cells) != len(header):
        raise RefusedLineError(f"has {len(cells)} columns where the header has {len(header)}")
    return cells[place]


def _ofcom(header: Sequence[str]) -> _ReadRow:
    block_at, status_at = _column(header, "Number Block"), _column(header, "Block Status")
    holder_at, length_at = _column(header, "CP Name"), _column(header, "Number Length")

    def read(cells: Sequence[str]) -> list[Block]:
        digits = _cell(cells, header, block_at).replace(" ", "")
        if _BLOCK.fullmatch(digits) is None:
            raise RefusedLineError(
                f"Number Block {quote(cells[block_at])} is not three to ten leading digits"
            )
        status = _OFCOM_STATUS.get(cells[status_at].casefold().replace(" ", ""))
        if status is None:
            raise RefusedLineError(f"Block Status {quote(cells[status_at])} is none that is known")
        lengths = [int(each) for each in _DIGITS.findall(cells[length_at][:40])]
        if not lengths or any(not 7 <= each <= 10 or each < len(digits) for each in lengths):
            raise RefusedLineError(f"Number Length {quote(cells[length_at])} fits no such block")
        holding = Holding(status, _holder(cells[holder_at], status), "ofcom")
        return [Block(_numbers("44" + digits, 2 + length), holding) for length in lengths]

    return read


def _nanpa(header: Sequence[str], codes: dict[str, set[str]]) -> _ReadRow:
    code_at, use_at, holder_at = (
        _column(header, "NPA-NXX"),
        _column(header, "Use"),
        _column(header, "Company"),
    )

    def read(cells: Sequence[str]) -> list[Block]:
        found = _CODE.fullmatch(_cell(cells, header, code_at))
        if found is None:
            raise RefusedLineError(f"NPA-NXX {quote(cells[code_at])} is not of the form 212-555")
        status = _NANPA_USE.get(cells[use_at].casefold())
        if status is None:
            raise RefusedLineError(f"Use {quote(cells[use_at])} is none of {', '.join(_NANPA_USE).upper()}")
        npa, nxx = found.groups()
        codes.setdefault(npa, set()).add(nxx)
        holding = Holding(status, _holder(cells[holder_at], status), "nanpa")
        return [Block(_numbers(f"1{npa}{nxx}", 11), holding)]

    return read


def _unlisted(codes: dict[str, set[str]]) -> Iterator[Block]:
    holding = Holding(BlockStatus.UNLISTED, "", "nanpa")
    for npa, listed in sorted(codes.items()):
        if listed.issuperset(_N11):
            for nxx in range(200, 1000):
                if str(nxx) not in listed:
                    yield Block(_numbers(f"1{npa}{nxx}", 11), holding)


def _numbers(digits: str, length: int) -> NumberRange:
    try:
        return NumberRange(TelephoneNumber(digits.ljust(length, "0")), 10 ** (length - len(digits)))
    except NumberError as error:
        raise RefusedLineError(error.problem) from None


def _holder(text: str, status: BlockStatus) -> str:
    if not text.isprintable() or len(text) > LONGEST_HOLDER:
        raise RefusedLineError(
            f"the name {quote(text)} is longer than {LONGEST_HOLDER} signs or not plain text"
        )
    if status is BlockStatus.ALLOCATED and not text:
        raise RefusedLineError("the block is allocated, and to nobody")
    return text if status is BlockStatus.ALLOCATED else ""
