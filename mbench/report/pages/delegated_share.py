"""Which share of each graph its delegate really executed, as bars; whole graphs are counted and not drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mbench.report.pages.charts import PlacedRow
from mbench.report.render.number_format import count_of

MOST_DRAWN: Final = 40
"""Rows with a bar, the least delegated first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareBar:
    """One row: its nodes, `12/33`, and their share in percent, which is also the bar's length."""

    number: int
    label: str
    nodes: str
    percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegatedShare:
    """What was delegated of the rows that ran.

    Attributes:
        said: how many graphs were delegated whole, in part, or nobody knows how far.
        bars: of those in part.
    """

    said: str
    bars: tuple[ShareBar, ...]


def delegated_share(rows: Sequence[PlacedRow]) -> DelegatedShare | None:
    """Return what was delegated; None where no row says anything."""
    known = [(share, each) for each in rows if (share := share_of(each.row.delegate_nodes)) is not None]
    if not known:
        return None
    partly = sorted((pair for pair in known if pair[0] < 1), key=lambda pair: (pair[0], pair[1].number))
    unknown = len(rows) - len(known)
    parts = [
        f"Delegated whole: {count_of(len(known) - len(partly), 'row')}",
        f"in part: {count_of(len(partly), 'row')}",
    ]
    if unknown:
        parts.append(f"not known: {count_of(unknown, 'row')}")
    if len(partly) > MOST_DRAWN:
        parts.append(f"drawn: the {MOST_DRAWN} least delegated ones")
    return DelegatedShare(
        said=f"{'; '.join(parts)}.", bars=tuple(_bar(each, share) for share, each in partly[:MOST_DRAWN])
    )


def share_of(nodes: str | None) -> float | None:
    """Return the share of `12/33`; None where it is not known, or of a graph without nodes."""
    done, _, total = (nodes or "").partition("/")
    return int(done) / int(total) if done.isdecimal() and total.isdecimal() and int(total) else None


def _bar(each: PlacedRow, share: float) -> ShareBar:
    row = each.row
    label = f"{row.label} {row.delegate} ×{row.threads} on {row.device}"
    return ShareBar(number=each.number, label=label, nodes=row.delegate_nodes or "", percent=100 * share)
