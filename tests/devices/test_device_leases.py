"""Leases: one session per phone, with real processes, locks and files; the phone is a folder of this host."""

import dataclasses
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mbench.core.errors import NoDevice, TransportError
from mbench.core.ports import CommandResult
from mbench.devices.host import HostTransport
from mbench.devices.lease_records import Holder, this_process
from mbench.devices.leases import Lease, LeaseHeld, LeaseLost, lease, who_holds

SERIAL = "8B3X1234"
ELSEWHERE = Holder(host="lab-2", user="ada", pid=4711, session="nightly", kernel="another boot/1", started_s=1.0)


class Clock:
    """The real clock, which a test may put forward."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead_s

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class PhoneWithItsOwnTime(HostTransport):
    """A phone whose `date` says another time than this host's."""

    def __init__(self, root: Path, tools: Path) -> None:
        super().__init__(root)
        self._tools = tools
        tools.mkdir(exist_ok=True)
        self.set_time(int(time.time()))

    def set_time(self, seconds: int) -> None:
        (self._tools / "date").write_text(f"#!/bin/sh\necho {seconds}\n")
        (self._tools / "date").chmod(0o755)

    def run(
        self,
        argv: Sequence[str],
        *,
        deadline_s: float,
        environment: Mapping[str, str] | None = None,
        cpus: Sequence[int] | None = None,
        limit_bytes: int = 1 << 20,
    ) -> CommandResult:
        path = {"PATH": f"{self._tools}:{os.environ['PATH']}"}
        return super().run(argv, deadline_s=deadline_s, environment=path, cpus=cpus, limit_bytes=limit_bytes)


@pytest.fixture
def phone(tmp_path) -> PhoneWithItsOwnTime:
    return PhoneWithItsOwnTime(tmp_path / "phone's folder", tmp_path / "tools")


class Host:
    """One host's folder of locks, and who asks there."""

    def __init__(self, folder: Path, holder: Holder) -> None:
        self.folder, self.holder, self.clock = folder, holder, Clock()

    @contextmanager
    def takes(self, phone: HostTransport, *, limit_s: float = 600) -> Iterator[Lease]:
        with lease(phone, SERIAL, folder=self.folder, holder=self.holder, limit_s=limit_s, clock=self.clock) as taken:
            yield taken

    def sees(self, phone: HostTransport | None) -> str | None:
        return who_holds(phone, SERIAL, folder=self.folder, clock=self.clock)


@pytest.fixture
def here(tmp_path) -> Host:
    return Host(tmp_path / "leases here", this_process("mine"))


@pytest.fixture
def elsewhere(tmp_path) -> Host:
    return Host(tmp_path / "leases elsewhere", ELSEWHERE)


def lease_file(phone: HostTransport) -> Path:
    return Path(phone.root) / "lease.json"


def abandoned(host: Host, phone: HostTransport, *, limit_s: float = 600) -> None:
    """Leave on the phone what a killed holder leaves: its record."""
    with host.takes(phone, limit_s=limit_s):
        data = lease_file(phone).read_bytes()
    lease_file(phone).write_bytes(data)


def test_a_lease_lies_on_the_phone_while_it_is_held_and_nothing_afterwards(phone, here):
    with here.takes(phone):
        assert json.loads(lease_file(phone).read_text())["session"] == "mine"
    assert list(Path(phone.root).iterdir()) == []


def test_a_lease_is_given_back_when_the_block_fails(phone, here):
    with pytest.raises(KeyboardInterrupt), here.takes(phone):
        raise KeyboardInterrupt
    assert not lease_file(phone).exists()


def test_a_second_session_of_this_host_is_told_who_holds_the_phone(phone, here):
    with (
        here.takes(phone),
        pytest.raises(LeaseHeld, match=rf"in use by .*session mine, process {os.getpid()}\) since "),
    ):
        here.takes(phone).__enter__()


def test_another_host_is_told_who_holds_the_phone(phone, here, elsewhere):
    with elsewhere.takes(phone), pytest.raises(LeaseHeld, match=r"ada on lab-2 \(session nightly.* since .*Wait, or"):
        here.takes(phone).__enter__()


def test_a_held_lease_is_no_device_for_the_exit_code():
    assert issubclass(LeaseHeld, NoDevice)


def test_the_holder_of_a_refused_phone_keeps_it(phone, here, elsewhere):
    with elsewhere.takes(phone):
        with pytest.raises(LeaseHeld):
            here.takes(phone).__enter__()
        assert "ada" in lease_file(phone).read_text()


def test_other_phones_can_be_held_at_the_same_time(phone, here):
    with ExitStack() as stack:
        for serial in ("A", "B", "a b", "a/b", "10.0.0.1:5555"):
            stack.enter_context(
                lease(
                    phone,
                    serial,
                    folder=here.folder,
                    holder=here.holder,
                    limit_s=600,
                    clock=here.clock,
                    device_folder=f"{phone.root}/{serial.replace('/', '%')}",
                )
            )


def test_nobody_holds_a_free_phone(phone, here):
    assert here.sees(phone) is None


def test_looking_makes_no_files(phone, here):
    here.sees(phone)
    assert not here.folder.exists()


def test_the_holder_is_seen_on_its_own_host_without_asking_the_phone(phone, here):
    with here.takes(phone):
        assert "session mine" in (here.sees(None) or "")


def test_the_holder_is_seen_from_another_host(phone, here, elsewhere):
    with elsewhere.takes(phone):
        assert (here.sees(phone) or "").startswith("ada on lab-2 (session nightly, process 4711) since ")


