"""Every bound of a stat line and of the two phases, from both sides."""

from dataclasses import FrozenInstanceError

import pytest
from text_lines import Complaints, line, numbered

from mbench.core.results import Phase
from mbench.runner.output.phases import Phases, parse_stat, read_phases

WARMUP = "Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds."
MEASURED = "Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds."
STAT = "count=16 first=77975 curr=56409 min=42099 max=84643 avg=63742 std=13845 p5=42100 median=64236 p95=84640"
SHORT = "count=1 curr=101605 p5=101605 median=101605 p95=101605"

PHASE = Phase(
    count=16,
    first_us=77_975,
    current_us=56_409,
    min_us=42_099,
    max_us=84_643,
    avg_us=63_742.0,
    std_us=13_845,
    p5_us=42_100,
    median_us=64_236,
    p95_us=84_640,
)
ONE = Phase(
    count=1,
    first_us=101_605,
    current_us=101_605,
    min_us=101_605,
    max_us=101_605,
    avg_us=101_605.0,
    std_us=0,
    p5_us=101_605,
    median_us=101_605,
    p95_us=101_605,
)


def phases(*texts: str) -> tuple[Phases, list[tuple[int, str]]]:
    complaints = Complaints()
    return read_phases(numbered(*texts), complaints), complaints


def stat(text: str) -> tuple[Phase | None, list[str]]:
    complaints = Complaints()
    return parse_stat(line(text), complaints), [reason for _, reason in complaints]


def test_phases_are_a_value() -> None:
    none = Phases()
    assert (none.targets, none.warmup, none.measured, none.last, none.open) == ((), None, None, None, False)
    with pytest.raises(FrozenInstanceError):
        none.open = True  # type: ignore[misc]
    with pytest.raises(TypeError):
        Phases((1,))  # type: ignore[misc]
    assert not hasattr(none, "__dict__")


def test_two_phases_are_the_warm_up_and_the_measured_one() -> None:
    found, complaints = phases(WARMUP, SHORT, "a line of the runtime", MEASURED, STAT, "Inference timings in us: …")
    assert complaints == []
    assert (found.targets, found.warmup, found.measured, found.open) == ((1, 50), ONE, PHASE, False)
    assert found.last == line(STAT, 5)


def test_a_text_without_phases_has_none() -> None:
    assert phases("STARTING!") == (Phases(targets=(), warmup=None, measured=None, last=None, open=False), [])


def test_one_phase_is_the_warm_up_alone() -> None:
    found, complaints = phases(WARMUP, STAT)
    assert (found.targets, found.warmup, found.measured, complaints) == ((1,), PHASE, None, [])


def test_a_phase_without_its_numbers_is_open_and_the_last_line_is_its_first() -> None:
    found, complaints = phases(WARMUP, SHORT, MEASURED)
    assert (found.warmup, found.measured, found.open, complaints) == (ONE, None, True, [])
    assert found.last == line(MEASURED, 3)


def test_a_phase_that_begins_within_another_leaves_that_one_without_numbers() -> None:
    found, complaints = phases(WARMUP, MEASURED, STAT)
    assert (found.targets, found.warmup, found.measured, found.open) == ((1, 50), None, PHASE, False)
    assert complaints == [(2, "a phase begins before the one before it has printed its numbers")]


def test_numbers_count_within_a_phase_only() -> None:
    found, complaints = phases(SHORT, WARMUP, STAT, SHORT, MEASURED, SHORT)
    assert (found.warmup, found.measured, found.last) == (PHASE, ONE, line(SHORT, 6))
    assert complaints == [(1, "numbers outside of any phase"), (4, "numbers outside of any phase")]


def test_numbers_after_the_phases_are_not_the_last_line_of_one() -> None:
    found, _ = phases(WARMUP, STAT, SHORT)
    assert (found.last, found.open) == (line(STAT, 2), False)


def test_a_third_phase_makes_the_measured_one_doubtful_and_is_complained_of_once() -> None:
    found, complaints = phases(*[WARMUP, STAT] * 4)
    assert (found.targets, found.warmup, found.measured) == ((1,) * 4, PHASE, None)
    assert complaints == [(5, "a third phase: the text holds more than one run")]


def test_a_third_phase_without_numbers_is_doubtful_too() -> None:
    found, complaints = phases(WARMUP, SHORT, MEASURED, STAT, WARMUP)
    assert (found.measured, found.open) == (None, True)
    assert complaints == [(5, "a third phase: the text holds more than one run")]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Running benchmark for 7 iterations", 7),
        ("Running benchmark for 7 iterations ", 7),
        ("Running benchmark for at least 123456789012345678 iterations and more", 123_456_789_012_345_678),
    ],
)
def test_the_target_is_the_number_of_iterations(text: str, target: int) -> None:
    assert phases(text)[0].targets == (target,)


@pytest.mark.parametrize(
    "text",
    [
        "Running benchmark for at most 7 iterations",
        "Running benchmark for 7 iterationsand",
        "Running benchmark for 1234567890123456789 iterations",
        "Running benchmark for -7 iterations",
    ],
)
def test_a_phase_that_does_not_say_its_target_is_complained_of(text: str) -> None:
    found, complaints = phases(text, STAT)
    assert (found.targets, found.warmup) == ((), PHASE)
    assert complaints == [(1, "it does not say how many iterations")]


def test_every_number_of_a_stat_line_has_its_field() -> None:
    assert stat(STAT) == (PHASE, [])


def test_nothing_that_was_run_has_a_count_and_no_numbers() -> None:
    assert stat("count=0 p5=0 median=0 p95=0") == (Phase(count=0), [])


