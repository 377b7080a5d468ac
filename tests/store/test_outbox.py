"""The outbox: what a host has measured reaches the store once, whatever was away meanwhile."""

import io
import shutil
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
import sample_plans as sample

from mbench.core.errors import StoreError
from mbench.core.results import PartEnding
from mbench.store.objects import FolderObjects, StoreAway, open_objects
from mbench.store.outbox import Outbox
from mbench.store.session import create_session, open_session
from mbench.store.session_store import SessionStore
from mbench.store.shared import get_session, put_plan

RAW = {"stdout.txt": b"12 us\n", "result.pb": bytes(range(256))}


class Flaky(FolderObjects):
    """A store that is away when it is set so, and counts what it takes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.left, self.taken = 10**6, list[str]()

    def put_new(self, name: str, data: bytes) -> bool:
        if self.left <= 0:
            raise StoreAway("away")
        self.left -= 1
        self.taken.append(name)
        return super().put_new(name, data)


@pytest.fixture
def objects(tmp_path: Path) -> Flaky:
    return Flaky(tmp_path / "store")


@pytest.fixture
def measured(tmp_path: Path) -> SessionStore:
    """A session with two runs, of which one job was made."""
    store = create_session(tmp_path / "host", device="x", what="y", now=sample.NOW, plan_of=sample.plan)
    runs = [sample.run(index=index) for index in range(2)]
    for run in runs:
        store.save_run(run, RAW)
    store.save_job(sample.result(store.plan, runs=tuple(store.runs("job-0"))))
    return store


def fetched(objects: FolderObjects, store: SessionStore, folder: Path) -> SessionStore:
    found = get_session(objects, store.plan.session, folder)
    Outbox(objects, folder).receive(found, found.plan.devices[0])
    return found


def test_another_host_finds_the_same_runs_raw_files_and_documents(objects, measured, tmp_path):
    put_plan(measured, objects)
    part = measured.plan.devices[0]
    assert Outbox(objects, measured.path.parent).send(measured, part) == 3
    there = fetched(objects, measured, tmp_path / "other")
    assert there.plan == measured.plan
    assert there.runs("job-0") == measured.runs("job-0")
    assert there.result("job-0") == measured.result("job-0")
    assert [there.raw(run, "result.pb") for run in there.runs("job-0")] == [RAW["result.pb"]] * 2
    there.refuse_other_runs()


def test_nothing_is_sent_twice_also_by_the_next_process(objects, measured):
    part = measured.plan.devices[0]
    first = Outbox(objects, measured.path.parent)
    assert (first.send(measured, part), first.send(measured, part)) == (3, 0)
    assert Outbox(objects, measured.path.parent).send(open_session(measured.path), part) == 0
    assert len(objects.taken) == 3


def test_what_a_store_that_went_away_did_not_take_is_sent_when_it_is_back(objects, measured):
    part, outbox = measured.plan.devices[0], Outbox(objects, measured.path.parent)
    objects.left = 1
    with pytest.raises(StoreAway):
        outbox.send(measured, part)
    objects.left = 10
    assert outbox.send(measured, part) == 2
    assert len(set(objects.taken)) == 3


def test_a_run_is_sent_before_the_document_that_holds_it(objects, measured):
    Outbox(objects, measured.path.parent).send(measured, measured.plan.devices[0])
    assert [name.rpartition("/")[2] for name in objects.taken] == ["latency-0.zip", "latency-1.zip", "job-0.json"]


def test_what_was_brought_is_not_sent_back(objects, measured, tmp_path):
    put_plan(measured, objects)
    part = measured.plan.devices[0]
    Outbox(objects, measured.path.parent).send(measured, part)
    taken = len(objects.taken)
    there = fetched(objects, measured, tmp_path / "other")
    assert Outbox(objects, tmp_path / "other").send(there, part) == 0
    assert len(objects.taken) == taken


def test_the_notes_that_a_power_cut_took_cost_a_repetition_and_nothing_else(objects, measured, caplog):
    part = measured.plan.devices[0]
    Outbox(objects, measured.path.parent).send(measured, part)
    (measured.path / ".sent-device").unlink()
    assert Outbox(objects, measured.path.parent).send(measured, part) == 3
    assert not caplog.records


def test_what_another_host_has_sent_stays_and_ours_is_kept_here(objects, measured, caplog):
    put_plan(measured, objects)
    part = measured.plan.devices[0]
    Outbox(objects, measured.path.parent).send(measured, part)
    (measured.path / ".sent-device").unlink()
    (measured.path / "runs" / "job-0" / "latency-0" / "stdout.txt").write_bytes(b"another\n")
    Outbox(objects, measured.path.parent).send(measured, part)
    assert "is in the store by another host; ours stays in" in caplog.text


def test_why_a_part_ended_is_replaced_and_forgotten(objects, measured):
    part, outbox = measured.plan.devices[0], Outbox(objects, measured.path.parent)
    name = f"sessions/{measured.plan.session}/parts/device/ending.json"
    ending = PartEnding(
        session=measured.plan.session,
        serial="workstation",
        ended_at=sample.NOW,
        error_class="transport",
        message="lost",
    )
    measured.save_ending(ending)
    outbox.finish(measured, part)
    assert b'"lost"' in (objects.get(name) or b"")
    measured.remove_ending("workstation")
    outbox.finish(measured, part)
    assert not objects.has(name)


def test_everything_left_by_a_killed_process_is_sent(objects, measured):
    outbox = Outbox(objects, measured.path.parent)
    assert (outbox.send_all(), outbox.send_all()) == (3, 0)


def test_only_what_is_old_and_sent_is_removed(objects, measured):
    outbox, old = Outbox(objects, measured.path.parent), sample.NOW + timedelta(days=14, seconds=1)
    outbox.remove_sent(before=old)
    assert measured.path.is_dir()
    outbox.send_all()
    outbox.remove_sent(before=old - timedelta(seconds=1))
    assert measured.path.is_dir()
    outbox.remove_sent(before=old)
    assert not measured.path.exists()


def test_another_session_of_the_same_name_is_refused(objects, measured, tmp_path):
    put_plan(measured, objects)
    put_plan(measured, objects)
    other = shutil.copytree(measured.path, tmp_path / "copy" / measured.path.name)
    plan = other / "plan.json"
    plan.write_text(plan.read_text().replace('"workstation"', '"elsewhere"', 1))
    with pytest.raises(StoreError, match="its plan differs"):
        put_plan(open_session(other), objects)


def test_a_session_that_was_never_published_is_named(objects, tmp_path):
    with pytest.raises(StoreError, match="holds no session 20260101-000000-x"):
        get_session(objects, "20260101-000000-x", tmp_path)


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"not a zip",
        _zip({"stdout.txt": b""}),
        _zip({"run.json": b"{}", "../../up.txt": b""}),
        _zip({"run.json": b"{}", "/up.txt": b""}),
        _zip({"run.json": b"{}"} | {f"{n}.txt": b"" for n in range(64)}),
    ],
    ids=["bytes", "no run", "up", "root", "many"],
)
def test_a_hostile_run_in_the_store_is_refused_and_writes_nothing(data, measured, tmp_path):
    objects = open_objects(str(tmp_path / "store"))
    put_plan(measured, objects)
    objects.put(f"sessions/{measured.plan.session}/parts/device/runs/job-0/latency-0.zip", data)
    with pytest.raises(StoreError, match=r"latency-0\.zip in the store is"):
        fetched(objects, measured, tmp_path / "other")
    assert sorted(path.name for path in (tmp_path / "other").rglob("*") if path.is_file()) == ["plan.json"]
    assert not (tmp_path / "up.txt").exists()


def test_objects_that_are_of_no_planned_job_are_not_brought(objects, measured, tmp_path):
    put_plan(measured, objects)
    for name in ("jobs/stranger.json", "runs/job-0/latency-0/run.json", "jobs/../x.json", "notes.txt"):
        objects.put(f"sessions/{measured.plan.session}/parts/device/{name}", b"{}")
    there = fetched(objects, measured, tmp_path / "other")
    assert sorted(path.name for path in there.path.rglob("*") if path.is_file()) == ["plan.json"]
