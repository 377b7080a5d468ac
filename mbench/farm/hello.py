"""The first words with a scheduler: whether it answers, takes our certificate, and is of this very mbench."""

import asyncio
from typing import Final

from mbench import __version__
from mbench.core.errors import MbenchError, NoDevice
from mbench.farm.addresses import Address
from mbench.farm.door import rpc, security_of
from mbench.farm.scheduler import VERSION_OF
from mbench.farm.tls import Certificate, try_scheduler

ANSWER_S: Final = 10.0


class OtherVersion(MbenchError):
    """The scheduler is of another mbench: what it measures with and how it writes that may differ."""

    exit_code = 2


async def greet(address: Address, certificate: Certificate | None) -> None:
    """Try a scheduler.

    Raises:
        NoDevice: nothing, or no scheduler of mbench, answers there.
        UsageError: a certificate is not taken.
        OtherVersion: it is of another mbench.
    """
    await asyncio.to_thread(try_scheduler, address, certificate)
    async with rpc(str(address), connection_args=security_of(certificate).get_connection_args("client")) as scheduler:
        try:
            theirs = await asyncio.wait_for(getattr(scheduler, VERSION_OF)(), ANSWER_S)
        except (OSError, TimeoutError, AttributeError, ValueError) as error:
            raise not_ours(address, error) from None
    refuse_other(address, theirs)


def not_ours(address: Address, error: Exception) -> NoDevice:
    """Return why what answers is no scheduler of ours."""
    return NoDevice(f"{address}: what listens there is not a scheduler of mbench ({error}).")


def refuse_other(address: Address, theirs: str) -> None:
    """Refuse a scheduler of another version.

    Raises:
        OtherVersion: with both versions.
    """
    if theirs != __version__:
        raise OtherVersion(
            f"the scheduler at {address} is mbench {theirs}, this is mbench {__version__}: they do not work together. "
            "Install one version on all hosts, and start their scheduler and agents again."
        )
