"""Nights on emulated phones: every planned cell has its document, and says why where it has no number."""

import json
import signal
import threading
from functools import partial
from pathlib import Path

import pytest
from command_line import OTHER, SMALL
from phone_lab import arm, arm_and_see, hear, left_on, together, wait_until
from shell_program import program, write_program

from mbench.emulator.adb_server import AdbServer
from mbench.emulator.phone.facts import SyntheticLaw, pixel4
from mbench.emulator.phone.faults import FaultKind
from mbench.workflows.nightly.turns import Turns

pytestmark = pytest.mark.tensorflow

FARM = """\
project = "lab"
retry_minutes = {retry}

[window]
hours = {hours}

[phones.pixels]
profile = "pixel4"
{which}

[[measure]]
variants = ["{names}"]

[settings]
runs = {runs}
max_runs = {runs}
num_runs = 5
min_secs = 0
warmup_secs = 0
max_secs = {max_secs}
memory_runs = 0
"""


def farm(lab, which="every = true", *, names=(SMALL,), hours=1.0, runs=2, retry=0, max_secs=1, more="") -> Path:
    text = FARM.format(which=which, names='", "'.join(names), hours=hours, runs=runs, retry=retry, max_secs=max_secs)
    path = lab.folder / "farm.toml"
    path.write_text(text + more, encoding="utf-8")
    return path


def night_of(ended) -> dict:
    return json.loads(ended.out)


def cells(night) -> dict[tuple[str, str], tuple[str, str | None]]:
    return {(row["variant"], row["device"]): (row["status"], row["error_class"]) for row in night["rows"]}


def documents(lab, session: str) -> int:
    return len(list((lab.folder / "results" / session / "jobs").glob("*.json")))


@together
def test_a_night_measures_all_cells_on_all_phones_and_tells_what_came_of_it(lab):
    """Without any phone that was ever there it is none; where all are away later, their cells are missing."""
    phones = [lab.phone() for _ in range(2)]
    record = lab.folder / "record"
    more = f"""
[after]
command = ["sh", "-c", "echo $MBENCH_END $MBENCH_EXIT_CODE $X > '{record}'; test -s \\"$MBENCH_REPORT\\""]
environment = {{ X = "y" }}

[outputs]
page = "out/night.html"
"""
    path = farm(lab, names=(SMALL, OTHER), runs=1, more=more)
    for phone in phones:
        lab.server.run("disconnect", phone.address)
    none = lab.mbench("nightly", path, "--json")
    assert (none.returncode, none.out) == (3, "")
    for phone in phones:
        lab.server.connect(phone.address)
    first = lab.mbench("nightly", path, "--json")
    assert first.returncode == 0, first.err
    night = night_of(first)
    assert (night["end"], night["exit_codes"], night["missing"]) == ("complete", [0], 0)
    serials = [phone.serial for phone in phones]
    assert cells(night) == {(name, serial): ("ok", None) for name in (SMALL, OTHER) for serial in serials}
    assert documents(lab, night["session"]) == 4
    assert record.read_text(encoding="utf-8") == "complete 0 y\n"
    assert [left_on(lab, phone) for phone in phones] == [[], []]
    plan = lab.mbench("nightly", path, "--dry-run")
    assert plan.returncode == 0, plan.err
    assert plan.out.count("by earlier nights") == 4
    second = lab.mbench("nightly", path)
    assert second.returncode == 0, second.err
    assert second.out.startswith("**Nothing judged")
    assert "\nNight of " in second.out
    assert "4 cells: 4 measured, 0 failed, 0 missing." in second.out
    page = (lab.folder / "out/night.html").read_text("utf-8")
    assert all(f'<th scope="row">{serial}</th>' in page for serial in serials)
    assert "4 planned, 4 measured, 0 failed, 0 missing" in page
    status = json.loads(lab.mbench("farm", "status", path, "--json").out)
    assert (status["end"], status["driven_by"], status["overdue"]) == ("complete", None, [])
    for phone in phones:
        lab.server.run("disconnect", phone.address)
    third = lab.mbench("nightly", path, "--format", "html", "--hide-serials")
    assert third.returncode == 5, third.err
    assert third.out.startswith("<!DOCTYPE html>")
    assert not any(serial in third.out for serial in serials)
    last = max(each.name for each in (lab.folder / "results").glob("2*"))
    rows = lab.mbench("report", last, "--json").rows
    assert sorted((row["device"], row["status"]) for row in rows) == sorted((each, "skipped") for each in serials * 2)
    assert all("attached" in row["message"] for row in rows)
    assert documents(lab, last) == 4
    status = json.loads(lab.mbench("farm", "status", path, "--json").out)
    assert status["end"] == "partial"


