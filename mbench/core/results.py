"""Results: the plan of a session, its runs and what became of its jobs, as documents of a versioned format.

Format history:
    1   mbench 0.1, before its release: first format.
    2   mbench 0.1: a plan has a part for each device; runs say how many nodes the graph had and
        what drove the GPU. Names, numbers and times have bounds (`mbench.core.numbers.bounds`).
    3   mbench 0.2: workloads say which signature is run, artifacts what could be counted at least; conditions hold the
        clocks of the hardware and others' load on the cores of a run, and lists of clocks have gaps; workloads say how
        inputs are fed, scores what is doubtful about them and where their examples come from, which may be all of a
        data set or those of a list, which first answers they were given, and a user's own metric of values with its
        unit. Why a part ended is kept. A night of a farm, and its end, are documents, too. Of a program it is said
        whether its device was asked for it, and of a part which cores were asked for where that was not. A plan says
        which of its jobs are compared, pair by pair.
        Provenance has the version of the measuring rules and the user's label, a plan the names that last of users'
        own files. Of a training that gave weights its learning curve is kept.
"""

from collections import Counter
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from mbench.core.error_classes import OTHER_ENDS, ErrorClass
from mbench.core.job_pairs import Pairing, new_of
from mbench.core.numbers.bounds import (
    Amount,
    Core,
    Count,
    FileName,
    JobName,
    Label,
    Moment,
    Place,
    Reading,
    Seconds,
    Seed,
    SessionName,
    Sha256,
    Share,
    Word,
)
from mbench.core.scores import EvaluationSpec, Score
from mbench.core.workloads import Document, Workload

FORMAT_VERSION: Final = 3

XNNPACK_NODE: Final = "TfLiteXNNPackDelegate"
"""What the runtime calls the nodes that XNNPACK executes, asked for or implicitly."""


class Status(StrEnum):
    """How a job, or a run, ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    ABORTED = "aborted"


StoredErrorClass = Annotated[ErrorClass, StringConstraints(pattern=rf"^({'|'.join(OTHER_ENDS)}|crash:[A-Z0-9]+)$")]
"""Why a run or job did not end `ok`; see `mbench.core.error_classes`."""


class WarningCode(StrEnum):
    """Doubts about a number, as data."""

    FEW_RUNS = "few_runs"
    WIDE_INTERVAL = "wide_interval"
    DRIFT = "drift"
    CANARY_FAILED = "canary_failed"
    BUSY = "busy"
    TIME_LIMITED = "time_limited"
    NOT_PINNED = "not_pinned"
    FREQUENCY_SCALING = "frequency_scaling"
    CAPPED_CLOCKS = "capped_clocks"
    ON_BATTERY = "on_battery"
    OUTPUT_DIFFERS = "output_differs"
    LATENCY_ONLY = "latency_only"
    PARTLY_DELEGATED = "partly_delegated"
    NODES_UNKNOWN = "nodes_unknown"
    NO_MEMORY = "no_memory"
    THREADS_EXCEED_CORES = "threads_exceed_cores"
    CLOCK_STEPPED = "clock_stepped"
    DELEGATE_NOT_APPLIED = "delegate_not_applied"
    NO_MEDIAN = "no_median"
    COARSE_CLOCK = "coarse_clock"
    INVENTED = "invented"
    LOST = "lost"
    RETRIED = "retried"
    REDUCED_PRECISION = "reduced_precision"
    CONDITIONS = "conditions"
    UNKNOWN_CONDITIONS = "unknown_conditions"
    NO_ACCURACY = "no_accuracy"
    ACCURACY_DIFFERS = "accuracy_differs"
    UNANSWERED = "unanswered"
    OUTLYING_RUNS = "outlying_runs"
    RUNS_IN_GROUPS = "runs_in_groups"
    RUNS_APART = "runs_apart"
    MEAN_APART = "mean_apart"
    BELOW_CLOCK = "below_clock"


class MeasurementWarning(Document):
    """One doubt: what was seen, and what to do about it."""

    code: WarningCode
    message: str
    advice: str | None = None


class Phase(Document):
    """One stat line of benchmark_model: inferences of the warm-up or of the measured phase.

    Integers are exact microseconds; `avg_us` has six significant digits; `std_us` is the truncated population one.
    The percentiles are absent from versions before TensorFlow 2.19.
    """

    count: Count
    first_us: Count | None = None
    current_us: Count | None = None
    min_us: Count | None = None
    max_us: Count | None = None
    avg_us: Amount | None = None
    std_us: Amount | None = None
    p5_us: Count | None = None
    median_us: Count | None = None
    p95_us: Count | None = None


class DelegateCoverage(Document):
    """One delegate's share of one subgraph: `nodes` of `total` in `partitions` (delegated and left-over ones)."""

    name: str
    nodes: Count
    total: Count | None
    partitions: Count | None
    subgraph: Count | None = None


