"""A device in memory: a transport whose runs of benchmark_model play what a test has written down; no process, no wait.

It keeps what `mbench.core.ports.Transport` promises as far as a bench uses it: a push verifies its hash and sends
nothing that is there already, a command with `unchanged` files is not started where one has another hash, and every
method of a lost device raises `DeviceLost`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from loop_fakes import NOON

from mbench.core.errors import ChangedFiles, DeviceLost, TransportError
from mbench.core.ports import CommandResult, FilesRead
from mbench.core.results import BinaryFacts, Conditions, DeviceFacts, Run
from mbench.devices.profiles.profile import Limits, Profile
from mbench.runner import script
from mbench.runner.instrument import Instrument
from mbench.workflows.devices.device import Folders, Identity

ROOT = "/data/local/tmp/mbench"
PROGRAM = "/data/local/tmp/mbench/bin/benchmark_model"
PROGRAM_SHA256 = "b" * 64
OTHER_PROGRAM = f"{PROGRAM}.other"
MODEL_BYTES = 2_000_000

INSTRUMENT = Instrument(
    argv_prefix=(PROGRAM,),
    tool="tflite",
    sha256=PROGRAM_SHA256,
    path=PROGRAM,
    flags=frozenset(
        {
            "graph",
            "num_threads",
            "warmup_runs",
            "warmup_min_secs",
            "num_runs",
            "min_secs",
            "max_secs",
            "output_filepath",
            "report_peak_memory_footprint",
        }
    ),
)

STDOUT = """\
INFO: STARTING!
INFO: Log parameter values verbosely: [0]
INFO: Min num runs: [{runs}]
INFO: Num threads: [{threads}]
INFO: Graph: [{graph}]
INFO: #threads used for CPU inference: [{threads}]
INFO: Loaded model {graph}
INFO: The input model file size (MB): 0.525598
INFO: Initialized session in 76.033ms.
INFO: Running benchmark for at least 5 iterations and at least 0.3 seconds but terminate if exceeding 60 seconds.
INFO: count=5 first=4819 curr=4819 min=4700 max=4819 avg=4800 std=50 p5=4700 median=4800 p95=4819

INFO: Running benchmark for at least {runs} iterations and at least 0.5 seconds but terminate if exceeding 60 seconds.
INFO: count={runs} first=4409 curr=4511 min=3655 max=5995 avg=4128 std=508 p5=3659 median=3998 p95=5995

INFO: Inference timings in us: Init: 76033, First inference: 4819, Warmup (avg): 4800, Inference (avg): 4128
INFO: Memory footprint delta from the start of the tool (MB): init=4.94141 overall=5.44922
"""
XNNPACK_STDERR = """\
INFO: Initialized TensorFlow Lite runtime.
INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
VERBOSE: Replacing 9 out of 9 node(s) with delegate (TfLiteXNNPackDelegate) node, yielding 1 partitions for subgraph 0.
"""
BUILTIN_STDERR = "INFO: Initialized TensorFlow Lite runtime.\n"
"""Written after `ok_fixed_runs` in tests/data/benchmark_model, with the settings of the run put in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How one run of the program ends on the device; `leftover`: its script's note of a process that outlived it."""

    exit_code: int = 0
    stderr: str = XNNPACK_STDERR
    output: bytes = b"\x01\x02\x03\x04"
    leftover: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """One run as it was asked for."""

    argv: str
    deadline_s: float
    cpus: tuple[int, ...] | None


