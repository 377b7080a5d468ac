"""Attached: whether any phone is, asked without all that is needed to talk to one."""

import os
from collections.abc import Sequence
from typing import Final

from mbench.devices.adb.servers import configured_server, listed_devices, parse_server

HOW_TO_ATTACH: Final = (
    "Plug one in with USB debugging on, `adb connect` one, or `mbench emulate --profile {profile}` one."
)


def nothing_is_attached(given: Sequence[str]) -> bool:
    """Return whether the adb servers that run list no phone at all; False, too, where one does not run or answer.

    Args:
        given: addresses (`HOST:PORT`) that the user named; none: the server that the adb program would use.

    Raises:
        UsageError: an address that is none.
    """
    servers = [parse_server(text) for text in given] or [configured_server(os.environ)]
    try:
        return not any(listed_devices(server) for server in servers)
    except (OSError, EOFError, ValueError):
        return False
