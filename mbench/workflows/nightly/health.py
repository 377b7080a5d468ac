"""The health of a night's phones: checked before each attempt and after it, kept, and counted for or against them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from mbench.core.errors import LeftOut, MbenchError, StoreError
from mbench.core.nights.nights import Night
from mbench.core.ports import Clock, Progress
from mbench.core.results import JobResult
from mbench.devices.health.check import Check, words
from mbench.devices.health.checks import check_phone
from mbench.devices.health.host import host_faults
from mbench.devices.health.readings import PhoneReadings
from mbench.store.nights import save_health
from mbench.store.session_store import SessionStore
from mbench.workflows.devices.attached_phones import Fleet, Phone
from mbench.workflows.farm.credits import count, outcome_of
from mbench.workflows.farm.fitness import HealthNote, unfit
from mbench.workflows.farm.phone_health import profile_of, read_phone
from mbench.workflows.farm.phone_records import PhoneRecords
from mbench.workflows.home import home
from mbench.workflows.nightly.farm_file import HOST
from mbench.workflows.nightly.roster import LACKING

AT_ONCE: Final = 64


class NightHealth:
    """What is known of the phones of one night.

    Args:
        night: the night.
        store: its session.
        progress: reports what is not well, once.
        clock: time.
    """

    def __init__(self, night: Night, store: SessionStore, progress: Progress, clock: Clock) -> None:
        self._night, self._store, self._progress, self._clock = night, store, progress, clock
        self._before: dict[str, PhoneReadings] = {}
        self._checks: dict[str, tuple[Check, ...]] = {}
        self._host: set[str] = set()
        """Serials whose fault was their host's."""

    def unfit(self, fleet: Fleet, serials: Sequence[str]) -> dict[str, MbenchError]:
        """Return why phones must not be measured on now, by serial; those that are not attached are not among them.

        What passes by waiting is no reason: the phone is taken, and waited for as it always is.
        """
        phones = {phone.serial: phone for phone in fleet.phones if phone.serial in serials}
        readings = _read(tuple(phones.values()))
        checks = {serial: check_phone(one, profile_of(phones[serial])) for serial, one in readings.items()}
        for serial, one in readings.items():
            if one.answers:
                self._before.setdefault(serial, one)
                self._checks.setdefault(serial, checks[serial])
        for fault in host_faults(checks):
            self._host |= set(fault.serials)
            self._progress.note(f"{fault.message} {fault.remedy}")
        reasons = {serial: unfit(serial, each) for serial, each in checks.items()}
        return {serial: why for serial, why in reasons.items() if why is not None}

    def blame_host(self, serials: Iterable[str]) -> None:
        """Hold nothing of this night against phones that their host did not even reach."""
        self._host |= set(serials)

    @property
    def excused(self) -> frozenset[str]:
        """Serials against which nothing of this night is held: their fault was their host's."""
        return frozenset(self._host)

    def end(self, fleet: Fleet | None, results: Sequence[JobResult]) -> None:
        """Read the phones again, keep what was seen of them, and count the night for or against each.

        Args:
            fleet: what is attached; None where no adb server could be used.
            results: of all cells.
        """
        serials = checked_serials(self._night, results)
        phones = {} if fleet is None else {phone.serial: phone for phone in fleet.phones if phone.serial in serials}
        after = _read(tuple(phones.values()))
        notes = {serial: self._noted(serial, after.get(serial)) for serial in serials if serial in self._before | after}
        note_changes(notes, self._progress)
        save_health(self._store.path, notes)
        records, now = PhoneRecords(home()), self._clock.now()
        for serial in serials:
            own = results_of(results, serial)
            if own or serial in after:
                outcome = outcome_of(own, excused=serial in self._host)
                try:
                    count(records, serial, outcome, after.get(serial), at=now, night=self._night.session)
                except StoreError as error:  # the night itself is well
                    self._progress.note(str(error))

    def _noted(self, serial: str, after: PhoneReadings | None) -> HealthNote:
        return HealthNote(before=self._before.get(serial), checks=self._checks.get(serial, ())).ended(after)


def checked_serials(night: Night, results: Sequence[JobResult]) -> tuple[str, ...]:
    """Return the phones of a night that are checked at its end: also those whose cells all went to other ones."""
    planned = dict.fromkeys(result.device.serial for result in results if result.device.profile != HOST)
    idle = dict.fromkeys(serial for group in night.phones.values() for serial in group)
    hosts = {result.device.serial for result in results} - planned.keys()
    return tuple(serial for serial in planned | idle if LACKING not in serial and serial not in {HOST, *hosts})


def note_changes(notes: Mapping[str, HealthNote], progress: Progress) -> None:
    """Say what happened to phones in a night."""
    for serial, note in notes.items():
        for check in note.compared:
            if check.state in {"warning", "failed"}:
                remedy = f" {check.remedy}" if check.remedy else ""
                progress.note(f"{serial}: {words(check)}.{remedy}")


def left_out(serials: Sequence[str], clock: Clock, note: Callable[[str], None]) -> Mapping[str, MbenchError]:
    """Return why phones are left out on purpose, by serial: held, or in quarantine.

    Args:
        serials: of devices.
        clock: time.
        note: gets a line on a record that cannot be read; its phone is taken, as one of which nothing is kept.
    """
    records, now, found = PhoneRecords(home()), clock.now(), dict[str, MbenchError]()
    for serial in serials:
        if serial == HOST or LACKING in serial:
            continue
        try:
            why = records.unusable(serial, now)
        except StoreError as error:
            note(str(error))
            continue
        if why is not None:
            found[serial] = LeftOut(f"{serial}: {why}.")
    return found


def results_of(results: Sequence[JobResult], serial: str) -> tuple[JobResult, ...]:
    """Return the results of one device."""
    return tuple(result for result in results if result.device.serial == serial)


def _read(phones: Sequence[Phone]) -> dict[str, PhoneReadings]:
    if not phones:
        return {}
    with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(phones))) as pool:
        return {one.serial: one for one in pool.map(read_phone, phones)}
