"""Operator profiles as bars: where an inference of each job spends its time, by kind, the slowest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mbench.core.numbers.statistics import CLOCK_STEP_US
from mbench.core.results import JobResult
from mbench.report.model_files.operators import NOTE, profiled_operators

MOST_DRAWN: Final = 6
"""Jobs whose bars are there without a script; with it, any two stand side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTime:
    """One kind of operator: how many of them, their time per inference, and the bar's length in percent."""

    kind: str
    operators: int
    us: float
    share: float
    length: float

    @property
    def text(self) -> str:
        """The time; what the program's clock does not see is not 0."""
        return f"<{CLOCK_STEP_US:.0f}" if self.us < CLOCK_STEP_US else f"{self.us:.0f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The profile of one row."""

    number: int
    label: str
    kinds: tuple[KindTime, ...]


NOTES: Final = (NOTE,)


def profiles(results: Sequence[tuple[int, JobResult]]) -> tuple[Profile, ...]:
    """Return the profiles of jobs that have one, each with the number of its row."""
    found = []
    for number, result in results:
        spent: dict[str, list[float]] = {}
        for operator in profiled_operators(result):
            spent.setdefault(operator.node_type, []).append(operator.us_per_inference)
        if spent:
            label = f"{result.label} on {result.device.serial}"
            found.append(Profile(number=number, label=label, kinds=_kinds(spent)))
    return tuple(found)


def _kinds(spent: dict[str, list[float]]) -> tuple[KindTime, ...]:
    times = {kind: sum(each) for kind, each in spent.items()}
    total, most = sum(times.values()), max(times.values())
    return tuple(
        KindTime(
            kind=kind,
            operators=len(spent[kind]),
            us=time,
            share=time / total if total else 0.0,
            length=100 * time / most if most else 0.0,
        )
        for kind, time in sorted(times.items(), key=lambda pair: (-pair[1], pair[0]))
    )
