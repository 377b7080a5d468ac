"""How quickly the command line answers, and what a cached run costs beyond its own runs.

python -m benchmarks.command_line
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
REPETITIONS = 15
_ONE_FLAG = """
import typer
app = typer.Typer(rich_markup_mode=None)
@app.command()
def command(flag: bool = False): pass
app()
"""


def run() -> dict[str, Any]:
    """Return ratios and seconds, all measured now, in a home and a results folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        return {"help": help_ratio(), "devices": devices_ratio(), **_runs(Path(folder))}


def help_ratio() -> dict[str, float]:
    """Measure `mbench --help` and a Python process that imports typer and rich, in turn."""
    environment = _environment(Path(tempfile.gettempdir()))
    ours, floor = [], []
    for _ in range(REPETITIONS):
        floor.append(_seconds([sys.executable, "-c", "import typer, rich"], environment))
        ours.append(_seconds([sys.executable, "-m", "mbench", "--help"], environment))
    return {
        "imports_typer_and_rich_s": round(statistics.median(floor), 4),
        "mbench_help_s": round(statistics.median(ours), 4),
        "ratio": round(statistics.median(ours) / statistics.median(floor), 2),
    }


def devices_ratio() -> dict[str, float]:
    """Measure `mbench devices` where nothing is attached to a server that runs, with emulated phones, and the floor.

    `typer_command` is a process whose command has one flag and does nothing: what typer costs beyond its import.
    """
    from mbench.emulator.adb_server import AdbServer
    from mbench.emulator.farm import PhoneFarm
    from mbench.emulator.phone.facts import pixel4

    own = _environment(Path(tempfile.gettempdir()))
    devices = [sys.executable, "-m", "mbench", "devices"]
    floor, command, nothing, phone, three = [], [], [], [], []
    with AdbServer() as empty, AdbServer() as server, AdbServer() as shared, PhoneFarm() as farm:
        server.connect(farm.start(pixel4("BENCH2")).address)
        for number in range(3):
            shared.connect(farm.start(pixel4(f"BENCH3{number}")).address)
        for _ in range(REPETITIONS):
            floor.append(_seconds([sys.executable, "-c", "import typer, rich"], own))
            command.append(_seconds([sys.executable, "-c", _ONE_FLAG], own))
            nothing.append(_seconds(devices, {**own, **empty.environment}, status=3))
            phone.append(_seconds(devices, {**own, **server.environment}))
            three.append(_seconds(devices, {**own, **shared.environment}))
    names = ("imports_typer_and_rich", "typer_command", "nothing_attached", "one_phone", "three_phones")
    median = [statistics.median(values) for values in (floor, command, nothing, phone, three)]
    return {
        **{f"{name}_s": round(value, 4) for name, value in zip(names, median, strict=True)},
        **{f"{name}_ratio": round(value / median[0], 2) for name, value in zip(names[1:], median[1:], strict=True)},
    }


def _runs(folder: Path) -> dict[str, Any]:
    environment = _environment(folder)
    sweep = [sys.executable, "-m", "mbench", "run", "--device", "host", "--sweep", "alpha", "--quiet"]
    fresh_s = _seconds(sweep, environment)
    quick_home = _environment(folder / "second")
    quick_s = _seconds([*sweep, "--quick"], quick_home)
    begun = time.time()
    cached_s = _seconds([*sweep, "--runs", "5", "--max-runs", "5", "--memory-runs", "0"], environment)
    session = (folder / "results" / "LATEST").read_text(encoding="utf-8").strip()
    documents = [
        json.loads(path.read_text(encoding="utf-8")) for path in (folder / "results" / session).rglob("run.json")
    ]
    own_s = sum(document["run"]["wall_s"] for document in documents)
    first = min(document["run"]["started_at"] for document in documents)
    return {
        "fresh_sweep_alpha_s": round(fresh_s, 1),
        "fresh_quick_sweep_alpha_s": round(quick_s, 1),
        "cached_4_variants_5_runs": {
            "wall_s": round(cached_s, 2),
            "processes": len(documents),
            "sum_of_own_runs_s": round(own_s, 2),
            "ratio": round(cached_s / own_s, 3),
            "before_first_run_s": round(_since(begun, first), 2),
        },
    }


def _since(begun: float, moment: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(moment).timestamp() - begun


def _environment(folder: Path) -> dict[str, str]:
    own = {"MBENCH_HOME": str(folder / "home"), "MBENCH_RESULTS": str(folder / "results"), "PYTHONPATH": str(ROOT)}
    return {**os.environ, **own}


def _seconds(command: list[str], environment: dict[str, str], *, status: int = 0) -> float:
    begun = time.perf_counter()
    ended = subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - begun
    assert ended.returncode == status, command
    return seconds


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
