"""An emulated phone's streams, by a client that speaks adb's packets itself and so chooses their order."""

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from mbench.emulator.adbd import packets, sync_records
from mbench.emulator.adbd.packets import Header
from mbench.emulator.farm import Phone, PhoneFarm
from mbench.emulator.phone.facts import pixel4
from mbench.emulator.phone.views import STATE

LIMIT_S = 60.0
"""Of each read: a phone that is silent for so long hangs."""


class Client:
    """The other end of a phone's link, which acknowledges only when it is asked to."""

    def __init__(self, address: str) -> None:
        host, _, port = address.partition(":")
        self._link = socket.create_connection((host, int(port)), timeout=LIMIT_S)
        self._reader = self._link.makefile("rb")
        self.send(packets.CNXN, packets.VERSION_SKIP_CHECKSUM, packets.MAX_PAYLOAD, b"host::")
        assert self.receive()[0].command == packets.CNXN

    def close(self) -> None:
        self._reader.close()
        self._link.close()

    def send(self, command: int, local: int, remote: int, payload: bytes = b"") -> None:
        self._link.sendall(packets.format_packet(command, local, remote, payload, checksum=command == packets.CNXN))

    def receive(self) -> tuple[Header, bytes]:
        header = packets.parse_header(self._reader.read(packets.HEADER.size))
        return header, self._reader.read(header.length)

    def open(self, local: int, service: str) -> int:
        """Return the phone's number of the new stream."""
        self.send(packets.OPEN, local, 0, service.encode() + b"\0")
        header, _ = self.receive()
        assert (header.command, header.arg1) == (packets.OKAY, local)
        return header.arg0

    def rest(self, local: int, remote: int) -> bytes:
        """Return what a stream carries to its end."""
        carried = b""
        while True:
            header, payload = self.receive()
            assert header.arg1 == local
            if header.command == packets.CLSE:
                return carried
            carried += payload
            self.send(packets.OKAY, local, remote)


@pytest.fixture
def client(phone: Phone) -> Iterator[Client]:
    client = Client(phone.address)
    yield client
    client.close()


@pytest.mark.parametrize("kind", ["shell,v2,raw", "shell,v2,pty", "shell,raw", "exec"])
def test_a_client_that_goes_in_the_middle_of_an_output_leaves_the_phone_to_others(client: Client, kind: str) -> None:
    for local in range(1, 9, 2):  # the next command's pipes have the numbers of those that were closed
        left = client.open(local, f"{kind}:echo x; exec sleep 600")
        header, payload = client.receive()
        assert (header.command, payload.strip()[-1:]) == (packets.WRTE, b"x")
        client.send(packets.CLSE, local, left)  # and no OKAY: the phone still waits for it
        remote = client.open(local + 1, "shell,v2,raw:echo y; echo z >&2; exit 3")
        out, err, status = b"\1\2\0\0\0y\n", b"\2\2\0\0\0z\n", b"\3\1\0\0\0\3"
        assert client.rest(local + 1, remote) in {out + err + status, err + out + status}


@pytest.mark.parametrize(("count", "end"), [(30_000, 5), (34_000, 126), (150_000, 126)])
def test_a_command_that_is_too_long_to_be_passed_on_ends(client: Client, count: int, end: int) -> None:
    remote = client.open(1, "shell,v2,raw:exit 5 # " + "\1" * count)  # each of six characters where it is passed on
    assert client.rest(1, remote)[-6:] == bytes([3, 1, 0, 0, 0, end])


def test_a_command_ends_where_the_phones_first_process_has_died(phone_farm: PhoneFarm) -> None:
    phone = phone_farm.start(pixel4("HEADLESS"))
    client = Client(phone.address)
    try:
        os.kill(int((phone.folder / STATE / "init").read_text()), signal.SIGKILL)
        for local in range(1, 4):
            assert client.rest(local, client.open(local, "shell,v2,raw:exit 5")) == b"\3\1\0\0\0\x89"
    finally:
        client.close()
        phone.stop()


def test_a_named_pipe_that_nobody_writes_to_is_an_empty_file(client: Client, phone: Phone) -> None:
    os.mkfifo(phone.path("/data/local/tmp/pipe"))
    remote, path = client.open(1, "sync:"), b"/data/local/tmp/pipe"
    client.send(packets.WRTE, 1, remote, sync_records.REQUEST.pack(b"RECV", len(path)) + path)
    assert client.receive()[0].command == packets.OKAY
    assert client.receive()[1] == b"DONE\0\0\0\0"
