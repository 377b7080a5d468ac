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
from mbench.devices.lease.on_host import HostLock
from mbench.devices.lease.on_phone import PhoneLease
from mbench.devices.lease.records import LeaseRecord


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
    """Start a process that takes the lease for some seconds once it is asked to."""
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


def line_of(started: subprocess.Popen[str]) -> str:
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
        said = sorted([line_of(one), line_of(other)], key=len)
    assert said[0] == "got it\n"
    assert "session theirs, process" in said[1]


def test_a_killed_holder_frees_the_phone_at_once_for_its_own_host(phone, here, caplog):
    with process(phone, here.folder, 60) as holder:
        go(holder)
        assert line_of(holder) == "got it\n"
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


def test_a_holder_that_asks_a_slow_phone_is_named_meanwhile(phone, here, monkeypatch):
    asked, answer = threading.Event(), threading.Event()

    def slow(look):
        def looked(self):
            asked.set()
            assert answer.wait(30)
            return look(self)

        return looked

    monkeypatch.setattr(PhoneLease, "look", slow(PhoneLease.look))
    holder = threading.Thread(target=lambda: here.takes(phone).__enter__())
    holder.start()
    assert asked.wait(30)
    try:
        assert f"session mine, process {os.getpid()}" in (here.sees(None) or "")
    finally:
        answer.set()
        holder.join(30)


def test_who_has_just_got_the_lock_is_waited_for_until_it_names_itself(here):
    lock = HostLock(here.folder, "8B3X1234")
    record = LeaseRecord(
        host="lab",
        user="ada",
        pid=os.getpid(),
        session="late",
        token="t",
        beat="b",
        since=here.clock.now(),
        heartbeat_s=0,
        limit_s=1,
    )
    with lock.held():
        writer = threading.Timer(0.2, lock.write, (record,))
        writer.start()
        assert lock.holder() == record
        writer.join()


def test_a_free_lock_has_no_holder_whatever_a_killed_one_left_beside_it(here, phone):
    lock = HostLock(here.folder, "8B3X1234")
    with here.takes(phone):
        left = lock.read()
    assert left is not None
    lock.write(left)
    assert lock.holder() is None
