"""What can be made to go wrong on an emulated phone, and how the harness sees it.

drop          the link breaks: at once, after `size_bytes` of a push, or `seconds` into the `run`-th benchmark
freeze, thaw  adbd is stopped (now, or in the `run`-th benchmark): the link is up, the phone listed, nothing answers
mute, unmute  adbd takes connections and never answers a handshake (for connections to come; present ones break)
unauthorize, authorize   the dialog on the screen waits; it is accepted
full, free    /data takes `size_bytes` more, then says "No space left on device"; it is empty again. Of a phone with
              `own_storage` (facts.py says why not all have it) this binds whatever writes to /data/local; of others,
              adb's pushes, and what df says
corrupt       one bit of each of the next `level` (1) pushes changes, their sizes do not
replace       the file `path` changes before the `run`-th benchmark, or at once
kill, abort, segfault, hang   what the `run`-th benchmark does when it has begun: 137, 134, 139, nothing
kill_help     `level` (1) times in a row `benchmark_model --help` is killed
garbage, half_line, silence   what it prints: bytes that are no text, half of its result, nothing; status 0
clock         its wall clock is `seconds` ahead of this host's (86400; 0: as before)
reboot        processes die, the link breaks, `seconds` later it is back with another boot_id
heat, cool    from the `run`-th benchmark on (or at once): thermal status `level`, hotter zones, lower frequencies,
              latency times `factor`
cap, uncap    from the `run`-th benchmark on (or at once): something allows the clusters their highest frequency divided
              by `factor` alone, and latency times `factor`; the phone is cool
governor      every cluster's governor is `value`, from the `run`-th benchmark on, or at once
hide, show    Android's service `value` (battery, power, thermalservice, deviceidle) is not there; it is again
battery       `level` percent; `powered` or not; on a cable it charges, or what `value` says: discharging, not_charging,
              full
health        the battery's health is `value`: good, overheat, dead, over_voltage, unspecified_failure, cold
lock, unlock  it has a PIN that nobody has entered, now and after each start; somebody enters it, until the next start
saver, saver_off   the battery saver is on; it is off
update        it restarts like `reboot`, with another build of its system: `value`, or one that differs
rival         another benchmark_model process sits on the phone; `leave` ends it
slow_link     the cable carries `size_bytes` a second; 0: as fast as it can

With `command`, a text, a fault happens when a command that holds it begins, or the transfer of a file (`sync:`): `hang`
then keeps that command from ever ending, `kill` kills it.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import ClassVar, Final

from pydantic import ConfigDict, TypeAdapter, ValidationError

from mbench.core.errors import UsageError


class FaultKind(StrEnum):
    """Names of the faults and of their ends; see the module."""

    DROP = "drop"
    FREEZE = "freeze"
    THAW = "thaw"
    MUTE = "mute"
    UNMUTE = "unmute"
    UNAUTHORIZE = "unauthorize"
    AUTHORIZE = "authorize"
    FULL = "full"
    FREE = "free"
    CORRUPT = "corrupt"
    REPLACE = "replace"
    KILL = "kill"
    ABORT = "abort"
    SEGFAULT = "segfault"
    HANG = "hang"
    KILL_HELP = "kill_help"
    GARBAGE = "garbage"
    HALF_LINE = "half_line"
    SILENCE = "silence"
    CLOCK = "clock"
    REBOOT = "reboot"
    HEAT = "heat"
    COOL = "cool"
    CAP = "cap"
    UNCAP = "uncap"
    GOVERNOR = "governor"
    HIDE = "hide"
    SHOW = "show"
    BATTERY = "battery"
    HEALTH = "health"
    LOCK = "lock"
    UNLOCK = "unlock"
    SAVER = "saver"
    SAVER_OFF = "saver_off"
    UPDATE = "update"
    RIVAL = "rival"
    LEAVE = "leave"
    SLOW_LINK = "slow_link"


BATTERY_STATES: Final = {"charging": 2, "discharging": 3, "not_charging": 4, "full": 5}
"""What a battery on a cable does (android.os.BatteryManager.BATTERY_STATUS_*)."""

BATTERY_HEALTHS: Final = {
    "good": 2,
    "overheat": 3,
    "dead": 4,
    "over_voltage": 5,
    "unspecified_failure": 6,
    "cold": 7,
}
"""android.os.BatteryManager.BATTERY_HEALTH_*."""

_WORDS: Final = {FaultKind.BATTERY: ("charging", BATTERY_STATES), FaultKind.HEALTH: ("dead", BATTERY_HEALTHS)}
"""What `value` can be of a kind whose values are few, and what it is where it is left out."""

ENDINGS = frozenset(
    {
        *(FaultKind.KILL, FaultKind.ABORT, FaultKind.SEGFAULT, FaultKind.HANG),
        *(FaultKind.GARBAGE, FaultKind.HALF_LINE, FaultKind.SILENCE),
    }
)
"""Faults of the benchmark's own process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault.

    Attributes:
        run: the benchmark at whose start it happens, counted from now and from 1; None: at once, endings at the next.
        size_bytes: see `drop`, `full`, `slow_link`.
        seconds: how long a reboot takes (1); for others, how long after the benchmark's start it happens (`drop` and
            `freeze` 0.3, a reboot always 0.3, the rest at once).
        path: on the phone, of `replace`.
        level: percent of the battery, thermal status, or how often.
        factor: of the latency under heat, or with capped clocks.
        value: the governor's name, the service's, or the word that the battery or the build is to have.
        command: text of the command at whose beginning it happens, once; None: of no command.
    """

    kind: FaultKind
    run: int | None = None
    size_bytes: int | None = None
    seconds: float | None = None
    path: str | None = None
    level: int | None = None
    factor: float = 2.0
    powered: bool = True
    value: str | None = None
    command: str | None = None

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    @property
    def number(self) -> int:
        """What `value` stands for, of a kind whose values are few: Android's number."""
        default, known = _WORDS[self.kind]
        return known[self.value or default]


_FORM: Final = TypeAdapter(Fault)


def parse_fault(text: str | bytes) -> Fault:
    """Return the fault that a JSON object names, such as `{"kind": "kill", "run": 2}`.

    Raises:
        UsageError: no object, an unknown kind or an unknown field.
    """
    try:
        fault = _FORM.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = "there is no such field" if first["type"] == "unexpected_keyword_argument" else first["msg"]
        raise UsageError(f"no fault: {where and f'{where}: '}{what}. Kinds are {', '.join(FaultKind)}.") from error
    _, known = _WORDS.get(fault.kind, ("", {}))
    if known and fault.value is not None and fault.value not in known:
        raise UsageError(f"no fault: value: {fault.kind} takes {', '.join(known)}, not {fault.value!r}.")
    return fault


def format_fault(fault: Fault) -> str:
    """Return the JSON object that `parse_fault` reads."""
    return json.dumps(asdict(fault))
