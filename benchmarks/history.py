"""History: a year of a big farm's nights in the archive: loading its series, and questions over ten million points.

The archive is made by SQL, of synthetic latencies, as mbench writes it: 20 000 cells of 365 nights, and of 10 million
points for the questions. Documents of 10 000 jobs are written as `mbench run` writes them, for `mbench report --all`,
which reads all of them the first time, and then what it kept of them (5 s at most).
"""

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.stored_jobs import write_sessions
from mbench.core.nights.nights import Ending
from mbench.history.archive import FOLDER, Archive, open_archive
from mbench.history.door import asking
from mbench.history.keys import key_of
from mbench.history.manifest import ArchivedNight, Kept, Manifest, write_manifest
from mbench.history.past import Past
from mbench.history.segments import COLUMNS, ORDER, ROWS_TOGETHER, table
from mbench.store.derived import FOLDER as DERIVED

NIGHTS: Final = 365
SERIES: Final = 20_000
POINTS: Final = 10_000_000
JOBS: Final = 10_000
SESSIONS: Final = 10
PHONES: Final = 40
"""That a workload is measured on; of two models."""

FIRST: Final = date(2025, 12, 1)
PROJECT: Final = "year"

_VALUES: Final = {
    "cell": "(hash(i // {phones}) >> 33)::BIGINT << 31 | (hash(i, 7) >> 33)::BIGINT",
    "session": "strftime(day, '%Y%m%d') || '-020000-night-farm-0000'",
    "project": "'{project}'",
    "branch": "'main'",
    "farm": "'farm'",
    "day": "day",
    "begun_at": "day + INTERVAL 2 HOUR",
    "host": "'host-' || i % 7",
    "job": "'job-' || i",
    "workload": "'network_' || i // {phones} // 4",
    "variant": "'network_' || i // {phones} // 4",
    "delegate": "CASE i // {phones} % 4 WHEN 0 THEN 'cpu' WHEN 1 THEN 'xnnpack' WHEN 2 THEN 'gpu' ELSE 'nnapi' END",
    "threads": "1",
    "serial": "'phone-' || i % {phones}",
    "profile": "'pixel' || i % 2",
    "device_model": "'Pixel ' || i % 2",
    "emulated": "false",
    "state": "CASE WHEN hash(i, day) % 500 = 0 THEN 2 ELSE 0 END",
    "status": "CASE WHEN hash(i, day) % 500 = 0 THEN 'skipped' ELSE 'ok' END",
    "latency_us": "round(5000 * (1 + i % 97) * (1 + 0.02 * (hash(day, i) % 1000 / 1000.0)), 1)",
    "half_width_us": "round(50.0 * (1 + i % 97), 1)",
    "runs": "5",
    "runs_us": "[5000.0 * (1 + i % 97) + 0, 5000.0 * (1 + i % 97) + hash(day, i, 2) % 97]",
    "init_us": "20000.0 + hash(i, day) % 999",
    "memory_kib": "24000.0 + i % 1000",
    "size_bytes": "1000000 + i",
    "thing": "hash(i, month(day)) >> 2",
    "epoch": "hash(i % {phones}, month(day) // 3) >> 2",
    "dataset": "-1",
    "delegated": "31",
    "nodes": "33",
    "partitions": "2",
    "build": "'build ' || month(day) // 3",
    "label": "'commit ' || day",
}


def run() -> dict[str, Any]:
    """Measure all, and return the figures."""
    folder = Path(tempfile.mkdtemp(prefix="mbench-history-"))
    try:
        return _series(folder / "year") | _questions(folder / "points") | _report(folder / "results")
    finally:
        shutil.rmtree(folder)


def _series(root: Path) -> dict[str, Any]:
    """Load a year of series in a process of its own, whose memory is its own."""
    begun = time.perf_counter()
    make_archive(root, SERIES)
    made_s = time.perf_counter() - begun
    code = f"from benchmarks.history import load; from pathlib import Path; load(Path({str(root)!r}))"
    done = subprocess.run((sys.executable, "-c", code), check=True, capture_output=True, text=True)
    loaded_s, series, points, peak_mib = done.stdout.split()
    size_mib = sum(path.stat().st_size for path in (root / FOLDER).iterdir()) / 2**20
    return {
        "year_of_series": {
            "series": int(series),
            "points": int(points),
            "made_s": round(made_s, 1),
            "on_disk_mib": round(size_mib),
            "loaded_in_batches_s": float(loaded_s),
            "peak_mib": float(peak_mib),
        }
    }


def load(root: Path) -> None:
    """Load all series of an archive in batches, and print seconds, series, points and MiB."""
    begun = time.perf_counter()
    series = points = 0
    for batch in Past(open_archive(root / FOLDER), PROJECT).batches():
        series += len(batch)
        points += sum(map(len, batch))
    seconds = time.perf_counter() - begun
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{seconds:.2f} {series} {points} {peak_mib:.0f}")


