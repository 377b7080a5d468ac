"""What notebooks and scripts may rely on: sessions as pandas tables, and runs by the words of the command line.

    import mbench.api as mb
    session = mb.run(sweep="alpha", dataset="digits", quick=True)
    session.frame()[["variant", "top1", "latency_median_us"]]

Names and columns here are stable; nothing else of mbench is promised.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from mbench.core.errors import MbenchError, NoDevice, UsageError
from mbench.core.processes.search_path import keep_children_safe
from mbench.core.results import JobResult, Run
from mbench.report.results.rows.job_rows import rows_of
from mbench.report.results.rows.row import Row
from mbench.store.session import list_sessions, open_session, session_folder
from mbench.store.session_store import PLAN_FILE
from mbench.workflows.home import results_root

__all__ = ["MbenchError", "NoDevice", "Session", "UsageError", "open_results", "run"]

Value = str | int | float | bool | Path | Sequence[str | int | float | Path]

SOME_WITHOUT_NUMBER: Final = frozenset({0, 1, 4, 5})
"""Exit codes of runs that have a session: all well, a bound missed, or a job that failed or has no number."""

INTERRUPTED: Final = 130

_UNCHANGED: Final = (
    *("variant", "side", "status", "error_class", "message", "device", "emulated", "delegate", "threads"),
    *("mult_adds", "parameters", "size_bytes", "top1", "top5", "dataset", "examples"),
    *("latency_median_us", "latency_p95_us", "latency_mean_us", "init_us", "first_us", "peak_memory_kib"),
    *("delegate_nodes", "runs"),
)
_PROVENANCE: Final = ("artifact_sha256", "binary_sha256", "session", "provenance")


@dataclass(frozen=True, slots=True)
class Session:
    """One run of mbench that is stored.

    Attributes:
        name: of the session.
        path: its folder; of a packed one a temporary copy.
    """

    name: str
    path: Path

    def frame(self) -> pd.DataFrame:
        """Return one row for each job, in the plan's order.

        Units end the names of columns; shares (`top1`) lie in 0 to 1, and intervals are `…_low` and `…_high`. What is
        not known is missing (`None` or NaN). Rows whose `provenance` differs were not measured alike.

        Raises:
            MbenchError: a document is damaged, or written by a newer mbench.
        """
        return pd.DataFrame([_job(row) for row in rows_of(self._results())])

    def runs_frame(self) -> pd.DataFrame:
        """Return one row for each run, a process of the benchmark program, of whatever purpose.

        Raises:
            MbenchError: as of `frame`.
        """
        results = self._results()
        sides = [row.side for row in rows_of(results)]
        return pd.DataFrame(
            [_run(result, side, run) for result, side in zip(results, sides, strict=True) for run in result.runs]
        )

    def _results(self) -> tuple[JobResult, ...]:
        return open_session(self.path).results()


def open_results(path: str | Path | None = None) -> list[Session]:
    """Return the sessions in a results folder, the oldest first, or the one whose folder this is.

    Args:
        path: the folder; None: `$MBENCH_RESULTS`, or else `./results`.

    Raises:
        MbenchError: it cannot be read.
    """
    folder = results_root(None if path is None else Path(path))
    if (folder / PLAN_FILE).is_file():
        return [Session(folder.resolve().name, folder)]
    return [Session(name, session_folder(folder, name)) for name in list_sessions(folder)]


def run(*variants: str, results: str | Path | None = None, **options: Value) -> Session:
    """Measure as `mbench run` does, in a process of its own, and return the session.

    Args:
        variants: names of variants, as on the command line.
        results: folder of sessions; None: `$MBENCH_RESULTS`, or else `./results`.
        options: those of `mbench run --help`, `_` for `-`: `sweep="alpha"`, `arch="nets.py:mynet"`, `quick=True`. A
            list repeats an option, `True` sets a flag, and `False` leaves it out.

    Raises:
        UsageError: what was asked for cannot be.
        NoDevice: no device could be used.
        KeyboardInterrupt: it was interrupted; what was measured is kept.
        MbenchError: nothing could be measured. A job that failed is no error: its row says so.
    """
    folder = results_root(None if results is None else Path(results))
    words = [*variants, *_words(options), "--results", str(folder), "--json", "--quiet"]
    keep_children_safe()
    done = subprocess.run(
        (sys.executable, "-m", "mbench", "run", *words),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == INTERRUPTED:
        raise KeyboardInterrupt
    if done.returncode not in SOME_WITHOUT_NUMBER or not done.stdout.strip():
        raise _error(done.returncode, done.stderr)
    name = str(json.loads(done.stdout)[0]["session"])
    return Session(name, session_folder(folder, name))


def _words(options: Mapping[str, Value]) -> Iterator[str]:
    for name, value in options.items():
        option = f"--{name.strip('_').replace('_', '-')}"
        if isinstance(value, bool):
            yield from [option] if value else []
        elif isinstance(value, (str, int, float, Path)):
            yield from (option, str(value))
        else:
            for each in value:
                yield from (option, str(each))


def _error(code: int, said: str) -> MbenchError:
    lines = [line.removeprefix("mbench: ") for line in said.splitlines() if line.strip()]
    message = lines[-1] if lines else f"mbench run ended with status {code}."
    kinds: Mapping[int, type[MbenchError]] = {UsageError.exit_code: UsageError, NoDevice.exit_code: NoDevice}
    return kinds.get(code, MbenchError)(message)


def _job(row: Row) -> dict[str, Any]:
    values = row.model_dump(mode="json")
    top1_low, top1_high = row.top1_ci or (None, None)
    low_us, high_us = row.latency_ci_us or (None, None)
    return {
        **{name: values[name] for name in _UNCHANGED},
        "top1_low": top1_low,
        "top1_high": top1_high,
        "latency_low_us": low_us,
        "latency_high_us": high_us,
        "warnings": "; ".join(dict.fromkeys(str(each.code) for each in row.warnings)),
        **{name: values[name] for name in _PROVENANCE},
    }


def _run(result: JobResult, side: str | None, run: Run) -> dict[str, Any]:
    measured, memory = run.measured, run.memory
    return {
        "variant": result.workload.name,
        "side": side,
        "delegate": str(result.workload.delegate),
        "threads": result.workload.threads,
        "device": result.device.serial,
        "purpose": str(run.purpose),
        "index": run.index,
        "block": run.block,
        "position": run.position,
        "status": str(run.status),
        "started_at": run.started_at,
        "wall_s": run.wall_s,
        "inferences": None if measured is None else measured.count,
        "median_us": None if measured is None else measured.median_us,
        "mean_us": None if measured is None else measured.avg_us,
        "min_us": None if measured is None else measured.min_us,
        "max_us": None if measured is None else measured.max_us,
        "p95_us": None if measured is None else measured.p95_us,
        "init_us": run.init_us,
        "first_us": run.first_us,
        "peak_memory_kib": None if memory is None else memory.peak_kib,
        "job": result.job,
        "artifact_sha256": result.workload.artifact.sha256,
        "binary_sha256": result.binary.sha256,
        "session": result.session,
    }
