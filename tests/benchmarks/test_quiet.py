"""Figures are kept where the machine was quiet, and nowhere else."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

import benchmarks.__main__ as command
from benchmarks import quiet

OLD = {"hostbench": {"ratio": 2.0}, "phones": {"phones": 50}}


class Others:
    """What `OthersLoad` is, with a load that the test sets."""

    def __init__(self, per_core: float) -> None:
        self.per_core = per_core

    def __enter__(self) -> "Others":
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "last_output.json"
    path.write_text(json.dumps(OLD))
    monkeypatch.setattr(command, "LAST_OUTPUT", path)
    monkeypatch.setattr(command, "import_module", lambda name: SimpleNamespace(run=lambda: {"ratio": 1.0}))
    return path


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    machine = SimpleNamespace(before=0.0, others=0.0)
    monkeypatch.setattr(quiet, "load_before", lambda: machine.before)
    monkeypatch.setattr(quiet, "OthersLoad", lambda: Others(machine.others))
    return machine


def test_figures_of_a_quiet_machine_are_kept_with_its_load(kept: Path, load: SimpleNamespace) -> None:
    load.before, load.others = 0.5, 0.5
    assert command.main(["hostbench"]) == 0
    found = json.loads(kept.read_text())
    assert found["phones"] == OLD["phones"]
    assert found["hostbench"]["ratio"] == 1.0
    measured = found["hostbench"]["measured"]
    assert (measured["load_before_per_core"], measured["load_of_others_per_core"]) == (0.5, 0.5)


def test_nothing_is_measured_on_a_busy_machine(
    kept: Path, load: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    load.before = 0.51
    assert command.main(["hostbench"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "nothing is measured: the load before was 0.51 per core, above 0.5;" in said.err
    assert json.loads(kept.read_text()) == OLD


def test_what_others_disturbed_is_shown_and_not_kept(
    kept: Path, load: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    load.others = 0.51
    assert command.main(["hostbench", "phones"]) == 1
    said = capsys.readouterr()
    assert '"ratio": 1.0' in said.out
    assert "hostbench is not kept: the load of others during it was 0.51 per core, above 0.5;" in said.err
    assert json.loads(kept.read_text()) == OLD


@pytest.mark.parametrize(("before", "others"), [(7.0, 7.0), (0.0, 0.0)])
def test_anyway_shows_and_keeps_nothing(
    kept: Path, load: SimpleNamespace, capsys: pytest.CaptureFixture[str], before: float, others: float
) -> None:
    load.before, load.others = before, others
    assert command.main(["--anyway", "hostbench"]) == 0
    assert '"ratio": 1.0' in capsys.readouterr().out
    assert json.loads(kept.read_text()) == OLD


def test_the_load_is_that_of_the_last_minute_for_each_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (3.0, 1.0, 2.0))
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    assert quiet.load_before() == 0.75


@pytest.mark.parametrize(
    ("busy_s", "own_s", "others"), [(20.0, 0.0, 1.0), (15.0, 10.0, 0.25), (10.0, 10.0, 0.0), (9.9, 10.0, 0.0)]
)
def test_what_a_benchmark_uses_itself_is_not_the_load_of_others(busy_s: float, own_s: float, others: float) -> None:
    assert quiet.share(busy_s=busy_s, own_s=own_s, seconds=10.0, cores=2) == pytest.approx(others)


@pytest.fixture
def busy() -> Iterator[subprocess.Popen[bytes]]:
    # 0.3 s of processor time by itself and 0.3 s by a child, however long that takes; then it waits for its end
    burn = "import time\nwhile time.process_time() < 0.3: pass\n"
    program = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {burn!r}])\n{burn}"
    with subprocess.Popen(
        [sys.executable, "-c", f"{program}print(flush=True)\ninput()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process


def test_own_time_is_that_of_all_that_a_process_started_and_stays(busy: subprocess.Popen[bytes]) -> None:
    own = quiet.OwnTime(psutil.Process())
    own.look()
    begun = own.seconds
    assert busy.stdout is not None
    busy.stdout.readline()
    own.look()
    assert own.seconds - begun >= 0.55  # cpu_times counts in hundredths
    seen = own.seconds
    busy.communicate(b"\n")
    own.look()
    assert own.seconds >= seen


def test_a_real_span_is_looked_at() -> None:
    with quiet.OthersLoad() as others:
        sum(range(1_000_000))
    assert 0 <= others.per_core <= 1.1
