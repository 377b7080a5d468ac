"""`python -m benchmarks verdicts`: what the gate reaches on recorded and on synthetic histories, row by row.

    python -m benchmarks verdicts [--histories FOLDER] [--seed N]

Recorded histories are looked for in `histories`, beside the folder that MBENCH_TEST_DATA names; their rows are left
out where there are none. One set of constants, that of `mbench/gate/`, serves all rows; all is drawn from `--seed`.
The answer is kept in `benchmarks/verdict_result.json`; times are kept only where nothing else ran. Status 1: a target
is missed. It takes some minutes.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import quiet
from benchmarks.verdict_replays.farm_night import replay_named, replay_speed
from benchmarks.verdict_replays.labelled import replay_labelled
from benchmarks.verdict_replays.phones import Phones, replay_fallbacks, replay_unchanged
from benchmarks.verdict_replays.synthetic import replay_fleet, replay_nights

RESULT = Path(__file__).with_name("verdict_result.json")


@dataclass(frozen=True)
class Row:
    """A figure and its target."""

    what: str
    figure: float
    target: str
    met: bool

    def __str__(self) -> str:
        return f"{'met   ' if self.met else 'MISSED'}  {self.figure:>9g}  {self.target:<10}  {self.what}"


def at_most(what: str, figure: float, target: float) -> Row:
    """Return a row whose figure must not lie above its target."""
    return Row(what, figure, f"<= {target:g}", figure <= target)


def at_least(what: str, figure: float, target: float) -> Row:
    """Return a row whose figure must not lie below its target."""
    return Row(what, figure, f">= {target:g}", figure >= target)


def main(arguments: list[str]) -> int:
    """Replay everything, print each row, keep the answer; 0 where every target is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks verdicts", description=__doc__.partition("\n")[0])
    data = os.environ.get("MBENCH_TEST_DATA")
    beside = Path(data).parent / "histories" if data else None
    parser.add_argument("--histories", type=Path, default=beside, help="folder of recorded histories")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is drawn (default: 1)")
    options = parser.parse_args(arguments)
    rows, answer = _speed(options.seed)  # first, while the process is small
    for replay in _replays(options.histories, options.seed):
        more, figures = replay()
        for row in more:
            print(row, flush=True)
        rows += more
        answer |= figures
    _keep(rows, answer, options.seed)
    return int(not all(row.met for row in rows))


def _replays(histories: Path | None, seed: int) -> list[Callable[[], tuple[list[Row], dict[str, Any]]]]:
    synthetic = [lambda: _nights(seed), lambda: _fleet(seed), lambda: _named(seed)]
    if histories is None or not histories.is_dir():
        print("recorded histories are left out: name their folder by --histories.", file=sys.stderr)
        return synthetic
    phones = Phones(histories)
    return [lambda: _unchanged(phones, seed), lambda: _fallbacks(phones), lambda: _labelled(histories), *synthetic]


def _unchanged(phones: Phones, seed: int) -> tuple[list[Row], dict[str, Any]]:
    found = replay_unchanged(phones, seed)
    return [
        at_most(f"suspects of {found['unchanged_steps']} unchanged steps", found["suspects"], 4),
        at_least("planted +20 %: suspect the same night", found["planted_20_found"], 0.97),
        at_least("planted +10 %: suspect the same night", found["planted_10_found"], 0.96),
        at_least(f"reported at {found['later_points']} later points until gone", found["still_reported"], 1),
        at_most(f"confirmed of {found['null_suspects']} suspects without a change", found["null_confirmed"], 0.001),
        at_least("planted +20 %: confirmed", found["planted_20_confirmed"], 0.95),
        at_least("planted +10 %: confirmed", found["planted_10_confirmed"], 0.85),
    ], {"unchanged": found}


def _fallbacks(phones: Phones) -> tuple[list[Row], dict[str, Any]]:
    found = replay_fallbacks(phones)
    return [
        at_least(f"fallbacks of {found['known']} named", found["named"], found["known"]),
        at_most(f"others of {found['steps']} steps so named", found["others"], 0),
    ], {"fallbacks": found}


def _labelled(histories: Path) -> tuple[list[Row], dict[str, Any]]:
    found = replay_labelled(histories)
    return [
        at_least(f"labelled changes of {found['labelled']} found", found["found"], found["labelled"]),
        at_most("other changes found beside them", found["others"], 5),
    ], {"labelled": found}


def _nights(seed: int) -> tuple[list[Row], dict[str, Any]]:
    found = replay_nights(seed)
    rows = []
    for law, least in (("white", 0.85), ("ar", 0.6), ("spiky", 0.85)):
        rows.append(at_most(f"{law} noise: series with a confirmed false alarm", found[law]["false_alarm"], 0.02))
        rows.append(at_least(f"{law} noise: lasting 3 % step found in 14 nights", found[law]["found"], least))
    return rows, {"nights": found}


def _fleet(seed: int) -> tuple[list[Row], dict[str, Any]]:
    found = replay_fleet(seed)
    return [at_least("3 % step on 20 phones found the first night", found["found"], 0.85)], {"fleet": found}


def _named(seed: int) -> tuple[list[Row], dict[str, Any]]:
    found = replay_named(seed)
    wrong = len(found["first_night_wrong"]) + len(found["second_night_wrong"])
    return [at_most("wrongly named or not named in two nights of 1,000 cells", wrong, 0)], {"named": found}


def _speed(seed: int) -> tuple[list[Row], dict[str, Any]]:
    before = quiet.load_before()
    with quiet.OthersLoad() as others:
        found = replay_speed(seed)
    rows = [
        at_most("seconds for 20,000 series of 365 nights", found["seconds"], 20),
        at_most("MB of memory for them", found["peak_mb"], 500),
    ]
    for row in rows:
        print(row, flush=True)
    doubt = quiet.doubt(before, "before") or quiet.doubt(others.per_core, "of others during it")
    if doubt:
        print(f"times are not kept: {doubt}; end other work and repeat it.", file=sys.stderr)
        found = {name: figure for name, figure in found.items() if "seconds" not in name}
        rows = rows[1:]
    return rows, {"speed": found}


def _keep(rows: list[Row], answer: dict[str, Any], seed: int) -> None:
    """Keep what was found; rows that could not be measured this time stay as they were."""
    kept: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    targets = kept.get("targets", {}) | {
        row.what: {"figure": row.figure, "target": row.target, "met": row.met} for row in rows
    }
    figures = kept.get("figures", {})
    for name, found in answer.items():
        figures[name] = figures.get(name, {}) | found
    document = {"at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "seed": seed, "targets": targets, "figures": figures}
    RESULT.write_text(f"{json.dumps(document, indent=1)}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
