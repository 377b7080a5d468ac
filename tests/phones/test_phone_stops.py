"""mbench stopped in the middle, and the adb server with it: what is left on the phone goes with the next contact."""

import os
import signal
import socket
import time

import psutil
import pytest
from phone_lab import HELD_LONG, OURS, arm, left_on, together, wait_until

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=["Ctrl-C", "SIGTERM", "SIGHUP"])
@together
def test_a_stop_in_a_run_leaves_the_phone_as_it_was_and_keeps_what_was_measured(lab, number):
    phone = lab.phone()
    arm(phone, FaultKind.HANG, run=3)
    process = lab.start_run()
    wait_until(lambda: phone.benchmarks >= 3)
    process.send_signal(number)
    stopped = lab.end(process)
    assert stopped.returncode == 130
    assert "mbench run --resume" in stopped.last_line
    assert (stopped.row["status"], len(stopped.runs)) == ("aborted", 2)
    assert left_on(lab, phone) == []
    resumed = lab.mbench("run", "--resume", "last", "--json")
    assert (resumed.returncode, resumed.row["status"], resumed.row["runs"]) == (0, "ok", 2)


@pytest.mark.parametrize("pause_s", [0.02, 0.4])
@together
def test_ctrl_c_four_times_ends_with_its_exit_code_and_the_next_contact_puts_the_rest_right(lab, pause_s):
    phone = lab.phone()
    arm(phone, FaultKind.HANG, run=3)
    process = lab.start_run(*HELD_LONG)
    wait_until(lambda: phone.benchmarks >= 3)
    for _ in range(4):
        process.send_signal(signal.SIGINT)
        time.sleep(pause_s)
    stopped = lab.end(process)
    assert stopped.returncode == 130
    assert "Traceback" not in stopped.err
    done = lab.mbench("run", "--resume", "last", "--json")
    assert (done.returncode, done.row["status"]) == (0, "ok"), done.err
    assert left_on(lab, phone) == []


@pytest.mark.parametrize("contact", ["run", "clean"])
@together
def test_what_a_killed_session_has_left_goes_with_the_next_contact(lab, contact):
    phone = lab.phone()
    arm(phone, FaultKind.HANG, run=3)
    process = lab.start_run()
    wait_until(lambda: phone.benchmarks >= 3)
    process.send_signal(signal.SIGKILL)
    assert lab.end(process).returncode == -signal.SIGKILL
    assert any("stay_on" in one for one in left_on(lab, phone))
    if contact == "run":
        done = lab.mbench("run", "--resume", "last", "--json")
        assert (done.returncode, done.row["status"], done.row["runs"]) == (0, "ok", 2)
        assert left_on(lab, phone) == []
    else:
        cleaned = lab.mbench("devices", "clean", phone.serial)
        assert (cleaned.returncode, cleaned.out) == (0, f"{phone.serial}: clean\n")
        assert left_on(lab, phone) == []
        assert not phone.path(OURS).exists()


@together
def test_a_phone_that_another_session_uses_is_not_taken(lab):
    phone = lab.phone()
    arm(phone, FaultKind.HANG, run=2)
    first = lab.start_run(*HELD_LONG)
    wait_until(lambda: phone.benchmarks >= 2)
    second = lab.run("--results", "others")
    assert second.returncode == 3
    assert f"{phone.serial}: in use by" in second.last_line
    refused = lab.mbench("devices", "clean", phone.serial)
    assert refused.returncode != 0
    assert "in use by" in refused.last_line
    (status,) = lab.devices()
    assert (status["state"], bool(status["busy_by"])) == ("busy", True)
    first.send_signal(signal.SIGINT)
    assert lab.end(first).returncode == 130
    assert left_on(lab, phone) == []


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
    process = lab.start_run("--runs", "4", "--max-runs", "4", device=serial, **own)
    wait_until(lambda: len(list(lab.folder.glob("results/*/runs/*/[!.]*/run.json"))) >= 2)
    server.kill()
    done = lab.end(process)
    assert done.returncode == 0, done.err
    assert (done.row["status"], done.row["runs"]) == ("ok", 4)
    os.kill(emulator.pid, signal.SIGINT)
    emulator.communicate(timeout=120)
