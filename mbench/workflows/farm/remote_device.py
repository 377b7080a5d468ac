"""Phones of other hosts, known well enough to plan with: each is described by the host that lends it.

A description goes through the store like everything else; a part that describes returns nothing.
"""

import secrets
import threading
from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from mbench.core.errors import LeftOut, MbenchError, NoDevice, StoreError
from mbench.core.parts import Part
from mbench.core.ports import Engine, Progress, SilentProgress
from mbench.core.results import BinaryFacts, DeviceFacts
from mbench.core.workloads import Document
from mbench.devices.android.settings import Wanted
from mbench.devices.profiles.profile import Profile
from mbench.runner.instrument import Instrument
from mbench.store.objects import open_objects
from mbench.store.shared import file_name
from mbench.workflows.devices.absent_device import AbsentDevice
from mbench.workflows.devices.device import Device, Folders, Identity, TakenDevice
from mbench.workflows.devices.user_profile import user_profile
from mbench.workflows.farm.blobs import bring_own_program, put_own_program, put_program
from mbench.workflows.farm.host_context import HostContext
from mbench.workflows.farm.remote_health import left_out
from mbench.workflows.run.find_devices import ANY_PHONE, find_devices

if TYPE_CHECKING:
    from mbench.binaries.records import Flavour

DESCRIBE: Final = f"{__name__}:describe"
ANY_SESSION: Final = "SESSION"


class Description(Document):
    """A phone as its host sees it.

    Attributes:
        models: where models lie on it.
        sessions: where a session called SESSION works on it.
    """

    profile: Profile
    facts: DeviceFacts
    binary: BinaryFacts
    instrument: Instrument
    cpus: tuple[int, ...] | None
    models: str
    sessions: str


class LeftOutPhone(Document):
    """A phone that its host keeps out of nights; it was not touched.

    Attributes:
        reason: as a clause.
    """

    profile: Profile
    reason: str


_ANSWER: Final[TypeAdapter[Description | LeftOutPhone]] = TypeAdapter(Description | LeftOutPhone)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One phone, as finding devices is asked for it."""

    devices: tuple[str, ...]
    flavour: "Flavour | None"
    every: bool = False
    at_most: int | None = None
    binary: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteDevice:
    """A phone of another host; see `mbench.workflows.devices.device.Device`. It is measured there."""

    description: Description

    @property
    def profile(self) -> Profile:
        """What its host declares about it."""
        return self.description.profile

    @property
    def cpus(self) -> tuple[int, ...] | None:
        """Cores that runs may be pinned to, best first."""
        return self.description.cpus

    @property
    def known(self) -> DeviceFacts:
        """Its facts."""
        return self.description.facts

    def folders(self, session: str) -> Folders:
        """Return where a session's files are going to lie on it."""
        return Folders(models=self.description.models, work_dir=self.description.sessions.replace(ANY_SESSION, session))

    def identify(self, *, wanted: Wanted, progress: Progress, only_look: bool = False) -> Identity:
        """Return what it was described as."""
        about = self.description
        return Identity(facts=about.facts, instrument=about.instrument, binary=about.binary)

    def take(self, session: str, *, wanted: Wanted, progress: Progress) -> AbstractContextManager[TakenDevice]:
        """Refuse.

        Raises:
            NoDevice: it is measured by the host that lends it.
        """
        raise NoDevice(f"{self.known.serial}: it is measured by the host that lends it, as a part of a farm's session.")


def describe_phones(
    engine: Engine,
    url: str,
    serials: Collection[str],
    *,
    wanted: Wanted,
    flavour: "Flavour | None" = None,
    binary: Path | None = None,
    only_look: bool = False,
    priority: int = 0,
    stop: threading.Event,
) -> dict[str, Device]:
    """Return phones that hosts of a farm lend, by serial; one that cannot be described says why when it is asked.

    Each phone is prepared like one of this host: its program is pushed, and asked for its flags. Which program that is,
    the host's kept binaries decide; it goes to the store, so that it is found wherever the phone is later.

    Args:
        engine: of the farm.
        url: of the farm's store.
        serials: of the phones.
        wanted: how they are going to be set.
        flavour: which of the two programs; None: as the hosts keep.
        binary: the user's own program, in the place of those; it goes to the hosts through the store.
        only_look: whether nothing may be written to a phone.
        priority: of whoever asks.
        stop: ends the asking.

    Raises:
        StoreError: the store is not reached.
        UsageError: there is no driver for it.
    """
    objects, ask = open_objects(url), f"asks/{secrets.token_hex(8)}"
    own_program = None if binary is None else put_own_program(binary, objects)
    arguments = (ask, asdict(wanted), flavour, only_look, own_program)
    parts = [
        Part(device=serial, function=DESCRIBE, arguments=(serial, *arguments), priority=priority)
        for serial in sorted(serials)
    ]
    ends = engine.run(parts, on_end=lambda serial, error: None, stop=stop)
    found: dict[str, Device] = {}
    for serial, error in sorted(ends.items()):
        name = f"{ask}/{file_name(serial)}.json"
        found[serial] = _device(serial, objects.get(name), error)
        objects.remove(name)
    return found


def _device(serial: str, data: bytes | None, error: Exception | None) -> Device:
    try:
        if error is not None:
            raise error if isinstance(error, MbenchError) else MbenchError(str(error))
        if data is None:
            raise StoreError(f"{serial}: its host wrote no description into this store; do both name the same one?")
        answer = _ANSWER.validate_json(data)
        if isinstance(answer, Description):
            return RemoteDevice(description=answer)
        return AbsentDevice(name=serial, profile=answer.profile, error=LeftOut(f"{serial}: {answer.reason}."))
    except ValidationError as damaged:
        why: MbenchError = StoreError(f"{serial}: its description cannot be read ({damaged.error_count()} errors).")
    except MbenchError as refused:
        why = refused
    return AbsentDevice(name=serial, profile=user_profile(ANY_PHONE), error=why)


def describe(
    context: HostContext,
    serial: str,
    ask: str,
    wanted: dict[str, object],
    flavour: "Flavour | None",
    only_look: bool,
    own_program: str | None,
) -> None:
    """Describe a phone of this host, into the store.

    Raises:
        MbenchError: it cannot be used, or the store is away.
    """
    objects, binary = context.outbox.objects, None
    if own_program is not None:
        binary = bring_own_program(own_program, objects, stop=context.stop, subject=serial)
    with find_devices([serial], context.adb_servers, wait_s=context.wait_s) as devices:
        (device,) = devices.choose(_Asked(devices=(serial,), flavour=flavour, binary=binary))
        if (reason := left_out(serial)) is not None:
            _answer(context, ask, LeftOutPhone(profile=device.profile, reason=reason))
            return
        identity = device.identify(
            wanted=Wanted(**wanted),  # type: ignore[arg-type]
            progress=SilentProgress(),
            only_look=only_look,
        )
        folders = device.folders(ANY_SESSION)
        about = Description(
            profile=device.profile,
            facts=identity.facts,
            binary=identity.binary,
            instrument=identity.instrument,
            cpus=device.cpus,
            models=folders.models,
            sessions=folders.work_dir,
        )
    put_program(identity.binary, objects, given=binary)
    _answer(context, ask, about)


def _answer(context: HostContext, ask: str, answer: Description | LeftOutPhone) -> None:
    context.outbox.objects.put(f"{ask}/{file_name(context.serial)}.json", answer.model_dump_json().encode())
