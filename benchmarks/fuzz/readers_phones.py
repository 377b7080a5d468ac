"""Readers of what phones and adb servers answer, and of what was left on a phone for others to find."""

import hashlib
import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final, cast

from benchmarks.fuzz.fake_server import adb_server, blunt_server
from benchmarks.fuzz.reader import Form, Reader
from benchmarks.fuzz.recorded import recorded
from mbench.core.error_classes import TRANSPORT
from mbench.core.errors import NoDevice, TransportError
from mbench.core.ports import CommandResult
from mbench.devices.adb.discovery import list_devices
from mbench.devices.adb.properties import parse_properties
from mbench.devices.adb.pull import parse_pulled, parse_together
from mbench.devices.adb.servers import AdbServer, listed_devices, protocol_of
from mbench.devices.adb.shell import ShellEnd, read_shell
from mbench.devices.adb.sync import missing_room, send_file
from mbench.devices.android.conditions import parse_others, parse_reading, questions, to_conditions
from mbench.devices.android.dumps import parse_battery, parse_doze, parse_screen, parse_thermal
from mbench.devices.android.facts import best_cores, read_hardware, to_device_facts
from mbench.devices.android.journal import read_journals
from mbench.devices.android.kernel import (
    parse_core_list,
    parse_cpu_time,
    parse_load,
    parse_memory,
    parse_policies,
    parse_zones,
    per_core,
)
from mbench.devices.android.knobs import Knobs
from mbench.devices.health.checks import check_phone
from mbench.devices.health.readings import Answers, PhoneReadings, to_readings
from mbench.devices.health.readings import questions as health_questions
from mbench.devices.lease.on_phone import PhoneLease
from mbench.devices.lease.records import PhoneTime, parse_record
from mbench.devices.profiles.draft import draft_profile
from mbench.devices.profiles.matching import match_profile
from mbench.devices.profiles.profile import load_profiles
from mbench.workflows.farm.phone_records import PhoneRecords

_AT_THE_DOOR: Final = (OSError, EOFError, ValueError)
"""What `adb_errors.at_the_door` turns into errors of ours, for its callers."""


class _Stream:
    """Bytes that a device sends."""

    def __init__(self, data: bytes) -> None:
        self._left = BytesIO(data)

    def read(self, count: int) -> bytes:
        data = self._left.read(count)
        if len(data) < count:
            raise EOFError("the connection ended too early")
        return data

    def send(self, _: object) -> None:
        """Take what is sent."""


class _Transport:
    """A phone that answers everything with the same bytes."""

    serial, root, emulated = "9A1BFFAZ", "/data/local/tmp/mbench", False

    def __init__(self, data: bytes) -> None:
        self._data = data

    def run(self, argv: Sequence[str], **_: object) -> CommandResult:
        return CommandResult(exit_code=0, stdout=self._data, stderr=self._data[:100], wall_s=0.1)

    def pull(self, _: str, **__: object) -> bytes:
        return self._data


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _read_getprop(data: bytes, _: Path) -> object:
    properties = parse_properties(_text(data))
    return match_profile(properties, load_profiles())


def _read_attached(data: bytes, _: Path) -> object:
    with adb_server(shell=data) as port:
        return list_devices((AdbServer(port=port),))


def _read_listing(data: bytes, _: Path) -> object:
    with adb_server(shell=b"1\n[ro.serialno]: [A]\n", listing=data) as port:
        return list_devices((AdbServer(port=port),))


def _read_server(data: bytes, _: Path) -> object:
    with blunt_server(data) as port:
        server, ends = AdbServer(port=port), list[object]()
        for asked in (protocol_of, listed_devices):
            try:
                ends.append(asked(server, timeout_s=1.0))
            except (NoDevice, *_AT_THE_DOOR) as error:
                ends.append(error)
        return ends


def _read_kernel(data: bytes, _: Path) -> object:
    text = _text(data)
    policies = parse_policies(text)
    return (
        *(per_core(policies, name) for name in ("max_khz", "current_khz", "allowed_khz")),
        best_cores(policies),
        parse_zones(text),
        parse_cpu_time(text),
        parse_load(text),
        parse_memory(text),
        parse_core_list(text),
        parse_others(text),
    )


def _read_dumps(data: bytes, _: Path) -> object:
    text = _text(data)
    return parse_battery(text), parse_thermal(text), parse_screen(text), parse_doze(text)


