"""Whatever the text: no crash, no number that does not stand in it, and no success without its end."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_texts import COMPLETE, RECORDINGS, Recording

from mbench.core.results import Status
from mbench.runner.output.parse import parse_text
from mbench.runner.output.parsed import ParsedText

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
KIB_PER_MB = 1024
EXIT_CODES = st.sampled_from([None, 0, 1, 126, 127, 134, 137, 139, 255, -9])
GARBAGE = st.text(alphabet=st.sampled_from("0123456789.e+-=(): \x00\r\tnaifcoutERO:"), max_size=12)


def leaves(value: object, name: str = "") -> Iterator[tuple[str, float]]:
    """Yield every number of a dumped document with its field's name."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in {"parameters", "warnings"}:
                yield from leaves(inner, key)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from leaves(inner, name)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield name, value


def check(parsed: ParsedText, text: str) -> None:
    """Every number stands in the text; a success is complete and does not contradict itself."""
    there = {float(found) for found in NUMBER.findall(text)}
    there |= {float(part) for found in NUMBER.findall(text) for part in re.findall(r"\d+", found)}
    for name, value in leaves(parsed.model_dump()):
        if name.endswith("_kib"):
            value = value / KIB_PER_MB
        allowed = {0.0} if name == "std_us" else set()
        assert value in there | allowed or any(abs(value - one) <= 1e-12 * abs(one) for one in there), (name, value)
    if parsed.status is Status.OK:
        assert parsed.error_class is parsed.message is None
        assert parsed.started
        assert not parsed.unconsumed
        phase = parsed.measured
        assert phase is not None
        assert phase.count > 0
        assert parsed.init_us is not None
        if phase.min_us is not None and phase.median_us is not None and phase.max_us is not None:
            assert phase.min_us <= phase.median_us <= phase.max_us
    else:
        assert parsed.error_class is not None
        assert parsed.message


@given(stdout=st.text(max_size=2000), stderr=st.text(max_size=500), exit_code=EXIT_CODES)
def test_any_text_at_all_is_answered(stdout: str, stderr: str, exit_code: int | None) -> None:
    check(parse_text(stdout, stderr, exit_code=exit_code), stdout + stderr)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, str, int | None]:
    """Draw a recording whose lines were deleted, doubled, cut, soiled, moved or broken off."""
    recording = draw(st.sampled_from(list(RECORDINGS.values())))
    lines = recording.stdout.split("\n")[:60]
    for _ in range(draw(st.integers(1, 4))):
        if not lines:
            break
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        column = draw(st.integers(0, len(line)))
        match draw(st.sampled_from(["delete", "double", "cut", "soil", "digit", "nul", "swap", "break"])):
            case "delete":
                del lines[at]
            case "double":
                lines.insert(at, line)
            case "cut":
                lines[at] = line[:column]
            case "soil":
                lines[at] = line[:column] + draw(GARBAGE) + line[column:]
            case "digit":
                lines[at] = re.sub(r"\d", draw(st.sampled_from("0159-.")), line, count=draw(st.integers(1, 9)))
            case "nul":
                lines[at] = f"{line[:column]}\x00{line[column:]}"
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], line
            case "break":
                del lines[at + 1 :]
    return "\n".join(lines), recording.stderr, draw(EXIT_CODES)


@given(damaged())
def test_damaged_recordings_are_answered(case: tuple[str, str, int | None]) -> None:
    stdout, stderr, exit_code = case
    check(parse_text(stdout, stderr, exit_code=exit_code), stdout + stderr)


@given(recording=st.sampled_from(list(RECORDINGS.values())), order=st.randoms(use_true_random=False))
def test_shuffled_streams_are_answered(recording: Recording, order: object) -> None:
    lines = (recording.stdout + recording.stderr).split("\n")[:80]
    order.shuffle(lines)  # type: ignore[attr-defined]
    text = "\n".join(lines)
    check(parse_text(text, exit_code=recording.exit_code), text)
    check(parse_text(recording.stderr, text, exit_code=0), recording.stderr + text)


@pytest.mark.parametrize("recording", COMPLETE.values(), ids=COMPLETE.keys())
def test_a_text_cut_anywhere_before_the_end_of_its_timings_is_not_ok(recording: Recording) -> None:
    timings = re.search(r"^.*nference timings in us:.*$", recording.stdout, re.MULTILINE)
    assert timings is not None
    # All cuts at a line's end, and every single one within the last lines that hold the numbers.
    ends = [match.start() for match in re.finditer("\n", recording.stdout[: timings.end()])]
    for cut in (*ends, *range(max(0, timings.start() - 250), timings.end())):
        for exit_code in (0, None):
            result = parse_text(recording.stdout[:cut], recording.stderr, exit_code=exit_code)
            assert result.status is Status.FAILED, recording.stdout[max(0, cut - 80) : cut]


@pytest.mark.parametrize("recording", COMPLETE.values(), ids=COMPLETE.keys())
def test_one_changed_digit_of_a_mean_is_noticed(recording: Recording) -> None:
    measuring = recording.stdout.partition("Profiling Info")[0]
    for found in re.finditer(r"(?<=avg=)\d|(?<=\(avg\): )\d", measuring):
        for digit in set("123456789") - {found[0]}:
            text = measuring[: found.start()] + digit + measuring[found.end() :]
            assert parse_text(text, recording.stderr, exit_code=0).error_class == "output"
