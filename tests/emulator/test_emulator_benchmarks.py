"""benchmark_model on an emulated phone, started as mbench starts it, and its faults."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mbench.core.results import Status
from mbench.emulator.adb_server import AdbServer
from mbench.emulator.farm import Phone, PhoneFarm
from mbench.emulator.phone.binaries import emulated_binary
from mbench.emulator.phone.facts import SyntheticLaw, pixel4
from mbench.emulator.phone.faults import Fault, FaultKind
from mbench.runner.output.parse import parse_text
from mbench.runner.output.parsed import ParsedText
from mbench.runner.output.protos import read_runtime_info
from mbench.runner.script import device_script

Adb = Callable[..., tuple[int, str, str]]

TMP = "/data/local/tmp"
BRIEF = ("--num_runs=5", "--min_secs=0", "--warmup_runs=1", "--warmup_min_secs=0", "--num_threads=1")


@pytest.fixture(scope="module")
def invented(phone_farm: PhoneFarm, adb_server: AdbServer) -> Phone:
    """A phone whose latencies are invented, so that faults are tried quickly."""
    phone = phone_farm.start(pixel4("INVENTED", synthetic=SyntheticLaw()))
    adb_server.connect(phone.address)
    return phone


@pytest.fixture
def start(invented: Phone, adb_server: AdbServer, model_file: Path) -> Callable[..., tuple[int, ParsedText]]:
    """Run the benchmark directly: status and what was read from its text."""
    invented.disarm()
    put(invented, model_file)

    def run(*flags: str) -> tuple[int, ParsedText]:
        command = f"cd {TMP} && ./benchmark_model --graph={TMP}/m.tflite {' '.join((*flags, *BRIEF))}"
        done = adb_server.run("-s", invented.address, "shell", command)
        out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        return done.returncode, parse_text(out, err, exit_code=done.returncode)

    return run


def put(phone: Phone, model_file: Path) -> None:
    binary = phone.path(f"{TMP}/benchmark_model")
    binary.write_bytes(emulated_binary())
    binary.chmod(0o755)
    shutil.copyfile(model_file, phone.path(f"{TMP}/m.tflite"))


def test_the_runners_script_gives_what_the_runner_reads(
    adb: Adb, phone: Phone, model_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "benchmark_model").write_bytes(emulated_binary())
    (tmp_path / "benchmark_model").chmod(0o755)
    argv = [f"{TMP}/benchmark_model", f"--graph={TMP}/m.tflite", *BRIEF]
    proof = [
        "--export_model_runtime_info=true",
        f"--model_runtime_info_output_file={TMP}/w/rt.pb",
        f"--output_filepath={TMP}/w/out.bin",
    ]
    (tmp_path / "run.sh").write_text(device_script(f"{TMP}/w", [*argv, *proof], deadline_s=60))
    assert adb("push", str(tmp_path / "benchmark_model"), str(tmp_path / "run.sh"), f"{TMP}/")[0] == 0
    assert adb("push", str(model_file), f"{TMP}/m.tflite")[0] == 0
    assert adb("shell", f"taskset f0 sh {TMP}/run.sh") == (0, "", "")
    assert adb("pull", f"{TMP}/w", str(tmp_path / "w"))[0] == 0
    read = {path.name: path.read_bytes() for path in (tmp_path / "w").iterdir()}
    parsed = parse_text(read["out.txt"].decode(), read["err.txt"].decode(), exit_code=int(read["rc.txt"]))
    assert (parsed.status, parsed.parameters["Graph"]) == (Status.OK, f"{TMP}/m.tflite")
    assert parsed.measured is not None
    assert parsed.measured.count == 5
    assert read["cpus.txt"] == b"4-7\n"
    assert [one.nodes for one in read_runtime_info(read["rt.pb"])] == [one.nodes for one in parsed.delegates] == [31]
    assert len(read["out.bin"]) == 4 * 1000


def test_the_script_ends_a_benchmark_at_its_deadline(adb: Adb, phone: Phone, model_file: Path) -> None:
    put(phone, model_file)
    argv = [f"{TMP}/benchmark_model", f"--graph={TMP}/m.tflite", "--num_runs=100000", "--max_secs=60"]
    phone.path(f"{TMP}/run.sh").write_text(device_script(f"{TMP}/w", argv, deadline_s=1))
    adb("shell", f"sh {TMP}/run.sh")
    assert adb("shell", f"cat {TMP}/w/rc.txt; pidof benchmark_model")[1] == "137\n"


def test_a_phone_without_the_abi_refuses_the_binary(adb: Adb, phone: Phone) -> None:
    binary = phone.path(f"{TMP}/benchmark_model")
    binary.write_bytes(emulated_binary("riscv64"))
    binary.chmod(0o755)
    refused = (126, "", "/system/bin/sh: ./benchmark_model: not executable: 64-bit ELF file\n")
    assert adb("shell", f"cd {TMP} && ./benchmark_model --help") == refused


def test_a_real_foreign_binary_is_refused_alike(adb: Adb, phone: Phone, phone_farm: PhoneFarm) -> None:
    if not phone_farm.namespace:
        pytest.skip("only in a root of its own does a phone decide what is executable")
    # Itanium's, which no emulator runs for the kernel; of arm64's, a host with binfmt_misc may run what is refused here
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x32\x00" + bytes(100)
    phone.path(f"{TMP}/foreign").write_bytes(header)
    phone.path(f"{TMP}/foreign").chmod(0o755)
    assert adb("shell", f"{TMP}/foreign")[0] == 126
    given_by_execvp = adb("shell", f"timeout 5 {TMP}/foreign")
    assert given_by_execvp == (126, "", f"/system/bin/sh: {TMP}/foreign: not executable: 64-bit ELF file\n")


def test_a_binary_of_this_host_is_executed(adb: Adb) -> None:
    assert adb("shell", f"cp /system/bin/echo {TMP}/mine && {TMP}/mine hello")[1] == "hello\n"


def test_a_binary_without_its_bit_is_not_executed(adb: Adb, phone: Phone) -> None:
    phone.path(f"{TMP}/b").write_bytes(emulated_binary())
    phone.path(f"{TMP}/b").chmod(0o644)
    assert adb("shell", f"{TMP}/b")[0] == 126


def test_the_emulated_tool_tells_its_flags(
    start: Callable[..., tuple[int, ParsedText]], invented: Phone, adb_server: AdbServer
) -> None:
    done = adb_server.run("-s", invented.address, "shell", f"{TMP}/benchmark_model --help")
    assert (done.returncode, b"--input_layer_value_files=" in done.stderr) == (1, True)
    assert invented.benchmarks == 0 or b"usage" in done.stderr


def law_us(model_file: Path) -> float:
    law = SyntheticLaw()
    return law.base_us + law.us_per_mb * model_file.stat().st_size / 1e6


def test_invented_latencies_are_read_as_real_ones(
    start: Callable[..., tuple[int, ParsedText]], adb_server: AdbServer, invented: Phone, model_file: Path
) -> None:
    status, parsed = start("--export_model_runtime_info=true", f"--model_runtime_info_output_file={TMP}/rt.pb")
    assert (status, parsed.status) == (0, Status.OK)
    assert parsed.measured is not None
    assert parsed.measured.median_us == pytest.approx(law_us(model_file), rel=0.2)
    info = read_runtime_info(invented.path(f"{TMP}/rt.pb").read_bytes())
    assert [(one.name, one.nodes, one.total) for one in info] == [("TfLiteXNNPackDelegate", 29, 29)]
    said = adb_server.run("-s", invented.address, "shell", "getprop ro.mbench.emulated").stdout
    assert said == b"synthetic\n"


def test_invented_latencies_follow_the_seed(phone_farm: PhoneFarm, adb_server: AdbServer, model_file: Path) -> None:
    medians = []
    for _ in range(2):
        phone = phone_farm.start(pixel4("SEEDED", synthetic=SyntheticLaw(seed=5)))
        adb_server.connect(phone.address)
        put(phone, model_file)
        command = f"{TMP}/benchmark_model --graph={TMP}/m.tflite {' '.join(BRIEF)} | grep count=5"
        medians.append(adb_server.run("-s", phone.address, "shell", command).stdout)
        adb_server.run("disconnect", phone.address)
        phone.stop()
    assert medians[0] == medians[1] != b""


@pytest.mark.parametrize(("kind", "status"), [(FaultKind.KILL, 137), (FaultKind.ABORT, 134), (FaultKind.SEGFAULT, 139)])
def test_a_benchmark_dies_when_it_is_asked_to(
    start: Callable[..., tuple[int, ParsedText]], invented: Phone, kind: FaultKind, status: int
) -> None:
    invented.arm(Fault(kind=kind, run=2))
    assert start()[0] == 0
    ended, parsed = start()
    assert (ended, parsed.status, parsed.measured) == (status, Status.FAILED, None)
    assert start()[0] == 0


@pytest.mark.parametrize("kind", [FaultKind.GARBAGE, FaultKind.HALF_LINE, FaultKind.SILENCE])
def test_a_benchmark_prints_nonsense_when_it_is_asked_to(
    start: Callable[..., tuple[int, ParsedText]], invented: Phone, kind: FaultKind
) -> None:
    invented.arm(Fault(kind=kind))
    status, parsed = start()
    assert (status, parsed.status) == (0, Status.FAILED)


def test_a_benchmark_hangs_when_it_is_asked_to(
    start: Callable[..., tuple[int, ParsedText]], invented: Phone, adb_server: AdbServer
) -> None:
    invented.arm(Fault(kind=FaultKind.HANG))
    command = f"cd {TMP} && timeout -s KILL 0.7 ./benchmark_model --graph=m.tflite"
    done = adb_server.run("-s", invented.address, "shell", command)
    assert done.returncode == 137
    assert b"Running benchmark" in done.stdout


def test_heat_slows_invented_latencies_from_its_run_on(
    start: Callable[..., tuple[int, ParsedText]], invented: Phone, adb_server: AdbServer
) -> None:
    invented.arm(Fault(kind=FaultKind.HEAT, run=2, level=3, factor=2.0))
    medians = [parsed.measured.median_us for _, parsed in (start(), start(), start()) if parsed.measured]
    command = "dumpsys thermalservice | grep -m1 Status:; cat /sys/devices/system/cpu/cpu7/cpufreq/scaling_max_freq"
    said = adb_server.run("-s", invented.address, "shell", command).stdout
    invented.arm(Fault(kind=FaultKind.COOL))
    assert medians[1] / medians[0] == pytest.approx(2, rel=0.1)
    assert medians[2] / medians[0] == pytest.approx(2, rel=0.1)
    assert said == b"Thermal Status: 3\n1420800\n"


def test_heat_slows_real_inference(adb: Adb, phone: Phone, model_file: Path) -> None:
    put(phone, model_file)
    start = f"{TMP}/benchmark_model --graph={TMP}/m.tflite --min_secs=600 --max_secs=900 >/dev/null 2>&1 &"

    def is_stopped_now_and_then(looks: int) -> bool:
        """Look often how the benchmark is: how much slower it gets, others on this host decide, too."""
        look = "grep -q ^State:.T /proc/$!/status && echo stopped && break; sleep 0.02"
        return adb("shell", f"{start} for n in $(seq {looks}); do {look}; done; kill -9 $!")[1] == "stopped\n"

    assert not is_stopped_now_and_then(20)
    phone.arm(Fault(kind=FaultKind.HEAT, factor=4.0))
    assert is_stopped_now_and_then(3000)
    phone.arm(Fault(kind=FaultKind.COOL))
    assert not is_stopped_now_and_then(20)


def test_a_rival_benchmark_is_seen(
    start: Callable[..., tuple[int, ParsedText]], invented: Phone, adb_server: AdbServer
) -> None:
    before = invented.benchmarks
    invented.arm(Fault(kind=FaultKind.RIVAL))

    def seen() -> bool:
        return adb_server.run("-s", invented.address, "shell", "pidof benchmark_model").returncode == 0

    until = time.monotonic() + 120
    while not seen() and time.monotonic() < until:
        time.sleep(0.05)
    assert seen()
    assert invented.benchmarks == before
    invented.arm(Fault(kind=FaultKind.LEAVE))
    while seen() and time.monotonic() < until:
        time.sleep(0.05)
    assert not seen()


def test_a_file_changes_before_the_run_it_was_asked_to(
    start: Callable[..., tuple[int, ParsedText]], invented: Phone
) -> None:
    path = invented.path(f"{TMP}/m.tflite")
    size, before = path.stat().st_size, path.read_bytes()
    invented.arm(Fault(kind=FaultKind.REPLACE, run=2, path=f"{TMP}/m.tflite"))
    start()
    assert path.read_bytes() == before
    start()
    assert path.read_bytes() != before
    assert path.stat().st_size == size


def test_the_link_breaks_in_the_run_it_was_asked_to(
    start: Callable[..., tuple[int, ParsedText]], invented: Phone, adb_server: AdbServer
) -> None:
    invented.arm(Fault(kind=FaultKind.DROP, run=2, seconds=0.2))
    assert start()[0] == 0
    status, parsed = start("--min_secs=5")
    assert (status, parsed.status) == (255, Status.FAILED)
    wait_for_phone(adb_server, invented)


def test_a_phone_reboots_in_the_run_it_was_asked_to(
    start: Callable[..., tuple[int, ParsedText]], invented: Phone, adb_server: AdbServer
) -> None:
    invented.arm(Fault(kind=FaultKind.REBOOT, run=1, seconds=0.2))
    assert start("--min_secs=5")[0] == 255
    wait_for_phone(adb_server, invented)
    assert adb_server.run("-s", invented.address, "shell", "pidof benchmark_model").returncode == 1


def wait_for_phone(adb_server: AdbServer, phone: Phone) -> None:
    until = time.monotonic() + 120
    while adb_server.run("-s", phone.address, "shell", "echo").returncode != 0:
        assert time.monotonic() < until
        time.sleep(0.05)
