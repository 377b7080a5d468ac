"""Sensors that have stopped: a processor's thermal zone that does not move under load shows nothing.

Seen on phones whose thermal service hangs: the same thousandths of a degree for as long as one looks. Such a reading
must not count as cool. Only sensors that sit in a processor are judged; skin and battery may well stand still for a
minute. Where every judged sensor has stopped, the service that reads them has, and nothing it says counts.
"""

import re
from collections.abc import Mapping
from typing import Final

STALE_AFTER_S: Final = 10.0
"""Seconds of load without any change. A processor's sensor moves within a second of load, also one that knows only
whole degrees; ten leave room for a run that is held at one frequency."""

LOADED_SHARE: Final = 0.05
"""Busy share of all cores that counts as load: not quite half of one core of eight."""

_PROCESSOR = re.compile(r"cpu|gpu|^(big|mid|little|g3d|soc|tpu|ap)$|cluster|tsens|mtktscpu", re.IGNORECASE)


class StoppedSensors:
    """Watches readings for sensors that stand still under load."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._still_s: dict[str, float] = {}

    def watch(self, readings: Mapping[str, float], *, elapsed_s: float | None, busy: float | None) -> frozenset[str]:
        """Take new readings and return the names of those that have stopped.

        Args:
            readings: degrees Celsius by sensor, as exact as they were read.
            elapsed_s: since the readings before; None for the first.
            busy: share of all cores that was busy meanwhile, our own runs included; None: not known, and so no load.
        """
        loaded_s = elapsed_s if elapsed_s is not None and busy is not None and busy >= LOADED_SHARE else 0.0
        self._still_s = {
            name: self._still_s.get(name, 0.0) + loaded_s if self._last.get(name) == value else 0.0
            for name, value in readings.items()
        }
        self._last = dict(readings)
        judged = {name for name in readings if _PROCESSOR.search(name)}
        stopped = {name for name in judged if self._still_s[name] >= STALE_AFTER_S}
        return frozenset(readings) if judged and stopped == judged else frozenset(stopped)
