"""Services of a phone that never answer: what they would tell is unknown, is named, and holds nothing up for long."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from mbench.core.errors import CommandTimeout
from mbench.core.ports import CommandResult
from mbench.devices.android import conditions
from mbench.devices.android.conditions import AndroidConditions
from mbench.devices.android.knobs import SCREEN, STAY_ON, Knobs
from mbench.devices.android.settings import Wanted, _plan  # what is to be changed, without changing it

DUMPSYS = """#!/bin/sh
case $1 in
  {hanging}) exec sleep 60 ;;
  battery) echo '  level: 80'; echo '  scale: 100' ;;
  deviceidle) echo ACTIVE ;;
  power) echo '  mWakefulness=Awake'; echo 'Display Power: state=ON' ;;
esac
"""


class LocalShell:
    """A transport whose phone is this host's shell, with a dumpsys of the test's in front."""

    serial, root, emulated = "PHX1", "/tmp", False

    def __init__(self, folder: Path, hanging: str) -> None:
        self._path, self.asked = folder, list[str]()
        program = folder / "dumpsys"
        program.write_text(DUMPSYS.format(hanging=hanging), encoding="utf-8")
        program.chmod(0o755)

    def run(self, argv: Sequence[str], *, deadline_s: float, **_: object) -> CommandResult:
        self.asked.append(argv[-1])
        begun = time.monotonic()
        environment = {"PATH": f"{self._path}:/usr/bin:/bin"}
        with subprocess.Popen(
            argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        ) as process:
            try:
                out, err = process.communicate(timeout=deadline_s)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise CommandTimeout("PHX1: hung.", argv=tuple(argv), deadline_s=deadline_s) from None
        return CommandResult(exit_code=process.returncode, stdout=out, stderr=err, wall_s=time.monotonic() - begun)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "_READ_S", 3.0)
    monkeypatch.setattr(conditions, "_SERVICE_S", 1.5)


def reader(tmp_path: Path, hanging: str) -> tuple[AndroidConditions, LocalShell]:
    shell = LocalShell(tmp_path, hanging)
    return AndroidConditions(cast(Any, shell)), shell


@pytest.mark.parametrize(
    ("service", "unknown"),
    [
        ("thermalservice", "thermal status and its sensors are not known"),
        ("battery", "charge and cable are not known"),
        ("power", "the screen is not known"),
        ("deviceidle", "deep idle is not known"),
    ],
)
def test_a_service_that_hangs_is_named_once_and_the_others_are_read(
    service: str, unknown: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    read, shell = reader(tmp_path, service)
    for _ in range(2):
        found = read.read()
        assert (found.battery_percent is None) is (service == "battery")
        assert found.load_1m is not None
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"PHX1: dumpsys {service} did not answer within 1.5 s: going on without it; {unknown}."]
    assert not any(f"dumpsys {service}" in asked for asked in shell.asked[-1:])


def test_a_phone_that_answers_nothing_at_all_is_an_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    read, shell = reader(tmp_path, "none")
    shell.run = lambda argv, *, deadline_s, **_: (_ for _ in ()).throw(  # type: ignore[method-assign]
        CommandTimeout("PHX1: hung.", argv=tuple(argv), deadline_s=deadline_s)
    )
    with pytest.raises(CommandTimeout):
        read.read()


def test_a_setting_that_cannot_be_read_in_time_is_left_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mbench.devices.android.knobs._COMMAND_S", 1.0)
    knobs = Knobs(cast(Any, LocalShell(tmp_path, "power")))
    monkeypatch.setattr(Knobs, "_value", lambda self, *argv: "0")
    changes, refused = _plan(knobs, Wanted(awake=True), owed=())
    assert [change.knob for change in changes] == [STAY_ON]
    assert refused == ()
    (said,) = (record.getMessage() for record in caplog.records)
    assert said == f"PHX1: {SCREEN} could not be read within 1 s: going on without it, and it is left as it is."
