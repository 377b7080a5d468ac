"""The document of a verdict: a judged night as it is kept beside its session, for the next night and for machines."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from mbench.core.nights.cells import Cell
from mbench.core.nights.verdicts import Finding, FindingClass, NightVerdict, Rerun, Standing
from mbench.core.numbers.bounds import SessionName
from mbench.core.results import FORMAT_VERSION
from mbench.core.workloads import Document


class KeptDecision(Document):
    """What measuring a finding again said; see `mbench.core.nights.verdicts.Decision`.

    Attributes:
        since: name of the night on which the finding began.
        night: name of the night on which it was measured again.
    """

    cell: Cell
    since: str
    night: str
    standing: Standing
    rerun: Rerun | None = None
    because: str = ""
    kind: FindingClass = FindingClass.LATENCY


class VerdictDocument(Document):
    """What a night was judged to be, in `SESSION/verdict.json`.

    Attributes:
        session: of the night; the verdict's own `night`.
        compared_with: id of the night whose verdict it says changes of; None where there was none.
        exit_codes: all that apply, the one that the command ended with first; 0 alone where all was well.
        decisions: of this night's re-runs and of those before it: later nights are judged by them.
        unseen: findings of earlier nights, bad when they were last seen, whose cells have had no number since.
        verdict: the values of `mbench.core.nights.verdicts`, field by field.
    """

    format_version: Literal[3] = FORMAT_VERSION
    kind: Literal["verdict"] = "verdict"
    session: SessionName
    compared_with: SessionName | None = None
    exit_codes: Annotated[tuple[int, ...], Field(min_length=1, max_length=10)] = (0,)
    decisions: tuple[KeptDecision, ...] = ()
    unseen: tuple[Finding, ...] = ()
    verdict: NightVerdict

    @property
    def last_known(self) -> NightVerdict:
        """The verdict with what was known of the cells that had no number."""
        return replace(self.verdict, findings=(*self.verdict.findings, *self.unseen))
