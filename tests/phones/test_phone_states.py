"""`mbench devices --json`: every state that a phone can be in, and what to do about it."""

import re
import subprocess
import sys
from contextlib import closing

import pytest
from phone_lab import arm, arm_and_see, together

from mbench.devices.adb.own_server import AdbServers
from mbench.devices.adb.servers import AdbServer
from mbench.emulator.phone.faults import FaultKind
from mbench.workflows.devices.attached_phones import find_phones
from mbench.workflows.devices.device_list import as_table, status_of

QUIET = """
[limits]
busy_share = 1.0
"""


def state_of(lab):
    """Return a phone's row; this host's own load is no reason to call an emulated phone busy."""
    profile = lab.home / "device_profiles" / "pixel4.toml"
    text = profile.read_text(encoding="utf-8")
    if QUIET not in text:
        profile.write_text(text + QUIET, encoding="utf-8")
    (status,) = lab.devices()
    return status


@together
def test_a_phone_that_is_well_is_ready(lab):
    phone = lab.phone()
    status = state_of(lab)
    assert (status["state"], status["serial"], status["address"]) == ("ready", phone.serial, phone.address)
    assert (status["profile"], status["battery"], status["thermal_status"]) == ("pixel4", 92, 0)
    assert (status["busy_by"], status["remedy"]) == (None, None)


@pytest.mark.parametrize(
    ("kind", "values", "remedy"),
    [
        (FaultKind.BATTERY, {"level": 5, "powered": False}, "battery at 5 %, below 25 %, and no cable"),
        (FaultKind.HEAT, {"level": 3}, "thermal status 3, above 0"),
        (FaultKind.RIVAL, {}, "1 other benchmark_model running"),
    ],
    ids=["battery", "heat", "rival"],
)
@together
def test_a_phone_that_cannot_be_measured_on_now_is_not_ready(lab, kind, values, remedy):
    arm(lab.phone(), kind, **values)
    status = state_of(lab)
    assert (status["state"], remedy in status["remedy"]) == ("not ready", True)


@together
def test_a_frozen_phone_is_called_so(lab):
    arm(lab.phone(), FaultKind.FREEZE)
    status = state_of(lab)
    assert (status["state"], "Unplug it" in status["remedy"]) == ("frozen", True)
    refused = lab.run(device=status["serial"])
    assert refused.returncode == 3
    assert "frozen" in refused.last_line


@together
def test_a_phone_that_waits_for_its_dialog_is_unauthorized(lab):
    phone = lab.phone()
    arm_and_see(lab, phone, FaultKind.UNAUTHORIZE)
    lab.server.run("disconnect", phone.address)
    lab.server.connect(phone.address)
    status = state_of(lab)
    assert (status["state"], "Accept the dialog" in status["remedy"]) == ("unauthorized", True)
    refused = lab.run(device=phone.address)
    assert refused.returncode == 3
    assert "Accept the dialog" in refused.last_line


@together
def test_a_phone_that_never_answers_the_handshake_is_not_called_ready(lab):
    arm(lab.phone(), FaultKind.MUTE)
    statuses = lab.devices()
    assert [status["state"] for status in statuses] in ([], ["offline"])
    refused = lab.run()
    assert refused.returncode == 3


@together
def test_nothing_attached_ends_with_status_3(lab):
    done = lab.mbench("devices", "--json")
    assert (done.returncode, done.rows) == (3, [])


@together
def test_where_nothing_is_attached_nothing_is_loaded_that_talks_to_phones(lab):
    traced = (sys.executable, "-X", "importtime", "-m", "mbench", "devices")
    done = subprocess.run(traced, env=lab.command.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert re.fullmatch(r"no phone is attached\. Plug one in .*mbench emulate --profile pixel4` one\.\n", done.stdout)
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert loaded.isdisjoint({"adbutils", "PIL", "requests", "numpy", "psutil", "rich"})


@together
def test_a_phone_is_asked_no_question_twice(lab):
    phone = lab.phone()
    before = phone.services
    assert lab.devices()[0]["state"] != "unusable"
    asked = "who it is, its conditions, its lease, what was left on it"
    assert phone.services - before == len(asked.split(", "))


def test_a_phone_that_goes_while_it_is_looked_at_cannot_be_used(laboratories, monkeypatch):
    with closing(laboratories()) as lab:
        monkeypatch.setenv("MBENCH_HOME", str(lab.home))
        phone = lab.phone()
        (found,) = find_phones(AdbServers((AdbServer(port=lab.server.port),)))
        phone.stop()
        status = status_of(found)
    assert (found.usable, status.state, status.battery) == (True, "unusable", None)
    (said,) = as_table((status,)).footnotes
    assert said.startswith(f"{phone.serial}: could not ")
    assert said.count(phone.serial) == 1


@together
def test_doctor_tells_of_attached_phones_and_of_those_that_cannot_be_used(lab):
    well, dead = lab.phone(), lab.phone()
    arm_and_see(lab, dead, FaultKind.UNAUTHORIZE)
    lab.server.run("disconnect", dead.address)
    lab.server.connect(dead.address)
    done = lab.mbench("doctor", "--json")
    assert done.returncode == 0, done.out
    phones = {one["found"].split(" ")[0].rstrip(":"): one for one in done.rows if one["what"] == "phone"}
    assert "(emulated)" in phones[well.serial]["found"]
    assert phones[dead.address]["state"] == "doubtful"
    assert "Accept the dialog" in phones[dead.address]["remedy"]
