"""A phone is left as it was found: also where its link flaps at the end, and after a session that died."""

import re
import signal

import pytest
from command_line import SMALL
from phone_lab import ONE_RUN, OURS, SHORTEST, arm, arm_and_see, left_on, together, wait_until

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow

ENDINGS = {
    "a setting is put back": "settings put global stay_on_while_plugged_in",
    "the journal is removed": "borrowed-settings.json",
    "the folder is removed": "rm -rf sessions/2",
    "the lease is given back": "busy=$1.busy",
}


@pytest.mark.slow
@together
def test_a_link_that_flaps_at_the_end_leaves_nothing_on_the_phone(lab):
    phones = {what: lab.phone() for what in ENDINGS}
    running = lab.run_beside("--every")
    left = dict(phones)
    while left:  # each in its last benchmarks: settings and leases have commands alike when a session begins
        wait_until(lambda: any(phone.benchmarks >= 4 for phone in left.values()))
        for what in [what for what, phone in left.items() if phone.benchmarks >= 4]:
            arm(left.pop(what), FaultKind.DROP, command=ENDINGS[what])
    done = running.result()
    assert (done.returncode, done.states) == (0, {phone.serial: ("ok", 2) for phone in phones.values()}), done.err
    for what, phone in phones.items():
        assert "was lost and came back" in done.said_of(phone), what
        assert left_on(lab, phone) == [], what


@together
def test_a_link_that_flaps_when_a_stopped_session_ends_its_program_leaves_nothing_running(lab):
    phone = lab.phone()
    arm(phone, FaultKind.HANG, run=2)
    process = lab.start_run("--max-secs", "60")
    wait_until(lambda: phone.benchmarks >= 2)
    arm(phone, FaultKind.DROP, command="kill -9")
    process.send_signal(signal.SIGINT)
    assert lab.end(process).returncode == 130
    assert left_on(lab, phone) == []


def all_of(phone):
    """Return what lies on a phone below our folder, with its contents."""
    folder = phone.path(OURS)
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in (sorted(folder.rglob("*")) if folder.is_dir() else ())
    }


@together
def test_looking_at_devices_says_what_a_dead_session_left_and_cleaning_leaves_neither_a_lease_nor_a_folder(lab):
    phone = lab.phone()
    arm(phone, FaultKind.HANG, run=2)
    process = lab.start_run("--max-secs", "60")
    wait_until(lambda: phone.benchmarks >= 2)
    process.send_signal(signal.SIGKILL)
    assert lab.end(process).returncode == -signal.SIGKILL
    before = all_of(phone)
    (status,) = lab.devices()
    assert "changed settings (stay_on" in status["remedy"]
    assert f"mbench devices clean {phone.serial}" in status["remedy"]
    assert all_of(phone) == before
    cleaned = lab.mbench("devices", "clean", phone.serial)
    assert (cleaned.returncode, cleaned.out) == (0, f"{phone.serial}: clean\n")
    assert left_on(lab, phone) == []
    assert not phone.path(OURS).exists()
    assert lab.devices()[0]["remedy"] is None


@together
def test_cleaning_names_what_others_keep_and_leaves_it_and_one_that_cannot_be_cleaned_holds_up_no_other(lab):
    well, shared, unfit = lab.phone(), lab.phone(), lab.phone()
    assert lab.run("--every", *ONE_RUN).returncode == 0
    (shared.path(OURS) / "ada").mkdir()
    cleaned = lab.mbench("devices", "clean", shared.serial)
    assert (cleaned.returncode, "what others keep" in cleaned.out, "ada" in cleaned.out) == (5, True, True)
    assert all_of(shared) == {"ada": b""}
    arm_and_see(lab, unfit, FaultKind.UNAUTHORIZE)
    cleaned = lab.mbench("devices", "clean", "pixel4", "--every")
    assert cleaned.returncode == 5
    assert f"{well.serial}: clean\n" in cleaned.out
    assert "Accept the dialog" in cleaned.out
    assert not well.path(OURS).exists()


def killed_in_a_push(lab, phone, parts, *, bytes_per_s):
    """Kill a session where a file lies half pushed, and look at what is said of it."""
    arm(phone, FaultKind.SLOW_LINK, size_bytes=bytes_per_s)
    process = lab.start_run("--results", "killed")
    wait_until(lambda: list(phone.path(OURS).glob(parts)))
    process.send_signal(signal.SIGKILL)
    lab.end(process)
    arm(phone, FaultKind.SLOW_LINK, size_bytes=0)
    assert list(phone.path(OURS).glob(parts))
    assert lab.shell(phone, "echo there") == "there"  # what the cable still carries goes first
    assert "files (" in lab.devices()[0]["remedy"]


@pytest.mark.slow
@together
def test_what_a_killed_push_left_goes_with_the_next_session(lab):
    phone = lab.phone()
    killed_in_a_push(lab, phone, "*/binaries/*/*.part.*", bytes_per_s=50_000)
    assert lab.run("--results", "others", *ONE_RUN).returncode == 0
    assert not [name for name in all_of(phone) if ".part." in name]
    lab.shell(phone, f"rm -r {OURS}/*/models")
    killed_in_a_push(lab, phone, "*/models/*.part.*", bytes_per_s=50_000)  # a model has some 500 KB
    assert lab.run("--results", "others", *ONE_RUN).returncode == 0
    assert not [name for name in all_of(phone) if ".part." in name]


@together
def test_looking_and_dry_runs_write_nothing_to_a_phone(lab):
    phone = lab.phone()
    assert [status["state"] in {"ready", "not ready"} for status in lab.devices()] == [True]
    planned = lab.mbench("run", "--device", "pixel4", SMALL, *SHORTEST, "--dry-run")
    assert planned.returncode == 0, planned.err
    assert not phone.path(OURS).exists()
    assert lab.run(*ONE_RUN).returncode == 0
    before = all_of(phone)
    again = lab.mbench("run", "--device", "pixel4", SMALL, *SHORTEST, "--dry-run")
    assert re.sub(r"job .*: .*", "", again.out) == re.sub(r"job .*: .*", "", planned.out)
    assert all_of(phone) == before
