"""The phone's half of a lease: a file that every host which reaches the phone can see.

The file is replaced and removed by a script on the phone, under a lock there, and only where it is still the one that
was read. So of two hosts that come at the same moment one gets the phone, however slow their cables are.
"""

import re
import secrets
import shlex
from dataclasses import dataclass
from typing import Final

from mbench.core.errors import TransportError
from mbench.core.numbers.numerals import whole
from mbench.core.ports import Clock, CommandResult, Transport
from mbench.devices.adb.remedies import REMEDIES
from mbench.devices.lease.records import LATEST_S, LeaseRecord, PhoneTime, format_record, parse_record

LEASE_FILE: Final = "lease.json"

_NONE, _UNREADABLE = "none", "unreadable"
_SIGN: Final = '"beat"'
"""What every lease has, in whatever version's words."""

_DEADLINE_S: Final = 20.0
_LIMIT_BYTES: Final = 1 << 16
_CHANGED, _BUSY = 75, 76
_FULL: Final = ("no space left", "disk quota exceeded", "enospc", "edquot")
_LOCK_TIMEOUT_S: Final = 5.0
"""The lock on the phone is held for some milliseconds; one that is there this long was left by a killed script."""

_LOOK_S: Final = 0.1

_READ: Final = """date +%s || exit 1
echo "$(cat /proc/uptime 2>/dev/null) $(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
[ ! -e "$1" ] || cat "$1"
"""
_TIMES = re.compile(r"(\d{1,10})(?:\.\d+)? \S+ ([0-9a-fA-F-]{1,64})")
"""`353245.93 2801003.50 5f1c…`: proc(5), random(4)."""

_EXCHANGE: Final = f"""
busy=$1.busy
mkdir "$busy" || exit {_BUSY}
trap 'rmdir "$busy"; exit 1' HUP INT TERM PIPE
case "$2" in
  '{_NONE}') [ ! -s "$1" ] ;;
  '{_UNREADABLE}') ! grep -qF '{_SIGN}' "$1" ;;
  *) grep -qF "$2" "$1" ;;
esac
if [ $? -ne 0 ]; then end={_CHANGED}
elif [ -n "$3" ]; then mv -f "$3" "$1"; end=$?
else rm -f "$1"; end=$?
fi
rmdir "$busy"
exit $end
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What lies on the phone.

    Attributes:
        now: the phone's time.
        record: None where there is no lease, or one that nobody can read.
        unreadable: whether something lies there that is no lease.
    """

    now: PhoneTime
    record: LeaseRecord | None
    unreadable: bool


def lease_path(folder: str) -> str:
    """Return where the lease lies below a folder of the phone."""
    return f"{folder}/{LEASE_FILE}"


def seen_question(folder: str) -> str:
    """Return a shell command that asks what `parse_seen` takes, for whoever asks more in one go."""
    return f"(set -- {shlex.quote(lease_path(folder))}\n{_READ})"


def parse_seen(out: bytes, *, serial: str, path: str) -> Seen:
    """Return what the phone's clock and its lease say.

    Args:
        out: the answer.
        serial: the phone, for messages.
        path: of the lease, likewise.

    Raises:
        TransportError: its clock shows no time, or the lease is a newer mbench's.
    """
    clock, _, rest = out.partition(b"\n")
    times, _, data = rest.partition(b"\n")
    now_s = whole(clock.decode("ascii", "replace").strip())
    if now_s is None or now_s > LATEST_S:
        raise TransportError(
            f"{serial}: `date +%s` said {clock[:40]!r}, no number of seconds that a clock can show. Set the phone's "
            "clock."
        )
    record = parse_record(data) if data else None
    if record is None and _SIGN.encode() in data:
        raise TransportError(f"{serial}: its lease {path} was written by a newer mbench; update this one.")
    up = _TIMES.fullmatch(times.decode("ascii", "replace").strip())
    now = PhoneTime(now_s=now_s, uptime_s=int(up[1]) if up else None, boot_id=up[2] if up else None)
    return Seen(now=now, record=record, unreadable=bool(data) and record is None)


class PhoneLease:
    """The lease file in one folder of one phone."""

    def __init__(self, transport: Transport, folder: str, clock: Clock) -> None:
        self._transport, self._clock = transport, clock
        self._path = lease_path(folder)

    @property
    def path(self) -> str:
        """The file on the phone."""
        return self._path

    def look(self) -> Seen:
        """Read the phone's clock and its lease in one command.

        Raises:
            TransportError: the phone does not answer.
        """
        return parse_seen(self._script(_READ, self._path), serial=self._transport.serial, path=self._path)

    def replace(self, seen: Seen, record: LeaseRecord) -> bool:
        """Put a record in the place of what was seen; False where that has changed since.

        Raises:
            TransportError: the phone does not answer, or cannot write.
        """
        part = f"{self._path}.{secrets.token_hex(8)}"
        self._transport.write(part, format_record(record))
        done = False
        try:
            done = self._exchange(_expected(seen), part)
        finally:
            if not done:
                self._transport.remove(part)
        return done

    def remove(self, record: LeaseRecord) -> bool:
        """Remove a record; False where another lies there, or none.

        Raises:
            TransportError: the phone does not answer, or cannot write.
        """
        return self._exchange(record.beat, "")

    def _exchange(self, expected: str, part: str) -> bool:
        end = self._patiently(expected, part)
        if end.exit_code == _BUSY:
            self._transport.remove(f"{self._path}.busy")
            end = self._patiently(expected, part)
        if end.exit_code not in (0, _CHANGED):
            raise self._failure(end)
        return end.exit_code == 0

    def _patiently(self, expected: str, part: str) -> CommandResult:
        until = self._clock.monotonic() + _LOCK_TIMEOUT_S
        while True:
            end = self._run(_EXCHANGE, self._path, expected, part)
            if end.exit_code != _BUSY or self._clock.monotonic() >= until:
                return end
            self._clock.sleep(_LOOK_S)

    def _script(self, text: str, *arguments: str) -> bytes:
        end = self._run(text, *arguments)
        if end.exit_code != 0:
            raise self._failure(end)
        return end.stdout

    def _run(self, text: str, *arguments: str) -> CommandResult:
        argv = ("sh", "-c", text, "lease", *arguments)
        return self._transport.run(argv, deadline_s=_DEADLINE_S, limit_bytes=_LIMIT_BYTES)

    def _failure(self, end: CommandResult) -> TransportError:
        words = " ".join(end.stderr.decode("utf-8", "replace").split()) or f"status {end.exit_code}"
        said = f"{self._transport.serial}: could not keep its lease {self._path}: {words.rstrip('.')}."
        return TransportError(f"{said} {_remedy(words)}")


def _remedy(words: str) -> str:
    """Return what to do about a lease that could not be written, by the words of the phone."""
    said = words.casefold()
    if any(text in said for text in _FULL):
        return REMEDIES["full"]
    if "no such file" in said or "not a directory" in said:
        return "Somebody removed mbench's folder on the phone meanwhile; start again, which makes it anew."
    if "read-only" in said or "permission denied" in said or "not permitted" in said:
        return "Look who owns that folder, and whether the phone's storage may be written; restart the phone."
    return "Look at that folder on the phone, then start again."


def _expected(seen: Seen) -> str:
    """Return the script's word for what was seen: text that no other writing of a lease contains, if any."""
    if seen.record is not None:
        return seen.record.beat
    return _UNREADABLE if seen.unreadable else _NONE
