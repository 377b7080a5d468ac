"""The promises of `mbench.core.ports.Transport`, kept by every transport."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from mbench.core.errors import ChangedFiles, CommandTimeout, TransportError
from mbench.core.ports import Transport
from mbench.devices.adb.patient import PatientTransport
from mbench.devices.host.transport import HostTransport


@pytest.fixture(params=["host", pytest.param("adb", marks=pytest.mark.slow), "patient"])
def transport(request, tmp_path) -> Transport:
    """Each transport; by default adb's as all commands use it, within the patient one."""
    return {
        "host": lambda: HostTransport(tmp_path / "a folder with spaces" / "größe"),
        "adb": lambda: request.getfixturevalue("over_adb"),
        "patient": lambda: PatientTransport(request.getfixturevalue("over_adb"), wait=pytest.fail, most=1),
    }[request.param]()


def source_file(tmp_path: Path, data: bytes) -> tuple[Path, str]:
    path = tmp_path / "source.bin"
    path.write_bytes(data)
    return path, hashlib.sha256(data).hexdigest()


def test_a_pushed_file_reads_back_with_the_same_hash(transport, tmp_path):
    path, sha256 = source_file(tmp_path, os.urandom(3_000_000))
    transport.push(path, f"{transport.root}/models/m.tflite", sha256=sha256)
    assert transport.sha256(f"{transport.root}/models/m.tflite") == sha256


def test_a_push_whose_source_changed_is_refused(transport, tmp_path):
    path, _ = source_file(tmp_path, b"new bytes")
    with pytest.raises(TransportError, match="reads back as"):
        transport.push(path, f"{transport.root}/m", sha256=hashlib.sha256(b"old bytes").hexdigest())


def test_a_push_replaces_a_file_of_the_same_size_and_other_content(transport, tmp_path):
    transport.write(f"{transport.root}/m", b"old!")
    path, sha256 = source_file(tmp_path, b"new!")
    transport.push(path, f"{transport.root}/m", sha256=sha256)
    assert transport.pull(f"{transport.root}/m", limit_bytes=10) == b"new!"


def test_a_missing_file_has_no_hash_and_no_bytes(transport):
    missing = f"{transport.root}/missing"
    assert (transport.sha256(missing), transport.pull(missing, limit_bytes=1)) == (None, None)


def test_pulling_more_than_the_limit_is_an_error(transport):
    transport.write(f"{transport.root}/big", b"x" * 11)
    with pytest.raises(TransportError, match="larger than 10 bytes"):
        transport.pull(f"{transport.root}/big", limit_bytes=10)


def test_removing_takes_folders_files_and_nothing(transport):
    transport.write(f"{transport.root}/folder/inner/file", b"x")
    for path in ("folder", "folder", "never"):
        transport.remove(f"{transport.root}/{path}")
    assert transport.sha256(f"{transport.root}/folder/inner/file") is None


@pytest.mark.parametrize("way", ["{above}/other", "{root}/../../other", "{root}/sessions/../../../../other", "other"])
def test_nothing_outside_of_our_folders_is_removed(transport, way):
    above = transport.root.rpartition("/")[0].rpartition("/")[0]
    other = f"{above}/other"
    transport.run(("sh", "-c", 'mkdir -p "$0"; echo kept >"$0/letter"', other), deadline_s=10)
    path = way.format(root=transport.root, above=above)
    with pytest.raises(TransportError, match=r"does not lie below .*; it is not removed"):
        transport.remove(path)
    with suppress(TransportError):
        transport.read_together(hashed=(), limit_bytes=10, then_remove=path)
    assert transport.run(("cat", f"{other}/letter"), deadline_s=10).stdout == b"kept\n"


@pytest.mark.parametrize("status", [0, 1, 3, 126, 255])
def test_the_real_exit_status_comes_back(transport, status):
    assert transport.run(("sh", "-c", f"exit {status}"), deadline_s=10).exit_code == status


def test_death_by_a_signal_is_128_plus_its_number(transport):
    assert transport.run(("sh", "-c", "kill -9 $$"), deadline_s=10).exit_code == 137


def test_the_streams_stay_apart(transport):
    result = transport.run(("sh", "-c", "echo out; echo err >&2"), deadline_s=10)
    assert (result.stdout, result.stderr) == (b"out\n", b"err\n")


@pytest.mark.parametrize("hostile", ["$(reboot)", "a b", "'", '"', "*", "\\", "ä\n", ";exit 3"])
def test_arguments_arrive_as_they_were_given(transport, hostile):
    assert transport.run(("printf", "%s", hostile), deadline_s=10).stdout == hostile.encode()


def test_the_environment_is_passed_on(transport):
    assert transport.run(("sh", "-c", "echo $MBENCH_X"), deadline_s=10, environment={"MBENCH_X": "7"}).stdout == b"7\n"


def test_output_beyond_the_limit_is_dropped_and_the_command_still_ends(transport):
    result = transport.run(("sh", "-c", "head -c 3000000 /dev/zero; exit 4"), deadline_s=20, limit_bytes=1000)
    assert (len(result.stdout), result.exit_code) == (1000, 4)


def test_the_deadline_is_a_total_one_and_leaves_no_child(transport):
    nap = f"61.{os.getpid()}"  # nobody else's, where tests of two checkouts run beside each other
    with pytest.raises(CommandTimeout):  # a deadline of each read would let it go on for ever
        transport.run(("sh", "-c", f"sleep {nap} & while :; do echo x; sleep 0.05; done"), deadline_s=0.5)
    assert not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", nap]]


