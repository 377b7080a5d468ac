"""The archive: made of documents alone, brought up to date by what changed, whole whatever is done to its files."""

import os
import shutil
import subprocess
import sys
from datetime import timedelta

import pytest
from sample_sessions import NOW, night, nights, part, planned, result, session

from mbench.core.errors import StoreError
from mbench.core.nights.series import PointState
from mbench.history import archive as archives
from mbench.history.archive import FOLDER, open_archive
from mbench.history.deletions import read_deletions, write_deletions
from mbench.history.manifest import FILE as MANIFEST
from mbench.history.segments import count_rows
from mbench.store.packs import pack
from mbench.workflows.history import archives as current
from mbench.workflows.history.archives import current_archive, load_series


@pytest.fixture
def reads(monkeypatch):
    """Names of the sessions that are read."""
    from mbench.workflows.history import sources

    read, seen = sources.read_session, []
    monkeypatch.setattr(sources, "read_session", lambda root, name: (seen.append(name), read(root, name))[1])
    return seen


def levels(root, project="app", **changes):
    return [list(series.latency_us) for series in load_series(root, project=project, **changes)]


def test_each_night_is_a_point_in_the_order_of_time(tmp_path):
    nights(tmp_path, [1000, 1200, 1100])
    (series,) = load_series(tmp_path, project="app")
    assert str(series.cell) == "mobilenet_v1_0.50_160_int8 cpu ×1 on P1"
    assert (series.cell.project, series.cell.branch, series.model) == ("app", "main", "Pixel 4")
    assert list(series.latency_us) == [1000, 1200, 1100]
    assert list(series.half_width_us) == [1, 1, 1]
    assert list(series.runs) == [3, 3, 3]
    assert list(series.night) == [0, 1, 2]
    assert list(series.day) == [20758, 20759, 20760]
    assert list(series.state) == [PointState.NUMBER] * 3
    assert [column[0] for column in (series.init_us, series.memory_kib, series.size_bytes)] == [
        2001,
        20480,
        1.5e6,
    ]
    assert [column[0] for column in (series.delegated, series.nodes, series.partitions)] == [31, 33, 2]
    assert [column[0] for column in (series.correct, series.examples, series.dataset)] == [-1, -1, -1]
    assert len(set(series.thing)) == len(set(series.epoch)) == 1


def test_a_session_outside_of_nights_is_of_project_runs(tmp_path):
    session(tmp_path)
    assert levels(tmp_path, "runs") == [[1010]]
    assert levels(tmp_path, "app") == []


def test_only_what_is_new_is_read(tmp_path, reads):
    first = nights(tmp_path, [1000, 1200])
    current_archive(tmp_path)
    assert reads == [store.plan.session for store in first]
    del reads[:]
    current_archive(tmp_path)
    assert reads == []
    third = night(tmp_path, at=NOW + timedelta(days=5))
    current_archive(tmp_path)
    assert reads == [third.plan.session]
    assert levels(tmp_path) == [[1000, 1200, 1010]]


def test_a_session_whose_document_changed_is_read_again(tmp_path, reads):
    first, _ = nights(tmp_path, [1000, 1200])
    assert levels(tmp_path) == [[1000, 1200]]
    del reads[:]
    path = first.path / "jobs" / "job-0.json"
    path.write_text(path.read_text().replace('"median_us": 1000', '"median_us": 1100'))
    assert levels(tmp_path) == [[1001, 1200]]
    assert reads == [first.plan.session]


def test_a_session_that_is_gone_is_no_point_any_more(tmp_path):
    first, _ = nights(tmp_path, [1000, 1200])
    assert levels(tmp_path) == [[1000, 1200]]
    shutil.rmtree(first.path)
    assert levels(tmp_path) == [[1200]]


def test_packed_nights_are_in_it(tmp_path):
    stores = nights(tmp_path, [1000, 1200, 1100])
    assert levels(tmp_path) == [[1000, 1200, 1100]]
    pack(tmp_path, "2026-11", [stores[0].path, stores[1].path])
    assert levels(tmp_path) == [[1000, 1200, 1100]]
    shutil.rmtree(tmp_path / FOLDER)
    assert levels(tmp_path) == [[1000, 1200, 1100]]


