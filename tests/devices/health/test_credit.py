"""Quarantine: after three failed nights in a row, until two good checks; holds by people."""

from datetime import timedelta

import pytest
from pydantic import ValidationError
from readings_made import AT

from mbench.core.error_classes import ENVIRONMENT, TRANSPORT
from mbench.devices.health.credit import (
    PhoneRecord,
    failed_night,
    good_night,
    hold,
    release,
    unusable,
)

CLEAN = PhoneRecord(serial="PHX1")


def nights(record, what, first=1):
    """Let nights pass: `f` failed, `g` good."""
    for number, one in enumerate(what, first):
        at, night = AT + timedelta(days=number), f"night-{number}"
        record = (
            failed_night(record, TRANSPORT, f"lost in night {number}", at=at, night=night)
            if one == "f"
            else good_night(record, at=at, night=night)
        )
    return record


@pytest.mark.parametrize(
    ("what", "quarantined"),
    [
        ("ff", False),
        ("fff", True),
        ("ffgff", False),
        ("ffgfff", True),
        ("fffg", True),
        ("fffgg", False),
        ("fffgfg", True),
        ("fffgfgg", False),
        ("fffggff", False),
        ("fffggfff", True),
    ],
)
def test_three_failed_nights_in_a_row_leave_it_out_and_two_good_checks_bring_it_back(what, quarantined):
    assert nights(CLEAN, what).quarantined is quarantined


def test_quarantine_has_its_date_and_its_reason_and_keeps_them():
    record = nights(CLEAN, "fff")
    assert record.quarantined_since == AT + timedelta(days=3)
    assert record.reason == "3 failed nights in a row, at last transport: lost in night 3"
    longer = nights(record, "ff", first=4)
    assert (longer.quarantined_since, longer.reason) == (record.quarantined_since, record.reason)


def test_a_night_counts_once_however_often_the_phone_fails_in_it():
    record = CLEAN
    for _ in range(5):
        record = failed_night(record, ENVIRONMENT, "hot", at=AT, night="one")
    assert (len(record.failures), record.quarantined) == (1, False)


def test_a_failure_of_the_same_night_replaces_that_nights_alone():
    record = failed_night(nights(CLEAN, "ff"), ENVIRONMENT, "hot", at=AT, night="".join("night-2"))
    assert [failure.message for failure in record.failures] == ["lost in night 1", "hot"]
    assert not record.quarantined
    assert failed_night(record, ENVIRONMENT, "hot", at=AT, night="night-1").quarantined  # another one than the last
    assert failed_night(record, ENVIRONMENT, "hot", at=AT, night="night-3").quarantined


def test_more_failures_than_it_takes_leave_it_out_too_and_more_good_checks_bring_it_back():
    many = CLEAN.model_copy(update={"failures": nights(CLEAN, "fff").failures * 2})
    assert failed_night(many, TRANSPORT, "lost", at=AT).quarantined
    enough = nights(CLEAN, "fff").model_copy(update={"good_checks": 5})
    assert not good_night(enough, at=AT).quarantined


def test_a_night_is_known_by_its_name_and_not_by_its_place_among_others():
    record = nights(CLEAN, "fffg")
    assert not good_night(record, at=AT, night="a").quarantined
    assert not good_night(record, at=AT, night="z").quarantined
    assert good_night(record, at=AT, night="".join("night-4")).quarantined


def test_a_record_begins_clean_in_a_format_with_a_number():
    assert PhoneRecord(serial="A").model_dump(exclude_none=True) == {
        "format_version": 1,
        "serial": "A",
        "failures": (),
        "good_checks": 0,
    }
    written = failed_night(record=CLEAN, failure_class=TRANSPORT, message="lost", at=AT)
    for record in (written, good_night(record=written, at=AT), hold(record=written, until=AT, by="ada")):
        assert PhoneRecord.model_validate_json(record.model_dump_json()) == record
    for wrong in ({"serial": ""}, {"serial": "A", "format_version": 0}, {"serial": "A", "format_version": 2}):
        with pytest.raises(ValidationError):
            PhoneRecord.model_validate(wrong)


def test_a_failed_night_stays_failed_whatever_is_good_in_it_later():
    record = nights(CLEAN, "ff")
    record = good_night(record, at=AT, night="night-2")
    assert len(record.failures) == 2


def test_two_good_checks_of_one_night_are_one():
    record = nights(CLEAN, "fffg")
    assert good_night(record, at=AT, night="night-4").quarantined
    assert not good_night(record, at=AT, night="night-5").quarantined


def test_nights_without_a_name_are_each_another_one():
    record = CLEAN
    for _ in range(3):
        record = failed_night(record, TRANSPORT, "lost", at=AT)
    assert record.quarantined
    assert not good_night(good_night(record, at=AT), at=AT).quarantined


def test_the_record_of_a_phone_that_fails_for_ever_stays_small():
    record = nights(CLEAN, "f" * 40)
    assert len(record.failures) == 10
    assert record.failures[-1].message == "lost in night 40"
    long = failed_night(CLEAN, TRANSPORT, "x" * 10_000, at=AT)
    assert len(long.failures[0].message) == 500


def test_a_hold_ends_by_itself():
    held = hold(CLEAN, until=AT, by="ada on lab-2", reason="new battery")
    before, words = AT - timedelta(seconds=1), unusable(held, AT - timedelta(seconds=1))
    assert words is not None
    assert words == f"held until {AT.astimezone():%Y-%m-%d %H:%M %Z} by ada on lab-2: new battery"
    assert (held.held(before), held.held(AT + timedelta(0)), unusable(held, AT)) == (True, False, None)
    assert not held.held(AT + timedelta(days=1))


def test_why_a_quarantined_phone_is_not_taken_is_said_with_its_date():
    record = nights(CLEAN, "fff")
    since = (AT + timedelta(days=3)).astimezone()
    assert unusable(record, AT) == f"quarantined since {since:%Y-%m-%d} because of {record.reason}"


def test_a_release_ends_hold_and_quarantine_and_forgets_the_failures():
    record = hold(nights(CLEAN, "fff"), until=AT + timedelta(days=9), by="ada")
    after = release(record)
    assert unusable(after, AT) is None
    assert (after.failures, after.good_checks) == ((), 0)
    assert nights(after, "ff", first=10).quarantined is False


def test_a_hold_takes_nothing_from_the_quarantine_below_it():
    record = hold(nights(CLEAN, "fff"), until=AT, by="ada")
    words = unusable(record, AT)
    assert words is not None
    assert words.startswith("quarantined since")
