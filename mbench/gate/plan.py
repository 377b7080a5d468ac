"""Which suspects to measure again within a budget, worst first, and with how many pairs of old and new runs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mbench.core.nights.verdicts import Finding
from mbench.gate.common_cause import SAMPLED
from mbench.gate.confirm import FIRST_PAIRS, PAIRS
from mbench.gate.settled import is_measured_again


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRerun:
    """A suspect that is to be measured again.

    Attributes:
        pairs: of old and new runs at most; after `FIRST_PAIRS` a clear case ends.
    """

    finding: Finding
    pairs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunPlan:
    """What a budget allows.

    Attributes:
        reruns: worst first.
        left_out: suspects that the budget does not hold: they stay suspects.
        spoken_for: suspects of a common cause of which others are measured.
    """

    reruns: tuple[PlannedRerun, ...]
    left_out: tuple[Finding, ...]
    spoken_for: tuple[Finding, ...]


def plan_reruns(findings: Iterable[Finding], *, budget_s: float, pair_s: Callable[[Finding], float]) -> RerunPlan:
    """Plan the re-runs of what measuring again decides about, each phone's share of the night being its own.

    Args:
        findings: of a verdict.
        budget_s: of each phone, since phones measure side by side.
        pair_s: seconds of one run with the old and one with the new file, of a finding's cell and class.
    """
    suspects = [one for one in findings if is_measured_again(one) and one.accepted is None]
    suspects.sort(key=lambda one: (-(one.ratio or 1.0), one.cell))
    left_s: dict[str, float] = {}
    sampled: dict[str, int] = {}
    reruns: list[PlannedRerun] = []
    left_out: list[Finding] = []
    spoken_for: list[Finding] = []
    for one in suspects:
        serial, cause = one.cell.serial, one.common_cause
        if cause is not None and sampled.get(cause, 0) >= SAMPLED:
            spoken_for.append(one)
            continue
        seconds = left_s.setdefault(serial, budget_s)
        each = pair_s(one)
        pairs = PAIRS if PAIRS * each <= seconds else int(seconds // each)
        if pairs < FIRST_PAIRS:
            left_out.append(one)
            continue
        left_s[serial] = seconds - pairs * each
        if cause is not None:
            sampled[cause] = sampled.get(cause, 0) + 1
        reruns.append(PlannedRerun(finding=one, pairs=pairs))
    return RerunPlan(reruns=tuple(reruns), left_out=tuple(left_out), spoken_for=tuple(spoken_for))
