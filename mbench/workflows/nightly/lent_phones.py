"""Phones that the hosts of a farm lend: what a night plans with, and how they are measured on, where they are."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mbench.core.errors import NoDevice, PartInterrupted, StoreError, UsageError
from mbench.core.parts import Part
from mbench.core.plain_text import without_name
from mbench.core.ports import Progress
from mbench.core.results import DevicePlan
from mbench.devices.android.settings import Wanted
from mbench.store.session_store import SessionStore
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.absent_device import AbsentDevice
from mbench.workflows.devices.benchmark_program import ProgramWish
from mbench.workflows.devices.device import Device
from mbench.workflows.devices.user_profile import user_profile
from mbench.workflows.nightly.farm_file import FarmFile, Hosts
from mbench.workflows.run.find_devices import ANY_PHONE
from mbench.workflows.run.one_device import note_ending

if TYPE_CHECKING:  # the distributed engine, which only a farm of many hosts has need of
    from mbench.farm.engine import DaskEngine

MEASURE: Final = "mbench.workflows.farm.remote_part:measure"
STORE: Final = "MBENCH_STORE"

FETCH_S: Final = 15.0
"""Between two looks at what the hosts have sent meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LentPhones:
    """The phones of a farm as its hosts describe them; answers what a night asks of devices.

    Attributes:
        devices: by serial; one that could not be described says why.
    """

    devices: Mapping[str, Device]
    fleet: None = None

    def attached(self, profile: str) -> tuple[str, ...]:
        """Return the serials of lent phones that have a profile, in order."""
        return tuple(sorted(serial for serial, one in self.devices.items() if one.profile.name == profile))

    def member(self, serial: str, *, profile: str | None, wish: ProgramWish) -> Device:
        """Return the phone of a serial; one that nobody lends says so when it is asked who it is."""
        if serial in self.devices:
            return self.devices[serial]
        return AbsentDevice(
            name=serial,
            profile=user_profile(profile or ANY_PHONE),
            error=NoDevice(f"{serial}: no host lends it now; see the log of its host, mbench farm host."),
        )

    def silent(self) -> tuple[str, ...]:
        """Return which lent phones could not be described, and why, each in a clause."""
        found = (one for one in self.devices.values() if isinstance(one, AbsentDevice))
        return tuple(f"{one.name}: {without_name(str(one.error), one.name)}" for one in found)


@contextmanager
def lent_phones(file: FarmFile, hosts: Hosts, *, wanted: Wanted, only_look: bool) -> Iterator[LentPhones]:
    """Yield the phones that the hosts of a farm lend now.

    Args:
        file: the farm file.
        hosts: its table.
        wanted: how phones are going to be set.
        only_look: whether nothing may be written to a phone.

    Raises:
        NoDevice: no scheduler answers.
        StoreError: the store is not reached.
        UsageError: an address, a certificate or a store that cannot be used, or the extra is not installed.
    """
    from mbench.workflows.farm.remote_device import describe_phones

    with lending(file, hosts) as engine:
        devices = describe_phones(
            engine,
            store_url(file, hosts),
            engine.phones(),
            wanted=wanted,
            flavour=file.farm.program.flavour,
            binary=_own_program(file),
            only_look=only_look,
            priority=file.farm.priority,
            stop=threading.Event(),
        )
    yield LentPhones(devices=devices)


def measure_lent(
    file: FarmFile,
    hosts: Hosts,
    store: SessionStore,
    parts: Sequence[DevicePlan],
    expected_s: Callable[[DevicePlan], float],
    *,
    progress: Progress,
    stop: threading.Event,
) -> None:
    """Measure parts on the hosts that lend their phones, and bring what comes of it into the session's folder.

    Args:
        file: the farm file.
        hosts: its table.
        store: the night's session.
        parts: of its phones.
        expected_s: how long each is expected to take: longer ones begin first.
        progress: reports how each ended.
        stop: set by whoever wants all of them to end after the run at hand.

    Raises:
        NoDevice: no scheduler answers.
        StoreError: the store is not reached.
        KeyboardInterrupt: after every phone has ended the run at hand.
    """
    from mbench.workflows.farm.published import fetch, publish

    url = store_url(file, hosts)
    publish(store, url, binary=_own_program(file))

    serials = {part.device.serial for part in parts}

    def bring() -> None:  # of the others nothing comes, and why they are not measured is known here alone
        fetch(url, store.plan.session, store.path.parent, serials=serials)

    def on_end(serial: str, error: Exception | None) -> None:
        progress.note(f"{serial}: {without_name(str(error or 'done'), serial)}")

    tasks = [
        Part(
            device=part.device.serial,
            function=MEASURE,
            arguments=(store.plan.session, part.device.serial, file.farm.program.binary is not None),
            expected_s=expected_s(part),
            priority=file.farm.priority,
        )
        for part in parts
    ]
    ends: Mapping[str, Exception | None] = {}
    try:
        with lending(file, hosts) as engine, _bringing(bring):
            ends = engine.run(tasks, on_end=on_end, stop=stop)
    finally:
        bring()
    for serial, error in ends.items():  # of a part that no host has begun its host knows nothing
        if error is not None and not isinstance(error, PartInterrupted) and store.ending(serial) is None:
            note_ending(store, serial, error, SystemClock())


def send(file: FarmFile, hosts: Hosts, store: SessionStore) -> None:
    """Send what a night's session holds, and the store lacks: documents of cells that were never measured.

    Raises:
        StoreError: the store is not reached.
    """
    from mbench.workflows.farm.published import publish

    publish(store, store_url(file, hosts), binary=_own_program(file))


def _own_program(file: FarmFile) -> Path | None:
    said = file.farm.program.binary
    return None if said is None else file.resolved(said)


def store_url(file: FarmFile, hosts: Hosts) -> str:
    """Return the URL of a farm's store, or its folder.

    Raises:
        UsageError: nothing says it.
    """
    said = hosts.store or os.environ.get(STORE)
    if not said:
        raise UsageError(f"{file.path}: [hosts] store is missing; name it there, or in {STORE}.")
    return said if "://" in said else str(file.resolved(said).resolve())


@contextmanager
def lending(file: FarmFile, hosts: Hosts) -> Iterator["DaskEngine"]:
    """Yield the engine of the farm of a farm file.

    Raises:
        NoDevice: no scheduler answers.
        UsageError: an address or a certificate that cannot be used, or the extra is not installed.
    """
    from importlib.util import find_spec

    if find_spec("distributed") is None or find_spec("cryptography") is None:
        raise UsageError(f"{file.path}: [hosts] needs the engine for many hosts: pip install 'mbench[farm]'")
    from mbench.farm.engine import farm_engine

    tls: Path | None = None if hosts.tls is None else file.resolved(hosts.tls)
    with farm_engine(hosts.scheduler, tls=tls) as engine:
        yield engine


@contextmanager
def _bringing(bring: Callable[[], None]) -> Iterator[None]:
    """Bring what hosts have sent while the block goes on: a killed driver has most of it, and status shows it."""
    ended = threading.Event()

    def again() -> None:
        while not ended.wait(FETCH_S):
            with suppress(StoreError):  # the end says what is wrong
                bring()

    thread = threading.Thread(target=again, name="bringing results", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