def make_archive(root: Path, series: int) -> Archive:
    """Write the archive of a year of nights."""
    folder = root / FOLDER
    folder.mkdir(parents=True)
    days = [FIRST + timedelta(days=number) for number in range(NIGHTS)]
    segments, sources = dict[str, int](), dict[str, Kept]()
    for month in sorted({f"{day:%Y-%m}" for day in days}):
        held = [day for day in days if f"{day:%Y-%m}" == month]
        name = f"{month}-000000000000.parquet"
        _write_month(folder / name, held, series)
        segments[name] = (folder / name).stat().st_size
        sources |= {f"session {day}": _night(day, name, series) for day in held}
    manifest = Manifest(sources=sources, segments=segments)
    write_manifest(folder, manifest)
    return Archive(folder=folder, manifest=manifest)


def _night(day: date, segment: str, points: int) -> Kept:
    session = f"{day:%Y%m%d}-020000-night-farm-0000"
    begun_at = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
    night = ArchivedNight(
        session=session, project=PROJECT, branch="main", farm="farm", day=day, begun_at=begun_at, end=Ending.COMPLETE
    )
    return Kept(mark=str(key_of(session)), segment=segment, points=points, nights=(night,))


def _write_month(path: Path, days: list[date], series: int) -> None:
    values = ", ".join(
        f"({_VALUES.get(name, 'NULL').format(phones=PHONES, project=PROJECT)})::{kind} AS {name}"
        for name, kind in COLUMNS.items()
    )
    with asking(str(path.parent)) as connection:
        connection.execute(
            f"COPY (SELECT {values} FROM range({series}) AS numbers(i), "
            f"(SELECT unnest(?::DATE[]) AS day) ORDER BY {ORDER}) TO '{path}' "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_TOGETHER})",
            [days],
        )


QUESTIONS: Final = {
    "median_by_phone_workload_and_month": "SELECT serial, workload, month(day), median(latency_us) FROM {table} "
    "WHERE state = 0 GROUP BY ALL",
    "median_by_model_and_night": "SELECT device_model, day, median(latency_us) FROM {table} "
    "WHERE state = 0 GROUP BY ALL",
    "one_cell_of_a_year": "SELECT day, latency_us FROM {table} WHERE cell = {cell} ORDER BY day",
    "last_night_against_14_before_worst_20": "WITH last AS (SELECT cell, latency_us FROM {table} "
    "WHERE day = '{last}'), "
    "past AS (SELECT cell, median(latency_us) AS level FROM {table} WHERE day < '{last}' AND day >= '{before}' "
    "GROUP BY cell) SELECT cell, latency_us / level FROM last JOIN past USING (cell) ORDER BY 2 DESC LIMIT 20",
    "cells_without_a_number_by_night": "SELECT day, count(*) FROM {table} WHERE state <> 0 GROUP BY day",
}


def _questions(root: Path) -> dict[str, Any]:
    """Ask an archive of ten million points; the second of two answers counts."""
    archive = make_archive(root, POINTS // NIGHTS)
    last = FIRST + timedelta(days=NIGHTS - 1)
    found = {}
    with asking() as connection:
        points, cell = connection.execute(f"SELECT count(*), min(cell) FROM {table(archive.segments)}").fetchall()[0]
        for name, question in QUESTIONS.items():
            text = question.format(
                table=table(archive.segments), cell=cell, last=last, before=last - timedelta(days=14)
            )
            connection.execute(text).fetchall()
            begun = time.perf_counter()
            connection.execute(text).fetchall()
            found[name] = round(time.perf_counter() - begun, 3)
    return {"questions_s": {"points": points, **found}}


def _report(root: Path) -> dict[str, Any]:
    """Print reports over the documents of 10 000 jobs, and bring an archive up to date with them."""
    write_sessions(root, SESSIONS, JOBS // SESSIONS)
    found: dict[str, Any] = {"jobs": JOBS}
    for shape in ("json", "md", "csv"):
        shutil.rmtree(root / DERIVED, ignore_errors=True)
        for time_of in ("first", "again"):
            spent = _command("report", "--all", "--format", shape, "--results", str(root))
            found[f"report_{shape}_{time_of}_s"], found[f"report_{shape}_{time_of}_cpu_s"] = spent
    for time_of in ("made", "current"):
        spent = _command("history", "--project", "runs", "--results", str(root))
        found[f"archive_{time_of}_s"], found[f"archive_{time_of}_cpu_s"] = spent
    return {"documents": found}


def _command(*words: str) -> tuple[float, float]:
    """Return the seconds that a command takes, and those of processors, which others on the machine change less."""
    begun, spent = time.perf_counter(), _spent_s()
    subprocess.run((sys.executable, "-m", "mbench", *words), check=True, stdout=subprocess.DEVNULL)
    return round(time.perf_counter() - begun, 2), round(_spent_s() - spent, 2)


def _spent_s() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