def test_an_expired_lease_of_another_host_is_taken_over_with_a_warning(phone, here, elsewhere, caplog):
    abandoned(elsewhere, phone, limit_s=600)
    phone.set_time(int(time.time()) + 700)
    with caplog.at_level(logging.WARNING), here.takes(phone):
        assert "session mine" in (here.sees(phone) or "")
    assert "took over the lease of ada on lab-2" in caplog.text
    assert "silent for more than 600 s" in caplog.text


def test_an_expired_lease_is_nobodys(phone, here, elsewhere):
    abandoned(elsewhere, phone, limit_s=600)
    phone.set_time(int(time.time()) + 700)
    assert here.sees(phone) is None


def test_only_the_phones_clock_decides(phone, here, elsewhere):
    phone.set_time(86_400)  # 1970, as after a start without network
    with elsewhere.takes(phone):
        phone.set_time(86_400 + 500)
        with pytest.raises(LeaseHeld):
            here.takes(phone).__enter__()


def test_a_clock_that_was_set_back_holds_no_phone_for_ever(phone, here, elsewhere):
    phone.set_time(4_000_000_000)
    abandoned(elsewhere, phone)
    phone.set_time(1_800_000_000)
    with here.takes(phone):
        pass


def test_a_renewed_lease_does_not_expire(phone, here, elsewhere):
    begun = int(time.time())
    with elsewhere.takes(phone, limit_s=600) as taken:
        phone.set_time(begun + 550)
        elsewhere.clock.ahead_s = 550
        taken.renew()
        phone.set_time(begun + 1100)
        with pytest.raises(LeaseHeld):
            here.takes(phone).__enter__()


def test_renewing_early_does_not_ask_the_phone(phone, here):
    with here.takes(phone) as taken:
        before = lease_file(phone).stat().st_mtime_ns, lease_file(phone).read_bytes()
        taken.renew()
        assert (lease_file(phone).stat().st_mtime_ns, lease_file(phone).read_bytes()) == before


def test_a_silent_holder_learns_that_it_has_lost_the_phone_and_leaves_it_to_the_other(phone, here, elsewhere):
    with elsewhere.takes(phone) as taken:
        phone.set_time(int(time.time()) + 700)
        with here.takes(phone):
            elsewhere.clock.ahead_s = 700
            with pytest.raises(LeaseLost, match=r"was taken by .*session mine"):
                taken.renew()
            taken.give_back()
            assert "mine" in lease_file(phone).read_text()


def test_a_lease_that_was_wiped_off_the_phone_is_written_again(phone, here):
    with here.takes(phone) as taken:
        lease_file(phone).unlink()
        here.clock.ahead_s = 300
        taken.renew()
        assert "mine" in lease_file(phone).read_text()


@pytest.mark.parametrize("garbage", [b"", b"garbage", b"{}", b'{"host": "x"}\n', bytes(range(256))])
def test_a_file_that_is_no_lease_is_replaced(phone, here, garbage):
    lease_file(phone).write_bytes(garbage)
    with here.takes(phone):
        assert "mine" in lease_file(phone).read_text()


def test_a_lease_of_a_newer_mbench_is_respected(phone, here):
    lease_file(phone).write_bytes(b'{"beat": "00", "by": {"host": "lab-3"}}')
    with pytest.raises(TransportError, match="newer mbench"):
        here.takes(phone).__enter__()


def test_what_newer_versions_add_is_passed_over(phone, here, elsewhere):
    with elsewhere.takes(phone):
        lease_file(phone).write_text(json.dumps(json.loads(lease_file(phone).read_text()) | {"colour": "red"}))
        assert "ada" in (here.sees(phone) or "")


def test_a_lease_by_a_dead_process_of_this_system_is_taken_over_at_once(phone, here, tmp_path, caplog):
    process = subprocess.Popen(["true"])
    process.wait()
    dead = dataclasses.replace(here.holder, pid=process.pid, host="a container's name")
    abandoned(Host(tmp_path / "of another user", dead), phone)
    with here.takes(phone):
        pass
    assert f"its process {process.pid} is gone" in caplog.text


def test_a_lease_by_a_living_process_of_this_system_is_respected_whatever_its_folder(phone, here, tmp_path):
    abandoned(Host(tmp_path / "of another user", here.holder), phone)
    with pytest.raises(LeaseHeld):
        here.takes(phone).__enter__()


def test_a_process_number_that_was_given_again_is_not_taken_for_the_holder(phone, here, tmp_path):
    earlier = dataclasses.replace(here.holder, started_s=(here.holder.started_s or 0) - 1000)
    abandoned(Host(tmp_path / "of another user", earlier), phone)
    with here.takes(phone):
        pass


def test_a_lock_on_the_phone_that_a_killed_script_left_is_broken(phone, here):
    (Path(phone.root) / "lease.json.busy").mkdir()
    with here.takes(phone):
        assert lease_file(phone).exists()


def test_a_folder_of_locks_that_cannot_be_made_is_said(phone, here, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TransportError, match="MBENCH_HOME"):
        Host(tmp_path / "file" / "leases", here.holder).takes(phone).__enter__()


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
from mbench.devices.host import HostTransport
from mbench.devices.lease_records import this_process
from mbench.devices.leases import LeaseHeld, lease
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
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
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
    begun = int(time.time())
    phone.set_time(begun + 590)
    with pytest.raises(LeaseHeld):
        here.takes(phone).__enter__()
    phone.set_time(begun + 610)
    with here.takes(phone):
        pass
