"""Targets: the devices that a run is for, known well enough to plan with, not yet taken."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mbench.core.errors import NoDevice
from mbench.core.results import BinaryFacts, DeviceFacts
from mbench.devices.host_facts import allowed_cpus
from mbench.devices.profiles import Profile
from mbench.runner.instrument import Instrument
from mbench.workflows.stations import HOST, host_station, user_profile

if TYPE_CHECKING:  # phones bring adbutils, which a run on this host has no need of
    from mbench.workflows.phones import Fleet, Phone


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
    """One device: its profile, the cores that runs may be pinned to, and, unless it is this host, the phone."""

    profile: Profile
    cpus: tuple[int, ...] | None
    phone: "Phone | None" = None

    def identify(self, binary: Path | None) -> tuple[Instrument, BinaryFacts, DeviceFacts]:
        """Return the program on it and its facts; the program is pushed if it is not there.

        Raises:
            NoDevice: no program for it, or it is not what its profile declares.
            TransportError: it does not answer.
            UsageError: `binary` is no benchmark_model.
        """
        if self.phone is not None:
            from mbench.workflows.phone_station import identify

            return identify(self.phone, self.profile, binary)
        with host_station(binary) as station:
            return station.instrument, station.binary, station.facts


@contextmanager
def attach(devices: Sequence[str], adb_servers: Sequence[str]) -> "Iterator[Fleet | None]":
    """Yield the attached phones, None where only this host is wanted."""
    if all(device == HOST for device in devices):
        yield None
        return
    from mbench.workflows.phones import fleet

    with fleet(adb_servers) as phones:
        yield phones


def find_targets(attached: "Fleet | None", asked: Asked) -> tuple[Target, ...]:
    """Return the devices that were asked for, each once.

    Raises:
        NoDevice: one is not attached, or cannot be used.
        UsageError: several phones have a profile, and the user did not say which.
    """
    found: dict[str, Target] = {}
    for device in dict.fromkeys(asked.devices):
        if device == HOST:
            found[HOST] = Target(profile=user_profile(HOST), cpus=allowed_cpus())
            continue
        if attached is None:
            raise NoDevice(f"{device}: no adb server was asked for phones.")
        for phone in attached.choose(device, every=asked.every, at_most=asked.at_most):
            profile = phone.profile(device)
            found[phone.serial] = Target(profile=profile, cpus=phone.cores(profile), phone=phone)
    return tuple(found.values())
