"""Commands on an emulated phone, through the real adb."""

import hashlib
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mbench.emulator.adb_server import AdbServer
from mbench.emulator.farm import Phone, PhoneFarm
from mbench.emulator.phone.facts import pixel4

Adb = Callable[..., tuple[int, str, str]]


def wait_until(holds: Callable[[], bool], timeout_s: float = 120.0) -> bool:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_adb_lists_the_phone_by_its_model(adb_server: AdbServer, phone: Phone) -> None:
    lines = adb_server.run("devices", "-l").stdout.decode().splitlines()
    line = next(line for line in lines if line.startswith(phone.address))
    assert "device product:flame model:Pixel_4 device:flame" in line


def test_a_command_gives_both_streams_apart_and_its_status(adb: Adb) -> None:
    assert adb("shell", "echo out; echo err >&2; exit 7") == (7, "out\n", "err\n")


def test_a_command_killed_by_a_signal_gives_128_and_its_number(adb: Adb) -> None:
    assert adb("shell", "kill -9 $$")[0] == 137


def test_standard_input_arrives_whole_and_ends(adb: Adb) -> None:
    data = b"0123456789abcdef" * 20_000
    assert adb("shell", "sha256sum", stdin=data)[1].split()[0] == hashlib.sha256(data).hexdigest()


def test_a_large_output_arrives_whole(adb: Adb) -> None:
    status, out, _ = adb("shell", "seq 1 300000")
    assert (status, out.count("\n"), out[-7:]) == (0, 300_000, "300000\n")


def test_exec_out_gives_bytes_as_they_are(adb_server: AdbServer, phone: Phone) -> None:
    done = adb_server.run("-s", phone.address, "exec-out", r"printf 'a\r\n\0b\n'")
    assert done.stdout == b"a\r\n\0b\n"


def test_exec_in_writes_what_it_is_given(adb: Adb, phone: Phone) -> None:
    data = b"x\0y" * 100_000
    adb("exec-in", "cat >/data/local/tmp/in", stdin=data)
    written = phone.path("/data/local/tmp/in")
    assert wait_until(lambda: written.exists() and written.read_bytes() == data)


def test_a_terminal_runs_commands_typed_into_it(adb: Adb) -> None:
    status, out, _ = adb("shell", "-tt", stdin=b"echo $((6*7)); exit 3\n")
    assert status == 3
    assert "42" in out


def test_the_old_shell_protocol_mixes_streams_and_has_no_status(adb: Adb) -> None:
    status, out, err = adb("shell", "-x", "echo out; echo err >&2; exit 7")
    assert (status, sorted(out.split()), err) == (0, ["err", "out"], "")


def test_a_background_child_that_keeps_the_streams_holds_the_shell(adb: Adb) -> None:
    began = time.monotonic()
    assert adb("shell", "sleep 0.7 & echo x")[1] == "x\n"
    assert time.monotonic() - began > 0.6


def test_a_detached_child_does_not_hold_the_shell(adb: Adb) -> None:
    assert adb("shell", "sleep 3600 </dev/null >/dev/null 2>&1 & echo x")[1] == "x\n"


def test_a_client_that_goes_takes_the_foreground_job_with_it(adb: Adb, adb_server: AdbServer, phone: Phone) -> None:
    adb("shell", "cp /system/bin/sleep /data/local/tmp/fore; cp /system/bin/sleep /data/local/tmp/back")
    command = "cd /data/local/tmp; ./back 60 </dev/null >/dev/null 2>&1 & cd /data/local/tmp && ./fore 60; echo"
    client = subprocess.Popen(
        [adb_server.adb, "-s", phone.address, "shell", command], env=adb_server.environment, stdin=subprocess.DEVNULL
    )
    assert wait_until(lambda: adb("shell", "pidof fore && pidof back")[0] == 0)
    client.kill()
    client.wait()
    assert wait_until(lambda: adb("shell", "pidof fore")[0] == 1)
    assert adb("shell", "pidof back")[0] == 0


