"""The finding of a shift that devices of a model show together and none of them alone."""

from collections.abc import Mapping, Sequence, Set
from typing import Final

import numpy as np

from mbench.core.nights.series import Cell
from mbench.core.nights.verdicts import Agreement, Decision, Finding, FindingClass, NightName, Standing
from mbench.gate.fleet import Tail, fleet_shift

ALONE: Final = 0.5
"""Share of the devices with a finding of their own from which on the fleet's says nothing more."""

SAME_SHIFT: Final = 3
"""Nights by which the beginning of a shift may wander: a decision about one of the devices that began so near is about
all of them."""


def fleet_finding(
    tails: Sequence[Tail],
    slower: Set[Cell],
    made: Mapping[Cell, Sequence[Decision]],
    night: int,
    nights: Mapping[int, NightName],
) -> Finding | None:
    """Return that devices of a model became slower together, reported of the one that did most.

    A device that has a finding of its own is not the one: no cell is a suspect, and measured again, twice.

    Args:
        tails: of one workload on devices of one model.
        slower: cells with a latency finding of their own.
        made: decisions by cell: one about any of the devices is about all.
        night: tonight's index.
        nights: what nights are called.
    """
    shift = fleet_shift(tails)
    if shift is None or sum(cell in slower for cell in shift.devices) >= ALONE * len(shift.devices):
        return None
    quiet = {cell: by for cell, by in shift.devices.items() if cell not in slower}
    worst = max(quiet, key=lambda cell: (quiet[cell], cell.serial))
    began = _night(tails, worst, shift.nights)
    about = [one for of in shift.devices for one in made.get(of, ()) if abs(one.since - began) <= SAME_SHIFT]
    newest = max(about, key=lambda one: one.night, default=None)
    standing = newest.standing if newest else Standing.SUSPECT
    if newest and standing in {Standing.WITHDRAWN, Standing.PHONE_CHANGED} and newest.night != night:
        return None
    own = newest is not None and newest.cell in quiet
    cell = newest.cell if newest and own else worst
    tail = next(one for one in tails if one.cell == cell)
    since = _night(tails, cell, shift.nights)
    level, before = float(np.median(tail.values[-shift.nights :])), float(np.median(tail.values[: -shift.nights]))
    slow = sum(value > 0 for value in shift.devices.values())
    words = f"{slow} of {len(shift.devices)} devices are slower, their median by {shift.change:+.1%}"
    words += f" (signed rank, p = {shift.p_value:.2g})"
    return Finding(
        cell=cell,
        model=tail.model,
        kind=FindingClass.LATENCY,
        standing=standing,
        before=before,
        now=level,
        unit="µs",
        since=nights[since].id,
        since_date=nights[since].date,
        nights=shift.nights,
        because=words + (f"; {newest.because}" if newest and newest.because else ""),
        agreement=Agreement(model=tail.model, shifted=slow, devices=len(shift.devices), p_value=shift.p_value),
        rerun=newest.rerun if newest and own else None,
        common_cause=f"{tail.model}: {slow} of {len(shift.devices)} devices",
    )


def _night(tails: Sequence[Tail], cell: Cell, nights: int) -> int:
    """Return the index of the night on which a device's last nights began."""
    return next(int(one.night[-nights]) for one in tails if one.cell == cell)
