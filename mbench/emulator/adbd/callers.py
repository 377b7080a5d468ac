"""Who calls an emulated phone: its shell runs with the rights of the emulator's user, so nobody else's calls are taken.

adbd over TCP asks for no key here, and the loopback interface is every user's. Linux names the owner of each end of a
local connection (proc_net_tcp.rst; addresses are hexadecimal in the host's byte order):

      sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
       3: 0100007F:9C40 0100007F:15B3 01 00000000:00000000 00:00000000 00000000  1000        0 48213 1 …
"""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

Address = tuple[str, int]

_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""The second lists sockets that speak IPv4 by addresses such as `::ffff:127.0.0.1`."""
_SUPERUSER: Final = 0
_TRIES: Final = 3
"""The table is read in pieces, while other connections come and go: one that is there may be missed."""


def may_call(link: socket.socket) -> bool:
    """Whether the other end of a local connection is this user's or the superuser's.

    An end that is closed already has no owner any more, and is refused. Where the table does not list this very end
    (a sandbox without real sockets), nothing is known and everybody may call.
    """
    try:
        here, there = link.getsockname(), link.getpeername()
    except OSError:
        return False
    for _ in range(_TRIES):
        text = "".join(table.read_text(encoding="ascii") for table in _TABLES if table.exists())
        if (owner := owner_of(text, local=there, remote=here)) is not None:
            return owner in {os.getuid(), _SUPERUSER}
    return not any(local == here for local, *_ in _entries(text))


def owner_of(table: str, *, local: Address, remote: Address) -> int | None:
    """Return the user whose socket is the end `local` of a connection; None where no open socket is."""
    for entry_local, entry_remote, owner, inode in _entries(table):
        if (entry_local, entry_remote) == (local, remote) and inode != 0:
            return owner
    return None


def _entries(table: str) -> Iterator[tuple[Address, Address, int, int]]:
    for line in table.splitlines():
        words = line.split()
        if len(words) > 9 and words[0].endswith(":"):  # else it is a heading
            yield _address(words[1]), _address(words[2]), int(words[7]), int(words[9])


def _address(text: str) -> Address:
    address, _, port = text.partition(":")
    octets = int(address[-8:], 16).to_bytes(4, sys.byteorder)
    return socket.inet_ntoa(octets), int(port, 16)
