"""Every bound, unit and comparison of the timings that end a text, from both sides."""

from dataclasses import FrozenInstanceError, replace

import pytest
from text_lines import Complaints, line, numbered

from mbench.core.results import Phase
from mbench.runner.output.lines import Stream
from mbench.runner.output.phases import Phases
from mbench.runner.output.timings import Timings, read_model_mb, read_timings

TIMINGS = (
    "Inference timings in us: Init: 115882, First inference: 101631, Warmup (avg): 66336.8, Inference (avg): 63742"
)
EARLY = "Average inference timings in us: Warmup: 66336.8, Init: 115882, no stats: 63742"
WARMUP = Phase(count=8, first_us=101_631, avg_us=66_336.8)
MEASURED = Phase(count=16, avg_us=63_742.0, min_us=42_099, max_us=84_643)
PHASES = Phases(targets=(1, 16), warmup=WARMUP, measured=MEASURED, last=line("count=16 …", 1))
NONE = Phases()


def read(*texts: str, phases: Phases = PHASES) -> tuple[tuple[int, int | None] | None, list[str]]:
    """Return (init, first inference) in µs, and the complaints; texts begin in the second line."""
    complaints = Complaints()
    found = read_timings(numbered("a line", *texts)[1:], phases, complaints)
    return found and (found.init_us, found.first_us), [reason for _, reason in complaints]


def test_timings_are_a_value() -> None:
    timings = Timings(line=line(TIMINGS), init_us=1, first_us=None)
    with pytest.raises(FrozenInstanceError):
        timings.init_us = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        Timings(line(TIMINGS), 1, None)  # type: ignore[misc]
    assert not hasattr(timings, "__dict__")


# One line, in microseconds


def test_the_line_says_init_and_first_inference_in_microseconds() -> None:
    assert read(TIMINGS) == ((115_882, 101_631), [])


def test_the_line_is_kept() -> None:
    found = read_timings(numbered("other", TIMINGS), PHASES, Complaints())
    assert found == Timings(line=line(TIMINGS, 2), init_us=115_882, first_us=101_631)


@pytest.mark.parametrize(
    "ending",
    ["no stats: 63742", "Inference: 63742", "Inference: 63742Overall count=50", "no stats: 63742, Overall first=1"],
)
def test_early_versions_say_no_first_inference(ending: str) -> None:
    text = EARLY.replace("no stats: 63742", ending)
    assert read(text) == ((115_882, None), [])


def test_a_text_without_timings_has_none() -> None:
    assert read("STARTING!") == (None, [])


def test_the_first_of_two_lines_counts_and_the_others_are_complained_of() -> None:
    other = TIMINGS.replace("115882", "115883")
    twice = "a second line of timings: the text holds more than one run"
    assert read(TIMINGS, other) == ((115_882, 101_631), [twice])
    assert read(TIMINGS, other, EARLY) == ((115_882, 101_631), [twice] * 2)


@pytest.mark.parametrize(
    "text",
    [
        f"{TIMINGS} ms",
        TIMINGS.replace("66336.8", "fast"),
        TIMINGS.replace("66336.8", "1e999"),
        TIMINGS.replace("63742", "1e999"),
        EARLY.replace("66336.8", "1e999"),
        EARLY.replace("63742", "1e999"),
        TIMINGS.replace("First inference: 101631, ", ""),
    ],
)
def test_a_line_of_no_known_version_is_no_timings(text: str) -> None:
    assert read(text, phases=NONE) == (None, ["these are not the timings of any known version"])


@pytest.mark.parametrize("text", ["inference timings in us: Init: 1", "The Inference timings in us: Init: 1"])
def test_a_line_that_begins_otherwise_is_not_the_timings(text: str) -> None:
    assert read(text) == (None, [])


@pytest.mark.parametrize("session", ["Initialized session in 115.882ms.", "Initialized session in 115.882 ms"])
def test_init_is_the_session_in_milliseconds(session: str) -> None:
    assert read(session, TIMINGS) == ((115_882, 101_631), [])


@pytest.mark.parametrize("session_ms", ["115.881", "115.883", "115882", "0.115882", "0"])
def test_another_session_than_init_is_complained_of(session_ms: str) -> None:
    shown = f"{float(session_ms):g}"
    reason = f"Init differs from the {shown} ms of 'Initialized session'"
    assert read(f"Initialized session in {session_ms}ms.", TIMINGS) == ((115_882, 101_631), [reason])


def test_a_session_is_compared_as_it_is_printed() -> None:
    long = TIMINGS.replace("115882", "1234567")
    assert read("Initialized session in 1234.57ms.", long)[1] == []
    assert read("Initialized session in 1234.56ms.", long)[1] != []


def test_the_averages_are_those_of_the_phases_as_they_are_printed() -> None:
    exact = replace(
        PHASES, measured=Phase(count=9, avg_us=63_742.04), warmup=WARMUP.model_copy(update={"avg_us": 66_336.84})
    )
    assert read(TIMINGS, phases=exact)[1] == []


