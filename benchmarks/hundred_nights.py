"""Do a hundred nights in a row leave anything behind: memory, file descriptors, disk, where 1 % of cells meet a fault?

    python -m benchmarks hundred_nights        some quarter of an hour; MBENCH_NIGHTS=20 for fewer

Emulated phones with synthetic latencies, a private adb server, and one process that measures short nights, one after
the other. Before each, every cell meets a fault with a chance of 1 %, drawn by a seed; phones are well again before
the next. `memory_ratio` and `descriptors_ratio` compare the last fifth of the nights with the second fifth (the first
imports and caches), and should be 1.05 at most. `packed_bytes_cell` is what a packed cell and night takes, and should
be 2048 at most. `slowest_ratio` compares the last fifth's median night with that of the second.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any, Final

from mbench.emulator.adb_server import AdbServer
from mbench.emulator.farm import Phone, PhoneFarm
from mbench.emulator.phone.facts import SyntheticLaw, pixel4
from mbench.emulator.phone.faults import Fault, FaultKind

ROOT: Final = Path(__file__).parents[1]
NIGHTS: Final = "MBENCH_NIGHTS"
PHONES: Final = 3
CHANCE: Final = 0.01
SEED: Final = 13
VARIANTS: Final = ("mobilenet_v1_0.25_32_fp32", "mobilenet_v1_0.50_32_fp32", "mobilenet_v1_0.75_32_fp32")
_FIFTHS: Final = 5
_DEADLINE_S: Final = 600
_FARM: Final = f"""\
project = "benchmark"
retry_minutes = 0

[window]
hours = 1

[phones.pixels]
profile = "pixel4"
every = true

[[measure]]
variants = {json.dumps(VARIANTS)}

[settings]
runs = 3
max_runs = 3
num_runs = 5
min_secs = 0
warmup_secs = 0
max_secs = 1
memory_runs = 0

[keep]
raw_nights = 2
raw_nights_failed = 4
folder_nights = 10
"""
_FAULTS: Final = (
    (Fault(kind=FaultKind.DROP, run=3), None),
    (Fault(kind=FaultKind.KILL, run=2), None),
    (Fault(kind=FaultKind.GARBAGE, run=2), None),
    (Fault(kind=FaultKind.REBOOT, run=2, seconds=1.0), None),
    (Fault(kind=FaultKind.BATTERY, level=5), Fault(kind=FaultKind.BATTERY, level=90)),
    (Fault(kind=FaultKind.LOCK), Fault(kind=FaultKind.UNLOCK)),
    (Fault(kind=FaultKind.SAVER), Fault(kind=FaultKind.SAVER_OFF)),
)
"""What goes wrong, and what ends it."""


def run(*, nights: int | None = None) -> dict[str, Any]:
    """Return what so many nights left behind."""
    count, chance = nights or int(os.environ.get(NIGHTS, "100")), random.Random(SEED)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        farm, server = stack.enter_context(PhoneFarm()), stack.enter_context(AdbServer())
        phones = farm.start_many(PHONES, lambda serial: pixel4(serial, synthetic=SyntheticLaw(base_us=800)))
        for phone in phones:
            server.connect(phone.address)
        (folder / "farm.toml").write_text(_FARM, encoding="utf-8")
        environment = {**server.environment, "MBENCH_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            (sys.executable, "-m", "benchmarks.hundred_nights", str(folder / "farm.toml")),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / "said").open("w"),
            text=True,
        )
        stack.callback(process.wait, _DEADLINE_S)
        assert process.stdin is not None
        stack.callback(process.stdin.close)
        faults, seen = 0, list[dict[str, Any]]()
        for _ in range(count):
            ends = _arm(phones, chance)
            faults += len(ends)
            seen.append(_night(process, folder))
            for phone, end in ends:
                if end is not None:
                    phone.arm(end)
        packs = list((folder / "results" / "packed").glob("*"))
        packed_nights = max(1, count - len(list((folder / "results").glob("*-night-*"))))
        packed = sum(path.stat().st_size for path in packs)
    return {
        "nights": count,
        "cells": sum(night["planned"] for night in seen),
        "faults": faults,
        "missing": sum(night["missing"] for night in seen),
        "failed": sum(night["failed"] for night in seen),
        "night_s": round(median(night["seconds"] for night in seen), 2),
        "slowest_ratio": _ratio(seen, "seconds"),
        "memory_mb": round(seen[-1]["rss_bytes"] / 1e6, 1),
        "memory_ratio": _ratio(seen, "rss_bytes"),
        "descriptors": seen[-1]["descriptors"],
        "descriptors_ratio": _ratio(seen, "descriptors"),
        "packed_bytes_cell": round(packed / (packed_nights * PHONES * len(VARIANTS))) if packs else None,
    }


def _arm(phones: Sequence[Phone], chance: random.Random) -> list[tuple[Phone, Fault | None]]:
    """Let each cell meet a fault by chance; return the phones with what ends it."""
    ends = []
    for phone in phones:
        for _ in VARIANTS:
            if chance.random() < CHANCE:
                fault, end = chance.choice(_FAULTS)
                phone.arm(fault)
                ends.append((phone, end))
    return ends


def _night(process: "subprocess.Popen[str]", folder: Path) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the nights ended: {(folder / 'said').read_text(encoding='utf-8')[-2000:]}")
    seen: dict[str, Any] = json.loads(line)
    return seen


def _ratio(seen: Sequence[dict[str, Any]], key: str) -> float | None:
    """Return the median of the last fifth of the nights by that of the second; None of fewer nights than that needs."""
    fifth = len(seen) // _FIFTHS
    if fifth == 0:
        return None
    early, late = seen[fifth : 2 * fifth], seen[-fifth:]
    return round(float(median(one[key] for one in late) / median(one[key] for one in early)), 3)


def _nights(path: Path) -> None:
    """Measure a night for each line of standard input, and print what it took."""
    import psutil

    from mbench.core.ports import SilentProgress
    from mbench.workflows.nightly.attempts import NightRequest
    from mbench.workflows.nightly.farm_file import read_farm_file
    from mbench.workflows.nightly.night import run_night

    own = psutil.Process()
    for _ in sys.stdin:
        begun = time.perf_counter()
        request = NightRequest(file=read_farm_file(path), command=("mbench", "nightly"))
        ended = run_night(request, progress=SilentProgress(), started=lambda store, night: None)
        assert ended.end is not None
        said = {
            "seconds": time.perf_counter() - begun,
            "rss_bytes": own.memory_info().rss,
            "descriptors": own.num_fds(),
            "planned": ended.end.planned,
            "missing": ended.end.missing,
            "failed": ended.end.failed,
        }
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    _nights(Path(sys.argv[1]))