def test_files_of_a_month_become_one_where_they_are_many(tmp_path):
    for number in range(archives.MOST_OF_A_MONTH):
        night(tmp_path, at=NOW + timedelta(days=number))
        made = current_archive(tmp_path)
    assert len(made.segments) == archives.MOST_OF_A_MONTH
    night(tmp_path, at=NOW + timedelta(days=20))
    made = current_archive(tmp_path)
    assert len(made.segments) == 1
    assert count_rows(made.segments) == archives.MOST_OF_A_MONTH + 1
    assert sorted(path.name for path in made.folder.glob("*.parquet")) == [made.segments[0].name]
    assert levels(tmp_path) == [[1010] * (archives.MOST_OF_A_MONTH + 1)]


def damage_cut_off(folder):
    (path,) = folder.glob("*.parquet")
    path.write_bytes(path.read_bytes()[:-20])


def damage_inside(folder):
    (path,) = folder.glob("*.parquet")
    data = path.read_bytes()
    path.write_bytes(data[:4] + bytes(len(data) - 12) + data[-8:])


def damage_gone(folder):
    (path,) = folder.glob("*.parquet")
    path.unlink()


def damage_manifest(folder):
    path = folder / MANIFEST
    path.write_bytes(path.read_bytes()[:50])


def damage_version(folder):
    path = folder / MANIFEST
    path.write_text(path.read_text().replace('"archive_version":2', '"archive_version":99'))


@pytest.mark.parametrize("damage", [damage_cut_off, damage_inside, damage_gone, damage_manifest, damage_version])
def test_a_damaged_archive_is_made_again_from_documents(tmp_path, damage):
    nights(tmp_path, [1000, 1200])
    assert levels(tmp_path) == [[1000, 1200]]
    damage(tmp_path / FOLDER)
    assert levels(tmp_path) == [[1000, 1200]]
    assert levels(tmp_path) == [[1000, 1200]]


def test_a_damaged_archive_is_made_again_where_a_session_of_it_went(tmp_path):
    first, _ = nights(tmp_path, [1000, 1200])
    assert levels(tmp_path) == [[1000, 1200]]
    damage_inside(tmp_path / FOLDER)
    shutil.rmtree(first.path)
    assert levels(tmp_path) == [[1200]]


def test_a_writer_that_was_killed_leaves_the_archive_of_before(tmp_path, monkeypatch):
    nights(tmp_path, [1000, 1200])
    before = levels(tmp_path)
    night(tmp_path, at=NOW + timedelta(days=9))

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(archives, "write_manifest", killed)
        with pytest.raises(KeyboardInterrupt):
            current_archive(tmp_path)
    (tmp_path / FOLDER / ".writing-0123").write_bytes(b"PAR1")
    assert len(open_archive(tmp_path / FOLDER).manifest.sources) == 2
    assert levels(tmp_path) == [[*before[0], 1010]]
    assert [path for path in (tmp_path / FOLDER).iterdir() if path.name.startswith(".writing")] == []
    assert len([*(tmp_path / FOLDER).glob("*.parquet")]) == len(open_archive(tmp_path / FOLDER).segments)


