"""`accuracy` by a user's metric of values: the same examples have worse values than before.

The mean of a night says that it fell, and by how much; whether that may be chance say the values of each example of
both nights, in pairs, which are read where a mean fell alone.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from mbench.core.means import ComparedMeans
from mbench.core.nights.series import Floats
from mbench.core.nights.verdicts import Finding, FindingClass
from mbench.gate.course import follow
from mbench.gate.levels import Limits
from mbench.gate.tonight import Tonight, known_places

RELATIVE: Final = 0.005
"""Of the mean: as of accuracy half a hundredth, below which nobody acts."""

CHANCE: Final = 0.001
"""That values of equally good builds lie so far apart, on the worse side: as rarely as `accuracy.DEVIATIONS` says. Of
fewer than ten examples no test can be so sure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesVerdict:
    """What a cell's values say.

    Attributes:
        unjudged: why a mean that got worse is not judged, a sentence; None: it is, or none did.
    """

    findings: tuple[Finding, ...] = ()
    unjudged: str | None = None


def judge_values(tonight: Tonight) -> ValuesVerdict:
    """Return that a cell's values are worse on the same examples than they were, and since when.

    Only nights of tonight's metric, data set, recipe and number of examples count; in whatever epoch, as of accuracy.
    """
    series = tonight.series
    alike = (series.examples == series.examples[-1]) & (series.dataset == series.dataset[-1])
    places = known_places(np.isfinite(series.merit) & alike)
    if places is None:
        return ValuesVerdict()
    merits = series.merit[places]
    least = RELATIVE * _scale(merits)
    if not least:
        return ValuesVerdict()
    limits = Limits(relative=0.0, absolute=least, noise=0.0, nights=1)
    worse = follow(-merits, np.zeros_like(places), limits, {}).worse
    if worse is None:
        return ValuesVerdict()
    level = -worse.before
    as_before = np.flatnonzero(np.abs(merits[: worse.since] - level) < least)
    last = int(places[as_before[-1]]) if as_before.size else int(places[worse.since - 1])
    compared = tonight.compared(series.cell, int(series.night[last]))
    if compared is None:
        return ValuesVerdict(
            unjudged=(
                f"{series.cell}: the mean of its metric's values got worse by {level - float(merits[-1]):.3g}, and is "
                "not judged: the values of each example cannot be read, or are not kept"
            )
        )
    if compared.change.gain >= 0 or compared.change.p / 2 >= CHANCE:
        return ValuesVerdict()
    return ValuesVerdict(
        findings=(
            tonight.finding(
                FindingClass.ACCURACY,
                since=int(places[worse.since]),
                before=compared.before,
                now=compared.now,
                unit=unit_of(compared),
                because=_words(compared, least),
            ),
        )
    )


def unit_of(compared: ComparedMeans) -> str:
    """Return what a finding's level is stated in: `psnr (dB)`, or the metric's name where its values have no unit."""
    own = compared.metric
    return own.name if own.unit is None else f"{own.name} ({own.unit})"


def _scale(merits: Floats) -> float:
    """Return what half a percent is taken of: the usual size of a mean, or the largest where that is 0."""
    sizes = np.abs(merits)
    return float(np.median(sizes)) or float(sizes.max())


def _words(compared: ComparedMeans, least: float) -> str:
    change, own = compared.change, compared.metric
    interval = "" if change.interval is None else f" [{change.interval.low:+.3g}, {change.interval.high:+.3g}]"
    unit = "" if own.unit is None else f" {own.unit}"
    return (
        f"{own.name} {compared.now:.5g}{unit}, {compared.before:.5g} before: {change.difference:+.3g}{interval} on the "
        f"same {change.examples} examples, {own.better} is better, at least {least:.2g} and p = {change.p:.2g}"
    )
