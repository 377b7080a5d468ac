"""What happened to a phone between two readings: its charge on the cable, a restart, another system."""

from typing import Final

from mbench.devices.health.check import UNKNOWN, Check, CheckName, Judged, named, ok, warning
from mbench.devices.health.readings import PhoneReadings

MOST_FALL_PERCENT: Final = 5.0
"""Of the charge of a phone on a cable, between two readings: its gauge may be that far out."""


def compare_readings(before: PhoneReadings, after: PhoneReadings) -> tuple[Check, ...]:
    """Return what happened to a phone between two readings: its charge on the cable, a restart, another system.

    Args:
        before: the earlier one, such as at the start of a night.
        after: the later one; of a phone that did not answer at either there is nothing to compare.
    """
    if not (before.answers and after.answers):
        return ()
    judged = (
        (CheckName.CHARGE_KEPT, _charge_kept(before, after)),
        (CheckName.RESTART, _restart(before, after)),
        (CheckName.BUILD, _build(before, after)),
    )
    return tuple(named(name, found) for name, found in judged if found is not None)


def _charge_kept(before: PhoneReadings, after: PhoneReadings) -> Judged | None:
    """Return whether a phone that was on a cable at both times has kept its charge; None where it was not."""
    first, last = before.conditions, after.conditions
    if first is None or last is None:
        return UNKNOWN
    if "none" in (first.powered_by, last.powered_by):
        return None
    was, now = first.battery_percent, last.battery_percent
    if first.powered_by is None or last.powered_by is None or was is None or now is None:
        return UNKNOWN
    hours = (after.taken_at - before.taken_at).total_seconds() / 3600
    figure = f"{was:.0f} % to {now:.0f} % in {hours:.1f} h on a cable"
    limit = f"falls by less than {MOST_FALL_PERCENT:g} %"
    if was - now < MOST_FALL_PERCENT:
        return ok(figure, limit)
    return warning(figure, limit, "Change cable, port or supply: it gives less than the phone takes.")


def _restart(before: PhoneReadings, after: PhoneReadings) -> Judged:
    if before.boot_id is None or after.boot_id is None:
        return UNKNOWN
    if before.boot_id == after.boot_id:
        return ok("none")
    return warning("restarted meanwhile", "none", "See whether it was too hot, empty, updated, or switched off.")


def _build(before: PhoneReadings, after: PhoneReadings) -> Judged:
    if before.build is None or after.build is None:
        return UNKNOWN
    if before.build == after.build:
        return ok(after.build, before.build)
    remedy = "A new epoch begins: what was measured before it is not compared. Switch off automatic system updates."
    return warning(after.build, before.build, remedy)
