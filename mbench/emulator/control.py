"""The control channel of a process with emulated phones: one JSON object a line each way, over loopback TCP.

    {"op": "phones"}                                        {"phones": [{"serial", "address", "folder", "benchmarks"}]}
    {"op": "arm", "phone": "EMU1", "fault": {"kind": …}}    {"ok": true}
    {"op": "disarm", "phone": "EMU1"}                       {"ok": true}
    anything wrong                                          {"error": "…"}

`phone` is a serial or an address.
"""

import json
import logging
import socket
import socketserver
import threading
from typing import TYPE_CHECKING, Any

from mbench.core.errors import MbenchError, UsageError
from mbench.emulator.faults import Fault, format_fault, parse_fault

if TYPE_CHECKING:
    from mbench.emulator.farm import Phone, PhoneFarm

_LOG = logging.getLogger(__name__)
_TIMEOUT_S = 70.0


class ControlServer:
    """Takes orders for a farm; a context manager.

    Attributes:
        address: host and port.
    """

    def __init__(self, farm: "PhoneFarm", *, port: int = 0) -> None:
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                for line in self.rfile:
                    self.wfile.write(json.dumps(_obey(farm, line)).encode() + b"\n")

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", port), Handler)
        self.address: str = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="emulator control", daemon=True)
        self._thread.start()

    def __enter__(self) -> "ControlServer":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def arm_remotely(address: str, phone: str, fault: Fault) -> None:
    """Arm a fault of a phone in another process.

    Raises:
        UsageError: nobody listens there, or it knows no such phone or fault.
    """
    order(address, {"op": "arm", "phone": phone, "fault": json.loads(format_fault(fault))})


def order(address: str, request: dict[str, Any]) -> dict[str, Any]:
    """Send an order and return the answer.

    Raises:
        UsageError: nobody listens at the address, or the order was refused.
    """
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_TIMEOUT_S) as link, link.makefile("rwb") as file:
            file.write(json.dumps(request).encode() + b"\n")
            file.flush()
            answer: dict[str, Any] = json.loads(file.readline() or b"{}")
    except (OSError, ValueError) as error:
        raise UsageError(f"no emulated phones answer at {address}: {error}.") from error
    if "error" in answer:
        raise UsageError(str(answer["error"]))
    return answer


def _obey(farm: "PhoneFarm", line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
        match request["op"]:
            case "phones":
                return {"phones": [_described(phone) for phone in farm.phones]}
            case "arm":
                _phone(farm, request["phone"]).arm(parse_fault(json.dumps(request["fault"])))
            case "disarm":
                _phone(farm, request["phone"]).disarm()
            case unknown:
                raise UsageError(f"unknown order {unknown!r}; there are phones, arm, disarm.")
    except (MbenchError, OSError, ValueError, KeyError, TypeError) as error:
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
