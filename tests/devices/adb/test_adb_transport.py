"""What goes wrong between a host and a phone, over a real adb server and an emulated phone."""

import hashlib
import itertools
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
import pytest

from mbench.core.errors import CommandTimeout, DeviceLost, TransportError
from mbench.devices.adb.identity import identify
from mbench.devices.adb.servers import AdbServer
from mbench.devices.adb.transport import AdbTransport, open_device
from mbench.emulator.adb_server import AdbServer as PrivateServer
from mbench.emulator.farm import PhoneFarm
from mbench.emulator.phone.facts import pixel4
from mbench.emulator.phone.faults import Fault, FaultKind


def new_file(tmp_path, size_bytes):
    path = tmp_path / "source.bin"
    path.write_bytes(os.urandom(size_bytes))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def shortly(action):
    """Let something happen while a command is under way."""
    timer = threading.Timer(0.3, action)
    timer.start()
    yield
    timer.join()


def wait_until_alive(transport):
    until = time.monotonic() + 120
    while not transport.alive(timeout_s=1):
        assert time.monotonic() < until
        time.sleep(0.1)


def left_in(phone, folder):
    return sorted(path.name for path in phone.path(folder).iterdir())


def host_processes(*command):
    return [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == list(command)]


def test_the_folder_is_the_users_own(phone, adb):
    transport = open_device(adb, phone.address, user="Jürgen K.")
    assert transport.root == "/data/local/tmp/mbench/J_rgen_K."
    assert phone.path(transport.root).is_dir()


def test_a_phone_is_known_by_its_own_serial(phone, over_adb):
    assert (over_adb.serial, over_adb.emulated) == (phone.serial, True)


def test_properties_are_what_the_phone_says_now(over_adb):
    before = over_adb.properties().get("debug.mbench.x")
    over_adb.run(("setprop", "debug.mbench.x", "7"), deadline_s=10)
    assert (before, over_adb.properties()["debug.mbench.x"]) == (None, "7")


def test_a_link_lost_in_a_command_is_no_result(phone, over_adb):
    with (
        shortly(lambda: phone.arm(Fault(kind=FaultKind.DROP))),
        pytest.raises(DeviceLost, match=f"{phone.serial}: could not run sh: .*too early"),
    ):
        over_adb.run(("sh", "-c", "echo partial; sleep 20; echo complete"), deadline_s=30)


def test_a_link_lost_in_a_push_leaves_no_file_and_the_next_push_clears_up(phone, over_adb, tmp_path):
    path, sha256 = new_file(tmp_path, 5_000_000)
    folder = f"{over_adb.root}/m"
    phone.arm(Fault(kind=FaultKind.DROP, size_bytes=1_000_000))
    with pytest.raises(DeviceLost, match="could not write"):
        over_adb.push(path, f"{folder}/a", sha256=sha256)
    (truncated,) = left_in(phone, folder)
    assert truncated.startswith("a.part.")
    wait_until_alive(over_adb)
    over_adb.push(path, f"{folder}/a", sha256=sha256)
    assert left_in(phone, folder) == ["a"]


def test_a_bit_that_changed_on_the_way_is_seen_and_the_old_file_stays(phone, over_adb, tmp_path):
    path, sha256 = new_file(tmp_path, 100_000)
    target = f"{over_adb.root}/m/a"
    over_adb.write(target, b"old")
    phone.arm(Fault(kind=FaultKind.CORRUPT))
    with pytest.raises(TransportError, match=f"reads back as .* not {sha256}; the cable, the hub or the storage"):
        over_adb.push(path, target, sha256=sha256)
    assert left_in(phone, f"{over_adb.root}/m") == ["a"]
    assert over_adb.pull(target, limit_bytes=10) == b"old"


def test_a_file_larger_than_what_is_free_is_not_sent(phone, over_adb, tmp_path):
    path, sha256 = new_file(tmp_path, 3_000_000)
    phone.arm(Fault(kind=FaultKind.FULL, size_bytes=1_000_000))
    pieces = []
    with pytest.raises(TransportError, match=r"3\.0 MB and 8\.4 MB to spare are needed, 1\.0 MB are free"):
        over_adb.push(path, f"{over_adb.root}/m/a", sha256=sha256, sent=pieces.append)
    assert pieces == []


def test_a_storage_that_fills_up_meanwhile_is_reported_in_adbds_words(phone, over_adb):
    phone.arm(Fault(kind=FaultKind.FULL, size_bytes=1000))
    with pytest.raises(TransportError, match=r"could not write .*: .*No space left on device"):
        over_adb.write(f"{over_adb.root}/m/a", b"x" * 2000)
    assert left_in(phone, f"{over_adb.root}/m") == []


