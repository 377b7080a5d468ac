"""`mbench` in a folder whose modules bear the names of Python's and of others': none of them is imported, anywhere."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from command_line import LIMIT_S, ONCE, SMALL, Command

from mbench.emulator.adb_server import AdbServer

ENTRY = """import sys
from mbench.cli.main import main
if __name__ == "__main__":
    sys.exit(main())
"""
"""What pip writes for the command: Python looks for modules beside it first, not where the user is."""

FOREIGN = "open({marker!r}, 'a').write({name!r} + ' ')\nraise RuntimeError('a foreign module was imported')\n"

Call = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """Return the file in which a foreign module that is imported leaves its name."""
    return tmp_path / "imported"


def be_hostile(folder: Path, marker: Path, *, leave: frozenset[str] = frozenset()) -> None:
    """Put a module of every name into a folder that Python or anything installed has, save those of `leave`."""
    names = {*sys.stdlib_module_names, *packages_distributions(), "sitecustomize", "usercustomize"}
    for name in sorted(name for name in names - leave - {"mbench"} if name.isidentifier()):
        (folder / f"{name}.py").write_text(FOREIGN.format(marker=str(marker), name=name), encoding="utf-8")


def installed(command: Command, folder: Path) -> tuple[str, ...]:
    """Return what starts the command as pip installs it."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "mbench").write_text(ENTRY, encoding="utf-8")
    command.environment.pop("PYTHONSAFEPATH", None)
    return sys.executable, str(folder / "bin" / "mbench")


def caller(command: Command, prefix: tuple[str, ...]) -> Call:
    def call(*arguments: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            (*prefix, *arguments),
            cwd=command.folder,
            env=command.environment,
            capture_output=True,
            encoding="utf-8",
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done

    return call


@pytest.mark.slow
@pytest.mark.tensorflow
def test_training_building_measuring_and_scoring_import_no_module_of_the_users_folder(bare, marker, tmp_path):
    be_hostile(bare.folder, marker)
    call = caller(bare, installed(bare, tmp_path))
    row = json.loads(call("train", "--dataset", "digits", "--alpha", "0.25", "--epochs", "1", "--json").stdout)[0]
    network = ("--dataset", "digits", "--alpha", "0.25", "--resolution", "32", "--quantization", "fp32")
    ran = json.loads(call("run", *network, "--weights", row["weights"], *ONCE, "--json").stdout)
    (file,) = Path(bare.environment["MBENCH_HOME"]).rglob("*.tflite")
    call("inspect", str(file))
    call("doctor")
    assert not marker.exists(), marker.read_text()
    assert ran[0]["status"] == "ok"
    assert ran[0]["examples"] == 360


def test_worker_processes_import_no_module_of_the_users_folder(bare, marker, tmp_path):
    be_hostile(bare.folder, marker)
    program = tmp_path / "bin" / "mbench"
    prefix = installed(bare, tmp_path)
    program.write_text(
        "import operator\n"
        "from mbench.accuracy.host.pool import HostPool\n"
        "if __name__ == '__main__':\n"
        "    with HostPool(1) as pool:\n"
        "        print(*pool.run(operator.neg, [3]))\n"
    )
    assert caller(bare, prefix)().stdout == "(3, -3)\n"
    assert not marker.exists(), marker.read_text()


def test_emulated_phones_import_no_module_of_the_users_folder(bare, marker, tmp_path):
    be_hostile(bare.folder, marker)
    prefix = installed(bare, tmp_path)
    with AdbServer() as server:
        bare.environment["ANDROID_ADB_SERVER_PORT"] = str(server.port)
        phone = subprocess.Popen(
            (*prefix, "emulate"), cwd=bare.folder, env=bare.environment, stdout=subprocess.PIPE, encoding="utf-8"
        )
        try:
            assert phone.stdout is not None
            assert phone.stdout.readline().startswith("EMULATED01")
            assert "EMULATED01" in caller(bare, prefix)("devices").stdout
        finally:
            phone.send_signal(signal.SIGINT)
            phone.communicate(timeout=120)
    assert not marker.exists(), marker.read_text()


@pytest.mark.tensorflow
def test_run_as_a_module_mbench_imports_no_more_of_that_folder_than_python_does_before_it(mbench, marker, tmp_path):
    probe = tmp_path / "probe"
    probe.mkdir()
    (probe / "probe.py").write_text("import sys; print(*{name.partition('.')[0] for name in sys.modules})")
    mbench.environment.pop("PYTHONSAFEPATH", None)
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    loaded = subprocess.run(
        (sys.executable, "-m", "probe"), cwd=probe, env=inherited, capture_output=True, text=True, check=True
    )
    be_hostile(mbench.folder, marker, leave=frozenset(loaded.stdout.split()))
    call = caller(mbench, (sys.executable, "-m", "mbench"))
    call("run", SMALL, *ONCE)
    call("doctor")
    assert not marker.exists(), marker.read_text()
