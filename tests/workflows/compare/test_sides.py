"""Sides of a comparison out of a results folder: sessions, nights by their dates, and values within sessions."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import sample_phones as phones
import sample_results as sample

from mbench.core.errors import NoSession, UsageError
from mbench.core.job_pairs import JobPair, Pairing
from mbench.core.nights.nights import Night
from mbench.core.results import DeviceFacts, DevicePlan, JobResult, Plan, PlannedJob
from mbench.report.compare.cells import By
from mbench.report.results.hidden_serials import lasting_name
from mbench.store.nights import save_night
from mbench.store.session import create_session
from mbench.store.session_store import SessionStore
from mbench.workflows.compare.page import comparison_page_name, page_of_comparison
from mbench.workflows.compare.sides import compared, paired_comparison

FIRST, SECOND = phones.phone(1), phones.phone(2)


def stored(
    root: Path,
    ending: str,
    measured: dict[str, list[int]],
    *,
    devices: tuple[DeviceFacts, ...] = (FIRST,),
    pairing: Pairing | None = None,
    name: str = "file:net@0123456789ab",
    binary: str = "b",
) -> SessionStore:
    """Keep a session whose jobs, by name, have these medians on each device; those of `.old` are of another file."""
    rules = sample.RULES.model_copy(update={"memory_runs": 1})
    program = sample.BINARY.model_copy(update={"sha256": binary * 64})

    def job_id(job: str, device: DeviceFacts) -> str:
        return job if len(devices) == 1 else f"{job}@{device.serial}"

    def work(job: str):
        return sample.workload(name, sha256=("1" if job.endswith(".old") else "2") * 64)

    parts = tuple(
        DevicePlan(
            device=device,
            binary=program,
            rules=rules,
            canary=None,
            canary_job=f"canary@{device.serial}",
            jobs=tuple(PlannedJob(id=job_id(job, device), workload=work(job)) for job in measured),
        )
        for device in devices
    )
    store = create_session(
        root,
        device="phone",
        what="test",
        now=sample.NOW,
        ending=lambda: ending,
        plan_of=lambda session: Plan(
            session=session, created_at=sample.NOW, provenance=sample.PROVENANCE, devices=parts, pairing=pairing
        ),
    )
    with store.lock():
        for place, part in enumerate(parts):
            for number, planned in enumerate(part.jobs):
                medians_us = [*measured.values()][number]
                runs = tuple(
                    sample.latency_run(
                        each, index, job=planned.id, position=100 * place + 2 * index + number, block=index
                    )
                    for index, each in enumerate(medians_us)
                )
                store.save_job(
                    JobResult(
                        session=store.plan.session,
                        job=planned.id,
                        workload=planned.workload,
                        device=part.device,
                        binary=program,
                        rules=rules,
                        provenance=sample.PROVENANCE,
                        finished_at=sample.NOW,
                        status="ok",
                        runs=runs,
                    )
                )
    return store


def night(store: SessionStore, day: date, *, farm: str = "farm", names: dict[str, str] | None = None) -> None:
    save_night(
        store.path,
        Night(
            session=store.plan.session,
            farm=farm,
            project="camera",
            branch="main",
            date=day,
            zone="UTC",
            begun_at=sample.NOW,
            until=sample.NOW + timedelta(hours=8),
            farm_sha256="f" * 64,
            phones={},
            names=names or {},
        ),
    )


def between(root: Path, old: str, new: str | None, by: By = By.SESSION, within: tuple[str, ...] = ()):
    return compared(old, new, by=by, within=within, root=root)


def test_sessions_are_named_by_the_beginning_of_their_names_or_by_their_folders(tmp_path):
    old = stored(tmp_path, "000a", {"job": [1000] * 4})
    new = stored(tmp_path, "000b", {"job": [1100] * 4})
    for names in ((old.plan.session, new.plan.session), (str(old.path), str(new.path))):
        found = between(tmp_path, *names)
        assert (found.old, found.new) == (f"session {old.plan.session}", f"session {new.plan.session}")
        assert found.cells[0].ratio == pytest.approx(1.1)
    with pytest.raises(NoSession):
        between(tmp_path, "2026", new.plan.session)


def test_nights_are_named_by_their_dates(tmp_path):
    days = (date(2026, 1, 15), date(2026, 1, 16))
    for ending, medians, day in zip(("000a", "000b"), ([1000] * 4, [900] * 4), days, strict=True):
        night(stored(tmp_path, ending, {"job": medians}), day)
    found = between(tmp_path, "2026-01-15", "2026-01-16", By.NIGHT)
    assert found.cells[0].ratio == pytest.approx(0.9)
    with pytest.raises(UsageError, match=r"no night of 2026-01-14 in .*; the last there are: 2026-01-15, 2026-01-16"):
        between(tmp_path, "2026-01-14", "2026-01-16", By.NIGHT)


def test_of_two_nights_of_a_date_the_session_must_be_named(tmp_path):
    stores = [stored(tmp_path, ending, {"job": [1000] * 4}) for ending in ("000a", "000b")]
    for store in stores:
        night(store, date(2026, 1, 15))
    with pytest.raises(UsageError, match="2 nights began on 2026-01-15; name the session of one"):
        between(tmp_path, "2026-01-15", "2026-01-16", By.NIGHT)
    sessions = [store.plan.session for store in stores]
    assert between(tmp_path, *sessions, By.NIGHT).cells[0].ratio == 1.0


def test_a_users_file_is_followed_by_the_name_that_its_night_gives_it(tmp_path):
    old = stored(tmp_path, "000a", {"job": [1000] * 4}, name="file:v1@0123456789ab")
    new = stored(tmp_path, "000b", {"job": [1000] * 4}, name="file:v2@ba9876543210")
    assert between(tmp_path, old.plan.session, new.plan.session).cells == ()
    for store in (old, new):
        night(store, date(2026, 1, 15), names={"job": "detector"})
    found = between(tmp_path, old.plan.session, new.plan.session)
    assert [cell.variant for cell in found.cells] == ["detector"]


def test_phones_of_one_session_are_compared(tmp_path):
    store = stored(tmp_path, "000a", {"job": [1000] * 4}, devices=(FIRST, SECOND))
    found = between(tmp_path, FIRST.serial, SECOND.serial, By.DEVICE, (store.plan.session,))
    (cell,) = found.cells
    assert (cell.old.device, cell.new.device, cell.other_phone) == (FIRST.serial, SECOND.serial, True)
    with pytest.raises(UsageError, match="'nobody' is not one of the values of device here; there are EMULATED01, "):
        between(tmp_path, "nobody", SECOND.serial, By.DEVICE, (store.plan.session,))


def test_programs_of_several_sessions_are_named_by_the_beginning_of_their_hashes(tmp_path):
    sessions = tuple(
        stored(tmp_path, ending, {"job": [1000] * 4}, binary=digit).plan.session
        for ending, digit in (("000a", "c"), ("000b", "d"))
    )
    found = between(tmp_path, "ccc", "ddd", By.BINARY, sessions)
    assert (found.old, found.new, len(found.cells)) == ("binary cccccccccccc", "binary dddddddddddd", 1)


def test_a_session_of_pairs_is_compared_block_by_block_and_elsewhere_by_its_new_files(tmp_path):
    pairing = Pairing(purpose="against", old_from="file old.tflite", pairs=(JobPair(old="job.old", new="job"),))
    measured = {"job": [1100 + place for place in range(8)], "job.old": [1000 + place for place in range(8)]}
    store = stored(tmp_path, "000a", measured, pairing=pairing)
    found = between(tmp_path, store.plan.session, None)
    assert found == paired_comparison(store)
    assert (found.old, found.paired, found.cells[0].blocks, found.cells[0].verdict) == (
        "file old.tflite",
        True,
        8,
        "slower",
    )
    other = stored(tmp_path, "000b", {"job": [1103] * 4})
    apart = between(tmp_path, store.plan.session, other.plan.session)
    assert (len(apart.cells), apart.repeated, apart.cells[0].old.median_us) == (1, 0, 1103.5)
    with pytest.raises(UsageError, match="compares nothing by itself"):
        between(tmp_path, other.plan.session, None)


def test_a_bare_value_needs_another_one_beside_it(tmp_path):
    with pytest.raises(UsageError, match="--by device compares two values"):
        between(tmp_path, "one", None, By.DEVICE)
    with pytest.raises(UsageError, match="--in says in which sessions"):
        between(tmp_path, "one", "two", By.NIGHT, ("one",))


def test_serials_are_hidden_in_labels_cells_and_what_differs(tmp_path):
    store = stored(tmp_path, "000a", {"job": [1000] * 4}, devices=(FIRST, SECOND))
    within = (store.plan.session,)
    shown = compared(FIRST.serial, SECOND.serial, by=By.DEVICE, within=within, root=tmp_path)
    hidden = compared(FIRST.serial, SECOND.serial, by=By.DEVICE, within=within, root=tmp_path, hide_serials=True)
    assert FIRST.serial in shown.model_dump_json()
    assert FIRST.serial not in hidden.model_dump_json()
    assert SECOND.serial not in hidden.model_dump_json()
    old, new = (lasting_name(each.serial, each.profile) for each in (FIRST, SECOND))
    assert (hidden.old, hidden.new) == (f"device {old}", f"device {new}")
    assert (hidden.cells[0].old.device, hidden.cells[0].new.device) == (old, new)
    assert hidden.cells[0].ratio == shown.cells[0].ratio
    page = page_of_comparison(hidden, [FIRST.serial, SECOND.serial], [], hide_serials=True).decode()
    assert FIRST.serial not in page
    again = f"mbench compare {old} {new} --by device --in {store.plan.session} --format html --hide-serials"
    assert again in page


def test_a_session_that_compared_is_named_alone_and_hides_serials_too(tmp_path):
    pairing = Pairing(purpose="against", old_from="files of session before", pairs=(JobPair(old="job.old", new="job"),))
    store = stored(tmp_path, "000a", {"job.old": [1000] * 7, "job": [1100] * 7}, pairing=pairing)
    found = paired_comparison(store, hide_serials=True)
    assert FIRST.serial not in found.model_dump_json()
    page = page_of_comparison(found, ["last"], [], hide_serials=False).decode()
    assert f"<code>mbench compare {store.plan.session} --format html</code>" in page
    assert comparison_page_name(found) == f"compare-files-of-session-before-session-{store.plan.session}.html"
