"""mbench stopped in the middle, and the adb server with it: what is left on the phone goes with the next contact."""

import os
import shutil
import signal
import socket
import time

import psutil
import pytest
from phone_lab import HELD_LONG, ONE_RUN, arm, left_on, together, wait_until

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow


@together
def test_a_stop_in_a_run_leaves_the_phone_as_it_was_and_keeps_what_was_measured(lab):
    phone = lab.phone()
    arm(phone, FaultKind.HANG, run=3)
    process = lab.start_run()
    wait_until(lambda: phone.benchmarks >= 3)
    process.send_signal(signal.SIGINT)
    stopped = lab.end(process)
    assert stopped.returncode == 130
    assert "mbench run --resume" in stopped.last_line
    assert (stopped.row["status"], len(stopped.runs)) == ("aborted", 2)
    assert left_on(lab, phone) == []
    resumed = lab.mbench("run", "--resume", "last", "--json")
    assert (resumed.returncode, resumed.row["status"], resumed.row["runs"]) == (0, "ok", 2)


@pytest.mark.parametrize(("pause_s", "contact"), [(0.02, "run"), pytest.param(0.4, "clean", marks=pytest.mark.slow)])
@together
def test_ctrl_c_four_times_ends_with_its_exit_code_and_the_next_contact_puts_the_rest_right(lab, pause_s, contact):
    phone = lab.phone()
    arm(phone, FaultKind.HANG, run=2)
    process = lab.start_run(*HELD_LONG, *ONE_RUN)
    wait_until(lambda: phone.benchmarks >= 2)
    for _ in range(4):
        process.send_signal(signal.SIGINT)
        time.sleep(pause_s)
    stopped = lab.end(process)
    assert stopped.returncode == 130
    assert "Traceback" not in stopped.err
    if contact == "run":
        done = lab.mbench("run", "--resume", "last", "--json")
        assert (done.returncode, done.row["status"]) == (0, "ok"), done.err
    else:
        assert lab.mbench("devices", "clean", phone.serial).returncode == 0
    assert left_on(lab, phone) == []


@together
def test_what_a_killed_session_has_left_goes_with_the_next_run(lab):
    phone = lab.phone()
    arm(phone, FaultKind.HANG, run=3)
    process = lab.start_run()
    wait_until(lambda: phone.benchmarks >= 3)
    process.send_signal(signal.SIGKILL)
    assert lab.end(process).returncode == -signal.SIGKILL
    assert any("stay_on" in one for one in left_on(lab, phone))
    done = lab.mbench("run", "--resume", "last", "--json")
    assert (done.returncode, done.row["status"], done.row["runs"]) == (0, "ok", 2)
    assert left_on(lab, phone) == []


@together
def test_a_phone_that_another_session_uses_is_not_taken_and_holds_up_no_other(lab):
    """Nor by another host, for which a day has passed by the phone's clock; a hangup gives it back."""
    held, free = lab.phone(), lab.phone()
    other_home = shutil.copytree(lab.home, lab.home.parent / "another host's home")
    arm(held, FaultKind.HANG, run=2)
    first = lab.start_run(*HELD_LONG, device=held.serial)
    wait_until(lambda: held.benchmarks >= 2)
    second = lab.run("--results", "others", device=held.serial)
    assert second.returncode == 3
    assert f"{held.serial}: in use by" in second.last_line
    refused = lab.mbench("devices", "clean", held.serial)
    assert refused.returncode != 0
    assert "in use by" in refused.last_line
    busy = {status["serial"]: (status["state"] == "busy", bool(status["busy_by"])) for status in lab.devices()}
    assert busy[held.serial] == (True, True)
    assert not busy[free.serial][1]
    other = lab.run("--any", "1", "--results", "others", *ONE_RUN)
    assert (other.returncode, other.states) == (0, {free.serial: ("ok", 1)}), other.err
    arm(held, FaultKind.CLOCK)
    assert int(lab.shell(held, "date +%s")) > time.time() + 86_000
    third = lab.run("--results", "others", device=held.serial, MBENCH_HOME=str(other_home))
    assert (third.returncode, f"{held.serial}: in use by" in third.last_line) == (3, True)
    first.send_signal(signal.SIGHUP)
    stopped = lab.end(first)
    assert (stopped.returncode, "mbench run --resume" in stopped.last_line) == (130, True)
    assert (stopped.row["status"], len(stopped.runs)) == ("aborted", 1)
    assert [left_on(lab, phone) for phone in (held, free)] == [[], []]


@together
def test_an_adb_server_of_somebody_else_that_ends_is_named(lab):
    lab.patience(return_s=3.0)
    phone = lab.phone()
    process = lab.start_run("--adb-server", f"127.0.0.1:{lab.server.port}")
    wait_until(lambda: phone.benchmarks >= 2)
    lab.server.stop()
    lost = lab.end(process)
    assert lost.returncode == 5
    assert "no adb server answers" in lost.last_line
    assert lost.row["status"] == "aborted"


@pytest.mark.slow
@together
def test_our_own_adb_server_that_is_killed_is_started_again(lab):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    own = {"ANDROID_ADB_SERVER_PORT": port, "ADB_REJECT_KILL_SERVER": "0"}
    emulator = lab.start("emulate", "--profile", "pixel4", "--synthetic", **own)
    assert emulator.stdout is not None
    serial = emulator.stdout.readline().split()[0]
    (server,) = [one for one in psutil.Process(emulator.pid).children() if "nodaemon" in one.cmdline()]
    process = lab.start_run("--runs", "3", "--max-runs", "3", device=serial, **own)
    wait_until(lambda: len(list(lab.folder.glob("results/*/runs/*/[!.]*/run.json"))) >= 2)
    server.kill()
    done = lab.end(process)
    assert done.returncode == 0, done.err
    assert (done.row["status"], done.row["runs"]) == ("ok", 3)
    os.kill(emulator.pid, signal.SIGINT)
    emulator.communicate(timeout=120)
