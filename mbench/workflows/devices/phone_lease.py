"""The lease of a phone as all commands of this host take it."""

from contextlib import AbstractContextManager
from typing import Final

from mbench.core.ports import Clock, Transport
from mbench.devices.lease.lease import Lease, lease, who_holds
from mbench.devices.lease.records import this_process
from mbench.workflows.devices.phone_files import shared_folder
from mbench.workflows.home import home

LEASE_S: Final = 3600.0


def leased(transport: Transport, what_for: str, *, clock: Clock) -> AbstractContextManager[Lease]:
    """Hold a phone for a block; see `mbench.devices.lease.lease`.

    Args:
        transport: the way to it.
        what_for: a session's name, or what is done, for those who find it taken.
        clock: time of this host.
    """
    return lease(
        transport,
        transport.serial,
        folder=home() / "phones" / "leases",
        holder=this_process(what_for),
        limit_s=LEASE_S,
        clock=clock,
        device_folder=shared_folder(transport),
    )


def holder_on(transport: Transport | None, serial: str, *, clock: Clock) -> str | None:
    """Return who uses a phone now, None where nobody does; None for a transport asks this host alone.

    Raises:
        TransportError: it does not answer.
    """
    return who_holds(
        transport,
        serial,
        folder=home() / "phones" / "leases",
        clock=clock,
        device_folder=None if transport is None else shared_folder(transport),
    )