def _conditions() -> Sequence[bytes]:
    """Return answers to all questions, put together as the phone prints them."""
    kernel = {
        "load": "0.52 0.58 0.59 2/1411 22158",
        "stat": "cpu  10 20 30 40 50 60 70 80 0 0",
        "stat_after": "cpu  20 30 40 80 50 60 70 80 0 0",
        "others": "4711 4712\nstatus=0",
        "memory": "MemTotal:        5713888 kB\nMemAvailable:    2713888 kB",
        "cpufreq": _text(recorded("android/cpufreq-pixel4.txt")()[0]),
        "zones": _text(recorded("android/zones-pixel4.txt")()[0]),
        "battery": _text(recorded("android/battery-usb.txt")()[0]),
        "thermal": _text(recorded("android/thermalservice-warm.txt")()[0]),
        "power": _text(recorded("android/power-awake.txt")()[0]),
        "doze": "ACTIVE",
    }
    return ["".join(f"\n@@mbench {name}\n{kernel[name]}" for name in kernel).encode()]


def _marked(data: bytes) -> dict[str, str]:
    """Return answers by the names that stand before them."""
    answers = {}
    for part in _text(data).split("\n@@mbench ")[1:]:
        name, _, answer = part.partition("\n")
        answers[name] = answer
    return answers


def _read_conditions(data: bytes, _: Path) -> object:
    reading = parse_reading(dict.fromkeys(questions(), "") | _marked(data))
    return to_conditions(reading, stopped=frozenset(), taken_at=datetime.now(UTC))


def _health() -> Sequence[bytes]:
    own = {
        "clock": "1795348800.123456789",
        "storage": "Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/dm-39 112943104 5 61374464 46% /data",
        "saver": "0",
        "user": "RUNNING_UNLOCKED",
        "booted": "1",
        "build": "google/flame/flame:13/TP1A.221005.002.B2/9382335:user/release-keys",
        "uptime": "353245.93 2801003.50",
        "boot_id": "5f1c",
        "clock_after": "1795348800.623456789",
    }
    return [_conditions()[0] + "".join(f"\n@@mbench {name}\n{answer}" for name, answer in own.items()).encode()]


def _read_health(data: bytes, _: Path) -> object:
    texts = dict.fromkeys(health_questions(), "") | _marked(data)
    answers = Answers(texts=texts, asked_at=datetime.now(UTC), took_s=0.5)
    readings = to_readings(answers, serial="9A1BFFAZ", left=())
    return PhoneReadings.model_validate_json(readings.model_dump_json()), check_phone(readings, None)


def _read_record(data: bytes, folder: Path) -> object:
    records = PhoneRecords(folder)
    path = folder / "farm" / "phones" / "9A1BFFAZ.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    now = datetime.now(UTC)
    after = records.note_failure("9A1BFFAZ", TRANSPORT, "lost", now, night="a")
    return records.unusable("9A1BFFAZ", now), after, records.every()


def _hardware() -> Sequence[bytes]:
    answers = {
        "properties": _text(recorded("android/getprop-pixel4.txt")()[0]),
        "present": "0-7",
        "cpufreq": _text(recorded("android/cpufreq-pixel4.txt")()[0]),
        "memory": "MemTotal:        5713888 kB",
    }
    marked = "".join(f"\n@@mbench {name}\n{answer}\n" for name, answer in answers.items())
    return [f"{marked}\n@@mbench end\n".encode()]


def _read_hardware(data: bytes, _: Path) -> object:
    transport = cast(Any, _Transport(data))
    return to_device_facts(read_hardware(transport), "pixel4", emulated=False), draft_profile(transport)


def _pulled() -> Sequence[bytes]:
    content = b"what was pulled"
    line = hashlib.sha256(content).hexdigest().encode()
    size = str(len(content)).encode()
    return [
        b"%s\n%s  -\n%s" % (size, line, content),
        b"+-\n%s a\n%s  a\n%s" % (size, line, content),
        b"++\n%s a\n%s  a\n%s  b\n%s" % (size, line, line, content),
    ]


def _read_pulled(data: bytes, _: Path) -> object:
    end, ends = ShellEnd(exit_code=0, stdout=data, stderr=b""), list[object]()
    for read in (
        lambda: parse_pulled(end, serial="A", path="a"),
        lambda: parse_together(end, ["a"], ["b"], serial="A"),
    ):
        try:
            ends.append(read())
        except TransportError as error:
            ends.append(error)
    return ends, missing_room(data, size_bytes=1)


def _read_sync(data: bytes, _: Path) -> object:
    send_file(cast(Any, _Stream(data)), "/data/a", iter(()))
    return None


def _read_journals(data: bytes, folder: Path) -> object:
    (folder / f"borrowed-settings-{_Transport.serial}.json").write_bytes(data)
    return read_journals(cast(Any, _Transport(data)), folder)


def _leases() -> Sequence[bytes]:
    return [
        (
            b'{"host":"lab-2","user":"ada","pid":4711,"session":"20261122-120000-pixel4-alpha","kernel":null,'
            b'"started_s":1.5,"domain":null,"token":"5f","beat":"c0","since":"2026-11-22T12:00:00Z",'
            b'"heartbeat_s":1795348800,"uptime_s":353245,"boot_id":"5f1c","limit_s":600}\n'
        )
    ]


