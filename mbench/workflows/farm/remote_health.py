"""The health of phones that this host lends: checked by it before and after a part, counted by it after a night.

What was seen goes through the store, as all else; the record of a phone stays on the host that lends it.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from pydantic import ValidationError

from mbench.core.errors import LeftOut, PartInterrupted, StoreError
from mbench.core.ports import utc_now
from mbench.devices.health.checks import check_phone
from mbench.devices.health.readings import PhoneReadings
from mbench.store.objects import patiently
from mbench.store.shared import get_health, put_health
from mbench.workflows.devices.attached_phones import Fleet, Phone
from mbench.workflows.farm.credits import Counts, Outcome, count
from mbench.workflows.farm.fitness import HealthNote, unfit
from mbench.workflows.farm.host_context import HostContext
from mbench.workflows.farm.phone_health import profile_of, read_phone
from mbench.workflows.farm.phone_records import PhoneRecords
from mbench.workflows.home import home
from mbench.workflows.run.find_devices import find_devices

_LOG = logging.getLogger(__name__)


def left_out(serial: str) -> str | None:
    """Return why no night takes a phone of this host, as a clause; None where nights may."""
    try:
        return PhoneRecords(home()).unusable(serial, utc_now())
    except StoreError as error:  # nothing that can be read is held against it
        _LOG.warning("%s", error)
        return None


def refuse_left_out(serial: str) -> None:
    """Refuse a phone that is held, or in quarantine, on this host.

    Raises:
        LeftOut: it is.
    """
    if (why := left_out(serial)) is not None:
        raise LeftOut(f"{serial}: {why}.")


@contextmanager
def checked(context: HostContext, session: str, fleet: Fleet | None) -> Iterator[None]:
    """Check a phone, measure on it in the block, and read it once more; what was seen is in the store.

    Of several attempts the first reading before and the last one after are kept.

    Raises:
        NoDevice: it is unfit.
    """
    phone, wait = _phone(context, fleet), partial(patiently, stop=context.stop, subject=context.serial)
    if phone is None:  # whoever takes it says why
        yield
        return
    seen = read_phone(phone)
    checks = check_phone(seen, profile_of(phone))
    note = _kept(context, session, wait)
    if note.before is None and seen.answers:
        note = note.model_copy(update={"before": seen, "checks": checks})
    wait(lambda: put_health(context.outbox.objects, session, context.serial, note))
    if (why := unfit(context.serial, checks)) is not None:
        raise why
    try:
        yield
    finally:
        _note_end(context, session, note, read_phone(phone))


def count_night(context: HostContext, serial: str, session: str, counts: str, error_class: str, message: str) -> None:
    """Count a night for a phone of this host, or against it; one that measured nothing on purpose is checked for that.

    Raises:
        StoreError: its record cannot be read or written.
    """
    outcome = Outcome(counts=Counts(counts), error_class=error_class, message=message)
    seen: PhoneReadings | None = None
    if outcome.counts is Counts.CHECK:
        with find_devices([serial], context.adb_servers, wait_s=context.wait_s) as devices:
            phone = _phone(context, devices.fleet)
            seen = None if phone is None else read_phone(phone)
        if seen is not None:
            wait = partial(patiently, stop=context.stop, subject=serial)
            _note_end(context, session, _kept(context, session, wait), seen)
    count(PhoneRecords(home()), serial, outcome, seen, at=utc_now(), night=session)


def _phone(context: HostContext, fleet: Fleet | None) -> Phone | None:
    return next((one for one in fleet.phones if one.serial == context.serial), None) if fleet is not None else None


def _kept(context: HostContext, session: str, wait: Callable[[Callable[[], bytes | None]], bytes | None]) -> HealthNote:
    """Return what the store says of the phone in this night, on this host."""
    data = wait(lambda: get_health(context.outbox.objects, session, context.serial))
    fresh = HealthNote(host=context.host)
    if data is None:
        return fresh
    try:
        note = HealthNote.model_validate_json(data)
    except ValidationError:
        return fresh
    return note.model_copy(update={"host": context.host})


def _note_end(context: HostContext, session: str, note: HealthNote, after: PhoneReadings) -> None:
    """Keep what was read at the end; a store that is away meanwhile has what was seen before."""
    with suppress(StoreError, PartInterrupted):
        patiently(
            lambda: put_health(context.outbox.objects, session, context.serial, note.ended(after)),
            stop=context.stop,
            subject=context.serial,
        )