@pytest.mark.slow
@together
def test_phones_that_are_lacking_or_locked_out_are_missing_and_say_why(lab):
    good, bad = lab.phone(), lab.phone()
    arm_and_see(lab, bad, FaultKind.UNAUTHORIZE)
    lab.server.run("disconnect", bad.address)
    lab.server.connect(bad.address)
    ended = lab.mbench("nightly", farm(lab, "count = 3", runs=1), "--json")
    night = night_of(ended)
    assert (ended.returncode, night["end"], night["exit_codes"]) == (5, "partial", [5])
    assert (night["planned"], night["measured"], night["missing"]) == (3, 1, 2)
    found = cells(night)
    assert found.pop((SMALL, good.serial)) == ("ok", None)
    assert {status for status, _ in found.values()} == {"skipped"}
    assert {device for _, device in found} == {"pixel4#2", "pixel4#3"}
    assert "Accept the dialog" in ended.err
    assert all(row["message"] for row in night["rows"] if row["status"] == "skipped")
    assert documents(lab, night["session"]) == 3
    assert left_on(lab, good) == []


@together
def test_an_interrupted_night_is_gone_on_with_by_the_same_command_and_nothing_is_measured_twice(lab):
    phone = lab.phone()
    path = farm(lab, runs=4)
    process = lab.start("nightly", path, "--json")
    wait_until(lambda: phone.benchmarks >= 3)
    process.send_signal(signal.SIGTERM)
    stopped = lab.end(process)
    assert stopped.returncode == 130
    assert (night_of(stopped)["end"], night_of(stopped)["exit_codes"][0]) == (None, 130)
    assert "the same command goes on" in stopped.last_line
    assert left_on(lab, phone) == []
    before = phone.benchmarks
    again = lab.mbench("nightly", farm(lab, runs=2), "--json")
    assert again.returncode == 0, again.err
    assert "was changed since that night began: it goes on as it was planned" in again.err
    night = night_of(again)
    assert night["session"] == night_of(stopped)["session"]
    assert [row["runs"] for row in night["rows"]] == [4]
    runs = [run for run in again.runs if run["purpose"] == "latency"]
    assert [run["index"] for run in runs] == list(range(4))
    assert before < phone.benchmarks


@pytest.mark.slow
@together
def test_a_killed_night_is_gone_on_with_and_a_second_one_at_the_same_time_is_refused(lab):
    phone = lab.phone()
    path = farm(lab, runs=4)
    process = lab.start("nightly", path, "--json")
    wait_until(lambda: phone.benchmarks >= 2)
    refused = lab.mbench("nightly", path)
    assert refused.returncode == 4
    assert f"a night of farm is being driven by process {process.pid} on " in refused.last_line
    process.kill()
    lab.end(process)
    again = lab.mbench("nightly", path, "--json")
    assert again.returncode == 0, again.err
    assert [row["runs"] for row in night_of(again)["rows"]] == [4]
    assert left_on(lab, phone) == []


@pytest.mark.slow
@together
def test_a_window_that_ends_keeps_what_was_measured_and_says_what_is_missing(lab):
    phone = lab.phone()
    path = farm(lab, runs=400, hours=8 / 3600, names=(SMALL,))
    ended = lab.mbench("nightly", path, "--json")
    night = night_of(ended)
    assert (ended.returncode, night["end"]) == (5, "partial"), ended.err
    (row,) = night["rows"]
    assert (row["status"], row["error_class"]) == ("skipped", "budget")
    assert left_on(lab, phone) == []


@pytest.mark.slow
@together
def test_a_cancelled_night_ends_after_the_run_at_hand_and_its_cells_are_missing(lab):
    phone = lab.phone()
    path = farm(lab, runs=400)
    process = lab.start("nightly", path, "--json")
    hear(process, "measuring")
    wait_until(lambda: phone.benchmarks >= 2)
    running = json.loads(lab.mbench("farm", "status", path, "--json").out)
    assert running["driven_by"] == f"process {process.pid} on {_node()}"
    assert "after the runs at hand" in lab.mbench("farm", "cancel", path).out
    ended = lab.end(process)
    night = night_of(ended)
    assert (ended.returncode, night["end"]) == (5, "cancelled")
    (row,) = night["rows"]
    assert (row["status"], row["error_class"]) == ("skipped", "budget")
    assert row["message"].startswith("the night was cancelled; ended after")
    assert left_on(lab, phone) == []


