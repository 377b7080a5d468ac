"""Memory lines: their unit, their forms, and when two zeros are doubted."""

import pytest
from text_lines import Complaints, numbered

from mbench.core.numbers.limits import LARGEST
from mbench.core.results import MeasurementWarning, Memory, WarningCode
from mbench.runner.output.memory import memory_doubt, read_memory

DELTA = "Memory footprint delta from the start of the tool (MB): init=5.5 overall=6.25"
PEAK_2020 = "Peak memory footprint (MB): init=0 overall=12.5"
MONITORED = "Overall peak memory footprint (MB) via periodic monitoring: 26.5"
LITERT = ("Init footprint:       26.50 MB", "Overall footprint:    27.25 MB", "Peak memory:          30.00 MB")


def read(*texts: str) -> tuple[Memory | None, str | None, list[tuple[int, str]]]:
    complaints = Complaints()
    memory, kind = read_memory(numbered(*texts), complaints)
    return memory, kind, complaints


def test_a_megabyte_is_1024_kib() -> None:
    assert read("x", DELTA) == (Memory(init_kib=5632.0, overall_kib=6400.0), "delta", [])


def test_no_number_of_kib_is_above_what_can_be_meant() -> None:
    assert read(DELTA.replace("6.25", "976562500000000"))[0] == Memory(init_kib=5632.0, overall_kib=LARGEST)


def test_the_growth_of_2020_is_called_a_peak() -> None:
    assert read(PEAK_2020) == (Memory(init_kib=0.0, overall_kib=12_800.0), "peak", [])


def test_a_monitored_peak_stands_beside_the_growth() -> None:
    whole = Memory(init_kib=5632.0, overall_kib=6400.0, peak_kib=27_136.0)
    assert read(DELTA, MONITORED) == read(MONITORED, DELTA) == (whole, "delta", [])
    assert read(MONITORED) == (Memory(peak_kib=27_136.0), None, [])


def test_litert_has_three_lines() -> None:
    assert read(*LITERT) == (Memory(init_kib=27_136.0, overall_kib=27_904.0, peak_kib=30_720.0), None, [])


def test_a_text_without_memory_has_none() -> None:
    assert read("STARTING!", "Peak memory usage not available.", "the Peak memory: 3.00 MB") == (None, None, [])


@pytest.mark.parametrize(
    "text",
    [
        DELTA.replace("5.5", "nan"),
        DELTA.replace("6.25", "1e999"),
        DELTA.replace("5.5", "1e999"),
        DELTA.replace("5.5", "-0.0005"),
        DELTA.replace("6.25", "976562500000001"),
        DELTA.replace(" overall=6.25", ""),
        f"{DELTA} MB",
        f"{MONITORED} MB",
        LITERT[0].replace(" MB", ""),
        LITERT[1].replace("27.25", "all"),
        LITERT[2].replace("30.00", "1e999"),
    ],
)
def test_a_memory_line_without_its_numbers_is_complained_of(text: str) -> None:
    memory, _, complaints = read("x", text)
    assert (memory, complaints) == (None, [(2, "no memory numbers where they must stand")])


@pytest.mark.parametrize("texts", [(DELTA, DELTA), (DELTA, PEAK_2020), (MONITORED, LITERT[2]), (DELTA, LITERT[0]),
                                   (LITERT[1], DELTA)])  # fmt: skip
def test_memory_that_is_said_twice_is_complained_of_and_the_first_counts(texts: tuple[str, str]) -> None:
    memory, _, complaints = read(*texts)
    assert memory == read(texts[0])[0]
    assert complaints == [(2, "memory is said twice: the text holds more than one run")]


@pytest.mark.parametrize(
    ("memory", "doubted"),
    [
        (Memory(init_kib=0.0, overall_kib=0.0), True),
        (Memory(init_kib=0.0, overall_kib=0.0, peak_kib=9.0), True),
        (Memory(init_kib=0.0, overall_kib=1.0), False),
        (Memory(init_kib=1.0, overall_kib=0.0), False),
        (Memory(overall_kib=0.0), False),
        (Memory(init_kib=0.0), False),
        (Memory(peak_kib=0.0), False),
        (None, False),
    ],
)
def test_two_zeros_of_growth_are_doubted(memory: Memory | None, doubted: bool) -> None:
    expected = MeasurementWarning(
        code=WarningCode.NO_MEMORY,
        message="the tool saw no growth of its resident peak, which it inherits from the process that started it",
        advice="Start benchmark_model from a small shell.",
    )
    assert memory_doubt(memory) == (expected if doubted else None)
