"""The fuzz command finds what is planted and keeps an input that shows it; quick readers have nothing to find.

Every run has a new seed, which a failure prints: `python -m benchmarks fuzz --seed N` repeats its inputs.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
QUICK = (
    *("plan", "job", "run", "suite", "profile-check", "typed", "journal", "lease", "kernel", "dumpsys", "pulled"),
    *("adb-shell", "log", "runtime-info", "run-files", "elf", "pins"),
)
PLANTED = """
import sys
from benchmarks.fuzz.command import main
from benchmarks.fuzz.watching import Bounds
bounds = Bounds(cpu_s=1.0, idle_s=1.0, memory_bytes=256 << 20)
sys.exit(main(sys.argv[1:], catalogue="planted_readers", bounds=bounds))
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(Path(__file__).parent)))}
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=240,
        check=False,
        cwd=ROOT,
    )


def test_quick_readers_have_nothing_to_find(tmp_path):
    chosen = [word for name in QUICK for word in ("--reader", name)]
    done = python("-m", "benchmarks", "fuzz", "--seconds", "2", "--findings", str(tmp_path / "found"), *chosen)
    assert re.match(r"seed \d+\n", done.stdout), done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    assert {line.split()[0] for line in done.stdout.splitlines()[1:-1]} == {*QUICK}
    assert not (tmp_path / "found").exists()


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        ("raises", "raises: exception: KeyError at tests/fuzz/planted_readers.py"),
        ("recurses", "recurses: exception: RecursionError at"),
        ("waits", "waits: hang: no end"),
        ("computes", "computes: hang: no end"),
        ("eats", "eats: memory: MemoryError at"),
        ("aborts", "aborts: crash: SIGABRT"),
        ("dishonest", "dishonest: exception: honest input"),
    ],
)
def test_a_planted_fault_is_found_and_its_input_shows_it_again(tmp_path, reader, said):
    done = python("-c", PLANTED, "--reader", reader, "--seconds", "0.5", "--seed", "7", "--findings", str(tmp_path))
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.splitlines()[0] == "seed 7"
    last = done.stdout.splitlines()[-1]
    assert last.startswith(said)
    kept = Path(last.rpartition(": ")[2])
    assert kept.parent == tmp_path
    again = python("-c", PLANTED, "--reader", reader, "--input", str(kept))
    assert again.returncode == 1
    assert again.stdout.startswith(" ".join(said.split()[:2]).rstrip(":"))


def test_an_exceptions_input_is_made_small(tmp_path):
    done = python("-c", PLANTED, "--reader", "raises", "--seconds", "0.5", "--findings", str(tmp_path))
    assert "; 0 bytes: " in done.stdout.splitlines()[-1]


def test_a_reader_that_refuses_has_nothing_to_find(tmp_path):
    done = python("-c", PLANTED, "--reader", "refuses", "--seconds", "0.5", "--findings", str(tmp_path / "found"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"refuses +\d+ inputs +\d+ read +[1-9]\d* refused$", done.stdout, re.MULTILINE)


def test_one_seed_gives_the_same_inputs():
    made = [
        python(
            "-c",
            "import sys\nfrom itertools import islice\nfrom random import Random\n"
            "from benchmarks.fuzz.mutating import inputs\nfrom benchmarks.fuzz.reader import Form\n"
            "import hashlib\nfor form in (Form.JSON, Form.TOML, Form.TEXT, Form.BINARY):\n"
            '    seeds = [b\'{"a": [1, 2.5, "x"]}\']\n'
            "    for data in islice(inputs(form, seeds, Random('7 x')), 150):\n"
            "        print(hashlib.sha256(data).hexdigest())\n",
        ).stdout
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert len(set(made[0].splitlines())) > 300
