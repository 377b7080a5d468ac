"""How many multiply-adds this host's cores can do at most: an estimate by their vector units and clock."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mbench.devices.host.facts import fastest_clock_khz

_CPUINFO: Final = Path("/proc/cpuinfo")

UNITS: Final = 2
"""Vector units of a core that multiply and add in every cycle.

So it is in server and desktop cores of the last ten years, not in all small ones: what makes the figure an estimate.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreCompute:
    """What one core can do.

    Attributes:
        float_macs: 10⁹ multiply-adds of float32 a second, likewise `int8_macs`.
        how: what it was taken from, as part of a sentence.
    """

    float_macs: float
    int8_macs: float
    how: str


_WIDTHS: Final = (
    # flag, float32 lanes of a unit; the widest first
    ("avx512f", 16, "AVX-512"),
    ("fma", 8, "AVX2 with FMA"),
    ("asimd", 4, "NEON"),
)

_INT8_WIDTHS: Final = (
    # flag, int8 multiply-adds of a unit: dot products, else pairs of int16
    ("avx512_vnni", 64),
    ("avx_vnni", 32),
    ("avx512bw", 32),
    ("avx2", 16),
    ("i8mm", 32),
    ("asimddp", 16),
    ("asimd", 8),
)


def core_compute() -> CoreCompute | None:
    """Return what one core of this host can do; None where its flags or its clock say nothing."""
    try:
        text = _CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return estimate(text, clock_khz=fastest_clock_khz())


def estimate(cpuinfo: str, *, clock_khz: int | None) -> CoreCompute | None:
    """Return what one core can do by the text of `/proc/cpuinfo`; None where that cannot be said.

    Args:
        cpuinfo: its text.
        clock_khz: cpufreq's highest; None: what the text says of now.
    """
    listed = re.search(r"^(?:flags|Features)\s*:(.*)$", cpuinfo, re.MULTILINE)
    flags = set(listed[1].split()) if listed else set()
    now = re.search(r"^cpu MHz\s*:\s*([\d.]+)", cpuinfo, re.MULTILINE)
    ghz = clock_khz / 1e6 if clock_khz else (float(now[1]) / 1000 if now else None)
    wide = next(((lanes, name) for flag, lanes, name in _WIDTHS if flag in flags), None)
    narrow = next((lanes for flag, lanes in _INT8_WIDTHS if flag in flags), None)
    if ghz is None or wide is None or narrow is None:
        return None
    lanes, name = wide
    return CoreCompute(
        float_macs=ghz * lanes * UNITS,
        int8_macs=ghz * narrow * UNITS,
        how=f"{name} at {ghz:.2f} GHz{_doubt(clock_khz)}, {UNITS} such units a core taken for granted",
    )


def _doubt(clock_khz: int | None) -> str:
    """Return what is to be said of a clock that cpufreq does not name: virtual machines tell the nominal one."""
    return "" if clock_khz else " (of now, or nominal: a core that clocks higher exceeds the peak)"
