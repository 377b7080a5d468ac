"""Every bound, unit and comparison of the block of LiteRT's results, in hundredths of a millisecond."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from text_lines import Complaints, line, numbered

from mbench.core.results import Phase
from mbench.runner.output.phases import Phases
from mbench.runner.output.timings import read_timings

TITLE = "========== BENCHMARK RESULTS =========="
BLOCK = (
    TITLE,
    "Model initialization: 101.50 ms",
    "Warmup (first):       17.44 ms",
    "Warmup (avg):         16.90 ms (30 runs)",
    "Inference (avg):      16.09 ms (62 runs)",
    "Inference (min):      15.90 ms",
    "Inference (max):      16.58 ms",
)
BLOCK_PHASES = Phases(
    targets=(1, 50),
    warmup=Phase(count=30, first_us=17_440, avg_us=16_900.0),
    measured=Phase(count=62, avg_us=16_090.0, min_us=15_900, max_us=16_580),
)


def swapped(old: str, new: str) -> tuple[str, ...]:
    assert sum(old in text for text in BLOCK) == 1
    return tuple(text.replace(old, new) for text in BLOCK)


def block(*texts: str, phases: Phases = BLOCK_PHASES) -> tuple[tuple[int, int | None] | None, list[str]]:
    """Return (init, first inference) in µs, and the complaints; texts begin in the second line."""
    complaints = Complaints()
    found = read_timings(numbered("a line", *texts)[1:], phases, complaints)
    return found and (found.init_us, found.first_us), [reason for _, reason in complaints]


def test_a_line_of_timings_goes_before_the_block() -> None:
    early = "Average inference timings in us: Warmup: 16900, Init: 7, no stats: 16090"
    assert block(*BLOCK, early) == ((7, None), [])


def test_the_block_becomes_microseconds() -> None:
    assert block(*BLOCK) == ((101_500, 17_440), [])


def test_the_last_line_of_the_block_is_kept() -> None:
    found = read_timings(numbered(*BLOCK, "Throughput: 9.36 MB/s"), BLOCK_PHASES, Complaints())
    assert found is not None
    assert found.line == line(BLOCK[-1], 7)


@pytest.mark.parametrize("missing", [1, 4])
def test_a_block_without_init_or_average_is_none(missing: int) -> None:
    assert block(*BLOCK[:missing], *BLOCK[missing + 1 :]) == (None, [])


def test_a_block_of_init_and_average_is_enough() -> None:
    assert block(BLOCK[0], BLOCK[1], BLOCK[4]) == ((101_500, None), [])


@pytest.mark.parametrize(
    "texts", [BLOCK[1:], (*BLOCK[1:], TITLE), (f"{TITLE} of today", *BLOCK[1:]), ("!", *BLOCK[1:])]
)
def test_a_block_begins_with_its_title(texts: tuple[str, ...]) -> None:
    assert block(*texts) == (None, [])


@pytest.mark.parametrize("other", ["Model initialization", "Throughput: 9.36 MB/s", "Model Initialization: 1.00 ms"])
def test_other_lines_of_the_block_are_not_read(other: str) -> None:
    assert block(*BLOCK, other) == ((101_500, 17_440), [])


@pytest.mark.parametrize(
    "value", [" 101.50 us", " fast ms", " -0.01 ms", " 1e999 ms", "", " 101.50 ms 3", " 101.50 ms (many runs)"]
)
def test_a_value_of_the_block_that_is_none_ends_it(value: str) -> None:
    texts = (TITLE, f"Model initialization:{value}", *BLOCK[2:])
    assert block(*texts) == (None, ["this is not one value in ms of LiteRT's results"])


def test_a_value_of_the_block_stands_once() -> None:
    assert block(*BLOCK, BLOCK[5]) == (None, ["this is not one value in ms of LiteRT's results"])


def test_a_value_of_the_block_may_be_zero() -> None:
    assert block(*swapped("101.50 ms", "0.00 ms")) == ((0, 17_440), [])


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("(30 runs)", "(29 runs)", "Warmup (avg)"),
        ("(30 runs)", "(31 runs)", "Warmup (avg)"),
        ("(62 runs)", "(61 runs)", "Inference (avg)"),
        ("(62 runs)", "(63 runs)", "Inference (avg)"),
    ],
)
def test_other_runs_than_inferences_are_complained_of(old: str, new: str, name: str) -> None:
    assert block(*swapped(old, new)) == (
        (101_500, 17_440),
        [f"{name} has other runs than its phase has inferences"],
    )


@pytest.mark.parametrize("runs", [" (30 runs)", " (62 runs)"])
def test_a_block_need_not_say_its_runs(runs: str) -> None:
    assert block(*swapped(runs, "")) == ((101_500, 17_440), [])


def test_any_number_of_runs_is_compared() -> None:
    phases = replace(BLOCK_PHASES, warmup=Phase(count=30_000, first_us=17_440, avg_us=16_900.0))
    assert block(*swapped("(30 runs)", "(30000 runs)"), phases=phases)[1] == []


def test_runs_are_compared_where_there_is_a_phase() -> None:
    assert block(*BLOCK, phases=replace(BLOCK_PHASES, warmup=None)) == ((101_500, None), [])
    assert block(*BLOCK, phases=replace(BLOCK_PHASES, measured=None)) == ((101_500, 17_440), [])


VALUES: list[tuple[str, str, float, Callable[[float], Phases]]] = [
    (
        "Warmup (first)",
        "17.44",
        17_440,
        lambda us: replace(BLOCK_PHASES, warmup=Phase(count=30, first_us=round(us), avg_us=16_900.0)),
    ),
    (
        "Warmup (avg)",
        "16.90",
        16_900,
        lambda us: replace(BLOCK_PHASES, warmup=Phase(count=30, first_us=17_440, avg_us=us)),
    ),
    (
        "Inference (avg)",
        "16.09",
        16_090,
        lambda us: replace(BLOCK_PHASES, measured=Phase(count=62, avg_us=us, min_us=15_900, max_us=16_580)),
    ),
    (
        "Inference (min)",
        "15.90",
        15_900,
        lambda us: replace(BLOCK_PHASES, measured=Phase(count=62, avg_us=16_090.0, min_us=round(us), max_us=16_580)),
    ),
    (
        "Inference (max)",
        "16.58",
        16_580,
        lambda us: replace(BLOCK_PHASES, measured=Phase(count=62, avg_us=16_090.0, min_us=15_900, max_us=round(us))),
    ),
]


@pytest.mark.parametrize(("name", "_", "value_us", "phases"), VALUES, ids=[name for name, *_ in VALUES])
def test_a_value_of_the_block_may_be_one_step_from_its_phase_and_not_more(
    name: str, _: str, value_us: float, phases: Callable[[float], Phases]
) -> None:
    for near in (-10, -1, 1, 10):
        assert block(*BLOCK, phases=phases(value_us + near))[1] == []
    for far in (-11, 11, -1000, 1000):
        assert block(*BLOCK, phases=phases(value_us + far))[1] == [f"{name} differs from the numbers of its phase"]


def test_a_value_that_its_phase_does_not_have_is_compared_with_none() -> None:
    bare = Phases(warmup=Phase(count=30), measured=Phase(count=62))
    assert block(*BLOCK, phases=bare) == ((101_500, 17_440), [])


def test_the_first_inference_is_the_exact_one_of_the_phase_where_there_is_one() -> None:
    assert block(*BLOCK, phases=replace(BLOCK_PHASES, warmup=Phase(count=30, first_us=17_441))) == (
        (101_500, 17_441),
        [],
    )
    assert block(*BLOCK, phases=replace(BLOCK_PHASES, warmup=Phase(count=30))) == ((101_500, 17_440), [])


@pytest.mark.parametrize(
    ("count", "first_us"), [(1, 17_440), (0, None)], ids=["a warm-up of one inference", "no warm-up"]
)
def test_without_a_warm_up_the_block_says_no_first_inference(count: int, first_us: int | None) -> None:
    texts = swapped(" (30 runs)", "")
    assert block(*texts, phases=replace(BLOCK_PHASES, warmup=Phase(count=count, first_us=17_440)))[0] == (
        101_500,
        first_us,
    )


def test_a_session_of_six_digits_names_the_microsecond() -> None:
    assert block("Initialized session in 101.507ms.", *BLOCK) == ((101_507, 17_440), [])


@pytest.mark.parametrize(("session_ms", "init_us"), [("101.49", 101_490), ("101.51", 101_510)])
def test_a_session_may_be_one_step_from_the_block(session_ms: str, init_us: int) -> None:
    assert block(f"Initialized session in {session_ms}ms.", *BLOCK) == ((init_us, 17_440), [])


@pytest.mark.parametrize(("session_ms", "init_us"), [("101.489", 101_489), ("101.511", 101_511), ("0.1015", 102)])
def test_a_session_further_from_the_block_is_complained_of(session_ms: str, init_us: int) -> None:
    reason = "Model initialization differs from 'Initialized session'"
    assert block(f"Initialized session in {session_ms}ms.", *BLOCK) == ((init_us, 17_440), [reason])


@pytest.mark.parametrize(
    ("session_ms", "init_us"),
    [
        ("999.997", 999_997),
        ("999.9995", 1_000_000),
        ("1000", 1_000_000),
        ("1000.004", 1_000_000),
        ("1000.01", 1_000_000),
        ("1234.57", 1_000_000),
    ],
)
def test_a_session_of_a_second_or_more_names_no_microsecond(session_ms: str, init_us: int) -> None:
    texts = swapped("101.50 ms", "1000.00 ms")
    assert block(f"Initialized session in {session_ms}ms.", *texts) == ((init_us, 17_440), [])