@pytest.mark.parametrize("avg_us", [63_741.9, 63_742.1])
def test_another_average_of_the_measured_phase_is_complained_of(avg_us: float) -> None:
    phases = replace(PHASES, measured=Phase(count=9, avg_us=avg_us))
    assert read(TIMINGS, phases=phases)[1] == ["Inference (avg) differs from the avg of its phase"]


@pytest.mark.parametrize("avg_us", [66_336.7, 66_336.9])
def test_another_average_of_the_warm_up_is_complained_of(avg_us: float) -> None:
    phases = replace(PHASES, warmup=WARMUP.model_copy(update={"avg_us": avg_us}))
    assert read(TIMINGS, phases=phases)[1] == ["Warmup (avg) differs from the avg of its phase"]


@pytest.mark.parametrize(
    "phases",
    [
        NONE,
        replace(PHASES, measured=Phase(count=9)),
        replace(PHASES, warmup=Phase(count=9)),
        replace(PHASES, measured=None),
    ],
)
def test_a_phase_without_an_average_contradicts_none(phases: Phases) -> None:
    assert read(TIMINGS, phases=phases) == ((115_882, 101_631), [])


@pytest.mark.parametrize(("warmup", "first"), [(None, 0), (Phase(count=0), 0), (None, 101_631)])
def test_without_a_warm_up_a_first_inference_of_0_is_none(warmup: Phase | None, first: int) -> None:
    text = TIMINGS.replace("101631", str(first))
    assert read(text, phases=replace(PHASES, warmup=warmup)) == ((115_882, first or None), [])


def test_after_a_warm_up_a_first_inference_of_0_is_one() -> None:
    text = TIMINGS.replace("101631", "0")
    one = replace(PHASES, warmup=Phase(count=1, first_us=0, avg_us=66_336.8))
    assert read(text, phases=one) == ((115_882, 0), [])


@pytest.mark.parametrize("first_us", [101_630, 101_632])
def test_another_first_inference_than_the_warm_ups_is_complained_of(first_us: int) -> None:
    phases = replace(PHASES, warmup=WARMUP.model_copy(update={"first_us": first_us}))
    reason = "First inference differs from the first of the warm-up"
    assert read(TIMINGS, phases=phases) == ((115_882, 101_631), [reason])
    assert read(EARLY, phases=phases) == ((115_882, None), [])


def test_a_warm_up_of_one_inference_is_a_warm_up() -> None:
    phases = replace(PHASES, warmup=Phase(count=1, first_us=5, avg_us=66_336.8))
    assert read(TIMINGS, phases=phases)[1] == ["First inference differs from the first of the warm-up"]


@pytest.mark.parametrize(
    ("stream", "number", "before"),
    [("stdout", 1, False), ("stdout", 2, False), ("".join(("std", "out")), 3, True), ("stderr", 3, False)],
)
def test_timings_stand_after_the_phases_of_their_stream(stream: Stream, number: int, before: bool) -> None:
    phases = replace(PHASES, last=line("count=16 …", number, stream=stream))
    assert read(TIMINGS, phases=phases)[1] == ["timings before the phases have ended"] * before


def test_timings_on_stderr_have_other_numbers_than_phases_on_stdout() -> None:
    complaints = Complaints()
    phases = replace(PHASES, last=line("count=16 …", 9))
    assert read_timings([line(TIMINGS, 2, stream="stderr")], phases, complaints) is not None
    assert complaints == []


def test_timings_of_a_text_without_phases_stand_before_none() -> None:
    assert read(TIMINGS, phases=replace(PHASES, last=None))[1] == []


# Lines of one number


@pytest.mark.parametrize("start", ["Initialized session in ", "The input model file size (MB): "])
def test_a_line_of_one_number_is_complained_of_where_it_has_none(start: str) -> None:
    for text in ("some", "-1", "1e999", "1 GB"):
        complaints = Complaints()
        lines = numbered(f"{start}{text}", TIMINGS)
        values = (read_timings(lines, NONE, complaints), read_model_mb(lines, complaints))
        assert values[1] is None
        assert complaints == [(1, "no number where one must stand")]


def test_the_file_size_is_read() -> None:
    complaints = Complaints()
    assert read_model_mb(numbered("x", "The input model file size (MB): 16.9001"), complaints) == 16.9001
    assert read_model_mb(numbered("The input model file size (MB): 0"), complaints) == 0
    assert read_model_mb(numbered("x"), complaints) is None
    assert complaints == []


def test_the_first_of_several_numbers_counts_and_the_others_are_complained_of() -> None:
    complaints = Complaints()
    lines = numbered(*(f"The input model file size (MB): {size}" for size in (3, 4, 5)))
    assert read_model_mb(lines, complaints) == 3
    twice = "it stands twice: the text holds more than one run"
    assert complaints == [(2, twice), (3, twice)]


def test_the_first_of_several_lines_is_the_one_without_a_number() -> None:
    complaints = Complaints()
    lines = numbered(*["The input model file size (MB): big"] * 2)
    assert read_model_mb(lines, complaints) is None
    assert [number for number, _ in complaints] == [2, 1]


def test_a_session_that_stands_twice_is_complained_of() -> None:
    session = "Initialized session in 115.882ms."
    assert read(session, session, TIMINGS)[1] == ["it stands twice: the text holds more than one run"]
