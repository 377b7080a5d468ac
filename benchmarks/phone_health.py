"""Does looking after fifty phones take longer than looking after one? Each answer of adb takes a stated 50 ms.

    python -m benchmarks phone_health

A process of its own plays an adb server: it lists phones, and answers each command of theirs 50 ms after it came, with
what a Pixel 4 says (`tests/data/android`). `one_s` is the health of one phone, found and checked; `fifty_s` that of
fifty at the same time; `ratio` should be 2 at most. `cpu_ms_each` is this process' own work for each of the fifty.
"""

import asyncio
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest.mock import patch

from mbench.core.processes.workers import end_with_parent, spawning
from mbench.devices.adb.own_server import open_servers
from mbench.devices.health.check import CheckState, failed

ANSWER_S: Final = 0.05
PHONES: Final = 50
_TIMES: Final = 5
_DATA: Final = Path(__file__).parents[1] / "tests/data/android"
_BOOT_ID: Final = "5f1c2c0e-0000-4000-8000-00000000000"


def run() -> dict[str, Any]:
    """Return seconds for one phone and for fifty, in turn, and their ratio."""
    took: dict[int, list[float]] = {1: [], PHONES: []}
    cpu: list[float] = []
    with (
        TemporaryDirectory() as home,
        played(1) as one,
        played(PHONES) as fifty,
        patch.dict(os.environ, MBENCH_HOME=home),
    ):
        _check(one, 1)  # what is imported and read once
        for _ in range(_TIMES):
            for count, port in ((1, one), (PHONES, fifty)):
                begun, computed = time.monotonic(), time.process_time()
                _check(port, count)
                took[count].append(time.monotonic() - begun)
                if count == PHONES:
                    cpu.append(time.process_time() - computed)
    one_s, fifty_s = median(took[1]), median(took[PHONES])
    return {
        "answer_s": ANSWER_S,
        "one_s": round(one_s, 3),
        "fifty_s": round(fifty_s, 3),
        "ratio": round(fifty_s / one_s, 2),
        "cpu_ms_each": round(1000 * median(cpu) / PHONES, 1),
    }


def _check(port: int, count: int) -> None:
    from mbench.workflows.farm.phone_health import check_phones

    with open_servers([f"127.0.0.1:{port}"], state=Path(os.environ["MBENCH_HOME"])) as servers:
        phones = check_phones(servers).phones
    assert len(phones) == count
    for phone in phones:
        assert phone.checks[-1].state is CheckState.OK, phone.checks
        assert not failed(phone.checks), phone.checks


@contextmanager
def played(count: int) -> Iterator[int]:
    """Yield the port of an adb server, a process of its own, with so many phones."""
    context = spawning()
    ours, theirs = context.Pipe()
    process = context.Process(target=_play, args=(count, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _play(count: int, parent: Connection) -> None:
    end_with_parent()
    asyncio.run(_serve(count, parent))


async def _serve(count: int, parent: Connection) -> None:
    serials = [f"FARM{number:04d}" for number in range(count)]
    listing = "".join(f"{serial} device usb:1-4 model:Pixel_4 device:flame transport_id:3\n" for serial in serials)
    getprop = re.sub(r"\[ro\.(boot\.)?serialno\]: \[.*\]\n", "", _read("getprop-pixel4.txt"))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serial = ""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = (await reader.readexactly(int(await reader.readexactly(4), 16))).decode()
                if request.startswith("host:version"):
                    writer.write(b"OKAY00040029")
                elif request.startswith("host:devices"):
                    writer.write(b"OKAY" + _framed(listing))
                elif request.startswith("host:"):
                    serial = next((one for one in serials if request.endswith(one)), serial)
                    writer.write(b"OKAY")
                else:
                    await asyncio.sleep(ANSWER_S)
                    text = _health() if "@@mbench" in request else f"{_BOOT_ID}\n{getprop}[ro.serialno]: [{serial}]\n"
                    data = text.encode()
                    writer.write(b"OKAY\1" + len(data).to_bytes(4, "little") + data + b"\3\1\0\0\0\0")
                await writer.drain()
                if not request.startswith("host:") or request.startswith(("host:version", "host:devices")):
                    break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    parent.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _health() -> str:
    now = time.time()
    answers = {
        "clock": f"{now:.9f}",
        "load": "0.52 0.58 0.59 2/1411 22158",
        "stat": "cpu  10 20 30 40 50 60 70 80 0 0",
        "others": "status=1",
        "cpufreq": _read("cpufreq-pixel4.txt"),
        "zones": _read("zones-pixel4.txt"),
        "memory": "MemTotal:        5713888 kB\nMemAvailable:    2713888 kB",
        "battery": _read("battery-usb.txt"),
        "thermal": "Thermal Status: 0\nHAL Ready: true\n",
        "power": _read("power-awake.txt"),
        "doze": "ACTIVE",
        "stat_after": "cpu  20 30 40 80 50 60 70 80 0 0",
        "storage": "Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/dm-39 112943104 5 61374464 46% /data",
        "saver": "0",
        "user": "RUNNING_UNLOCKED",
        "booted": "1",
        "build": "google/flame/flame:13/TP1A.221005.002.B2/9382335:user/release-keys",
        "uptime": "353245.93 2801003.50",
        "boot_id": _BOOT_ID,
        "journal": "",
        "files": "",
        "holder": f"{now:.0f}\n353245.93 2801003.50 {_BOOT_ID}\n",
        "clock_after": f"{now:.9f}",
    }
    return "".join(f"\n@@mbench {name}\n{answer}\n" for name, answer in answers.items()) + "\n@@mbench end\n"


def _read(name: str) -> str:
    return (_DATA / name).read_text(encoding="utf-8")


def _framed(text: str) -> bytes:
    return b"%04x" % len(text.encode()) + text.encode()


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
