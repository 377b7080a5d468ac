"""What does `mbench run` on phones cost beside the runs themselves: on one phone, and on fifty at the same time?

    python -m benchmarks.phones

Emulated phones with invented latencies, a private adb server, the real command line; all models are built and pushed
before. `one_phone` has its profile's own settings (1 s of warm-up, 2 s measured), `many_phones` runs of 0.2 s. A run's
own time is that of its one command on the phone, in which its files are proved just before its program starts.

An emulated phone's processes are this machine's. `many_cpu_s` is what all processes of one session needed: `mbench`,
the adb server, the emulator and the phones' shells and programs together. On few cores that bounds the wall time from
below, which `many_wall_bound_s` shows; real phones bring cores of their own, and `host_cpu_s` is then this host's part.
Most of it is what the phones' shells need to start the programs that a run is made of: `many_started` counts processes
and threads of the whole machine meanwhile, `start_ms` is the CPU time that a program needs which does nothing, and
`many_starting_s` what all of them need on these cores.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from mbench.emulator.adb_server import AdbServer
from mbench.emulator.farm import PhoneFarm
from mbench.emulator.phone.facts import SyntheticLaw, pixel4

ROOT = Path(__file__).parents[1]
PHONES = 50
VARIANTS = ("--sweep", "alpha=0.25,0.5,0.75,1.0", "--resolution", "32")
USUAL = ("--runs", "5", "--max-runs", "5")
SHORT = (*USUAL, "--memory-runs", "0", "--warmup-secs", "0", "--min-secs", "0.2", "--num-runs", "5")
_DEADLINE_S = 1800
_STARTS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One `mbench run`.

    Attributes:
        runs_s: the runs' own time, together.
        services: commands and file transfers that adb carried to all phones.
        host_cpu_s: CPU time of `mbench` itself.
        cpu_s: CPU time of `mbench`, the adb server, the emulator and all that ran on its phones.
        started: processes and threads that this machine has started meanwhile, whoever's.
        free_share: part of this machine's cores that nobody else used.
    """

    wall_s: float
    phones: int
    runs: int
    runs_s: float
    services: int
    host_cpu_s: float
    cpu_s: float
    started: int
    free_share: float

    @property
    def run_s(self) -> float:
        """Mean duration of a run."""
        return self.runs_s / self.runs


def run(*, phones: int = PHONES) -> dict[str, Any]:
    """Measure and return seconds and ratios, all from this one call."""
    with _bench() as bench:
        bench.start(1)
        bench.session("EMULATED01", *SHORT)  # pushes what is missing
        usual, one = bench.session("EMULATED01"), bench.session("EMULATED01", *SHORT)
        bench.start(phones - 1)
        bench.session("pixel4", "--every", *SHORT, "--runs", "1", "--max-runs", "1")
        many = bench.session("pixel4", "--every", *SHORT)
    cores = os.cpu_count() or 1
    start_s = _start_s()
    return {
        "one_phone_wall_s": round(usual.wall_s, 2),
        "one_phone_runs": usual.runs,
        "one_phone_runs_s": round(usual.runs_s, 2),
        "one_phone_ratio": round(usual.wall_s / usual.runs_s, 3),
        "one_phone_adb_commands": usual.services,
        "one_phone_free_share": round(usual.free_share, 3),
        "short_one_phone_wall_s": round(one.wall_s, 2),
        "short_one_phone_runs": one.runs,
        "short_one_phone_run_s": round(one.run_s, 3),
        "short_one_phone_cpu_s": round(one.cpu_s, 2),
        "phones": many.phones,
        "cores": cores,
        "many_wall_s": round(many.wall_s, 2),
        "many_runs": many.runs,
        "many_run_s": round(many.run_s, 3),
        "many_host_cpu_s": round(many.host_cpu_s, 2),
        "many_cpu_s": round(many.cpu_s, 2),
        "many_cpu_ms_per_run": round(1e3 * many.cpu_s / many.runs, 1),
        "many_host_cpu_ms_per_run": round(1e3 * many.host_cpu_s / many.runs, 1),
        "many_started": many.started,
        "start_ms": round(1e3 * start_s, 2),
        "many_starting_s": round(many.started * start_s / cores, 2),
        "many_wall_ratio": round(many.wall_s / one.wall_s, 2),
        "many_wall_bound_s": round(max(one.wall_s, many.cpu_s / cores), 2),
        "many_free_share": round(many.free_share, 3),
        "many_wall_over_bound": round(many.wall_s / max(one.wall_s, many.cpu_s / cores), 3),
    }


