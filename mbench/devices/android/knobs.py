"""Settings of a phone that measuring wants otherwise: how each is read and written.

Their names:
    stay_on               keeps the screen on while a cable powers the phone (global setting, a set of power sources)
    screen                the light itself: a phone that sleeps lets its clocks fall
    fixed_performance     clocks that do not follow the load (Android 11 and later, where the maker supports it)
    governor:policy4      the cpufreq governor of a cluster (only on a rooted phone)
"""

import re
import shlex
from dataclasses import dataclass
from typing import Final

from mbench.core.numbers.numerals import whole
from mbench.core.ports import CommandResult, Transport

STAY_ON: Final = "stay_on"
SCREEN: Final = "screen"
FIXED_PERFORMANCE: Final = "fixed_performance"
GOVERNOR: Final = "governor:"

EVERY_SOURCE: Final = "7"
"""Mains, USB and wireless: android.os.BatteryManager.BATTERY_PLUGGED_AC | USB | WIRELESS."""

_GLOBAL: Final = "stay_on_while_plugged_in"
_WAKE, _SLEEP = "224", "223"
"""android.view.KeyEvent.KEYCODE_WAKEUP and KEYCODE_SLEEP."""

_POLICIES: Final = "/sys/devices/system/cpu/cpufreq"
_COMMAND_S: Final = 15.0
_FIRST_FIXED_SDK: Final = 30
"""`cmd power set-fixed-performance-mode-enabled` came with Android 11."""
_VALUE = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A setting that the phone did not take, and its words."""

    knob: str
    words: str


class Knobs:
    """The settings of one phone.

    Args:
        transport: the way to it.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def serial(self) -> str:
        """Of the phone."""
        return self._transport.serial

    def read(self, knob: str) -> str | None:
        """Return a setting's value as the phone says it; None where it does not.

        Android has no way to ask for fixed performance: it is None for ever, and what is put back is its default.

        Raises:
            TransportError: the phone cannot be asked.
        """
        if knob == STAY_ON:
            return self._value("settings", "get", "global", _GLOBAL)
        if knob == SCREEN:
            said = self._run("dumpsys power | grep -E 'mWakefulness='")
            found = re.search(rb"mWakefulness=(\w+)", said.stdout)
            return None if found is None else ("on" if found[1] == b"Awake" else "off")
        if knob.startswith(GOVERNOR):
            return self._value("cat", self._governor_file(knob))
        return None

    def write(self, knob: str, value: str) -> Refusal | None:
        """Set a value; return the phone's words where it does not take it.

        Raises:
            TransportError: the command does not reach the phone.
        """
        said = self._run(self._command(knob, value))
        if said.exit_code == 0:
            return None
        words = (said.stderr or said.stdout).decode("utf-8", "replace").strip().splitlines()
        return Refusal(knob=knob, words=words[0] if words else f"exit status {said.exit_code}")

    def foreseen(self, knob: str, value: str) -> Refusal | None:
        """Return why a value cannot be set, as far as that can be seen without setting it; None where nothing is seen.

        Raises:
            TransportError: the phone cannot be asked.
        """
        if knob == FIXED_PERFORMANCE:
            said = self._run("getprop ro.build.version.sdk").stdout.decode("utf-8", "replace").strip()
            sdk = whole(said)
            old = sdk is not None and sdk < _FIRST_FIXED_SDK
            return Refusal(knob=knob, words="Android before 11 does not have it") if old else None
        if knob.startswith(GOVERNOR):
            return self._foreseen_governor(knob, value)
        return None

    def _foreseen_governor(self, knob: str, value: str) -> Refusal | None:
        file = self._governor_file(knob)
        known = self._run(f"cat {file.replace('scaling_governor', 'scaling_available_governors')}")
        names = known.stdout.decode("utf-8", "replace").split()
        if known.exit_code == 0 and names and value not in names:
            return Refusal(knob=knob, words=f"it has {', '.join(names)}")
        test = f"test -w {file}"
        if self._run(_as_root(test)).exit_code == 0:
            return None
        return Refusal(knob=knob, words=f"{file} may not be written: the phone is not rooted")

    def policies(self) -> tuple[str, ...]:
        """Return the names of the cpufreq policies: `policy0`.

        Raises:
            TransportError: the phone cannot be asked.
        """
        said = self._run(f"ls {_POLICIES}").stdout.decode("utf-8", "replace")
        return tuple(sorted(re.findall(r"^policy\d+$", said, re.MULTILINE)))

    def _command(self, knob: str, value: str) -> str:
        quoted = shlex.quote(value)
        if knob == STAY_ON:
            return f"settings delete global {_GLOBAL}" if value == "null" else f"settings put global {_GLOBAL} {quoted}"
        if knob == SCREEN:
            return f"input keyevent {_WAKE if value == 'on' else _SLEEP}"
        if knob == FIXED_PERFORMANCE:
            return f"cmd power set-fixed-performance-mode-enabled {quoted}"
        return _as_root(f"echo {quoted} > {self._governor_file(knob)}")

    def _governor_file(self, knob: str) -> str:
        return f"{_POLICIES}/{knob.removeprefix(GOVERNOR)}/scaling_governor"

    def _value(self, *argv: str) -> str | None:
        said = self._run(shlex.join(argv))
        text = said.stdout.decode("utf-8", "replace").strip()
        return text if said.exit_code == 0 and _VALUE.fullmatch(text) else None

    def _run(self, command: str) -> CommandResult:
        return self._transport.run(("sh", "-c", command), deadline_s=_COMMAND_S)


def _as_root(command: str) -> str:
    """Return a command as root already; by AOSP's su, which takes a user and a command; by the other kind, with -c."""
    return f"{command} || su 0 sh -c {shlex.quote(command)} || su -c {shlex.quote(command)}"
