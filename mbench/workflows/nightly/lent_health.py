"""The health of a night's lent phones, as their hosts saw it: kept, and counted for or against each by its own host."""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from mbench.core.ends import NO_NUMBER, code_of
from mbench.core.error_classes import TRANSPORT
from mbench.core.nights.nights import Night
from mbench.core.parts import Part
from mbench.core.ports import Progress
from mbench.core.results import JobResult
from mbench.devices.health.check import Check, CheckName, CheckState
from mbench.devices.health.checks import check_phone
from mbench.devices.health.host import HostFault, host_faults
from mbench.store.nights import save_health
from mbench.store.objects import Objects, open_objects
from mbench.store.session_store import SessionStore
from mbench.store.shared import get_health
from mbench.workflows.farm.credits import outcome_of
from mbench.workflows.farm.fitness import HealthNote
from mbench.workflows.nightly.farm_file import FarmFile, Hosts
from mbench.workflows.nightly.health import checked_serials, note_changes, results_of
from mbench.workflows.nightly.lent_phones import lending, send, store_url

COUNT: Final = "mbench.workflows.farm.remote_health:count_night"

COUNT_S: Final = 60.0
"""Longest wait for hosts to count a night: a phone that another night has by now is left uncounted."""


def end_lent(
    file: FarmFile, hosts: Hosts, store: SessionStore, night: Night, *, excused: frozenset[str], progress: Progress
) -> None:
    """Send what the store lacks, let hosts count the night, and keep what was seen of the phones.

    Args:
        file: the farm file.
        hosts: its table.
        store: the night's session, concluded.
        night: the night.
        excused: serials whose fault was known to be another's.
        progress: reports faults of hosts, and what happened to phones.

    Raises:
        NoDevice: no scheduler answers.
        StoreError: the store is not reached.
    """
    send(file, hosts, store)
    objects, results = open_objects(store_url(file, hosts)), store.results()
    serials = checked_serials(night, results)
    seen = _notes(objects, store.plan.session, serials)
    with lending(file, hosts) as engine:
        lent = engine.phones()
        host_of = {serial: note.host for serial, note in seen.items() if note.host is not None} | lent
        faulty = set(excused)
        for host, fault in faults_by_host(seen, host_of, results):
            faulty |= set(fault.serials)
            progress.note(f"host {host}: {fault.message} {fault.remedy}")
        parts = []
        for serial in serials:
            if serial in lent:
                outcome = outcome_of(results_of(results, serial), excused=serial in faulty)
                arguments = (serial, store.plan.session, str(outcome.counts), outcome.error_class, outcome.message)
                parts.append(Part(device=serial, function=COUNT, arguments=arguments, priority=file.farm.priority))
        stop = threading.Event()
        timer = threading.Timer(COUNT_S, stop.set)
        timer.start()
        try:
            for error in engine.run(parts, on_end=lambda serial, error: None, stop=stop).values():
                if error is not None:
                    progress.note(f"after the night: {error}")
        finally:
            timer.cancel()
    notes = _notes(objects, store.plan.session, serials)
    note_changes(notes, progress)
    save_health(store.path, notes)


def faults_by_host(
    seen: Mapping[str, HealthNote], host_of: Mapping[str, str], results: Sequence[JobResult]
) -> list[tuple[str, HostFault]]:
    """Return what most phones of one host showed at once, before, after or by being gone, with the host's name.

    Args:
        seen: of phones by serial.
        host_of: who lent each.
        results: of all cells.
    """
    shown: dict[str, dict[str, tuple[Check, ...]]] = defaultdict(dict)
    for serial, host in host_of.items():
        own = results_of(results, serial)
        if not own and serial not in seen:
            continue
        note = seen.get(serial, HealthNote())
        after = () if note.after is None else check_phone(note.after, None)
        gone = any(result.error_class == TRANSPORT and code_of(result) == NO_NUMBER for result in own)
        lost = (Check(name=CheckName.ANSWER, state=CheckState.FAILED),) if gone else ()
        silent = tuple(check for check in after if check.name is CheckName.ANSWER)
        shown[host][serial] = (*note.checks, *silent, *lost)
    return [(host, fault) for host, phones in sorted(shown.items()) for fault in host_faults(phones)]


def _notes(objects: Objects, session: str, serials: Sequence[str]) -> dict[str, HealthNote]:
    found = {}
    for serial in serials:
        data = get_health(objects, session, serial)
        if data is not None:
            try:
                found[serial] = HealthNote.model_validate_json(data)
            except ValidationError:  # of no use to anybody; the phone's cells have their reasons all the same
                continue
    return found
