"""The parts of several devices, measured at the same time, each on its own."""

import threading
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

from mbench.core.parts import Part
from mbench.core.plain_text import without_name
from mbench.core.ports import Progress
from mbench.core.results import DevicePlan
from mbench.store.session_store import SessionStore
from mbench.workflows.run.one_device import NEVER, DeviceOf, measure_part
from mbench.workflows.run.stragglers import Stragglers

SoFar = Callable[[SessionStore, Sequence[str]], None]
"""Is shown a session while a few devices hold up many that have ended, and the serials of those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostContext:
    """What all parts of a session in this process use; `progress` is by serial."""

    store: SessionStore
    device_of: DeviceOf
    progress: Mapping[str, Progress]
    stop: threading.Event


def measure_parts(
    store: SessionStore,
    device_of: DeviceOf,
    *,
    progress: Progress,
    without: Container[str] = (),
    so_far: SoFar = lambda store, waited_for: None,
    stop_requested: Callable[[], bool] = NEVER,
) -> None:
    """Run what is left of every part: one device here and now, several at the same time.

    Args:
        store: the session.
        device_of: finds the device of a part; called in the device's own thread.
        progress: reports how far it is.
        without: serials of devices that are known to be of no use.
        so_far: shown the session, and the serials that are still at work, where a few hold up many that have ended.
        stop_requested: asked before each run of one device only.

    Raises:
        MbenchError: one device only, and it could not be measured. Of several, each one's failure is a note, and its
            jobs stay unfinished.
    """
    unfinished = [part for part in store.plan.devices if any(store.result(job.id) is None for job in part.jobs)]
    left = [part for part in unfinished if part.device.serial not in without]
    if len(left) == 1:
        measure_part(store, left[0], device_of, progress=progress, stop_requested=stop_requested)
    elif left:
        measure_at_once(store, left, device_of, progress=progress, so_far=so_far)


def measure_at_once(
    store: SessionStore,
    parts: Sequence[DevicePlan],
    device_of: DeviceOf,
    *,
    progress: Progress,
    so_far: SoFar = lambda store, waited_for: None,
    stop: threading.Event | None = None,
) -> None:
    """Measure several devices' parts; a device that fails takes no other along, and is noted.

    Args:
        store: the session.
        parts: of its devices.
        device_of: as of `measure_parts`.
        progress: reports how far it is.
        so_far: as of `measure_parts`.
        stop: set by whoever wants all of them to end after the run at hand.

    Raises:
        KeyboardInterrupt: after every device has ended the run at hand.
    """
    from mbench.workflows.run.thread_engine import ThreadEngine

    serials = [part.device.serial for part in parts]
    bars = {serial: progress.of(serial) for serial in serials}
    stop = stop or threading.Event()
    stragglers = Stragglers(serials, lambda waited_for: so_far(store, waited_for))

    def on_end(serial: str, error: Exception | None) -> None:
        progress.note(f"{serial}: {without_name(str(error or 'done'), serial)}")
        stragglers.ended(serial)

    try:
        ThreadEngine(HostContext(store=store, device_of=device_of, progress=bars, stop=stop)).run(
            [Part(device=serial, function=f"{__name__}:measure_here", arguments=(serial,)) for serial in serials],
            on_end=on_end,
            stop=stop,
        )
    finally:
        stragglers.close()


def measure_here(context: HostContext, serial: str) -> None:
    """Measure one device's part of a session of this process; runs in the device's own thread.

    Raises:
        MbenchError: the device could not be measured.
    """
    part = next(part for part in context.store.plan.devices if part.device.serial == serial)
    measure_part(
        context.store,
        part,
        context.device_of,
        progress=context.progress[serial],
        stop_requested=context.stop.is_set,
    )
