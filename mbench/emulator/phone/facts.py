"""What an emulated phone says of itself."""

import dataclasses
import uuid
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Cores of one kind, numbered as the kernel does.

    Attributes:
        part: the kernel's `CPU part` of /proc/cpuinfo.
        capacity: the kernel's relative capacity, 1024 for the fastest core.
    """

    cores: tuple[int, ...]
    min_khz: int
    max_khz: int
    capacity: int = 1024
    part: str = "0x804"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalZone:
    """A sensor: its name, its type in Android's thermal service (0 cpu, 1 gpu, 2 battery, 3 skin), its reading."""

    name: str
    kind: int
    celsius: float
    throttling: float
    """Where Android begins to throttle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """The battery as `dumpsys battery` tells it; `temperature` in tenths of a degree."""

    level: int = 92
    powered: str = "USB"
    temperature: int = 251
    voltage_mv: int = 4241


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticLaw:
    """An invented latency: `base_us + us_per_mb * size`, times noise (a relative deviation) drawn by `seed`."""

    base_us: float = 800.0
    us_per_mb: float = 2500.0
    noise: float = 0.01
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneFacts:
    """One phone's identity and hardware.

    Attributes:
        storage_bytes: size of /data.
        own_storage: whether /data/local is a file system of its own, in this host's memory, so that the fault `full`
            binds whatever writes there, and not pushes alone. In the namespace view only. Not for every phone: the one
            file system with a size that a user may mount is tmpfs, so all that is pushed takes this host's memory, once
            for each phone (100 MB pushed: 100 MB of `Shmem` in /proc/meminfo), beside the models that are timed there.
            Quotas and disk images need root; a limit laid over the folder when the fault comes would not bind what has
            a file or a folder of it open.
        synthetic: the law by which benchmark_model's numbers are invented; None: it really runs, on this host.
    """

    serial: str
    product: str
    model: str
    device: str
    board: str
    manufacturer: str
    brand: str
    soc_manufacturer: str
    soc_model: str
    platform: str
    hardware: str
    abis: tuple[str, ...]
    release: str
    sdk: int
    build_id: str
    incremental: str
    security_patch: str
    kernel: str
    memory_kib: int
    clusters: tuple[Cluster, ...]
    zones: tuple[ThermalZone, ...]
    battery: Battery = field(default_factory=Battery)
    storage_bytes: int = 50 << 30
    own_storage: bool = False
    rooted: bool = False
    synthetic: SyntheticLaw | None = None

    @property
    def fingerprint(self) -> str:
        """The build fingerprint, as Android composes it."""
        build = f"{self.release}/{self.build_id}/{self.incremental}"
        return f"{self.brand}/{self.product}/{self.device}:{build}:user/release-keys"

    @property
    def cores(self) -> tuple[int, ...]:
        """All cores, in the kernel's order."""
        return tuple(sorted(core for cluster in self.clusters for core in cluster.cores))

    def cluster_of(self, core: int) -> Cluster:
        """Return the cluster that a core belongs to."""
        return next(cluster for cluster in self.clusters if core in cluster.cores)


def pixel4(serial: str, **changes: Any) -> PhoneFacts:
    """Return a Pixel 4: Snapdragon 855, four Cortex-A55, three Cortex-A76 and one faster A76, Android 13.

    Frequencies and core layout: Qualcomm SM8150 device tree (`qcom,sm8150`); build strings: Google's factory images.
    """
    facts = PhoneFacts(
        serial=serial,
        product="flame",
        model="Pixel 4",
        device="flame",
        board="flame",
        manufacturer="Google",
        brand="google",
        soc_manufacturer="Qualcomm",
        soc_model="SM8150",
        platform="msmnile",
        hardware="flame",
        abis=("arm64-v8a", "armeabi-v7a", "armeabi"),
        release="13",
        sdk=33,
        build_id="TP1A.221005.002.B2",
        incremental="9382335",
        security_patch="2022-10-05",
        kernel="4.14.276-g8ae7b4ca8564-ab8715030",
        memory_kib=5_730_124,
        clusters=(
            Cluster(cores=(0, 1, 2, 3), min_khz=300_000, max_khz=1_785_600, capacity=259, part="0x805"),
            Cluster(cores=(4, 5, 6), min_khz=710_400, max_khz=2_419_200, capacity=888, part="0x804"),
            Cluster(cores=(7,), min_khz=825_600, max_khz=2_841_600, capacity=1024, part="0x804"),
        ),
        zones=(
            ThermalZone(name="cpu-0-0-usr", kind=0, celsius=33.1, throttling=95.0),
            ThermalZone(name="cpu-1-0-usr", kind=0, celsius=34.2, throttling=95.0),
            ThermalZone(name="gpuss-0-usr", kind=1, celsius=31.7, throttling=95.0),
            ThermalZone(name="battery", kind=2, celsius=25.1, throttling=50.0),
            ThermalZone(name="skin", kind=3, celsius=29.4, throttling=43.0),
        ),
    )
    return dataclasses.replace(facts, **changes)


def numbered_serial(number: int) -> str:
    """Return the serial of a phone that nobody named: EMULATED01 is the first."""
    return f"EMULATED{number:02d}"


def new_boot_id() -> str:
    """Return what the kernel writes to /proc/sys/kernel/random/boot_id at a start."""
    return str(uuid.uuid4())
