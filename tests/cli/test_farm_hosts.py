"""`mbench farm certs|scheduler|host` as processes: what they refuse, in one line each, and what they do without."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from command_line import Command, free_port

pytest.importorskip("distributed", reason="many hosts need the extra farm")

from mbench.farm.certificates import make_certificates

NOW = datetime.now(UTC)
Bare = Callable[..., Any]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of a farm, of another one, and some that have expired or are about to."""
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder / "farm", ["scheduler", "driver", "lab-1"], days=365, now=NOW)
    make_certificates(folder / "farm", ["soon"], days=20, now=NOW)
    make_certificates(folder / "farm", ["expired"], days=1, now=NOW - timedelta(days=3))
    make_certificates(folder / "other", ["lab-1"], days=365, now=NOW)
    return folder


@contextmanager
def started_scheduler(folder: Path, *options: object) -> Iterator[tuple[str, int]]:
    """Start a scheduler for all tests that only call it: its address and its process."""
    process: Popen[str] = Command(folder, folder / "home").start("farm", "scheduler", "--port", "0", *options)
    assert process.stdout is not None
    yield process.stdout.readline().removeprefix("listening at ").strip(), process.pid
    process.terminate()
    assert process.wait(60) == 0
    process.communicate()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """A scheduler on loopback without certificates."""
    with started_scheduler(tmp_path_factory.mktemp("plain")) as started:
        yield started


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory, certificates: Path) -> Iterator[str]:
    """The address of a scheduler with the farm's certificate."""
    tls = ("--tls", certificates / "farm" / "scheduler")
    with started_scheduler(tmp_path_factory.mktemp("secured"), *tls) as (address, _):
        yield address


def refused(bare: Bare, *arguments: object) -> tuple[int, str]:
    done = bare("farm", *arguments)
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert done.stdout == ""
    return done.returncode, lines[0]


def lend(address: str, tls: Path | None = None) -> list[object]:
    return ["host", address, "--store", "store", *(() if tls is None else ("--tls", tls))]


def test_certificates_are_made_once_and_said(bare, tmp_path):
    first = bare("farm", "certs", tmp_path / "farm", "--host", "lab-1").stdout.splitlines()
    second = bare("farm", "certs", tmp_path / "farm", "--host", "lab-1", "--host", "lab-2").stdout.splitlines()
    assert [line.split("  ")[1] for line in first] == ["made"] * 3
    assert [line.split("  ")[1] for line in second] == ["is there already, left as it is"] * 3 + ["made"]


def test_plain_tcp_beyond_loopback_is_refused_on_both_sides(bare):
    for arguments in (["scheduler", "--host", "0.0.0.0"], lend("tcp://192.0.2.1:8786")):
        code, said = refused(bare, *arguments)
        assert code == 2
        assert "is refused: whoever reaches a scheduler runs code on all its hosts" in said


@pytest.mark.parametrize(
    ("whose", "said"),
    [
        ("farm/expired", "cert.pem expired on"),
        ("farm/nobody", "no certificate: "),
        ("other/lab-1", "the scheduler's certificate is not taken here"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_one_line(bare, secured, certificates, whose, said):
    code, line = refused(bare, *lend(secured, certificates / whose))
    assert code == 2
    assert said in line


def test_a_certificate_that_the_scheduler_does_not_take_is_one_line(bare, secured, certificates, tmp_path):
    mixed = shutil.copytree(certificates / "other" / "lab-1", tmp_path / "mixed")
    both = (certificates / "farm" / "lab-1" / "ca.pem").read_text()
    (mixed / "ca.pem").write_text((mixed / "ca.pem").read_text() + both)  # takes the scheduler's, and is not taken
    code, line = refused(bare, *lend(secured, mixed))
    assert code == 2
    assert "the scheduler does not take the certificate in" in line


def test_a_scheduler_without_tls_is_said_to_be_one(bare, plain, certificates):
    address = plain[0].replace("tcp://", "tls://")
    code, line = refused(bare, *lend(address, certificates / "farm" / "lab-1"))
    assert code == 2
    assert "does not speak TLS" in line


def test_a_certificate_that_is_about_to_expire_is_said_at_the_start(bare, certificates):
    process = bare.start("farm", "scheduler", "--port", "0", "--tls", certificates / "farm" / "soon")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("listening at tls://")
    process.terminate()
    _, err = process.communicate(timeout=60)
    assert "expires on" in err
    assert "in 19 days" in err


def test_a_taken_port_is_one_line(bare, plain):
    port = plain[0].rpartition(":")[2]
    code, line = refused(bare, "scheduler", "--port", port)
    assert code == 3
    assert f"cannot listen at tcp://127.0.0.1:{port}: " in line


def test_a_scheduler_serves_nothing_but_its_one_port(plain):
    import psutil

    address, pid = plain
    scheduler = psutil.Process(pid)
    listening = [
        one.laddr.port
        for process in (scheduler, *scheduler.children(recursive=True))
        for one in process.net_connections(kind="inet")
        if one.status == psutil.CONN_LISTEN
    ]
    assert listening == [int(address.rpartition(":")[2])]


def test_a_host_that_finds_no_scheduler_says_so_once_and_waits(bare):
    process = bare.start(*map(str, ["farm", *lend(f"tcp://127.0.0.1:{free_port()}")]))
    assert process.stderr is not None
    line = next(line for line in process.stderr if "scheduler" in line)
    assert "no scheduler answers at" in line
    process.terminate()
    _, rest = process.communicate(timeout=100)
    assert (process.returncode, rest) == (0, "")


def test_credentials_in_a_stores_url_are_not_repeated(bare):
    code, line = refused(bare, "host", "127.0.0.1:1", "--store", "s3://key:secret@bucket/x")
    assert code == 2
    assert "secret" not in line


PROBE = """
import json, sys
from mbench.cli.main import main
for words in (("--help",), ("farm", "--help"), ("devices",), ("cache",), ("farm", "certs", "x")):
    sys.argv[1:] = words
    try:
        main()
    except SystemExit:
        pass
    print("loaded", json.dumps([words, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def test_only_what_needs_other_hosts_imports_dask(bare):
    (bare.folder / "probe.py").write_text(PROBE)
    done = subprocess.run(
        (sys.executable, "probe.py"), cwd=bare.folder, env=bare.environment, capture_output=True, text=True
    )
    found = [json.loads(line.partition(" ")[2]) for line in done.stdout.splitlines() if line.startswith("loaded ")]
    assert len(found) == 5, done.stderr
    assert (bare.folder / "x").is_dir()
    for words, loaded in found:
        assert {"dask", "distributed", "tornado"}.isdisjoint(loaded), words
        if "certs" not in words:
            assert {"cryptography", "fsspec"}.isdisjoint(loaded), words


def test_a_host_that_lends_nothing_cannot_be_drained(bare, plain):
    address, _ = plain
    code, line = refused(bare, "drain", "lab-9", "--scheduler", address)
    assert (code, f"no host lab-9 lends a phone at {address}; those that do: none." in line) == (3, True)
