"""Synthetic series of 2 % noise, judged every night, whose suspects are measured again under the same law."""

from collections.abc import Callable

import numpy as np

from benchmarks.verdict_replays.rerunning import rerun
from benchmarks.verdict_replays.series import cell, series, tonight
from mbench.core.nights.verdicts import Decision, FindingClass, Standing
from mbench.gate.fleet import Tail, fleet_shift
from mbench.gate.latency import judge_latency

LEVEL_US = 10_000.0
NOISE = 0.02
COUNT = 200
NIGHTS = 90
STEP_AT = 60
STEP = 1.03
WITHIN = 14
DEVICES = 20
FLEETS = 300

Law = Callable[[np.random.Generator, int], np.ndarray]


def white(random: np.random.Generator, count: int) -> np.ndarray:
    """Return independent normal noise."""
    return random.normal(0, NOISE, count)


def autocorrelated(random: np.random.Generator, count: int) -> np.ndarray:
    """Return AR(1) noise of 0.5 with the same deviation."""
    errors = random.normal(0, NOISE * np.sqrt(1 - 0.25), count)
    errors[0] = random.normal(0, NOISE)
    for place in range(1, count):
        errors[place] += 0.5 * errors[place - 1]
    return errors


def spiky(random: np.random.Generator, count: int) -> np.ndarray:
    """Return normal noise with hot nights: one in twenty is 10 to 40 % slower."""
    return white(random, count) + (random.random(count) < 0.05) * random.uniform(0.1, 0.4, count)


LAWS: dict[str, Law] = {"white": white, "ar": autocorrelated, "spiky": spiky}


def replay_nights(seed: int, count: int = COUNT) -> dict[str, dict[str, float]]:
    """Return for each law the share of series with a false alarm, of steps found in time, and re-runs a night."""
    answers = {}
    for name, law in LAWS.items():
        random = np.random.default_rng(seed)
        false, asked = 0, 0
        for _ in range(count):
            first, reruns = _first_confirmed(law, random, stepped=False)
            false, asked = false + (first is not None), asked + reruns
        delays = [_first_confirmed(law, random, stepped=True)[0] for _ in range(count)]
        in_time = [delay is not None and STEP_AT <= delay < STEP_AT + WITHIN for delay in delays]
        after = sorted(delay - STEP_AT for delay in delays if delay is not None and delay >= STEP_AT)
        answers[name] = {
            "false_alarm": round(false / count, 4),
            "found": round(sum(in_time) / count, 4),
            "median_delay": float(after[len(after) // 2]) if after else float("nan"),
            "reruns_a_series": round(asked / count, 2),
        }
    return answers


def _first_confirmed(law: Law, random: np.random.Generator, *, stepped: bool) -> tuple[int | None, int]:
    """Return the first night with a confirmed regression, and how many suspects were measured again up to then."""
    factor = np.where(np.arange(NIGHTS) >= STEP_AT, STEP if stepped else 1.0, 1.0)
    values = LEVEL_US * factor * (1 + law(random, NIGHTS))
    made: list[Decision] = []
    for night in range(1, NIGHTS):
        found = judge_latency(tonight(series(values[: night + 1])), made).findings
        for one in found:
            if one.kind is not FindingClass.LATENCY or one.standing is not Standing.SUSPECT or one.before is None:
                continue
            said = rerun(
                lambda runs: law(random, runs),
                old_us=LEVEL_US,
                new_us=LEVEL_US * factor[night],
                before=one.before,
                now=one.now or one.before,
            )
            if said.standing is Standing.CONFIRMED:
                return night, len(made) + 1
            since = night - one.nights + 1
            made.append(Decision(cell=cell(), since=since, night=night, standing=said.standing, rerun=said.rerun))
    return None, len(made)


def replay_fleet(seed: int, fleets: int = FLEETS) -> dict[str, float]:
    """Return how often a step of 3 % on twenty phones is found on its first night, and how often without a step."""
    random = np.random.default_rng(seed)
    found = {"found": 0, "false": 0}
    for _ in range(fleets):
        for name, step in (("found", STEP), ("false", 1.0)):
            tails = []
            for device in range(DEVICES):
                values = LEVEL_US * (1 + white(random, 22))
                values[-1] *= step
                tails.append(Tail(cell=cell(serial=f"{device}"), model="Phone", night=np.arange(22), values=values))
            found[name] += fleet_shift(tails) is not None
    return {name: round(count / fleets, 4) for name, count in found.items()}