def test_a_command_that_is_not_there_is_named(transport):
    with pytest.raises(TransportError, match="mbench-no-such-program"):
        transport.run(("mbench-no-such-program",), deadline_s=10)


def test_a_live_device_says_so(transport):
    assert transport.alive(timeout_s=10)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot pin processes")
def test_a_command_is_pinned_and_the_caller_is_not(transport):
    before = os.sched_getaffinity(0)
    core = max(before)
    code = 'while read -r key value; do [ "$key" = Cpus_allowed_list: ] && echo "$value"; done </proc/self/status'
    result = transport.run(("sh", "-c", code), deadline_s=20, cpus=(core,))
    assert (result.stdout.decode().strip(), os.sched_getaffinity(0)) == (str(core), before)


def test_an_unwritable_place_is_named(transport):
    transport.write(f"{transport.root}/file", b"x")
    with pytest.raises(TransportError, match=r"could not write .*file/below"):
        transport.write(f"{transport.root}/file/below", b"x")


def test_files_read_together_are_what_they_are_one_by_one(transport):
    files = {"a b": b"1\n2\n", "empty": b"", "ü\\n": bytes(range(256)) * 1000, "-n": b"x"}
    for name, data in files.items():
        transport.write(f"{transport.root}/{name}", data)
    paths = [f"{transport.root}/{name}" for name in ("a b", "never", "empty", "-n")]
    for pulled in (paths, [f"{transport.root}/ü\\n"]):
        found = transport.read_together(pulled=pulled, hashed=paths, limit_bytes=1 << 20)
        assert found.contents == {path: transport.pull(path, limit_bytes=1 << 20) for path in pulled}
        assert found.hashes == {path: transport.sha256(path) for path in paths}


@pytest.mark.parametrize("there", [(), ("a",)])
def test_hashes_alone_and_contents_alone_can_be_read(transport, there):
    path = f"{transport.root}/a"
    for _ in there:
        transport.write(path, b"x")
    data, sha256 = (b"x", hashlib.sha256(b"x").hexdigest()) if there else (None, None)
    assert transport.read_together(hashed=(path,), limit_bytes=0).hashes == {path: sha256}
    assert transport.read_together(pulled=(path,), limit_bytes=1).contents == {path: data}


def test_files_that_are_too_large_together_are_refused(transport):
    paths = [f"{transport.root}/{name}" for name in "ab"]
    for path in paths:
        transport.write(path, b"x" * 6)
    with pytest.raises(TransportError, match="larger than"):
        transport.read_together(pulled=paths, limit_bytes=11)


def test_a_command_starts_where_its_files_are_as_they_must_be(transport):
    wanted = {}
    for name in ("a b", "-n", "$(date)", "ü\\n"):
        wanted[f"{transport.root}/{name}"] = hashlib.sha256(name.encode()).hexdigest()
        transport.write(f"{transport.root}/{name}", name.encode())
    result = transport.run(("echo", "started"), deadline_s=20, unchanged=wanted, environment={"A": "1"})
    assert (result.exit_code, result.stdout) == (0, b"started\n")


@pytest.mark.parametrize("name", ["changed", "never", "ü\\n"])
def test_a_command_does_not_start_where_a_file_has_changed(transport, name):
    kept, other = f"{transport.root}/kept", f"{transport.root}/{name}"
    transport.write(kept, b"kept")
    if name != "never":
        transport.write(other, b"changed")
    found = {kept: transport.sha256(kept), other: transport.sha256(other)}
    wanted = {kept: found[kept], other: "0" * 64}
    with pytest.raises(ChangedFiles) as refused:
        transport.run(("touch", f"{transport.root}/started"), deadline_s=20, unchanged=wanted)
    assert refused.value.hashes == found
    assert transport.pull(f"{transport.root}/started", limit_bytes=1) is None


@pytest.mark.parametrize("name", ["file", "ü\\n"])
def test_a_directory_goes_when_its_files_have_been_read(transport, name):
    folder = f"{transport.root}/a $(b)"
    transport.write(f"{folder}/{name}", b"x")
    transport.write(f"{transport.root}/kept", b"y")
    found = transport.read_together(
        pulled=(f"{folder}/{name}",), hashed=(f"{transport.root}/kept",), limit_bytes=1, then_remove=folder
    )
    assert found.contents == {f"{folder}/{name}": b"x"}
    assert transport.sha256(f"{folder}/{name}") is None
    assert transport.sha256(f"{transport.root}/kept") is not None


def test_what_could_not_be_read_stays(transport):
    folder = f"{transport.root}/run"
    transport.write(f"{folder}/file", b"too long")
    with pytest.raises(TransportError, match="larger than"):
        transport.read_together(pulled=(f"{folder}/file",), limit_bytes=1, then_remove=folder)
    assert transport.pull(f"{folder}/file", limit_bytes=10) == b"too long"


def test_a_push_tells_its_bytes_and_one_of_what_is_there_tells_none(transport, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(bytes(3_000_000))
    sha256, heard = hashlib.sha256(source.read_bytes()).hexdigest(), []
    for _ in range(2):
        transport.push(source, f"{transport.root}/file", sha256=sha256, sent=heard.append)
    assert (heard[0], heard.count(0), sum(heard)) == (0, 1, 3_000_000)