def test_one_inference_is_all_numbers() -> None:
    assert stat(SHORT) == (ONE, [])


def test_equal_inferences_are_all_numbers_and_their_mean_is_exact() -> None:
    found, complaints = stat("count=50 curr=1234567(all same) p5=1234567 median=1234567 p95=1234567 avg=1.23457e+06")
    assert complaints == []
    assert found == Phase(
        count=50,
        first_us=1_234_567,
        current_us=1_234_567,
        min_us=1_234_567,
        max_us=1_234_567,
        avg_us=1_234_567.0,
        std_us=0,
        p5_us=1_234_567,
        median_us=1_234_567,
        p95_us=1_234_567,
    )


@pytest.mark.parametrize(
    "rest", ["std=1", "std=-0", "p5=6", "p5=8", "avg=6", "avg=8", "avg=7.00001", "first=8", "min=6", "max=8"]
)
def test_equal_inferences_bear_no_other_number(rest: str) -> None:
    assert stat(f"count=3 curr=7(all same) {rest}")[0] is None
    assert stat(f"count=1 curr=7 {rest}")[0] is None


@pytest.mark.parametrize("rest", ["std=0", "p5=7", "avg=7", "first=7", "min=7", "max=7"])
def test_equal_inferences_may_say_all_the_same(rest: str) -> None:
    found, complaints = stat(f"count=3 curr=7(all same) {rest}")
    assert (found and found.avg_us, complaints) == (7.0, [])


def test_a_number_that_differs_among_equal_inferences_is_the_reason() -> None:
    reason = "the inferences are said to be all the same, but the numbers differ"
    assert stat("count=3 curr=7(all same) max=8") == (None, [reason])


def test_two_inferences_without_a_mean_must_be_said_to_be_the_same() -> None:
    reason = "no avg, although the inferences are not said to be all the same"
    assert stat("count=2 curr=7 p5=7") == (None, [reason])
    assert stat("count=2 curr=7(all same) p5=7")[1] == []


def test_equal_inferences_need_one_number() -> None:
    assert stat("count=1 p5=7") == (None, ["neither avg nor curr"])
    assert stat("count=1 avg=7") == (None, ["neither avg nor curr"])


def test_before_2019_there_are_no_percentiles() -> None:
    found, complaints = stat("count=2 first=3 curr=5 min=3 max=5 avg=4 std=1")
    assert complaints == []
    assert found == Phase(count=2, first_us=3, current_us=5, min_us=3, max_us=5, avg_us=4.0, std_us=1)


def test_a_field_that_nobody_knows_is_left_out_whatever_it_holds() -> None:
    assert stat(STAT.replace(" first", " p99=fast first")) == (PHASE, [])


@pytest.mark.parametrize("token", ["p99", "=5", "9p=5", "avg=63742", "(all", "p-5=5"])
def test_what_is_not_one_field_is_named(token: str) -> None:
    assert stat(f"{STAT} {token}") == (None, [f"{token!r} is not one field of a stat line"])


@pytest.mark.parametrize(
    "token", ["avg=-1", "avg=-1e-300", "avg=nan", "min=-1", "min=1.0", "min=", "avg=", "min=1e3", "median=+1"]
)
def test_a_field_without_a_number_that_can_be_is_named(token: str) -> None:
    assert stat(f"count=2 curr=0 {token}") == (None, [f"{token!r} holds no number that can be"])


def test_zero_is_a_number_that_can_be() -> None:
    found, complaints = stat("count=2 curr=0 min=0 max=0 avg=0")
    assert (found, complaints) == (Phase(count=2, current_us=0, min_us=0, max_us=0, avg_us=0.0), [])


ORDER = [
    ("min", "p5"),
    ("p5", "median"),
    ("median", "p95"),
    ("p95", "max"),
    ("min", "median"),
    ("median", "max"),
    ("min", "first"),
    ("first", "max"),
    ("min", "curr"),
    ("curr", "max"),
    ("min", "max"),
]


@pytest.mark.parametrize(("low", "high"), ORDER)
def test_what_is_smaller_may_be_equal_and_not_greater(low: str, high: str) -> None:
    names = {"curr": "current"}
    found, complaints = stat(f"count=5 avg=10 {low}=10 {high}=10")
    assert (found is not None, complaints) == (True, [])
    found, complaints = stat(f"count=5 avg=10 {low}=11 {high}=10")
    assert (found, complaints) == (None, [f"{names.get(low, low)} is greater than {names.get(high, high)}"])


@pytest.mark.parametrize(
    "text",
    [
        "count=5 avg=10 first=12 median=11 curr=10",
        "count=5 avg=9 min=10",
        "count=5 avg=11 max=10",
        "count=5 avg=10 min=10 max=11",
        "count=5 avg=11 min=10 max=11",
        "count=5 avg=1.23457e+06 min=1234567 max=1234567",
        "count=5 avg=1.23456e+06 min=1234564 max=1234564",
    ],
)
def test_what_says_nothing_against_each_other_is_kept(text: str) -> None:
    found, complaints = stat(text)
    assert (found is not None, complaints) == (True, [])


@pytest.mark.parametrize(
    "text",
    [
        "count=5 avg=9.99999 min=10 max=11",
        "count=5 avg=11.0001 min=10 max=11",
        "count=5 avg=1.23456e+06 min=1234567 max=1234567",
        "count=5 avg=1.23457e+06 min=1234564 max=1234564",
    ],
)
def test_a_mean_lies_between_the_extremes_as_they_are_printed(text: str) -> None:
    assert stat(text) == (None, ["avg does not lie between min and max"])
