"""What a phone is: its properties, cores and memory, read in one command."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mbench.core.ports import Transport
from mbench.core.results import DeviceFacts
from mbench.devices.adb import properties as adb_properties
from mbench.devices.adb.properties import EMULATED, named, parse_properties
from mbench.devices.android.kernel import Policy, cpufreq_question, parse_core_list, parse_memory, parse_policies
from mbench.devices.android.script import ask

_READ_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """What was read off a phone.

    Attributes:
        serial: the phone's identity.
        properties: of Android, by name.
        policies: cores that share a clock; empty where the kernel shows none.
        cores: how many the phone has, those that are switched off included; None where it does not say.
        memory_kib: all of it.
    """

    serial: str
    properties: Mapping[str, str]
    policies: tuple[Policy, ...]
    cores: int | None
    memory_kib: int | None


def read_hardware(transport: Transport) -> Hardware:
    """Ask a phone what it is.

    Args:
        transport: the way to it.

    Raises:
        TransportError: it cannot be asked.
    """
    questions = {
        "properties": "getprop",
        "present": "cat /sys/devices/system/cpu/present",
        "cpufreq": cpufreq_question(),
        "memory": "cat /proc/meminfo",
    }
    answers = ask(transport, questions, what="its facts", deadline_s=_READ_S)
    present = parse_core_list(answers["present"])
    return Hardware(
        serial=transport.serial,
        properties=parse_properties(answers["properties"]),
        policies=parse_policies(answers["cpufreq"]),
        cores=None if present is None else len(present),
        memory_kib=parse_memory(answers["memory"]).get("MemTotal"),
    )


def to_device_facts(hardware: Hardware, profile_name: str, *, emulated: bool) -> DeviceFacts:
    """Return what was read as a document."""
    properties = hardware.properties
    return DeviceFacts(
        serial=hardware.serial,
        profile=profile_name,
        emulated=emulated or bool(properties.get(EMULATED)),
        invented=properties.get(EMULATED) == "synthetic",
        model=named(properties, "ro.product.model"),
        soc=adb_properties.soc(properties),
        os=_system(named(properties, "ro.build.version.release"), named(properties, "ro.build.version.sdk")),
        build=named(properties, "ro.build.fingerprint"),
        abi=next(iter(adb_properties.abis(properties)), None),
        cores=hardware.cores,
        memory_kib=hardware.memory_kib,
    )


def best_cores(policies: tuple[Policy, ...]) -> tuple[int, ...] | None:
    """Return all cores, fastest first, of equals the last first; None where a highest frequency is not known.

    Core 0 comes late, because it serves most interrupts.
    """
    if not policies or any(policy.max_khz is None for policy in policies):
        return None
    speed = {core: policy.max_khz or 0 for policy in policies for core in policy.cores}
    return tuple(sorted(speed, key=lambda core: (-speed[core], -core)))


def _system(release: str | None, sdk: str | None) -> str | None:
    if release is None:
        return None
    return f"Android {release}" if sdk is None else f"Android {release} (API {sdk})"