def test_a_file_that_is_there_is_not_sent_again_but_gets_its_mode(phone, over_adb, tmp_path):
    path, sha256 = new_file(tmp_path, 300_000)
    target = f"{over_adb.root}/tool"
    over_adb.push(path, target, sha256=sha256)
    pieces = []
    over_adb.push(path, target, sha256=sha256, executable=True, sent=pieces.append)
    assert (pieces, phone.path(target).stat().st_mode & 0o777) == ([], 0o755)


def test_a_push_tells_how_far_it_is(over_adb, tmp_path):
    path, sha256 = new_file(tmp_path, 3_000_001)
    pieces = []
    over_adb.push(path, f"{over_adb.root}/a", sha256=sha256, sent=pieces.append)
    assert sum(pieces) == 3_000_001
    assert len(pieces) > 1


def test_a_pushed_program_can_be_started(farm, over_adb, tmp_path):
    if not farm.namespace:
        pytest.skip("without mount namespaces an emulated phone has no /system/bin/sh for a program to name")
    tool = tmp_path / "tool"
    tool.write_bytes(b"#!/system/bin/sh\necho from the tool\n")
    sha256 = hashlib.sha256(tool.read_bytes()).hexdigest()
    over_adb.push(tool, f"{over_adb.root}/bin/tool", sha256=sha256, executable=True)
    assert over_adb.run((f"{over_adb.root}/bin/tool",), deadline_s=10).stdout == b"from the tool\n"


def test_a_missing_source_is_named(over_adb, tmp_path):
    with pytest.raises(TransportError, match=r"could not push .*gone\.bin: No such file"):
        over_adb.push(tmp_path / "gone.bin", f"{over_adb.root}/a", sha256="0" * 64)


def test_a_folder_is_not_overwritten_by_a_file(over_adb):
    over_adb.write(f"{over_adb.root}/place/inner", b"x")
    with pytest.raises(TransportError, match="is a folder"):
        over_adb.write(f"{over_adb.root}/place", b"y")
    assert over_adb.pull(f"{over_adb.root}/place/inner", limit_bytes=1) == b"x"


def test_a_large_file_comes_back_whole(over_adb, tmp_path):
    path, sha256 = new_file(tmp_path, 4_000_000)
    over_adb.push(path, f"{over_adb.root}/a", sha256=sha256)
    assert over_adb.pull(f"{over_adb.root}/a", limit_bytes=4_000_000) == path.read_bytes()


def test_a_phone_that_froze_before_a_command_is_lost_at_the_deadline(phone, over_adb):
    phone.arm(Fault(kind=FaultKind.FREEZE))
    with pytest.raises(DeviceLost, match="adbd did not answer"):
        over_adb.run(("true",), deadline_s=0.5)
    phone.arm(Fault(kind=FaultKind.THAW))


def test_an_echo_tells_a_frozen_phone_from_a_live_one(phone, over_adb):
    phone.arm(Fault(kind=FaultKind.FREEZE))
    frozen = over_adb.alive(timeout_s=0.5)
    phone.arm(Fault(kind=FaultKind.THAW))
    assert (frozen, over_adb.alive(timeout_s=60)) == (False, True)


def test_a_phone_that_freezes_in_a_command_is_lost_not_slow(phone, over_adb):
    with (
        shortly(lambda: phone.arm(Fault(kind=FaultKind.FREEZE))),
        pytest.raises(DeviceLost, match="neither sleep nor the command that was to end it got an answer"),
    ):
        over_adb.run(("sleep", "63.5"), deadline_s=0.6)
    phone.arm(Fault(kind=FaultKind.THAW))


def test_at_the_deadline_even_children_in_sessions_of_their_own_are_ended(over_adb):
    with pytest.raises(CommandTimeout, match="has been ended") as caught:
        over_adb.run(("sh", "-c", "trap '' HUP TERM; setsid sleep 64.5 & sleep 64.5"), deadline_s=0.5)
    assert caught.value.deadline_s == 0.5
    assert host_processes("sleep", "64.5") == []


def test_an_interrupted_command_is_ended_on_the_phone(over_adb):
    with shortly(lambda: os.kill(os.getpid(), signal.SIGINT)), pytest.raises(KeyboardInterrupt):
        over_adb.run(("sh", "-c", "trap '' HUP; sleep 65.5"), deadline_s=30)
    assert host_processes("sleep", "65.5") == []


