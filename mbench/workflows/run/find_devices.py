"""Targets: the devices that a run is for, known well enough to plan with, not yet taken."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mbench.core.errors import NoDevice, UsageError
from mbench.core.ports import Progress, SilentProgress
from mbench.core.results import BinaryFacts, DeviceFacts
from mbench.devices.android.settings import Wanted
from mbench.devices.host.facts import allowed_cpus
from mbench.devices.profiles.profile import Profile
from mbench.runner.instrument import Instrument
from mbench.workflows.devices.ready_device import HOST, host_station, user_profile
from mbench.workflows.home import home

if TYPE_CHECKING:  # phones bring adbutils, which a run on this host has no need of
    from mbench.binaries.records import Flavour
    from mbench.workflows.devices.attached_phones import Fleet, Phone


class Asked(Protocol):
    """What finding targets needs of a request."""

    @property
    def devices(self) -> tuple[str, ...]:
        """`host`, profiles, serials or addresses."""

    @property
    def every(self) -> bool:
        """Whether all phones of a profile are meant."""

    @property
    def at_most(self) -> int | None:
        """How many phones of a profile are meant; None: one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One device: its profile, the cores that runs may be pinned to, and, unless it is this host, the phone.

    Attributes:
        fleet: the phones that this one is of.
    """

    profile: Profile
    cpus: tuple[int, ...] | None
    phone: "Phone | None" = None
    fleet: "Fleet | None" = None

    def identify(
        self,
        binary: Path | None,
        flavour: "Flavour | None" = None,
        *,
        wanted: Wanted | None = None,
        progress: Progress | None = None,
    ) -> tuple[Instrument, BinaryFacts, DeviceFacts]:
        """Return the program on it and its facts; the program is pushed if it is not there.

        Args:
            binary: the user's own benchmark_model.
            flavour: which of the two programs of that name; None: as is kept.
            wanted: how a phone is going to be set.
            progress: told of a phone that has to be waited for.

        Raises:
            NoDevice: no program for it, it is not what its profile declares, or will not be set as wanted.
            TransportError: it does not answer.
            UsageError: `binary` is no benchmark_model, or the program is of another flavour.
        """
        if self.phone is not None and self.fleet is not None:
            from mbench.workflows.devices.phone_program import ProgramWish
            from mbench.workflows.devices.ready_phone import identify

            return identify(
                self.phone,
                self.profile,
                ProgramWish(binary=binary, flavour=flavour),
                wanted or Wanted(),
                fleet=self.fleet,
                progress=progress or SilentProgress(),
            )
        with host_station(binary) as station:
            if flavour not in (None, station.instrument.tool):
                raise UsageError(f"this host runs {station.instrument.tool}, not {flavour}; leave --flavour out.")
            return station.instrument, station.binary, station.facts

    def folders(self, session: str) -> tuple[str, str]:
        """Return where a session has its models on the device, and where it works."""
        if self.phone is not None and self.phone.transport is not None:
            root = self.phone.transport.root
            return f"{root}/models", f"{root}/sessions/{session}"
        work_dir = str(home() / "host" / f"work-{session}")
        return f"{work_dir}/models", work_dir


@contextmanager
def attach(
    devices: Sequence[str], adb_servers: Sequence[str], *, wait_s: float | None = None
) -> "Iterator[Fleet | None]":
    """Yield the attached phones, None where only this host is wanted.

    Args:
        devices: what was asked for.
        adb_servers: the servers to ask; none: the user's own.
        wait_s: seconds that a phone which is lost is waited for; None: as its profile says.
    """
    if all(device == HOST for device in devices):
        yield None
        return
    from mbench.workflows.devices.attached_phones import fleet

    with fleet(adb_servers, return_s=wait_s, named=devices) as phones:
        yield phones


def find_targets(attached: "Fleet | None", asked: Asked) -> tuple[Target, ...]:
    """Return the devices that were asked for, each once.

    Raises:
        NoDevice: one is not attached, or cannot be used.
        UsageError: several phones have a profile or a serial, and the user did not say which.
    """
    found: dict[str, Target] = {}
    for device in dict.fromkeys(asked.devices):
        if device == HOST:
            found[HOST] = Target(profile=user_profile(HOST), cpus=allowed_cpus())
            continue
        if attached is None:
            raise NoDevice(f"{device}: no adb server was asked for phones.")
        for phone in attached.choose(device, every=asked.every, at_most=asked.at_most):
            attached.by_serial(phone.serial)  # by which all that follows knows it: a plan, leases, results
            profile = phone.profile(device)
            found[phone.serial] = Target(profile=profile, cpus=phone.cores(profile), phone=phone, fleet=attached)
    return tuple(found.values())