class _Bench:
    """A home with built models, an adb server and phones, and `mbench run` on them."""

    def __init__(self, farm: PhoneFarm, server: AdbServer, folder: Path) -> None:
        self._farm, self._server, self._results = farm, server, folder / "results"
        self._environment = {
            **server.environment,
            "MBENCH_HOME": str(folder / "home"),
            "MBENCH_RESULTS": str(self._results),
            "PYTHONPATH": str(ROOT),
        }

    def build(self) -> None:
        """Build the models."""
        self._mbench("build", *VARIANTS, "--quiet")

    def start(self, count: int) -> None:
        """Start further phones."""
        for phone in self._farm.start_many(count, lambda serial: pixel4(serial, synthetic=SyntheticLaw())):
            self._server.connect(phone.address)

    def session(self, device: str, *arguments: str) -> Session:
        """Measure one session."""
        before, machine_before, services, started = _cpu_s(), _machine_cpu_s(), self._services(), _started()
        begun = time.perf_counter()
        host_cpu_s = self._mbench("run", "--device", device, *VARIANTS, *(arguments or USUAL))
        wall_s = time.perf_counter() - begun
        cpu_s = _cpu_s() - before
        idle = 1 - (_machine_cpu_s() - machine_before - cpu_s) / (wall_s * (os.cpu_count() or 1))
        runs = _runs(max(self._results.iterdir(), key=lambda path: path.stat().st_mtime_ns))
        if failed := [run for run in runs if run["status"] != "ok"]:
            raise RuntimeError(f"{len(failed)} of {len(runs)} runs failed: {failed[0]['message']}")
        return Session(
            wall_s=wall_s,
            phones=len({run["job"].rpartition("@")[2] for run in runs if run["purpose"] == "canary"}),
            runs=len(runs),
            runs_s=sum(run["wall_s"] for run in runs),
            services=self._services() - services,
            host_cpu_s=host_cpu_s,
            cpu_s=cpu_s,
            started=_started() - started,
            free_share=idle,
        )

    def _services(self) -> int:
        return sum(phone.services for phone in self._farm.phones)

    def _mbench(self, *arguments: str) -> float:
        """Run a command to its end; return the CPU seconds that it used."""
        process = subprocess.Popen(
            (sys.executable, "-m", "mbench", *arguments),
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        before = os.times()
        _, said = process.communicate(timeout=_DEADLINE_S)
        if process.returncode:
            raise RuntimeError(f"mbench {' '.join(arguments)} ended with {process.returncode}: {said.decode()}")
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system


@contextmanager
def _bench() -> Iterator[_Bench]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        farm, server = stack.enter_context(PhoneFarm()), stack.enter_context(AdbServer())
        bench = _Bench(farm, server, folder)
        bench.build()
        yield bench


def _runs(session: Path) -> list[Mapping[str, Any]]:
    return [json.loads(path.read_bytes())["run"] for path in session.glob("runs/*/*/run.json")]


def _cpu_s() -> float:
    """Return the CPU seconds of this process, of those it has started and of those that they have outlived.

    The emulator's processes are waited for by one process per phone, in whose times theirs are.
    """
    total = 0.0
    for process in (own := psutil.Process(), *own.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _started() -> int:
    """Return how many processes and threads this machine has ever started (proc(5), `processes` of /proc/stat)."""
    lines = Path("/proc/stat").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("processes "))


def _start_s() -> float:
    """Return the CPU seconds of starting and ending a program that does nothing, as a shell starts it."""
    loop = f"i=0; while [ $i -lt {_STARTS} ]; do /bin/true; i=$((i + 1)); done"
    before = os.times()
    subprocess.run(["sh", "-c", loop], check=True)
    after = os.times()
    return (after.children_user + after.children_system - before.children_user - before.children_system) / _STARTS


def _machine_cpu_s() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
