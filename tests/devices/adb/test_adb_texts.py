import shutil
import subprocess
from pathlib import Path

import pytest

from mbench.core.errors import TransportError, UsageError
from mbench.devices.adb.properties import abis, parse_properties, soc
from mbench.devices.adb.pull import parse_pulled, parse_together
from mbench.devices.adb.servers import AdbServer, configured_server, parse_server
from mbench.devices.adb.shell import (
    ShellEnd,
    command_line,
    cpu_mask,
    end_script,
    lacking_tool,
    refuse_unstarted,
)
from mbench.devices.adb.sync import missing_room

MARK = "1-abc"


def line(*argv, environment=None, cpus=None):
    return command_line(argv, mark=MARK, environment=environment, cpus=cpus)


def test_a_property_may_have_several_lines_and_brackets():
    text = "[a.b]: [one\ntwo]\n[c]: []\n[d]: [[x]: [y]]\r\n[e]: [last]\n"
    assert parse_properties(text) == {"a.b": "one\ntwo", "c": "", "d": "[x]: [y]", "e": "last"}


def test_the_chip_is_named_by_its_model_before_its_board():
    assert soc({"ro.soc.model": "SM8150", "ro.board.platform": "msmnile"}) == "SM8150"
    assert soc({"ro.soc.model": " ", "ro.board.platform": "msmnile"}) == "msmnile"
    assert soc({}) is None


def test_kinds_of_programs_are_listed_best_first():
    assert abis({"ro.product.cpu.abilist": "arm64-v8a,armeabi-v7a"}) == ("arm64-v8a", "armeabi-v7a")
    assert abis({}) == ()


@pytest.mark.parametrize(
    ("text", "server"),
    [("lab:6000", AdbServer(host="lab", port=6000)), ("10.0.0.7", AdbServer(host="10.0.0.7", port=5037))],
)
def test_a_server_is_named_by_host_and_port(text, server):
    assert parse_server(text) == server


@pytest.mark.parametrize("text", ["", ":5037", "lab:", "lab:x", "lab:0", "lab:65536", "[::1]:5037"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(UsageError, match="no address of an adb server"):
        parse_server(text)


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, "127.0.0.1:5037"),
        ({"ANDROID_ADB_SERVER_PORT": "6001"}, "127.0.0.1:6001"),
        ({"ANDROID_ADB_SERVER_ADDRESS": "lab", "ANDROID_ADB_SERVER_PORT": "6001"}, "lab:6001"),
        ({"ADB_SERVER_SOCKET": "tcp:6002", "ANDROID_ADB_SERVER_PORT": "6001"}, "127.0.0.1:6002"),
        ({"ADB_SERVER_SOCKET": "tcp:lab:6002"}, "lab:6002"),
    ],
)
def test_the_server_is_the_one_that_adb_itself_would_use(environment, address):
    assert str(configured_server(environment)) == address


@pytest.mark.parametrize(
    "environment", [{"ANDROID_ADB_SERVER_PORT": "five"}, {"ADB_SERVER_SOCKET": "localfilesystem:/tmp/x"}]
)
def test_a_variable_that_names_no_usable_server_is_refused(environment):
    with pytest.raises(UsageError):
        configured_server(environment)


def test_a_mask_of_cores_is_hexadecimal():
    assert [cpu_mask(cpus) for cpus in ((0,), (4, 5, 6, 7), (7, 0))] == ["1", "f0", "81"]


def test_a_line_that_adb_cannot_carry_is_refused():
    with pytest.raises(ValueError, match="adb carries 60000"):
        line("echo", "x" * 60_000)


def test_a_null_byte_is_refused():
    with pytest.raises(ValueError, match="null byte"):
        line("echo", "a\0b")


def test_a_variable_that_would_be_read_as_a_command_is_refused():
    with pytest.raises(ValueError, match="no name of an environment variable"):
        line("true", environment={"A=1; reboot; B": "x"})


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="this system shows no environments")
def test_all_that_bears_a_mark_is_ended_even_in_a_session_of_its_own():
    tree = line("sh", "-c", "setsid sleep 62.5 & sleep 62.5 & wait; exit 0")
    with subprocess.Popen(["sh", "-c", tree], stdout=subprocess.PIPE) as process:
        subprocess.run(["sleep", "0.3"], check=True)
        ended = subprocess.run(["sh", "-c", end_script(MARK)], check=False, capture_output=True)
        assert (ended.returncode, process.wait(timeout=120)) == (0, -9)
        assert process.stdout.read() == b""  # the pipe ends only when no child holds it


