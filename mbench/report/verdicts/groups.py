"""Findings that are one thing to a reader: a workload that is slower on five phones, a cause that many cells share."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from mbench.core.nights.verdicts import Finding, FindingClass

_ORDER: Final = {kind: place for place, kind in enumerate(FindingClass)}


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one class that are reported together, the worst first; there is one at least."""

    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Finding:
        """The one that is shown."""
        return self.findings[0]

    @property
    def devices(self) -> int:
        """How many devices it is seen on."""
        return len({finding.cell.serial for finding in self.findings})


def by_workload(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Return findings of a workload on a model as one, and those of one cause; by class, then the worst first."""
    return _grouped(findings, _workload_key)


def by_reason(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Return findings of one class and reason as one, those of most cells first."""
    groups = _grouped(findings, lambda finding: (finding.kind, finding.error_class, finding.because))
    return tuple(sorted(groups, key=lambda group: (_ORDER[group.worst.kind], -len(group.findings))))


def magnitude(finding: Finding) -> float:
    """Return how much a finding differs from before, for an order within its class; 0 where that is not known.

    The ratio's logarithm, so that twice and half are alike; of accuracies and nodes, what was lost, in points and as a
    share.
    """
    before, now = finding.before, finding.now
    if before is None or now is None:
        return 0.0
    if finding.unit == "%":
        return abs(now - before)
    if before <= 0 or now <= 0:
        return math.inf if before != now else 0.0
    return abs(math.log(now / before))


def _workload_key(finding: Finding) -> tuple[object, ...]:
    kind, cell = finding.kind, finding.cell
    if finding.common_cause is not None:
        return (kind, finding.standing, finding.common_cause)
    own = (cell.workload, cell.delegate, cell.threads, finding.model)
    return (kind, finding.standing, *own, finding.error_class)


def _grouped(findings: Iterable[Finding], key: Callable[[Finding], tuple[object, ...]]) -> tuple[Group, ...]:
    members: dict[tuple[object, ...], list[Finding]] = {}
    for finding in sorted(findings, key=_worst_first):
        members.setdefault(key(finding), []).append(finding)
    return tuple(Group(tuple(each)) for each in members.values())


def _worst_first(finding: Finding) -> tuple[int, float, str]:
    return _ORDER[finding.kind], -magnitude(finding), str(finding.cell)