@dataclass
class MemoryDevice:
    """One device.

    Attributes:
        runs: how the next runs end, in order; an error is raised instead, and takes the device away if it is a loss.
        pushes: what the next pushes raise, in order; None: nothing.
        pushing: what happens while bytes are sent.
        lost: whether it does not answer.
        stays: whether the program of a run that did not come to its end cannot be killed.
        started: the runs that were started.
        sent: model hashes whose bytes were sent, in order.
    """

    runs: list[Ended | TransportError] = field(default_factory=list)
    pushes: list[TransportError | None] = field(default_factory=list)
    pushing: Callable[[], None] = lambda: None
    hashes: dict[str, str] = field(default_factory=lambda: {PROGRAM: PROGRAM_SHA256})
    lost: bool = False
    stays: bool = False
    started: list[Started] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    left: dict[str, bytes] = field(default_factory=dict)
    """What the last run left in its directory."""

    serial: str = "phone-1"
    emulated: bool = False
    root: str = ROOT

    def _answer(self) -> None:
        if self.lost:
            raise DeviceLost(f"{self.serial} does not answer.")

    def push(
        self,
        source: Path,
        target: str,
        *,
        sha256: str,
        executable: bool = False,
        sent: Callable[[int], None] | None = None,
    ) -> None:
        self._answer()
        if self.hashes.get(target) == sha256:
            return
        if sent is not None:
            sent(0)
            self.pushing()
            sent(MODEL_BYTES)
        if self.pushes and (error := self.pushes.pop(0)):
            self.lost = isinstance(error, DeviceLost)
            raise error
        assert source.stem == sha256, "the file that is pushed is the artifact with this hash"
        self.sent.append(sha256)
        self.hashes[target] = sha256

    def write(self, target: str, data: bytes, *, executable: bool = False) -> None:
        raise AssertionError("a bench writes nothing itself")

    def sha256(self, path: str) -> str | None:
        self._answer()
        return self.hashes.get(path)

    def pull(self, path: str, *, limit_bytes: int) -> bytes | None:
        self._answer()
        return self.left.get(path)

    def read_together(
        self,
        *,
        pulled: Sequence[str] = (),
        hashed: Sequence[str] = (),
        limit_bytes: int,
        then_remove: str | None = None,
    ) -> FilesRead:
        self._answer()
        read = FilesRead(
            contents={path: self.left.get(path) for path in pulled},
            hashes={path: self.hashes.get(path) for path in hashed},
        )
        if then_remove is not None:
            self.remove(then_remove)
        return read

    def remove(self, path: str) -> None:
        self._answer()
        self.removed.append(path)
        self.left = {name: data for name, data in self.left.items() if not name.startswith(f"{path}/")}
        self.hashes.pop(path, None)

    def run(
        self,
        argv: Sequence[str],
        *,
        deadline_s: float,
        environment: Mapping[str, str] | None = None,
        cpus: Sequence[int] | None = None,
        limit_bytes: int = 1 << 20,
        unchanged: Mapping[str, str] | None = None,
        late_s: float | None = None,
    ) -> CommandResult:
        self._answer()
        text = argv[-1]
        if text.startswith("ls -1tr"):
            return _result(stdout="".join(f"{name}\n" for name in self.models).encode())
        found = {path: self.hashes.get(path) for path in unchanged or {}}
        if found != (unchanged or {}):
            raise ChangedFiles(f"{self.serial}: a file has changed.", hashes=found)
        if f"{script.EXIT_CODE} ] && exit 0" in text:  # the script that ends a run which did not end
            return (
                _result(stdout=b"process 4711 could not be ended\n", exit_code=script.STAYS)
                if self.stays
                else _result()
            )
        words = text[text.index(PROGRAM) :].split("\n")[0]
        self.started.append(Started(argv=words, deadline_s=deadline_s, cpus=None if cpus is None else tuple(cpus)))
        ended = self.runs.pop(0) if self.runs else Ended()
        if isinstance(ended, TransportError):
            self.lost = isinstance(ended, DeviceLost)
            raise ended
        self._leave(words, ended, cpus)
        return _result()

    def _leave(self, words: str, ended: Ended, cpus: Sequence[int] | None) -> None:
        given = dict(word.removeprefix("--").partition("=")[::2] for word in words.split() if word.startswith("--"))
        work_dir = (
            str(PurePosixPath(given["output_filepath"]).parent) if "output_filepath" in given else f"{ROOT}/s/run"
        )
        stdout = STDOUT.format(runs=given["num_runs"], threads=given["num_threads"], graph=given["graph"])
        whole = ended.exit_code == 0
        self.left = {
            f"{work_dir}/{script.STDOUT}": (stdout if whole else stdout[: stdout.index("INFO: count=5")]).encode(),
            f"{work_dir}/{script.STDERR}": ended.stderr.encode(),
            f"{work_dir}/{script.EXIT_CODE}": f"{ended.exit_code}\n".encode(),
            f"{work_dir}/{script.AFFINITY}": ",".join(map(str, cpus or (0, 1, 2, 3))).encode(),
            f"{work_dir}/{script.CPU_TIMES}": b"0m0.01s 0m0.00s\n0m2.00s 0m0.49s\n",
        }
        if ended.leftover is not None:
            self.left[f"{work_dir}/{script.LEFTOVER}"] = ended.leftover
        if whole and "output_filepath" in given:
            self.left[given["output_filepath"]] = ended.output

    def properties(self) -> Mapping[str, str]:
        self._answer()
        return {}

    def alive(self, *, timeout_s: float) -> bool:
        return not self.lost

    @property
    def models(self) -> list[str]:
        """File names of the models that are there, the one pushed longest ago first."""
        return [PurePosixPath(path).name for path in self.hashes if path.startswith(f"{ROOT}/models/")]


