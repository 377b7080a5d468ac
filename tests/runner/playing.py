"""A benchmark program that plays back recorded texts, and everything a run needs around it."""

import hashlib
import stat
from dataclasses import dataclass, field
from pathlib import Path

from recorded_texts import FOLDER, RECORDINGS

from mbench.core.delegates import Delegate
from mbench.core.results import Pass
from mbench.core.workloads import ArtifactFacts, RunSettings, Workload
from mbench.devices.host.transport import HostTransport
from mbench.runner.instrument import Instrument, flags_of
from mbench.runner.runs import RunRequest
from mbench.workflows.clock import SystemClock

FLAGS = flags_of(RECORDINGS["fail_bad_flag_value"].stderr)

PLAYER = r"""#!/bin/sh
here=$(dirname "$0")
for word in "$@"; do
  value=${word#*=}
  case $word in
    --graph=*) graph=$value ;;
    --num_runs=*) runs=$value ;;
    --output_filepath=*) [ -e "$here/o.bin" ] && cp "$here/o.bin" "$value" ;;
    --model_runtime_info_output_file=*) [ -e "$here/rt.pb" ] && cp "$here/rt.pb" "$value" ;;
    --op_profiling_output_file=*) [ -e "$here/prof.pb" ] && cp "$here/prof.pb" "$value" ;;
  esac
done
while IFS= read -r line || [ -n "$line" ]; do
  case $line in
    "INFO: Graph: "*) printf 'INFO: Graph: [%s]\n' "$graph" ;;
    *) printf '%s\n' "$line" ;;
  esac
done <"$here/stdout.txt"
cat "$here/stderr.txt" >&2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A device of its own below one folder, with a model and a playing program on it."""

    folder: Path
    transport: HostTransport
    clock: SystemClock = field(default_factory=SystemClock)

    @property
    def model(self) -> Path:
        return self.folder / "m.tflite"

    @property
    def work_dir(self) -> Path:
        return self.folder / "run 1"

    def play(self, name: str = "ok_fixed_runs", *, then: str = "exit 0", **files: str) -> Instrument:
        """Make a program that plays a recording and ends as `then` says; `files` replace what it plays."""
        place = self.folder / "program"
        place.mkdir(parents=True)
        recording = RECORDINGS[name]
        (place / "stdout.txt").write_text(files.get("stdout", recording.stdout), encoding="utf-8")
        (place / "stderr.txt").write_text(files.get("stderr", recording.stderr), encoding="utf-8")
        for kept, artifact in (("rt.pb", "model_runtime_info.pb"), ("prof.pb", "op_profile.pb")):
            (place / kept).write_bytes((FOLDER / f"artifact_{artifact}").read_bytes())
        (place / "o.bin").write_bytes((FOLDER / "artifact_output_filepath.bin").read_bytes())
        return self.program(f"{PLAYER}{then}\n")

    def program(self, text: str) -> Instrument:
        """Make a program of a shell script."""
        path = self.folder / "program" / "benchmark_model"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return Instrument(
            argv_prefix=(str(path),),
            tool="tflite",
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            path=str(path),
            flags=FLAGS,
        )

    def request(
        self,
        purpose: Pass = Pass.LATENCY,
        *,
        delegate: Delegate = Delegate.CPU,
        settings: RunSettings | None = None,
        **changes: object,
    ) -> RunRequest:
        self.model.write_bytes(b"model")
        artifact = ArtifactFacts(
            name="m",
            sha256=hashlib.sha256(b"model").hexdigest(),
            size_bytes=5,
            mult_adds=None,
            parameters=None,
            activation_bytes=None,
        )
        workload = Workload(
            artifact=artifact,
            delegate=delegate,
            threads=1,
            settings=settings or RunSettings(num_runs=20, max_secs=1),
        )
        fields: dict[str, object] = {"model": str(self.model), "work_dir": str(self.work_dir)}
        return RunRequest(
            job="job", workload=workload, purpose=purpose, index=0, block=0, position=0, **(fields | changes)
        )


def stage(folder: Path) -> Stage:
    return Stage(folder=folder, transport=HostTransport(folder))
