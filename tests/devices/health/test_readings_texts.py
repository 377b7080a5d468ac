"""Texts of phones, as readings."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from mbench.core.ports import CommandResult
from mbench.devices.android.dumps import parse_battery, parse_user_state
from mbench.devices.health.readings import (
    Answers,
    PhoneReadings,
    ask_phone,
    clock_offset,
    parse_storage,
    questions,
    silent_readings,
    to_readings,
)

AT = datetime(2026, 12, 1, 22, 0, tzinfo=UTC)
S = int(AT.timestamp())
TOYBOX = """\
Filesystem       1K-blocks     Used Available Use% Mounted on
/dev/block/dm-39 112943104 51437568  61374464  46% /data/user/0
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (TOYBOX, (61374464 * 1024, 112943104 * 1024)),
        ("/dev/fuse 10 4 6 40% /data", (6 * 1024, 10 * 1024)),
        ("", (None, None)),
        ("df: /data/local/tmp: Permission denied", (None, None)),
        ("a b c d e f", (None, None)),
        (f"/dev 999999999999999999 0 {1 << 40} 0% /data", ((1 << 40) * 1024, None)),
        (f"/dev {(1 << 40) + 1} 0 0 0% /data", (0, None)),
    ],
)
def test_room_is_the_fourth_column_of_df(text, found):
    assert parse_storage(text) == found


@pytest.mark.parametrize(
    ("first", "last", "offset", "doubt"),
    [
        (f"{S}.250000000", f"{S}.750000000", 0.0, 0.25),  # a quarter of a second each way
        (f"{S + 10}.250000000", f"{S + 10}.750000000", 10.0, 0.25),
        (f"{S - 86400}.0", f"{S - 86399}.0", -86400.0, 0.0),
        (f"{S}.500000000", f"{S}.750000000", 0.125, 0.375),  # the way there took longer
        (str(S), str(S + 1), 0.5, 0.5),  # whole seconds alone
        (f"{S}.N", f"{S}.N", 0.0, 1.0),  # a date that knows no %N
    ],
)
def test_a_clocks_offset_is_that_of_the_middle_wrong_by_half_of_the_way(first, last, offset, doubt):
    found = clock_offset(first, last, asked_at=AT, took_s=1.0)
    assert found is not None
    assert found.offset_s == pytest.approx(offset, abs=1e-6)
    assert found.uncertainty_s == pytest.approx(doubt, abs=1e-6)


@pytest.mark.parametrize(("first", "last"), [("", f"{S}.1"), (f"{S}.1", "date: bad"), ("9" * 40, f"{S}.1")])
def test_a_clock_that_says_no_time_is_unknown(first, last):
    assert clock_offset(first, last, asked_at=AT, took_s=1.0) is None


def test_a_clock_that_jumps_meanwhile_is_not_wrong_by_less_than_nothing():
    found = clock_offset(f"{S}.0", f"{S + 9}.0", asked_at=AT, took_s=1.0)
    assert found is not None
    assert found.uncertainty_s == 0.0


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("RUNNING_UNLOCKED\n", "RUNNING_UNLOCKED"),
        ("RUNNING_LOCKED", "RUNNING_LOCKED"),
        ("    State: RUNNING_UNLOCKING\n", "RUNNING_UNLOCKING"),
        ("    State: BOOTING", "BOOTING"),
        ("User is not started: 0", None),
        ("Unknown command: get-started-user-state", None),
        ("XRUNNING_LOCKEDX", None),
        ("", None),
    ],
)
def test_the_users_state_is_one_of_androids_words(text, state):
    assert parse_user_state(text) == state


@pytest.mark.parametrize(
    ("number", "word"),
    [
        *(("1", None), ("2", "good"), ("3", "overheat"), ("4", "dead"), ("5", "over_voltage")),
        *(("6", "unspecified_failure"), ("7", "cold"), ("8", None)),
    ],
)
def test_the_batterys_health_has_androids_numbers(number, word):
    assert parse_battery(f"  level: 50\n  health: {number}\n").health == word


def answers(**texts):
    silent = dict.fromkeys(questions(), "")
    return Answers(texts=silent | texts, asked_at=AT, took_s=1.0)


def test_a_phone_that_says_nothing_is_unknown_throughout():
    found = to_readings(answers(), serial="PHX1").model_dump(
        exclude={"serial", "taken_at", "emulated", "answers", "conditions"}
    )
    assert {name: value for name, value in found.items() if value is not None} == {}


@pytest.mark.parametrize(("text", "on"), [("1\n", True), ("0", False), ("null", False), ("", None), ("x", None)])
def test_a_saver_that_was_never_set_is_off(text, on):
    assert to_readings(answers(saver=text), serial="PHX1").battery_saver is on


def test_hostile_answers_are_unknown_and_make_no_error():
    nonsense = dict.fromkeys(questions(), "9" * 5000 + " \x1b[2J " + "x" * 5000)
    found = to_readings(answers(**nonsense), serial="PHX1")
    assert (found.uptime_s, found.boot_id, found.storage_free_bytes) == (None, None, None)
    assert found.build is None or len(found.build) <= 200


