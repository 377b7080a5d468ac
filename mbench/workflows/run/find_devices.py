"""The devices of a command, by what the user or a plan calls them: the one place that knows which kinds there are."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from mbench.core.errors import NoDevice, UsageError
from mbench.core.results import DevicePlan, Plan
from mbench.devices.host.facts import read_facts
from mbench.devices.profiles.profile import Profile
from mbench.workflows.devices.absent_device import AbsentDevice
from mbench.workflows.devices.benchmark_program import ProgramWish
from mbench.workflows.devices.device import Device
from mbench.workflows.devices.host_device import HOST, HostDevice
from mbench.workflows.devices.user_profile import user_profile

ANY_PHONE: Final = "generic_arm64"

if TYPE_CHECKING:  # phones bring adbutils, which a run on this host has no need of
    from mbench.binaries.records import Flavour
    from mbench.workflows.devices.attached_phones import Fleet, Phone


class Asked(Protocol):
    """What finding devices needs of a request."""

    @property
    def devices(self) -> tuple[str, ...]:
        """`host`, profiles, serials or addresses."""

    @property
    def every(self) -> bool:
        """Whether all phones of a profile are meant."""

    @property
    def at_most(self) -> int | None:
        """How many phones of a profile are meant; None: one."""

    @property
    def binary(self) -> Path | None:
        """The user's own benchmark_model."""

    @property
    def flavour(self) -> "Flavour | None":
        """Which of the two programs of that name; None: as is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """This host, and the attached phones where a command wants any."""

    fleet: "Fleet | None"

    def choose(self, asked: Asked) -> tuple[Device, ...]:
        """Return the devices that were asked for, each once.

        Where several are asked for, one that cannot be used is among them and says so when it is asked who it is: it
        does not keep the others from being measured.

        Raises:
            NoDevice: none can be used, or the only one that was asked for cannot.
            UsageError: several phones have a profile or a serial, and the user did not say which.
        """
        wish = ProgramWish(binary=asked.binary, flavour=asked.flavour)
        names = tuple(dict.fromkeys(asked.devices))
        found: dict[str, Device] = {}
        for name in names:
            try:
                chosen = self._called(name, asked, wish)
            except NoDevice as error:
                if len(names) == 1:
                    raise
                chosen = {name: AbsentDevice(name=name, profile=_profile_called(name), error=error)}
            found |= chosen
        return tuple(found.values())

    def _called(self, name: str, asked: Asked, wish: ProgramWish) -> dict[str, Device]:
        """Return the devices that one name means, by what distinguishes them.

        Raises:
            NoDevice: none of them can be used.
            UsageError: the user did not say which of several is meant.
        """
        if name == HOST:
            return {HOST: HostDevice(user_profile(HOST), wish)}
        fleet, found = self._phones(name), dict[str, Device]()
        phones = fleet.choose(name, every=asked.every, at_most=asked.at_most)
        for phone in phones:
            try:
                fleet.by_serial(phone.serial)  # by which all that follows knows it: a plan, leases, results
            except UsageError as error:
                if len(phones) == 1:
                    raise
                way = fleet.distinct_name(phone)
                found[way] = AbsentDevice(name=way, profile=_profile_called(name), error=NoDevice(str(error)))
            else:
                profile = phone.profile(name) if phone.usable else _profile_called(name)
                found[phone.serial] = _phone_device(phone, profile, fleet, wish)
        return found

    def member(self, serial: str, *, profile: str | None, wish: ProgramWish) -> Device:
        """Return the device of a serial; one that cannot be used says so when it is asked who it is.

        Args:
            serial: a phone's, or `host`.
            profile: as which profile a phone is used; None: its own.
            wish: its program.
        """
        if serial == HOST:
            return HostDevice(user_profile(HOST), wish)
        fleet = self._phones(serial)
        try:
            phone = fleet.by_serial(serial)
            fitting = phone.profile(profile) if phone.usable else _profile_called(profile or serial)
        except (NoDevice, UsageError) as error:
            return AbsentDevice(name=serial, profile=_profile_called(profile or serial), error=NoDevice(str(error)))
        return _phone_device(phone, fitting, fleet, wish)

    def attached(self, profile: str) -> tuple[str, ...]:
        """Return the serials of attached phones that a profile fits, in order, whether they can be used or not."""
        fleet = self._phones(profile)
        fitting = [
            one for one in fleet.phones if one.match and any(profile == each.name for each in one.match.profiles)
        ]
        return tuple(dict.fromkeys(one.serial for one in fitting))

    def silent(self) -> tuple[str, ...]:
        """Return which attached phones cannot be used, and why, each in a clause; none where no phone is wanted."""
        phones = () if self.fleet is None else self.fleet.phones
        return tuple(phone.state for phone in phones if not phone.usable)

    def spares(self, asked: Asked, chosen: Sequence[Device]) -> tuple[Device, ...]:
        """Return the phones that may take the place of a chosen one where any of a profile are wanted: the free."""
        if asked.at_most is None or self.fleet is None:
            return ()
        wish = ProgramWish(binary=asked.binary, flavour=asked.flavour)
        taken = {each.known.serial for each in chosen}
        found: dict[str, Device] = {}
        for name in dict.fromkeys(asked.devices):
            for phone in self.fleet.spares(name, taken=taken | found.keys()):
                found[phone.serial] = _phone_device(phone, phone.profile(name), self.fleet, wish)
        return tuple(found.values())

    def of_plan(self, plan: Plan, serial: str, *, binary: Path | None) -> Device:
        """Return the device that a part of a session was planned for.

        Args:
            plan: the session's.
            serial: the device's.
            binary: the user's own benchmark_model; what the plan calls its path is not followed.

        Raises:
            NoDevice: it is not attached.
            UsageError: several phones have its serial.
        """
        part = next(part for part in plan.devices if part.device.serial == serial)
        wish = ProgramWish(binary=binary, planned=part.binary)
        if part.device.profile == HOST:
            return HostDevice(user_profile(HOST), wish)
        fleet = self._phones(serial)
        return _phone_device(fleet.by_serial(serial), user_profile(part.device.profile), fleet, wish)

    def of_unidentified(self, plan: Plan, part: DevicePlan, *, binary: Path | None) -> Device:
        """Return the device of a part that could not be asked who it is when the session was planned.

        It may have been called by its address, or by a profile, and is known by its serial now. Its program is the
        one that the others were given, if it is of their kind.

        Raises:
            NoDevice: it is not attached, or cannot be used still, or another part is of it.
            UsageError: it is not said which of several phones is meant.
        """
        name = part.device.serial
        if part.device.profile == HOST:
            return HostDevice(user_profile(HOST), program_wish(plan, part, read_facts().abi, binary))
        fleet = self._phones(name)
        (phone,) = fleet.choose(name, every=False, at_most=None)
        if any(phone.serial == other.device.serial for other in plan.devices if other is not part):
            raise NoDevice(f"{name} is {phone.serial}, which session {plan.session} has planned for already.")
        phone, profile = fleet.by_serial(phone.serial), phone.profile(part.device.profile)
        abi = _phone_device(phone, profile, fleet, ProgramWish()).known.abi
        return _phone_device(phone, profile, fleet, program_wish(plan, part, abi, binary))

    def _phones(self, wanted: str) -> "Fleet":
        if self.fleet is None:
            raise NoDevice(f"{wanted}: no adb server was asked for phones.")
        return self.fleet


def program_wish(plan: Plan, part: DevicePlan, abi: str | None, binary: Path | None) -> ProgramWish:
    """Return which program a device gets that could not be asked when its session was planned.

    The planned one is another device's: it is that very one where theirs is of the same ABI, else its flavour.
    """
    owners = [each for each in plan.devices if each.binary.identified and each.binary.sha256 == part.binary.sha256]
    if any(abi == each.device.abi for each in owners):
        return ProgramWish(binary=binary, planned=part.binary)
    tool = part.binary.tool
    return ProgramWish(binary=binary, flavour=None if tool == "hostbench" else tool)


@contextmanager
def find_devices(names: Sequence[str], adb_servers: Sequence[str], *, wait_s: float | None = None) -> Iterator[Devices]:
    """Yield the devices there are; no adb server is asked where only this host is wanted.

    Args:
        names: what the wanted ones are called: `host`, profiles, serials or addresses.
        adb_servers: the servers to ask; none: the user's own.
        wait_s: seconds that a phone which is lost is waited for; None: as its profile says.

    Raises:
        NoDevice: no adb server could be used.
        TransportError: one does not answer.
    """
    if all(name == HOST for name in names):
        yield Devices(fleet=None)
        return
    from mbench.workflows.devices.attached_phones import fleet

    with fleet(adb_servers, return_s=wait_s, named=names) as phones:
        yield Devices(fleet=phones)


def _profile_called(name: str) -> Profile:
    """Return the profile of a name; of a device that is called otherwise nothing is declared but how phones are run."""
    try:
        return user_profile(name)
    except UsageError:
        return user_profile(ANY_PHONE)


def _phone_device(phone: "Phone", profile: Profile, fleet: "Fleet", wish: ProgramWish) -> Device:
    from mbench.workflows.devices.phone_device import PhoneDevice

    return PhoneDevice(phone, profile, fleet=fleet, wish=wish)
