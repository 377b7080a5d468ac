"""The processes of a training on one machine are reached from that machine alone."""

import socket

import pytest

from mbench.models.training.clusters import keep_to_loopback

pytestmark = pytest.mark.skipif(not hasattr(socket, "SO_BINDTODEVICE"), reason="only Linux binds to an interface")


def test_what_listens_on_every_interface_keeps_to_loopback_afterwards_and_answers_there() -> None:
    with socket.create_server(("", 0)) as listener:
        keep_to_loopback()
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).rstrip(b"\0") == b"lo"
        with socket.create_connection(("127.0.0.1", listener.getsockname()[1]), timeout=120) as caller:
            link, _ = listener.accept()
            with link:
                link.sendall(b"here")
                assert caller.recv(4) == b"here"
