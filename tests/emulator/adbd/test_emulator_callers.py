"""Another user of this machine reaches nothing of an emulated phone."""

import os
import socket
import stat
import subprocess
import sys

import pytest

from mbench.emulator.adbd.callers import may_call, owner_of
from mbench.emulator.farm import Phone

HEADING = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ENTRY = "   {n}: {local} {remote} 01 00000000:00000000 00:00000000 00000000  {uid}        0 {inode} 1 0 20 4 30 10 -1\n"
PHONE, CALLER = ("127.0.0.1", 40000), ("127.0.0.1", 5555)
NOBODY = 65534

little_endian = pytest.mark.skipif(sys.byteorder == "big", reason="the recorded table is of a little-endian machine")


def table(local: str, remote: str, *, uid: int, inode: int) -> str:
    return HEADING + ENTRY.format(n=3, local=local, remote=remote, uid=uid, inode=inode)


@little_endian
@pytest.mark.parametrize("prefix", ["", "0000000000000000FFFF0000"], ids=["tcp", "tcp6"])
def test_the_owner_is_that_of_the_callers_end(prefix: str) -> None:
    phones = table(f"{prefix}0100007F:9C40", f"{prefix}0100007F:15B3", uid=1, inode=2)
    callers = table(f"{prefix}0100007F:15B3", f"{prefix}0100007F:9C40", uid=1000, inode=48213)
    assert owner_of(phones + callers, local=CALLER, remote=PHONE) == 1000
    assert owner_of(phones, local=CALLER, remote=PHONE) is None


@little_endian
def test_a_closed_end_has_no_owner() -> None:
    closed = table("0100007F:15B3", "0100007F:9C40", uid=0, inode=0)
    assert owner_of(closed, local=CALLER, remote=PHONE) is None


def test_this_user_may_call_until_its_end_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        caller = socket.create_connection(listener.getsockname())
        link, _ = listener.accept()
        with link:
            assert may_call(link)
            caller.close()
            assert not may_call(link)


@pytest.mark.skipif(os.getuid() != 0, reason="only the superuser can be somebody else")
def test_another_users_call_is_hung_up_on(phone: Phone) -> None:
    program = (
        "import encodings.idna, os, socket, sys; os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))\n"
        "link = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
        "link.settimeout(30); print(link.recv(1))"
    )
    port = phone.address.rpartition(":")[2]
    called = subprocess.run(
        (sys.executable, "-c", program, port, str(NOBODY)), capture_output=True, text=True, timeout=60, check=False
    )
    assert called.stdout == "b''\n", called.stderr


def test_the_socket_of_a_phones_own_programs_is_its_users_alone(phone: Phone) -> None:
    (hook,) = (path for path in phone.folder.rglob("hook") if path.is_socket())
    assert stat.S_IMODE(hook.stat().st_mode) == 0o600
