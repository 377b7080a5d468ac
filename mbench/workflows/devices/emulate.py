"""Emulating: `mbench emulate`: phones that are not there, joined to a real adb server, until Ctrl-C."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mbench.core.errors import UsageError
from mbench.devices.adb.connecting import connect, disconnect
from mbench.devices.adb.discovery import list_devices
from mbench.devices.profiles.profile import Profile
from mbench.emulator.phone.facts import Cluster, PhoneFacts, SyntheticLaw, pixel4
from mbench.emulator.phone.faults import Fault
from mbench.emulator.seeded_faults import seeded_faults
from mbench.emulator.serving import Serving, serve
from mbench.workflows.devices.attached_phones import adb_servers
from mbench.workflows.devices.emulated_serials import held_serials
from mbench.workflows.devices.user_profile import user_profile
from mbench.workflows.home import home

LOWEST_KHZ = 300_000
USUAL_KHZ = 2_000_000
LEAST_ANDROID = 13
"""What emulated phones run whose profiles were launched with an older one, or do not say."""
SDK_AHEAD = 20
"""By which an API level is ahead of the release, from Android 13 (API 33) to 16 (API 36)."""
MAKERS = frozenset({"Google", "Motorola", "OnePlus", "Qualcomm", "Samsung", "Xiaomi"})
UNNAMED = "unknown"
"""Android's own word for a property that a build leaves open (android.os.Build.UNKNOWN)."""


def emulate(
    profile_name: str,
    *,
    count: int,
    ports: Sequence[int],
    serials: Sequence[str],
    servers: Sequence[str],
    synthetic: bool,
    faults: int | None = None,
    announce: Callable[[Serving, Mapping[str, Fault]], None],
) -> None:
    """Run emulated phones of a profile, connected to the adb server, until they are interrupted.

    Args:
        profile_name: what they are.
        count: how many.
        ports: theirs, as far as given; the others get free ones.
        serials: theirs, as far as given; the others get EMULATED01 and so on, none that a phone has already.
        servers: addresses of adb servers, of which the first is joined; none: the user's.
        synthetic: whether their latencies are synthetic.
        faults: seed of faults that are armed; None: all are well.
        announce: is called once all of them are joined.

    Raises:
        UsageError: the profile is not a phone's, or a port or a serial is taken or left over.
        NoDevice: no adb server.
        MbenchError: this system cannot carry emulated phones.
    """
    profile = user_profile(profile_name)
    if profile.transport != "adb" or profile.fallback:
        raise UsageError(f"{profile_name} is no phone; emulate one of the phones, such as pixel4.")
    for option, given in (("--port", ports), ("--serial", serials)):
        if len(given) > count:
            raise UsageError(f"{len(given)} times {option} for {count} phones; say --count {len(given)}.")
    with adb_servers(servers) as adb:
        server = adb.addresses[0]
        joined: list[str] = []

        def join(serving: Serving) -> None:
            for phone in serving.phones:
                connect(server, phone.address)
                joined.append(phone.address)
            armed = {} if faults is None else seeded_faults(faults, [phone.serial for phone in serving.phones])
            for phone in serving.phones:
                if phone.serial in armed:
                    phone.arm(armed[phone.serial])
            announce(serving, armed)

        def make(serial: str) -> PhoneFacts:
            return phone_facts(profile, serial, synthetic=synthetic)

        attached = {phone.serial for phone in list_devices([server])}
        with held_serials(count, serials, attached=attached, folder=home() / "phones" / "emulated") as own:
            try:
                serve(make, own, ports=ports, announce=join)
            except OSError as error:
                raise UsageError(f"could not listen: {error.strerror or error}. Choose another --port.") from error
            finally:
                for address in joined:
                    disconnect(server, address)


def phone_facts(profile: Profile, serial: str, *, synthetic: bool) -> PhoneFacts:
    """Return what an emulated phone of a profile says of itself.

    What the profile leaves open is unset where it names a chip, a maker or a build: a Pixel 4's only for a Pixel 4.
    Memory, storage, sensors, battery and clocks are then a Pixel 4's for any phone.
    """
    facts = pixel4(serial, synthetic=SyntheticLaw() if synthetic else None)
    changes: dict[str, object] = {} if facts.device in profile.match.device else _identity(profile, facts)
    if profile.clusters:
        changes["clusters"] = tuple(
            Cluster(cores=one.cores, min_khz=LOWEST_KHZ, max_khz=one.max_khz or USUAL_KHZ) for one in profile.clusters
        )
    if profile.abi is not None:
        changes["abis"] = (profile.abi, *(abi for abi in facts.abis if abi != profile.abi))
    return replace(facts, **changes)  # type: ignore[arg-type]  # each value is of its field's type


def _identity(profile: Profile, pixel: PhoneFacts) -> dict[str, object]:
    """Return who made a phone, what is in it and what it runs, as far as its profile says; an empty text is unset."""
    match = profile.match
    maker, chip_maker = _maker(profile.title), _maker(profile.soc or "")
    device = _first(match.device) or profile.name
    release = max(profile.android or LEAST_ANDROID, LEAST_ANDROID)
    return {
        "product": device,
        "model": _first(match.model) or profile.title,
        "device": device,
        "board": _first(match.board),
        "manufacturer": maker or UNNAMED,
        "brand": (maker or UNNAMED).lower(),
        "soc_manufacturer": chip_maker,
        "soc_model": _first(match.soc),
        "platform": _first(match.platform),
        "hardware": "",
        "release": str(release),
        "sdk": release + SDK_AHEAD,
        "build_id": "EMULATED",
        "incremental": "1",
        "security_patch": "",
        "kernel": pixel.kernel.partition("-")[0],
    }


def _maker(words: str) -> str:
    """Return the maker that a profile's words begin with; an empty text where that is no maker."""
    first = words.partition(" ")[0]
    return first if first in MAKERS else ""


def _first(values: Sequence[str]) -> str:
    return values[0] if values else ""
