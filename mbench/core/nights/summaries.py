"""Summaries: what the past of one cell comes to, as values that are made of series and printed."""

from dataclasses import dataclass
from datetime import date

from mbench.core.nights.series import Cell, PointState


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A night on which a level became another one, or after which levels are not comparable.

    Attributes:
        night: name of its session, or what it is called else.
        before_us: the level before; None where there is none to compare with.
        after_us: the level from then on.
        epoch: whether it begins an epoch: something else than what is under test is another one.
        words: what changed that night.
        certain: whether the nights since are enough to be sure of it; False of the latest few.
    """

    night: str
    day: date
    before_us: float | None
    after_us: float | None
    epoch: bool
    words: tuple[str, ...] = ()
    certain: bool = True

    @property
    def share(self) -> float | None:
        """How much slower, as a share; None where levels are not comparable."""
        if self.epoch or not self.before_us or self.after_us is None:
            return None
        return self.after_us / self.before_us - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryPoint:
    """One night of a cell; its latency is None where it has no number.

    Attributes:
        half_width_us: half of its 95 % interval; None where that is not known.
        runs: behind its number; None where that is not known.
        delegated: nodes of the model's own graph that the delegate executed, of `nodes`; None where that is not known.
        label: of what was measured; likewise, and where nobody asked for it.
        why: why it has no number, as the night said it; likewise.
    """

    night: str
    day: date
    state: PointState
    latency_us: float | None
    half_width_us: float | None = None
    runs: int | None = None
    delegated: int | None = None
    nodes: int | None = None
    label: str | None = None
    why: str | None = None

    @property
    def delegated_share(self) -> float | None:
        """What share of the graph the delegate executed; None where that is not known, or of a graph without nodes."""
        return None if self.delegated is None or not self.nodes else self.delegated / self.nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Nights on which the same was measured: from one on until the next stretch begins; None is unknown.

    Attributes:
        night: name of the first of them.
        tool: kind of the benchmark program, whose file `binary_sha256` names.
        tools: versions that were under test, of an imported past.
    """

    night: str
    day: date
    artifact_sha256: str | None
    binary_sha256: str | None
    tool: str | None
    tools: str | None
    os: str | None
    build: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedLevel:
    """A latency that is meant, as the file of accepted changes says it.

    Attributes:
        day: local date of the night on which it was seen.
        level_us: the worst that is accepted; None where `ratio` (now / before) says it.
    """

    day: date
    level_us: float | None
    ratio: float | None
    because: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSummary:
    """The past of a cell.

    Attributes:
        model: of the device.
        level_us: median of the nights since its last change; None where it has no number.
        noise: of those nights, as a share of the level: 1.4826 times the median distance from it; None of fewer than
            three.
        points: oldest first.
        changes: likewise.
        against_us: level of the same cell of another branch; None where there is none.
        stretches: what was measured, oldest first; empty where nobody asked for it.
        accepted: levels that are meant.
    """

    cell: Cell
    model: str
    level_us: float | None
    noise: float | None
    points: tuple[SummaryPoint, ...]
    changes: tuple[Change, ...]
    against_us: float | None = None
    stretches: tuple[Stretch, ...] = ()
    accepted: tuple[AcceptedLevel, ...] = ()

    @property
    def measured(self) -> int:
        """Nights with a number."""
        return sum(point.latency_us is not None for point in self.points)

    @property
    def without(self) -> int:
        """Planned nights without one, whyever."""
        return len(self.points) - self.measured
