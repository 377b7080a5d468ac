"""The engine for many hosts: a task for each part, bound to its phone; nothing is gathered, statuses are followed.

The store is the truth. A part that is begun again, because its host or the scheduler died, finds there what it has
measured already. So the driver never asks a host for anything, and hosts need no way in.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from mbench.core.error_classes import TRANSPORT
from mbench.core.errors import MbenchError, NoDevice, PartInterrupted
from mbench.core.parts import Part
from mbench.farm.addresses import Address, parse_address
from mbench.farm.door import Client, Future, KilledWorker, NoValidWorkerError, security_of
from mbench.farm.ends import PartFailed, error_of
from mbench.farm.hello import not_ours, refuse_other
from mbench.farm.phone_worker import resource
from mbench.farm.scheduler import DRAIN_HOST, HOSTS_OF, PHONES_OF, STOP, VERSION_OF
from mbench.farm.tasks import run_part, text_of
from mbench.farm.tls import Certificate, read_certificate, try_scheduler

_LOG = logging.getLogger(__name__)

GRACE_S: Final = 120.0
"""How long an interrupted session waits for the runs that are going on; a second interrupt ends the wait."""

AWAY_S: Final = 300.0
"""How long a scheduler that went away is waited for."""

LONGEST_S: Final = 1e7
"""More seconds than a part takes: one step of priority counts for more than any length."""

_LOOK_S: Final = 0.1
_CONNECT_S: Final = 10.0
_TRY_AGAIN_S: Final = 1.0


class LentPhone(NamedTuple):
    """A phone that a host lends."""

    serial: str
    host: str
    at_work: bool
    draining: bool


OnEnd = Callable[[str, Exception | None], None]


@contextmanager
def farm_engine(
    address: str, *, tls: Path | None = None, grace_s: float = GRACE_S, away_s: float = AWAY_S
) -> Iterator["DaskEngine"]:
    """Yield the engine of the farm whose scheduler is at an address.

    Args:
        address: `tls://HOST:8786`, or `tcp://127.0.0.1:8786`.
        tls: folder of the driver's certificate; None on loopback alone.
        grace_s: as of `DaskEngine`.
        away_s: as of `DaskEngine`.

    Raises:
        UsageError: the address, or a certificate on either side, cannot be used.
        NoDevice: no scheduler answers.
        MbenchError: it is of another version.
    """
    where, certificate = parse_address(address, tls=tls is not None), None
    if tls is not None:
        certificate = read_certificate(tls, now=datetime.now(UTC))
        if warning := certificate.warning(datetime.now(UTC)):
            _LOG.warning("%s", warning)
    engine = DaskEngine(where, certificate, grace_s=grace_s, away_s=away_s)
    try:
        engine.connect()
        yield engine
    finally:
        engine.close()


class DaskEngine:
    """Runs parts on the hosts of a farm; keeps the promises of `mbench.core.ports.Engine`.

    Args:
        address: of the scheduler.
        certificate: the driver's; None on loopback alone.
        grace_s: seconds that running parts have after a stop; who still runs then is left to its host.
        away_s: seconds that a scheduler which went away is waited for.
    """

    def __init__(
        self, address: Address, certificate: Certificate | None, *, grace_s: float = GRACE_S, away_s: float = AWAY_S
    ) -> None:
        self._address, self._certificate = address, certificate
        self.grace_s, self.away_s = grace_s, away_s
        self._client: Client | None = None

    def connect(self) -> None:
        """Be connected.

        Raises:
            NoDevice: no scheduler answers.
            UsageError: a certificate is not taken.
            MbenchError: the scheduler is of another version.
        """
        self.close()
        try_scheduler(self._address, self._certificate)
        try:
            self._client = Client(
                str(self._address),
                security=security_of(self._certificate),
                timeout=_CONNECT_S,
                set_as_default=False,
                direct_to_workers=False,
            )
        except (OSError, TimeoutError) as error:
            raise NoDevice(f"no scheduler answers at {self._address}: {error}.") from None
        try:
            refuse_other(self._address, self._ask(VERSION_OF))
        except MbenchError:
            self.close()
            raise

    def close(self) -> None:
        """Leave the farm; what this driver asked for is given up."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError, TimeoutError):
                client.close()

    @property
    def client(self) -> Client:
        """The connection."""
        assert self._client is not None
        return self._client

    @property
    def connected(self) -> bool:
        """Whether the scheduler has not gone away."""
        return self._client is not None and self._client.status == "running"

    def phones(self) -> dict[str, str]:
        """Return the name of the host that lends it, by a phone's serial.

        Raises:
            NoDevice: the scheduler has gone away.
        """
        found: dict[str, str] = self._ask(PHONES_OF)
        return found

    def hosts(self) -> tuple["LentPhone", ...]:
        """Return the phones that are lent now, by host and serial.

        Raises:
            NoDevice: the scheduler has gone away.
        """
        found = (LentPhone(serial, host, at_work, draining) for serial, host, at_work, draining in self._ask(HOSTS_OF))
        return tuple(sorted(found, key=lambda phone: (phone.host, phone.serial)))

    def drain(self, host: str) -> int:
        """Let a host take no new part, and end when those that run have ended; return how many phones it lends.

        Raises:
            NoDevice: the scheduler has gone away.
        """
        phones: int = self._ask(DRAIN_HOST, host=host)
        return phones

    def stop(self, keys: Sequence[str]) -> frozenset[str]:
        """Let tasks end after the run at hand; return those that no host has yet, which never begin if cancelled now.

        Raises:
            NoDevice: the scheduler has gone away.
        """
        return frozenset(self._ask(STOP, keys=list(keys)))

    def _ask(self, question: str, **values: Any) -> Any:
        try:
            return self.client.sync(getattr(self.client.scheduler, question), **values)
        except (OSError, TimeoutError) as error:
            raise NoDevice(f"the scheduler at {self._address} has gone away: {error}.") from None
        except (AttributeError, ValueError) as error:
            raise not_ours(self._address, error) from None

    def run(self, parts: Sequence[Part], *, on_end: OnEnd, stop: threading.Event) -> dict[str, Exception | None]:
        """Run all parts; see `mbench.core.ports.Engine`."""
        running = _Running(self, parts, stop, on_end)
        try:
            running.start()
            running.follow()
        except BaseException:  # an interrupt, or on_end's own error
            stop.set()
            running.follow()
            raise
        finally:
            running.give_up()
        return running.errors


