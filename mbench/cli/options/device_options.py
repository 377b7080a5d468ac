"""Options under the heading of where to run: devices, and how phones are reached."""

from functools import partial
from typing import Annotated

from mbench.cli import grouped
from mbench.cli.options.declared import option

_option = partial(option, grouped.DEVICES)

Device = Annotated[
    list[str] | None,
    _option(
        "--device",
        "Device: a profile, a serial, an address, or host (this machine); may be repeated.",
        "DEVICE",
        default="host",
    ),
]
Every = Annotated[bool, _option("--every", "Run on all phones of the profile.")]
AnyOf = Annotated[int | None, _option("--any", "Run on any N phones of the profile.", "N", minimum=1)]
WaitForPhone = Annotated[
    float | None,
    _option(
        "--wait-for-phone",
        "Timeout for the return of a lost phone, in seconds.",
        "SECONDS",
        minimum=0,
        maximum=86_400,
        default="the profile's, mostly 120",
    ),
]
AdbServers = Annotated[
    list[str] | None,
    _option("--adb-server", "Address of an adb server; may be repeated.", "HOST:PORT", default="adb's own"),
]
