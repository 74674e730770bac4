"""An evaluation in words: its tables, what befalls honest numbers, and all of it as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from gateway.reputation.honest import Beside, HonestResult, mean_honest
from gateway.reputation.recall import (
    BLOCKS,
    BUDGETS,
    DECIDING_BUDGET,
    RULES,
    DayResult,
    Recall,
    mean_decided_by,
    mean_recall,
)
from gateway.verdicts.policy import Effect

EFFECTS: Final = {Effect.LABEL: "labelled", Effect.CHALLENGE: "challenged", Effect.BLOCK: "blocked"}
_NOTHING: Final = Beside(0.0, 0.0)
_AT: Final = BUDGETS.index(DECIDING_BUDGET)


def show(results: Sequence[DayResult], plan: str, sample: int) -> None:
    """Print everything."""
    console = Console(width=110, highlight=False)
    console.print(
        f"Complaints foreseen on {len(results)} day{'s' if len(results) > 1 else ''}, each by all earlier "
        f"files. Budgets are shares of the plan {plan}, by {sample:,} random numbers."
    )
    console.print(_budget_table("all complaints, mean over days", results, "of_all"))
    console.print(_budget_table("about numbers never seen before", results, "of_never_seen"))
    console.print(_day_table(results))
    levels = mean_decided_by(results)
    console.print(
        f"Decided at {DECIDING_BUDGET:.1%} by (the narrowest level that knew of the number): "
        + ", ".join(f"{level} {share:.0%}" for level, share in levels.items())
    )
    honest = honest_of(results)
    if honest is not None:
        console.print(_honest_table(honest))
        console.print(_effects_table(honest))
        for sentence in sentences(honest):
            console.print(sentence)


def _budget_table(title: str, results: Sequence[DayResult], part: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("rule")
    for budget in BUDGETS:
        table.add_column(_percent(budget), justify="right")
    for rule in RULES:
        values: tuple[float, ...] = getattr(mean_recall(results, rule), part)
        table.add_row(rule, *(f"{value:.3f}" for value in values))
    return table


def _day_table(results: Sequence[DayResult]) -> Table:
    table = Table(title=f"by day, at {DECIDING_BUDGET:.1%} of the plan", title_justify="left")
    for name in (
        "day",
        "gap, days",
        "complaints",
        "never seen",
        "numbers known",
        *RULES,
        "blocks, never seen",
    ):
        table.add_column(name, justify="left" if name == "day" else "right")
    for each in results:
        table.add_row(
            str(each.day),
            str(each.gap_days),
            f"{each.complaints:,}",
            f"{each.never_seen / each.complaints:.1%}",
            f"{each.numbers_known:,}",
            *(f"{each.recall[rule].of_all[_AT]:.3f}" for rule in RULES),
            f"{each.recall[BLOCKS].of_never_seen[_AT]:.3f}",
        )
    return table


def honest_of(results: Sequence[DayResult]) -> HonestResult | None:
    """The mean over days; None where no honest numbers were given."""
    days = [each.honest for each in results if each.honest is not None]
    return mean_honest(days) if days else None


def sentences(honest: HonestResult) -> tuple[str, ...]:
    """What an operator wants to know of honest numbers, a sentence each."""
    numbers, of_blocks = honest.numbers, honest.flagged[BLOCKS][_AT]
    first = (
        f"Of {numbers:,} honest numbers, blocks flag {_share(of_blocks.honest)} "
        f"at {_percent(DECIDING_BUDGET)} of the plan: {of_blocks.words(numbers)}."
    )
    return (
        first,
        *_treated(honest.by_blocks, numbers, "for the blocks around them"),
        *_treated(honest.by_number, numbers, "for complaints about themselves"),
    )


def _treated(shares: Mapping[str, Beside], numbers: int, why: str) -> Iterator[str]:
    for effect, word in EFFECTS.items():
        each = shares.get(effect.value, _NOTHING)
        if each.honest:
            yield f"The policy has {_share(each.honest)} {word} {why}: {each.words(numbers)}."
        elif effect is not Effect.CHALLENGE:
            yield f"None is {word} {why}."


def _honest_table(honest: HonestResult) -> Table:
    table = Table(
        title=f"{honest.numbers:,} honest numbers flagged, beside random ones", title_justify="left"
    )
    for name in ("rule", "numbers"):
        table.add_column(name)
    for budget in BUDGETS:
        table.add_column(_percent(budget), justify="right")
    for rule in RULES:
        shares = honest.flagged[rule]
        table.add_row(rule, "honest", *(_share(each.honest) for each in shares))
        table.add_row("", "random", *(_share(each.random) for each in shares))
    return table


def _effects_table(honest: HonestResult) -> Table:
    table = Table(title="treated by the policy, beside random ones", title_justify="left")
    for name in ("for", "numbers"):
        table.add_column(name)
    for word in EFFECTS.values():
        table.add_column(word, justify="right")
    for why, shares in (("blocks", honest.by_blocks), ("own complaints", honest.by_number)):
        found = [shares.get(effect.value, _NOTHING) for effect in EFFECTS]
        table.add_row(why, "honest", *(_share(each.honest) for each in found))
        table.add_row("", "random", *(_share(each.random) for each in found))
    return table


def _share(share: float) -> str:
    return f"{share * 100:.3f} %"


def _percent(budget: float) -> str:
    return f"{budget * 100:g} %"


def document(results: Sequence[DayResult], *, plan: str, sample: int, seed: int) -> dict[str, object]:
    """All figures as JSON."""
    return {
        "plan": plan,
        "sample": sample,
        "seed": seed,
        "budgets": list(BUDGETS),
        "mean": {rule: _recall_document(mean_recall(results, rule)) for rule in RULES},
        "days": [
            {
                "day": str(each.day),
                "gap_days": each.gap_days,
                "complaints": each.complaints,
                "never_seen": each.never_seen,
                "numbers_known": each.numbers_known,
                "recall": {rule: _recall_document(each.recall[rule]) for rule in RULES},
                "decided_by": {level.value: share for level, share in each.decided_by.items()},
                "honest": _honest_document(each.honest),
            }
            for each in results
        ],
        "honest": _honest_document(honest_of(results)),
    }


def _recall_document(recall: Recall) -> dict[str, list[float]]:
    return {"all": list(recall.of_all), "never_seen": list(recall.of_never_seen)}


def _honest_document(honest: HonestResult | None) -> dict[str, object] | None:
    if honest is None:
        return None
    return {
        "numbers": honest.numbers,
        "flagged": {
            rule: {
                "honest": [each.honest for each in shares],
                "random": [each.random for each in shares],
                "no_more_than_chance": [each.is_chance(honest.numbers) for each in shares],
            }
            for rule, shares in honest.flagged.items()
        },
        "blocks": _effects_document(honest.by_blocks, honest.numbers),
        "own_complaints": _effects_document(honest.by_number, honest.numbers),
        "sentences": list(sentences(honest)),
    }


def _effects_document(shares: Mapping[str, Beside], numbers: int) -> dict[str, object]:
    found = {word: shares.get(effect.value, _NOTHING) for effect, word in EFFECTS.items()}
    return {
        word: {
            "honest": each.honest,
            "random": each.random,
            "no_more_than_chance": each.is_chance(numbers),
        }
        for word, each in found.items()
    }
