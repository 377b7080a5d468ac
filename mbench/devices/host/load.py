"""Whether this machine has something else to do: what is timed beside other work says little."""

import os
from typing import Final

MOST_LOAD: Final = 0.5
"""Load average of the last minute, for each core, above which the machine is not quiet."""


def load_per_core() -> float:
    """Return the load average of the last minute, for each core."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)
