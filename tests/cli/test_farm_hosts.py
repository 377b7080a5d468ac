"""`mbench farm certs|scheduler|host` as processes: what they refuse, in one line each, and what they do without."""

import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from command_line import free_port

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


@pytest.fixture
def schedulers(bare: Bare) -> Iterator[Callable[..., str]]:
    started: list[Popen[str]] = []

    def start(*options: object) -> str:
        process = bare.start("farm", "scheduler", "--port", "0", *options)  # type: ignore[attr-defined]
        started.append(process)
        assert process.stdout is not None
        return process.stdout.readline().removeprefix("listening at ").strip()

    yield start
    for process in started:
        process.terminate()
        assert process.wait(60) == 0
        process.communicate()


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
def test_a_certificate_that_cannot_be_used_is_one_line(bare, schedulers, certificates, whose, said):
    address = schedulers("--tls", certificates / "farm" / "scheduler")
    code, line = refused(bare, *lend(address, certificates / whose))
    assert code == 2
    assert said in line


def test_a_certificate_that_the_scheduler_does_not_take_is_one_line(bare, schedulers, certificates, tmp_path):
    mixed = shutil.copytree(certificates / "other" / "lab-1", tmp_path / "mixed")
    both = (certificates / "farm" / "lab-1" / "ca.pem").read_text()
    (mixed / "ca.pem").write_text((mixed / "ca.pem").read_text() + both)  # takes the scheduler's, and is not taken
    code, line = refused(bare, *lend(schedulers("--tls", certificates / "farm" / "scheduler"), mixed))
    assert code == 2
    assert "the scheduler does not take the certificate in" in line


def test_a_scheduler_without_tls_is_said_to_be_one(bare, schedulers, certificates):
    address = schedulers().replace("tcp://", "tls://")
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


def test_a_taken_port_is_one_line(bare, schedulers):
    port = schedulers().rpartition(":")[2]
    code, line = refused(bare, "scheduler", "--port", port)
    assert code == 3
    assert f"cannot listen at tcp://127.0.0.1:{port}: " in line


def test_a_scheduler_serves_nothing_but_its_one_port(bare, schedulers):
    import psutil

    schedulers()
    children = psutil.Process().children(recursive=True)
    listening = [
        one.laddr.port
        for child in children
        if "scheduler" in child.cmdline()
        for one in child.net_connections(kind="inet")
        if one.status == psutil.CONN_LISTEN
    ]
    assert len(listening) == 1


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


@pytest.mark.parametrize(
    "arguments", [("--help",), ("farm", "--help"), ("devices",), ("cache",), ("farm", "certs", "x")]
)
def test_only_what_needs_other_hosts_imports_dask(bare, arguments):
    done = bare(*arguments, prefix=(sys.executable, "-X", "importtime"))
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert loaded.isdisjoint({"dask", "distributed", "tornado"})
    if "certs" not in arguments:
        assert loaded.isdisjoint({"cryptography", "fsspec"})


def test_a_host_that_lends_nothing_cannot_be_drained(bare, schedulers):
    address = schedulers()
    code, line = refused(bare, "drain", "lab-9", "--scheduler", address)
    assert (code, f"no host lab-9 lends a phone at {address}; those that do: none." in line) == (3, True)