@pytest.mark.slow
@together
def test_an_interrupted_night_that_is_cancelled_has_its_table_and_its_command_is_run(lab):
    phone = lab.phone()
    record = lab.folder / "record"
    more = f"""
[after]
command = ["sh", "-c", "echo $MBENCH_END $MBENCH_EXIT_CODE > '{record}'; test -s \\"$MBENCH_REPORT\\""]
"""
    path = farm(lab, runs=400, more=more)
    process = lab.start("nightly", path, "--json")
    wait_until(lambda: phone.benchmarks >= 2)
    process.send_signal(signal.SIGTERM)
    lab.end(process)
    assert not record.exists()
    cancelled = lab.mbench("farm", "cancel", path)
    assert (cancelled.returncode, "is cancelled; 1 of 1 cells are missing" in cancelled.out) == (0, True)
    assert record.read_text(encoding="utf-8") == "cancelled 5\n"
    assert "no night goes on" in lab.mbench("farm", "cancel", path).out
    (table,) = lab.folder.glob("results/*/report.md")
    assert "skipped: budget" in table.read_text(encoding="utf-8")


@pytest.mark.slow
@together
def test_a_night_that_is_interrupted_when_it_is_concluded_has_ended(lab):
    phone = lab.phone()
    record = lab.folder / "record"
    path = farm(
        lab,
        more=f"""
[after]
command = ["sh", "-c", "echo $MBENCH_END > '{record}'"]
""",
    )
    process = lab.start("nightly", path, "--json")
    wait_until(lambda: list(lab.folder.glob("results/*/night-end.json")))
    process.send_signal(signal.SIGTERM)
    ended = lab.end(process)
    assert (ended.returncode, night_of(ended)["end"]) == (0, "complete"), ended.err
    assert record.read_text(encoding="utf-8") == "complete\n"
    assert left_on(lab, phone) == []


@pytest.mark.slow
@together
def test_a_phone_that_comes_back_is_tried_again_within_the_night(lab):
    lab.patience(return_s=1.0)
    gone = lab.phone()
    other = lab.phone()
    path = farm(lab, runs=3, retry=5)
    process = lab.start("nightly", path, "--json")
    wait_until(lambda: gone.benchmarks >= 2 and other.benchmarks >= 2)
    arm(gone, FaultKind.MUTE)
    arm(gone, FaultKind.DROP)
    hear(process, f"{gone.serial}: ")
    wait_until(lambda: len(list(lab.folder.glob("results/*/endings/*.json"))) == 1)
    arm(gone, FaultKind.UNMUTE)
    lab.server.run("disconnect", gone.address)
    assert "connected to" in lab.server.connect(gone.address)
    ended = lab.end(process)
    assert ended.returncode == 0, ended.err
    assert [row["runs"] for row in night_of(ended)["rows"]] == [3, 3]


@pytest.mark.slow
@together
def test_shared_cells_stay_with_their_phone_and_are_missing_when_that_is_out(lab):
    phones = [lab.phone() for _ in range(2)]
    path = farm(lab, 'every = true\nspread = "share"', names=(SMALL, OTHER), runs=1)
    first = night_of(lab.mbench("nightly", path, "--json"))
    home = {row["variant"]: row["device"] for row in first["rows"]}
    assert sorted(home.values()) == sorted(phone.serial for phone in phones)
    second = night_of(lab.mbench("nightly", path, "--json"))
    assert {row["variant"]: row["device"] for row in second["rows"]} == home
    out = phones[0]
    lab.server.run("disconnect", out.address)
    third = lab.mbench("nightly", path, "--json")
    assert third.returncode == 5
    assert {row["variant"]: row["device"] for row in night_of(third)["rows"]} == home
    states = {row["device"]: row["status"] for row in night_of(third)["rows"]}
    assert states == {out.serial: "skipped", phones[1].serial: "ok"}


