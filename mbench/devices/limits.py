"""Limits: conditions beyond which a measurement waits, or is doubted."""

from pydantic import Field

from mbench.core.numbers.bounds import Reading
from mbench.core.workloads import Document


class Limits(Document):
    """Conditions beyond which a measurement waits or is doubted; None: no limit.

    Attributes:
        busy_share: of all cores, and of those that a run is pinned to, by others.
        temperature_c: of the hottest thermal zone.
        skin_temperature_c: of the hottest sensor that Android calls skin.
        battery_temperature_c: of the battery.
        battery_percent_min: lowest charge to measure at.
        thermal_status_max: highest of Android's thermal status (0 none … 6 shutdown) to measure at.
    """

    busy_share: float | None = Field(default=None, ge=0, le=1)
    temperature_c: Reading | None = None
    skin_temperature_c: Reading | None = None
    battery_temperature_c: Reading | None = None
    battery_percent_min: float | None = Field(default=None, ge=0, le=100)
    thermal_status_max: int | None = Field(default=None, ge=0, le=6)
