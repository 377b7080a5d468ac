"""The health of a night's phones: checked before each attempt and after it, kept, and counted for or against them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from mbench.core.ends import NO_NUMBER, code_of
from mbench.core.error_classes import ENVIRONMENT, QUARANTINE, TRANSPORT
from mbench.core.errors import LeftOut, MbenchError, NoDevice, StoreError
from mbench.core.nights import Night
from mbench.core.ports import Clock, Progress
from mbench.core.results import JobResult
from mbench.core.workloads import Document
from mbench.devices.health.check import Check, CheckName, failed, words
from mbench.devices.health.checks import check_phone
from mbench.devices.health.comparing import compare_readings
from mbench.devices.health.host import host_faults
from mbench.devices.health.readings import PhoneReadings
from mbench.store.nights import save_health
from mbench.store.session_store import SessionStore
from mbench.workflows.devices.attached_phones import Fleet, Phone
from mbench.workflows.farm.phone_health import profile_of, read_phone
from mbench.workflows.farm.phone_records import PhoneRecords
from mbench.workflows.home import home
from mbench.workflows.nightly.farm_file import HOST
from mbench.workflows.nightly.roster import LACKING

AT_ONCE: Final = 64

WAITED_FOR: Final = frozenset(
    {
        *(CheckName.THERMAL_STATUS, CheckName.SKIN_TEMPERATURE, CheckName.ZONE_TEMPERATURE),
        *(CheckName.BATTERY_TEMPERATURE, CheckName.OTHER_BENCHMARK, CheckName.STARTED),
    }
)
"""Checks whose failing passes by waiting: a phone that is taken is waited for, for as long as its profile says."""


class HealthNote(Document):
    """What was seen of one phone in a night.

    Attributes:
        before: before it measured anything.
        after: when the night had ended.
        checks: of `before`.
        compared: what happened to it between the two.
    """

    before: PhoneReadings | None = None
    after: PhoneReadings | None = None
    checks: tuple[Check, ...] = ()
    compared: tuple[Check, ...] = ()


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
        found: dict[str, MbenchError] = {}
        for serial, all_of_it in checks.items():
            lasting = [check for check in failed(all_of_it) if check.name not in WAITED_FOR]
            if lasting:
                remedy = f" {lasting[0].remedy}" if lasting[0].remedy else ""
                found[serial] = NoDevice(f"{serial}: {words(lasting[0])}.{remedy}")
        return found

    def blame_host(self, serials: Iterable[str]) -> None:
        """Hold nothing of this night against phones that their host did not even reach."""
        self._host |= set(serials)

    def end(self, fleet: Fleet | None, results: Sequence[JobResult]) -> None:
        """Read the phones again, keep what was seen of them, and count the night for or against each.

        Args:
            fleet: what is attached; None where no adb server could be used.
            results: of all cells.
        """
        planned = dict.fromkeys(result.device.serial for result in results)
        idle = dict.fromkeys(
            serial for group in self._night.phones.values() for serial in group if serial not in planned
        )
        serials = planned | idle  # a phone whose cells all went to another one has none, and is checked all the same
        phones = {} if fleet is None else {phone.serial: phone for phone in fleet.phones if phone.serial in serials}
        after = _read(tuple(phones.values()))
        notes = {serial: self._noted(serial, after.get(serial)) for serial in serials if serial in self._before | after}
        for serial, note in notes.items():
            for check in note.compared:
                if check.state in {"warning", "failed"}:
                    remedy = f" {check.remedy}" if check.remedy else ""
                    self._progress.note(f"{serial}: {words(check)}.{remedy}")
        save_health(self._store.path, notes)
        records = PhoneRecords(home())
        for serial in planned:
            if LACKING not in serial and results_of(results, serial)[0].device.profile != HOST:
                self._count(records, serial, results_of(results, serial), after.get(serial))
        for serial in idle:
            if serial in after:
                self._count_idle(records, serial, after[serial])

    def _noted(self, serial: str, after: PhoneReadings | None) -> HealthNote:
        before = self._before.get(serial)
        compared = () if before is None or after is None else compare_readings(before, after)
        return HealthNote(before=before, after=after, checks=self._checks.get(serial, ()), compared=compared)

    def _count(
        self, records: PhoneRecords, serial: str, results: Sequence[JobResult], after: PhoneReadings | None
    ) -> None:
        """Count a night for a phone, or against it where it cost cells and its host did not.

        One that was left out was checked all the same, and comes back by good checks.
        """
        now, session = self._clock.now(), self._night.session
        missing = [result for result in results if code_of(result) == NO_NUMBER]
        lab = next((result for result in missing if result.error_class in {TRANSPORT, ENVIRONMENT}), None)
        try:
            if any(result.error_class == QUARANTINE for result in results):
                if after is not None:
                    self._count_check(records, serial, after)
            elif lab is not None and lab.error_class is not None and serial not in self._host:
                records.note_failure(serial, lab.error_class, lab.message or "", now, night=session)
            elif not missing:
                records.note_good(serial, now, night=session)
        except StoreError as error:  # the night itself is well
            self._progress.note(str(error))

    def _count_idle(self, records: PhoneRecords, serial: str, seen: PhoneReadings) -> None:
        """Count the check of a phone that had nothing to measure."""
        try:
            self._count_check(records, serial, seen)
        except StoreError as error:  # the night itself is well
            self._progress.note(str(error))

    def _count_check(self, records: PhoneRecords, serial: str, seen: PhoneReadings) -> None:
        """Count the check of a phone that is left out; that of one that is merely held counts for nothing."""
        now, session = self._clock.now(), self._night.session
        if not records.get(serial).quarantined:
            return
        bad = failed(check_phone(seen, None))
        if bad:
            records.note_failure(serial, ENVIRONMENT, words(bad[0]), now, night=session)
        else:
            records.note_good(serial, now, night=session)


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
