"""Waiting for a phone that was lost: the link made anew, the same phone verified, a restart or a torn cable."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mbench.core.errors import DeviceLost, TransportError
from mbench.core.plain_text import without_name
from mbench.core.ports import Clock
from mbench.devices.adb.errors import at_the_door
from mbench.devices.adb.identity import Identity, identify
from mbench.devices.adb.remedies import REMEDIES
from mbench.devices.adb.servers import listed_devices, protocol_of
from mbench.devices.adb.streams import Client
from mbench.devices.adb.transport import AdbTransport

_LOG = logging.getLogger(__name__)

_PROBE_S: Final = 4.0
_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 3.0
_STALE_AFTER: Final = 4
"""Times that a device is seen offline before its connection is cut and made anew: adb itself tries again in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """How a phone came back.

    Attributes:
        rebooted: whether its system was started anew; None where it shows no boot id.
        waited_s: seconds until then.
    """

    rebooted: bool | None
    waited_s: float


def wait_for_device(
    transport: AdbTransport, *, limit_s: float, clock: Clock, revive: Callable[[], None] | None = None
) -> Return:
    """Wait until a lost phone answers again, and its system is up.

    Args:
        transport: the way to it; knows the phone's new boot afterwards.
        limit_s: seconds after which it is given up.
        clock: time.
        revive: called while the adb server does not answer, to start it again if it is ours.

    Raises:
        DeviceLost: it does not come back in time.
        TransportError: it does not let us in any more, or another phone answers at its address.
    """
    begun = clock.monotonic()
    before = transport.identity.boot_id
    pause_s = _FIRST_PAUSE_S
    attempt = _Attempt(transport, revive)
    while True:
        if (back := attempt.make()) is not None:
            rebooted = None if None in (before, back.boot_id) else before != back.boot_id
            waited_s = clock.monotonic() - begun
            _LOG.info("%s: came back after %.1f s, rebooted: %s", transport.serial, waited_s, rebooted)
            return Return(rebooted=rebooted, waited_s=waited_s)
        if clock.monotonic() - begun + pause_s > limit_s:
            transport.gave_up()
            raise DeviceLost(
                f"{transport.serial}: did not come back to {transport.address} at {transport.server} within "
                f"{limit_s:g} s: {attempt.seen}. {attempt.remedy}"
            )
        clock.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


class _Attempt:
    """Tries to reach a lost phone, once at a time.

    Attributes:
        seen: what the last try found.
        remedy: what a person can do about it.
    """

    def __init__(self, transport: AdbTransport, revive: Callable[[], None] | None) -> None:
        self.seen = "nothing was tried"
        self.remedy = REMEDIES["lost"]
        self._transport = transport
        self._revive = revive
        self._client = Client(transport.server)
        self._useless = 0

    def make(self) -> Identity | None:
        """Return who answers, None where nobody does yet."""
        if protocol_of(self._transport.server) is None:
            self.seen, self.remedy = "no adb server answers", REMEDIES["server"]
            if self._revive is not None:
                self._revive()
            if protocol_of(self._transport.server) is None:
                return None
        self.remedy = REMEDIES["lost"]
        try:
            return self._answer()
        except DeviceLost as error:
            words = without_name(str(error.__cause__ or "") or str(error), self._transport.serial)
            self.seen = " ".join(words.split()).rstrip(".")
            self._useless += 1
            return None

    def _answer(self) -> Identity | None:
        state = self._state()
        if state is None or self._useless >= _STALE_AFTER:
            state = self._connected(afresh=state is not None)
        if state == "unauthorized":
            raise TransportError(
                f"{self._transport.serial}: came back, but does not let this host in any more. "
                f"{REMEDIES['unauthorized']}"
            )
        if state != "device":
            self.seen = f"adb calls it {state or 'absent'}"
            self._useless += state == "offline"
            return None
        found = identify(self._transport.server, self._transport.address, timeout_s=_PROBE_S)
        return self._accepted(found)

    def _accepted(self, found: Identity) -> Identity | None:
        before = self._transport.identity
        if found.serial != before.serial:
            raise TransportError(
                f"{before.serial}: another phone, {found.serial}, answers at {self._transport.address} now. "
                "Run `mbench devices` for the addresses."
            )
        if before.booted and not found.booted:
            self.seen = "it is starting (sys.boot_completed is not 1 yet)"
            return None
        self._transport.came_back(found)
        return found

    def _state(self) -> str | None:
        with at_the_door(self._transport.serial, "ask adb for its state"):
            listed = listed_devices(self._transport.server)
        return next((device.state for device in listed if device.name == self._transport.address), None)

    def _connected(self, *, afresh: bool) -> str | None:
        """Let adb connect, which it gives up by itself after 60 s, and return the state then."""
        address = self._transport.address
        if ":" not in address:  # a cable: nothing that could be done from here
            return self._state()
        self._useless = 0
        with at_the_door(self._transport.serial, f"connect to {address}"):
            if afresh:
                self._client.disconnect(address)
            self.seen = self._client.connect(address).strip()
        return "unauthorized" if "failed to authenticate" in self.seen else self._state()
