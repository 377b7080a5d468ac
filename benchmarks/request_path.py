"""How many places of the code `mbench run` visits: what a newcomer reads who follows one request.

python -m benchmarks request_path

`sys.setprofile` follows a run on this host with everything cached, from where `mbench.workflows.run.session.run` begins
to where it returns. Only calls into `mbench/workflows` and `mbench/cli` count. A *place* is a function or a method that
is called from another file, counted when it is called so for the first time; what is written inside a function belongs
to it. A place in another file than the one before begins a visit; a visit to a file that an earlier one has left is a
*return*.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
_VARIANT = "mobilenet_v1_0.25_32_int8"
_ONCE = ("--num-runs", "5", "--min-secs", "0", "--warmup-secs", "0", "--runs", "1", "--max-runs", "1")
_COMMAND = ("run", _VARIANT, *_ONCE, "--memory-runs", "0", "--quiet")
"""Each further run of a job calls the same again, which is no new place."""

_FOLLOW = """
import sys
from pathlib import Path
import mbench
from mbench.cli.main import main

root = Path(mbench.__file__).parent
counted = (str(root / "workflows"), str(root / "cli"))
visits, seen, whole = [], set(), None

def follow(frame, event, argument):
    global whole
    if event == "return" and frame is whole:
        sys.setprofile(None)
    if event != "call":
        return
    code = frame.f_code
    if not code.co_filename.startswith(counted):
        return
    name = code.co_qualname.partition(".<locals>")[0]
    if whole is None:
        if name != "run" or not code.co_filename.endswith("workflows/run/session.py"):
            return
        whole = frame
    caller = frame.f_back
    while caller is not None and not caller.f_code.co_filename.startswith(counted):
        caller = caller.f_back  # a call through a library or another floor
    same_file = caller is not None and caller.f_code.co_filename == code.co_filename
    if name == "<module>" or (visits and same_file) or (code.co_filename, name) in seen:
        return
    seen.add((code.co_filename, name))
    visits.append((str(Path(code.co_filename).relative_to(root.parent)), name))

sys.argv = ["mbench", *sys.argv[1:]]
sys.setprofile(follow)
try:
    main()
except SystemExit:
    pass
for path, name in visits:
    print(path, name, sep="\\t", file=sys.stderr)
"""


def main(arguments: list[str]) -> int:
    """Print the path of a cached run and its three numbers; `arguments` may name another checkout to follow."""
    root = Path(arguments[0]).absolute() if arguments else ROOT
    with tempfile.TemporaryDirectory() as folder:
        path = follow(root, Path(folder), home=Path(folder) / "home")
    for number, (file, name, returned) in enumerate(path, 1):
        print(f"{number:3} {file} {name}{'  (return)' if returned else ''}")
    files, returns = {file for file, _, _ in path}, sum(returned for _, _, returned in path)
    print(f"{len(path)} places in {len(files)} files, {returns} returns to a file left before")
    return 0


def follow(root: Path, folder: Path, *, home: Path) -> list[tuple[str, str, bool]]:
    """Return file, function and whether it is a return, in the order of first calls, of a run that finds all cached.

    Args:
        root: the checkout that is followed.
        folder: that the runs are started in.
        home: mbench's, with a cache of its own.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MBENCH_")} | {
        "MBENCH_HOME": str(home),
        "PYTHONPATH": str(root),
    }
    for code in (("-m", "mbench", *_COMMAND), ("-c", _FOLLOW, *_COMMAND)):
        done = subprocess.run(
            [sys.executable, *code], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(_COMMAND)} ended with {done.returncode}: {done.stderr[-2000:]}")
    visits = [tuple(line.split("\t")) for line in done.stderr.splitlines() if line.startswith("mbench/")]
    path, left, current = [], set(), ""
    for file, name in visits:
        if file != current:
            left.add(current)
        path.append((file, name, file != current and file in left))
        current = file
    return path
