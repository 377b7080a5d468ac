"""The recorded outputs of benchmark_model and what each of them says."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "data" / "benchmark_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    name: str
    stdout: str
    stderr: str
    exit_code: int
    expected: dict[str, Any]


def _read(name: str, entry: dict[str, Any]) -> Recording:
    merged = FOLDER / f"{name}.merged.txt"
    first = merged if merged.exists() else FOLDER / f"{name}.stdout.txt"
    second = None if merged.exists() else FOLDER / f"{name}.stderr.txt"
    return Recording(
        name=name,
        stdout=first.read_text(encoding="utf-8"),
        stderr=second.read_text(encoding="utf-8") if second else "",
        exit_code=entry["exit_code"],
        expected=entry["expected"],
    )


_INDEX = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
ARTIFACTS = _INDEX["_artifacts"]
RECORDINGS = {name: _read(name, entry) for name, entry in _INDEX.items() if not name.startswith("_")}
COMPLETE = {name: one for name, one in RECORDINGS.items() if one.expected["status"] == "ok"}