@pytest.mark.parametrize(
    ("printed", "lacking"),
    [
        (b"-\nFilesystem 1024-blocks Used Available Capacity Mounted on\n/dev/dm-5 100 50 1000000 60% /data\n", False),
        (b"-\nFilesystem 1024-blocks Used Available Capacity Mounted on\n/dev/dm-5 100 50 1000 60% /data\n", True),
        (b"-\n", False),
        (b"-\ndf: what?\n", False),
    ],
)
def test_room_is_read_from_the_table_or_unknown(printed, lacking):
    assert (missing_room(printed, size_bytes=1_000_000) is not None) == lacking


def pulled(stdout):
    return parse_pulled(ShellEnd(exit_code=0, stdout=stdout, stderr=b""), serial="S", path="/p")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"hellO", "arrived as 5 bytes"), (b"hell", "arrived as 4 bytes"), (b"hello!", "arrived as 6 bytes")],
)
def test_a_damaged_or_cut_copy_is_seen(content, words):
    sha256 = b"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # of b"hello"
    assert pulled(b" 5\n" + sha256 + b"  -\nhello") == b"hello"
    with pytest.raises(TransportError, match=words):
        pulled(b"5\n" + sha256 + b"  -\n" + content)


def test_an_answer_without_a_hash_is_no_file():
    with pytest.raises(TransportError, match="the device printed"):
        pulled(b"5\nsha256sum: what?\nhello")


def started(text: str, tools: tuple[str, ...], folder: Path) -> ShellEnd:
    """Run a line in a real shell that finds these tools alone."""
    for tool in tools:
        (folder / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
    sh = shutil.which("sh") or "/bin/sh"
    done = subprocess.run((sh, "-c", text), capture_output=True, env={"PATH": str(folder)}, check=False)
    return ShellEnd(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)


@pytest.mark.parametrize(
    ("tools", "options", "message"),
    [
        (
            ("cat",),
            {"cpus": (0,)},
            "could not start cat: the device has no taskset, which pins runs to cores. Run with ",
        ),
        (
            ("cat",),
            {"unchanged": {"/f": "0" * 64}},
            "could not start cat: the device has no sha256sum, which verifies ",
        ),
        (("taskset",), {"cpus": (0,)}, "could not start cat: the device has no such program"),
        ((), {}, "could not start cat: the device has no such program"),
    ],
)
def test_a_tool_that_a_phone_lacks_is_named_with_the_way_round(tools, options, message, tmp_path):
    text = command_line(
        ("cat",), mark=MARK, environment=None, cpus=options.get("cpus"), unchanged=options.get("unchanged")
    )
    end = started(text, tools, tmp_path)
    with pytest.raises(TransportError) as refusal:
        refuse_unstarted(end, serial="PHX1", mark=MARK, argv=("cat",), cpus=options.get("cpus"))
    assert str(refusal.value).startswith(f"PHX1: {message}")


@pytest.mark.parametrize("tool", ["wc", "sha256sum", "printf"])
def test_a_script_that_lacks_a_tool_says_which(tool, tmp_path):
    end = started(f"{tool} -c x; exit 1" if tool != "printf" else "/nowhere/printf x; exit 1", (), tmp_path)
    assert lacking_tool(end.words) is None or lacking_tool(end.words).startswith(f"the device has no {tool}, which ")
    assert lacking_tool(f"/system/bin/sh: {tool}: inaccessible or not found").startswith(f"the device has no {tool}, ")


def test_other_words_name_no_tool():
    assert lacking_tool("/data/x: not found") is None
    assert lacking_tool("wc: x: No such file or directory") is None


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (ShellEnd(exit_code=0, stdout=b"", stderr=b""), "the device printed nothing (exit status 0)"),
        (ShellEnd(exit_code=1, stdout=b"", stderr=b"sh: cat: I/O error.\n"), "sh: cat: I/O error"),
        (ShellEnd(exit_code=0, stdout=b"odd", stderr=b""), "the device printed 'odd'"),
    ],
)
def test_what_could_not_be_read_is_named_and_why(end, message):
    with pytest.raises(TransportError) as refusal:
        parse_together(end, ["/a", "/b"], ["/c", "/d"], serial="PHX1")
    assert str(refusal.value) == (
        f"PHX1: could not read /a, /b, /c and 1 more: {message}. Try again; if it stays so, restart the device."
    )
    with pytest.raises(TransportError, match="could not read /a: "):
        parse_pulled(end, serial="PHX1", path="/a")
