"""The control channel of a process with emulated phones: a line each way, over loopback TCP.

    SECRET {"op": "phones"}                     {"phones": [{"serial", "address", "folder", "benchmarks"}]}
    SECRET {"op": "arm", "phone": "EMU1", "fault": {"kind": …}}    {"ok": true}
    SECRET {"op": "disarm", "phone": "EMU1"}    {"ok": true}
    anything wrong                              {"error": "…"}

`phone` is a serial or an address. The secret stands in the channel's own address, `127.0.0.1:PORT/SECRET`: every user
of the machine can connect to its loopback interface, and only who was given the address may break phones. It stands
before the order, so that nothing that a stranger says is parsed.
"""

import hmac
import json
import secrets
import socket
import socketserver
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mbench.core.errors import MbenchError, UsageError
from mbench.emulator.phone.faults import parse_fault

if TYPE_CHECKING:
    from mbench.emulator.farm import Phone, PhoneFarm

_TIMEOUT_S = 70.0
_SECRET_BYTES = 16
_LONGEST_ORDER_BYTES = 1 << 16
_LONGEST_ANSWER_BYTES = 1 << 20


class ControlServer:
    """Takes orders for a farm; a context manager.

    Attributes:
        address: host, port and secret.
    """

    def __init__(self, farm: "PhoneFarm", *, port: int = 0) -> None:
        secret = secrets.token_urlsafe(_SECRET_BYTES)

        class Handler(socketserver.StreamRequestHandler):
            timeout = _TIMEOUT_S

            def handle(self) -> None:
                with suppress(OSError):  # whoever asked is gone, or says nothing
                    while line := self.rfile.readline(_LONGEST_ORDER_BYTES):
                        self.wfile.write(json.dumps(_obey(farm, line, secret)).encode() + b"\n")
                        if not line.endswith(b"\n"):
                            return

            def finish(self) -> None:
                with suppress(OSError):
                    super().finish()

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
            file.write(f"{secret} {json.dumps(request)}\n".encode())
            file.flush()
            answer = _object(file.readline(_LONGEST_ANSWER_BYTES))
    except (OSError, ValueError) as error:
        raise UsageError(f"no emulated phones answer at {place}: {error}.") from error
    if answer is None:
        raise UsageError(f"no emulated phones answer at {place}: what listens there is another program.")
    if "error" in answer:
        raise UsageError(str(answer["error"]))
    return answer


def _obey(farm: "PhoneFarm", line: bytes, secret: str) -> dict[str, Any]:
    said, _, text = line.partition(b" ")
    if not hmac.compare_digest(said.strip(), secret.encode()):
        return {"error": "the secret is missing or wrong; give the whole address, as the emulator has printed it."}
    order = _object(text) if line.endswith(b"\n") else None
    if order is None:
        return {"error": f'no order: one is a JSON object of at most {_LONGEST_ORDER_BYTES} bytes: {{"op": "phones"}}.'}
    try:
        match order.get("op"):
            case "phones":
                return {"phones": [_described(phone) for phone in farm.phones]}
            case "arm":
                _phone(farm, order).arm(parse_fault(json.dumps(order.get("fault"))))
            case "disarm":
                _phone(farm, order).disarm()
            case unknown:
                raise UsageError(f"unknown order {json.dumps(unknown)}; there are phones, arm, disarm.")
    except (MbenchError, OSError) as error:
        return {"error": str(error)}
    return {"ok": True}


def _object(text: bytes) -> dict[str, Any] | None:
    """Return a JSON object, None for what is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):  # nested without end
        return None
    return found if isinstance(found, dict) else None


def _phone(farm: "PhoneFarm", order: dict[str, Any]) -> "Phone":
    name = order.get("phone")
    for phone in farm.phones:
        if name in (phone.serial, phone.address):
            return phone
    raise UsageError(f"no phone {json.dumps(name)}; there are {', '.join(phone.serial for phone in farm.phones)}.")


def _described(phone: "Phone") -> dict[str, Any]:
    return {
        "serial": phone.serial,
        "address": phone.address,
        "folder": str(phone.folder),
        "benchmarks": phone.benchmarks,
    }
