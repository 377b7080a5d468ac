"""The texts of an emulated phone's own files and services, from its facts and conditions; nothing here touches a disk.

Forms: Android's `dumpsys battery` (BatteryService.java), `dumpsys thermalservice` (ThermalManagerService.java), the
kernel's /proc/cpuinfo for arm64 (arch/arm64/kernel/cpuinfo.c) and /sys/devices/system/cpu
(Documentation/ABI/testing/sysfs-devices-system-cpu).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mbench.emulator.phone.facts import Cluster, PhoneFacts

_SEVERITY_STEP_C = 3.0
"""Celsius between Android's thermal severities above a zone's throttling point."""


@dataclass(slots=True, kw_only=True)
class Conditions:
    """What changes while a phone is on.

    Attributes:
        heat: 0 cool, to 6 (shutdown): Android's thermal status.
        slowdown: factor by which latency grows, and by which the highest frequency falls.
        cap: likewise, without heat.
        health: the battery's (android.os.BatteryManager.BATTERY_HEALTH_*).
        status: what the battery does on a cable (BATTERY_STATUS_*).
    """

    battery_level: int
    powered: bool
    heat: int = 0
    slowdown: float = 1.0
    cap: float = 1.0
    health: int = 2
    status: int = 2


def format_properties(facts: PhoneFacts, *, boot_completed: bool) -> str:
    """Return `name=value` lines as getprop knows them; what the facts leave open is not set."""
    abi = facts.abis[0]
    wide = ",".join(abi for abi in facts.abis if "64" in abi)
    narrow = ",".join(abi for abi in facts.abis if "64" not in abi)
    mode = "synthetic" if facts.synthetic is not None else "1"
    values = {
        "dalvik.vm.heapsize": "512m",
        "debug.tflite.trace": "0",
        "init.svc.adbd": "running",
        "persist.sys.timezone": "UTC",
        "ro.board.platform": facts.platform,
        "ro.boot.serialno": facts.serial,
        "ro.boot.verifiedbootstate": "green",
        "ro.build.characteristics": "nosdcard",
        "ro.build.display.id": f"{facts.build_id}.{facts.incremental}",
        "ro.build.fingerprint": facts.fingerprint,
        "ro.build.id": facts.build_id,
        "ro.build.tags": "release-keys",
        "ro.build.type": "user",
        "ro.build.version.incremental": facts.incremental,
        "ro.build.version.release": facts.release,
        "ro.build.version.sdk": str(facts.sdk),
        "ro.build.version.security_patch": facts.security_patch,
        "ro.debuggable": "1" if facts.rooted else "0",
        "ro.hardware": facts.hardware,
        "ro.mbench.emulated": mode,
        "ro.product.board": facts.board,
        "ro.product.brand": facts.brand,
        "ro.product.cpu.abi": abi,
        "ro.product.cpu.abilist": ",".join(facts.abis),
        "ro.product.cpu.abilist32": narrow,
        "ro.product.cpu.abilist64": wide,
        "ro.product.device": facts.device,
        "ro.product.manufacturer": facts.manufacturer,
        "ro.product.model": facts.model,
        "ro.product.name": facts.product,
        "ro.secure": "1",
        "ro.serialno": facts.serial,
        "ro.soc.manufacturer": facts.soc_manufacturer,
        "ro.soc.model": facts.soc_model,
    }
    if facts.sdk < 31:  # both came with Android 12
        del values["ro.soc.manufacturer"], values["ro.soc.model"]
    if boot_completed:
        values |= {"sys.boot_completed": "1", "dev.bootcomplete": "1"}
    return "".join(f"{name}={value}\n" for name, value in values.items() if value)


def format_banner(facts: PhoneFacts) -> str:
    """Return the connection banner, from which `adb devices -l` tells name, model and device."""
    return f"device::ro.product.name={facts.product};ro.product.model={facts.model};ro.product.device={facts.device}"


def format_battery(facts: PhoneFacts, conditions: Conditions) -> str:
    """Return what `dumpsys battery` says below its heading."""
    battery = facts.battery

    def powered(source: str) -> str:
        return "true" if conditions.powered and battery.powered == source else "false"

    return f"""\
  AC powered: {powered("AC")}
  USB powered: {powered("USB")}
  Wireless powered: {powered("Wireless")}
  Max charging current: {500000 if conditions.powered else 0}
  Max charging voltage: {5000000 if conditions.powered else 0}
  Charge counter: {conditions.battery_level * 28000}
  status: {conditions.status if conditions.powered else 3}
  health: {conditions.health}
  present: true
  level: {conditions.battery_level}
  scale: 100
  voltage: {battery.voltage_mv}
  temperature: {battery.temperature + 30 * conditions.heat}
  technology: Li-ion
