"""A lease is held by one session and seen by all; with real locks and files."""

import json
import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from lease_hosts import Host, lease_file

from mbench.core.errors import NoDevice, TransportError
from mbench.devices.lease.lease import LeaseHeld, lease


def test_a_lease_lies_on_the_phone_while_it_is_held_and_nothing_afterwards(phone, here):
    with here.takes(phone):
        assert json.loads(lease_file(phone).read_text())["session"] == "mine"
    assert list(Path(phone.root).iterdir()) == []


def test_a_lease_is_given_back_when_the_block_fails(phone, here):
    with pytest.raises(KeyboardInterrupt), here.takes(phone):
        raise KeyboardInterrupt
    assert not lease_file(phone).exists()


def test_a_second_session_of_this_host_learns_who_holds_the_phone(phone, here):
    with (
        here.takes(phone),
        pytest.raises(LeaseHeld, match=rf"in use by .*session mine, process {os.getpid()}\) since "),
    ):
        here.takes(phone).__enter__()


def test_another_host_learns_who_holds_the_phone(phone, here, elsewhere):
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


def test_a_lock_on_the_phone_that_a_killed_script_left_is_broken(phone, here):
    (Path(phone.root) / "lease.json.busy").mkdir()
    with here.takes(phone):
        assert lease_file(phone).exists()


def test_a_folder_of_locks_that_cannot_be_made_is_said(phone, here, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TransportError, match="MBENCH_HOME"):
        Host(tmp_path / "file" / "leases", here.holder).takes(phone).__enter__()
