"""What real disks refuse is one typed error of one line that says where, what, and what to do next."""

import errno
import os
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
from full_disk import fill, small_disk

from mbench.core.errors import DiskError, HostDiskError, StoreError, TransportError
from mbench.files.disk import OTHER_RESULTS, advise, disk_errors

HOME_ADVICE = "let MBENCH_HOME name another folder."


def refused(action: str, path: Path) -> DiskError:
    with pytest.raises(DiskError) as caught, disk_errors(action, path):
        path.write_bytes(bytes(100_000))
    assert "\n" not in str(caught.value)
    assert caught.value.path == path
    return caught.value


def test_a_full_device_says_to_free_space() -> None:
    with pytest.raises(DiskError) as caught, disk_errors("write", "/dev/full"):
        Path("/dev/full").write_bytes(b"x")
    assert str(caught.value) == (
        f"could not write /dev/full: No space left on device. Free some space there, or {HOME_ADVICE}"
    )
    assert caught.value.code == errno.ENOSPC
    assert caught.value.exit_code == 4


def test_a_full_disk_says_to_free_space(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=64) as disk:
        fill(disk)
        said = refused("write", disk / "file")
    assert said.code == errno.ENOSPC
    assert f"could not write {tmp_path / 'disk' / 'file'}: No space left on device. Free some space there" in str(said)


def test_a_read_only_disk_says_to_make_it_writable(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=64) as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True, timeout=20)
        said = refused("write", disk / "file")
    assert said.code == errno.EROFS
    assert str(said).endswith(f"Read-only file system. Make it writable, or {HOME_ADVICE}")


def test_somebody_elses_file_says_to_mend_its_permissions() -> None:
    with ExitStack() as restored:
        if os.geteuid() == 0:  # root may write anywhere
            os.seteuid(65534)
            restored.callback(os.seteuid, 0)
        said = refused("write", Path("/proc/version"))
    assert said.code == errno.EACCES
    assert str(said).endswith(f"Permission denied. Mend its permissions, or {HOME_ADVICE}")


def test_a_path_through_a_file_says_to_move_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    said = refused("write", tmp_path / "file" / "deep")
    assert said.code == errno.ENOTDIR
    assert str(said).endswith(f"Not a directory. A part of that path is a file: move it, or {HOME_ADVICE}")


def test_a_path_that_is_too_long_is_said_to_be(tmp_path: Path) -> None:
    assert str(refused("write", tmp_path / ("x" * 300))).endswith(f"The path is too long: {HOME_ADVICE}")


def test_a_file_that_is_gone_asks_whether_it_was_removed(tmp_path: Path) -> None:
    said = r"could not read .*gone: No such file or directory\. Was it removed meanwhile\?$"
    with pytest.raises(DiskError, match=said), disk_errors("read", tmp_path / "gone"):
        (tmp_path / "gone").read_bytes()


def test_a_name_that_this_locale_does_not_have_says_which_one_to_set() -> None:
    said = r"could not write '\\xe9': .* Set LC_ALL=C\.UTF-8\."
    with pytest.raises(DiskError, match=said) as caught, disk_errors("write", Path("é")):
        "é".encode("ascii")
    assert caught.value.code is None


def test_a_caller_says_what_else_can_be_done_and_which_error_it_promises(tmp_path: Path) -> None:
    with (
        pytest.raises(HostDiskError, match="or let --results or MBENCH_RESULTS name another folder") as caught,
        disk_errors("read", tmp_path, otherwise=OTHER_RESULTS, error=HostDiskError),
    ):
        tmp_path.read_bytes()
    assert isinstance(caught.value, TransportError)
    assert isinstance(caught.value, StoreError)


def test_what_is_no_error_of_the_disk_passes() -> None:
    with pytest.raises(KeyError), disk_errors("write", Path("file")):
        raise KeyError
    with pytest.raises(StoreError, match="as it was"), disk_errors("write", Path("file")):
        raise StoreError("as it was")


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.ENOSPC, "Free some space there, or wait."),
        (errno.EDQUOT, "Your quota there is used up: free some space, or wait."),
        (errno.EPERM, "Mend its permissions, or wait."),
        (errno.EEXIST, "A part of that path is a file: move it, or wait."),
        (errno.ENOLCK, "mbench needs locks there: wait."),
        (errno.EIO, "Look at the disk there, or wait."),
        (None, "Look at the disk there, or wait."),
    ],
)
def test_each_number_of_the_system_has_its_advice(code: int | None, advice: str) -> None:
    assert advise(code, otherwise="wait") == advice


def test_a_number_without_advice_of_its_own_gets_what_the_caller_says() -> None:
    assert advise(errno.EIO, otherwise="wait", unknown="") == ""
