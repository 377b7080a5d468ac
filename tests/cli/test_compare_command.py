"""`mbench compare`, and `mbench run --against` on this host: what is timed, printed, kept and refused."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command_line import ONCE, OTHER, SHORT, SMALL, Command, model_called

pytestmark = pytest.mark.tensorflow

PAIRS = (*SHORT, "--runs", "6", "--max-runs", "6")
"""How many runs pairs get by themselves is shown where that is decided, in tests/workflows/run/test_against.py."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A session, and one that timed its file in turn with another one."""

    command: Command
    first: Path
    second: Path
    out: str
    err: str

    def json(self, *arguments: str) -> dict[str, Any]:
        done = self.command("compare", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def compared(tmp_path_factory, home) -> Compared:
    command = Command(tmp_path_factory.mktemp("compared"), home)
    results = command.folder / "results"
    assert command("run", SMALL, OTHER, *ONCE).returncode == 0
    (first,) = (path for path in results.iterdir() if path.is_dir())
    done = command("run", SMALL, "--against", first.name, *PAIRS, "--json")
    assert done.returncode == 0, done.stderr
    (second,) = (path for path in results.iterdir() if path.is_dir() and path != first)
    return Compared(command=command, first=first, second=second, out=done.stdout, err=done.stderr)


def test_old_and_new_are_timed_equally_often_in_the_same_blocks(compared):
    (cell,) = json.loads(compared.out)["cells"]
    assert (cell["variant"], cell["blocks"], cell["old"]["status"], cell["new"]["status"]) == (SMALL, 6, "ok", "ok")
    assert len(cell["old"]["samples_us"]) == len(cell["new"]["samples_us"]) == 6
    assert cell["ratio_ci"][0] < cell["ratio"] < cell["ratio_ci"][1]
    assert cell["old"]["artifact_sha256"] == cell["new"]["artifact_sha256"]
    assert json.loads(compared.out)["old"] == f"files of session {compared.first.name}"


def test_a_plan_says_which_jobs_are_pairs_and_the_old_one_is_named_so(compared):
    plan = json.loads((compared.second / "plan.json").read_bytes())
    assert plan["pairing"] == {
        "purpose": "against",
        "old_from": f"files of session {compared.first.name}",
        "pairs": [{"old": f"{SMALL}-cpu-t1.old", "new": f"{SMALL}-cpu-t1"}],
    }
    assert sorted(path.name for path in (compared.second / "jobs").iterdir()) == [
        f"{SMALL}-cpu-t1.json",
        f"{SMALL}-cpu-t1.old.json",
    ]


def test_a_session_that_compared_prints_the_same_again(compared):
    assert compared.json(compared.second.name) == json.loads(compared.out)
    table = compared.command("compare", "last", "--format", "table", COLUMNS="100").stdout
    assert "New / old" in table
    assert max(map(len, table.splitlines())) <= 100


def test_two_sessions_are_compared_without_the_old_files_of_one(compared):
    found = compared.json(compared.first.name, compared.second.name)
    assert [cell["variant"] for cell in found["cells"]] == [SMALL]
    assert [cell["variant"] for cell in found["only_old"]] == [OTHER]
    assert (found["paired"], found["only_new"], found["repeated"]) == (False, [], 0)
    assert [each["what"] for each in found["differs"]] == ["rules of measuring"]
    markdown = compared.command("compare", compared.first.name, compared.second.name).stdout
    assert markdown.startswith(f"### session {compared.first.name} → session {compared.second.name}\n")
    assert f"Only in session {compared.first.name}: {OTHER} cpu ×1 on " in markdown


def test_a_bound_that_is_missed_shows_in_the_exit_code(compared):
    arguments = ("compare", compared.first.name, compared.second.name, "--fail-over", "1000", "--format", "csv")
    done = compared.command(*arguments)
    assert done.returncode == 1
    assert f"--fail-over 1000 is missed: {OTHER} cpu ×1 on " in done.stderr
    assert done.stdout.startswith("variant,delegate,threads,device,ratio,")
    kept = compared.command("compare", compared.second.name, "--fail-over", "1000")
    assert (kept.returncode, kept.stderr) == (0, "")


def test_values_within_one_session_are_compared(tmp_path_factory, home):
    command = Command(tmp_path_factory.mktemp("values"), home)
    assert command("run", SMALL, "--delegate", "cpu,builtin", *ONCE).returncode == 0
    done = command("compare", "cpu", "builtin", "--by", "delegate", "--json")
    (cell,) = json.loads(done.stdout)["cells"]
    assert (cell["variant"], cell["delegate"]) == (SMALL, "builtin")
    refused = command("compare", "cpu", "gpu", "--by", "delegate")
    assert (refused.returncode, refused.stderr) == (
        2,
        "mbench: 'gpu' is not one of the values of delegate here; there are cpu, builtin.\n",
    )
    alone = command("compare", "cpu", "--by", "delegate")
    assert alone.stderr == "mbench: --by delegate compares two values; name the other one beside cpu.\n"


@pytest.mark.slow
def test_a_users_file_is_timed_in_turn_with_another_one_and_goes_on_after_an_interrupt(mbench, home):
    new = model_called("new", home=home, folder=mbench.folder)
    files = sorted((home / "cache" / "files").glob("*.tflite"))
    shutil.copy(files[-1], mbench.folder / "old.tflite")
    done = mbench("run", "--model", new, "--against", "old.tflite", *SHORT, "--runs", "3", "--max-runs", "3")
    assert done.returncode == 0, done.stderr
    assert re.match(r"### file old\.tflite → session \S+\n", done.stdout)
    (session,) = (path for path in (mbench.folder / "results").iterdir() if path.is_dir())
    (document,) = (session / "jobs").glob("*.old.json")
    document.unlink()
    shutil.rmtree(next(iter((session / "runs").glob("*.old"))) / "latency-2")
    resumed = mbench("run", "--resume", "last", "--json")
    assert resumed.returncode == 0, resumed.stderr
    (cell,) = json.loads(resumed.stdout)["cells"]
    assert (len(cell["old"]["samples_us"]), cell["blocks"]) == (3, 2)


def test_a_dry_run_shows_the_pairs(compared):
    done = compared.command("run", SMALL, "--against", compared.first.name, "--dry-run", "--quick")
    assert f"against: files of session {compared.first.name}; old and new are timed in turn" in done.stdout
    assert re.search(rf"^job {SMALL}-cpu-t1\.old: old file [0-9a-f]{{64}}$", done.stdout, re.MULTILINE)
    assert re.search(rf"^first block: {SMALL}-cpu-t1(\.old)?, {SMALL}-cpu-t1(\.old)?$", done.stdout, re.MULTILINE)


def test_an_old_file_that_is_gone_from_the_cache_is_named_with_what_to_do(compared, home, tmp_path):
    copy = shutil.copytree(home, tmp_path / "home")
    plan = json.loads((compared.first / "plan.json").read_bytes())
    sha256 = next(job["workload"]["artifact"]["sha256"] for job in plan["devices"][0]["jobs"] if SMALL in job["id"])
    new = model_called(SMALL, home=home, folder=tmp_path)
    (copy / "cache" / "files" / f"{sha256}.tflite").unlink()
    done = compared.command(
        *("run", "--model", str(tmp_path / new), "--against", compared.first.name, "--quick"), MBENCH_HOME=str(copy)
    )
    assert (done.returncode, done.stdout) == (2, "")
    named = compared.command("run", SMALL, "--against", compared.first.name, "--dry-run", MBENCH_HOME=str(copy))
    assert named.returncode == 4
    assert f"{SMALL} ({sha256[:12]}) of session {compared.first.name} is no longer in the cache" in named.stderr
    assert "--against FILE.tflite" in named.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", SMALL, "--against", "gone.tflite"), "--against gone.tflite: no such file"),
        (("run", SMALL, "--against", "nothing"), "no session 'nothing' in results"),
        (("run", "mobilenet_v1_0.25_96_int8", "mobilenet_v1_0.50_96_int8", "--against", "last"), "has no mobilenet_v1"),
        (("run", SMALL, "--against", "last", "--columns", "latency"), "--columns chooses those of the table"),
        (("compare", "nothing", "last"), "no session 'nothing' in results"),
        (("compare", "last", "last"), "last and last are the same; name two."),
        (("compare", "2026-01-01", "2026-01-02", "--by", "night"), "no night of 2026-01-01 in results"),
        (("compare", "last", "last", "--in", "last"), "--in says in which sessions --by"),
    ],
    ids=str,
)
def test_what_cannot_be_compared_is_refused_in_one_line(compared, arguments, said):
    done = compared.command(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_session_that_compared_nothing_needs_another_one_beside_it(compared):
    done = compared.command("compare", compared.first.name)
    assert done.stderr == (
        f"mbench: session {compared.first.name} compares nothing by itself; name another one beside it.\n"
    )
