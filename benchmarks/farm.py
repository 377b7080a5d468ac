"""Does one bad phone cost a farm anything? Fifty emulated phones, ten bad of ten kinds, beside forty clean ones.

    python -m benchmarks farm

`clean_s` is a session of forty clean phones, `good_s` that of the forty good ones among fifty: from the start to the
last document of a good phone. What bad ones take longer holds up none of their numbers. A bad phone's row must say why,
and no phone may keep anything of ours once it can be reached again.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mbench.emulator.adb_server import AdbServer
from mbench.emulator.farm import Phone, PhoneFarm
from mbench.emulator.phone.facts import PhoneFacts, SyntheticLaw, pixel4
from mbench.emulator.phone.faults import Fault, FaultKind

ROOT = Path(__file__).parents[1]
VARIANT: Final = "mobilenet_v1_0.25_32_int8"
SETTINGS: Final = (
    *("--num-runs", "5", "--min-secs", "0.2", "--warmup-secs", "0", "--runs", "5", "--max-runs", "5"),
    *("--memory-runs", "0", "--wait-for-phone", "5"),
)
OURS: Final = "data/local/tmp/mbench"
_DEADLINE_S: Final = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One way of being a bad phone.

    Attributes:
        faults: armed before the session.
        words: that its row must hold.
        facts: what is other with the phone from its beginning.
    """

    name: str
    faults: tuple[Fault, ...]
    words: str
    facts: Mapping[str, Any] = field(default_factory=dict)


KINDS: Final = (
    # before the session
    Kind(name="bit flips", faults=(Fault(kind=FaultKind.CORRUPT, level=1000),), words="damages data"),
    Kind(name="full storage", faults=(Fault(kind=FaultKind.FULL, size_bytes=0),), words="device"),
    Kind(name="--help killed", faults=(Fault(kind=FaultKind.KILL_HELP, level=2),), words="was killed (SIGKILL)"),
    Kind(name="unauthorized", faults=(Fault(kind=FaultKind.UNAUTHORIZE),), words="Accept the dialog"),
    Kind(name="frozen", faults=(Fault(kind=FaultKind.FREEZE),), words="Unplug it"),
    # in the session
    Kind(name="battery", faults=(Fault(kind=FaultKind.BATTERY, level=5, powered=False),), words="battery at 5 %"),
    Kind(name="killed", faults=tuple(Fault(kind=FaultKind.KILL, run=run) for run in (2, 3)), words="SIGKILL"),
    Kind(name="crashes", faults=(Fault(kind=FaultKind.SEGFAULT, run=2),), words="SIGSEGV"),
    Kind(name="lost", faults=(Fault(kind=FaultKind.MUTE, run=3),), words="did not come back"),
    Kind(name="freezes", faults=(Fault(kind=FaultKind.FREEZE, run=3, seconds=0.0),), words="did not come back"),
)
"""Ten kinds; the first five are known before there is a session."""