class Memory(Document):
    """Memory of one run in KiB: growth of the resident peak since start, after init and over all; absolute peak."""

    init_kib: Amount | None = None
    overall_kib: Amount | None = None
    peak_kib: Amount | None = None


class OperatorTime(Document):
    """One row of the operator profile: `us_per_inference` is the row's sum divided by the number of inferences."""

    run_order: Count
    node_type: str
    name: str
    times_called: Count
    us_per_inference: Amount


class Pass(StrEnum):
    """What a run is for; only `latency` runs give latencies."""

    LATENCY = "latency"
    MEMORY = "memory"
    OPS = "ops"
    CANARY = "canary"


class Conditions(Document):
    """State of the device at one moment; None is unknown, never fine.

    Attributes:
        busy_share: share of all cores that others kept busy: since the reading before and without our own runs (host),
            or while the reading was taken and nothing of ours ran (phone).
        pinned_busy_share: after a run, likewise of the cores that it was pinned to; at least so much (host).
        governors: the different ones in use.
        frequency_khz: current frequency per core, in core order; of a core that is switched off it may be None.
        frequency_max_khz: likewise the highest frequency that each core is allowed now: throttling and savers lower it.
        frequency_hardware_khz: likewise the highest that its hardware has, by the kernel, else by the profile.
        temperature_c: hottest thermal zone.
        zone_temperatures_c: every zone that gave a temperature, by its name.
        skin_temperature_c: hottest sensor that Android calls skin.
        thermal_status: Android's, 0 (none) to 6 (shutdown).
        powered_by: `ac`, `usb`, `wireless`, `dock`; `none` on battery.
        charging: what the battery is doing.
        doze: whether the device is in deep idle.
        stay_on: whether a setting keeps the screen on now.
        other_benchmarks: processes of benchmark_model that are not ours.
    """

    taken_at: Moment
    load_1m: Amount | None = None
    busy_share: Share | None = None
    pinned_busy_share: Share | None = None
    governors: tuple[str, ...] | None = None
    frequency_khz: tuple[Count | None, ...] | None = None
    frequency_max_khz: tuple[Count | None, ...] | None = None
    frequency_hardware_khz: tuple[Count | None, ...] | None = None
    temperature_c: Reading | None = None
    zone_temperatures_c: dict[str, Reading] | None = None
    skin_temperature_c: Reading | None = None
    thermal_status: int | None = Field(default=None, ge=0, le=6)
    power: Literal["mains", "battery"] | None = None
    powered_by: Literal["ac", "usb", "wireless", "dock", "none"] | None = None
    charging: Literal["charging", "discharging", "not_charging", "full"] | None = None
    battery_percent: Reading | None = None
    battery_temperature_c: Reading | None = None
    memory_available_kib: Count | None = None
    screen_on: bool | None = None
    stay_on: bool | None = None
    doze: bool | None = None
    other_benchmarks: Count | None = None


