"""How nights stand: what is going on now, how the last one ended, and whether one is overdue."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from mbench.core.errors import MbenchError
from mbench.store.nights import StoredNight, driver_of, list_nights
from mbench.store.session import open_session
from mbench.workflows.nightly.farm_file import FarmFile, local_date
from mbench.workflows.nightly.lent_phones import lending
from mbench.workflows.nightly.windows import missed_dates


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """How far one device of a night is.

    Attributes:
        done: cells with a document.
        cells: all of them.
        left_s: what the others are expected to take by earlier nights; None where nothing is known of one.
        ending: why its last attempt ended before its end.
    """

    serial: str
    profile: str
    done: int
    cells: int
    left_s: float | None
    ending: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """A host that lends phones now.

    Attributes:
        at_work: phones that have a part.
        draining: whether it takes no new part.
    """

    host: str
    phones: tuple[str, ...]
    at_work: int
    draining: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NightState:
    """How a farm file's nights stand.

    Attributes:
        night: the last one; None where there was none.
        driven_by: who is measuring it now; None where nobody is.
        end: how it ended; None where it was not concluded.
        overdue: dates up to today on which a night was due and none began.
        hosts: of a farm of many hosts; None: it has none, or nobody could be asked.
        no_hosts: why nobody could be asked, as a sentence.
    """

    farm: str
    night: StoredNight | None
    driven_by: str | None
    devices: tuple[DeviceState, ...]
    overdue: tuple[date, ...]
    hosts: tuple[HostState, ...] | None = None
    no_hosts: str | None = None

    def as_object(self) -> dict[str, Any]:
        """Return all of it as a JSON object; what is not known is null."""
        night, end = (self.night.night, self.night.end) if self.night else (None, None)
        return {
            "farm": self.farm,
            "session": night and night.session,
            "date": night and str(night.date),
            "until": night and night.until.isoformat(),
            "driven_by": self.driven_by,
            "end": end and str(end.end),
            "missing": end and end.missing,
            "overdue": [str(day) for day in self.overdue],
            "devices": [asdict(device) for device in self.devices],
            "hosts": None if self.hosts is None else [asdict(host) for host in self.hosts],
        }


def night_state(file: FarmFile, *, now: datetime) -> NightState:
    """Return how the nights of a farm file stand.

    Raises:
        StoreError: a night cannot be read.
    """
    nights = list_nights(file.results, file.name)
    last = nights[-1] if nights else None
    today = local_date(file.farm.window, now)
    overdue = missed_dates(last.night.date if last else None, today + timedelta(days=1), due=file.farm.due)
    driver = driver_of(file.results, file.name)
    if driver is None and last is not None and today in overdue:
        overdue = tuple(day for day in overdue if day != today)  # its hour may be still to come
    hosts, no_hosts = _hosts(file)
    return NightState(
        farm=file.name,
        night=last,
        driven_by=driver,
        devices=() if last is None else _devices(last),
        overdue=overdue,
        hosts=hosts,
        no_hosts=no_hosts,
    )


def _hosts(file: FarmFile) -> tuple[tuple[HostState, ...] | None, str | None]:
    """Return the hosts of a farm of many, or why they are not known."""
    if file.farm.hosts is None:
        return None, None
    try:
        with lending(file, file.farm.hosts) as engine:
            lent = engine.hosts()
    except MbenchError as error:
        return None, str(error)
    grouped = {
        host: [phone for phone in lent if phone.host == host] for host in dict.fromkeys(one.host for one in lent)
    }
    return tuple(
        HostState(
            host=host,
            phones=tuple(phone.serial for phone in phones),
            at_work=sum(phone.at_work for phone in phones),
            draining=any(phone.draining for phone in phones),
        )
        for host, phones in grouped.items()
    ), None


def _devices(stored: StoredNight) -> tuple[DeviceState, ...]:
    store = open_session(stored.path)
    found = []
    for part in store.plan.devices:
        open_jobs = [job.id for job in part.jobs if store.result(job.id) is None]
        seconds = [stored.night.expected_s.get(job) for job in open_jobs]
        ending = store.ending(part.device.serial)
        found.append(
            DeviceState(
                serial=part.device.serial,
                profile=part.device.profile,
                done=len(part.jobs) - len(open_jobs),
                cells=len(part.jobs),
                left_s=None if None in seconds else sum(each for each in seconds if each is not None),
                ending=None if ending is None else ending.message,
            )
        )
    return tuple(found)


def status_lines(state: NightState) -> Iterator[str]:
    """Yield how nights stand: the one that goes on or the last one, its devices that are not done, then hosts."""
    yield from _night_lines(state)
    if state.no_hosts is not None:
        yield f"Hosts are not known: {state.no_hosts}"
    if state.hosts == ():
        yield "No host lends a phone now."
    for host in state.hosts or ():
        drained = "; takes no new part" if host.draining else ""
        yield f"host {host.host}: {len(host.phones)} phones, {host.at_work} at work{drained}"


def _night_lines(state: NightState) -> Iterator[str]:
    if state.night is None:
        yield f"{state.farm}: no night yet."
        return
    night, end = state.night.night, state.night.end
    if state.driven_by is not None and end is None:
        yield f"{state.farm}: night of {night.date} is being driven by {state.driven_by}, until {_moment(night.until)}."
    elif end is None:
        yield (
            f"{state.farm}: night of {night.date} was interrupted; mbench nightly goes on with it until "
            f"{_moment(night.until)}, and concludes it then."
        )
    else:
        yield (
            f"{state.farm}: night of {night.date} ended {_moment(end.ended_at)}: {end.end}; {end.planned} cells, "
            f"{end.measured} measured, {end.failed} failed, {end.missing} missing."
        )
    if state.overdue:
        yield f"No night began on {', '.join(map(str, state.overdue))}, although one was due."
    for device in state.devices if end is None else ():
        left = "" if device.done == device.cells else f", {_left(device.left_s)}"
        why = f"; {device.ending}" if device.ending else ""
        yield f"  {device.serial} ({device.profile}): {device.done} of {device.cells} cells{left}{why}"


def _left(seconds: float | None) -> str:
    return "time left not known" if seconds is None else f"some {seconds / 60:.1f} min left"


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"
