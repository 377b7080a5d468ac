"""Phones: which are attached, what each is, and which of them the user means."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from mbench.core.errors import NoDevice, TransportError, UsageError
from mbench.core.suggestions import did_you_mean
from mbench.devices.adb_discovery import AttachedDevice, AttachedState, list_devices
from mbench.devices.adb_own_server import AdbServers, open_servers
from mbench.devices.adb_transport import AdbTransport, open_device
from mbench.devices.android_facts import Hardware, best_cores, read_hardware
from mbench.devices.leases import who_holds
from mbench.devices.profile_matching import Match, Outcome, match_profile
from mbench.devices.profiles import Profile, load_profiles
from mbench.workflows.clock import SystemClock
from mbench.workflows.home import home
from mbench.workflows.phone_files import shared_folder

AT_ONCE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A phone that some adb server lists.

    Attributes:
        transport: the way to it; None where it cannot be used, for which `attached.remedy` is the remedy.
        match: the profiles that it may have; None where it could not be asked.
    """

    attached: AttachedDevice
    transport: AdbTransport | None = None
    hardware: Hardware | None = None
    match: Match | None = None

    @property
    def serial(self) -> str:
        """Its own serial."""
        return self.attached.serial

    @property
    def usable(self) -> bool:
        """Whether it answered."""
        return self.transport is not None

    def cores(self, profile: Profile) -> tuple[int, ...] | None:
        """Return the cores to pin to, best first: the profile's choice, else the fastest that the phone shows.

        The first n of them are what n threads should have.
        """
        if profile.affinity is not None and "affinity" not in profile.unverified:
            rest = [core for core in profile.affinity.several if core not in profile.affinity.one]
            return (*profile.affinity.one, *rest)
        return None if self.hardware is None else best_cores(self.hardware.policies)

    def profile(self, named: str | None = None) -> Profile:
        """Return its profile; of several that fit, the named one.

        Raises:
            UsageError: several fit and none of them is named.
            NoDevice: no profile fits it.
        """
        fitting = {} if self.match is None else {profile.name: profile for profile in self.match.profiles}
        if named in fitting:
            return fitting[named or ""]
        if self.match is None or not fitting:
            raise NoDevice(f"{self.serial}: {self.match.reason if self.match else 'it does not answer.'}")
        if self.match.outcome is Outcome.SEVERAL:
            raise UsageError(f"{self.serial}: {self.match.reason}")
        return self.match.profiles[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All attached phones, and the adb servers that they are reached through.

    Attributes:
        return_s: seconds that a phone which is lost is waited for; None: as its profile says.
    """

    servers: AdbServers
    phones: tuple[Phone, ...]
    return_s: float | None = None

    def choose(self, wanted: str, *, every: bool, at_most: int | None) -> tuple[Phone, ...]:
        """Return the phones that `--device WANTED` means; see `choose`."""
        return choose(self.phones, wanted, every=every, at_most=at_most)

    def by_serial(self, serial: str) -> Phone:
        """Return the phone of a serial.

        Raises:
            NoDevice: it is not attached.
        """
        for phone in self.phones:
            if phone.serial == serial:
                return phone
        raise NoDevice(f"phone {serial} is not attached; mbench devices lists those that are.")


@contextmanager
def fleet(given: Sequence[str], *, return_s: float | None = None) -> Iterator[Fleet]:
    """Yield all attached phones; `return_s` says how long one that is lost is waited for.

    Raises:
        NoDevice: no adb server could be used.
        TransportError: one does not answer.
    """
    with adb_servers(given) as servers:
        yield Fleet(servers=servers, phones=find_phones(servers), return_s=return_s)


@contextmanager
def adb_servers(given: Sequence[str]) -> Iterator[AdbServers]:
    """Yield the adb servers to use; one that had to be started is ended afterwards."""
    with open_servers(given, state=home() / "adb") as servers:
        yield servers


def find_phones(servers: AdbServers) -> tuple[Phone, ...]:
    """Return all attached phones, asked at the same time.

    Raises:
        TransportError: an adb server does not answer.
        UsageError: a profile is damaged.
    """
    profiles = load_profiles(user_folder=home() / "device_profiles")
    attached = list_devices(servers.addresses)
    if not attached:
        return ()
    with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(attached))) as pool:
        return tuple(pool.map(lambda device: _examined(device, profiles), attached))


def _examined(attached: AttachedDevice, profiles: Sequence[Profile]) -> Phone:
    if attached.state is not AttachedState.DEVICE:
        return Phone(attached=attached)
    address = attached.addresses[0]
    try:
        transport = open_device(address.server, address.name)
        hardware = read_hardware(transport)
    except TransportError as error:
        return Phone(attached=replace(attached, state=AttachedState.UNUSABLE, remedy=str(error)))
    match = match_profile(hardware.properties, profiles)
    return Phone(attached=attached, transport=transport, hardware=hardware, match=match)


def choose(phones: Sequence[Phone], wanted: str, *, every: bool, at_most: int | None) -> tuple[Phone, ...]:
    """Return the phones that `--device WANTED` means: a serial or address, else a profile.

    Args:
        phones: all that are attached.
        wanted: serial, address or profile name.
        every: take all that the profile matches.
        at_most: take any so many of them that nobody uses, in the order of their serials.

    Raises:
        UsageError: several phones have that profile and the user did not say which, or nothing is called so.
        NoDevice: no such phone is attached, or none that can be used, or somebody uses it.
    """
    named = [phone for phone in phones if wanted in (phone.serial, *(one.name for one in phone.attached.addresses))]
    fitting = named or [phone for phone in phones if phone.match and wanted in _names(phone)]
    usable = [phone for phone in fitting if phone.usable]
    if not usable:
        raise _none(phones, fitting, wanted)
    if at_most is not None:
        free = [phone for phone in usable if holder_of(phone) is None]
        if len(free) < at_most:
            raise NoDevice(f"{len(free)} phones that are {wanted} are free, {at_most} are wanted; see mbench devices.")
        return tuple(free[:at_most])
    if len(usable) > 1 and not every:
        serials = ", ".join(phone.serial for phone in usable)
        raise UsageError(f"{len(usable)} phones are {wanted}: {serials}. Name one with --device, or use --every.")
    if not every and (holder := holder_of(usable[0])):
        raise NoDevice(f"{usable[0].serial}: in use by {holder}. Wait until that has ended, or choose another phone.")
    return tuple(usable)


def holder_of(phone: Phone) -> str | None:
    """Return who uses a phone now, None where nobody does.

    Raises:
        TransportError: it does not answer.
    """
    return who_holds(
        phone.transport,
        phone.serial,
        folder=home() / "phones" / "leases",
        clock=SystemClock(),
        device_folder=None if phone.transport is None else shared_folder(phone.transport),
    )


def _names(phone: Phone) -> set[str]:
    return set() if phone.match is None else {profile.name for profile in phone.match.profiles}


def _none(phones: Sequence[Phone], fitting: Sequence[Phone], wanted: str) -> NoDevice | UsageError:
    known = [profile.name for profile in load_profiles(user_folder=home() / "device_profiles")]
    if not fitting and wanted not in known:
        serials = [phone.serial for phone in phones]
        return UsageError(
            f"unknown device {wanted!r}: no profile and no attached phone is called so."
            f"{did_you_mean(wanted, [*known, *serials])}"
        )
    listed = fitting or phones
    if listed:
        states = "; ".join(f"{phone.serial} {_said(phone)}" for phone in listed)
        return NoDevice(f"no usable phone is {wanted}. Attached: {states}. mbench devices tells more.")
    return NoDevice(
        f"no phone is attached. Plug one in with USB debugging on, `adb connect` one, or `mbench emulate --profile "
        f"{wanted}` one."
    )


def _said(phone: Phone) -> str:
    if phone.usable and phone.match is not None:
        return f"is {' or '.join(sorted(_names(phone))) or 'of no known profile'}"
    return f"is {phone.attached.state}: {phone.attached.remedy or 'it does not answer'}"