class _Running:
    """The parts of one call, followed from the caller's thread, which alone hears of ends and of Ctrl-C."""

    def __init__(self, engine: DaskEngine, parts: Sequence[Part], stop: threading.Event, on_end: OnEnd) -> None:
        self.errors: dict[str, Exception | None] = {}
        self._engine, self._parts, self._stop, self._on_end = engine, parts, stop, on_end
        self._futures: dict[int, Future[None]] = {}
        self._waiting = set(range(len(parts)))
        self._give_up_at: float | None = None

    def start(self) -> None:
        """Hand over all parts, the longest first, and of every phone its first before any other's second.

        A scheduler takes some milliseconds for each, and phones are to begin together.
        """
        if self._stop.is_set():
            return
        token = secrets.token_hex(8)  # no part is taken for one that somebody else asked for, or we before
        for index in self._in_turns():
            part, key = self._parts[index], f"part-{token}-{index}"
            self._futures[index] = self._engine.client.submit(
                run_part,
                text_of(part, key),
                key=key,
                resources={resource(part.device): 1},
                priority=part.priority * LONGEST_S + part.expected_s,
                pure=False,
                retries=0,
            )

    def _in_turns(self) -> list[int]:
        turns: dict[str, int] = {}
        order: list[tuple[int, int]] = []
        for index in sorted(self._waiting, key=lambda index: -self._parts[index].expected_s):
            device = self._parts[index].device
            turns[device] = turns.get(device, -1) + 1
            order.append((turns[device], index))
        return [index for _, index in sorted(order, key=lambda turn: turn[0])]

    def follow(self) -> None:
        """Pass on ends until there is none left, or the time after a stop is over."""
        while self._waiting and not self._out_of_time():
            lost = False
            for index, future in list(self._futures.items()):
                status = future.status
                if status == "finished":
                    self._end(index, None)
                elif status == "error":
                    self._end(index, _error(self._parts[index], future))
                elif status != "pending":
                    lost = True
            if lost or not self._engine.connected:
                self._begin_again()
            elif self._waiting:
                time.sleep(_LOOK_S)

    def give_up(self) -> None:
        """Say of what has not ended by now that it was interrupted; its host ends it after the run at hand."""
        for index in sorted(self._waiting):
            what = "was still running when waiting was given up" if index in self._futures else "was not begun"
            self._end(index, _interrupted(self._parts[index], f"interrupted; its part {what}."))

    def _out_of_time(self) -> bool:
        if not self._stop.is_set():
            return False
        if self._give_up_at is None:
            self._give_up_at = time.monotonic() + self._engine.grace_s
            self._pass_stop_on()
        return time.monotonic() >= self._give_up_at

    def _pass_stop_on(self) -> None:
        """Tell the hosts to stop, and take back what none of them has."""
        keys = {str(future.key): index for index, future in self._futures.items()}
        try:
            unbegun = self._engine.stop(list(keys))
        except NoDevice:
            unbegun = frozenset(keys)
        for index in [index for index in self._waiting if index not in self._futures] + [keys[key] for key in unbegun]:
            self._end(index, _interrupted(self._parts[index], "interrupted; its part was not begun."))

    def _begin_again(self) -> None:
        """Wait for a scheduler that went away, and hand over again what has not ended.

        Raises:
            MbenchError: it has become one of another version, or does not take our certificate any more.
        """
        _LOG.warning("the scheduler has gone away; waiting for it")
        self._futures.clear()
        until = time.monotonic() + self._engine.away_s
        while not self._out_of_time() and self._waiting:
            try:
                self._engine.connect()
            except NoDevice as error:
                if time.monotonic() >= until:
                    for index in sorted(self._waiting):
                        self._end(index, NoDevice(f"{self._parts[index].device}: {error}"))
                    return
                time.sleep(_TRY_AGAIN_S)
            else:
                _LOG.warning("the scheduler is back; %d parts are handed over again", len(self._waiting))
                self.start()
                return

    def _end(self, index: int, error: Exception | None) -> None:
        device = self._parts[index].device
        self._waiting.discard(index)
        future = self._futures.pop(index, None)
        if future is not None:
            if error is not None and future.status == "pending":
                with suppress(OSError, TimeoutError):
                    future.cancel(reason="stopped", msg=None)
            future.release()
        if self.errors.get(device) is None:
            self.errors[device] = error
        self._on_end(device, error)


def _error(part: Part, future: Future[None]) -> Exception:
    """Return why a part ended; the scheduler itself knows it, no host is asked."""
    error = future.exception(timeout=_CONNECT_S)
    if isinstance(error, PartFailed):
        return error_of(error)
    if isinstance(error, NoValidWorkerError):
        absent = NoDevice(f"{part.device}: no host of the farm has lent this phone for {error.timeout:.0f} s.")
        absent.error_class = TRANSPORT  # several at once are their host's fault
        return absent
    if isinstance(error, KilledWorker):
        return NoDevice(f"{part.device}: its host died {error.allowed_failures + 1} times while it had this part.")
    return MbenchError(f"{part.device}: its part could not be carried to its host: {type(error).__name__}: {error}.")


def _interrupted(part: Part, what: str) -> PartInterrupted:
    return PartInterrupted(f"{part.device}: {what} `mbench run --resume` goes on with it.")
