"""Locks between real processes and threads: held, waited for, and free again when their holder is killed."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
import pytest
from full_disk import small_disk

from mbench.core.errors import DiskError, HostDiskError, LockHeld, StoreError
from mbench.files.disk import OTHER_RESULTS
from mbench.files.locks import is_locked, locked

HOLDING = """
import sys
from pathlib import Path
from mbench.files.locks import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold a lock."""
    command = [sys.executable, "-c", HOLDING, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_one_process_holds_it_and_another_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "lock"
    with holder(path), pytest.raises(LockHeld) as caught, locked(path):
        pass
    assert str(caught.value) == (
        f"could not lock {path}: another process still holds it; see what it does, end it if it hangs, then try again."
    )
    assert isinstance(caught.value, StoreError)
    assert (caught.value.path, caught.value.exit_code) == (path, 4)


def test_a_holder_that_is_killed_holds_nothing(tmp_path: Path) -> None:
    with holder(tmp_path / "lock") as process:
        assert is_locked(tmp_path / "lock")
        process.send_signal(signal.SIGKILL)
        process.wait()

        assert not is_locked(tmp_path / "lock")
        with locked(tmp_path / "lock"):
            pass


def test_a_wait_ends_when_the_holder_does_and_says_once_that_it_waits(tmp_path: Path) -> None:
    said: list[str] = []
    with holder(tmp_path / "lock") as process:

        def waiting() -> None:
            said.append("waiting")
            process.kill()

        with locked(tmp_path / "lock", wait_s=None, waiting=waiting):
            assert said == ["waiting"]


def test_waiting_for_a_free_lock_is_not_reported(tmp_path: Path) -> None:
    with locked(tmp_path / "lock", wait_s=None, waiting=lambda: pytest.fail("nobody holds it")):
        pass


def test_a_bounded_wait_gives_up_and_says_after_how_long(tmp_path: Path) -> None:
    began = time.monotonic()
    with (
        holder(tmp_path / "lock"),
        pytest.raises(LockHeld, match="still holds it after 1 s; see what it does"),
        locked(tmp_path / "lock", wait_s=1),
    ):
        pass
    assert time.monotonic() - began >= 1


def test_two_threads_of_one_process_keep_each_other_out(tmp_path: Path) -> None:
    inside, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with locked(tmp_path / "lock", wait_s=None):
                with lock:
                    inside += 1
                    most = max(most, inside)
                time.sleep(0.001)
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most) == (0, 1)


def test_it_is_free_after_an_error_and_may_be_taken_again(tmp_path: Path) -> None:
    with pytest.raises(KeyError), locked(tmp_path / "lock"):
        raise KeyError
    with locked(tmp_path / "lock"):
        assert is_locked(tmp_path / "lock")
    assert not is_locked(tmp_path / "lock")


def test_the_file_stays_unless_it_is_of_one_use(tmp_path: Path) -> None:
    with locked(tmp_path / "kept"), locked(tmp_path / "removed", removed=True):
        assert (tmp_path / "removed").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_looking_makes_nothing(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "folder" / "lock")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_the_disk_s_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(
            HostDiskError, match=r"could not lock .*lock: .* or let --results or MBENCH_RESULTS name another folder\."
        ),
        locked(tmp_path / "file" / "lock", otherwise=OTHER_RESULTS, error=HostDiskError),
    ):
        pass


def test_a_read_only_disk_is_said_to_be_and_nobody_holds_a_lock_there(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=64) as disk:
        (disk / "lock").touch()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True, timeout=20)

        with pytest.raises(DiskError, match=r"Read-only file system\. Make it writable"), locked(disk / "lock"):
            pass
        assert not is_locked(disk / "lock")


def test_a_file_system_without_locks_says_that_they_are_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotImplementedError("FileSystem does not appear to support flock; use SoftFileLock instead")

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)

    with (
        pytest.raises(DiskError, match=r"its file system has no locks\. mbench needs locks there: let MBENCH_HOME"),
        locked(tmp_path / "lock"),
    ):
        pass
