"""Fleet engine: the parts of several devices, measured at the same time, each on its own."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mbench.core.ports import Progress
from mbench.core.results import DevicePlan
from mbench.farm.engine import run_parts
from mbench.farm.lending import borrowed, lent, stop_requested
from mbench.farm.parts import PartTask
from mbench.store.session_store import SessionStore
from mbench.workflows.devices.attached_phones import Fleet
from mbench.workflows.run.one_device import measure_part


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What all parts of a session in this process use; `progress` is by serial."""

    store: SessionStore
    attached: Fleet | None
    progress: Mapping[str, Progress]
    binary: Path | None


def measure_at_once(
    store: SessionStore,
    parts: Sequence[DevicePlan],
    attached: Fleet | None,
    *,
    progress: Progress,
    binary: Path | None = None,
) -> None:
    """Measure several devices' parts; a device that fails takes no other along, and is noted.

    Raises:
        KeyboardInterrupt: after every device has ended the run at hand.
    """
    stop = threading.Event()
    bars = {part.device.serial: progress.of(part.device.serial) for part in parts}
    with lent(_Shared(store=store, attached=attached, progress=bars, binary=binary), stop=stop) as token:
        run_parts(
            [
                PartTask(serial=part.device.serial, function=measure_lent_part, arguments=(token, part.device.serial))
                for part in parts
            ],
            on_end=lambda serial, error: progress.note(f"{serial}: {error or 'done'}"),
            stop=stop,
        )


def measure_lent_part(token: str, serial: str) -> None:
    """Measure one device's part of the session that is lent under a token; runs in the device's own thread.

    Raises:
        MbenchError: the device could not be measured.
    """
    shared = borrowed(token, _Shared)
    part = next(part for part in shared.store.plan.devices if part.device.serial == serial)
    measure_part(
        shared.store,
        part,
        shared.attached,
        progress=shared.progress[serial],
        binary=shared.binary,
        stop_requested=lambda: stop_requested(token),
    )
