"""`python -m benchmarks [NAME …]`: run all benchmarks, or those named, and keep what they said in `last_output.json`.

python -m benchmarks                    all of them, about fourteen minutes on two idle cores
python -m benchmarks command_line       one of them; the others' last output stays
python -m benchmarks --anyway …         beside other work: show the figures and keep none
python -m benchmarks fuzz --seconds 600  no benchmark: every reader of foreign bytes on hostile inputs
python -m benchmarks request_path        no benchmark: the files that a run leads through, one after the other
python -m benchmarks code_lines          no benchmark: lines of code of `mbench/`, room by room
python -m benchmarks verdicts            no benchmark: what the gate reaches on recorded and synthetic histories
python -m benchmarks page_pictures …     no benchmark: pictures of pages, light, dark, narrow and printed
python -m benchmarks mutation …         no benchmark: mutation testing of what decides about numbers, some two hours

Figures are kept where nothing else ran: a load above 0.5 per core before the first benchmark, or of others during one,
ends it with status 1.
"""

import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import quiet

NAMES = (
    "command_line",
    "build_sweep",
    "hostbench",
    "adb_transport",
    "thread_engine",
    "phone_health",
    "phones",
    "farm",
    "farm_hosts",
    "history",
    "hundred_nights",
    "host_scores",
    "architectures",
    "pages",
)
LAST_OUTPUT = Path(__file__).with_name("last_output.json")


def main(names: list[str]) -> int:
    """Run benchmarks and print and keep their figures, or a command that is none."""
    if names[:1] in (["request_path"], ["code_lines"], ["verdicts"], ["page_pictures"]):
        return int(import_module(f"benchmarks.{names[0]}").main(names[1:]))
    if names[:1] in (["fuzz"], ["mutation"]):
        return int(import_module(f"benchmarks.{names[0]}.command").main(names[1:]))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a process that compiles mbench anew says how fast Python compiles
    anyway, names = "--anyway" in names, [name for name in names if name != "--anyway"]
    if unknown := sorted(set(names) - set(NAMES)):
        print(f"unknown benchmark {unknown[0]}; there are {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    before = quiet.load_before()
    if not anyway and (doubt := quiet.doubt(before, "before")):
        print(f"nothing is measured: {doubt}; end other work, or see figures by --anyway.", file=sys.stderr)
        return 1
    # later ones begin with the load that the first has left: what others do meanwhile is seen during them
    return max([_measure(name, before, anyway=anyway) for name in names or NAMES])


def _measure(name: str, before: float, *, anyway: bool) -> int:
    """Run one benchmark, print its figures, and keep them where others left the machine alone; return the status."""
    print(f"{name} …", file=sys.stderr)
    with quiet.OthersLoad() as others:
        figures = import_module(f"benchmarks.{name}").run()
    found = {name: {"measured": _moment(before, others.per_core), **figures}}
    print(json.dumps(found, indent=1))
    if anyway:
        return 0
    if doubt := quiet.doubt(others.per_core, "of others during it"):
        print(f"{name} is not kept: {doubt}; end other work and repeat it.", file=sys.stderr)
        return 1
    kept: dict[str, Any] = json.loads(LAST_OUTPUT.read_text(encoding="utf-8")) if LAST_OUTPUT.exists() else {}
    LAST_OUTPUT.write_text(f"{json.dumps(kept | found, indent=1)}\n", encoding="utf-8")
    return 0


def _moment(before: float, others: float) -> dict[str, Any]:
    return {
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "cores": os.cpu_count(),
        "load_before_per_core": round(before, 2),
        "load_of_others_per_core": round(others, 2),
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
