"""The parts of several devices, measured at the same time, each on its own."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mbench.core.parts import Part
from mbench.core.ports import Progress
from mbench.core.results import DevicePlan
from mbench.store.session_store import SessionStore
from mbench.workflows.run.one_device import measure_part

if TYPE_CHECKING:  # phones bring adbutils, which a run on this host has no need of
    from mbench.workflows.devices.attached_phones import Fleet


@dataclass(frozen=True, slots=True, kw_only=True)
class HostContext:
    """What all parts of a session in this process use; `progress` is by serial."""

    store: SessionStore
    attached: "Fleet | None"
    progress: Mapping[str, Progress]
    stop: threading.Event
    binary: Path | None


def measure_parts(
    store: SessionStore, attached: "Fleet | None", *, progress: Progress, binary: Path | None = None
) -> None:
    """Run what is left of every part: one device here and now, several at the same time.

    Args:
        store: the session.
        attached: the attached phones, None where the only device is this host.
        progress: told how far it is.
        binary: the user's own benchmark_model, for the devices whose plan is of it; None: none was named.

    Raises:
        MbenchError: one device only, and it could not be measured. Of several, each one's failure is a note, and its
            jobs stay unfinished.
    """
    left = [part for part in store.plan.devices if any(store.result(job.id) is None for job in part.jobs)]
    if len(left) == 1:
        measure_part(store, left[0], attached, progress=progress, binary=binary)
    elif left:
        measure_at_once(store, left, attached, progress=progress, binary=binary)


def measure_at_once(
    store: SessionStore,
    parts: Sequence[DevicePlan],
    attached: "Fleet | None",
    *,
    progress: Progress,
    binary: Path | None = None,
) -> None:
    """Measure several devices' parts; a device that fails takes no other along, and is noted.

    Raises:
        KeyboardInterrupt: after every device has ended the run at hand.
    """
    from mbench.workflows.run.thread_engine import ThreadEngine

    serials = [part.device.serial for part in parts]
    bars = {serial: progress.of(serial) for serial in serials}
    stop = threading.Event()
    ThreadEngine(HostContext(store=store, attached=attached, progress=bars, stop=stop, binary=binary)).run(
        [Part(device=serial, function=f"{__name__}:measure_here", arguments=(serial,)) for serial in serials],
        on_end=lambda serial, error: progress.note(f"{serial}: {error or 'done'}"),
        stop=stop,
    )


def measure_here(context: HostContext, serial: str) -> None:
    """Measure one device's part of a session of this process; runs in the device's own thread.

    Raises:
        MbenchError: the device could not be measured.
    """
    part = next(part for part in context.store.plan.devices if part.device.serial == serial)
    measure_part(
        context.store,
        part,
        context.attached,
        progress=context.progress[serial],
        binary=context.binary,
        stop_requested=context.stop.is_set,
    )
