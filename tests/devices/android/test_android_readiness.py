from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from mbench.core.results import Conditions
from mbench.devices.android.readiness import Decision, verdict, wait_for_clocks, wait_until_ready
from mbench.devices.limits import Limits

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
LIMITS = Limits(
    thermal_status_max=0, skin_temperature_c=37.0, temperature_c=60.0, battery_percent_min=25, busy_share=0.1
)


def state(**said):
    return Conditions(taken_at=NOON, **said)


GOOD = {
    "thermal_status": 0,
    "skin_temperature_c": 31.0,
    "temperature_c": 40.0,
    "battery_percent": 80,
    "busy_share": 0.02,
    "power": "mains",
}


@dataclass
class ScriptedClock:
    """Time that passes only by sleeping."""

    spent_s: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self):
        return NOON + timedelta(seconds=self.spent_s)

    def monotonic(self):
        return self.spent_s

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.spent_s += seconds


@dataclass
class WrittenProgress:
    """Progress that can be read afterwards."""

    lines: list[str] = field(default_factory=list)
    steps: int = 0
    finished: bool = False

    def start(self, title, total, *, unit="steps"):
        self.lines.append(f"{title} {total}")

    def step(self, label, count=0):
        self.lines.append(label)
        self.steps += count

    def grow(self, extra):
        pass

    def finish(self):
        self.finished = True

    def note(self, text):
        self.lines.append(text)


def test_a_cool_idle_charged_phone_is_accepted():
    assert verdict(state(**GOOD), LIMITS).decision is Decision.ACCEPT


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"thermal_status": 2}, "thermal status 2, above 0"),
        ({"skin_temperature_c": 41.25}, "skin at 41.2 °C, above 37 °C"),
        ({"temperature_c": 71.0}, "hottest zone at 71.0 °C, above 60 °C"),
        ({"busy_share": 0.4}, "40% of the cores busy with other work, above 10%"),
        ({"other_benchmarks": 1}, "1 other benchmark_model running"),
        ({"doze": True}, "the phone is in deep idle"),
        ({"battery_percent": 12}, "battery at 12 %, below 25 %"),
    ],
)
def test_what_passes_is_waited_for_with_its_reason(said, reason):
    found = verdict(state(**{**GOOD, **said}), LIMITS)
    assert (found.decision, found.reason) == (Decision.WAIT, reason)


@pytest.mark.parametrize(
    ("said", "reason"),
    [({"battery_percent": 12, "power": "battery"}, "no cable"), ({"thermal_status": 5}, "about to switch itself off")],
)
def test_what_does_not_pass_is_given_up(said, reason):
    found = verdict(state(**{**GOOD, **said}), LIMITS)
    assert found.decision is Decision.GIVE_UP
    assert reason in found.reason


def test_a_phone_that_says_nothing_is_accepted_and_what_is_unknown_is_named():
    found = verdict(state(), LIMITS)
    assert found.decision is Decision.ACCEPT
    assert found.unknown == (
        "thermal_status_max",
        "skin_temperature_c",
        "temperature_c",
        "battery_percent_min",
        "busy_share",
    )


def waited(*readings, limit_s=60.0):
    script = iter([state(**{**GOOD, **one}) for one in readings])
    clock, progress = ScriptedClock(), WrittenProgress()
    return wait_until_ready(lambda: next(script), LIMITS, clock, progress, limit_s), clock, progress


def test_a_ready_phone_is_not_waited_for():
    readiness, clock, progress = waited({})
    assert readiness.verdict.decision is Decision.ACCEPT
    assert (clock.slept, progress.lines) == ([], [])


def test_waiting_ends_when_the_phone_is_cool_and_counts_down():
    readiness, clock, progress = waited({"thermal_status": 1}, {"thermal_status": 1}, {})
    assert readiness.verdict.decision is Decision.ACCEPT
    assert readiness.waited_s == sum(clock.slept) == 10.0
    assert progress.lines == [
        "waiting for the phone (thermal status 1, above 0) 60",
        "thermal status 1, above 0; 60 s left",
        "thermal status 1, above 0; 55 s left",
    ]
    assert progress.finished


def test_waiting_ends_at_its_limit_with_what_stood_in_the_way():
    readiness, clock, _ = waited(*[{"thermal_status": 1}] * 9, limit_s=12.0)
    assert readiness.verdict.decision is Decision.GIVE_UP
    assert readiness.verdict.reason == "thermal status 1, above 0, still after 12 s"
    assert clock.slept == [5.0, 5.0, 2.0]


def test_waiting_ends_where_it_has_become_hopeless():
    readiness, _, _ = waited({"thermal_status": 1}, {"battery_percent": 5, "power": "battery"})
    assert readiness.verdict.decision is Decision.GIVE_UP


CAPPED = {"frequency_max_khz": (1420800,), "frequency_hardware_khz": (2841600,)}
FREE = {"frequency_max_khz": (2841600,), "frequency_hardware_khz": (2841600,)}


def clocks_waited(first, *readings, cpus=(0,), limit_s=60.0):
    script = iter([state(**one) for one in readings])
    clock, progress = ScriptedClock(), WrittenProgress()
    last = wait_for_clocks(lambda: next(script), state(**first), cpus, clock, progress, limit_s)
    return last, clock, progress


def test_capped_clocks_are_waited_for_until_they_are_free():
    last, clock, progress = clocks_waited(CAPPED, CAPPED, FREE)
    assert last == state(**FREE)
    assert clock.slept == [5, 5]
    assert progress.lines[0] == "waiting for the phone's clocks (core 0 at 1420800 of 2841600 kHz) 60"
    assert progress.lines[1:] == [
        "core 0 at 1420800 of 2841600 kHz; 60 s left",
        "core 0 at 1420800 of 2841600 kHz; 55 s left",
    ]
    assert (progress.steps, progress.finished) == (5, True)


def test_clocks_that_stay_capped_are_measured_after_a_while():
    last, clock, progress = clocks_waited(CAPPED, *[CAPPED] * 9, limit_s=12.0)
    assert last == state(**CAPPED)
    assert clock.slept == [5, 5, 2]
    assert progress.finished


@pytest.mark.parametrize(("first", "cpus"), [(FREE, (0,)), (CAPPED, (1,)), ({}, None)])
def test_free_clocks_those_of_other_cores_and_unknown_ones_are_not_waited_for(first, cpus):
    last, clock, progress = clocks_waited(first, cpus=cpus)
    assert (last, clock.slept, progress.lines) == (state(**first), [], [])
