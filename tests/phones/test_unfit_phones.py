"""Of several phones some are of no use from the beginning: the others are measured, and the rows of those say why."""

import json
from typing import Any

import pytest
from command_line import SMALL
from phone_lab import arm, arm_and_see, left_on, together

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


def serial_of(row: dict[str, object]) -> object:
    return row["device"]


@pytest.mark.parametrize("what", UNFIT)
@together
def test_a_phone_that_fails_before_the_session_keeps_no_other_from_being_measured(lab, what):
    (kind, values), words, error_class = UNFIT[what]
    well, unfit = lab.phone(), lab.phone()
    arm_and_see(lab, unfit, FaultKind(kind), **values)
    done = lab.run("--every")
    assert done.returncode == 5, done.err
    rows = {row["status"]: row for row in done.rows}
    assert (len(done.rows), rows.keys()) == (2, {"ok", "aborted"})
    assert (rows["ok"]["device"], rows["ok"]["runs"]) == (well.serial, 2)
    assert rows["aborted"]["device"] in {unfit.serial, unfit.address}
    assert rows["aborted"]["error_class"] == error_class
    assert words in rows["aborted"]["message"]
    assert words in done.err
    assert left_on(lab, well) == []
    printed = lab.mbench("report", "--format", "csv")
    assert words in printed.out
    assert words in lab.mbench("report", "--format", "md").out


@together
def test_a_phone_that_is_mended_is_completed_by_resume(lab):
    well, unfit = lab.phone(), lab.phone()
    arm(unfit, FaultKind.KILL_HELP, level=2)
    assert lab.run("--every").returncode == 5
    before = well.benchmarks
    done = lab.mbench("run", "--resume", "last", "--json")
    assert (done.returncode, [row["status"] for row in done.rows]) == (0, ["ok"] * 2)
    assert well.benchmarks == before
    assert [left_on(lab, phone) for phone in (well, unfit)] == [[], []]


def planned_parts(lab) -> list[dict[str, Any]]:
    (path,) = lab.folder.glob("results/*/plan.json")
    return json.loads(path.read_bytes())["devices"]


@pytest.mark.parametrize("cpus", [None, "none", "6"])
@together
def test_a_phone_that_nobody_had_let_in_is_completed_by_resume_as_if_it_had_been_there(lab, cpus):
    well, unfit = lab.phone(), lab.phone()
    arm_and_see(lab, unfit, FaultKind.UNAUTHORIZE)
    asked = () if cpus is None else ("--cpus", cpus)
    begun = lab.run("--device", unfit.address, *asked, device=well.serial)
    assert begun.returncode == 5, begun.err
    assert {row["device"]: row["binary_sha256"] is None for row in begun.rows} == {
        well.serial: False,
        unfit.address: True,
    }
    planned = {part["device"]["serial"]: part["binary"]["identified"] for part in planned_parts(lab)}
    assert planned == {well.serial: True, unfit.address: False}
    again = lab.mbench("run", "--resume", "last", "--json")
    assert (again.returncode, {row["status"] for row in again.rows}) == (5, {"ok", "aborted"}), again.err
    assert "Accept the dialog" in again.err
    arm(unfit, FaultKind.AUTHORIZE)
    lab.server.run("disconnect", unfit.address)
    assert "connected to" in lab.server.connect(unfit.address)
    done = lab.mbench("run", "--resume", "last", "--json")
    assert (done.returncode, [row["status"] for row in done.rows]) == (0, ["ok"] * 2), done.err
    assert {row["device"] for row in done.rows} == {well.serial, unfit.serial}
    parts = planned_parts(lab)
    assert len({json.dumps(part["binary"], sort_keys=True) for part in parts}) == 1
    assert len({json.dumps(part["rules"], sort_keys=True) for part in parts}) == 1
    assert [part["device"]["build"] is None for part in parts] == [False, False]
    assert lab.mbench("report", "--format", "md").out.count("| Device ") == 1
    assert [left_on(lab, phone) for phone in (well, unfit)] == [[], []]
    benchmarks = [phone.benchmarks for phone in (well, unfit)]
    assert lab.mbench("run", "--resume", "last", "--json").returncode == 0
    assert [phone.benchmarks for phone in (well, unfit)] == benchmarks


@pytest.mark.parametrize("wanted", [1, 2])
@together
def test_of_any_so_many_phones_another_takes_the_place_of_one_that_cannot_be_used(lab, wanted):
    phones = [lab.phone() for _ in range(4)]
    for unfit in phones[:2]:  # the first ones by their serials are chosen first
        arm(unfit, FaultKind.KILL_HELP, level=9)
    done = lab.run("--any", str(wanted))
    assert (done.returncode, [row["status"] for row in done.rows]) == (0, ["ok"] * wanted), done.err
    assert {row["device"] for row in done.rows} == {phone.serial for phone in phones[2 : 2 + wanted]}
    said = [line for line in done.err.splitlines() if "takes its place" in line]
    assert len(said) == wanted
    assert all("was killed (SIGKILL)" in line for line in said)
    assert [phone.benchmarks > 0 for phone in phones] == [False, False, True, wanted == 2]


@together
def test_where_no_other_phone_is_left_the_row_of_one_that_cannot_be_used_says_why(lab):
    phones = [lab.phone(), lab.phone()]
    arm(phones[0], FaultKind.KILL_HELP, level=9)
    done = lab.run("--any", "2")
    assert done.returncode == 5, done.err
    assert {row["device"]: row["status"] for row in done.rows} == {phones[0].serial: "aborted", phones[1].serial: "ok"}
    assert "takes its place" not in done.err


@together
def test_one_moment_without_memory_is_no_reason(lab):
    phone = lab.phone()
    arm(phone, FaultKind.KILL_HELP)
    done = lab.run()
    assert (done.returncode, done.row["status"]) == (0, "ok")


@together
def test_a_setting_that_one_phone_does_not_take_keeps_no_other_from_being_measured(lab):
    rooted, other = lab.phone(rooted=True), lab.phone()
    done = lab.run("--every", "--governor", "performance")
    assert done.returncode == 5, done.err
    assert {row["device"]: row["status"] for row in done.rows} == {rooted.serial: "ok", other.serial: "aborted"}
    assert "--governor performance cannot be had" in done.out


@together
def test_of_several_named_phones_one_that_is_in_no_state_to_be_asked_keeps_its_row(lab):
    well, unfit = lab.phone(), lab.phone()
    arm_and_see(lab, unfit, FaultKind.UNAUTHORIZE)
    done = lab.run("--device", unfit.address, device=well.serial)
    assert done.returncode == 5, done.err
    assert {row["device"]: row["status"] for row in done.rows} == {well.serial: "ok", unfit.address: "aborted"}
    assert "Accept the dialog" in done.out


@together
def test_phones_that_share_a_serial_keep_no_other_from_being_measured(lab):
    law = lab.phone().facts.synthetic
    twins = [lab.phone(pixel4("TWIN01", synthetic=law)) for _ in range(2)]
    done = lab.run("--every")
    assert done.returncode == 5, done.err
    assert sorted(row["status"] for row in done.rows) == ["aborted", "aborted", "ok"]
    assert done.out.count("2 phones have the serial TWIN01") == 2
    assert [twin.benchmarks for twin in twins] == [0, 0]


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
    assert lab.run().returncode == 0
    arm(phone, FaultKind.BATTERY, level=5, powered=False)
    assert lab.run().returncode == 3
    report = lab.mbench("report", "--json")
    assert (report.row["status"], report.row["variant"]) == ("ok", SMALL)
    assert len(list((lab.folder / "results").glob("2*"))) == 1
