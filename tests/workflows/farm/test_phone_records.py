"""Records of phones on disk: whole or not at all, under a lock, foreign and damaged ones refused in one line."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from mbench.core.error_classes import TRANSPORT
from mbench.core.errors import NewerFormat, StoreError, UsageError
from mbench.workflows.farm.phone_records import PhoneRecords

AT = datetime(2026, 12, 1, 22, 0, tzinfo=UTC)


@pytest.fixture
def records(tmp_path):
    return PhoneRecords(tmp_path)


def file_of(tmp_path, name="PHX1"):
    return tmp_path / "farm" / "phones" / f"{name}.json"


def fail_three_nights(records, serial="PHX1"):
    for number in range(3):
        records.note_failure(serial, TRANSPORT, "lost", AT + timedelta(days=number))


def test_of_an_unknown_phone_nothing_is_held_against_it_and_nothing_is_written(records, tmp_path):
    assert records.unusable("PHX1", AT) is None
    assert records.every() == ()
    assert [*tmp_path.iterdir()] == []


def test_three_failed_nights_are_remembered_by_another_process(records, tmp_path):
    fail_three_nights(records)
    why = PhoneRecords(tmp_path).unusable("PHX1", AT)
    assert why is not None
    assert why.startswith("quarantined since 2026-12-0")
    assert why.endswith("because of 3 failed nights in a row, at last transport: lost")


def test_two_good_checks_bring_it_back(records):
    fail_three_nights(records)
    records.note_good("PHX1", AT, night="one")
    records.note_good("PHX1", AT, night="one")
    assert records.unusable("PHX1", AT) is not None
    records.note_good("PHX1", AT, night="two")
    assert records.unusable("PHX1", AT) is None


def test_a_hold_and_a_release_are_kept(records):
    records.hold("PHX1", until=AT, by="ada on lab-2")
    assert records.unusable("PHX1", AT - timedelta(minutes=1)) is not None
    records.release("PHX1")
    assert records.unusable("PHX1", AT - timedelta(minutes=1)) is None


def test_every_phone_is_listed_whatever_its_serial_looks_like(records, tmp_path):
    serials = ["127.0.0.1:5555", "../../escape", "EMULATED01", "ü", "x" * 300]
    for serial in serials:
        records.note_failure(serial, TRANSPORT, "lost", AT)
    assert [record.serial for record in records.every()] == sorted(serials)
    assert {path.parent for path in tmp_path.rglob("*.json")} == {tmp_path / "farm" / "phones"}


def test_writers_at_the_same_time_lose_nothing(records):
    with ThreadPoolExecutor(max_workers=8) as pool:
        noted = [
            pool.submit(records.note_failure, "PHX1", TRANSPORT, f"lost {number}", AT, night=f"{number}")
            for number in range(8)
        ]
        for one in noted:
            one.result()
    assert {failure.night for failure in records.get("PHX1").failures} == {str(number) for number in range(8)}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is no record of a phone"),
        (b"{", "it is no record of a phone"),
        (b"[]", "it is no record of a phone"),
        (b'{"serial": "PHX1", "surprise": 1}', "it is no record of a phone (surprise: "),
        (b'{"serial": "PHX1", "held_until": "soon"}', "it is no record of a phone (held_until: "),
        (b'{"serial": "OTHER"}', "it is the record of 'OTHER'"),
        (b"x" * (1 << 20), "at most 256 KiB are read"),
    ],
)
def test_a_file_that_is_not_its_record_is_refused_in_one_line_and_stays(records, tmp_path, data, said):
    path = file_of(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    for use in (
        lambda: records.get("PHX1"),
        lambda: records.note_failure("PHX1", TRANSPORT, "lost", AT),
        records.every,
    ):
        with pytest.raises(StoreError) as error:
            use()
        assert said in str(error.value)
        assert "\n" not in str(error.value)
        assert str(path) in str(error.value)
    assert path.read_bytes() == data


def test_a_newer_format_asks_for_an_update(records, tmp_path):
    fail_three_nights(records)
    path = file_of(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 2, "more": 1}))
    with pytest.raises(NewerFormat, match=r"its format is 2, this mbench knows 1\. Update this mbench"):
        records.get("PHX1")


def test_a_pipe_in_its_place_is_no_record(records, tmp_path):
    path = file_of(tmp_path)
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    with pytest.raises(StoreError, match="not a regular file"):
        records.get("PHX1")


def test_a_serial_must_be_one(records):
    with pytest.raises(UsageError, match="without a serial"):
        records.get("")


def test_a_record_that_cannot_be_written_is_an_error_that_names_it(records, tmp_path):
    (tmp_path / "farm").write_text("a file in the way")
    with pytest.raises(StoreError, match="farm"):
        records.note_failure("PHX1", TRANSPORT, "lost", AT)
