"""Which nights are kept how."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sample_sessions as sample
from sample_nights import judged
from sample_verdicts import certain, finding

from mbench.core.nights.nights import Ending, Night, NightEnd
from mbench.core.nights.verdicts import FindingClass, Standing
from mbench.store.nights import StoredNight, read_night
from mbench.store.packs import RAW
from mbench.store.verdicts import VERDICT_FILE
from mbench.workflows.nightly.farm_file import Keep
from mbench.workflows.nightly.retention import has_alarm, old_reruns, outlived

BEGUN = datetime(2026, 1, 1, 22, tzinfo=UTC)


def night(number: int, *, failed: int = 0, missing: int = 0, ended: bool = True) -> StoredNight:
    name = f"2026-night-{number}"
    begun = BEGUN + timedelta(days=number)
    kept = Night(
        session=name,
        farm="farm",
        project="p",
        branch="main",
        date=date(2026, 1, 1) + timedelta(days=number),
        zone="UTC",
        begun_at=begun,
        until=begun,
        farm_sha256="a" * 64,
        phones={},
    )
    end = NightEnd(
        session=name, ended_at=begun, end=Ending.COMPLETE, planned=9, measured=9, failed=failed, missing=missing
    )
    return StoredNight(path=Path(name), night=kept, end=end if ended else None)


KEEP = Keep(raw_nights=10, raw_nights_failed=20, folder_nights=15)


def numbers(nights) -> list[int]:
    return [int(each.path.name.rpartition("-")[2]) for each in nights]


@pytest.mark.parametrize(("count", "raw"), [(10, []), (11, [0]), (12, [0, 1])])
def test_raw_evidence_of_the_last_nights_is_kept(count, raw):
    assert tuple(map(numbers, outlived([night(number) for number in range(count)], KEEP))) == (raw, [])


@pytest.mark.parametrize("bad", [{"failed": 1}, {"missing": 1}])
@pytest.mark.parametrize(("count", "raw"), [(20, []), (21, [0])])
def test_that_of_nights_with_a_failure_or_a_hole_is_kept_longer_and_so_is_their_folder(bad, count, raw):
    nights = [night(0, **bad), *(night(number) for number in range(1, count))]
    found = outlived(nights, KEEP)
    assert [number for number in numbers(found[0]) if number == 0] == raw
    assert [number for number in numbers(found[1]) if number == 0] == raw


@pytest.mark.parametrize(("count", "raw"), [(20, []), (21, [0])])
def test_that_of_nights_that_were_judged_to_be_worse_is_kept_as_long(count, raw):
    nights = [night(number) for number in range(count)]
    found, packed = outlived(nights, KEEP, alarm=lambda one: one.path.name.endswith("-night-0"))
    assert [number for number in numbers(found) if number == 0] == raw
    assert [number for number in numbers(packed) if number == 0] == raw


def test_a_night_is_an_alarm_by_its_kept_verdict(tmp_path):
    suspect = finding(standing=Standing.SUSPECT)
    worse, well = judged(tmp_path, certain(FindingClass.SIZE)), judged(tmp_path, suspect, earlier_s=60)
    assert [has_alarm(read_night(path)) for path in (worse, well)] == [True, False]
    (worse / VERDICT_FILE).write_text("{", encoding="utf-8")
    assert not has_alarm(read_night(worse))


def test_raw_evidence_of_old_reruns_goes_and_their_documents_stay(tmp_path):
    old, new = (sample.session(tmp_path, at=sample.NOW + timedelta(days=days)) for days in (0, 5))
    for store in (old, new):
        (store.path / RAW).mkdir(exist_ok=True)
    assert list(old_reruns(tmp_path, sample.NOW + timedelta(days=5))) == [old.path]
    assert list(old_reruns(tmp_path, sample.NOW)) == []
    assert list(old_reruns(tmp_path / "none", sample.NOW)) == []


def test_older_nights_are_packed_in_order_and_one_that_was_never_concluded_stays():
    nights = [night(0, ended=False), *(night(number) for number in range(1, 20))]
    raw, packed = outlived(nights, KEEP)
    assert (numbers(raw), numbers(packed)) == (list(range(1, 10)), list(range(1, 5)))
