"""What changed between two verdicts: a report that is the same every night is read by nobody."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mbench.core.nights.cells import Cell
from mbench.core.nights.verdicts import UNMEASURED, Finding, FindingClass, NightVerdict, Standing

_OPEN = frozenset({Standing.SUSPECT, Standing.PHONE_CHANGED})

Key = tuple[Cell, FindingClass]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictChanges:
    """What of a night's verdict is news, against an earlier night's; each in the order of its verdict.

    Attributes:
        new: bad tonight and not the last time, or accepted then and grown since, or grown tonight.
        still: bad both times.
        recovered: bad the last time, measured tonight and no longer so; as the last verdict had them.
        accepted: bad the last time, and accepted tonight.
        unseen: bad the last time, and tonight nothing certain is known of them: no number, not planned, a suspect,
            another phone.
    """

    new: tuple[Finding, ...]
    still: tuple[Finding, ...]
    recovered: tuple[Finding, ...]
    accepted: tuple[Finding, ...]
    unseen: tuple[Finding, ...]

    @property
    def any(self) -> bool:
        """Whether there is any news: what is still so, or not seen, is none."""
        return bool(self.new or self.recovered or self.accepted)


def changes_between(
    last: NightVerdict | None, tonight: NightVerdict, *, planned: Callable[[Cell], bool] = lambda _: True
) -> VerdictChanges:
    """Return what changed from the verdict of the last judged night to tonight's.

    Args:
        last: of the same project and branch; None where tonight is the first: then all that is bad is new.
        tonight: the verdict of tonight.
        planned: whether a cell was planned tonight: what was not looked at has not recovered.
    """
    before = _by_key(last.findings) if last is not None else {}
    now = _by_key(tonight.findings)
    unmeasured = {finding.cell for finding in tonight.findings if finding.kind in UNMEASURED}
    bad = [finding for finding in tonight.findings if is_bad(finding)]
    bad_before = [finding for finding in before.values() if is_bad(finding)]
    keys = {_key(finding) for finding in bad}
    keys_before = {_key(finding) for finding in bad_before}

    def is_news(finding: Finding) -> bool:
        key = _key(finding)
        return key not in keys_before or before[key].since != finding.since == tonight.night  # it grew tonight

    gone: dict[str, list[Finding]] = {"recovered": [], "accepted": [], "unseen": []}
    for finding in bad_before:
        if _key(finding) not in keys:
            known = finding.kind in UNMEASURED or finding.cell not in unmeasured
            seen = known and planned(finding.cell)
            gone[_became(finding, now, seen=seen)].append(finding)
    return VerdictChanges(
        new=tuple(finding for finding in bad if is_news(finding)),
        still=tuple(finding for finding in bad if not is_news(finding)),
        recovered=tuple(gone["recovered"]),
        accepted=tuple(gone["accepted"]),
        unseen=tuple(gone["unseen"]),
    )


def is_bad(finding: Finding) -> bool:
    """Whether it is to be reported: a regression, a failure, or a cell without a number, that nobody accepted."""
    return finding.alarm or (finding.kind in UNMEASURED and finding.accepted is None)


def _became(finding: Finding, now: dict[Key, Finding], *, seen: bool) -> str:
    """Return what became of a finding that was bad the last time and is not so tonight."""
    found = now.get(_key(finding))
    if found is not None and found.accepted is not None:
        return "accepted"
    if found is not None and found.standing in _OPEN:
        return "unseen"
    return "unseen" if found is None and not seen else "recovered"


def _by_key(findings: Iterable[Finding]) -> dict[Key, Finding]:
    found: dict[Key, Finding] = {}
    for finding in sorted(findings, key=is_bad, reverse=True):  # a confirmed one before what grew on top of it
        found.setdefault(_key(finding), finding)
    return found


def _key(finding: Finding) -> Key:
    return finding.cell, finding.kind
