"""The engines: one list of promises, kept by that of one host and by that of many, with real threads and files."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import engine_parts
import psutil
import pytest
from engine_parts import ENGINE_VARIABLE

from mbench.core.errors import MbenchError, PartInterrupted, RunFailed
from mbench.core.parts import Part

ENGINES = ("thread", "dask")

RunParts = Callable[..., dict[str, Exception | None]]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "dask":
        pytest.importorskip("distributed")
    return request.param


@pytest.fixture
def run_parts(engine: str) -> RunParts:
    return partial(engine_parts.run_parts, engine=engine)


def quiet(serial: str, error: Exception | None) -> None:
    pass


def named(folder: Path, count: int) -> list[Part]:
    return [
        Part(device=f"phone-{number}", function="engine_parts:write_name", arguments=(str(folder), f"{number}"))
        for number in range(count)
    ]


def test_every_part_is_run_exactly_once(tmp_path, run_parts):
    ends = run_parts(named(tmp_path, 20), on_end=quiet)
    assert (set(ends.values()), len(list(tmp_path.iterdir()))) == ({None}, 20)


def test_parts_of_different_phones_run_at_the_same_time(run_parts):
    tasks = [Part(device=f"{n}", function="engine_parts:meet") for n in range(50)]
    assert set(run_parts(tasks, on_end=quiet, context=engine_parts.Rendezvous(50)).values()) == {None}


def test_parts_of_one_phone_run_one_after_the_other_and_the_longest_first(tmp_path, run_parts):
    path = tmp_path / "order"
    tasks = [
        Part(device="x", function="engine_parts:append", arguments=(str(path), f"{seconds}"), expected_s=seconds)
        for seconds in (3.0, 60.0, 600.0, 6.0)
    ]
    run_parts(tasks, on_end=quiet)
    assert path.read_text().split() == ["600.0", "60.0", "6.0", "3.0"]


def test_a_failing_part_takes_no_other_along_and_its_error_is_the_one_that_it_raised(tmp_path, run_parts):
    failing = Part(device="broken", function="engine_parts:fail", arguments=("it did not start",))
    ends = run_parts([*named(tmp_path, 10), failing], on_end=quiet)
    error = ends.pop("broken")
    assert isinstance(error, RunFailed)
    assert (str(error), error.error_class, set(ends.values())) == ("it did not start", "launch", {None})


@pytest.mark.parametrize(
    ("function", "kind"),
    [("engine_parts:leave", MbenchError), ("engine_parts:interrupt_itself", PartInterrupted)],
)
def test_a_part_that_leaves_by_more_than_an_error_ends_as_one(function, kind, tmp_path, run_parts):
    ends = run_parts([Part(device="x", function=function), *named(tmp_path, 3)], on_end=quiet)
    assert isinstance(ends.pop("x"), kind)
    assert set(ends.values()) == {None}


def test_ends_are_heard_in_the_callers_thread_as_they_happen(tmp_path, run_parts):
    heard: list[tuple[str, int]] = []

    def on_end(serial: str, _: Exception | None) -> None:
        heard.append((serial, threading.get_ident()))
        (tmp_path / f"heard {serial}").touch()

    late = Part(device="late", function="engine_parts:wait_for", arguments=(str(tmp_path / "heard early"),))
    run_parts([late, part_doing_nothing("early")], on_end=on_end)
    assert heard == [("early", threading.get_ident()), ("late", threading.get_ident())]


def test_a_phone_with_several_parts_keeps_its_first_error(run_parts):
    tasks = [Part(device="x", function="engine_parts:fail", arguments=("bad",)), part_doing_nothing("x")]
    assert isinstance(run_parts(tasks, on_end=quiet)["x"], RunFailed)


def part_doing_nothing(serial: str) -> Part:
    return Part(device=serial, function="engine_parts:nothing")


def test_what_a_part_returns_is_dropped(run_parts):
    assert run_parts([Part(device="x", function="engine_parts:return_much")], on_end=quiet) == {"x": None}


def test_no_parts_end_at_once(run_parts):
    assert run_parts([], on_end=quiet) == {}


def test_a_set_stop_begins_nothing(tmp_path, run_parts):
    stop = threading.Event()
    stop.set()
    ends = run_parts(named(tmp_path, 3), on_end=quiet, stop=stop)
    assert [type(error) for error in ends.values()] == [PartInterrupted] * 3
    assert not list(tmp_path.iterdir())


def stop_when(path: Path, stop: threading.Event) -> None:
    """Set the stop once there is a file."""

    def wait() -> None:
        engine_parts.wait_for(None, str(path))
        stop.set()

    threading.Thread(target=wait, daemon=True).start()


def test_a_stop_lets_the_current_run_end(tmp_path, run_parts):
    stop, path = threading.Event(), tmp_path / "runs"
    stop_when(path, stop)
    task = Part(device="x", function="engine_parts:runs_until_stopped", arguments=(str(path),))
    ends = run_parts([task], on_end=quiet, stop=stop)
    lines = path.read_text().splitlines()
    assert ends == {"x": None}
    assert lines[-1] == "stopped"
    assert lines[-2].endswith("ended")


def test_a_part_that_does_not_heed_the_stop_is_left_alone_after_the_grace(tmp_path, run_parts):
    stop, begun, end = threading.Event(), tmp_path / "begun", tmp_path / "end"
    stop_when(begun, stop)
    task = Part(device="x", function="engine_parts:begin_and_wait_for", arguments=(str(begun), str(end)))
    ends = run_parts([task], on_end=quiet, stop=stop, grace_s=0.5)
    assert "still running" in str(ends["x"])
    end.touch()


def test_an_error_of_the_listener_stops_the_parts_and_comes_through(tmp_path, run_parts):
    stop, path = threading.Event(), tmp_path / "runs"

    def listener(serial: str, error: Exception | None) -> None:
        if serial == "quick":
            raise OSError("the terminal has gone")

    with pytest.raises(OSError, match="terminal"):
        run_parts(
            [
                Part(device="quick", function="engine_parts:wait_for", arguments=(str(path),)),
                Part(device="x", function="engine_parts:runs_until_stopped", arguments=(str(path),)),
            ],
            on_end=listener,
            stop=stop,
        )
    assert path.read_text().splitlines()[-1] == "stopped"


def test_the_engine_runs_in_a_thread_that_is_not_the_main_one(tmp_path, run_parts):
    ends: list[object] = []
    thread = threading.Thread(target=lambda: ends.append(run_parts(named(tmp_path, 2), on_end=quiet)))
    thread.start()
    thread.join(120)
    assert ends == [{"phone-0": None, "phone-1": None}]


def own_ports() -> set[int]:
    return {one.laddr.port for one in psutil.Process().net_connections(kind="inet") if one.status == psutil.CONN_LISTEN}


def test_the_engine_of_one_host_opens_no_port():
    before, during = own_ports(), set[int]()
    engine_parts.run_parts([part_doing_nothing(f"{n}") for n in range(5)], on_end=lambda *_: during.update(own_ports()))
    assert during == before


PROGRAM = """
import sys, json, os, tempfile
from pathlib import Path
import engine_parts
import threading
from engine_parts import run_parts
from mbench.core.parts import Part
"""


def program(text: str, folder: Path, engine: str = "thread") -> subprocess.Popen[str]:
    """Start Python in a home of its own, with the engine's parts importable and all warnings being errors."""
    root, here = Path(__file__).parents[3], Path(__file__).parent
    places = [str(root), str(here), str(root / "tests" / "farm")]
    (folder / "home").mkdir(exist_ok=True)
    (folder / "tmp").mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(places),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        ENGINE_VARIABLE: engine,
    }
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM + text],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_engine_says_nothing_and_leaves_no_file(tmp_path, engine):
    text = """
run_parts([Part(device=f"{n}", function="engine_parts:nothing") for n in range(10)], on_end=lambda *_: None)
run_parts([Part(device="x", function="engine_parts:fail", arguments=("bad",))], on_end=lambda *_: None)
"""
    process = program(text, tmp_path, engine)
    said = process.communicate(timeout=120)
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*"))
    assert (process.returncode, said, left) == (0, ("", ""), ["home", "tmp"])


