"""Services of a phone that hang while its health is read: unknown, and all else is read in the same command."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, cast

import pytest

from mbench.core.errors import CommandTimeout
from mbench.core.ports import CommandResult
from mbench.devices.health import readings
from mbench.devices.health.readings import ask_phone, to_readings

PROGRAMS = {
    "dumpsys": """case $1 in
  {hanging}) exec sleep 60 ;;
  battery) echo '  level: 80'; echo '  scale: 100'; echo '  health: 2' ;;
  power) echo '  mWakefulness=Awake' ;;
esac""",
    "am": "[ {hanging} = user ] && exec sleep 60; echo RUNNING_LOCKED",
    "settings": "[ {hanging} = saver ] && exec sleep 60; echo 1",
    "getprop": "echo 1",
}


class LocalShell:
    """A transport whose phone is this host's shell, with Android's commands of the test's in front."""

    serial, root, emulated = "PHX1", "/tmp", False

    def __init__(self, folder: Path, hanging: str, *, timeout: bool) -> None:
        self._path, self.commands = [str(folder)], 0
        for name, text in PROGRAMS.items():
            (folder / name).write_text(f"#!/bin/sh\n{text.format(hanging=hanging)}\n", encoding="utf-8")
            (folder / name).chmod(0o755)
        tools = folder / "tools"
        tools.mkdir()
        for name in ("sh", "date", "cat", "grep", "sleep", "df", *(("timeout",) if timeout else ())):
            (tools / name).symlink_to(
                next(Path(place) / name for place in ("/usr/bin", "/bin") if (Path(place) / name).exists())
            )
        self._path.append(str(tools))

    def run(self, argv: tuple[str, ...], *, deadline_s: float, **_: object) -> CommandResult:
        self.commands += 1
        begun = time.monotonic()
        with subprocess.Popen(
            argv,
            env={"PATH": ":".join(self._path)},
            executable="/bin/sh",
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                out, _err = process.communicate(timeout=min(deadline_s, 20.0))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise CommandTimeout("PHX1: hung.", argv=argv, deadline_s=deadline_s) from None
        return CommandResult(exit_code=process.returncode, stdout=out, stderr=b"", wall_s=time.monotonic() - begun)


def read(folder: Path, hanging: str, *, timeout: bool = True) -> tuple[readings.PhoneReadings, LocalShell]:
    shell = LocalShell(folder, hanging, timeout=timeout)
    return to_readings(ask_phone(cast(Any, shell)), serial="PHX1"), shell


def known(found: readings.PhoneReadings) -> dict[str, object]:
    return {
        "battery": found.battery_health,
        "power": found.wakefulness,
        "user": found.user_state,
        "saver": found.battery_saver,
    }


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "_SERVICE_S", 1)


ALL = {"battery": "good", "power": "Awake", "user": "RUNNING_LOCKED", "saver": True}


@pytest.mark.parametrize("hanging", ["battery", "power", "user", "saver"])
def test_what_hangs_is_unknown_and_all_else_is_read_in_one_command(tmp_path, hanging):
    found, shell = read(tmp_path, hanging)
    assert known(found) == ALL | {hanging: None}
    assert shell.commands == 1


@pytest.mark.parametrize("timeout", [True, False], ids=["timeout", "no timeout"])
def test_a_phone_whose_services_answer_is_read_with_and_without_a_timeout_program(tmp_path, timeout):
    found, _ = read(tmp_path, "nothing", timeout=timeout)
    assert known(found) == ALL
    assert found.clock_offset_s is not None
    assert found.clock_uncertainty_s is not None
    assert abs(found.clock_offset_s) <= found.clock_uncertainty_s + 0.01
