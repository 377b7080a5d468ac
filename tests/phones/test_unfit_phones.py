"""Of several phones some are of no use from the beginning: the others are measured, and the rows of those say why."""

import json
from typing import Any

import pytest
from command_line import SMALL
from phone_lab import ONE_RUN, arm, arm_and_see, left_on, together

from mbench.emulator.phone.facts import pixel4
from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow

UNFIT = {
    "bits flip on its cable": (("corrupt", {"level": 99}), "damages data", "transport"),
    "its storage is full": (("full", {"size_bytes": 1_000_000}), "free on the device", "environment"),
    "its memory is low": (
        ("kill_help", {"level": 2}),
        "was killed (SIGKILL) when it was asked for its flags, and once more",
        "environment",
    ),
    "nobody let us in": (("unauthorize", {}), "Accept the dialog", "environment"),
    "it is frozen": (("freeze", {}), "Unplug it and plug it in again", "environment"),
    "adb calls it offline": (("mute", {}), "cannot be used", "environment"),
}


@together
def test_phones_that_fail_before_the_session_keep_no_other_from_being_measured_and_say_why(lab):
    """Nor do two that share a serial; and one moment without memory is no reason."""
    well, moment = lab.phone(), lab.phone()
    arm(moment, FaultKind.KILL_HELP)
    twins = [lab.phone(pixel4("TWIN01", synthetic=well.facts.synthetic)) for _ in range(2)]
    unfit = {what: lab.phone() for what in UNFIT}
    for what, phone in unfit.items():
        (kind, values), _, _ = UNFIT[what]
        arm_and_see(lab, phone, FaultKind(kind), **values)
    done = lab.run("--every", *ONE_RUN)
    assert done.returncode == 5, done.err
    assert len(done.rows) == 2 + len(twins) + len(UNFIT)
    measured = {device: state for device, state in done.states.items() if state[0] != "aborted"}
    assert measured == {phone.serial: ("ok", 1) for phone in (well, moment)}
    printed = [lab.mbench("report", "--format", form).out for form in ("csv", "md")]
    for what, phone in unfit.items():
        _, words, error_class = UNFIT[what]
        row = done.row_of(phone)
        assert (row["status"], row["error_class"]) == ("aborted", error_class), what
        assert words in row["message"], what
        assert words in done.err, what
        assert [words in text for text in printed] == [True, True], what
    assert done.out.count("2 phones have the serial TWIN01") == 2
    assert [twin.benchmarks for twin in twins] == [0, 0]
    assert [left_on(lab, phone) for phone in (well, moment)] == [[], []]


def planned_parts(lab) -> list[dict[str, Any]]:
    (path,) = lab.folder.glob("results/*/plan.json")
    return json.loads(path.read_bytes())["devices"]


@together
def test_phones_that_could_not_be_used_are_completed_by_resume_as_if_they_had_been_there(lab):
    """With the cores that were asked for, since which ones are the best nobody could ask a phone that let nobody in."""
    well, mended, locked = phones = [lab.phone() for _ in range(3)]
    arm(mended, FaultKind.KILL_HELP, level=2)
    arm_and_see(lab, locked, FaultKind.UNAUTHORIZE)
    named = ("--device", mended.serial, "--device", locked.address, "--cpus", "6")
    begun = lab.run(*named, *ONE_RUN, device=well.serial)
    assert begun.returncode == 5, begun.err
    assert {device: state for device, (state, _) in begun.states.items()} == {
        well.serial: "ok",
        mended.serial: "aborted",
        locked.address: "aborted",
    }
    assert "Accept the dialog" in begun.out
    assert [begun.row_of(phone)["binary_sha256"] is None for phone in (well, locked)] == [False, True]
    planned = {part["device"]["serial"]: part["binary"]["identified"] for part in planned_parts(lab)}
    assert (planned[well.serial], planned[locked.address]) == (True, False)
    before = well.benchmarks
    again = lab.mbench("run", "--resume", "last", "--json")
    assert (again.returncode, again.states[mended.serial]) == (5, ("ok", 1)), again.err
    assert (again.states[well.serial], again.states[locked.address][0]) == (("ok", 1), "aborted")
    assert "Accept the dialog" in again.err
    arm(locked, FaultKind.AUTHORIZE)
    lab.join_again(locked)
    done = lab.mbench("run", "--resume", "last", "--json")
    assert (done.returncode, done.states) == (0, {phone.serial: ("ok", 1) for phone in phones}), done.err
    assert well.benchmarks == before
    parts = planned_parts(lab)
    assert len({json.dumps(part["binary"], sort_keys=True) for part in parts}) == 1
    assert len({json.dumps(part["rules"], sort_keys=True) for part in parts}) == 1
    assert [part["device"]["build"] is None for part in parts] == [False] * 3
    assert lab.mbench("report", "--format", "md").out.count("| Device ") == 1
    assert [left_on(lab, phone) for phone in phones] == [[]] * 3
    benchmarks = [phone.benchmarks for phone in phones]
    assert lab.mbench("run", "--resume", "last", "--json").returncode == 0
    assert [phone.benchmarks for phone in phones] == benchmarks


@together
def test_of_any_so_many_phones_others_take_the_places_of_those_that_cannot_be_used(lab):
    phones = [lab.phone() for _ in range(5)]
    for unfit in phones[:3]:  # the first ones by their serials are chosen first, the third is no better in their place
        arm(unfit, FaultKind.KILL_HELP, level=9)
    done = lab.run("--any", "2", *ONE_RUN)
    assert (done.returncode, done.states) == (0, {phone.serial: ("ok", 1) for phone in phones[3:]}), done.err
    said = [line for line in done.err.splitlines() if "takes its place" in line]
    assert len(said) == 2
    assert all("was killed (SIGKILL)" in line for line in said)
    assert [phone.benchmarks > 0 for phone in phones] == [False, False, False, True, True]


@together
def test_where_no_other_phone_is_left_the_row_of_one_that_cannot_be_used_says_why(lab):
    phones = [lab.phone(), lab.phone()]
    arm(phones[0], FaultKind.KILL_HELP, level=9)
    done = lab.run("--any", "2", *ONE_RUN)
    assert done.returncode == 5, done.err
    assert {row["device"]: row["status"] for row in done.rows} == {phones[0].serial: "aborted", phones[1].serial: "ok"}
    assert "takes its place" not in done.err


@together
def test_where_no_phone_is_of_use_all_of_them_are_named_and_nothing_is_kept(lab):
    phones = [lab.phone(), lab.phone()]
    for phone in phones:
        arm(phone, FaultKind.KILL_HELP, level=2)
    done = lab.run("--every")
    assert done.returncode == 3
    assert "none of 2 devices can be used" in done.last_line
    assert all(phone.serial in done.last_line for phone in phones)
    assert not (lab.folder / "results").exists()


@together
def test_what_is_wrong_with_the_question_is_said_once_and_not_of_each_phone(lab):
    for _ in range(2):
        lab.phone()
    done = lab.run("--every", "--cpus", "99")
    assert (done.returncode, done.out) == (2, "")
    assert "none of 2 devices" not in done.err


@together
def test_a_session_that_measured_nothing_does_not_become_the_latest(lab):
    phone = lab.phone()
    assert lab.run(*ONE_RUN).returncode == 0
    arm(phone, FaultKind.BATTERY, level=5, powered=False)
    assert lab.run().returncode == 3
    report = lab.mbench("report", "--json")
    assert (report.row["status"], report.row["variant"]) == ("ok", SMALL)
    assert len(list((lab.folder / "results").glob("2*"))) == 1