def _read_lease(data: bytes, _: Path) -> object:
    record = parse_record(data)
    seen = PhoneLease(
        cast(Any, _Transport(b"1795348800\n353245.93 2801003.50 5f1c\n" + data)), "/data", cast(Any, None)
    ).look()
    if record is None:
        return None
    now = PhoneTime(now_s=1795348800, uptime_s=353245, boot_id="5f1c")
    return record.words(), record.expired(now), record.holder_is_dead(), record.beaten(PhoneTime(now_s=1)), seen


def _read_clock(data: bytes, _: Path) -> object:
    knobs = Knobs(cast(Any, _Transport(data)))
    said: list[object] = [knobs.read(knob) for knob in ("stay_on", "screen", "governor:policy0")]
    said += [knobs.foreseen(knob, "1") for knob in ("fixed_performance", "governor:policy0")]
    return said, knobs.policies(), PhoneLease(cast(Any, _Transport(data)), "/data", cast(Any, None)).look()


def _packets(*texts: bytes) -> bytes:
    return b"".join(b"\1" + struct.pack("<I", len(text)) + text for text in texts) + b"\3\1\0\0\0\0"


def _adb_error() -> type[Exception]:
    from adbutils import AdbError

    return cast(type[Exception], AdbError)


READERS: Final = (
    Reader(name="getprop", form=Form.TEXT, seeds=recorded("android/getprop-*.txt"), read=_read_getprop),
    Reader(
        name="attached",
        form=Form.TEXT,
        seeds=lambda: [b"b00t-1d\n" + text for text in recorded("android/getprop-*.txt")()],
        read=_read_attached,
    ),
    Reader(
        name="adb-listing",
        form=Form.TEXT,
        seeds=lambda: [
            (
                b"9A1BFFAZ device usb:1-4 product:flame model:Pixel_4 device:flame transport_id:3\n"
                b"B no permissions (user is not in the plugdev group); see [x] usb:1-5 transport_id:4\n"
                b"127.0.0.1:5555 offline transport_id:9\n"
            )
        ],
        read=_read_listing,
    ),
    Reader(
        name="adb-server",
        form=Form.BINARY,
        seeds=lambda: [b"OKAY00040029", b"OKAY0029A device usb:1-4 product:a transport_id:3\n"],
        read=_read_server,
    ),
    Reader(
        name="adb-shell",
        form=Form.BINARY,
        seeds=lambda: [_packets(b"said"), _packets(b"a", b"b" * 1000)],
        read=lambda data, _: read_shell(cast(Any, _Stream(data)), limit_bytes=1 << 20),
        refusals=_AT_THE_DOOR,
    ),
    Reader(
        name="adb-sync",
        form=Form.BINARY,
        seeds=lambda: [b"OKAY\0\0\0\0"],
        read=_read_sync,
        refusals=(*_AT_THE_DOOR, _adb_error()),
    ),
    Reader(
        name="kernel",
        form=Form.TEXT,
        seeds=lambda: [*recorded("android/cpufreq-*.txt", "android/zones-*.txt")(), b"0-3,6", *_conditions()],
        read=_read_kernel,
    ),
    Reader(
        name="dumpsys",
        form=Form.TEXT,
        seeds=recorded("android/battery-*.txt", "android/power-*.txt", "android/thermal*.txt"),
        read=_read_dumps,
    ),
    Reader(name="conditions", form=Form.TEXT, seeds=_conditions, read=_read_conditions),
    Reader(name="health", form=Form.TEXT, seeds=_health, read=_read_health),
    Reader(
        name="phone-record",
        form=Form.JSON,
        seeds=lambda: [
            (
                b'{"format_version":1,"serial":"9A1BFFAZ","failures":[{"at":"2026-11-22T22:00:00Z","failure_class":'
                b'"transport","message":"lost","night":"n1"}],"quarantined_since":"2026-11-22T22:00:00Z","reason":"lost",'
                b'"good_checks":1,"last_night":"n1","held_until":"2026-12-01T06:00:00Z","held_by":"ada"}'
            )
        ],
        read=_read_record,
    ),
    Reader(name="hardware", form=Form.TEXT, seeds=_hardware, read=_read_hardware),
    Reader(name="pulled", form=Form.TEXT, seeds=_pulled, read=_read_pulled),
    Reader(
        name="journal",
        form=Form.JSON,
        seeds=lambda: [
            (
                b'{"format_version":1,"serial":"9A1BFFAZ","changes":[{"knob":"stay_on","before":"0","ours":"7"},'
                b'{"knob":"governor:policy4","before":"schedutil","ours":"performance","readable":true}]}'
            )
        ],
        read=_read_journals,
    ),
    Reader(name="lease", form=Form.JSON, seeds=_leases, read=_read_lease),
    Reader(name="phone-answers", form=Form.TEXT, seeds=lambda: [b"1795348800\n", b"30\n"], read=_read_clock),
)
