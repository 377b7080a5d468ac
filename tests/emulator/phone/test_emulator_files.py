"""Files pushed to, pulled from and looked at on an emulated phone, through the real adb."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from mbench.emulator.adb_server import AdbServer
from mbench.emulator.farm import Phone, PhoneFarm

Adb = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("size", [0, 1, 70_000, 20 << 20])
def test_a_file_goes_there_and_back_unchanged(adb: Adb, tmp_path: Path, size: int) -> None:
    data = random.Random(size).randbytes(size)
    (tmp_path / "there").write_bytes(data)
    assert adb("push", str(tmp_path / "there"), "/data/local/tmp/f")[0] == 0
    assert adb("pull", "/data/local/tmp/f", str(tmp_path / "back"))[0] == 0
    assert (tmp_path / "back").read_bytes() == data


def test_a_folder_goes_there_and_back(adb: Adb, tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/one").write_text("1")
    (tmp_path / "a/b/two").write_text("2")
    assert adb("push", str(tmp_path / "a"), "/data/local/tmp/")[0] == 0
    assert adb("pull", "/data/local/tmp/a", str(tmp_path / "back"))[0] == 0
    assert {path.relative_to(tmp_path / "back").as_posix() for path in (tmp_path / "back").rglob("*")} == {
        *("one", "b", "b/two")
    }


def test_missing_parents_are_made(adb: Adb, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    assert adb("push", str(tmp_path / "f"), "/data/local/tmp/new/deep/f")[0] == 0
    assert adb("shell", "cat /data/local/tmp/new/deep/f")[1] == "x"


def test_the_owners_bits_go_to_everybody(adb: Adb, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    (tmp_path / "f").chmod(0o755)
    adb("push", str(tmp_path / "f"), "/data/local/tmp/f")
    assert adb("shell", "stat -c %a /data/local/tmp/f")[1] == "777\n"


def test_the_time_of_change_is_kept(adb: Adb, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    os.utime(tmp_path / "f", (1_500_000_000, 1_500_000_000))
    adb("push", str(tmp_path / "f"), "/data/local/tmp/f")
    assert adb("shell", "stat -c %Y /data/local/tmp/f")[1] == "1500000000\n"


def test_a_push_replaces_a_file_and_leaves_its_other_names_alone(adb: Adb, tmp_path: Path) -> None:
    adb("shell", "cd /data/local/tmp; echo old >f; ln f g")
    (tmp_path / "f").write_text("new\n")
    adb("push", str(tmp_path / "f"), "/data/local/tmp/f")
    assert adb("shell", "cat /data/local/tmp/f /data/local/tmp/g")[1] == "new\nold\n"


def test_the_sdcard_is_reached_through_its_link(adb: Adb, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    assert adb("push", str(tmp_path / "f"), "/sdcard/Download/f")[0] == 0
    assert adb("shell", "cat /storage/emulated/0/Download/f")[1] == "x"


def test_nothing_is_executed_from_the_sdcard(adb: Adb, phone_farm: PhoneFarm) -> None:
    if not phone_farm.namespace:
        pytest.skip("only mounts forbid execution")
    status, _, err = adb("shell", "cp /system/bin/true /sdcard/t; /sdcard/t")
    assert (status, "Permission denied" in err) == (126, True)


def test_a_file_that_is_not_there_cannot_be_pulled(adb: Adb, tmp_path: Path) -> None:
    status, _, err = adb("pull", "/data/local/tmp/none", str(tmp_path / "x"))
    assert (status, "No such file or directory" in err) == (1, True)


def test_a_system_folder_refuses_files_in_adbds_words(adb: Adb, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(200_000))
    status, _, err = adb("push", str(tmp_path / "f"), "/system/f")
    assert (status, "couldn't create file: Permission denied" in err) == (1, True)


def test_adb_ls_lists_a_folder(adb: Adb) -> None:
    adb("shell", "mkdir /data/local/tmp/d; echo hello >/data/local/tmp/d/f")
    lines = [line.split() for line in adb("ls", "/data/local/tmp/d")[1].splitlines()]
    assert {line[3]: int(line[1], 16) for line in lines if line[3] == "f"} == {"f": 6}


def test_a_symbolic_link_is_pushed_as_what_it_names(adb: Adb, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_text("x")
    (tmp_path / "d/l").symlink_to("f")
    adb("push", str(tmp_path / "d"), "/data/local/tmp/")
    assert adb("shell", "cat /data/local/tmp/d/l")[1] == "x"


def test_a_link_does_not_lead_out_of_the_phone(adb: Adb, phone: Phone, tmp_path: Path) -> None:
    phone.path("/data/local/tmp/out").symlink_to("../../../../../../../../../../etc/hostname")
    assert adb("pull", "/data/local/tmp/out", str(tmp_path / "x"))[0] == 1


def test_a_dry_run_writes_nothing(adb: Adb, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    status, _, err = adb("push", "-n", str(tmp_path / "f"), "/data/local/tmp/dry")
    if status == 1 and "usage" in err.lower():
        pytest.skip("this adb knows no dry run")
    assert adb("shell", "ls /data/local/tmp/dry")[0] != 0


def test_pushes_to_one_phone_run_side_by_side(adb_server: AdbServer, phone: Phone, tmp_path: Path) -> None:
    import threading

    def push(number: int) -> None:
        (tmp_path / str(number)).write_bytes(bytes([number]) * 2_000_000)
        adb_server.run("-s", phone.address, "push", str(tmp_path / str(number)), "/data/local/tmp/")

    threads = [threading.Thread(target=push, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [phone.path(f"/data/local/tmp/{number}").read_bytes()[::1_999_999] for number in range(6)] == [
        bytes([number]) * 2 for number in range(6)
    ]
