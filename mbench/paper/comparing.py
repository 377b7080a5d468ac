"""Comparing a printed cell with what is counted: equal, equal by another rule, or by how much not."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from mbench.paper.counting import Rule
from mbench.paper.tables import Printed


class Mark(StrEnum):
    """How a count stands to what is printed."""

    EQUAL = "="
    OTHERWISE = "~"
    DIFFERENT = "≠"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One comparison, all of it in the unit of the printed cell.

    Attributes:
        value: by the rule that the mark is of.
        plain: by the table's own rule; equal to `value` but where the mark is `~`.
        rule: that gave `value`.
        of: the other network that gave it, where it was another one.
    """

    mark: Mark
    value: Decimal
    plain: Decimal
    rule: Rule
    of: str | None = None


def compare(
    cell: Printed,
    rule: Rule,
    *,
    scale: int,
    count: Callable[[Rule], int | None],
    count_of: Callable[[str], int | None] = lambda network: None,
) -> Verdict | None:
    """Return how a cell compares; None where the network was not counted.

    Args:
        cell: as printed.
        rule: the table's.
        scale: what one of the printed unit is.
        count: of the row's network by a rule.
        count_of: of another network, by the table's rule.
    """
    counted = count(rule)
    if counted is None:
        return None
    plain = Decimal(counted) / scale
    if prints_as(plain, cell):
        return Verdict(mark=Mark.EQUAL, value=plain, plain=plain, rule=rule)
    for other, number, of in _others(cell, rule, count, count_of):
        value = Decimal(number) / scale
        if prints_as(value, cell):
            return Verdict(mark=Mark.OTHERWISE, value=value, plain=plain, rule=other, of=of)
    return Verdict(mark=Mark.DIFFERENT, value=plain, plain=plain, rule=rule)


def prints_as(value: Decimal, cell: Printed) -> bool:
    """Whether a value, rounded half up to as many digits as are printed and meant, is what is printed."""
    printed = Decimal(cell.printed)
    digits = len(printed.as_tuple().digits) if cell.digits is None else cell.digits
    step = Decimal(1).scaleb(printed.adjusted() - digits + 1)
    return (value / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step == printed


def _others(
    cell: Printed, rule: Rule, count: Callable[[Rule], int | None], count_of: Callable[[str], int | None]
) -> list[tuple[Rule, int, str | None]]:
    found: list[tuple[Rule, int, str | None]] = []
    if cell.also is not None and (number := count(cell.also)) is not None:
        found.append((cell.also, number, None))
    if cell.also_of is not None and (number := count_of(cell.also_of)) is not None:
        found.append((rule, number, cell.also_of))
    return found
