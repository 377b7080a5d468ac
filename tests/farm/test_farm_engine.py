"""What the engine for many hosts keeps beyond what every engine does: hosts, schedulers and phones that come and go."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from local_farm import LocalFarm

from mbench.core.errors import DiskError, HostDiskError, MbenchError, NoDevice, PartInterrupted, RunFailed
from mbench.core.parts import Part
from mbench.farm import door, hello
from mbench.farm import engine as farm_engine
from mbench.farm.addresses import parse_address
from mbench.farm.ends import PartFailed, error_of, failure_of
from mbench.farm.engine import DaskEngine
from mbench.farm.hello import OtherVersion

HERE = "test_farm_engine"

LOOP = "IO loop"
"""What distributed calls the thread of a driver's connection."""


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def append(context: object, path: str, word: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{word}\n")


def until_stopped(context: threading.Event, path: str) -> None:
    append(context, path, "begun")
    append(context, path, f"stopped: {context.wait(60)}")


def hold(context: threading.Event, path: str, end: str) -> None:
    """Do what a measuring part does: note that it begins, work until there is a file, note that it is done."""
    append(context, path, "begun")
    while not Path(end).exists() and not context.is_set():
        time.sleep(0.02)
    append(context, path, "stopped" if context.is_set() else "done")


@pytest.fixture
def open_farm() -> Iterator[Callable[..., LocalFarm]]:
    opened: list[LocalFarm] = []

    def start(*serials: str, absent_s: float = 300.0) -> LocalFarm:
        farm = LocalFarm(serials, absent_s=absent_s)
        farm.__enter__()
        opened.append(farm)
        return farm

    yield start
    for farm in opened:
        farm.__exit__()


def holding(serial: str, path: Path, end: Path) -> Part:
    return Part(device=serial, function=f"{HERE}:hold", arguments=(str(path), str(end)))


def lines(path: Path) -> list[str]:
    return path.read_text().split("\n")[:-1] if path.exists() else []


def wait_for(what: Callable[[], bool], timeout_s: float = 60.0) -> None:
    until = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


class Driver:
    """Runs parts in a thread."""

    def __init__(self, farm: LocalFarm, parts: list[Part], **options: float) -> None:
        self.engine = farm.engine(**options)
        self.stop = threading.Event()
        self.ends: dict[str, Exception | None] | None = None
        self.thread = threading.Thread(target=self._run, args=(parts,), daemon=True)
        self.thread.start()

    def _run(self, parts: list[Part]) -> None:
        self.ends = self.engine.run(parts, on_end=lambda *_: None, stop=self.stop)

    def result(self, timeout_s: float = 60.0) -> dict[str, Exception | None]:
        self.thread.join(timeout_s)
        self.engine.close()
        assert self.ends is not None
        return self.ends


def test_phones_are_named_with_their_hosts(open_farm):
    farm = open_farm("a", "b")
    farm.start_agent("there", lambda: {"c:5555"})
    farm.wait_until(lambda: farm.agents[1].lent == {"c:5555"})
    engine = farm.engine()
    assert engine.phones() == {"a": "here", "b": "here", "c:5555": "there"}
    engine.close()


def test_idle_phones_are_heard_of_every_five_seconds(open_farm):
    farm = open_farm("a", "b")
    beats = [worker.periodic_callbacks["heartbeat"] for worker in farm.agents[0]._workers.values()]
    farm.wait_until(lambda: [beat.callback_time for beat in beats] == [5000, 5000])


def test_a_phone_that_nobody_lends_ends_as_one_that_is_not_there(open_farm):
    farm = open_farm("a", absent_s=1)
    ends = Driver(farm, [Part(device="away", function=f"{HERE}:until_stopped", arguments=("x",))]).result()
    assert isinstance(ends["away"], NoDevice)
    assert "no host of the farm has lent this phone for 1 s" in str(ends["away"])


def test_a_phone_that_comes_late_is_waited_for(open_farm, tmp_path):
    farm = open_farm("a")
    (tmp_path / "end").touch()
    driver = Driver(farm, [holding("late", tmp_path / "log", tmp_path / "end")])
    time.sleep(0.3)
    farm.serials.add("late")
    assert driver.result() == {"late": None}
    assert lines(tmp_path / "log") == ["begun", "done"]


def test_a_part_whose_host_goes_is_stopped_and_begun_again_when_the_host_is_back(open_farm, tmp_path):
    farm, log, end = open_farm("a"), tmp_path / "log", tmp_path / "end"
    driver = Driver(farm, [holding("a", log, end)])
    wait_for(lambda: lines(log) == ["begun"])
    farm.stop_agent(0)
    wait_for(lambda: lines(log) == ["begun", "stopped"])
    end.touch()
    farm.start_agent("here again", lambda: {"a"})
    assert driver.result() == {"a": None}
    assert lines(log) == ["begun", "stopped", "begun", "done"]


def test_a_scheduler_that_is_started_again_is_found_by_agents_and_driver_alike(open_farm, tmp_path):
    farm, log, end = open_farm("a", "b"), tmp_path / "log", tmp_path / "end"
    driver = Driver(farm, [holding("a", log, end)])
    wait_for(lambda: lines(log) == ["begun"])
    farm.stop_scheduler()
    wait_for(lambda: lines(log)[-1] == "stopped")
    end.touch()
    farm.start_scheduler()
    assert driver.result() == {"a": None}
    assert lines(log) == ["begun", "stopped", "begun", "done"]
    farm.wait_until(lambda: farm.agents[0].lent == {"a", "b"})


def test_a_scheduler_that_stays_away_ends_every_part(open_farm, tmp_path):
    farm, log = open_farm("a"), tmp_path / "log"
    driver = Driver(farm, [holding("a", log, tmp_path / "never")], away_s=1.0)
    wait_for(lambda: lines(log) == ["begun"])
    farm.stop_scheduler()
    ends = driver.result()
    assert isinstance(ends["a"], NoDevice)
    assert "no scheduler answers" in str(ends["a"])


def test_a_driver_that_dies_frees_its_phones_after_the_run_at_hand(open_farm, tmp_path):
    farm, log = open_farm("a"), tmp_path / "log"
    driver = Driver(farm, [holding("a", log, tmp_path / "never")], grace_s=1.0)
    wait_for(lambda: lines(log) == ["begun"])
    driver.engine.client.close(timeout=1)
    wait_for(lambda: lines(log) == ["begun", "stopped"])
    driver.stop.set()
    driver.result()


def test_two_drivers_take_turns_on_a_phone(open_farm, tmp_path):
    farm, log, end = open_farm("a"), tmp_path / "log", tmp_path / "end"
    drivers = [Driver(farm, [holding("a", log, end)]) for _ in range(2)]
    wait_for(lambda: lines(log) == ["begun"])
    time.sleep(0.5)
    assert lines(log) == ["begun"]
    end.touch()
    assert [driver.result() for driver in drivers] == [{"a": None}] * 2
    assert lines(log) == ["begun", "done", "begun", "done"]


def test_a_phone_that_is_unplugged_while_it_has_a_part_is_lent_until_that_ends(open_farm, tmp_path):
    farm, log, end = open_farm("a"), tmp_path / "log", tmp_path / "end"
    driver = Driver(farm, [holding("a", log, end)])
    wait_for(lambda: lines(log) == ["begun"])
    farm.serials.clear()
    time.sleep(0.3)
    end.touch()
    assert driver.result() == {"a": None}
    farm.wait_until(lambda: not farm.agents[0].lent)


def test_a_stop_reaches_queued_and_running_parts(open_farm, tmp_path):
    farm, log = open_farm("a"), tmp_path / "log"
    driver = Driver(
        farm, [*(holding("a", log, tmp_path / "never") for _ in range(2)), holding("away", log, tmp_path / "never")]
    )
    wait_for(lambda: lines(log) == ["begun"])
    driver.stop.set()
    ends = driver.result()
    assert {type(error) for error in ends.values()} == {PartInterrupted}
    assert lines(log) == ["begun", "stopped"]


def test_another_version_is_refused_with_both_named(open_farm, monkeypatch):
    farm = open_farm("a")
    monkeypatch.setattr(hello, "__version__", "99.1")
    with pytest.raises(OtherVersion, match=r"is mbench [0-9.a-z]+, this is mbench 99\.1"):
        farm.engine()
    assert LOOP not in threads()


def test_what_speaks_first_but_is_no_scheduler_leaves_no_thread_behind(monkeypatch):
    monkeypatch.setattr(farm_engine, "_CONNECT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"x")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            engine = DaskEngine(parse_address(f"tcp://127.0.0.1:{listener.getsockname()[1]}", tls=False), None)
            with pytest.raises(NoDevice, match="no scheduler answers"):
                engine.connect()
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
    assert LOOP not in threads()


def test_a_driver_whose_leaving_nobody_hears_leaves_no_thread_behind(open_farm, monkeypatch):
    engine = open_farm().engine()
    assert LOOP in threads()
    monkeypatch.setattr(door, "CLOSE_S", 0.0)
    engine.close()
    assert LOOP not in threads()


def test_an_agent_of_another_version_ends_and_names_both(open_farm, monkeypatch):
    farm = open_farm("a")
    monkeypatch.setattr(hello, "__version__", "99.1")
    farm.start_agent("there", lambda: {"b"})
    farm.wait_until(lambda: farm.ended(1))
    with pytest.raises(OtherVersion, match=r"is mbench [0-9.a-z]+, this is mbench 99\.1") as refused:
        farm.stop_agent(1)
    assert refused.value.exit_code == 2
    farm.forget_agent(1)
    assert farm.agents[0].lent == {"a"}


@pytest.mark.parametrize(
    ("error", "kind", "error_class"),
    [
        (RunFailed("it died", error_class="crash:SIGSEGV"), RunFailed, "crash:SIGSEGV"),
        (NoDevice("it died"), NoDevice, "environment"),
        (HostDiskError("it died", path=Path("x"), code=28), MbenchError, "environment"),
        (DiskError("it died", path=Path("x"), code=28), MbenchError, "environment"),
    ],
)
def test_an_error_of_ours_travels_as_its_kind_or_the_next_above(error, kind, error_class):
    back = error_of(failure_of(error, "a", "lab-1"))
    assert isinstance(back, kind)
    assert isinstance(error, type(back))
    assert (str(back), back.exit_code, back.error_class) == ("it died", error.exit_code, error_class)


def test_a_defect_travels_as_one_line_with_the_host():
    back = error_of(failure_of(KeyError("x"), "a", "lab-1"))
    assert str(back) == "a: this is a defect of mbench on lab-1: KeyError: 'x'."


@pytest.mark.parametrize("kind", ["Path", "SystemExit", "nothing", "MbenchError"])
def test_only_errors_of_mbench_are_made_from_what_a_host_tells(kind):
    assert type(error_of(PartFailed(kind, "said", None))) is MbenchError


def test_of_parts_that_wait_for_a_phone_one_of_higher_priority_begins_first_however_short(open_farm, tmp_path):
    farm, log = open_farm("a"), tmp_path / "log"
    ends = {name: tmp_path / name for name in ("first", "low", "high")}
    parts = {
        name: Part(
            device="a",
            function=f"{HERE}:named_hold",
            arguments=(str(log), name, str(ends[name])),
            expected_s=expected_s,
            priority=priority,
        )
        for name, priority, expected_s in (("first", 0, 1.0), ("low", 1, 604_800.0), ("high", 2, 1.0))
    }
    drivers = [Driver(farm, [parts["first"]])]
    wait_for(lambda: lines(log) == ["first"])
    drivers += [Driver(farm, [parts["low"]]), Driver(farm, [parts["high"]])]
    wait_for(lambda: _queued(farm) == 3)
    for end in ends.values():
        end.touch()
    assert [driver.result() for driver in drivers] == [{"a": None}] * 3
    assert lines(log) == ["first", "high", "low"]


def named_hold(context: threading.Event, path: str, name: str, end: str) -> None:
    append(context, path, name)
    while not Path(end).exists():
        time.sleep(0.02)


def _queued(farm: LocalFarm) -> int:
    assert farm.scheduler is not None
    return len(farm.scheduler.tasks)


def test_a_host_that_is_drained_takes_no_new_part_and_ends_when_the_running_one_has(open_farm, tmp_path):
    farm, log, end = open_farm("a", "b"), tmp_path / "log", tmp_path / "end"
    running = Driver(farm, [holding("a", log, end)])
    wait_for(lambda: lines(log) == ["begun"])
    waiting = Driver(farm, [holding("a", log, end)])
    wait_for(lambda: _queued(farm) == 2)
    engine = farm.engine()
    assert engine.drain("nowhere") == 0
    assert [(phone.serial, phone.at_work, phone.draining) for phone in engine.hosts()] == [
        ("a", True, False),
        ("b", False, False),
    ]
    assert engine.drain("here") == 2
    farm.wait_until(lambda: farm.agents[0].draining)
    wait_for(lambda: [(phone.serial, phone.draining) for phone in engine.hosts()] == [("a", True)])
    end.touch()
    assert running.result() == {"a": None}
    farm.wait_until(lambda: not farm.agents[0].lent)
    farm.wait_until(lambda: farm.ended(0))
    assert lines(log) == ["begun", "done"]
    assert engine.hosts() == ()
    farm.start_agent("there", lambda: {"a"})  # the phone was carried to another host
    assert waiting.result() == {"a": None}
    assert lines(log) == ["begun", "done", "begun", "done"]
    engine.close()
