"""Whether a phone is fit to be measured on, and what a night keeps of its health; of this host's and of lent phones."""

from collections.abc import Sequence
from typing import Final

from mbench.core.errors import NoDevice
from mbench.core.workloads import Document
from mbench.devices.health.check import Check, CheckName, failed, words
from mbench.devices.health.comparing import compare_readings
from mbench.devices.health.readings import PhoneReadings

WAITED_FOR: Final = frozenset(
    {
        *(CheckName.THERMAL_STATUS, CheckName.SKIN_TEMPERATURE, CheckName.ZONE_TEMPERATURE),
        *(CheckName.BATTERY_TEMPERATURE, CheckName.OTHER_BENCHMARK, CheckName.STARTED),
    }
)
"""Checks whose failing passes by waiting: a phone that is taken is waited for, for as long as its profile says."""


class HealthNote(Document):
    """What was seen of one phone in a night.

    Attributes:
        host: name of the host that lent it; None: the one that drove the night.
        before: before it measured anything.
        after: when it, or the night, had ended.
        checks: of `before`.
        compared: what happened to it between the two.
    """

    host: str | None = None
    before: PhoneReadings | None = None
    after: PhoneReadings | None = None
    checks: tuple[Check, ...] = ()
    compared: tuple[Check, ...] = ()

    def ended(self, after: PhoneReadings | None) -> "HealthNote":
        """Return the note with what was read at the end."""
        compared = () if self.before is None or after is None else compare_readings(self.before, after)
        return self.model_copy(update={"after": after, "compared": compared})


def unfit(serial: str, checks: Sequence[Check]) -> NoDevice | None:
    """Return why a phone must not be measured on now; None where it may, or where what is wrong passes by waiting."""
    lasting = [check for check in failed(checks) if check.name not in WAITED_FOR]
    if not lasting:
        return None
    remedy = f" {lasting[0].remedy}" if lasting[0].remedy else ""
    return NoDevice(f"{serial}: {words(lasting[0])}.{remedy}")
