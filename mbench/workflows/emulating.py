"""Emulating: `mbench emulate`: phones that are not there, joined to a real adb server, until Ctrl-C."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from mbench.core.errors import UsageError
from mbench.devices.adb_connecting import connect, disconnect
from mbench.devices.profiles import Profile
from mbench.emulator.facts import Cluster, PhoneFacts, SyntheticLaw, pixel4
from mbench.emulator.serving import Serving, serve
from mbench.workflows.phones import adb_servers
from mbench.workflows.stations import user_profile

LOWEST_KHZ = 300_000
USUAL_KHZ = 2_000_000


def emulate(
    profile_name: str,
    *,
    count: int,
    ports: Sequence[int],
    servers: Sequence[str],
    synthetic: bool,
    announce: Callable[[Serving], None],
) -> None:
    """Run emulated phones of a profile, connected to the adb server, until they are interrupted.

    Raises:
        UsageError: the profile is not a phone's, or a port is taken or left over.
        NoDevice: no adb server, or this system cannot carry emulated phones.
    """
    profile = user_profile(profile_name)
    if profile.transport != "adb" or profile.fallback:
        raise UsageError(f"{profile_name} is no phone; emulate one of the phones, such as pixel4.")
    if len(ports) > count:
        raise UsageError(f"{len(ports)} times --port for {count} phones; say --count {len(ports)}.")
    with adb_servers(servers) as adb:
        server = adb.addresses[0]
        joined: list[str] = []

        def join(serving: Serving) -> None:
            for phone in serving.phones:
                connect(server, phone.address)
                joined.append(phone.address)
            announce(serving)

        try:
            serve(lambda serial: phone_facts(profile, serial, synthetic=synthetic), count, ports=ports, announce=join)
        except OSError as error:
            raise UsageError(f"could not listen for adb: {error.strerror or error}. Choose another --port.") from error
        finally:
            for address in joined:
                disconnect(server, address)


def phone_facts(profile: Profile, serial: str, *, synthetic: bool) -> PhoneFacts:
    """Return what an emulated phone of a profile says of itself; what the profile leaves open is a Pixel 4's."""
    facts = pixel4(serial, synthetic=SyntheticLaw() if synthetic else None)
    match = profile.match
    said = {
        "model": match.model[:1],
        "device": match.device[:1],
        "product": match.device[:1],
        "board": match.board[:1],
        "soc_model": match.soc[:1],
        "platform": match.platform[:1],
    }
    changes: dict[str, object] = {name: values[0] for name, values in said.items() if values}
    if profile.clusters:
        changes["clusters"] = tuple(
            Cluster(cores=one.cores, min_khz=LOWEST_KHZ, max_khz=one.max_khz or USUAL_KHZ) for one in profile.clusters
        )
    if profile.abi is not None:
        changes["abis"] = (profile.abi, *(abi for abi in facts.abis if abi != profile.abi))
    return replace(facts, **changes)  # type: ignore[arg-type]  # each value is of its field's type
