"""Packed sessions: as small as they can be, as readable as folders, and never lost."""

import io
import lzma
import os
import zipfile
from pathlib import Path

import pytest
from sample_plans import NOW, plan, result, run

from mbench.core.errors import StoreError
from mbench.core.results import Pass, PlannedJob
from mbench.store import packs
from mbench.store.packs import is_unpacked, pack, packed_sessions, remove_raw, unpacked
from mbench.store.session import create_session, find_session, list_sessions, open_session, session_folder
from mbench.store.session_store import SessionStore


def session(root: Path, jobs: int = 2, *, runs: int = 1) -> SessionStore:
    names = tuple(f"job-{number}" for number in range(jobs))
    store = create_session(root, device="night", what="farm", now=NOW, plan_of=lambda name: plan(name, names))
    with store.lock():
        for job in names:
            done = tuple(run(job, index) for index in range(runs))
            for one in done:
                store.save_run(one, {"stdout.txt": b"x" * 1000})
            store.save_job(
                result(store.plan, job, tuple(one.model_copy(update={"files": ("stdout.txt",)}) for one in done))
            )
        store.save_report("| a table |\n")
    return store


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_packed_session_is_found_and_read_as_if_it_had_a_folder(tmp_path):
    store, other = session(tmp_path), session(tmp_path)
    before = store.results()
    kept = {name: data for name, data in contents(store.path).items() if not name.startswith("runs/")}
    pack(tmp_path, "2026-01", [store.path])
    assert not store.path.exists()
    name = store.plan.session
    assert list_sessions(tmp_path) == tuple(sorted((name, other.plan.session)))
    for folder in (find_session(tmp_path, name), find_session(tmp_path, name[:-1]), session_folder(tmp_path, name)):
        assert open_session(folder).results() == before
        assert contents(folder) == kept
        assert is_unpacked(folder)
    assert not is_unpacked(other.path)


def test_a_month_s_sessions_share_one_file_and_packing_again_changes_nothing(tmp_path):
    stores = [session(tmp_path) for _ in range(3)]
    pack(tmp_path, "2026-01", [stores[0].path])
    pack(tmp_path, "2026-01", [store.path for store in stores[1:]])
    assert [path.name for path in (tmp_path / "packed").iterdir()] == ["2026-01.zip"]
    assert set(packed_sessions(tmp_path)) == {store.plan.session for store in stores}
    pack(tmp_path, "2026-01", [])
    assert len(list_sessions(tmp_path)) == 3


def test_what_was_interrupted_between_packing_and_removing_is_ended_by_the_next_call(tmp_path, monkeypatch):
    store = session(tmp_path)

    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(packs, "_remove_whole", killed)
        with pytest.raises(KeyboardInterrupt):
            pack(tmp_path, "2026-01", [store.path])
    assert list_sessions(tmp_path) == (store.plan.session,)
    assert find_session(tmp_path, store.plan.session) == store.path
    pack(tmp_path, "2026-01", [store.path])
    assert not store.path.exists()
    assert list_sessions(tmp_path) == (store.plan.session,)


def test_a_folder_that_was_on_its_way_out_is_removed_with_the_next(tmp_path):
    store = session(tmp_path)
    left = tmp_path / ".removing-20260101-000000-x-y-0000"
    left.mkdir()
    (left / "plan.json").write_bytes(b"{}")
    assert list_sessions(tmp_path) == (store.plan.session,)
    pack(tmp_path, "2026-01", [store.path])
    assert not left.exists()


def test_another_session_of_the_name_is_not_removed(tmp_path):
    store = session(tmp_path)
    copy = contents(store.path)
    pack(tmp_path, "2026-01", [store.path])
    for name, data in copy.items():
        (store.path / name).parent.mkdir(parents=True, exist_ok=True)
        (store.path / name).write_bytes(data)
    (store.path / "report.md").write_text("another table", encoding="utf-8")
    with pytest.raises(StoreError, match="holds another session"):
        pack(tmp_path, "2026-01", [store.path])
    assert store.path.is_dir()


