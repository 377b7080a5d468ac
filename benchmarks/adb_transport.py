"""Does the ADB transport, which proves what it does, keep up with the adb program, which does not?

    python -m benchmarks.adb_transport

Over one emulated phone and a private adb server, each way in turn, on fresh random files:

    command     `adb shell true` as a process, against a run whose exit status is proved
    transfer    `adb push` as a process, against sending the same bytes without proof
    push        `adb push` as a process, against a push with room check, temporary name, SHA-256 on the phone, rename
    proof       `adb push`, `adb shell sha256sum`, `adb shell mv`, against that same push

The loopback carries some 500 MB/s, a USB 2 cable 30 to 40: there the phone's hashing is a small part of a push, here
it is the larger one, so `push` is the worst case. The names that begin with `usb2_` are of the same pushes over a link
that the emulated phone slows down to a cable's 40 MB/s.
"""

import hashlib
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from mbench.devices.adb.servers import AdbServer
from mbench.devices.adb.streams import DeviceStream
from mbench.devices.adb.sync import SERVICE, read_blocks, send_file
from mbench.devices.adb.transport import AdbTransport, open_device
from mbench.emulator.adb_server import AdbServer as PrivateServer
from mbench.emulator.farm import PhoneFarm
from mbench.emulator.phone.facts import pixel4
from mbench.emulator.phone.faults import Fault, FaultKind

FILE_BYTES = 20_000_000
PUSHES = 9
USB2_BYTES_PER_S = 40_000_000
USB2_PUSHES = 5
COMMANDS = 40
_DEADLINE_S = 60.0


def run(*, pushes: int = PUSHES, usb2_pushes: int = USB2_PUSHES, commands: int = COMMANDS) -> dict[str, Any]:
    """Measure and return medians in milliseconds and ratios of native over ours: above 1, ours is the faster one."""
    with PhoneFarm() as farm, PrivateServer() as server, tempfile.TemporaryDirectory() as folder:
        phone = farm.start(pixel4("BENCH1"))
        server.connect(phone.address)
        transport = open_device(AdbServer(port=server.port), phone.address)
        native_true, own_true = _commands(server, transport, commands)
        seconds = _pushes(server, transport, Path(folder) / "20MB.bin", pushes)
        phone.arm(Fault(kind=FaultKind.SLOW_LINK, size_bytes=USB2_BYTES_PER_S))
        slow = _pushes(server, transport, Path(folder) / "20MB.bin", usb2_pushes)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    median |= {f"usb2_{name}": statistics.median(slow[name]) for name in ("native_push", "proved_push")}
    return {
        "file_bytes": FILE_BYTES,
        "native_command_ms": _ms(native_true),
        "proved_command_ms": _ms(own_true),
        **{f"{name}_ms": round(1e3 * value, 1) for name, value in median.items()},
        "command_ratio": _ratio(native_true, own_true),
        "transfer_ratio": _ratio(seconds["native_push"], seconds["transfer"]),
        "push_ratio": _ratio(seconds["native_push"], seconds["proved_push"]),
        "proof_ratio": _ratio(seconds["native_proof"], seconds["proved_push"]),
        "usb2_push_ratio": _ratio(slow["native_push"], slow["proved_push"]),
    }


def _commands(server: PrivateServer, transport: AdbTransport, count: int) -> tuple[list[float], list[float]]:
    native, own = [], []
    for _ in range(count):
        native.append(_seconds(lambda: server.run("-s", transport.address, "shell", "true").check_returncode()))
        own.append(_seconds(lambda: transport.run(("true",), deadline_s=_DEADLINE_S)))
    return native, own


def _pushes(server: PrivateServer, transport: AdbTransport, source: Path, count: int) -> dict[str, list[float]]:
    target = f"{transport.root}/pushed"
    names = ("native_push", "transfer", "proved_push", "native_proof", "phone_sha256")
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(count):
        source.write_bytes(os.urandom(FILE_BYTES))
        sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
        ways: dict[str, Callable[[], None]] = {
            "native_push": partial(_native_push, server, transport, source, target),
            "transfer": partial(_transfer, transport, source, target),
            "proved_push": partial(transport.push, source, target, sha256=sha256),
            "native_proof": partial(_native_proof, server, transport, source, target),
        }
        for name, way in ways.items():
            transport.remove(target)
            seconds[name].append(_seconds(way))
        seconds["phone_sha256"].append(_seconds(lambda: transport.sha256(target)))
    return seconds


def _native_push(server: PrivateServer, transport: AdbTransport, source: Path, target: str) -> None:
    server.run("-s", transport.address, "push", str(source), target).check_returncode()


def _native_proof(server: PrivateServer, transport: AdbTransport, source: Path, target: str) -> None:
    _native_push(server, transport, source, f"{target}.part")
    server.run("-s", transport.address, "shell", f"sha256sum {target}.part").check_returncode()
    server.run("-s", transport.address, "shell", f"mv {target}.part {target}").check_returncode()


def _transfer(transport: AdbTransport, source: Path, target: str) -> None:
    until = time.monotonic() + _DEADLINE_S
    with DeviceStream(transport.server, transport.address, SERVICE, until=until) as stream:
        send_file(stream, target, read_blocks(source))


def _seconds(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def _ms(seconds: list[float]) -> float:
    return round(1e3 * statistics.median(seconds), 1)


def _ratio(native: list[float], own: list[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(native, own, strict=True)), 2)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