def test_many_streams_at_once_stay_apart(adb: Adb) -> None:
    results: dict[int, str] = {}

    def one(number: int) -> None:
        results[number] = adb("shell", f"echo {number}; sleep 0.1; echo {number}")[1]

    threads = [threading.Thread(target=one, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: f"{number}\n{number}\n" for number in range(20)}


def test_two_adb_servers_use_one_phone(adb_server: AdbServer, phone: Phone) -> None:
    with AdbServer(adb_server.adb) as other:
        assert other.connect(phone.address).startswith("connected to")
        assert other.run("-s", phone.address, "shell", "echo two").stdout == b"two\n"
        assert adb_server.run("-s", phone.address, "shell", "echo one").stdout == b"one\n"


def test_an_unknown_service_is_closed(adb: Adb) -> None:
    status, _, err = adb("jdwp", timeout_s=10)
    assert (status, "closed" in err) == (1, True)


def test_twenty_phones_answer_at_once(emulated_phones: Callable[..., list[Phone]], adb_server: AdbServer) -> None:
    phones = emulated_phones(20)
    said: dict[str, str] = {}

    def ask(phone: Phone) -> None:
        said[phone.serial] = adb_server.run("-s", phone.address, "shell", "getprop ro.serialno").stdout.decode().strip()

    threads = [threading.Thread(target=ask, args=(phone,)) for phone in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {phone.serial: phone.serial for phone in phones}


@pytest.mark.parametrize(
    ("command", "out"),
    [
        ("getprop ro.product.model", "Pixel 4"),
        ("getprop ro.build.version.sdk", "33"),
        ("getprop ro.mbench.emulated", "1"),
        ("getprop no.such.thing", ""),
        ("setprop debug.x 5; getprop debug.x", "5"),
        ("nproc", "8"),
        ("cat /sys/devices/system/cpu/possible", "0-7"),
        ("cat /sys/devices/system/cpu/cpu7/cpufreq/cpuinfo_max_freq", "2841600"),
        ("cat /sys/class/thermal/thermal_zone4/type", "skin"),
        ("settings put global a b; settings get global a", "b"),
        ("settings get global nothing", "null"),
        ("svc power stayon true; settings get global stay_on_while_plugged_in", "7"),
        ("dumpsys battery | grep level", "  level: 92"),
        ("dumpsys battery set level 30; dumpsys battery | grep -e level -e STOPPED | wc -l", "2"),
        ("dumpsys thermalservice | grep 'Thermal Status'", "Thermal Status: 0"),
        ("cmd thermalservice override-status 4; dumpsys thermalservice | grep 'Thermal Status'", "Thermal Status: 4"),
        ("input keyevent KEYCODE_SLEEP; dumpsys power | grep mWakefulness=", "  mWakefulness=Asleep"),
        ("am get-started-user-state 3", "User is not started: 3"),
        ("date +%s.%N | grep -cE '^[0-9]+[.][0-9]{9}$'", "1"),
        ("id -u; whoami", "2000\nshell"),
        ("uname -m", "aarch64"),
        ("which sha256sum", "/system/bin/sha256sum"),
        ("cat /proc/cpuinfo | grep -c processor", "8"),
        ("grep MemTotal /proc/meminfo | tr -s ' '", "MemTotal: 5730124 kB"),
        ("df -k /data | tail -1 | tr -s ' ' | cut -d ' ' -f 1,6", "/dev/block/dm-9 /data"),
        ("timeout -s KILL 0.2 sleep 5; echo $?", "137"),
        ("cat /sdcard/../sdcard/./nothing 2>/dev/null; echo $?", "1"),
    ],
)
def test_androids_own_commands_answer(adb: Adb, command: str, out: str) -> None:
    assert adb("shell", command)[1].rstrip("\n") == out


def test_a_fixed_property_cannot_be_set(adb: Adb) -> None:
    status, _, err = adb("shell", "setprop ro.x 1")
    assert (status, err.splitlines()[0]) == (1, "Failed to set property 'ro.x' to '1'.")


def test_what_is_not_there_is_not_found(adb: Adb) -> None:
    assert adb("shell", "su -c id")[0] == 127


def test_kernel_settings_are_not_the_shell_users(adb: Adb) -> None:
    status, _, err = adb("shell", "echo performance >/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    assert (status != 0, "Permission denied" in err) == (True, True)


def test_a_rooted_phone_has_su(phone_farm: PhoneFarm, adb_server: AdbServer) -> None:
    phone = phone_farm.start(pixel4("ROOTED", rooted=True))
    adb_server.connect(phone.address)
    governor = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
    command = f"su -c 'echo performance >{governor}; id -u; cat {governor}'"
    assert adb_server.run("-s", phone.address, "shell", command).stdout == b"0\nperformance\n"
    adb_server.run("disconnect", phone.address)
    phone.stop()


def test_an_older_android_has_no_thermal_service(phone_farm: PhoneFarm, adb_server: AdbServer) -> None:
    phone = phone_farm.start(pixel4("OLD", sdk=28, release="9"))
    adb_server.connect(phone.address)
    done = adb_server.run(
        "-s", phone.address, "shell", "dumpsys thermalservice; cmd power set-fixed-performance-mode-enabled true"
    )
    assert b"Can't find service: thermalservice" in done.stderr
    assert done.returncode == 255
    adb_server.run("disconnect", phone.address)
    phone.stop()


def test_a_mask_is_shown_to_the_command_it_was_set_for(adb: Adb) -> None:
    reading = "while read -r key value; do case $key in Cpus_allowed_list:) echo $value;; esac; done </proc/self/status"
    assert adb("shell", f"taskset b0 sh -c '{reading}'")[1] == "4-5,7\n"


def test_a_mask_holds_for_shells_below_it(adb: Adb) -> None:
    reading = "while read -r key value; do case $key in Cpus_allowed_list:) echo $value;; esac; done </proc/self/status"
    adb("shell", f"cat >/data/local/tmp/s.sh <<'END'\n{reading}\nEND\n")
    assert adb("shell", "taskset 80 timeout 5 sh /data/local/tmp/s.sh")[1] == "7\n"


def test_a_mask_binds_to_a_core_of_this_host(adb: Adb) -> None:
    pid = int(adb("shell", "taskset 80 sleep 20 </dev/null >/dev/null 2>&1 & echo $!")[1])
    assert wait_until(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n")
    bound = os.sched_getaffinity(pid)
    adb("shell", f"kill {pid}")
    assert (len(bound), bound <= os.sched_getaffinity(0)) == (1, True)


@pytest.mark.parametrize("mask", ["f00", "0", "xyz"])
def test_a_mask_without_a_core_is_refused(adb: Adb, mask: str) -> None:
    status, _, err = adb("shell", f"taskset {mask} true")
    assert (status, err.startswith("taskset: ")) == (1, True)


def test_the_mask_of_a_process_is_reported(adb: Adb) -> None:
    assert adb("shell", "taskset f0 sh -c 'taskset -p $$'")[1].endswith("current affinity mask: f0\n")


def test_processes_of_other_phones_are_not_seen(
    emulated_phones: Callable[..., list[Phone]], adb_server: AdbServer
) -> None:
    one, other = emulated_phones(2)
    command = "cp /system/bin/sleep /data/local/tmp/napper; /data/local/tmp/napper 30 </dev/null >/dev/null 2>&1 &"
    adb_server.run("-s", one.address, "shell", command)
    assert wait_until(lambda: adb_server.run("-s", one.address, "shell", "pidof napper").returncode == 0)
    assert adb_server.run("-s", other.address, "shell", "pidof napper").returncode == 1
    assert b"napper" in adb_server.run("-s", one.address, "shell", "ps -A").stdout
    adb_server.run("-s", one.address, "shell", "pkill napper")
    assert wait_until(lambda: adb_server.run("-s", one.address, "shell", "pidof napper").returncode == 1)


def test_a_command_starts_with_default_signals(adb: Adb) -> None:
    said = adb("shell", "grep -e SigBlk -e SigIgn /proc/self/status")[1].split()
    blocked, ignored = int(said[1], 16), int(said[3], 16)
    of_the_c_library = 1 << 31 | 1 << 32  # glibc's own 32 and 33, which its posix_spawn leaves ignored
    assert (blocked, ignored & ~of_the_c_library) == (0, 0)