@pytest.mark.slow
@together
def test_a_phone_that_fails_night_after_night_is_left_out_until_it_is_well_again(lab):
    """A locked one measures nothing, and its cells and its health say why; one that is held is left out likewise."""
    good, bad = lab.phone(), lab.phone()
    path = farm(lab, runs=1)
    arm(bad, FaultKind.LOCK)
    states = []
    for number in range(6):
        if number == 4:
            arm(bad, FaultKind.UNLOCK)
        ended = lab.mbench("nightly", path, "--json")
        night = night_of(ended)
        if number == 0:
            assert (ended.returncode, night["missing"], bad.benchmarks) == (5, 1, 0)
            check_locked(lab, night, good, bad)
        states.append({row["device"]: row["error_class"] or row["status"] for row in night["rows"]})
    assert [each[good.serial] for each in states] == ["ok"] * 6
    assert [each[bad.serial] for each in states] == ["environment"] * 3 + ["quarantine"] * 3
    hold = ("farm", "hold", good.serial, "--until", "2099-01-01T00:00", "--reason", "new battery")
    assert lab.mbench(*hold).returncode == 0
    rows = {row["device"]: row for row in night_of(lab.mbench("nightly", path, "--json"))["rows"]}
    assert (rows[good.serial]["status"], rows[good.serial]["error_class"]) == ("skipped", "quarantine")
    assert "new battery" in rows[good.serial]["message"]
    assert rows[bad.serial]["status"] == "ok"
    assert lab.mbench("farm", "release", good.serial).returncode == 0
    assert night_of(lab.mbench("nightly", path, "--json"))["end"] == "complete"


def check_locked(lab, night, good, locked):
    """Look at what is said of a phone that has a PIN which nobody has entered."""
    messages = {row["device"]: row["message"] for row in night["rows"]}
    assert messages[good.serial] is None
    assert "RUNNING_LOCKED" in messages[locked.serial]
    health = json.loads((lab.folder / night["path"] / "health.json").read_bytes())
    assert {serial: note["before"]["user_state"] for serial, note in health.items()} == {
        good.serial: "RUNNING_UNLOCKED",
        locked.serial: "RUNNING_LOCKED",
    }
    assert {check["name"] for check in health[good.serial]["compared"]} >= {"restart", "build"}


@pytest.mark.slow
@together
def test_a_phone_in_quarantine_whose_cells_went_to_another_one_is_checked_all_the_same(lab):
    good, bad = lab.phone(), lab.phone()
    path = farm(lab, 'every = true\nspread = "share"\nmove = true', names=(SMALL, OTHER), runs=1)
    arm(bad, FaultKind.LOCK)
    for _ in range(3):
        assert lab.mbench("nightly", path).returncode == 5
    arm(bad, FaultKind.UNLOCK)
    for _ in range(2):
        rows = night_of(lab.mbench("nightly", path, "--json"))["rows"]
        assert {row["device"] for row in rows} == {good.serial}
    checked = json.loads(lab.mbench("farm", "check", "--device", bad.serial, "--json").out)
    assert [phone["left_out"] for phone in checked["phones"]] == [None], checked


def _node() -> str:
    import platform

    return platform.node()


@pytest.mark.slow
@together
def test_a_phone_is_left_to_the_night_of_higher_priority_that_waits_for_it(lab):
    phone = lab.phone()
    path = farm(lab)
    turns = Turns(lab.home / "farm" / "turns", session="20261201-220000-night-other-0000", farm="other", priority=1)
    with turns.taken():
        turns.say([phone.serial])
        process = lab.start("nightly", path, "--json")
        line = hear(process, "has it first")
        assert f"{phone.serial}: the night of other, of priority 1, has it first" in line
        before = phone.benchmarks
        process.send_signal(signal.SIGTERM)
        assert lab.end(process).returncode == 130
    assert phone.benchmarks == before
    ended = lab.mbench("nightly", path, "--json")
    assert (ended.returncode, night_of(ended)["end"]) == (0, "complete"), ended.err
    assert not list((lab.home / "farm" / "turns").iterdir())


@pytest.mark.slow
@together
def test_a_night_that_another_version_began_is_concluded_and_one_is_begun_anew(lab):
    phone = lab.phone()
    path = farm(lab, runs=400)
    process = lab.start("nightly", path, "--json")
    wait_until(lambda: phone.benchmarks >= 2)
    process.send_signal(signal.SIGTERM)
    first = night_of(lab.end(process))
    plan = Path(first["path"]) / "plan.json"
    fields = json.loads(plan.read_bytes())
    fields["provenance"]["mbench"] = "0.0.9"
    plan.write_text(json.dumps(fields), encoding="utf-8")
    again = lab.mbench("nightly", farm(lab, runs=2), "--json")
    night = night_of(again)
    assert (again.returncode, night["end"]) == (0, "complete"), again.err
    assert night["session"] != first["session"]
    assert "it was begun by mbench 0.0.9, and mbench " in again.err
    (row,) = lab.mbench("report", first["session"], "--json").rows
    assert (row["status"], row["error_class"]) == ("skipped", "budget")
    assert "begun by mbench 0.0.9" in row["message"]


