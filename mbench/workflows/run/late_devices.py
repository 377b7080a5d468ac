"""Devices that could not be asked who they are when their session was planned, asked when it goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mbench.core.errors import MbenchError
from mbench.core.ports import Progress
from mbench.core.results import DevicePlan
from mbench.store.session_store import SessionStore
from mbench.workflows.devices.device import Device
from mbench.workflows.run.find_devices import Devices
from mbench.workflows.run.make_plan import PREPARED_AT_ONCE
from mbench.workflows.run.measuring_rules import pinned_cores, wanted_settings
from mbench.workflows.run.together import together


@dataclass(frozen=True, slots=True, kw_only=True)
class LateDevices:
    """What came of asking them.

    Attributes:
        store: the session, whose plan says what they are.
        devices: those that can be used now, by serial.
        unfit: why the others still cannot, by what the plan calls them.
    """

    store: SessionStore
    devices: Mapping[str, Device]
    unfit: Mapping[str, MbenchError]


def identify_late(store: SessionStore, devices: Devices, *, binary: Path | None, progress: Progress) -> LateDevices:
    """Ask the devices of a session that could not be asked when it was planned, and keep what they are in its plan.

    Args:
        store: the session.
        devices: those that there are.
        binary: the user's own benchmark_model.
        progress: reports why one still cannot be used.

    Raises:
        StoreError: the plan could not be written, or somebody else drives the session.
    """
    open_parts = [part for part in store.plan.devices if not part.binary.identified and _needs_device(store, part)]
    if not open_parts:
        return LateDevices(store=store, devices={}, unfit={})

    def ask(part: DevicePlan) -> tuple[Device, DevicePlan] | MbenchError:
        try:
            device = devices.of_unidentified(store.plan, part, binary=binary)
            return device, _identified(part, device, progress)
        except MbenchError as error:
            return error

    answers = together(ask, open_parts, most=PREPARED_AT_ONCE)
    unfit, found = dict[str, MbenchError](), list[tuple[Device, DevicePlan]]()
    for part, answer in zip(open_parts, answers, strict=True):
        if isinstance(answer, MbenchError):
            progress.note(str(answer))
            unfit[part.device.serial] = answer
        else:
            found.append(answer)
    if found:
        with store.lock():
            for part in open_parts:  # one that was called by its address has its serial now
                store.remove_ending(part.device.serial)
            store = store.planned_anew([part for _, part in found])
    return LateDevices(store=store, devices={part.device.serial: device for device, part in found}, unfit=unfit)


def _needs_device(store: SessionStore, part: DevicePlan) -> bool:
    return any(job.build_error is None and store.result(job.id) is None for job in part.jobs)


def _identified(part: DevicePlan, device: Device, progress: Progress) -> DevicePlan:
    """Return a part with what its device says that it is.

    Raises:
        MbenchError: it cannot be used, or not as the plan has it.
    """
    identity = device.identify(wanted=wanted_settings(part.rules), progress=progress)
    return part.model_copy(
        update={
            "device": identity.facts,
            "binary": identity.binary,
            "rules": part.rules.model_copy(update={"cpus": pinned_cores(part.asked_cpus, device)}),
            "asked_cpus": None,
        }
    )
