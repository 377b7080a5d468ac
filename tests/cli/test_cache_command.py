"""`mbench cache` on a home that real commands have filled: shown, pruned and emptied, and never what is in use."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import ONCE, OTHER, ROOT, SMALL, Command
from filelock import FileLock

from mbench.artifacts.cache import ArtifactCache
from mbench.core.builds.variants import Size
from mbench.models.weights.imagenet_weights import file_name
from mbench.workflows.cache.interrupted import ended_sessions

DAY_S = 86_400


def fill(home: Path) -> None:
    """Put something of a hundred bytes of each kind into a home, and of what is never removed."""
    for place in (
        f"cache/files/{'a' * 64}.tflite",
        "prepared/key.npy",
        f"weights/{file_name(Size(alpha=0.5, resolution=160))}",
        "binaries/downloads/key.part",
        "scores/key.json",
        "datasets/key.json",
        "device_answers/session/answers.bin",
        "phones/emulated_arm64-v8a",
        "arrays/key/input0.npy",
        "build_logs/net.log",
        *NEVER_REMOVED,
    ):
        path = home / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 100)


NEVER_REMOVED = (
    "weights/mobilenet_5_0_160_tf.h5.json",
    f"weights/{'b' * 64}.npz",
    "trainings/digest/record.json",
    f"binaries/files/{'c' * 64}",
    "device_profiles/mine.toml",
    "suites/mine.toml",
    "phones/journals/serial.json",
    "phones/leases/serial.lock",
)
KINDS = [
    "artifacts",
    "pictures",
    "weights",
    "downloads",
    "scores",
    "notes",
    "answers",
    "stand-ins",
    "arrays",
    "build-logs",
]


def home_of(command: Command) -> Path:
    return Path(command.environment["MBENCH_HOME"])


def files_in(home: Path) -> set[str]:
    return {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"}


def shown(command: Command) -> dict[str, tuple[int, int]]:
    """Return entries and bytes of each kind."""
    done = command("cache", "--json")
    assert done.returncode == 0, done.stderr
    return {each["kind"]: (each["entries"], each["size_bytes"]) for each in json.loads(done.stdout)}


def age(home: Path, days: float) -> None:
    then = time.time() - days * DAY_S
    for path in home.rglob("*"):
        os.utime(path, (then, then))


def test_a_home_that_is_not_there_holds_nothing_and_is_not_made(bare):
    assert shown(bare) == dict.fromkeys(KINDS, (0, 0))
    done = bare("cache", "empty")
    assert (done.returncode, done.stdout) == (0, "nothing was removed.\n")
    assert not home_of(bare).exists()


def test_each_kind_is_shown_with_its_entries_and_bytes(bare):
    fill(home_of(bare))
    assert shown(bare) == dict.fromkeys(KINDS, (1, 100))
    table = bare("cache").stdout
    lines, said = table.splitlines(), " ".join(table.split())
    assert [line.split("│")[1].strip() for line in lines if line.startswith("│")] == KINDS
    assert "holds 0.00100 MB of cache" in said
    assert "kept binaries 0.000100 MB (mbench binary remove); trained weights and their records 0.000200 MB" in said


def test_emptying_removes_all_that_can_be_had_again_and_nothing_else(bare):
    fill(home_of(bare))
    done = bare("cache", "empty", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "0.00100 MB freed."
    assert files_in(home_of(bare)) == {place for place in NEVER_REMOVED if not place.endswith(".lock")}
    assert (home_of(bare) / "phones/leases/serial.lock").exists()


def test_only_the_named_kinds_are_emptied(bare):
    fill(home_of(bare))
    assert bare("cache", "empty", "--yes", "--kind", "pictures, scores").returncode == 0
    left = {kind: entries for kind, (entries, _) in shown(bare).items() if entries}
    assert list(left) == [kind for kind in KINDS if kind not in ("pictures", "scores")]


def test_emptying_is_refused_where_nobody_can_be_asked(bare):
    fill(home_of(bare))
    done = subprocess.run(
        (sys.executable, "-m", "mbench", "cache", "empty"),
        cwd=bare.folder,
        env=bare.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mbench: Remove 0.00100 MB of artifacts, pictures, weights,")
    assert done.stderr.endswith("Nobody can be asked here; say --yes.\n")
    assert shown(bare) == dict.fromkeys(KINDS, (1, 100))


@pytest.mark.parametrize(("answer", "entries"), [("\n", 1), ("y\n", 0)])
def test_emptying_asks_first_and_no_is_the_default(bare, answer, entries):
    fill(home_of(bare))
    ours, its = pty.openpty()
    process = subprocess.Popen(
        (sys.executable, "-m", "mbench", "cache", "empty"),
        cwd=bare.folder,
        env=bare.environment,
        stdin=its,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(its)
    os.write(ours, answer.encode())
    out, err = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 0
    assert "Remove 0.00100 MB of artifacts," in err
    assert shown(bare) == dict.fromkeys(KINDS, (entries, entries * 100))
    assert (out == "nothing was removed.\n") == bool(entries)


def test_pruning_by_age_removes_what_was_last_used_before_it(bare):
    home = home_of(bare)
    fill(home)
    age(home, days=9.9)
    assert bare("cache", "prune", "--older-than", "10").stdout == "nothing was removed.\n"
    age(home, days=10.1)
    (home / "prepared" / "key.npy").touch()
    assert bare("cache", "prune", "--older-than", "10").stdout.endswith("0.000900 MB freed.\n")
    assert [kind for kind, (entries, _) in shown(bare).items() if entries] == ["pictures"]


def test_pruning_by_size_removes_what_was_not_used_for_longest_until_the_rest_fits(bare):
    folder = home_of(bare) / "scores"
    folder.mkdir(parents=True)
    for days, name in ((3, "b"), (1, "a"), (2, "c")):
        (folder / f"{name}.json").write_bytes(b"x" * 1000)
        os.utime(folder / f"{name}.json", (time.time() - days * DAY_S,) * 2)
    assert bare("cache", "prune", "--size", "3KB").stdout == "nothing was removed.\n"
    assert bare("cache", "prune", "--size", "2.999 kB").stdout == "scores: 1 removed, 0.00100 MB\n0.00100 MB freed.\n"
    assert sorted(path.name for path in folder.glob("*.json")) == ["a.json", "c.json"]
    bare("cache", "prune", "--size", "1KB")
    assert [path.name for path in folder.glob("*.json")] == ["a.json"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "prune what? Name an age, such as --older-than 30, or a size, such as --size 20GB."),
        (("--size", "20"), "--size '20' is not a size; write a number with KB, MB, GB or TB, such as 20GB."),
        (("--older-than", "nan"), "--older-than must be a finite number, not nan."),
        (("--older-than", "1", "--kind", "picture"), "unknown kind 'picture'. Did you mean 'pictures'?"),
    ],
)
def test_a_wrong_command_line_is_reported_in_one_line(bare, options, said):
    done = bare("cache", "prune", *options)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"mbench: {said}\n")


USERS = {
    "pictures": "from mbench.accuracy.host.eviction import hold; (home / 'prepared/key.json').touch(); "
    "hold(home / 'prepared/key.npy')",
    "weights": "from mbench.files.in_use import hold; hold(home / 'weights', 'mobilenet_5_0_160_tf.h5')",
    "answers": "from mbench.files.in_use import hold; hold(home / 'device_answers', 'session')",
    "stand-ins": "from mbench.workflows.devices.phone_program import stand_in_file; stand_in_file('arm64-v8a')",
}


@pytest.mark.parametrize("kind", USERS)
def test_what_a_process_uses_stays_until_that_ends(bare, kind):
    fill(home_of(bare))
    using = f"import sys\nfrom pathlib import Path\nhome = Path(sys.argv[1])\n{USERS[kind]}\n"
    user = subprocess.Popen(
        (sys.executable, "-c", f"{using}print('used', flush=True)\nsys.stdin.read()", home_of(bare)),
        env=bare.environment,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert user.stdout.readline() == b"used\n"
        done = bare("cache", "empty", "--yes")
        assert f"{kind}: 0 removed, 0 MB; 1 in use by a running process, left" in done.stdout.splitlines()
        assert [each for each, (entries, _) in shown(bare).items() if entries] == [kind]
    finally:
        user.communicate(timeout=60)
    assert bare("cache", "empty", "--yes").stdout.startswith(f"{kind}: 1 removed")


def test_a_download_that_is_under_way_stays(bare):
    fill(home_of(bare))
    lock = home_of(bare) / "binaries" / "locks" / "fetch-other.lock"
    lock.parent.mkdir()
    with FileLock(lock):
        assert "downloads: 0 removed, 0 MB; 1 in use" in bare("cache", "empty", "--yes").stdout
    assert bare("cache", "empty", "--yes").stdout.startswith("downloads: 1 removed")


def test_weights_that_were_fetched_in_part_are_one_entry_with_their_notes(bare):
    name = file_name(Size(alpha=0.5, resolution=160))
    folder = home_of(bare) / "weights" / "downloads"
    folder.mkdir(parents=True)
    for ending in (".part", ".json", ".lock"):
        (folder / (name + ending)).write_bytes(b"x" * 100)
    assert shown(bare)["weights"] == (1, 200)
    assert bare("cache", "empty", "--yes").stdout.startswith("weights: 1 removed")
    assert [path.name for path in folder.iterdir()] == [f"{name}.lock"]


def test_a_link_in_the_cache_is_removed_and_what_it_leads_to_is_not(bare, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "answers.bin").write_bytes(b"mine")
    folder = home_of(bare) / "device_answers"
    folder.mkdir(parents=True)
    (folder / "session").symlink_to(mine)
    assert bare("cache", "empty", "--yes").returncode == 0
    assert not (folder / "session").is_symlink()
    assert (mine / "answers.bin").read_bytes() == b"mine"


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_run_keeps_its_files_while_the_cache_is_emptied(bare, home):
    mbench = Command(bare.folder, shutil.copytree(home, bare.folder.parent / "a home of its own"))
    run = mbench.start("run", SMALL, OTHER, *ONCE, "--json")
    results, deadline = mbench.folder / "results", time.monotonic() + 120
    while not list(results.glob("*/plan.json")) and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    run.send_signal(signal.SIGSTOP)  # it has not ended before the cache is emptied
    assert run.poll() is None, "the run ended before the cache was emptied"
    done = mbench("cache", "empty", "--yes")
    run.send_signal(signal.SIGCONT)
    first = done.stdout.splitlines()[0]  # the home that was copied may hold files that other tests needed
    assert re.fullmatch(r"artifacts: \d+ removed, .* MB; 2 in use by a running process, left", first)
    out, err = run.communicate(timeout=180)
    assert run.returncode == 0, err
    assert [row["status"] for row in json.loads(out)] == ["ok", "ok"]
    (session,) = (path.parent for path in results.glob("*/plan.json"))
    needed = {path.stem for path in (home_of(mbench) / "cache" / "files").iterdir()}
    assert ended_sessions(results, needed) == ()
    next(iter((session / "jobs").iterdir())).unlink()  # as if it had been interrupted
    assert ended_sessions(results, {"0" * 64}) == ()
    done = mbench("cache", "prune", "--size", "0KB", "--kind", "artifacts")
    assert done.stdout.startswith("artifacts: 2 removed")
    assert done.stdout.splitlines()[2:] == [
        f"session {session.name} of results was interrupted and can no longer be resumed: its artifacts are removed."
    ]
    planned = mbench("run", SMALL, "--dry-run").stdout
    assert "to be built" in planned


def test_pinned_artifacts_are_not_pruned_and_emptied_only_on_request(bare):
    home = home_of(bare)
    fill(home)
    (home / "cache" / "files" / f"{'b' * 64}.tflite").write_bytes(b"x" * 100)
    ArtifactCache(home / "cache").pin("camera", {"a" * 64: "accepted on 2026-11-20"})
    assert json.loads(bare("cache", "--json").stdout)[0]["pinned"] == 1
    assert "1 artifacts pinned: mbench cache prune leaves them." in " ".join(bare("cache").stdout.split())
    left = "1 pinned, left (mbench cache empty --pinned removes them too)"
    done = bare("cache", "prune", "--size", "0KB", "--kind", "artifacts")
    assert done.stdout.splitlines() == [f"artifacts: 1 removed, 0.000100 MB; {left}", "0.000100 MB freed."]
    assert shown(bare)["artifacts"] == (1, 100)
    age(home, days=100)
    done = bare("cache", "prune", "--older-than", "1", "--kind", "artifacts")
    assert done.stdout.splitlines() == [f"artifacts: 0 removed, 0 MB; {left}", "nothing was removed."]
    assert bare("cache", "empty", "--yes", "--kind", "artifacts").stdout == done.stdout
    assert bare("cache", "empty", "--yes", "--pinned").stdout.startswith("artifacts: 1 removed")