@pytest.mark.slow
@together
def test_another_user_s_adb_server_beside_ours_stays_and_its_commands_never_fail(lab):
    lab.phone()
    failed, counted, ended = list[str](), list[int](), threading.Event()
    with AdbServer() as theirs:
        phone = lab.farm.start(pixel4("THEIRS1", synthetic=SyntheticLaw(base_us=800)))
        theirs.connect(phone.address)
        before = theirs.run("shell", "getprop", "ro.serialno").stdout

        def ask() -> None:
            while not ended.wait(0.1):
                said = theirs.run("shell", "getprop", "ro.serialno")
                counted.append(1)
                if said.returncode or said.stdout != before:
                    failed.append(said.stderr.decode())

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        done = lab.mbench("nightly", farm(lab), "--json")
        ended.set()
        thread.join(60)
        assert (done.returncode, [row["status"] for row in night_of(done)["rows"]]) == (0, ["ok"]), done.err
        assert failed == []
        assert len(counted) >= 3
        assert phone.benchmarks == 0
        assert theirs.run("get-state").stdout == b"device\n"


@pytest.mark.slow
@together
def test_phones_whose_adb_server_goes_and_comes_back_cost_no_number(lab):
    phones = [lab.phone() for _ in range(2)]
    path = farm(lab, runs=4, retry=5)
    process = lab.start("nightly", path, "--json")
    wait_until(lambda: all(phone.benchmarks >= 2 for phone in phones))
    port = lab.server.port
    lab.server.stop()
    lab.server = AdbServer(port=port)
    for phone in phones:
        lab.server.connect(phone.address)
    ended = lab.end(process, timeout_s=300)
    night = night_of(ended)
    assert (ended.returncode, night["end"]) == (0, "complete"), ended.err
    assert [row["runs"] for row in night["rows"]] == [4] * 2

    def answers(phone) -> bool:
        lab.server.connect(phone.address)
        return lab.shell(phone, "echo there") == "there"

    for phone in phones:
        wait_until(partial(answers, phone))
    assert [left_on(lab, phone) for phone in phones] == [[], []]
    kept = [json.loads(path.read_bytes()) for path in (lab.home / "farm" / "phones").glob("*.json")]
    assert [one["failures"] for one in kept] == [[]] * len(kept)


OWN = """\
project = "lab"
retry_minutes = 0

[window]
hours = 1

[phones.pixels]
profile = "pixel4"
every = true

[[measure]]
models = [{ file = "model.tflite", as = "detector" }]

[settings]
runs = 2
max_runs = 2
num_runs = 5
min_secs = 0
warmup_secs = 0
max_secs = 1
memory_runs = 0

[outputs]
junit = "out/junit.xml"
"""


def judged(lab, path) -> tuple[int, dict]:
    """Return how tonight's night ended, and its verdict."""
    ended = lab.mbench("nightly", path, "--json")
    night = night_of(ended)
    assert night["exit_codes"][0] == ended.returncode, ended.err
    return ended.returncode, night["verdict"]


SLOWER = r"""
case " $* " in *" --help "*) exec "$@" ;; esac
said=$("$@")
status=$?
printf '%s\n' "$said" | sed -E -e '/count=/s/(first|curr|min|max|avg|p5|median|p95)=/&9/g' \
  -e 's/(First inference|Warmup \(avg\)|Inference \(avg\)): /&9/g'
exit $status
"""
"""A benchmark_model whose latencies are longer by a digit."""


