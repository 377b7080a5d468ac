"""`python -m benchmarks [NAME …]`: run all benchmarks, or those named, and keep what they said in `last_output.json`.

python -m benchmarks                    all of them, about eleven minutes on two idle cores
python -m benchmarks command_line       one of them; the others' last output stays
python -m benchmarks fuzz --seconds 600  no benchmark: every reader of foreign bytes on hostile inputs
python -m benchmarks request_path        no benchmark: the files that a run leads through, one after the other
python -m benchmarks code_lines          no benchmark: lines of code of `mbench/`, room by room
python -m benchmarks mutation …         no benchmark: mutation testing of what decides about numbers, some two hours
"""

import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

NAMES = (
    "command_line",
    "build_sweep",
    "hostbench",
    "adb_transport",
    "thread_engine",
    "phones",
    "host_scores",
    "architectures",
)
LAST_OUTPUT = Path(__file__).with_name("last_output.json")


def main(names: list[str]) -> int:
    """Run benchmarks and print and keep their figures, or a command that is none."""
    if names[:1] in (["request_path"], ["code_lines"]):
        return int(import_module(f"benchmarks.{names[0]}").main(names[1:]))
    if names[:1] in (["fuzz"], ["mutation"]):
        return int(import_module(f"benchmarks.{names[0]}.command").main(names[1:]))
    if unknown := sorted(set(names) - set(NAMES)):
        print(f"unknown benchmark {unknown[0]}; there are {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    kept: dict[str, Any] = json.loads(LAST_OUTPUT.read_text(encoding="utf-8")) if LAST_OUTPUT.exists() else {}
    for name in names or NAMES:
        print(f"{name} …", file=sys.stderr)
        kept[name] = {"measured": _moment(), **import_module(f"benchmarks.{name}").run()}
        LAST_OUTPUT.write_text(f"{json.dumps(kept, indent=1)}\n", encoding="utf-8")
        print(json.dumps({name: kept[name]}, indent=1))
    return 0


def _moment() -> dict[str, Any]:
    return {
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "cores": os.cpu_count(),
        "load_1m": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