@pytest.mark.parametrize(
    ("booted", "build", "state"), [("1", "b", True), ("", "b", False), ("0", "", None), ("", "", None), ("1", "", True)]
)
def test_a_phone_without_its_property_is_still_starting_where_it_shows_others(booted, build, state):
    assert to_readings(answers(booted=booted, build=build), serial="PHX1").booted is state


def test_whoever_uses_a_phone_has_files_on_it_that_are_no_leftovers():
    left = ("files (sessions/x)",)
    assert to_readings(answers(), serial="PHX1", left=left).left == left
    assert to_readings(answers(), serial="PHX1", left=left, used_by="ada").left is None


def test_the_clock_is_asked_first_and_last():
    names = [*questions()]
    assert (names[0], names[-1]) == ("clock", "clock_after")


def test_readings_are_taken_at_the_hosts_time():
    found = to_readings(
        answers(clock=f"{S + 86400}.25", clock_after=f"{S + 86400}.75", uptime="353245.93 2801003.50", booted="1"),
        serial="PHX1",
    )
    assert found.taken_at == AT
    assert (found.clock_offset_s, found.clock_uncertainty_s, found.uptime_s) == (86_400.0, 0.25, 353245.93)
    assert found.booted is True


class Asked:
    """A phone that answers every question with nothing, and keeps what it was asked."""

    serial, root, emulated = "PHX1", "/data/local/tmp/mbench", False

    def __init__(self) -> None:
        self.script, self.deadline_s = "", 0.0

    def run(self, argv, *, deadline_s, **_):
        self.script, self.deadline_s = argv[-1], deadline_s
        names = re.findall(r"@@mbench (\w+)", self.script)
        said = "".join(f"\n@@mbench {name}\n" for name in names)
        return CommandResult(exit_code=0, stdout=said.encode(), stderr=b"", wall_s=0.1)


def test_a_phone_is_asked_all_in_order_and_further_questions_before_its_clock_again():
    phone, ticks = Asked(), iter((10.0, 12.5))
    found = ask_phone(cast(Any, phone), also={"more": "echo more"}, now=lambda: AT, monotonic=lambda: next(ticks))
    assert (found.asked_at, found.took_s) == (AT, 2.5)
    names = [name for name in re.findall(r"@@mbench (\w+)", phone.script) if name != "end"]
    assert names == [*[*questions()][:-1], "more", "clock_after"]
    assert {*found.texts} == {*names}
    assert phone.deadline_s == 90.0


def test_androids_services_alone_are_asked_with_a_limit_of_time():
    bounded = {name for name, question in questions().items() if "then timeout 10 sh -c" in question}
    assert bounded == {"battery", "thermal", "power", "doze", "saver", "user"}
    assert "window" not in questions()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Filesystem Size\n/dev/a name with blanks 10 4 6 40% /data", (6 * 1024, 10 * 1024)),
        ("10 4 6 40% /data", (None, None)),
    ],
)
def test_room_is_counted_from_the_end_of_the_line(text, found):
    assert parse_storage(text) == found


@pytest.mark.parametrize(
    ("text", "uptime"), [("0.00 0.00", 0.0), ("0.50 1", 0.5), ("-0.50 1", None), ("12", 12.0), ("up 3 days", None)]
)
def test_the_uptime_is_the_first_number(text, uptime):
    assert to_readings(answers(uptime=text), serial="PHX1").uptime_s == uptime


def test_the_offset_counts_parts_of_a_second_on_both_sides():
    at = AT + timedelta(milliseconds=250)
    found = clock_offset(f"{S}.750000000", f"{S + 3}.750000000", asked_at=at, took_s=3.5)
    assert found is not None
    assert found.offset_s == pytest.approx(0.25)
    assert found.uncertainty_s == pytest.approx(0.25)
    read = to_readings(answers(clock=f"{S}.123450000", clock_after=f"{S}.623450000"), serial="PHX1")
    assert (read.clock_offset_s, read.clock_uncertainty_s) == (-0.127, 0.25)
    slow = to_readings(answers(clock=f"{S}.0", clock_after=f"{S}.111100000"), serial="PHX1")
    assert slow.clock_uncertainty_s == 0.444


def test_a_phone_that_could_not_be_asked_answers_nothing():
    silent = silent_readings("PHX1", taken_at=AT, refusal="frozen")
    assert (silent.answers, silent.emulated, silent.refusal) == (False, False, "frozen")
    plain = to_readings(answers(), serial="PHX1")
    assert (plain.answers, plain.emulated) == (True, False)
    assert PhoneReadings(serial="PHX1", taken_at=AT).emulated is False


def test_a_long_build_is_cut():
    assert to_readings(answers(build="x" * 500), serial="PHX1").build == "x" * 200