class Run(Document):
    """One process of benchmark_model: what was asked, what came back, what was proved.

    Attributes:
        index: 0, 1, … within its job and pass.
        block: the interleaved block that it belonged to.
        position: order of execution within the session.
        wall_s: duration of the run on a steady clock: the proof of its files, the process' start, its init and all.
        cpu_s: CPU time of the process on all cores together, that of the few commands around it included.
        cpus: cores that the process was allowed, read back on the device.
        nodes: nodes of the model's own graph, by the runtime's information; None where it was not asked.
        gpu_api: what drove the GPU: `OpenCL`, `OpenGL`; None without a GPU, or where nothing said it.
        parameters: the tool's own echo of its settings.
        files: names of the raw files beside this document.
        output_sha256: hash of the output tensors' bytes of the last inference.
    """

    job: JobName
    purpose: Pass
    index: Place
    block: Place
    position: Place
    started_at: Moment
    wall_s: Seconds
    cpu_s: Amount | None = None
    argv: tuple[str, ...]
    exit_code: Count | None
    status: Status
    error_class: StoredErrorClass | None = None
    message: str | None = None
    warmup: Phase | None = None
    measured: Phase | None = None
    init_us: Count | None = None
    first_us: Count | None = None
    memory: Memory | None = None
    delegates: tuple[DelegateCoverage, ...] = ()
    nodes: Count | None = None
    gpu_api: str | None = None
    operators: tuple[OperatorTime, ...] | None = None
    parameters: dict[str, str] = Field(default_factory=dict)
    cpus: str | None = None
    output_sha256: Sha256 | None = None
    warnings: tuple[MeasurementWarning, ...] = ()
    conditions_before: Conditions | None = None
    conditions_after: Conditions | None = None
    files: tuple[FileName, ...] = ()


class DeviceFacts(Document):
    """What was read off the device.

    Attributes:
        emulated: whether it is an emulated phone, whose timings are those of the host that emulates it.
        invented: whether its latencies come from a law and no model runs at all.
    """

    serial: str
    profile: str
    emulated: bool = False
    invented: bool = False
    model: str | None = None
    soc: str | None = None
    os: str | None = None
    build: str | None = None
    abi: str | None = None
    cores: Count | None = None
    memory_kib: Count | None = None


class BinaryFacts(Document):
    """The benchmark program: two flavours exist, and their rows are never mixed.

    Attributes:
        tool: `tflite` (benchmark_model over the Interpreter), `litert` (over CompiledModel), `hostbench` (ours).
        runtime: version of the runtime inside where it can be read, else None.
        companions: SHA-256 by name of the libraries that lie beside it on the device.
        identified: whether it was read on its device; of one that could not be used it is the program that it would
            have been given, as another device has it.
    """

    tool: Literal["tflite", "litert", "hostbench"]
    sha256: Sha256
    path: str
    runtime: str | None = None
    flags_sha256: Sha256 | None = None
    companions: dict[FileName, Sha256] = Field(default_factory=dict)
    identified: bool = True


class PlannedJob(Document):
    """One workload on one device. `id` is unique within the session and names its files.

    Attributes:
        build_error: why there is no file; its class says whether that is a fault of this host. None: `build`.
        scores: what is known of the file's accuracy before it is timed: the host's.
        unscored: why a score that was asked for is not there.
        binary: the program that runs it, where that is not its device's: the old one, which a re-run compares with.
    """

    id: JobName
    workload: Workload
    build_error: str | None = None
    build_error_class: StoredErrorClass | None = None
    scores: tuple[Score, ...] = ()
    unscored: str | None = None
    binary: BinaryFacts | None = None


class MeasuringRules(Document):
    """When a job has been measured enough.

    Attributes:
        min_runs: runs that every job gets; max_runs: where growing stops.
        target_interval: relative half-width of the 95 % interval of the median at which growing stops (0.02: ±2 %).
        memory_runs: runs of the memory pass.
        profile_ops: whether there is an operator-profile pass.
        seed: of the order of jobs in the blocks and of the bootstrap.
        cpus: cores that may be used, best first: a run of n threads is pinned to the first n; None where nothing is
            pinned.
        fixed_performance: whether Android was asked to hold clocks that it can sustain.
        governor: cpufreq's, that was set on every cluster; None: as it was.
    """

    min_runs: Place = Field(ge=1)
    max_runs: Place = Field(ge=1)
    target_interval: Amount = Field(gt=0)
    memory_runs: Place
    profile_ops: bool
    seed: Seed
    cpus: tuple[Core, ...] | None = None
    fixed_performance: bool = False
    governor: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,40}$")


