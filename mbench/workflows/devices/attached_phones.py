"""Phones: which are attached, what each is, and which of them the user means."""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from mbench.core.errors import DeviceInUse, NoDevice, TransportError, UsageError
from mbench.core.plain_text import ended, without_name
from mbench.core.suggestions import did_you_mean
from mbench.devices.adb.discovery import AdbAddress, AttachedDevice, AttachedState, list_devices
from mbench.devices.adb.own_server import AdbServers, open_servers
from mbench.devices.adb.push_slots import push_slots
from mbench.devices.adb.transport import AdbTransport
from mbench.devices.android.facts import Hardware, best_cores, read_hardware
from mbench.devices.profiles.matching import Match, Outcome, match_profile
from mbench.devices.profiles.profile import Profile, load_profiles
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.any_attached import HOW_TO_ATTACH
from mbench.workflows.devices.phone_lease import holder_on
from mbench.workflows.home import home

AT_ONCE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A phone that some adb server lists.

    Attributes:
        transport: the way to it; None where it cannot be used, for which `attached.remedy` is the remedy.
        hardware: its cores and memory; None where nobody asked for them.
        match: the profiles that it may have; None where it could not be asked, and adb has heard nothing either.
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

    @property
    def ways(self) -> tuple[str, ...]:
        """What `--device` may call it by that no other phone of its adb server is called.

        `transport_id:N`, as `adb devices -l` prints it, is good until the phone is attached anew.
        """
        addresses = self.attached.addresses
        numbers = [f"transport_id:{one.transport_id}" for one in addresses if one.transport_id is not None]
        return (*(one.name for one in addresses if one.name != self.serial), *numbers)

    @property
    def state(self) -> str:
        """What is known of it in a clause: `X is unauthorized: Accept the dialog …`."""
        return f"{self.serial} {_said(self)}"

    @property
    def sure_serial(self) -> str | None:
        """Its own serial where it said that itself; one that could not be asked is called by its address instead."""
        return None if self.attached.identity is None else self.serial

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
        named: what the user calls the wanted ones by; of phones that share a serial, only an address tells which.
    """

    servers: AdbServers
    phones: tuple[Phone, ...]
    return_s: float | None = None
    named: tuple[str, ...] = ()

    def choose(self, wanted: str, *, every: bool, at_most: int | None) -> tuple[Phone, ...]:
        """Return the phones that `--device WANTED` means; see `choose`."""
        return choose(self.phones, wanted, every=every, at_most=at_most)

    def spares(self, wanted: str, *, taken: Collection[str]) -> tuple[Phone, ...]:
        """Return the other phones of a profile that answer and that nobody uses; `taken` are serials."""
        fitting = [phone for phone in self.phones if phone.match and wanted in _names(phone)]
        return tuple(each for each in fitting if each.usable and each.serial not in taken and _free(each))

    def distinct_name(self, phone: Phone) -> str:
        """Return a phone's serial, and its address where another one has that serial too."""
        return _distinct_name(phone, self.phones)

    def by_serial(self, serial: str) -> Phone:
        """Return the phone of a serial; of several that share it, the one that is named by its address.

        Raises:
            NoDevice: it is not attached.
            UsageError: several phones have that serial, and none or more than one of them is named by its address.
        """
        found = [phone for phone in self.phones if phone.serial == serial]
        sure = [phone for phone in found if phone.sure_serial] or found
        if len(sure) > 1:
            meant = [phone for phone in sure if set(self.named) & set(phone.ways)]
            if len(meant) != 1:
                raise alike(serial, sure)
            return meant[0]
        if not sure:
            raise NoDevice(f"phone {serial} is not attached; mbench devices lists those that are.")
        return sure[0]


@contextmanager
def fleet(given: Sequence[str], *, return_s: float | None = None, named: Sequence[str] = ()) -> Iterator[Fleet]:
    """Yield all attached phones; see `Fleet` for `return_s` and `named`.

    Raises:
        NoDevice: no adb server could be used.
        TransportError: one does not answer.
    """
    with adb_servers(given) as servers:
        phones = find_phones(servers, hardware=True)
        yield Fleet(servers=servers, phones=phones, return_s=return_s, named=tuple(named))


@contextmanager
def adb_servers(given: Sequence[str]) -> Iterator[AdbServers]:
    """Yield the adb servers to use; one that had to be started is ended afterwards."""
    with open_servers(given, state=home() / "adb") as servers:
        yield servers


def find_phones(servers: AdbServers, *, hardware: bool = False) -> tuple[Phone, ...]:
    """Return all attached phones, asked at the same time.

    Args:
        servers: whose phones.
        hardware: whether they are asked for cores and memory too, which a run has need of.

    Raises:
        TransportError: an adb server does not answer.
        UsageError: a profile is damaged.
    """
    profiles = load_profiles(user_folder=home() / "device_profiles")
    attached = list_devices(servers.addresses)
    if not attached:
        return ()
    with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(attached))) as pool:
        return tuple(pool.map(lambda device: _examined(device, profiles, hardware=hardware), attached))


def _examined(attached: AttachedDevice, profiles: Sequence[Profile], *, hardware: bool) -> Phone:
    """Return a phone with the way to it; who it is has been asked already."""
    address = attached.addresses[0]
    if attached.identity is None:
        return Phone(attached=attached, match=_heard_match(address, profiles))
    match = match_profile(attached.identity.properties, profiles)
    transport = AdbTransport(address.server, address.name, attached.identity, slot=push_slots(str(address.server)))
    try:
        known = read_hardware(transport) if hardware else None
    except TransportError as error:
        return replace(unusable(attached, error), match=match)
    return Phone(attached=attached, transport=transport, hardware=known, match=match)


