"""Planning a night: every cell on its device, what it is expected to take, and what the window does not hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from mbench.core.errors import MbenchError, NoDevice
from mbench.core.ports import Progress
from mbench.core.results import DevicePlan, PlannedJob
from mbench.workflows.build.gather_artifacts import foresee, gather
from mbench.workflows.devices.absent_device import AbsentDevice
from mbench.workflows.devices.benchmark_program import ProgramWish
from mbench.workflows.devices.device import Device
from mbench.workflows.nightly.asked import FarmRequest
from mbench.workflows.nightly.budget import NEVER, cell_of, expected_s, fitting, guessed_s, shared
from mbench.workflows.nightly.past import EarlierNights, lasting_name
from mbench.workflows.nightly.roster import LACKING, members
from mbench.workflows.run.make_plan import PlannedDevice, plan_each
from mbench.workflows.run.plan import choose_canary

Key = tuple[str, str, int]
"""Of a cell without its device: a workload's lasting name, delegate, threads."""


class Phones(Protocol):
    """What a night asks of devices, wherever they are."""

    def attached(self, profile: str) -> tuple[str, ...]:
        """Return the serials of phones that a profile fits, in order, whether they can be used or not."""

    def member(self, serial: str, *, profile: str | None, wish: ProgramWish) -> Device:
        """Return the device of a serial; one that cannot be used says so when it is asked who it is."""

    def silent(self) -> tuple[str, ...]:
        """Return which phones are there and cannot be used, and why, each in a clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedNight:
    """A night before anything of it is measured.

    Attributes:
        devices: those that have something to do; a device that cannot be used says why.
        phones: serials of each group.
        names: the names that last, of users' own files, by job.
        expected_s: of each job of which something is known.
        guessed_s: of each other one, a guess by its settings.
        left_out: jobs that the window is not expected to hold.
    """

    devices: tuple[PlannedDevice, ...]
    phones: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    expected_s: Mapping[str, float]
    guessed_s: Mapping[str, float]
    left_out: tuple[str, ...]

    @property
    def parts(self) -> tuple[DevicePlan, ...]:
        """The parts of the plan."""
        return tuple(one.part for one in self.devices)

    @property
    def unfit(self) -> Mapping[str, MbenchError]:
        """Why devices cannot be used, by serial."""
        return {one.part.device.serial: one.unfit for one in self.devices if one.unfit is not None}

    def seconds(self, part: DevicePlan) -> float:
        """Return what those jobs of a part are expected to take that the window is to hold."""
        names = (job.id for job in part.jobs if job.id not in self.left_out)
        return sum(self.expected_s.get(name, self.guessed_s.get(name, 0.0)) for name in names)


def plan_night(
    farm: FarmRequest,
    devices: Phones,
    past: EarlierNights,
    *,
    now: datetime,
    until: datetime,
    left_out: Callable[[Sequence[str]], Mapping[str, MbenchError]],
    learn: bool,
    progress: Progress,
) -> PlannedNight:
    """Return the plan of a night.

    Args:
        farm: what is asked for.
        devices: what is attached.
        past: the nights before.
        now: aware.
        until: when the window ends.
        left_out: says of serials which are left out on purpose, and why.
        learn: whether missing weights are trained, files scored and programs pushed; else nothing is written anywhere.
        progress: reports how far it is.

    Raises:
        MbenchError: something of what is asked for cannot be run, or no device can be used.
    """
    phones = _phones(farm, devices, past)
    unusable = left_out([serial for serials in phones.values() for serial in serials])
    asked = [
        (farm.groups[name], _device(serial, name, farm, devices, unusable))
        for name, serials in phones.items()
        for serial in serials
    ]
    request = next(iter(farm.groups.values())).request
    obtain = (
        partial(gather, workers=request.workers, progress=progress, asked=request.inputs)
        if learn
        else partial(foresee, asked=request.inputs)
    )
    planned = plan_each(asked, obtain, learn=learn, progress=progress).devices
    names = {
        job.id: farm.names[one.file]
        for each in planned
        for one, job in zip(each.candidates, each.part.jobs, strict=True)
        if one.file is not None
    }
    by_serial = {each.part.device.serial: each for each in planned}
    for name, serials in phones.items():
        if farm.file.farm.phones[name].spread == "share":
            group = [by_serial[serial] for serial in serials]
            spread = _shared(group, past, names, move=farm.file.farm.phones[name].move)
            by_serial |= {each.part.device.serial: each for each in spread}
    kept = tuple(each for each in by_serial.values() if each.part.jobs)
    known, least = _expected(kept, past, names)
    beyond = [
        name for each in kept if each.unfit is None for name in _beyond(each, known | least, past, names, until - now)
    ]
    return PlannedNight(
        devices=kept, phones=phones, names=names, expected_s=known, guessed_s=least, left_out=tuple(beyond)
    )


def _phones(farm: FarmRequest, devices: Phones, past: EarlierNights) -> dict[str, tuple[str, ...]]:
    """Return the serials of each group; a phone that a group names by its serial is in no other one."""
    groups = farm.file.farm.phones
    named = {group.device for group in groups.values() if group.device is not None}
    before = past.last.phones if past.last is not None else {}
    return {
        name: tuple(
            serial
            for serial in members(
                group,
                attached=devices.attached(group.profile) if group.profile is not None else (),
                before=before.get(name, ()),
                measured_at=past.measured_at,
                nights=past.beginnings,
            )
            if group.device is not None or serial not in named
        )
        for name, group in groups.items()
    }


def _device(serial: str, group: str, farm: FarmRequest, devices: Phones, unusable: Mapping[str, MbenchError]) -> Device:
    request, profile = farm.groups[group].request, farm.file.farm.phones[group].profile
    wish = ProgramWish(binary=request.binary, flavour=request.flavour)
    device = devices.member(serial, profile=profile, wish=wish)
    if LACKING in serial:
        silent = devices.silent()
        beside = f" Attached beside them: {'; '.join(silent)}" if silent else ""
        few = f"fewer than {farm.file.farm.phones[group].count} phones that are {profile} are attached."
        return AbsentDevice(name=serial, profile=device.profile, error=NoDevice(few + beside))
    if serial in unusable:
        return AbsentDevice(name=serial, profile=device.profile, error=unusable[serial])
    return device


def _shared(
    group: Sequence[PlannedDevice], past: EarlierNights, names: Mapping[str, str], *, move: bool
) -> list[PlannedDevice]:
    """Return the devices of a group, each with the cells that are its own.

    A cell that no device has tonight stays with the one that had it before, whose document says why it is missing.
    """
    usable = [each.part.device.serial for each in group if each.unfit is None]
    known, least = _expected(group, past, names)
    seconds: dict[Key, float] = {}
    for each in group:
        for job in each.part.jobs:
            seconds.setdefault(_key(job, names), known.get(job.id, least.get(job.id, 0.0)))
    texts = {"\0".join(map(str, key)): key for key in seconds}
    found = shared(
        {text: seconds[key] for text, key in texts.items()},
        usable,
        {text: past.device_of[key] for text, key in texts.items() if key in past.device_of},
        move=move,
    )
    serials = [each.part.device.serial for each in group]
    home = {
        texts[text]: serial or (before if (before := past.device_of.get(texts[text])) in serials else serials[0])
        for text, serial in found.items()
    }
    return [_only(each, home, names) for each in group]


def _key(job: PlannedJob, names: Mapping[str, str]) -> Key:
    return lasting_name(job, names), str(job.workload.delegate), job.workload.threads


def _only(each: PlannedDevice, home: Mapping[Key, str], names: Mapping[str, str]) -> PlannedDevice:
    """Return a device with the jobs whose home it is."""
    own = each.part.device.serial
    pairs = [
        (job, one) for job, one in zip(each.part.jobs, each.candidates, strict=True) if home[_key(job, names)] == own
    ]
    jobs = tuple(job for job, _ in pairs)
    part = each.part.model_copy(update={"jobs": jobs, "canary": choose_canary(jobs)})
    return replace(each, part=part, candidates=tuple(one for _, one in pairs))


def _expected(
    devices: Sequence[PlannedDevice], past: EarlierNights, names: Mapping[str, str]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return what jobs are expected to take, by earlier nights, and a guess for the others, in seconds."""
    known, least = dict[str, float](), dict[str, float]()
    for each in devices:
        for job in each.part.jobs:
            if job.build_error is not None:
                continue
            cell = cell_of(lasting_name(job, names), job, each.part.device.serial)
            seconds = expected_s(cell, past.cells)
            if seconds is None:
                least[job.id] = guessed_s(job.workload.settings, each.part.rules)
            else:
                known[job.id] = seconds
    return known, least


def _beyond(
    each: PlannedDevice,
    seconds: Mapping[str, float],
    past: EarlierNights,
    names: Mapping[str, str],
    window: timedelta,
) -> tuple[str, ...]:
    """Return the jobs of a device that a window does not hold."""
    serial = each.part.device.serial
    cells = [
        (job.id, seconds[job.id], past.cells.get(cell_of(lasting_name(job, names), job, serial), NEVER).measured_at)
        for job in each.part.jobs
        if job.id in seconds
    ]
    return fitting(cells, seconds=window.total_seconds())[1]
