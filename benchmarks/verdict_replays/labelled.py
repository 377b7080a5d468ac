"""Labelled change points of browsers and a database: which are found, and what else is."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from mbench.gate.steps import find_steps

EXPECTED = {"runs1": (1365019665,), "runs3": (1335293827, 1338839958), "runs5": ()}
"""Times of the pushes whose results are the first of a new level."""

APART = 3
"""Points by which a found change may miss the labelled one."""


def replay_labelled(folder: Path) -> dict[str, Any]:
    """Return labelled changes that are found, of how many, and others that are."""
    found = labelled = others = 0
    places: dict[str, list[int]] = {}
    for name, values, expected in _histories(folder):
        left = [step.at for step in find_steps(values)]
        places[name] = list(left)
        for place in expected:
            near = min(left, key=lambda one: abs(one - place), default=None)
            if near is not None and abs(near - place) <= APART:
                found += 1
                left.remove(near)
        labelled, others = labelled + len(expected), others + len(left)
    return {"labelled": labelled, "found": found, "others": others, "places": places}


def _histories(folder: Path) -> list[tuple[str, np.ndarray, list[int]]]:
    histories = []
    for name, times in EXPECTED.items():
        runs = sorted(
            json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["test_runs"], key=lambda r: r[2]
        )
        pushed = [run[2] for run in runs]
        histories.append((name, np.array([float(run[3]) for run in runs]), [pushed.index(time) for time in times]))
    nightly = json.loads((folder / "tigerbeetle.json").read_text(encoding="utf-8"))
    histories.append(("tigerbeetle", np.array(nightly["values"], dtype=float), nightly["expected_change_points"]))
    return histories
