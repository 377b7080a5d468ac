"""The fuzz command finds what is planted and keeps an input that shows it; quick readers have nothing to find.

Every run has a new seed, which a failure prints: `python -m benchmarks fuzz --seed N` repeats its inputs.
"""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import h5py
import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
QUICK = (
    *("plan", "job", "run", "suite", "profile-check", "typed", "journal", "lease", "kernel", "dumpsys", "pulled"),
    *("health", "phone-record"),
    *("adb-shell", "log", "runtime-info", "run-files", "elf", "pins"),
)
PLANTED = """
import sys
from benchmarks.fuzz.command import main
from benchmarks.fuzz.watching import Bounds
bounds = Bounds(cpu_s=0.4, idle_s=1.0, memory_bytes=256 << 20)
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


@pytest.mark.slow
def test_quick_readers_have_nothing_to_find(tmp_path):
    chosen = [word for name in QUICK for word in ("--reader", name)]
    done = python("-m", "benchmarks", "fuzz", "--seconds", "0.5", "--findings", str(tmp_path / "found"), *chosen)
    assert re.match(r"seed \d+\n", done.stdout), done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    assert {line.split()[0] for line in done.stdout.splitlines()[1:-1]} == {*QUICK}
    assert not (tmp_path / "found").exists()


def found_by(reader: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Search one planted reader; what is found at once is enough."""
    return python("-c", PLANTED, "--reader", reader, "--seconds", "0.1", "--seed", "7", "--findings", str(folder))


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
    done = found_by(reader, tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.splitlines()[0] == "seed 7"
    last = done.stdout.splitlines()[-1]
    assert last.startswith(said)
    assert reader != "raises" or "; 0 bytes: " in last  # an exception's input is made small
    kept = Path(last.rpartition(": ")[2])
    assert kept.parent == tmp_path
    again = python("-c", PLANTED, "--reader", reader, "--input", str(kept))
    assert again.returncode == 1
    assert again.stdout.startswith(" ".join(said.split()[:2]).rstrip(":"))


def test_a_reader_that_computes_elsewhere_has_its_own_bound_and_what_it_started_is_ended_with_it(tmp_path):
    done = found_by("computes-elsewhere", tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    assert last.startswith("computes-elsewhere: hang: no end")
    assert "after 0.8 s of computing" in last
    left = [process.info["cmdline"] for process in psutil.process_iter(["cmdline"])]
    assert [sys.executable, "-c", "while True: pass"] not in left


@pytest.mark.slow
def test_weights_that_never_end_are_refused_as_a_build_refuses_them(tmp_path):
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs["layer_names"] = ["conv1"] * 3
    data = bytearray(stream.getvalue())
    size = data.index(b"GCOL") + 24
    data[size : size + 8] = bytes(8)  # of a text: libhdf5 never gets past it
    (tmp_path / "x").write_bytes(data)
    done = python("-m", "benchmarks", "fuzz", "--reader", "weights-h5", "--input", str(tmp_path / "x"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "refused" in done.stdout
    assert "computed without end" in done.stdout


def test_a_reader_that_refuses_has_nothing_to_find(tmp_path):
    done = python("-c", PLANTED, "--reader", "refuses", "--seconds", "0.1", "--findings", str(tmp_path / "found"))
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
