"""The control channel of a process with emulated phones: one JSON object a line each way, over loopback TCP.

    {"op": "phones", "secret": …}                  {"phones": [{"serial", "address", "folder", "benchmarks"}]}
    {"op": "arm", "phone": "EMU1", "fault": {"kind": …}, "secret": …}    {"ok": true}
    {"op": "disarm", "phone": "EMU1", "secret": …}                       {"ok": true}
    anything wrong                                                       {"error": "…"}

`phone` is a serial or an address. The secret stands in the channel's own address, `127.0.0.1:PORT/SECRET`: every user
of the machine can connect to its loopback interface, and only who was given the address may break phones.
"""

import hmac
import json
import secrets
import socket
import socketserver
import threading
from typing import TYPE_CHECKING, Any

from mbench.core.errors import MbenchError, UsageError
from mbench.emulator.phone.faults import parse_fault

if TYPE_CHECKING:
    from mbench.emulator.farm import Phone, PhoneFarm

_TIMEOUT_S = 70.0
_SECRET_BYTES = 16
_LONGEST_ORDER_BYTES = 1 << 16


class ControlServer:
    """Takes orders for a farm; a context manager.

    Attributes:
        address: host, port and secret.
    """

    def __init__(self, farm: "PhoneFarm", *, port: int = 0) -> None:
        secret = secrets.token_urlsafe(_SECRET_BYTES)

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while (line := self.rfile.readline(_LONGEST_ORDER_BYTES)).endswith(b"\n"):
                    self.wfile.write(json.dumps(_obey(farm, line, secret)).encode() + b"\n")

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", port), Handler)
        self.address: str = f"127.0.0.1:{self._server.server_address[1]}/{secret}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="emulator control", daemon=True)
        self._thread.start()

    def __enter__(self) -> "ControlServer":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def order(address: str, request: dict[str, Any]) -> dict[str, Any]:
    """Send an order and return the answer.

    Raises:
        UsageError: nobody listens at the address, or the order was refused.
    """
    place, _, secret = address.partition("/")
    host, _, port = place.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_TIMEOUT_S) as link, link.makefile("rwb") as file:
            file.write(json.dumps({**request, "secret": secret}).encode() + b"\n")
            file.flush()
            answer: dict[str, Any] = json.loads(file.readline() or b"{}")
    except (OSError, ValueError) as error:
        raise UsageError(f"no emulated phones answer at {place}: {error}.") from error
    if "error" in answer:
        raise UsageError(str(answer["error"]))
    return answer


def _obey(farm: "PhoneFarm", line: bytes, secret: str) -> dict[str, Any]:
    try:
        request = json.loads(line)
        if not hmac.compare_digest(str(request.get("secret")).encode(), secret.encode()):
            raise UsageError("the secret is missing or wrong; give the whole address, as the emulator has printed it.")
        match request["op"]:
            case "phones":
                return {"phones": [_described(phone) for phone in farm.phones]}
            case "arm":
                _phone(farm, request["phone"]).arm(parse_fault(json.dumps(request["fault"])))
            case "disarm":
                _phone(farm, request["phone"]).disarm()
            case unknown:
                raise UsageError(f"unknown order {unknown!r}; there are phones, arm, disarm.")
    except (MbenchError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return {"error": str(error) or repr(error)}
    return {"ok": True}


def _phone(farm: "PhoneFarm", name: str) -> "Phone":
    for phone in farm.phones:
        if name in {phone.serial, phone.address}:
            return phone
    raise UsageError(f"no phone {name!r}; there are {', '.join(phone.serial for phone in farm.phones)}.")


def _described(phone: "Phone") -> dict[str, Any]:
    return {
        "serial": phone.serial,
        "address": phone.address,
        "folder": str(phone.folder),
        "benchmarks": phone.benchmarks,
    }