def test_a_folder_with_something_of_the_user_s_is_left(tmp_path):
    store = session(tmp_path)
    (store.path / "my notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError, match=r"my notes\.txt is no document of a session"):
        pack(tmp_path, "2026-01", [store.path])
    assert (store.path / "my notes.txt").is_file()
    assert packed_sessions(tmp_path) == {}


def test_a_link_in_a_session_is_not_followed(tmp_path):
    store = session(tmp_path)
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (store.path / "notes.md").symlink_to(tmp_path / "secret")
    with pytest.raises(StoreError, match="is a symbolic link"):
        pack(tmp_path, "2026-01", [store.path])


def test_raw_evidence_goes_and_documents_stay(tmp_path):
    store = session(tmp_path)
    before = store.results()
    remove_raw(store.path)
    assert not (store.path / "runs").exists()
    assert open_session(store.path).results() == before
    open_session(store.path).refuse_other_runs()
    remove_raw(store.path)  # again: nothing


@pytest.mark.parametrize(
    ("name", "words"),
    [("../../evil", "no document's place"), ("/evil", "no document's place"), ("jobs/.hidden", "no document's place")],
)
def test_a_pack_of_somebody_else_reaches_nothing(tmp_path, name, words):
    folder = tmp_path / "packed"
    folder.mkdir()
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr(name, b"evil")
    with zipfile.ZipFile(folder / "2026-01.zip", "w") as archive:
        archive.write(inner, "20260115-093000-a-b-0000.zip")
    with pytest.raises(StoreError, match=words):
        unpacked(tmp_path, "20260115-093000-a-b-0000")


@pytest.mark.parametrize("name", ["../x.zip", ".hidden.zip", "a b.zip"])
def test_a_pack_with_another_name_than_a_session_s_is_refused(tmp_path, name):
    folder = tmp_path / "packed"
    folder.mkdir()
    with zipfile.ZipFile(folder / "2026-01.zip", "w") as archive:
        archive.writestr(name, b"")
    with pytest.raises(StoreError, match="no session's name"):
        list_sessions(tmp_path)


def test_a_pack_of_before_is_read_as_well_and_nothing_is_added_to_it(tmp_path):
    old, new = session(tmp_path), session(tmp_path)
    before = old.results()
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        for name, data in contents(old.path).items():
            if not name.startswith("runs/"):
                archive.writestr(name, data)
    path = tmp_path / "packed" / "2026-01.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(inner, f"{old.plan.session}.zip")
    data = path.read_bytes()
    pack(tmp_path, "2026-01", [old.path, new.path])
    assert path.read_bytes() == data
    assert sorted(each.name for each in path.parent.iterdir()) == ["2026-01-2.zip", "2026-01.zip"]
    assert open_session(find_session(tmp_path, old.plan.session)).results() == before
    assert set(packed_sessions(tmp_path)) == {old.plan.session, new.plan.session}


def test_a_pack_opens_with_common_tools(tmp_path):
    store = session(tmp_path)
    plan_text = (store.path / "plan.json").read_bytes()
    pack(tmp_path, "2026-01", [store.path])
    with zipfile.ZipFile(tmp_path / "packed" / "2026-01.zip") as outer:
        assert outer.read("sessions.txt").decode() == f"{store.plan.session}\n"
        solid = lzma.decompress(outer.read("sessions.zip.xz"))
    with zipfile.ZipFile(io.BytesIO(solid)) as middle, middle.open(f"{store.plan.session}.zip") as inner:
        assert zipfile.ZipFile(io.BytesIO(inner.read())).read("plan.json") == plan_text


@pytest.mark.parametrize(("room", "packs_wanted"), [(1, 3), (1 << 30, 1)])
def test_a_month_that_is_more_than_a_pack_takes_has_several(tmp_path, monkeypatch, room, packs_wanted):
    stores = [session(tmp_path) for _ in range(3)]
    before = {store.plan.session: store.results() for store in stores}
    monkeypatch.setattr(packs, "MOST_SOLID_BYTES", room)
    pack(tmp_path, "2026-01", [store.path for store in stores])
    assert len(list((tmp_path / "packed").iterdir())) == packs_wanted
    assert {name: open_session(find_session(tmp_path, name)).results() for name in before} == before


def solid(folder: Path, data: bytes) -> None:
    with zipfile.ZipFile(folder / "packed" / "2026-01.zip", "w") as archive:
        archive.writestr("sessions.txt", "20260115-093000-a-b-0000\n")
        archive.writestr("sessions.zip.xz", data)


@pytest.mark.parametrize("what", ["cut off", "bomb", "no xz", "no archive"])
def test_what_does_not_unpack_as_it_should_is_refused(tmp_path, monkeypatch, what):
    (tmp_path / "packed").mkdir()
    monkeypatch.setattr(packs, "MOST_SOLID_BYTES", 1000)
    monkeypatch.setattr(packs, "MOST_SESSION_BYTES", 1000)
    data = {
        "cut off": lzma.compress(os.urandom(500))[:-20],
        "bomb": lzma.compress(bytes(2001)),
        "no xz": b"nothing",
        "no archive": lzma.compress(b"nothing"),
    }
    solid(tmp_path, data[what])
    assert list_sessions(tmp_path) == ("20260115-093000-a-b-0000",)
    with pytest.raises(StoreError, match=r"2026-01\.zip: damaged"):
        unpacked(tmp_path, "20260115-093000-a-b-0000")


def test_a_damaged_pack_is_named(tmp_path):
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "2026-01.zip").write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(StoreError, match=r"2026-01\.zip: no pack of sessions"):
        list_sessions(tmp_path)


@pytest.mark.parametrize(("nights_packed", "cells"), [(5, 20), (10, 2)])
def test_a_cell_and_night_take_less_than_two_kilobytes(tmp_path, nights_packed, cells):
    nights = []
    for _ in range(nights_packed):
        store = create_session(
            tmp_path,
            device="night",
            what="farm",
            now=NOW,
            plan_of=lambda name: plan(name, planned=tuple(_job(number) for number in range(cells))),
        )
        with store.lock():
            for job in store.plan.jobs:
                runs = tuple(_noisy(job.id, index) for index in range(13))
                store.save_job(result(store.plan, job.id, runs).model_copy(update={"workload": job.workload}))
        nights.append(store.path)
    whole = sum(path.stat().st_size for night in nights for path in night.rglob("*") if path.is_file())
    pack(tmp_path, "2026-01", nights)
    packed = (tmp_path / "packed" / "2026-01.zip").stat().st_size
    assert whole > 20 * packed
    assert packed <= 2048 * nights_packed * cells


def _job(number: int) -> PlannedJob:
    return PlannedJob(id=f"job-{number}", workload=plan("x").jobs[0].workload)


def _noisy(job: str, index: int):
    """Return a run whose numbers are like no other's, as real ones are."""
    some = int.from_bytes(os.urandom(4))
    one = run(
        job, index if index < 5 else index - 5, purpose=Pass.LATENCY if index < 5 else Pass.MEMORY, position=index
    )
    assert one.measured is not None
    measured = one.measured.model_copy(update={"median_us": 11_000 + some % 997, "avg_us": some / 1000})
    return one.model_copy(update={"measured": measured, "wall_s": some / 1e6, "output_sha256": "c" * 64})
