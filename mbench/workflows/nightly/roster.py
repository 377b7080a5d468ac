"""Roster: which devices a group of a farm file means tonight, by what is attached and who was there before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from mbench.workflows.nightly.farm_file import Group

LACKING: Final = "#"
"""In the name of a place of a group that no phone has; no serial has it."""

FORGOTTEN_AFTER: Final = 3
"""Nights in a row in which a phone measured nothing, after which a profile's group does without it."""


def members(
    group: Group,
    *,
    attached: Sequence[str],
    before: Sequence[str],
    measured_at: Mapping[str, datetime],
    nights: Sequence[datetime],
) -> tuple[str, ...]:
    """Return the serials of a group, those included that are not there tonight: their cells are missing, and say so.

    Phones of earlier nights come first, so that series go on. Where a group has `count` phones, one that is away keeps
    its place until it has measured nothing for some nights; then an attached one takes it. Where phones share cells
    that do not move, it keeps its place for ever. What is still lacking is called by the profile and a number.

    Args:
        group: of a farm file.
        attached: serials of phones that the profile fits.
        before: the group's serials in the last night.
        measured_at: when each device last measured anything: the beginning of that night.
        nights: beginnings of earlier nights, in order.
    """
    if group.device is not None:
        return (group.device,)
    owners = group.spread == "share" and not group.move  # of cells that wait for their phone, however long
    known = [
        serial
        for serial in before
        if (owners and LACKING not in serial) or _counts(serial, attached, measured_at, nights)
    ]
    found = tuple(dict.fromkeys([*known, *attached]))
    if group.count is None:
        return found
    lacking = range(len(found) + 1, group.count + 1)
    return (*found[: group.count], *(f"{group.profile}{LACKING}{number}" for number in lacking))


def _counts(
    serial: str, attached: Sequence[str], measured_at: Mapping[str, datetime], nights: Sequence[datetime]
) -> bool:
    """Whether a phone of the last night still has its place: it is there, or has measured something lately."""
    if serial in attached:
        return True
    if LACKING in serial:  # never seen
        return False
    if len(nights) < FORGOTTEN_AFTER:
        return True
    last = measured_at.get(serial)
    return last is not None and last >= nights[-FORGOTTEN_AFTER]
