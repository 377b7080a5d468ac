"""Streams that are closed, terminals of odd sizes, folders that are gone: one line, and the right exit code."""

import os
import subprocess
import sys

import pytest
from command_line import ONCE, SMALL, Command

from mbench.cli.streams import WIDEST, forget_odd_sizes


def by_shell(command, line, *arguments, **environment):
    """Return what came of a shell's line in which "$@" is `mbench ARGUMENTS`."""
    return subprocess.run(
        ["/bin/sh", "-c", line, "sh", sys.executable, "-m", "mbench", *arguments],
        cwd=command.folder,
        env=command.environment | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )


PRINTED = ("report", "--schema"), ("--version",), ("suite", "list", "--format", "table")
"""Answers that are printed each in another way."""


@pytest.mark.parametrize(
    ("closed", "code", "out", "err", "answers"),
    [
        ("2>&-", 0, True, "", PRINTED[:1]),
        (">&-", 4, False, "mbench: output: Bad file descriptor.\n", PRINTED),
        (">&- 2>&-", 4, False, "", PRINTED[1:2]),
        ("<&- >&- 2>&-", 4, False, "", PRINTED[2:]),
        ("<&-", 0, True, "", PRINTED[1:2]),
    ],
)
def test_an_answer_with_streams_closed(bare, closed, code, out, err, answers):
    for arguments in answers:
        done = by_shell(bare, f'"$@" {closed}', *arguments)
        assert (done.returncode, bool(done.stdout), done.stderr) == (code, out, err)


@pytest.mark.parametrize("closed", [pytest.param("2>&-", marks=pytest.mark.slow), "<&- >&- 2>&-"])
def test_a_run_with_streams_closed_measures_and_keeps(mbench, closed):
    done = by_shell(mbench, f'"$@" {closed}', "run", SMALL, *ONCE)
    assert (done.returncode, done.stderr) == (0 if closed == "2>&-" else 4, "")
    (kept,) = mbench.folder.glob("results/*/report.md")
    assert done.stdout == (kept.read_text(encoding="utf-8") if closed == "2>&-" else "")
    assert not any(path.read_bytes().startswith(b"mbench:") for path in kept.parent.rglob("*") if path.is_file())


def test_a_refusal_is_not_said_on_stdout_where_stderr_is_closed(bare):
    done = by_shell(bare, '"$@" 2>&-', "report", "nonsense")
    assert (done.returncode, done.stdout) == (2, "")


def test_a_log_from_a_stdin_that_is_closed_is_one_line(bare):
    done = by_shell(bare, '"$@" <&-', "parse", "-")
    assert (done.returncode, done.stderr) == (2, "mbench: could not read standard input: it is closed.\n")


def test_a_reader_of_a_table_that_has_gone_is_no_error(bare):
    done = by_shell(bare, '{ "$@"; echo $? >&2; } | true', "suite", "list", "--format", "table")
    assert done.stderr == "0\n"


@pytest.mark.parametrize(
    ("size", "believed"),
    [
        *((str(size), True) for size in (1, WIDEST)),
        *((str(size), False) for size in (0, WIDEST + 1, 999_999_999)),
        *((size, False) for size in ("", "abc", "9" * 5000, "²", "-80")),
    ],
    ids=lambda each: str(each)[:9],
)
def test_a_size_that_no_terminal_has_is_not_believed(monkeypatch, size, believed):
    for name in ("COLUMNS", "LINES"):
        monkeypatch.setenv(name, size)
    forget_odd_sizes()
    assert [os.environ.get(name) for name in ("COLUMNS", "LINES")] == [size if believed else None] * 2


def test_any_size_of_a_terminal_is_lived_with(bare):
    bare.environment = {name: each for name, each in bare.environment.items() if name not in {"COLUMNS", "LINES"}}
    unknown = bare("cache").stdout
    assert 0 < len(unknown) < 50_000
    done = bare("cache", COLUMNS="9" * 5000, LINES="9" * 5000)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", unknown)
    narrow = bare("cache", COLUMNS="1", LINES="1")
    assert (narrow.returncode, narrow.stderr) == (0, "")
    assert narrow.stdout == bare("cache", COLUMNS="1").stdout


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Command:
    """A command in whose surroundings nothing is odd."""
    return Command(tmp_path_factory.mktemp("plain"), tmp_path_factory.mktemp("plain home"))


@pytest.fixture(scope="module")
def listed(plain) -> str:
    return plain("suite", "list").stdout


@pytest.mark.parametrize(
    "environment",
    [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "ascii"}, {"TERM": "dumb"}],
    ids=str,
)
def test_locale_encoding_and_terminal_change_no_answer(plain, listed, environment):
    assert plain("suite", "list", **environment).stdout == listed


@pytest.mark.parametrize(
    "arguments",
    [
        *(("doctor",), ("run", SMALL), ("build", SMALL, "-o", "x")),
        pytest.param(("train", "--dataset", "folder:x"), marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_a_working_directory_that_is_gone_is_one_line(mbench, arguments):
    line = 'mkdir gone; cd gone; rmdir ../gone; "$@"'
    done = by_shell(mbench, line, *arguments, *(("--quiet",) if arguments[0] != "doctor" else ()))
    code = 5 if arguments[0] == "run" else 4  # a run's cells lack their numbers by this host's fault
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (code, "", 1), done.stderr
    assert done.stderr.startswith("mbench: ")
    assert "defect" not in done.stderr
    if arguments[0] in {"doctor", "train"}:
        assert done.stderr.endswith("has been removed; change into another one.\n")


@pytest.mark.parametrize("variable", ["HOME", "MBENCH_HOME"])
def test_a_home_that_is_a_file_is_named(bare, variable):
    (bare.folder / "a file").touch()
    home = str(bare.folder / "a file")
    environment = {"MBENCH_HOME": "", "XDG_CACHE_HOME": ""} | {variable: home}
    for arguments in (("inspect", SMALL, "--quiet"), ("run", SMALL, "--quiet"), ("devices", "--watch")):
        done = bare(*arguments, **environment)
        code = 5 if arguments[0] == "run" else 4
        assert (done.returncode, len(done.stderr.splitlines())) == (code, 1), done.stderr
        assert home in done.stderr


def test_a_home_that_cannot_be_written_is_named(bare):
    if os.geteuid() == 0:
        pytest.skip("nothing is closed to root")
    (bare.folder / "shut").mkdir(mode=0o555)
    done = bare("run", SMALL, "--quiet", MBENCH_HOME="", XDG_CACHE_HOME="", HOME=str(bare.folder / "shut"))
    assert (done.returncode, len(done.stderr.splitlines())) == (5, 1), done.stderr
    assert "shut" in done.stderr


def test_a_home_of_nobody_is_one_line(bare):
    done = bare("binary", "list", MBENCH_HOME="~no such user/x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("mbench: the folder ~no such user/x is not known here; let MBENCH_HOME name a folder.\n")


def test_without_home_the_system_is_asked_for_one(bare):
    environment = {name: value for name, value in bare.environment.items() if name not in {"HOME", "MBENCH_HOME"}}
    bare.environment = environment
    done = bare("suite", "list")
    assert (done.returncode, done.stderr) == (0, "")