@pytest.mark.slow
@together
def test_a_slower_program_is_confirmed_beside_the_old_one_although_its_file_was_built_over(lab):
    phone = lab.phone(abis=("x86_64",), model="Any Phone", device="any", synthetic=SyntheticLaw(base_us=800))
    small = next(path for path in (lab.home / "cache" / "files").glob("*.tflite")).read_bytes()
    path, own = lab.folder / "farm.toml", lab.folder / "benchmark_model"
    (lab.folder / "model.tflite").write_bytes(small)
    more = '\n[program]\nbinary = "benchmark_model"\n'
    path.write_text(OWN.replace("pixel4", "generic_x86_64") + more, encoding="utf-8")
    write_program(own, "tflite")
    assert [judged(lab, path)[0] for _ in range(6)] == [0] * 6
    own.write_bytes(program(SLOWER, b"warmup_min_secs\0input_layer_value_files\0"))
    code, verdict = judged(lab, path)
    (found,) = verdict["findings"]
    assert (code, found["kind"], found["standing"]) == (1, "latency", "confirmed"), json.dumps(verdict)
    assert [what.split()[0] for what in found["changed"]] == ["binary"]
    rerun = found["rerun"]
    assert len(rerun["old_us"]) == len(rerun["new_us"]) >= 12
    assert max(rerun["old_us"]) < min(rerun["new_us"])
    jobs = [json.loads(each.read_bytes()) for each in (lab.folder / "results" / rerun["session"] / "jobs").iterdir()]
    assert len({job["binary"]["sha256"] for job in jobs}) == 2
    assert len({job["workload"]["artifact"]["sha256"] for job in jobs}) == 1
    assert left_on(lab, phone) == []


@pytest.mark.slow
@together
def test_a_slower_file_is_confirmed_the_same_night_until_it_is_mended(lab):
    phone = lab.phone(synthetic=SyntheticLaw(base_us=800, us_per_mb=20_000))
    small = next(path for path in (lab.home / "cache" / "files").glob("*.tflite")).read_bytes()
    model, path = lab.folder / "model.tflite", lab.folder / "farm.toml"
    path.write_text(OWN, encoding="utf-8")
    model.write_bytes(small)
    assert [judged(lab, path)[0] for _ in range(6)] == [0] * 6
    model.write_bytes(small + bytes(len(small)))  # twice as slow, by the phone's law
    code, verdict = judged(lab, path)
    assert code == 1
    by_kind = {finding["kind"]: finding for finding in verdict["findings"]}
    assert set(by_kind) == {"size", "latency"}
    found = by_kind["latency"]
    assert (found["standing"], found["cell"]["workload"], found["nights"]) == ("confirmed", "detector", 1)
    rerun = found["rerun"]
    assert len(rerun["old_us"]) == len(rerun["new_us"]) >= 12
    assert max(rerun["old_us"]) < min(rerun["new_us"])
    assert (lab.folder / "results" / rerun["session"]).is_dir()
    assert left_on(lab, phone) == []
    code, verdict = judged(lab, path)
    assert (code, [finding["nights"] for finding in verdict["findings"]]) == (1, [2, 2])
    model.write_bytes(small)
    code, verdict = judged(lab, path)
    assert (code, verdict["findings"]) == (0, [])
    junit = (lab.folder / "out" / "junit.xml").read_text(encoding="utf-8")
    assert 'failures="0"' in junit


@pytest.mark.slow
@together
def test_a_suspect_whose_phone_dies_while_it_is_measured_again_stays_one_and_says_so(lab):
    lab.patience(return_s=2.0)
    phone = lab.phone(synthetic=SyntheticLaw(base_us=800, us_per_mb=20_000))
    small = next(path for path in (lab.home / "cache" / "files").glob("*.tflite")).read_bytes()
    model, path = lab.folder / "model.tflite", lab.folder / "farm.toml"
    path.write_text(OWN, encoding="utf-8")
    model.write_bytes(small)
    assert [judged(lab, path)[0] for _ in range(6)] == [0] * 6
    model.write_bytes(small + bytes(200_000))  # slower, and larger by less than is said
    runs = lab.folder / "results" / "reruns"
    process = lab.start("nightly", path, "--json")
    wait_until(lambda: len([*runs.glob("*/runs/*/latency-*")]) >= 4)
    arm(phone, FaultKind.MUTE)
    arm(phone, FaultKind.DROP)
    ended = lab.end(process, timeout_s=300)
    verdict = night_of(ended)["verdict"]
    (found,) = [one for one in verdict["findings"] if one["kind"] == "latency"]
    assert found["standing"] == "suspect"
    assert "too few" in found["because"]
    assert 0 < len(found["rerun"]["old_us"]) < 12
    assert "measuring again ended early" in ended.err
    out = lab.mbench("gate", "--farm", path, "--format", "md").out
    assert "Suspects that nobody measured again" in out
