"""Without phones: packets, records, path rewriting, facts, faults."""

import importlib
import struct
import subprocess
from pathlib import Path

import pytest

from mbench.core.errors import NoDevice, UsageError
from mbench.core.results import Status
from mbench.emulator.adb_server import find_adb
from mbench.emulator.adbd import packets, sync_records
from mbench.emulator.adbd.shell_service import parse_shell
from mbench.emulator.phone.android_files import Conditions, format_properties, format_thermal
from mbench.emulator.phone.facts import pixel4
from mbench.emulator.phone.faults import Fault, FaultKind, format_fault, parse_fault
from mbench.emulator.phone.views import View
from mbench.emulator.processes.pinning import format_cores
from mbench.emulator.synthetic.script import compose_play
from mbench.runner.output.parse import parse_text


def test_a_header_is_read_as_it_was_written() -> None:
    packet = packets.format_packet(packets.WRTE, 7, 9, b"abc")
    header = packets.parse_header(packet[:24])
    assert (header.command, header.arg0, header.arg1, header.length) == (packets.WRTE, 7, 9, 3)


def test_the_checksum_is_the_sum_of_the_bytes() -> None:
    packet = packets.format_packet(packets.CNXN, 0, 0, b"\xff\x01", checksum=True)
    assert struct.unpack_from("<I", packet, 16) == (256,)


def test_a_header_with_a_wrong_guard_is_refused() -> None:
    with pytest.raises(packets.BadPacket, match="no adb packet"):
        packets.parse_header(bytes(24))


def test_a_payload_beyond_the_maximum_is_refused() -> None:
    header = packets.HEADER.pack(packets.WRTE, 1, 1, (1 << 20) + 1, 0, packets.WRTE ^ 0xFFFFFFFF)
    with pytest.raises(packets.BadPacket, match="longer"):
        packets.parse_header(header)


@pytest.mark.parametrize(("asked", "given"), [(0o644, 0o666), (0o755, 0o777), (0o600, 0o666), (0o444, 0o444)])
def test_the_owners_bits_are_spread(asked: int, given: int) -> None:
    assert sync_records.spread_mode(asked) == given


def test_stat_records_have_the_lengths_that_clients_count_on() -> None:
    here = Path(__file__).stat()
    assert len(sync_records.format_stat_v1(here)) == len(sync_records.format_stat_v1(None)) == 16
    assert len(sync_records.format_stat_v2(b"STA2", here)) == len(sync_records.format_stat_v2(b"LST2", None, 2)) == 72


def test_lists_end_with_done_and_zeros() -> None:
    assert sync_records.format_end(v2=False) == b"DONE" + bytes(16)
    assert sync_records.format_end(v2=True) == b"DONE" + bytes(72)


def test_service_names_say_how_a_command_is_run() -> None:
    raw, terminal = parse_shell("shell,v2,TERM=xterm,raw:ls -l"), parse_shell("shell,v2,TERM=xterm,pty:")
    assert raw is not None
    assert terminal is not None
    assert (raw.command, raw.v2, raw.terminal, raw.term) == ("ls -l", True, False, "xterm")
    assert (terminal.command, terminal.v2, terminal.terminal) == ("", True, True)


def test_another_service_is_no_shell() -> None:
    assert parse_shell("track-jdwp") is None


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("cat /data/local/tmp/x", "cat /F/data/local/tmp/x"),
        ("a --graph=/data/m.tflite", "a --graph=/F/data/m.tflite"),
        ("cd '/sdcard/a b' && ls", "cd '/F/sdcard/a b' && ls"),
        ("x >/data/y 2>/sys/z", "x >/F/data/y 2>/F/sys/z"),
        ("cat /proc/cpuinfo /proc/self/status", "cat /F/proc/cpuinfo /proc/self/status"),
        ("ls /database /my/data ./data/x", "ls /database /my/data ./data/x"),
        ("ls /data", "ls /F/data"),
        ("in0:/data/a,in1:/data/b", "in0:/F/data/a,in1:/F/data/b"),
        ("ls /F/data/local", "ls /F/data/local"),
        ("cat </dev/null >/usr/x", "cat </dev/null >/usr/x"),
    ],
)
def test_paths_are_rewritten_at_their_beginnings_alone(text: str, seen: str) -> None:
    assert View(Path("/F"), Path("/C"), namespace=False).text(text) == seen


def test_nothing_is_rewritten_where_paths_are_mounted() -> None:
    assert View(Path("/F"), Path("/C"), namespace=True).text("cat /data/x") == "cat /data/x"