class Provenance(Document):
    """Who measured: mbench's version and tree, the command line, the host that drove it.

    Attributes:
        measuring_version: of the rules of measuring (`mbench.core.measuring_version`); None: from before it was kept.
        label: what the user called what was measured, such as a git commit; None: nothing.
    """

    mbench: str
    git: str | None
    command: tuple[str, ...]
    host: str
    python: str
    measuring_version: Count | None = None
    label: Label | None = None


class DevicePlan(Document):
    """What one device of a session is going to do.

    Attributes:
        canary: the workload that is run in every block; None where nothing can be run.
        canary_job: the name that its runs are kept under; no job is called so.
        asked_cpus: cores as `--cpus` took them, kept for a device that could not be asked for its own: the rules have
            those of another one meanwhile. None: its own choice.
    """

    device: DeviceFacts
    binary: BinaryFacts
    rules: MeasuringRules
    canary: Workload | None
    canary_job: JobName = "canary"
    asked_cpus: str | None = Field(default=None, max_length=200)
    jobs: tuple[PlannedJob, ...]

    def binary_of(self, job: PlannedJob) -> BinaryFacts:
        """Return the program that runs a job of this device."""
        return job.binary or self.binary

    @property
    def other_binaries(self) -> tuple[BinaryFacts, ...]:
        """The programs that run some of its jobs beside its own."""
        return tuple({job.binary.sha256: job.binary for job in self.jobs if job.binary is not None}.values())


class Plan(Document):
    """Everything that a session is going to do, written before the first device is touched.

    Attributes:
        question: what files are asked for their accuracy; None: nothing.
        ask_devices: whether the devices are asked too, and not this host alone.
        keep_predictions: whether the session keeps what each file answered to each example.
        pairing: which of its jobs are old files and new ones that are timed in turn; None: nothing is compared.
        names: the names that last, of users' own files, by job; a night keeps them itself.
    """

    format_version: Literal[3] = FORMAT_VERSION
    kind: Literal["plan"] = "plan"
    session: SessionName
    created_at: Moment
    provenance: Provenance
    devices: tuple[DevicePlan, ...]
    question: EvaluationSpec | None = None
    ask_devices: bool = False
    keep_predictions: bool = False
    pairing: Pairing | None = None
    names: dict[JobName, Word] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        twice = [job for job, count in Counter(planned.id for planned in self.jobs).items() if count > 1]
        if twice:
            raise ValueError(f"devices: two jobs are called {twice[0]!r}, and each needs a name of its own")
        return self

    @property
    def jobs(self) -> tuple[PlannedJob, ...]:
        """All jobs of all devices."""
        return tuple(job for part in self.devices for job in part.jobs)

    def part_of(self, job: str) -> DevicePlan:
        """Return the device plan that holds a job.

        Raises:
            KeyError: no such job.
        """
        for part in self.devices:
            if any(planned.id == job for planned in part.jobs):
                return part
        raise KeyError(job)


class PartEnding(Document):
    """Why the last attempt at a device's part did not get to its end; the next attempt removes it.

    Attributes:
        serial: of the device.
        error_class: what its unfinished jobs are said to have ended by.
        message: what was tried, what came back, what to do next.
    """

    format_version: Literal[3] = FORMAT_VERSION
    kind: Literal["ending"] = "ending"
    session: SessionName
    serial: str
    ended_at: Moment
    error_class: StoredErrorClass | None
    message: str


class JobResult(Document):
    """What became of one job: written once, never edited."""

    format_version: Literal[3] = FORMAT_VERSION
    kind: Literal["job"] = "job"
    session: SessionName
    job: JobName
    workload: Workload
    device: DeviceFacts
    binary: BinaryFacts
    rules: MeasuringRules
    provenance: Provenance
    finished_at: Moment
    status: Status
    error_class: StoredErrorClass | None = None
    message: str | None = None
    runs: tuple[Run, ...] = ()
    scores: tuple[Score, ...] = ()
    warnings: tuple[MeasurementWarning, ...] = ()

    @property
    def label(self) -> str:
        """Name for people: that of the workload, and that its file is the old one of two that were compared."""
        return self.workload.label if new_of(self.job) is None else f"{self.workload.label} (old)"