"""


def zone_celsius(facts: PhoneFacts, conditions: Conditions) -> dict[str, float]:
    """Return each zone's temperature; under heat the skin passes its throttling point, the others follow."""
    readings = {}
    for zone in facts.zones:
        if conditions.heat == 0:
            readings[zone.name] = zone.celsius
        elif zone.kind == 3:
            readings[zone.name] = zone.throttling + _SEVERITY_STEP_C * (conditions.heat - 0.5)
        else:
            readings[zone.name] = zone.celsius + 12.0 * conditions.heat
    return readings


def format_thermal(facts: PhoneFacts, conditions: Conditions) -> str:
    """Return what `dumpsys thermalservice` says."""
    readings = zone_celsius(facts, conditions)
    lines = []
    for zone in facts.zones:
        status = conditions.heat if zone.kind == 3 else 0
        value = round(readings[zone.name], 3)
        lines.append(f"\tTemperature{{mValue={value}, mType={zone.kind}, mName={zone.name}, mStatus={status}}}")
    temperatures = "\n".join(lines)
    listeners = "\tcallbacks: 1\n\tkilled: false\n\tbroadcasts count: -1"
    return f"""\
IsStatusOverride: false
ThermalEventListeners:
{listeners}
ThermalStatusListeners:
{listeners}
Thermal Status: {conditions.heat}
Cached temperatures:
{temperatures}
HAL Ready: true
HAL connection:
\tThermalHAL 2.0 connected: yes
Current temperatures from HAL:
{temperatures}
Current cooling devices from HAL:
\tCoolingDevice{{mValue={conditions.heat}, mType=2, mName=thermal-cpufreq-0}}
"""


def format_cpuinfo(facts: PhoneFacts) -> str:
    """Return /proc/cpuinfo."""
    blocks = [
        f"processor\t: {core}\nBogoMIPS\t: 38.40\n"
        "Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc "
        "dcpop asimddp\n"
        "CPU implementer\t: 0x51\nCPU architecture: 8\nCPU variant\t: 0xd\n"
        f"CPU part\t: {facts.cluster_of(core).part}\nCPU revision\t: 14\n"
        for core in facts.cores
    ]
    if facts.soc_manufacturer != "Qualcomm":  # the last line is that maker's own
        return "\n".join(blocks)
    return "\n".join(blocks) + f"\nHardware\t: {facts.soc_manufacturer} Technologies, Inc {facts.soc_model}\n"


def format_meminfo(facts: PhoneFacts) -> str:
    """Return the lines of /proc/meminfo that are looked at."""
    total = facts.memory_kib
    values = {
        "MemTotal": total,
        "MemFree": total // 12,
        "MemAvailable": total // 2,
        "Buffers": 5120,
        "Cached": total // 3,
        "SwapTotal": 2097148,
        "SwapFree": 2097148,
        "Shmem": 8192,
    }
    return "".join(f"{name + ':':<16}{value:>8} kB\n" for name, value in values.items())


def cpu_files(facts: PhoneFacts, conditions: Conditions) -> Iterator[tuple[str, str, bool]]:
    """Yield path below /sys/devices/system/cpu, text, and whether root may write it."""
    span = f"0-{facts.cores[-1]}\n"
    for name in ("possible", "present", "online"):
        yield name, span, False
    yield "kernel_max", f"{facts.cores[-1]}\n", False
    for number, cluster in enumerate(facts.clusters):
        for core in cluster.cores:
            yield f"cpu{core}/topology/physical_package_id", f"{number}\n", False
            yield f"cpu{core}/topology/core_id", f"{core}\n", False
            yield f"cpu{core}/cpu_capacity", f"{cluster.capacity}\n", False
            yield f"cpu{core}/online", "1\n", True
        for name, text, writable in frequency_files(cluster, conditions):
            yield f"cpufreq/policy{cluster.cores[0]}/{name}", text, writable


def frequency_files(cluster: Cluster, conditions: Conditions) -> Iterator[tuple[str, str, bool]]:
    """Yield name, text and writability of one cpufreq policy's files."""
    highest = max(cluster.min_khz, int(cluster.max_khz / (conditions.slowdown * conditions.cap)))
    related = " ".join(str(core) for core in cluster.cores)
    yield "affected_cpus", f"{related}\n", False
    yield "related_cpus", f"{related}\n", False
    yield "cpuinfo_min_freq", f"{cluster.min_khz}\n", False
    yield "cpuinfo_max_freq", f"{cluster.max_khz}\n", False
    yield "scaling_min_freq", f"{cluster.min_khz}\n", True
    yield "scaling_max_freq", f"{highest}\n", True
    yield "scaling_cur_freq", f"{highest}\n", False
    yield "scaling_available_governors", "schedutil performance powersave\n", False
    yield "scaling_available_frequencies", f"{cluster.min_khz} {cluster.max_khz} \n", False
    yield "scaling_driver", "qcom-cpufreq-hw\n", False
    yield "scaling_governor", "schedutil\n", True
