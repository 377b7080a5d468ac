"""`mbench devices --json`, and `doctor`: every state that a phone can be in, and what to do about it."""

import re
import subprocess
import sys
from contextlib import closing

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


NOT_NOW = {
    "battery at 5 %, below 25 %, and no cable": (FaultKind.BATTERY, {"level": 5, "powered": False}),
    "thermal status 3, above 0": (FaultKind.HEAT, {"level": 3}),
    "1 other benchmark_model running": (FaultKind.RIVAL, {}),
}


@together
def test_a_phone_in_any_state_is_called_so_with_what_to_do_and_asked_no_question_twice(lab):
    profile = lab.home / "device_profiles" / "pixel4.toml"  # this host's own load makes no emulated phone busy
    profile.write_text(profile.read_text(encoding="utf-8") + QUIET, encoding="utf-8")
    well = lab.phone()
    hindered = {remedy: lab.phone() for remedy in NOT_NOW}
    for remedy, phone in hindered.items():
        kind, values = NOT_NOW[remedy]
        arm(phone, kind, **values)
    frozen, locked, mute = lab.phone(), lab.phone(), lab.phone()
    arm(frozen, FaultKind.FREEZE)
    arm_and_see(lab, locked, FaultKind.UNAUTHORIZE)
    lab.server.run("disconnect", locked.address)
    lab.server.connect(locked.address)
    arm(mute, FaultKind.MUTE)
    before = well.services
    statuses = {status["address"]: status for status in lab.devices()}
    asked = "who it is, its conditions, its lease, what was left on it"
    assert well.services - before == len(asked.split(", "))
    status = statuses[well.address]
    assert (status["state"], status["serial"], status["address"]) == ("ready", well.serial, well.address)
    assert (status["profile"], status["battery"], status["thermal_status"]) == ("pixel4", 92, 0)
    assert (status["busy_by"], status["remedy"]) == (None, None)
    for remedy, phone in hindered.items():
        status = statuses[phone.address]
        assert (status["state"], remedy in status["remedy"]) == ("not ready", True), remedy
    status = statuses[frozen.address]
    assert (status["state"], "Unplug it" in status["remedy"]) == ("frozen", True)
    status = statuses[locked.address]
    assert (status["state"], "Accept the dialog" in status["remedy"]) == ("unauthorized", True)
    assert mute.address not in statuses or statuses[mute.address]["state"] == "offline"
    refused = lab.run(device=statuses[frozen.address]["serial"])
    assert (refused.returncode, "frozen" in refused.last_line) == (3, True)
    refused = lab.run(device=locked.address)
    assert (refused.returncode, "Accept the dialog" in refused.last_line) == (3, True)
    done = lab.mbench("doctor", "--json")
    assert done.returncode == 0, done.out
    phones = {one["found"].split(" ")[0].rstrip(":"): one for one in done.rows if one["what"] == "phone"}
    assert "(emulated)" in phones[well.serial]["found"]
    assert phones[locked.address]["state"] == "doubtful"
    assert "Accept the dialog" in phones[locked.address]["remedy"]


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