def test_the_engine_of_one_host_brings_no_other(tmp_path):
    process = program("print(sorted({'dask', 'distributed', 'tornado'} & set(sys.modules)))", tmp_path)
    assert process.communicate(timeout=120) == ("[]\n", "")


INTERRUPTED = """
stop = threading.Event()
tasks = [Part(device=f"{n}", function="engine_parts:runs_until_stopped", arguments=(f"runs-{n}",)) for n in range(8)]
try:
    run_parts(tasks, on_end=lambda device, error: print(device, error, flush=True), stop=stop)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(130)
"""


def wait_for(path: Path, text: str) -> None:
    until = time.monotonic() + 120
    while not (path.exists() and text in path.read_text()):
        assert time.monotonic() < until, f"{path} never said {text}"
        time.sleep(0.02)


def test_an_interrupt_lets_the_running_parts_end_their_current_run(tmp_path, engine):
    process = program(INTERRUPTED, tmp_path, engine)
    for number in range(8):
        wait_for(tmp_path / f"runs-{number}", "run 2 begun")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (130, "")
    assert sorted(out.split()[:-1]) == sorted([f"{n}" for n in range(8)] + ["None"] * 8)
    assert out.splitlines()[-1] == "interrupted"
    for number in range(8):
        lines = (tmp_path / f"runs-{number}").read_text().splitlines()
        assert lines[-1] == "stopped"
        assert lines[-2].endswith("ended")


HANGING = """
tasks = [Part(device="x", function="engine_parts:sleep_for", arguments=(100.0,))]
tasks.append(Part(device="y", function="engine_parts:append", arguments=("begun", "begun")))
run_parts(tasks, on_end=lambda *_: None, grace_s={grace})
"""


def test_a_second_interrupt_does_not_wait_for_a_part_that_hangs(tmp_path, engine):
    process = program(HANGING.format(grace=90), tmp_path, engine)
    wait_for(tmp_path / "begun", "begun")
    process.send_signal(signal.SIGINT)
    time.sleep(1)  # two that come together are one
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=80)
    assert err.splitlines()[-1] == "KeyboardInterrupt"


def test_a_process_ends_although_a_part_hangs_after_the_grace(tmp_path, engine):
    process = program(HANGING.format(grace=0.5), tmp_path, engine)
    wait_for(tmp_path / "begun", "begun")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=80)
    assert err.splitlines()[-1] == "KeyboardInterrupt"