def test_an_unauthorized_phone_asks_for_the_dialog(phone, adb, private_adb):
    phone.arm(Fault(kind=FaultKind.UNAUTHORIZE))
    until = time.monotonic() + 120
    while b"unauthorized" not in private_adb.run("devices").stdout:
        assert time.monotonic() < until
        time.sleep(0.1)
    with pytest.raises(TransportError, match="Accept the dialog") as caught:
        open_device(adb, phone.address)
    assert not isinstance(caught.value, DeviceLost)


def test_a_server_that_ends_in_a_command_is_no_result(phone):
    with PrivateServer() as server:
        server.connect(phone.address)
        transport = open_device(AdbServer(port=server.port), phone.address)
        with shortly(server.stop), pytest.raises(DeviceLost, match="adb server"):
            transport.run(("sleep", "20"), deadline_s=30)
        with pytest.raises(DeviceLost, match="start-server"):
            transport.run(("true",), deadline_s=5)


def test_a_phone_that_restarts_in_a_command_is_lost(phone, over_adb):
    with shortly(lambda: phone.arm(Fault(kind=FaultKind.REBOOT, seconds=0.2))), pytest.raises(DeviceLost):
        over_adb.run(("sleep", "20"), deadline_s=30)
    wait_until_alive(over_adb)


def test_cores_that_the_phone_does_not_have_are_refused(over_adb):
    with pytest.raises(TransportError, match="could not pin true to cores 60"):
        over_adb.run(("true",), deadline_s=10, cpus=(60,))


def test_a_status_of_the_command_is_not_taken_for_a_refusal_of_cores(over_adb):
    result = over_adb.run(("sh", "-c", "echo taskset: mine >&2; echo x; exit 1"), deadline_s=10, cpus=(0,))
    assert result.exit_code == 1


def test_a_command_that_reads_finds_its_input_empty(over_adb):
    assert over_adb.run(("cat",), deadline_s=10).stdout == b""


def test_bytes_that_are_no_text_arrive_unchanged(over_adb):
    result = over_adb.run(("printf", r"\000\377\r\n"), deadline_s=10)
    assert result.stdout == b"\x00\xff\r\n"


def test_a_command_line_that_adb_cannot_carry_is_refused(over_adb):
    with pytest.raises(TransportError, match="could not run echo: the command line has"):
        over_adb.run(("echo", "x" * 70_000), deadline_s=10)


def test_a_slow_cable_is_not_a_lost_one(phone, over_adb, tmp_path):
    path, sha256 = new_file(tmp_path, 400_000)
    phone.arm(Fault(kind=FaultKind.SLOW_LINK, size_bytes=400_000))
    begun = time.monotonic()
    over_adb.push(path, f"{over_adb.root}/a", sha256=sha256)
    assert time.monotonic() - begun > 0.9


def test_many_threads_may_use_one_phone(over_adb):
    results = []
    threads = [
        threading.Thread(
            target=lambda word=str(number): results.append(over_adb.run(("echo", word), deadline_s=30).stdout)
        )
        for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == sorted(b"%d\n" % number for number in range(16))


def test_a_phone_whose_sha256sum_words_its_list_otherwise_is_asked_apart():
    with PhoneFarm() as farm, PrivateServer() as server:
        phone = farm.start(pixel4("OTHERWISE"))
        server.connect(phone.address)
        over_adb = open_device(AdbServer(port=server.port), phone.address)
        over_adb.write(f"{over_adb.root}/file", b"x")
        tool = phone.path("/system/bin") / "sha256sum"
        really = tool.readlink()
        tool.unlink()
        tool.write_text(f'#!/system/bin/sh\n{really} "$@" | while read -r sum path; do echo "$sum *$path"; done\n')
        tool.chmod(0o755)
        wanted = {f"{over_adb.root}/file": hashlib.sha256(b"x").hexdigest()}
        assert over_adb.run(("echo", "started"), deadline_s=20, unchanged=wanted).stdout == b"started\n"


def test_phones_that_share_a_slot_are_pushed_to_one_after_the_other(attach, adb, tmp_path):
    source, sha256 = new_file(tmp_path, 2_000_000)
    slot, spans = threading.Lock(), []

    def push(phone):
        phone.arm(Fault(kind=FaultKind.SLOW_LINK, size_bytes=10_000_000))
        identity = identify(adb, phone.address, timeout_s=10)
        transport = AdbTransport(adb, phone.address, identity, slot=slot)
        heard = []
        transport.push(source, f"{transport.root}/file", sha256=sha256, sent=lambda _: heard.append(time.monotonic()))
        spans.append((heard[0], heard[-1]))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(push, [attach() for _ in range(3)]))
    spans.sort()
    assert all(end < start for (_, end), (start, _) in itertools.pairwise(spans))