def _heard_match(address: AdbAddress, profiles: Sequence[Profile]) -> Match | None:
    """Return the profiles of a phone that cannot be asked, by what its adb server has heard of it; None: nothing."""
    if address.model is None and address.device is None:
        return None
    heard = {"ro.product.model": (address.model or "").replace("_", " "), "ro.product.device": address.device or ""}
    return match_profile(heard, profiles)


def unusable(attached: AttachedDevice, error: TransportError) -> Phone:
    """Return a phone that stopped answering, or refuses something, while it was looked at."""
    return Phone(
        attached=replace(attached, state=AttachedState.UNUSABLE, remedy=without_name(str(error), attached.serial))
    )


def choose(phones: Sequence[Phone], wanted: str, *, every: bool, at_most: int | None) -> tuple[Phone, ...]:
    """Return the phones that `--device WANTED` means: a serial or address, else a profile.

    Args:
        phones: all that are attached.
        wanted: serial, address (`transport_id:N` too) or profile name.
        every: take all that the profile matches, those that cannot be used too, and those that may be of it: of one
            that nobody has let in nothing is known.
        at_most: take any so many of them that nobody uses, in the order of their serials.

    Raises:
        UsageError: several phones have that profile or that serial and the user did not say which, or nothing is
            called so.
        NoDevice: no such phone is attached, or none that can be used, or somebody uses it.
    """
    named = [phone for phone in phones if wanted in _called(phone)]
    fitting = named or [phone for phone in phones if phone.match and wanted in _names(phone)]
    if every and not named:
        fitting = [phone for phone in phones if phone in fitting or (phone.match is None and not phone.usable)]
    usable = [phone for phone in fitting if phone.usable]
    one_of = [phone for phone in named if phone.sure_serial == wanted]
    if len(one_of) > 1 and not every and at_most is None:
        raise alike(wanted, one_of)
    if not usable:
        raise _none(phones, fitting, wanted)
    if at_most is not None:
        free = [phone for phone in usable if _free(phone)]
        if len(free) < at_most:
            raise NoDevice(f"{len(free)} phones that are {wanted} are free, {at_most} are wanted; see mbench devices.")
        return tuple(free[:at_most])
    if len(usable) > 1 and not every:
        listed = ", ".join(_distinct_name(phone, usable) for phone in usable)
        raise UsageError(f"{len(usable)} phones are {wanted}: {listed}. Name one with --device, or use --every.")
    if every:
        return tuple(fitting)
    if holder := holder_of(usable[0]):
        raise DeviceInUse(
            f"{usable[0].serial}: in use by {holder}. Wait until that has ended, or choose another phone."
        )
    return tuple(usable)


def _free(phone: Phone) -> bool:
    """Whether a phone answers and nobody uses it."""
    try:
        return holder_of(phone) is None
    except TransportError:
        return False


def alike(serial: str, phones: Sequence[Phone]) -> UsageError:
    """Return why phones that share a serial are not used by it: it does not say which of them is meant."""
    where = ", ".join(_way(phone) for phone in phones)
    return UsageError(
        f"{len(phones)} phones have the serial {serial}: {where}. Name one by its address, --device {_way(phones[0])}; "
        "to go on with a session, detach the others first."
    )


def _way(phone: Phone) -> str:
    return phone.ways[0] if phone.ways else f"{phone.serial} at {phone.attached.addresses[0].server}"


def _distinct_name(phone: Phone, phones: Sequence[Phone]) -> str:
    """Return a phone's serial, and its address where another one of them has that serial too."""
    shared = sum(one.serial == phone.serial for one in phones) > 1
    return f"{phone.serial} at {_way(phone)}" if shared else phone.serial


def _called(phone: Phone) -> tuple[str, ...]:
    return (phone.serial, *(one.name for one in phone.attached.addresses), *phone.ways)


def holder_of(phone: Phone) -> str | None:
    """Return who uses a phone now, None where nobody does.

    Raises:
        TransportError: it does not answer.
    """
    return holder_on(phone.transport, phone.serial, clock=SystemClock())


def _names(phone: Phone) -> set[str]:
    return set() if phone.match is None else {profile.name for profile in phone.match.profiles}


def _none(phones: Sequence[Phone], fitting: Sequence[Phone], wanted: str) -> NoDevice | UsageError:
    known = [profile.name for profile in load_profiles(user_folder=home() / "device_profiles")]
    if not fitting and wanted not in known:
        if silent := [phone for phone in phones if not phone.usable]:  # it may be one of them: they report no serial
            states = "; ".join(phone.state for phone in silent)
            return NoDevice(f"no phone that answers, and no profile, is called {wanted}. Attached: {states}")
        serials = [phone.serial for phone in phones]
        return UsageError(
            f"unknown device {wanted!r}: no profile and no attached phone is called so."
            f"{did_you_mean(wanted, [*known, *serials])}"
        )
    if len(fitting) == 1 and fitting[0].serial == wanted:
        remedy = fitting[0].attached.remedy or "it does not answer."
        state = fitting[0].attached.state
        return NoDevice(f"{wanted} is attached and {state}: {without_name(remedy, wanted)}")
    listed = fitting or phones
    if listed:
        states = "; ".join(phone.state for phone in listed)
        return NoDevice(f"no usable phone is {wanted}. Attached: {ended(states)} mbench devices shows more.")
    return NoDevice(f"no phone is attached. {HOW_TO_ATTACH.format(profile=wanted)}")


def _said(phone: Phone) -> str:
    if phone.usable and phone.match is not None:
        return f"is {' or '.join(sorted(_names(phone))) or 'of no known profile'}"
    return f"is {phone.attached.state}: {without_name(phone.attached.remedy or 'it does not answer', phone.serial)}"
