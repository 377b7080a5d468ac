"""What a night counts for or against a phone, on the host that keeps its record."""

from datetime import UTC, datetime, timedelta

import pytest
from sample_results import result

from mbench.core.error_classes import BUDGET, ENVIRONMENT, INVOKE, QUARANTINE, TRANSPORT
from mbench.core.results import Status
from mbench.devices.health.readings import PhoneReadings, silent_readings
from mbench.workflows.farm.credits import Counts, Outcome, count, outcome_of
from mbench.workflows.farm.phone_records import PhoneRecords

AT = datetime(2026, 12, 1, 22, 0, tzinfo=UTC)
OK = result()


def missing(error_class):
    return result(status=Status.SKIPPED, error_class=error_class, message="why")


@pytest.mark.parametrize(
    ("results", "excused", "counts"),
    [
        ([OK], False, Counts.GOOD),
        ([OK, result(status=Status.FAILED, error_class=INVOKE)], False, Counts.GOOD),
        ([OK, missing(TRANSPORT)], False, Counts.FAILED),
        ([missing(ENVIRONMENT)], False, Counts.FAILED),
        ([missing(ENVIRONMENT)], True, Counts.NOTHING),
        ([OK, missing(BUDGET)], False, Counts.NOTHING),
        ([missing(QUARANTINE)], False, Counts.CHECK),
        ([], False, Counts.CHECK),
    ],
)
def test_a_night_counts_for_a_phone_or_against_it_by_what_became_of_its_cells(results, excused, counts):
    assert outcome_of(results, excused=excused).counts == counts


def test_a_failed_night_is_kept_with_class_and_words(tmp_path):
    records = PhoneRecords(tmp_path)
    count(records, "PHX1", outcome_of([missing(TRANSPORT)], excused=False), None, at=AT, night="n1")
    (failure,) = records.get("PHX1").failures
    assert (failure.failure_class, failure.message, failure.night) == ("transport", "why", "n1")


def quarantined(records):
    for night in range(3):
        outcome = Outcome(counts=Counts.FAILED, error_class="transport", message="lost")
        count(records, "PHX1", outcome, None, at=AT + timedelta(days=night), night=f"n{night}")
    assert records.get("PHX1").quarantined


def readings(**changes):
    return PhoneReadings(serial="PHX1", taken_at=AT, **changes)


def test_a_phone_in_quarantine_comes_back_by_good_checks_and_not_by_bad_ones(tmp_path):
    records, check = PhoneRecords(tmp_path), Outcome(counts=Counts.CHECK)
    quarantined(records)
    count(records, "PHX1", check, silent_readings("PHX1", taken_at=AT, refusal="offline: gone"), at=AT, night="n3")
    assert (records.get("PHX1").quarantined, records.get("PHX1").good_checks) == (True, 0)
    count(records, "PHX1", check, None, at=AT, night="n4")
    assert records.get("PHX1").good_checks == 0
    for night in ("n5", "n6"):
        assert records.get("PHX1").quarantined
        count(records, "PHX1", check, readings(), at=AT, night=night)
    assert not records.get("PHX1").quarantined


def test_the_check_of_a_phone_that_is_merely_held_counts_for_nothing(tmp_path):
    records = PhoneRecords(tmp_path)
    records.hold("PHX1", until=AT + timedelta(hours=1), by="me")
    count(
        records,
        "PHX1",
        Outcome(counts=Counts.CHECK),
        silent_readings("PHX1", taken_at=AT, refusal="offline: gone"),
        at=AT,
        night="n1",
    )
    assert (records.get("PHX1").failures, records.get("PHX1").last_good_at) == ((), None)
