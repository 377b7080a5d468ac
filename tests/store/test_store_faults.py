import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sample_plans as sample

from mbench.core.errors import StoreError
from mbench.store.session import create_session, find_session, list_sessions
from mbench.store.session_store import SessionStore


def create(root: Path, jobs: int = 2) -> SessionStore:
    names = tuple(f"job-{number}" for number in range(jobs))
    return create_session(
        root, device="host", what="test", now=sample.NOW, plan_of=lambda session: sample.plan(session, names)
    )


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount program")
    if mounted.returncode != 0:
        pytest.skip(f"mounting is not permitted: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], timeout=120, check=True)


def fill(folder: Path, leave_bytes: int) -> Path:
    """Use up the disk except for about `leave_bytes`."""
    filler = folder / "filler"
    filler.write_bytes(b"")
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    filler.write_bytes(bytes(max(0, free - leave_bytes)))
    return filler


def names_below(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


def test_a_full_disk_keeps_no_half_run_and_says_so(small_disk):
    store = create(small_disk)
    filler = fill(small_disk, 100_000)
    with pytest.raises(StoreError, match=r"could not write .*latency-0: No space left on device\. Free some space"):
        store.save_run(sample.run(), {"stdout.txt": bytes(500_000)})
    assert names_below(small_disk / store.path.name / "runs") == {"job-0"}
    filler.unlink()
    store.save_run(sample.run(), {"stdout.txt": bytes(500_000)})
    assert len(store.runs("job-0")) == 1


def test_a_full_disk_keeps_no_half_result(small_disk):
    store = create(small_disk)
    fill(small_disk, 0)
    with pytest.raises(StoreError, match="No space left on device"):
        store.save_job(sample.result(store.plan))
    assert store.result("job-0") is None


@pytest.mark.parametrize("leave_bytes", [0, 4096])
def test_a_full_disk_gets_no_half_session(small_disk, leave_bytes):
    earlier = create(small_disk)
    earlier.save_run(sample.run(), {})
    fill(small_disk, leave_bytes)
    with pytest.raises(StoreError, match="No space left on device"):
        create(small_disk, jobs=20)
    assert list_sessions(small_disk) == (earlier.path.name,)
    assert find_session(small_disk, None) == earlier.path


def test_a_disk_that_became_read_only_is_said_to_be(small_disk):
    store = create(small_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], timeout=120, check=True)
    with pytest.raises(
        StoreError, match=r"Read-only file system\. Make it writable, or let --results or MBENCH_RESULTS"
    ):
        store.save_run(sample.run(), {})
    with pytest.raises(StoreError, match="Read-only file system"), store.lock():
        pass
    assert store.results()[0].message.startswith("interrupted after 0 of 4 runs")


def test_a_results_folder_that_is_a_file_is_said_to_be(tmp_path):
    root = tmp_path / "results"
    root.write_text("not a folder", encoding="utf-8")
    with pytest.raises(StoreError, match=r"File exists\. A part of that path is a file: move it"):
        create(root)


def test_a_results_folder_below_a_file_is_said_to_be(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match=r"Not a directory\. A part of that path is a file"):
        create(tmp_path / "file" / "results")


@pytest.fixture
def closed_folder(tmp_path) -> Iterator[Path]:
    """Give a folder that may not be written; root may write anywhere, so root is nobody for a while."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    privileged = os.geteuid() == 0
    if privileged:
        os.seteuid(65534)
    yield folder
    if privileged:
        os.seteuid(0)


def test_a_folder_without_the_right_to_write_is_said_to_be(closed_folder):
    with pytest.raises(StoreError, match=r"Permission denied\. Mend its permissions"):
        create(closed_folder / "results")


def test_a_name_that_is_too_long_for_the_disk_is_said_to_be(tmp_path):
    with pytest.raises(StoreError, match=r"File name too long\. The path is too long"):
        create(tmp_path / ("x" * 300))


def test_a_session_that_was_removed_meanwhile_is_said_to_be_missing(tmp_path):
    store = create(tmp_path)
    store.save_run(sample.run(), {})
    (store.path / "runs" / "job-0" / "latency-0" / "run.json").unlink()
    with pytest.raises(StoreError, match=r"No such file or directory\. Was it removed meanwhile\?"):
        store.runs("job-0")


def test_a_message_is_one_line(tmp_path):
    (tmp_path / "results").write_text("", encoding="utf-8")
    with pytest.raises(StoreError) as error:
        create(tmp_path / "results")
    assert "\n" not in str(error.value)
