"""What a host of a farm does for a part: brings plan and files from the store, measures, sends what it has measured.

Everything that matters is on this host's disk before it counts, and in the store before the part does. So a part may
be begun again at any moment, here or where its phone is then: it finds what is done.
"""

import logging
import platform
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

from mbench.core.error_classes import ENVIRONMENT
from mbench.core.errors import ArtifactError, NoDevice, PartInterrupted, StoreError
from mbench.core.plain_text import without_name
from mbench.core.ports import SilentProgress, utc_now
from mbench.core.results import DevicePlan, PlannedJob, Status
from mbench.store.objects import StoreAway, patiently
from mbench.store.outbox import Outbox
from mbench.store.session_store import SessionStore
from mbench.store.shared import get_session, part_prefix
from mbench.workflows.clock import SystemClock
from mbench.workflows.farm.blobs import bring_models, bring_other_program, bring_own_program, bring_program
from mbench.workflows.farm.host_context import HostContext
from mbench.workflows.farm.remote_health import checked, refuse_left_out
from mbench.workflows.run.find_devices import find_devices
from mbench.workflows.run.one_device import measure_part, noted_ending

_LOG = logging.getLogger(__name__)

MOST_DEATHS: Final = 5
"""Attempts at a part of a session whose host died; the sixth is not made: the part may be what kills hosts."""

SEND_S: Final = 2.0
"""Between two looks of a host at what a part that is at work has measured meanwhile."""


def measure(context: HostContext, session: str, serial: str, own_program: bool = False) -> None:
    """Measure what is left of a phone's part of a published session.

    Args:
        context: of this host.
        session: its name.
        serial: of the phone.
        own_program: whether its program is a file of the user's, and none that hosts keep.

    Raises:
        PartInterrupted: a stop was requested; what is not in the store yet is sent when it is back.
        MbenchError: the phone could not be measured.
    """
    objects, wait = context.outbox.objects, partial(patiently, stop=context.stop, subject=serial)
    store: SessionStore = wait(lambda: get_session(objects, session, context.outbox.folder))
    part = next(one for one in store.plan.devices if one.device.serial == serial)
    wait(lambda: context.outbox.bring(store, part))
    left = [job for job in part.jobs if store.result(job.id) is None]
    if not left:
        return
    try:
        with (
            noted_ending(store, serial, SystemClock()),  # of what goes wrong before the phone is reached, too
            _attempt(context, session, part),
            _sending(context.outbox, store, part),
        ):
            refuse_left_out(serial)
            spared = _without_lacking(context, store, left)
            bring_models(spared, objects, stop=context.stop, subject=serial)
            binary = None
            if own_program and part.binary.tool != "hostbench":
                binary = bring_own_program(part.binary.sha256, objects, stop=context.stop, subject=serial)
            else:
                bring_program(part.binary, objects, stop=context.stop, subject=serial)
            with (
                find_devices([serial], context.adb_servers, wait_s=context.wait_s) as devices,
                checked(context, session, devices.fleet),
            ):
                measure_part(
                    store,
                    part,
                    partial(devices.of_plan, store.plan, binary=binary),
                    progress=_Logged(serial),
                    stop_requested=context.stop.is_set,
                )
    finally:
        wait(lambda: context.outbox.finish(store, part))


def _without_lacking(context: HostContext, store: SessionStore, left: Sequence[PlannedJob]) -> list[PlannedJob]:
    """Return the jobs without the old sides of a re-run that cannot be had here: those are skipped, and say why."""
    spared = frozenset[str]() if store.plan.pairing is None else store.plan.pairing.spared_jobs
    found = []
    for job in left:
        if job.id in spared and (why := _lack(context, job)) is not None:
            _skip(store, job, why)
        else:
            found.append(job)
    return found


def _lack(context: HostContext, job: PlannedJob) -> str | None:
    """Bring what an old side needs, and return why it cannot be had; None where it is here."""
    objects, stop, subject = context.outbox.objects, context.stop, context.serial
    try:
        bring_models([job], objects, stop=stop, subject=subject)
        if job.binary is not None:
            bring_other_program(job.binary, objects, stop=stop, subject=subject)
    except StoreAway:
        raise
    except (ArtifactError, StoreError) as error:
        return without_name(str(error), subject)
    return None


def _skip(store: SessionStore, job: PlannedJob, why: str) -> None:
    derived = next(result for result in store.results() if result.job == job.id)
    said = f"host {platform.node()} cannot have the old side: {why}"
    changes = {"status": Status.SKIPPED, "error_class": ENVIRONMENT, "message": said, "finished_at": utc_now()}
    store.save_job(derived.model_copy(update=changes))


@contextmanager
def _attempt(context: HostContext, session: str, part: DevicePlan) -> Iterator[None]:
    """Count an attempt for as long as it goes on: who finds it counted finds one whose host died.

    Raises:
        NoDevice: too many did.
    """
    objects, folder = context.outbox.objects, f"{part_prefix(session, part)}attempts/"
    wait = partial(patiently, stop=context.stop, subject=context.serial)
    died: Sequence[str] = wait(lambda: objects.names(folder))
    if len(died) > MOST_DEATHS - 1:
        hosts = ", ".join(sorted({name.removeprefix(folder).partition("~")[0] for name in died}))
        raise NoDevice(
            f"{context.serial}: {len(died)} attempts at its part ended with the death of their host ({hosts}); it is "
            f"not tried again. See why, then remove {folder} in the store."
        )
    name = f"{folder}{context.host}~{utc_now():%Y%m%dT%H%M%S%f}"
    wait(lambda: objects.put(name, b""))
    try:
        yield
    finally:
        wait(lambda: objects.remove(name))


@contextmanager
def _sending(outbox: Outbox, store: SessionStore, part: DevicePlan) -> Iterator[None]:
    """Send what is measured while the block goes on, so that little is left to be sent at its end."""
    ended = threading.Event()

    def send() -> None:
        with suppress(StoreError, PartInterrupted):  # the end of the part says what is wrong
            while not ended.wait(SEND_S):
                patiently(lambda: outbox.send(store, part), stop=ended, subject=part.device.serial)

    thread = threading.Thread(target=send, name=f"outbox {part.device.serial}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class _Logged(SilentProgress):
    """Progress of a part, of which a host's log has the notes alone."""

    def __init__(self, serial: str) -> None:
        self._serial = serial

    def note(self, text: str) -> None:
        """Log one line."""
        _LOG.info("%s", text if text.startswith(f"{self._serial}:") else f"{self._serial}: {text}")