def _result(*, stdout: bytes = b"", exit_code: int = 0) -> CommandResult:
    return CommandResult(exit_code=exit_code, stdout=stdout, stderr=b"", wall_s=1.0)


PROFILE = Profile(
    name="pixel4", title="Pixel 4", transport="host", delegates=("cpu",), threads=1, sources={}, limits=Limits()
)
IDENTITY = Identity(
    facts=DeviceFacts(serial="phone-1", profile="pixel4"),
    instrument=INSTRUMENT,
    binary=BinaryFacts(tool="tflite", sha256=PROGRAM_SHA256, path="benchmark_model"),
)
FOLDERS = Folders(models=f"{ROOT}/models", work_dir=f"{ROOT}/s")
STATE = Conditions(taken_at=NOON)


@dataclass(kw_only=True)
class MemoryTaken:
    """A taken device in memory; what a test does not say of it is as on a phone that is always fit for measuring.

    It keeps what `mbench.workflows.devices.device.TakenDevice` promises; `sent` is heard as `transport` has it.
    """

    transport: MemoryDevice
    identity: Identity = IDENTITY
    profile: Profile = PROFILE
    folders: Folders = FOLDERS
    found: Conditions = STATE
    retries: int = 3
    brought: int = 0
    read: Callable[[], Conditions] = lambda: STATE
    read_after: Callable[[Run], Conditions] | None = None
    ready: Callable[[Conditions], Conditions] = lambda seen: seen
    reasons: Callable[[Conditions], tuple[str, ...]] = lambda after: ()
    come_back: Callable[[], str] = lambda: "came back"
    asked_cpus: list[Sequence[int] | None] = field(default_factory=list)

    def push(self, source: Path, *, sha256: str, needed: frozenset[str], sent: Callable[[int], None]) -> None:
        self.transport.push(source, f"{self.folders.models}/{sha256}.tflite", sha256=sha256, sent=sent)

    def other_program(self, planned: BinaryFacts) -> Instrument:
        self.transport.hashes[OTHER_PROGRAM] = planned.sha256
        return replace(INSTRUMENT, argv_prefix=(OTHER_PROGRAM,), path=OTHER_PROGRAM, sha256=planned.sha256)

    def bring_program(self) -> None:
        self.brought += 1

    def conditions(self) -> Conditions:
        return self.read()

    def conditions_after(self, run: Run) -> Conditions:
        return self.read() if self.read_after is None else self.read_after(run)

    def make_ready(self, seen: Conditions, *, cpus: Sequence[int] | None) -> Conditions:
        self.asked_cpus.append(cpus)
        return self.ready(seen)

    def unfit(self, after: Conditions) -> tuple[str, ...]:
        return self.reasons(after)

    def recover(self) -> str:
        return self.come_back()