class Farm:
    """Phones, a private adb server, a home with one built model, and `mbench run` on all of them."""

    def __init__(self, stack: ExitStack) -> None:
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self._farm, self._server = stack.enter_context(PhoneFarm()), stack.enter_context(AdbServer())
        self._environment = {
            **self._server.environment,
            "MBENCH_HOME": str(self._folder / "home"),
            "PYTHONPATH": str(ROOT),
        }

    def build(self, cache: Path | None = None) -> None:
        """Build the model, or take a cache in which it has been built."""
        if cache is not None:
            shutil.copytree(cache, self._folder / "home" / "cache")
        done = self._mbench("build", VARIANT, "--quiet")
        if done.returncode:
            raise RuntimeError(f"the model was not built: {done.stderr}")

    def start(self, count: int) -> list[Phone]:
        """Start clean phones."""
        phones = self._farm.start_many(count, _facts)
        for phone in phones:
            self._server.connect(phone.address)
        return phones

    def session(self, name: str, *arguments: str) -> "Session":
        """Run all phones of the profile once."""
        results, begun = self._folder / name, time.time()
        done = self._mbench(
            "run", "--device", "pixel4", "--every", VARIANT, *SETTINGS, "--json", "--results", str(results), *arguments
        )
        if not done.stdout.strip():
            raise RuntimeError(f"no table: {done.stderr}")
        rows = {row["device"]: row for row in json.loads(done.stdout)}
        ends = {path.stem.rpartition("@")[2]: path.stat().st_mtime - begun for path in results.glob("*/jobs/*.json")}
        return Session(wall_s=time.time() - begun, code=done.returncode, rows=rows, ends_s=ends, said=done.stderr)

    def mend(self, phones: Sequence[Phone]) -> None:
        """Make bad phones reachable again, and let the next contact put back what is still changed on them."""
        for phone in phones:
            phone.disarm()
            for kind in (FaultKind.THAW, FaultKind.UNMUTE, FaultKind.AUTHORIZE, FaultKind.FREE):
                phone.arm(Fault(kind=kind))
            phone.arm(Fault(kind=FaultKind.BATTERY, level=90))
            self._server.run("disconnect", phone.address)
            self._server.connect(phone.address)

    def clean(self) -> "subprocess.CompletedProcess[str]":
        """Clean all phones."""
        return self._mbench("devices", "clean", "pixel4", "--every")

    def _mbench(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            (sys.executable, "-m", "mbench", *arguments),
            env=self._environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=_DEADLINE_S,
            check=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session of the farm.

    Attributes:
        rows: by device.
        ends_s: seconds from its start to the document of each device's job, by a name that holds the serial.
    """

    wall_s: float
    code: int
    rows: Mapping[str, Mapping[str, Any]]
    ends_s: Mapping[str, float]
    said: str

    def last_s(self, phones: Sequence[Phone]) -> float:
        """Return when the last of these phones had its document."""
        return max(self.ends_s[phone.serial] for phone in phones)


def kept_by(phone: Phone) -> list[str]:
    """Return what a phone keeps of a session: all but models and programs, which are kept by content."""
    folder = phone.path(f"/{OURS}")
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    return [str(path) for path in paths if path.parts[1:2] not in {("models",), ("binaries",)} or ".part." in path.name]


def spoil(phones: Sequence[Phone], kinds: Sequence[Kind] = KINDS) -> None:
    """Make each phone one of a kind."""
    for phone, kind in zip(phones, kinds, strict=True):
        for fault in kind.faults:
            phone.arm(fault)


def row_of(session: Session, phone: Phone) -> Mapping[str, Any]:
    """Return a phone's row; one that nobody could ask is called by its address."""
    return session.rows.get(phone.serial) or session.rows[phone.address]


def unsaid(session: Session, phones: Sequence[Phone], kinds: Sequence[Kind] = KINDS) -> list[str]:
    """Return the kinds whose phone's row does not say why it has no number."""
    found = []
    for phone, kind in zip(phones, kinds, strict=True):
        row = row_of(session, phone)
        if row["status"] == "ok" or kind.words not in (row["message"] or ""):
            found.append(f"{kind.name}: {row['status']}: {row['message']}")
    return found


def run(*, good: int = 40) -> dict[str, Any]:
    """Measure, and return seconds and what went wrong."""
    with ExitStack() as stack:
        farm = Farm(stack)
        farm.build()
        phones = farm.start(good)
        farm.session("pushed", "--runs", "1", "--max-runs", "1")  # pushes what is missing
        clean = farm.session("clean")
        bad = farm.start(len(KINDS))
        spoil(bad)
        mixed = farm.session("mixed")
        wrong = [serial for serial in (phone.serial for phone in phones) if mixed.rows[serial]["status"] != "ok"]
        silent = unsaid(mixed, bad)
        farm.mend(bad)
        cleaned = farm.clean()
        kept = {phone.serial: left for phone in (*phones, *bad) if (left := kept_by(phone))}
    clean_s, good_s = clean.last_s(phones), mixed.last_s(phones)
    return {
        "phones": good + len(KINDS),
        "bad": len(KINDS),
        "cores": os.cpu_count(),
        "clean_s": round(clean_s, 2),
        "good_s": round(good_s, 2),
        "good_ratio": round(good_s / clean_s, 3),
        "mixed_wall_s": round(mixed.wall_s, 2),
        "exit_code": mixed.code,
        "good_phones_without_a_number": wrong,
        "bad_rows_that_do_not_say_why": silent,
        "clean_exit_code": cleaned.returncode,
        "phones_that_keep_something": kept,
    }


def _facts(serial: str) -> PhoneFacts:
    return pixel4(serial, synthetic=SyntheticLaw(base_us=800))


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