def test_two_writers_at_once_leave_one_whole_archive(tmp_path):
    nights(tmp_path, range(1000, 1012))
    code = (
        "import sys; from pathlib import Path; from mbench.workflows.history.archives import load_series; "
        "print([list(map(int, s.latency_us)) for s in load_series(Path(sys.argv[1]), project='app')])"
    )
    writers = [
        subprocess.Popen((sys.executable, "-c", code, str(tmp_path)), stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = {writer.communicate(timeout=120)[0].strip() for writer in writers}
    assert said == {str([list(range(1000, 1012))])}
    made = open_archive(tmp_path / FOLDER)
    assert count_rows(made.segments) == 12
    assert len([*made.folder.glob("*.parquet")]) == len(made.segments)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_read_all_the_same(tmp_path):
    nights(tmp_path, [1000, 1200])
    tmp_path.chmod(0o500)
    said = []
    try:
        assert [list(one.latency_us) for one in load_series(tmp_path, project="app", note=said.append)] == [
            [1000, 1200]
        ]
    finally:
        tmp_path.chmod(0o700)
    assert len(said) == 1


def test_where_the_disk_takes_no_archive_a_temporary_one_is_made_and_that_is_said_once(tmp_path):
    nights(tmp_path, [1000, 1200])
    (tmp_path / FOLDER).write_text("a file in the place of the folder")
    said = []
    note = said.append
    for _ in range(2):
        assert [list(one.latency_us) for one in load_series(tmp_path, project="app", note=note)] == [[1000, 1200]]
    assert len(said) == 1
    assert "temporary folder" in said[0]


def test_a_damaged_document_is_a_missing_point_and_noted(tmp_path):
    stores = nights(tmp_path, [1000, 1200, 1100])
    (stores[1].path / "jobs" / "job-0.json").write_text("{")
    (series,) = load_series(tmp_path, project="app")
    assert list(series.state) == [PointState.NUMBER, PointState.MISSING, PointState.NUMBER]
    (note,) = current_archive(tmp_path).notes
    assert "job-0.json: damaged JSON" in note


@pytest.mark.parametrize("damage", ["{", '{"kind": "plan", "format_version": 99}'])
def test_a_session_whose_plan_cannot_be_read_ends_no_other(tmp_path, damage):
    stores = nights(tmp_path, [1000, 1200])
    (stores[0].path / "plan.json").write_text(damage)
    assert levels(tmp_path) == [[1200]]
    (note,) = current_archive(tmp_path).notes
    assert stores[0].plan.session in note


def test_jobs_of_a_session_that_goes_on_are_not_missing_yet(tmp_path):
    store = session(tmp_path, part([planned(job="job-0"), planned(job="job-1", threads=2)]), written=False)
    with store.lock():
        store.save_job(result(store.plan, "job-0"))
        assert [list(one.state) for one in load_series(tmp_path, project="runs")] == [[PointState.NUMBER]]
    states = [list(one.state) for one in load_series(tmp_path, project="runs")]
    assert states == [[PointState.NUMBER], [PointState.MISSING]]


def test_what_was_deleted_stays_deleted_when_the_archive_is_made_again(tmp_path):
    nights(tmp_path, [1000, 1200])
    session(tmp_path)
    current_archive(tmp_path)
    write_deletions(tmp_path, read_deletions(tmp_path).with_more(project="app"))
    assert levels(tmp_path, "app") == []
    assert levels(tmp_path, "runs") == [[1010]]
    shutil.rmtree(tmp_path / FOLDER)
    night(tmp_path, at=NOW + timedelta(days=9))
    assert levels(tmp_path, "app") == []
    assert {each.project for each in current_archive(tmp_path).nights} == {"runs"}
    write_deletions(tmp_path, read_deletions(tmp_path).with_more(phone="P1"))
    assert levels(tmp_path, "runs") == []
    (tmp_path / "history-deleted.json").unlink()
    assert levels(tmp_path, "app") == [[1000, 1200, 1010]]


def test_a_store_s_url_is_no_folder_of_results(tmp_path):
    from pathlib import Path

    with pytest.raises(current.UsageError, match="copy its sessions here"):
        current_archive(Path("s3://bucket/results"))


def test_what_is_written_in_parts_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "POINTS_TOGETHER", 2)
    nights(tmp_path, [1, 2, 3, 4, 5])
    assert levels(tmp_path) == [[1, 2, 3, 4, 5]]
    assert len(current_archive(tmp_path).segments) == 3


def test_too_little_memory_is_said_and_is_no_damage(tmp_path, monkeypatch):
    from mbench.core.errors import StoreError
    from mbench.history import door

    nights(tmp_path, [1, 2])
    current_archive(tmp_path)
    monkeypatch.setattr(door, "MEMORY", "1MB")
    with pytest.raises(StoreError, match="ask for fewer cells"), door.asking() as connection:
        connection.execute("SELECT list(range) FROM range(10_000_000)").fetchall()
    monkeypatch.undo()
    assert levels(tmp_path) == [[1, 2]]


def test_a_link_in_the_place_of_the_folder_is_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    theirs = {"manifest.json": b"{}", "precious.parquet": b"rows", ".writing-0123456789abcdef": b"theirs"}
    for name, data in theirs.items():
        (elsewhere / name).write_bytes(data)
    root = tmp_path / "results"
    session(root)
    (root / FOLDER).symlink_to(elsewhere)
    with pytest.raises(StoreError, match="is a symbolic link"):
        current_archive(root)
    assert {path.name: path.read_bytes() for path in elsewhere.iterdir()} == theirs
