"""Sessions that come at once, and holders that are killed, as real threads and processes."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from lease_hosts import ELSEWHERE, Host, abandoned, lease_file

from mbench.devices.host.transport import HostTransport
from mbench.devices.lease.lease import LeaseHeld


def test_of_many_hosts_that_come_at_once_one_gets_the_phone(phone, tmp_path):
    got, refused, lock = [], [], threading.Lock()
    together, all_tried = threading.Barrier(8), threading.Barrier(8)

    def come(number: int) -> None:
        host = Host(tmp_path / f"host {number}", dataclasses.replace(ELSEWHERE, host=f"lab-{number}"))
        together.wait(20)
        with ExitStack() as stack:
            try:
                stack.enter_context(host.takes(phone))
                with lock:
                    got.append(number)
            except LeaseHeld:
                with lock:
                    refused.append(number)
            all_tried.wait(60)

    threads = [threading.Thread(target=come, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert (len(got), len(refused)) == (1, 7)


HOLDER = """
import sys, time
from pathlib import Path
from mbench.devices.host.transport import HostTransport
from mbench.devices.lease.records import this_process
from mbench.devices.lease.lease import LeaseHeld, lease
from mbench.workflows.clock import SystemClock

root, folder, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
sys.stdin.readline()
try:
    with lease(HostTransport(root), "8B3X1234", folder=folder, holder=this_process("theirs"), limit_s=600,
               clock=SystemClock()):
        print("got it", flush=True)
        time.sleep(seconds)
except LeaseHeld as error:
    print(error, flush=True)
"""


@contextmanager
def process(phone: HostTransport, folder: Path, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Start a process that takes the lease for some seconds once it is told to."""
    started = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", HOLDER, phone.root, str(folder), str(seconds)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def told(started: subprocess.Popen[str]) -> str:
    assert started.stdin is not None
    assert started.stdout is not None
    return started.stdout.readline()


def go(started: subprocess.Popen[str]) -> None:
    assert started.stdin is not None
    started.stdin.write("go\n")
    started.stdin.flush()


def test_of_two_processes_one_gets_the_phone(phone, here):
    with process(phone, here.folder, 3) as one, process(phone, here.folder, 3) as other:
        go(one)
        go(other)
        said = sorted([told(one), told(other)], key=len)
    assert said[0] == "got it\n"
    assert "session theirs, process" in said[1]


def test_a_killed_holder_frees_the_phone_at_once_for_its_own_host(phone, here, caplog):
    with process(phone, here.folder, 60) as holder:
        go(holder)
        assert told(holder) == "got it\n"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert lease_file(phone).exists()
        assert here.sees(phone) is None
        with here.takes(phone):
            pass
    assert "its holder has freed this host's lock" in caplog.text


def test_a_killed_holder_keeps_the_phone_from_other_hosts_until_its_limit(phone, here, elsewhere):
    abandoned(elsewhere, phone, limit_s=600)
    phone.pass_time(590)
    with pytest.raises(LeaseHeld):
        here.takes(phone).__enter__()
    phone.pass_time(20)
    with here.takes(phone):
        pass
