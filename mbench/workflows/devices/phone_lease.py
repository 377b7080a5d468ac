"""The lease of a phone as all commands of this host take it."""

from contextlib import AbstractContextManager
from typing import Final

from mbench.core.ports import Clock, Transport
from mbench.devices.lease.lease import Lease, lease, who_holds, who_was_seen
from mbench.devices.lease.on_phone import lease_path, parse_seen, seen_question
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


def holder_question(transport: Transport) -> str:
    """Return a shell command that asks a phone what `parse_holder` takes."""
    return seen_question(shared_folder(transport))


def parse_holder(answer: str, transport: Transport) -> str | None:
    """Return who uses a phone now, None where nobody does, by its answer to `holder_question`.

    Raises:
        TransportError: its clock shows no time, or the lease is a newer mbench's.
    """
    path = lease_path(shared_folder(transport))
    seen = parse_seen(answer.encode(), serial=transport.serial, path=path)
    return who_was_seen(seen, transport.serial, folder=home() / "phones" / "leases")
