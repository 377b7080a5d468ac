"""`mbench farm drain`: a host takes no new part, and ends when those that run have ended."""

from pathlib import Path

from mbench.core.errors import NoDevice
from mbench.farm.engine import farm_engine


def drain_host(host: str, address: str, *, tls: Path | None) -> str:
    """Drain a host of a farm, and return a line that says so.

    Args:
        host: its name.
        address: of the scheduler.
        tls: folder of a certificate of the farm; None on loopback alone.

    Raises:
        NoDevice: no scheduler answers, or no host of this name lends a phone.
        UsageError: the address, or a certificate, cannot be used.
    """
    with farm_engine(address, tls=tls) as engine:
        lent = engine.hosts()
        at_work = sum(phone.at_work for phone in lent if phone.host == host)
        if engine.drain(host) == 0:
            names = ", ".join(dict.fromkeys(phone.host for phone in lent)) or "none"
            raise NoDevice(f"no host {host} lends a phone at {address}; those that do: {names}.")
    return f"{host}: takes no new part; it ends when those that run have ended ({at_work} now)."