def test_properties_say_that_a_phone_is_emulated() -> None:
    facts = pixel4("S")
    assert "ro.mbench.emulated=1\n" in format_properties(facts, boot_completed=True)


def test_heat_is_seen_by_the_thermal_service() -> None:
    hot = format_thermal(pixel4("S"), Conditions(battery_level=50, powered=True, heat=3))
    assert "Thermal Status: 3\n" in hot
    assert "mName=skin, mStatus=3}" in hot


def test_a_fault_is_read_as_it_was_written() -> None:
    fault = Fault(kind=FaultKind.DROP, run=2, seconds=0.5)
    assert parse_fault(format_fault(fault)) == fault


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"kind": "health", "value": "fine"}', "health takes good, overheat, dead"),
        ('{"kind": "battery", "value": "fine"}', "battery takes charging, discharging, not_charging, full"),
    ],
)
def test_a_word_that_a_battery_does_not_have_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_fault(text)


@pytest.mark.parametrize("text", ["", "[]", '{"kind": "melt"}', '{"kind": "kill", "when": 3}', "{}"])
def test_what_is_no_fault_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no fault"):
        parse_fault(text)


@pytest.mark.parametrize(("cores", "text"), [([7], "7"), ([4, 5, 7], "4-5,7"), ([0, 1, 2, 3], "0-3"), ([], "")])
def test_cores_are_listed_as_the_kernel_does(cores: list[int], text: str) -> None:
    assert format_cores(cores) == text


LAW = {"base_us": 1000.0, "us_per_mb": 0.0, "noise": 0.0, "seed": 1}


def scenes_of(folder: Path, *flags: str, end: str | None = None) -> list[tuple[float, str]]:
    model = folder / "ü m.tflite"
    model.write_bytes(b"\0\0\0\0TFL3" + bytes(100))
    plan = {"law": LAW, "seed": "s", "slowdown": 1.0, "end": end}
    return compose_play(["./benchmark_model", f"--graph={model}", "--num_threads=1", *flags], plan, prefix="")


def performed(scenes: list[tuple[float, str]]) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["sh", "-c", "".join(text for _, text in scenes)], capture_output=True)


def test_an_invented_benchmark_takes_as_long_as_it_says(tmp_path: Path) -> None:
    scenes = scenes_of(tmp_path, "--num_runs=200", "--min_secs=0", "--warmup_runs=100", "--warmup_min_secs=0")
    assert scenes[-1][0] == pytest.approx(0.3, abs=0.01)


def test_an_invented_benchmark_is_read_as_a_real_one(tmp_path: Path) -> None:
    done = performed(scenes_of(tmp_path, "--num_runs=5", "--min_secs=0", f"--output_filepath={tmp_path}/it's out"))
    parsed = parse_text(done.stdout.decode(), done.stderr.decode(), exit_code=done.returncode)
    assert (parsed.status, parsed.parameters["Graph"]) == (Status.OK, f"{tmp_path}/ü m.tflite")
    assert len((tmp_path / "it's out").read_bytes()) == 32


@pytest.mark.parametrize(("end", "status"), [("kill", -9), ("abort", -6), ("segfault", -11), ("half_line", 0)])
def test_a_synthetic_benchmark_ends_as_it_is_asked_to(tmp_path: Path, end: str, status: int) -> None:
    assert performed(scenes_of(tmp_path, "--num_runs=5", "--min_secs=0", end=end)).returncode == status


def test_an_invented_benchmark_that_is_asked_for_too_much_says_so(tmp_path: Path) -> None:
    done = performed(scenes_of(tmp_path, "--num_runs=many"))
    assert (done.returncode, done.stderr.decode().splitlines()[-1]) == (1, "ERROR: Benchmarking failed.")


def test_the_given_adb_program_comes_first() -> None:
    assert find_adb("/my/adb") == "/my/adb"


def test_no_adb_program_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADBUTILS_ADB_PATH", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(NoDevice, match="Install adbutils"):
        find_adb()


def test_an_invented_benchmark_takes_the_place_of_the_real_one_only_while_it_is_composed(tmp_path: Path) -> None:
    from mbench.hostbench.benchmark import run_benchmark

    scenes_of(tmp_path, "--num_runs=5", "--min_secs=0", "--warmup_runs=1", "--warmup_min_secs=0")
    assert importlib.import_module("mbench.hostbench.benchmark").run_benchmark is run_benchmark
