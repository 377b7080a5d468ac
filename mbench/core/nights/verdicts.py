"""Verdicts: what a night is judged to be, as values that the gate makes and that are printed, exported and kept."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from mbench.core.nights.cells import Cell


class FindingClass(StrEnum):
    """What a finding is about, in the order in which they are reported."""

    LAB = "lab"
    """The phone, the cable or the host kept a planned cell from being measured."""

    MISSING = "missing"
    """The night left nothing of a cell that it should have."""

    FAILED = "failed"
    """A failure of the cell's own: model or program."""

    FALLBACK = "fallback"
    """The proof of delegation moved: fewer nodes on the delegate, whatever the latency did."""

    ACCURACY = "accuracy"
    SIZE = "size"
    MEMORY = "memory"
    LATENCY = "latency"
    IMPROVED = "improved"


SHARE_UNIT: Final = "%"
"""Of accuracies that are shares of right answers."""

UNMEASURED: Final = frozenset({FindingClass.LAB, FindingClass.MISSING, FindingClass.FAILED})
"""Classes of cells without a number."""


class Standing(StrEnum):
    """How sure a finding is."""

    CERTAIN = "certain"
    """It needs no statistics: a failure, a proof, a size."""

    SUSPECT = "suspect"
    """The night's number alone says so; nobody has measured again."""

    CONFIRMED = "confirmed"
    """Measured again on the same phone: the new file is worse than the old one, or (without the old files) worse
    again."""

    PHONE_CHANGED = "phone_changed"
    """Measured again: the old file is as slow now, so that the phone changed and not the model."""

    WITHDRAWN = "withdrawn"
    """Measured again: as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """That a change is meant, as a reviewed file says it; it silences that level alone.

    Attributes:
        level: the value that was accepted, in the finding's unit; None for what has no level (a failure, a fallback).
        night: id of the night on which it was seen.
    """

    level: float | None
    night: str
    because: str
    who: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What the other devices of a model say of the same workload, the finding's own among them.

    Attributes:
        shifted: devices that shifted the same way by at least half as much.
        devices: that could say so, tonight and before.
        p_value: of a signed-rank test over them; None where they are too few.
    """

    model: str
    shifted: int
    devices: int
    p_value: float | None = None

    def __str__(self) -> str:
        return f"{self.shifted} of {self.devices} {self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """Old and new files measured again in one session, interleaved on one phone: a value for each run.

    Attributes:
        old_us: medians of the old files; empty where the cache had them no more, and of memory.
        new_us: of the new ones.
        p_value: of the paired test; None without the old files.
        session: where the runs are kept.
        old_kib: peaks of memory of the old files, where that was measured again; likewise `new_kib`.
    """

    old_us: tuple[float, ...]
    new_us: tuple[float, ...]
    p_value: float | None
    session: str
    old_kib: tuple[float, ...] = ()
    new_kib: tuple[float, ...] = ()

    @property
    def old(self) -> tuple[float, ...]:
        """What was measured of the old files, in the finding's unit."""
        return self.old_us or self.old_kib

    @property
    def new(self) -> tuple[float, ...]:
        """What was measured of the new files, in the finding's unit."""
        return self.new_us or self.new_kib


@dataclass(frozen=True, slots=True, kw_only=True)
class NightName:
    """What a night is called: what series know by its index.

    Attributes:
        id: name of its session; of a night that never began, what stands for it.
        date: local date on which it began, or was due.
    """

    id: str
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What measuring again said of a finding of latency or memory; that night and later ones are judged by it.

    Attributes:
        since: index of the night on which the finding began.
        night: index of the night on which it was measured again.
        standing: `confirmed`, `phone_changed` or `withdrawn`; others decide nothing.
        rerun: says how large a confirmed change is; None where it is not kept, or where others of the same cause were
            measured for it: then the nights up to this one say so.
        because: the outcome in a sentence.
        kind: of the finding: `latency` or `memory`.
    """

    cell: Cell
    since: int
    night: int
    standing: Standing
    rerun: Rerun | None = None
    because: str = ""
    kind: FindingClass = FindingClass.LATENCY


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a night says of one cell.

    Attributes:
        model: of the device.
        before: the level that it is compared with; None where there is none.
        now: tonight's, or the level that holds since `since`.
        unit: of both: `µs`, `bytes`, `KiB`, `%` (accuracy), `nodes`; of a user's metric of values `psnr (dB)`: its
            name, and its unit where it has one.
        low, high: 95 % interval of now / before, where one is known.
        since: id of the night on which it began; tonight's where it is new.
        since_date: local date of that night; None where it is not known.
        nights: how many nights it has been so, tonight included.
        because: the rule and its evidence, in one sentence with figures.
        changed: what changed that night: `artifact 1f3a… → 9c0d…`, `binary …`, `OS build …`, `commit …`.
        agreement: None where no other device of the model has the workload.
        rerun: None where it was not measured again.
        accepted: that it is meant; such a finding is no alarm.
        error_class: of `lab` and `failed`.
        message: what the cell's document says of that; None where it says nothing.
        common_cause: what it shares with many others that shifted with it (a program, a phone); None: nothing.
    """

    cell: Cell
    model: str
    kind: FindingClass
    standing: Standing
    before: float | None
    now: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    since: str
    nights: int
    because: str
    changed: tuple[str, ...] = ()
    agreement: Agreement | None = None
    rerun: Rerun | None = None
    accepted: Acceptance | None = None
    error_class: str | None = None
    common_cause: str | None = None
    since_date: date | None = None
    message: str | None = None

    @property
    def ratio(self) -> float | None:
        """Now over before; None where that is not known."""
        return self.now / self.before if self.now is not None and self.before else None

    @property
    def own_metric(self) -> bool:
        """Whether it is of a user's metric of values, which may be better lower: then it is worse where it rose."""
        return self.kind is FindingClass.ACCURACY and self.unit != SHARE_UNIT

    @property
    def alarm(self) -> bool:
        """Whether it is a regression for the exit code: certain or confirmed, not accepted, and not the lab's."""
        return (
            self.accepted is None
            and self.standing in {Standing.CERTAIN, Standing.CONFIRMED}
            and self.kind not in {FindingClass.LAB, FindingClass.MISSING, FindingClass.FAILED, FindingClass.IMPROVED}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NightVerdict:
    """What a night is judged to be.

    Attributes:
        night: id: the name of its session.
        judged: cells that were compared with a past.
        too_young: cells whose past has too few nights to say anything of their latency.
        unchanged: judged cells without a finding.
        findings: by class, then worst first.
        near: suspects that were withdrawn, and near misses, for the folded part of a text.
        notes: what else must be said: epochs that began, stale acceptances, nights that are missing.
    """

    project: str
    branch: str
    night: str
    date: date
    judged: int
    too_young: int
    unchanged: int
    findings: tuple[Finding, ...]
    near: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """What makes it a bad night."""
        return tuple(finding for finding in self.findings if finding.alarm)
