"""What `mbench doctor` says of phones: it asks the adb server that runs, starts none, and guesses nothing."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mbench.devices.adb.servers import AdbServer, protocol_of
from mbench.emulator.adb_server import AdbServer as PrivateServer


def finding_on_phones(bare, **environment: str) -> tuple[str, str]:
    done = bare("doctor", "--json", **environment)
    assert done.returncode == 0, done.stdout
    (finding,) = [one for one in json.loads(done.stdout) if one["what"] in ("phones", "phone")]
    return finding["state"], finding["found"]


@contextmanager
def server_that_lists_nothing() -> Iterator[int]:
    """An adb server's port that answers what it speaks, and hangs up on whoever asks more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    if b"host:version" in connection.recv(100):
                        connection.sendall(b"OKAY00040029")

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def test_without_an_adb_server_none_is_started_and_nobody_has_looked_for_phones(bare):
    state, found = finding_on_phones(bare)
    assert (state, found) == ("good", "not looked for, as there is no adb server to ask")
    port = int(bare.environment["ANDROID_ADB_SERVER_PORT"])
    assert protocol_of(AdbServer(port=port)) is None


def test_a_server_without_phones_is_said_to_have_none(bare):
    with PrivateServer() as server:
        finding = finding_on_phones(bare, ANDROID_ADB_SERVER_PORT=str(server.port))
        assert finding == ("good", f"none is attached to the adb server at 127.0.0.1:{server.port}")


def test_a_server_that_does_not_list_its_phones_is_no_server_without_any(bare):
    with server_that_lists_nothing() as port:
        state, found = finding_on_phones(bare, ANDROID_ADB_SERVER_PORT=str(port))
    assert (state, "was asked in vain: it closed the connection" in found) == ("doubtful", True)
